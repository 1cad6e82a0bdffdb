//! A store in a directory of its own, and records to put into it.

#![allow(dead_code, reason = "each test file uses its part")]

use desserte_model::{
    BATCH_SCHEMA, BatchHeader, BatchId, BootAnchor, BootId, ByteSample, ClockSource, ClockStamp, CogVintage,
    Connection, CountedBy, CountingLayer, Course, Direction, EchoMethod, End, Health, IpFamily, LinkState,
    Medium, Minute, Observation, Position, PositionSource, ProbeId, Protocol, RECORD_SCHEMA, Record,
    RecordId, RunOutcome, Server, Software, TargetEchoes, Throughput,
};
use desserte_store::{IncomingBatch, IncomingRecord, NewProbe, Period, Store, StoreOptions};
use desserte_units::{Monotonic, Timestamp};
use uuid::Uuid;

/// 2026-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_767_225_600;
pub(crate) const PROBE: &str = "00112233445566778899aabbccddeeff";

pub(crate) struct Bench {
    pub(crate) dir: tempfile::TempDir,
    pub(crate) store: Store,
}

pub(crate) fn bench(options: StoreOptions) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), options).unwrap();
    register(&store, PROBE);
    Bench { dir, store }
}

pub(crate) fn register(store: &Store, id: &str) {
    let probe = NewProbe {
        id: id.parse().unwrap(),
        public_key: format!("key of {id}"),
        name: "mairie".to_owned(),
        site: None,
        created: at(0),
    };
    store.register_probe(probe).unwrap();
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_unix_secs(START + seconds)
}

pub(crate) fn period(seconds: i64) -> Period {
    Period { start: at(0), end: at(seconds) }
}

pub(crate) fn software() -> Software {
    Software { name: "desserte-probe".to_owned(), version: "0.1.0".to_owned() }
}

pub(crate) fn boot(n: u128) -> BootId {
    BootId::from_uuid(Uuid::from_u128(n))
}

pub(crate) fn record(n: u64, utc: Option<Timestamp>, observation: Observation) -> Record {
    Record {
        schema: RECORD_SCHEMA.to_owned(),
        id: RecordId::from_uuid(Uuid::from_u128(u128::from(n) + 1)),
        probe: PROBE.parse().unwrap(),
        sequence: n,
        previous_sha256: None,
        clock: ClockStamp {
            boot: boot(1),
            monotonic_us: Monotonic::from_micros(n * 60_000_000),
            utc_us: utc,
            source: if utc.is_some() { ClockSource::System } else { ClockSource::Unsynchronised },
            offset_us: None,
            uncertainty_us: None,
        },
        position: Position { lon: 1.87, lat: 46.17, uncertainty_m: None, source: PositionSource::Declared },
        software: software(),
        observation,
    }
}

/// A download that ran ten seconds at a constant rate.
pub(crate) fn download(megabits: u64) -> Observation {
    let samples = (0..=10).map(|s| ByteSample { elapsed_us: s * 1_000_000, bytes: s * megabits * 125_000 });
    Observation::Throughput(Throughput {
        direction: Direction::Download,
        protocol: Protocol { name: "ndt7".to_owned(), version: "0.10.0".to_owned() },
        outcome: RunOutcome::Complete,
        counted_by: Some(CountedBy { end: End::Probe, layer: CountingLayer::Application }),
        samples: samples.collect(),
        probe_tcp: vec![],
        server_tcp: vec![],
        congestion_control: desserte_model::CongestionControl::default(),
        connection: Connection { family: Some(IpFamily::Ipv4), tls: None, bytes_charged: 1 },
        server: Server { id: None, host: "localhost:1".to_owned(), load_ratio: None, software: None },
        medium: Medium::Wired { link_bits_per_second: None },
        access_line: None,
        course: Course::default(),
    })
}

/// A minute in which both targets answered every echo, or none.
pub(crate) fn minute(answered: bool) -> Observation {
    let target = |name: &str| TargetEchoes {
        target: name.parse().unwrap(),
        family: Some(IpFamily::Ipv4),
        method: EchoMethod::Icmp,
        rtt_us: vec![answered.then_some(20_000); 3],
        timed_by_kernel: None,
        not_sent: None,
    };
    Observation::Minute(Minute {
        window_us: 60_000_000,
        link: LinkState::Up,
        gateway_reachable: Some(true),
        targets: vec![target("a"), target("b")],
    })
}

pub(crate) fn health(spool_records: u64) -> Observation {
    Observation::Health(Health {
        uptime_us: 1,
        spool_records,
        spool_bytes: 10,
        spool_dropped_records: 0,
        budget_used_bytes: 5,
        budget_limit_bytes: None,
        budget_month: None,
        cpu_us: None,
        device: None,
    })
}

pub(crate) fn batch(records: Vec<Record>) -> IncomingBatch {
    batch_with(records, vec![])
}

pub(crate) fn batch_with(records: Vec<Record>, anchors: Vec<BootAnchor>) -> IncomingBatch {
    let probe: ProbeId = PROBE.parse().unwrap();
    let records: Vec<_> = (2..)
        .zip(records)
        .map(|(line, record)| IncomingRecord {
            line,
            octets: serde_json::to_vec(&record).unwrap(),
            record,
            commune: "23096".parse().unwrap(),
            vintage: CogVintage::from_year(2026),
            passages: Vec::new(),
        })
        .collect();
    IncomingBatch {
        header: BatchHeader {
            schema: BATCH_SCHEMA.to_owned(),
            batch: BatchId::from_uuid(Uuid::from_u128(9)),
            probe,
            anchors,
            software: software(),
        },
        received: at(1_000_000),
        signature: "signature".to_owned(),
        content_encoding: "identity".to_owned(),
        body: records.iter().flat_map(|record| record.octets.clone()).collect(),
        records,
    }
}
