//! What a made-up probe records, day by day.

use desserte_model::{
    AccessTechnology, BootId, ByteSample, ClockSource, ClockStamp, CongestionControl, Connection, CountedBy,
    CountingLayer, Course, Device, DeviceClass, Direction, EchoMethod, End, Health, IpFamily, LinkState,
    Medium, Minute, Observation, Position, PositionSource, Protocol, RECORD_SCHEMA, Record, RecordId,
    RunOutcome, Server, Software, TargetEchoes, TargetId, Throughput,
};
use desserte_signing::{ProbeKey, record_sha256};
use desserte_units::{Monotonic, Timestamp};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::sites::{Site, Story};

const MINUTE_US: i64 = 60_000_000;
const DAY_US: i64 = 1_440 * MINUTE_US;

/// Runs a day in each direction.
const RUNS_PER_DAY: i64 = 6;

/// Readings of a run: one each half second for ten seconds.
const SAMPLES: u64 = 20;

/// One second in so many the made-up agent is busy.
const BUSY_ONE_IN: u64 = 5_000;

/// Hours after the start of the last day but one at which a long outage begins and ends.
const LONG_OUTAGE_HOURS: (i64, i64) = (17, 26);

/// How many days are made up, counted from the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spans {
    /// With throughput runs.
    pub(super) days: i64,
    /// In which every minute is recorded as well.
    pub(super) minute_days: i64,
}

/// Records of one day of one probe, as octets.
pub(super) struct Day {
    pub(super) end: Timestamp,
    pub(super) story: Story,
    pub(super) boot: BootId,
    pub(super) boot_start: Timestamp,
    pub(super) lines: Vec<Vec<u8>>,
}

/// The name and version under which made-up records are sent.
pub(super) fn software() -> Software {
    Software { name: "desserte-demo-data".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() }
}

struct Maker<'a> {
    key: &'a ProbeKey,
    site: &'a Site,
    boot: BootId,
    boot_start: Timestamp,
    sequence: u64,
    previous: Option<String>,
    targets: [TargetId; 2],
}

/// Makes every record of a probe.
pub(super) fn make(
    key: &ProbeKey,
    site: &Site,
    end: Timestamp,
    spans: Spans,
    random: &mut ChaCha8Rng,
) -> Vec<Day> {
    let (from, until) = (site.from(end, spans.days), site.until(end, spans.days));
    let mut maker = Maker {
        key,
        site,
        boot: BootId::from_uuid(Uuid::from_u128(random.random())),
        boot_start: from,
        sequence: 0,
        previous: None,
        targets: ["cible-1", "cible-2"].map(|name| name.parse().expect("a target's name")),
    };
    let mut made = Vec::new();
    let mut start = from;
    while start < until {
        let with_minutes = end.micros_since(start) <= spans.minute_days * DAY_US;
        let outages = outages(site, start, end, random);
        made.push(Day {
            end: start.saturating_add_micros(DAY_US),
            story: site.story,
            boot: maker.boot,
            boot_start: maker.boot_start,
            lines: maker.day(start, with_minutes, &outages, random),
        });
        start = start.saturating_add_micros(DAY_US);
    }
    made
}

/// Stretches of one day in which the line is down: the long one of the story, and now and then a short one.
fn outages(
    site: &Site,
    start: Timestamp,
    end: Timestamp,
    random: &mut ChaCha8Rng,
) -> Vec<(Timestamp, Timestamp)> {
    let hours = |hours: i64| end.saturating_add_micros(-2 * DAY_US + hours * 60 * MINUTE_US);
    let mut found = Vec::new();
    if site.story == Story::LongOutage {
        found.push((hours(LONG_OUTAGE_HOURS.0), hours(LONG_OUTAGE_HOURS.1)));
    }
    if random.random_bool(0.3) {
        let from = start.saturating_add_micros(random.random_range(0..1_400) * MINUTE_US);
        found.push((from, from.saturating_add_micros(random.random_range(1..25) * MINUTE_US)));
    }
    found
}

