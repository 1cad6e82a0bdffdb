//! What modems said, in the history: several rows of one record.

use desserte_lake::arrow::array::AsArray as _;
use desserte_lake::arrow::datatypes::{Float64Type, Int64Type};
use desserte_model::{
    CogVintage, Mobile, Observation, PositionSource, Radio, RadioSample, RadioTechnology, Record,
    Registration, ServingCell,
};
use desserte_store::{Passage, PassageRole};
use desserte_units::Monotonic;

use crate::bench::{Bench, fingerprint, number};
use crate::common::{at, batch, download, record};

/// A run of a kit on the way with three answers, the last of which is beside a border.
fn ride(n: u64) -> (Record, Vec<Passage>) {
    let mut record = record(n, Some(at(0)), download(20));
    record.position.source = PositionSource::Gnss;
    let moment = |k: u64| Monotonic::from_micros((n * 60 + k) * 1_000_000);
    let Observation::Throughput(run) = &mut record.observation else { panic!("a run") };
    let sample = |k: u64| RadioSample {
        at_us: moment(k),
        took_us: 1_000,
        signals_age_max_us: None,
        registration: Some(Registration::Home),
        operator: Some("20801".to_owned()),
        access: vec![RadioTechnology::Lte],
        signals: vec![],
        cells: vec![ServingCell {
            technology: Some(RadioTechnology::Lte),
            operator: None,
            cell: Some(1_000 + n),
            area: None,
            physical_cell: None,
            channel: Some(9_300),
            bandwidth_hz: None,
            rsrp_dbm: Some(-100.0 - k as f64),
            rsrq_db: None,
        }],
    };
    run.course.mobile = Some(Mobile {
        began_us: Some(moment(0)),
        ended_us: Some(moment(2)),
        radio: Some(Radio { samples: (0..3).map(sample).collect(), fault: None }),
        track: None,
    });
    let passage = |role, k: u64| Passage {
        role,
        at: moment(k),
        commune: "23096".parse().unwrap(),
        vintage: CogVintage::from_year(2026),
        h3: "881fb46625fffff".to_owned(),
        uncertainty_m: Some(5.0),
        border: Some(k == 2),
    };
    let during = (0..3).map(|k| passage(PassageRole::During, k));
    (record, std::iter::once(passage(PassageRole::Position, 1)).chain(during).collect())
}

fn keep(bench: &Bench, n: u64) {
    let (record, passages) = ride(n);
    let mut batch = batch(vec![record]);
    batch.records[0].passages = passages;
    assert_eq!(bench.store.ingest(batch).unwrap().accepted, 1);
}

/// The question that docs/spec/mobile.md gives as an example.
fn example() -> &'static str {
    let spec = include_str!("../../../../docs/spec/mobile.md");
    spec.split("```sql\n").nth(1).unwrap().split("```").next().unwrap()
}

#[tokio::test]
async fn every_answer_is_a_row_whether_it_waits_or_was_handed_over() {
    let bench = Bench::new();
    keep(&bench, 1);
    bench.flush().await;
    keep(&bench, 2);
    let history = bench.history().await;
    assert_eq!(fingerprint(&history, "radio").await[..2], [Some(6), Some(2)], "three rows of each record");
    let answer = history.ask(example()).await.unwrap().collect().await.unwrap();
    let row = answer.iter().find(|batch| batch.num_rows() > 0).unwrap();
    assert_eq!(row.num_rows(), 1);
    let text = |name: &str| row.column_by_name(name).unwrap().as_string::<i32>().value(0).to_owned();
    let whole = |name: &str| row.column_by_name(name).unwrap().as_primitive::<Int64Type>().value(0);
    assert_eq!(
        (text("h3").as_str(), text("operator").as_str(), text("band").as_str()),
        ("881fb46625fffff", "20801", "28")
    );
    assert_eq!((whole("answers"), whole("kits")), (4, 1), "what is beside a border is left out");
    let rsrp = row.column_by_name("rsrp").unwrap().as_primitive::<Float64Type>().value(0);
    assert!((rsrp - -100.5).abs() < 1e-9, "{rsrp}");

    bench.flush().await;
    let crossed = "SELECT cells_crossed FROM throughput WHERE sequence = 1";
    assert_eq!(number(&bench.history().await, crossed).await, Some(1));
    assert_eq!(fingerprint(&bench.history().await, "radio").await[..2], [Some(6), Some(2)]);
    let check = bench.lake().check().await.unwrap();
    assert!(check.is_well(), "several rows of a record are no fault: {check:?}");
}
