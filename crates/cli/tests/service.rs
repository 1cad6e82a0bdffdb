//! Service indicators as an operator asks for them: three weeks of a made-up line, and what must be said of it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;
use std::process::Command;

use desserte_model::{
    BATCH_SCHEMA, BatchHeader, BatchId, BootId, ByteSample, ClockSource, ClockStamp, CogVintage,
    CongestionControl, Connection, CountedBy, CountingLayer, Course, Direction, EchoMethod, End, LinkState,
    Medium, Minute, Observation, Position, PositionSource, Protocol, RECORD_SCHEMA, Record, RecordId,
    RunOutcome, Server, Software, TargetEchoes, Throughput,
};
use desserte_store::{IncomingBatch, IncomingRecord, NewProbe, Store, StoreOptions};
use desserte_territory::synthetic;
use desserte_units::{Monotonic, Timestamp};
use serde_json::Value;
use uuid::Uuid;

const PROBE: &str = "00112233445566778899aabbccddeeff";
const COMMUNE: &str = "99001";

/// Monday 7 September 2026, 08:00 in Paris.
const MONDAY: i64 = 1_788_760_800;

fn told(words: &[&str], code: i32) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_desserte")).args(words).output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
    said
}

fn software() -> Software {
    Software { name: "desserte-probe".to_owned(), version: "0.1.0".to_owned() }
}

fn minute(answered: bool) -> Observation {
    let target = |name: &str| TargetEchoes {
        target: name.parse().unwrap(),
        family: None,
        method: EchoMethod::Icmp,
        rtt_us: vec![answered.then_some(20_000); 3],
        timed_by_kernel: None,
        not_sent: None,
    };
    let targets = vec![target("a"), target("b")];
    Observation::Minute(Minute {
        window_us: 60_000_000,
        link: LinkState::Up,
        gateway_reachable: Some(true),
        targets,
    })
}

fn run(direction: Direction) -> Observation {
    let sample = |second: u64| ByteSample { elapsed_us: second * 1_000_000, bytes: second * 12_500_000 };
    Observation::Throughput(Throughput {
        direction,
        protocol: Protocol { name: "ndt7".to_owned(), version: "0.10.0".to_owned() },
        outcome: RunOutcome::Complete,
        counted_by: Some(CountedBy { end: End::Probe, layer: CountingLayer::Application }),
        samples: (0..=10).map(sample).collect(),
        probe_tcp: vec![],
        server_tcp: vec![],
        congestion_control: CongestionControl::default(),
        connection: Connection { family: None, tls: None, bytes_charged: 1 },
        server: Server { id: None, host: "localhost:1".to_owned(), load_ratio: None, software: None },
        medium: Medium::Wired { link_bits_per_second: None },
        access_line: None,
        course: Course::default(),
    })
}

/// A line of 100 Mbit/s watched in working hours of three weeks, down from 8 to 9 each day.
fn make(data: &Path) {
    let store = Store::open(data, StoreOptions::default()).unwrap();
    std::fs::write(data.join("territoire.dst"), synthetic::territory(23).to_bytes()).unwrap();
    let at = Timestamp::from_unix_secs;
    let probe = NewProbe {
        id: PROBE.parse().unwrap(),
        public_key: "key".to_owned(),
        name: "mairie".to_owned(),
        site: None,
        created: at(MONDAY),
    };
    store.register_probe(probe).unwrap();
    let mut number = 0;
    for day in (0..21).filter(|day| day % 7 < 5) {
        let mut records = Vec::new();
        let mut add = |moment: i64, observation: Observation| {
            number += 1;
            let record = Record {
                schema: RECORD_SCHEMA.to_owned(),
                id: RecordId::from_uuid(Uuid::from_u128(u128::from(number))),
                probe: PROBE.parse().unwrap(),
                sequence: number,
                previous_sha256: None,
                clock: ClockStamp {
                    boot: BootId::from_uuid(Uuid::from_u128(1)),
                    monotonic_us: Monotonic::from_micros(number),
                    utc_us: Some(at(moment)),
                    source: ClockSource::System,
                    offset_us: None,
                    uncertainty_us: None,
                },
                position: Position {
                    lon: 0.0,
                    lat: 0.0,
                    uncertainty_m: None,
                    source: PositionSource::Declared,
                },
                software: software(),
                observation,
            };
            records.push(IncomingRecord {
                line: number + 1,
                octets: serde_json::to_vec(&record).unwrap(),
                record,
                commune: COMMUNE.parse().unwrap(),
                vintage: CogVintage::from_year(2026),
                passages: Vec::new(),
            });
        };
        for passed in 0..600 {
            let moment = MONDAY + day * 86_400 + passed * 60;
            add(moment, minute(passed >= 60));
            if passed >= 60 && passed % 60 == 30 {
                add(moment + 10, run(Direction::Download));
                add(moment + 25, run(Direction::Upload));
            }
        }
        let batch = IncomingBatch {
            header: BatchHeader {
                schema: BATCH_SCHEMA.to_owned(),
                batch: BatchId::from_uuid(Uuid::from_u128(u128::from(number))),
                probe: PROBE.parse().unwrap(),
                anchors: vec![],
                software: software(),
            },
            received: at(MONDAY + 90 * 86_400),
            signature: "signature".to_owned(),
            content_encoding: "identity".to_owned(),
            body: vec![],
            records,
        };
        assert_eq!(store.ingest(batch).unwrap().refused.len(), 0);
    }
}

fn figure<'a>(answer: &'a Value, level: &str, indicator: &str, of: &str) -> &'a Value {
    let figures = answer["figures"].as_array().unwrap();
    let is = |figure: &&Value| {
        figure["level"] == level
            && figure["indicator"] == indicator
            && figure["of"].as_str().unwrap_or_default() == of
    };
    figures.iter().find(is).unwrap_or_else(|| panic!("{level} {indicator} {of}"))
}