fn is_down(at: Timestamp, outages: &[(Timestamp, Timestamp)]) -> bool {
    outages.iter().any(|(from, until)| (*from..*until).contains(&at))
}

impl Maker<'_> {
    fn day(
        &mut self,
        start: Timestamp,
        with_minutes: bool,
        outages: &[(Timestamp, Timestamp)],
        random: &mut ChaCha8Rng,
    ) -> Vec<Vec<u8>> {
        let slot = DAY_US / RUNS_PER_DAY;
        let mut runs: Vec<(Timestamp, Direction)> = Vec::new();
        // A new probe has made half a day's runs: too few for a median.
        let first = if self.site.story == Story::New { RUNS_PER_DAY / 2 } else { 0 };
        for number in first..RUNS_PER_DAY {
            let minute = random.random_range(0..slot / MINUTE_US - 2);
            let at = start.saturating_add_micros(number * slot + minute * MINUTE_US);
            runs.push((at, Direction::Download));
            runs.push((at.saturating_add_micros(MINUTE_US), Direction::Upload));
        }
        let mut lines = Vec::new();
        for minute in 0..DAY_US / MINUTE_US {
            let at = start.saturating_add_micros(minute * MINUTE_US);
            let down = is_down(at, outages);
            if let Some((_, direction)) = runs.iter().find(|(run, _)| *run == at) {
                let observation = self.run(*direction, at, down, random);
                lines.push(self.record(at, observation, random));
            } else if with_minutes {
                let observation = self.minute(down, random);
                lines.push(self.record(at, observation, random));
            }
        }
        let at = start.saturating_add_micros(DAY_US - MINUTE_US / 2);
        let health = self.health(start);
        lines.push(self.record(at, health, random));
        lines
    }

    fn record(&mut self, at: Timestamp, observation: Observation, random: &mut ChaCha8Rng) -> Vec<u8> {
        let since_boot = at.micros_since(self.boot_start);
        let dated = self.site.story != Story::LateClock || since_boot >= DAY_US;
        let record = Record {
            schema: RECORD_SCHEMA.to_owned(),
            id: record_id(at, random.random()),
            probe: self.key.id(),
            sequence: self.sequence,
            previous_sha256: self.previous.take(),
            clock: ClockStamp {
                boot: self.boot,
                monotonic_us: Monotonic::from_micros(since_boot.unsigned_abs()),
                utc_us: dated.then_some(at),
                source: if dated { ClockSource::System } else { ClockSource::Unsynchronised },
                offset_us: dated.then_some(0),
                uncertainty_us: dated.then_some(10_000),
            },
            position: Position {
                lon: self.site.point.lon(),
                lat: self.site.point.lat(),
                uncertainty_m: Some(20.0),
                source: PositionSource::Declared,
            },
            software: software(),
            observation,
        };
        self.sequence += 1;
        let octets = serde_json::to_vec(&record).expect("a record is JSON");
        self.previous = Some(record_sha256(&octets));
        octets
    }

    fn run(&self, direction: Direction, at: Timestamp, down: bool, random: &mut ChaCha8Rng) -> Observation {
        let line = &self.site.line;
        let capacity = match direction {
            Direction::Download => line.capacity.0,
            Direction::Upload => line.capacity.1,
        };
        // The evening of metropolitan France, an hour ahead of UTC in winter.
        let evening = (17..22).contains(&(at.as_unix_secs().div_euclid(3_600).rem_euclid(24)));
        let share = if evening { line.evening } else { 1.0 };
        let megabits = capacity * share * f64::from(random.random_range(85..100_u32)) / 100.0;
        let (outcome, samples) = if down {
            (RunOutcome::Unreachable { reason: "no route to the server".to_owned() }, vec![])
        } else {
            (RunOutcome::Complete, samples(megabits, random))
        };
        let counted_by = match direction {
            Direction::Download => CountedBy { end: End::Probe, layer: CountingLayer::Application },
            Direction::Upload => CountedBy { end: End::Server, layer: CountingLayer::Application },
        };
        let bytes_charged = samples.last().map_or(0, |last| last.bytes + last.bytes / 25);
        Observation::Throughput(Throughput {
            direction,
            protocol: Protocol { name: "ndt7".to_owned(), version: "0.10.0".to_owned() },
            outcome,
            counted_by: (!down).then_some(counted_by),
            samples,
            probe_tcp: vec![],
            server_tcp: vec![],
            congestion_control: CongestionControl::default(),
            connection: Connection {
                family: (!down).then_some(IpFamily::Ipv4),
                tls: (!down).then(|| "TLSv1.3".to_owned()),
                bytes_charged,
            },
            server: Server {
                id: (!down).then(|| "demonstration".parse().expect("a server's name")),
                host: "mesure.example:4443".to_owned(),
                load_ratio: None,
                software: None,
            },
            medium: Medium::Wired { link_bits_per_second: Some(1_000_000_000) },
            access_line: Some(line.declared()),
            course: Course::default(),
        })
    }

    fn minute(&self, down: bool, random: &mut ChaCha8Rng) -> Observation {
        let targets = self.targets.each_ref().map(|target| TargetEchoes {
            target: target.clone(),
            family: Some(IpFamily::Ipv4),
            method: EchoMethod::Icmp,
            rtt_us: (0..3)
                .map(|_| {
                    let lost = down || random.random_bool(0.002);
                    (!lost).then(|| self.site.line.rtt_us + random.random_range(0..6_000))
                })
                .collect(),
            timed_by_kernel: None,
            not_sent: None,
        });
        Observation::Minute(Minute {
            window_us: MINUTE_US.unsigned_abs(),
            link: LinkState::Up,
            gateway_reachable: Some(true),
            targets: targets.into(),
        })
    }

    fn health(&self, start: Timestamp) -> Observation {
        let uptime = start.micros_since(self.boot_start) + DAY_US;
        Observation::Health(Health {
            uptime_us: uptime.unsigned_abs(),
            spool_records: 0,
            spool_bytes: 0,
            spool_dropped_records: 0,
            budget_used_bytes: 4_000_000_000,
            budget_limit_bytes: Some(20_000_000_000),
            budget_month: Some("2026-10".to_owned()),
            cpu_us: Some(uptime.unsigned_abs() / BUSY_ONE_IN),
            device: self.device(),
        })
    }

    /// Some owners declare what the probe runs on, and some do not.
    const fn device(&self) -> Option<Device> {
        match self.site.line.technology {
            AccessTechnology::FourGFixed => Some(Device { class: DeviceClass::SingleBoard, dedicated: true }),
            AccessTechnology::Dsl => Some(Device { class: DeviceClass::Desktop, dedicated: false }),
            _ => None,
        }
    }
}

/// A UUID of version 7: milliseconds of the event, the rest by chance.
fn record_id(at: Timestamp, chance: u128) -> RecordId {
    let millis = u128::from((at.as_unix_micros() / 1_000).unsigned_abs());
    let low = chance & ((1 << 80) - 1);
    let version = (low & !(0xf << 76) & !(0x3 << 62)) | (0x7 << 76) | (0x2 << 62);
    RecordId::from_uuid(Uuid::from_u128((millis << 80) | version))
}

/// Readings of a run that starts slowly for a second and then wavers about its rate.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and far below 2^53")]
fn samples(megabits: f64, random: &mut ChaCha8Rng) -> Vec<ByteSample> {
    let mut bytes = 0;
    (1..=SAMPLES)
        .map(|half_second| {
            let ramp = if half_second <= 2 { 0.5 } else { 1.0 };
            let waver = f64::from(random.random_range(970..1_030_u32)) / 1_000.0;
            bytes += (megabits * 62_500.0 * ramp * waver) as u64;
            ByteSample { elapsed_us: half_second * 500_000, bytes }
        })
        .collect()
}
