//! A probe and its collector lose their power again and again while records flow: the chain arrives whole, once.

use std::time::{Duration, Instant};

use desserte_e2e::{Agent, AgentPlan, Collector, GUERET, MeasurementServer, territory};
use desserte_signing::record_sha256;
use rusqlite::{Connection, OpenFlags};

const ROUNDS: u32 = 200;

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_of_a_probe_killed_two_hundred_times_arrives_whole_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = MeasurementServer::start(folder.path(), "127.0.0.1".parse().unwrap(), &[]);
    let mut collector = Collector::start(folder.path(), &territory(folder.path()), &[]).await;
    let agent = Agent::new(
        folder.path(),
        "mairie",
        &AgentPlan {
            collector: &format!("http://{}", collector.address),
            server: &format!("ws://{}", server.address),
            targets: ["127.0.0.1".to_owned(), "127.0.0.2".to_owned()],
            more: "[latency]\nwindow_s = 0.5\n[upload]\nevery_s = 0.5\n[schedule]\nevery_s = 3600.0\n",
            top: "",
            place: GUERET,
        },
    );
    collector.register(&agent.public_key, "mairie");

    let mut probe = agent.start(None);
    for round in 0..ROUNDS {
        tokio::time::sleep(Duration::from_millis(250 + u64::from(round * 37 % 700))).await;
        assert!(probe.runs(), "the probe ended by itself: {}", probe.log());
        // Three rounds in four hit the probe, every fourth the collector, every twentieth both.
        if round % 4 != 3 || round % 20 == 19 {
            probe.kill();
            probe = agent.start(None);
        }
        if round % 4 == 3 {
            collector.process.kill();
            collector.restart().await;
        }
    }
    let store = Connection::open_with_flags(
        collector.data.join("collector.sqlite"),
        OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .unwrap();
    // Each start writes a record of health at once: at least one for each round that hit the probe.
    let wanted = i64::from(ROUNDS * 3 / 4);
    let begun = Instant::now();
    loop {
        let sequences: Option<i64> =
            store.query_row("SELECT max(sequence) FROM record", [], |row| row.get(0)).unwrap();
        if sequences.is_some_and(|sequence| sequence >= wanted) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "only {sequences:?} arrived: {}", probe.log());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert!(probe.terminate().success(), "{}", probe.log());
    assert!(collector.process.terminate().success(), "{}", collector.process.log());

    let mut select = store.prepare("SELECT sequence, line FROM record ORDER BY sequence, no").unwrap();
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    let mut previous = None;
    for (expected, row) in (0_i64..).zip(rows) {
        let (sequence, octets) = row.unwrap();
        assert_eq!(sequence, expected, "a gap or a double in the chain");
        let record: desserte_model::Record = serde_json::from_slice(&octets).unwrap();
        assert_eq!(record.previous_sha256, previous, "record {sequence} is not tied to the one before");
        previous = Some(record_sha256(&octets));
    }
}