#[test]
fn a_line_that_is_down_one_hour_in_ten_allows_forty_five_hours_of_fifty() {
    let dir = tempfile::tempdir().unwrap();
    make(dir.path());
    let data = dir.path().to_str().unwrap();
    let asked =
        ["service", "--data", data, "--commune", COMMUNE, "--from", "2026-09-07", "--to", "2026-09-28"];
    let json = |more: &[&str]| -> Value {
        let words: Vec<&str> = asked.iter().copied().chain(more.iter().copied()).chain(["--json"]).collect();
        serde_json::from_str(&told(&words, 0)).unwrap()
    };

    let answer = json(&[]);
    assert_eq!(answer["parameters"][0], "uses-1");
    assert_eq!(answer["may_over_represent_centres"], true);
    let hours = figure(&answer, "site", "hours", "telework");
    assert_eq!((&hours["value"], &hours["low"], &hours["high"]), (&45.0.into(), &45.0.into(), &45.0.into()));
    assert_eq!(hours["state"], "indicative", "nobody said of which class the probe is");
    assert_eq!(hours["lacks"], serde_json::json!(["class_a_probes"]));
    // Sessions of 20 minutes begin every five: 12 in the hour that is down, of 120; those of 17:45 on outlast the watch.
    assert_eq!(figure(&answer, "site", "sessions_lost", "teleconsultation")["value"], 15.0 * 12.0);
    assert_eq!(figure(&answer, "site", "sessions_unknown", "teleconsultation")["value"], 15.0 * 3.0);
    assert_eq!(figure(&answer, "site", "outages", "")["value"], 15.0);
    assert_eq!(figure(&answer, "site", "time_to_restore_median", "")["value"], 3_600.0);
    let paperwork = figure(&answer, "site", "hours", "paperwork");
    assert_eq!(
        (&paperwork["state"], &paperwork["value"]),
        (&"not_enough".into(), &Value::Null),
        "no page was loaded"
    );
    let commune = figure(&answer, "territory", "hours", "telework");
    assert_eq!(
        (&commune["state"], &commune["value"]),
        (&"not_enough".into(), &Value::Null),
        "one site is no commune"
    );

    let sites = dir.path().join("sites.csv");
    std::fs::write(&sites, format!("probe,class_a,public_building\n{PROBE},1,0\n")).unwrap();
    let declared = json(&["--sites", sites.to_str().unwrap()]);
    assert_eq!(figure(&declared, "site", "hours", "telework")["state"], "enough");
    assert_eq!(declared["may_over_represent_centres"], false);

    let text = told(&asked, 0);
    for said in [
        "télétravail : 45,0 h sur 50 h par semaine [45,0 à 45,0]",
        "démarches administratives en ligne : données insuffisantes",
        "180 perdues sur 1755",
        "Paramètres : uses-1, thresholds-1, calendar-1, iqb-1, voice-1, statistics-4",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let english = told(&[&asked[..], &["--lang", "en"]].concat(), 0);
    assert!(english.contains("telework : 45.0 h of 50 h a week"), "{english}");
    let csv = told(&[&asked[..], &["--csv"]].concat(), 0);
    assert!(csv.starts_with(
        "level,commune,probe,indicator,of,unit,state,lacks,value,low,high,from,to,parameters\n"
    ));
    assert!(csv.contains(&format!(
        "site,{COMMUNE},{PROBE},hours,telework,h a week,indicative,class_a_probes,45,45,45,"
    )));

    let uses = dir.path().join("uses-2.toml");
    let built_in = include_str!("../../service/parameters/uses-1.toml").replace("uses-1", "uses-2");
    std::fs::write(&uses, built_in.replace("minimum.down = { value = 8,", "minimum.down = { value = 800,"))
        .unwrap();
    let strict = json(&["--parameters", uses.to_str().unwrap()]);
    assert_eq!(strict["parameters"][0], "uses-2");
    assert_eq!(figure(&strict, "site", "hours", "telework")["value"], 0.0);
    assert_eq!(
        figure(&strict, "site", "rate_p50", "download"),
        figure(&answer, "site", "rate_p50", "download")
    );
}

#[test]
fn what_cannot_be_answered_is_said_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().to_str().unwrap();
    Store::open(dir.path(), StoreOptions::default()).unwrap();
    std::fs::write(dir.path().join("territoire.dst"), synthetic::territory(23).to_bytes()).unwrap();
    let base = ["service", "--data", data];
    let ask = |more: &[&str], code: i32| told(&[&base[..], more].concat(), code);
    assert!(ask(&[], 64).contains("--commune"));
    assert!(ask(&["--commune", "01001"], 2).contains("no commune"));
    assert!(ask(&["--all", "--from", "2026-09-07", "--to", "2026-09-07"], 64).contains("1 to 92 days"));
    assert!(ask(&["--all"], 0).contains("Rien n'a été mesuré"));
    let file = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let voice = include_str!("../../service/parameters/voice-1.toml").replace("voice-1", "voice-2");
    let path = file("voice-2.toml", &voice.replace("value = 25.1", "value = 0"));
    let said = ask(&["--all", "--parameters", &path], 64);
    assert!(said.contains("voice-2.toml: line 6: 0 is not a number above zero"), "{said}");
    let path = file("sites.csv", &format!("probe,class_a,public_building\n{PROBE},1,0\n{PROBE},yes,\n"));
    let said = ask(&["--all", "--sites", &path], 1);
    assert!(said.contains("sites.csv:3: "), "{said}");
}
