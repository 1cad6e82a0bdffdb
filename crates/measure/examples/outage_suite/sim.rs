//! A line with scripted interruptions in virtual time, and the watch over it.
//!
//! Echoes to targets cross two emulated links of `crates/netlab` (delay, jitter, random loss, cuts). What fails on the site or
//! at a target is scripted beside them. A power cut ends the watch and starts another from the last sign on the disk.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use desserte_measure::{Action, Ask, Fate, Found, LastSign, Watch, WatchSettings, Witness, absence};
use desserte_model::{BootId, ClockSource, ClockStamp, InterruptionCause, LinkState};
use desserte_netlab::link::{self, Jitter, Link, LinkConfig, Loss, Outage};
use desserte_units::{BitRate, Monotonic, Timestamp};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// IPv4 header, ICMP header, no payload.
pub(crate) const ECHO_OCTETS: u32 = 28;

/// A question to the resolver, or its answer, roughly: it costs nothing on the line when the resolver is on the site.
const DNS_OCTETS: u32 = 80;

/// How a simulated driver is late: a woken thread on a small machine.
const LATE_MAX_US: u64 = 3_000;

/// One scripted interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) cause: InterruptionCause,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

/// What to simulate.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) length: Duration,
    pub(crate) gaps: Vec<Gap>,
    /// Probability that a round trip is lost by chance.
    pub(crate) loss: f64,
    pub(crate) rtt: Duration,
    pub(crate) jitter: Duration,
    pub(crate) settings: WatchSettings,
    /// Between two signs of life on the disk.
    pub(crate) signs: Duration,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Moments in virtual time, with what was found.
    pub(crate) found: Vec<Found>,
    /// Echoes sent towards targets, octets of them and of their answers, in the even pace and on suspicion.
    pub(crate) regular_octets: u64,
    pub(crate) quick_octets: u64,
}

struct Site<'a> {
    case: &'a Case,
    up: Link,
    down: Link,
    chance: ChaCha8Rng,
    /// A link takes packets in order of time.
    last_up: Duration,
    last_down: Duration,
}

impl<'a> Site<'a> {
    fn new(case: &'a Case) -> Self {
        let rate = BitRate::from_mbit_per_s(20.0).expect("a rate");
        let cuts = case.gaps.iter().filter(|gap| gap.cause == InterruptionCause::Beyond);
        let outages: Vec<Outage> = cuts.map(|gap| Outage::cut(gap.from, gap.until)).collect();
        let config = |loss: f64| LinkConfig {
            delay: case.rtt / 2,
            jitter: Some(Jitter::of(case.jitter / 2)),
            loss: if loss > 0.0 { Loss::Random(loss) } else { Loss::None },
            outages: outages.clone(),
            // Nobody reads the series here, and a day of milliseconds is long.
            series_bin: Duration::from_secs(3600),
            ..LinkConfig::of(rate)
        };
        Self {
            case,
            up: Link::new(&config(0.0), case.seed),
            down: Link::new(&config(case.loss), case.seed + 1),
            chance: ChaCha8Rng::seed_from_u64(case.seed + 2),
            last_up: Duration::ZERO,
            last_down: Duration::ZERO,
        }
    }

    fn during(&self, cause: InterruptionCause, at: Duration) -> Option<&Gap> {
        self.case.gaps.iter().find(|gap| gap.cause == cause && gap.from <= at && at < gap.until)
    }

    /// What becomes of an echo sent now: its fate and when the probe learns it.
    fn send(&mut self, ask: Ask, now: Duration) -> (Duration, Fate) {
        let patience = self.case.settings.patience;
        let lost = (now + patience, Fate::Lost);
        if self.during(InterruptionCause::Link, now).is_some() {
            return (now, Fate::NoWay);
        }
        let near = |site: &Self, at| {
            let gap = |cause| site.during(cause, at).is_some();
            gap(InterruptionCause::Gateway) || gap(InterruptionCause::Link)
        };
        if near(self, now) {
            return lost;
        }
        if ask.witness == Witness::Gateway {
            return (now + Duration::from_micros(600), Fate::Answered(Duration::from_micros(600)));
        }
        // Those far away fail when the echo is there.
        let half = now + self.case.rtt / 2;
        if ask.witness == Witness::Dns && self.during(InterruptionCause::Dns, half).is_some() {
            return lost;
        }
        if ask.witness == Witness::Target(0) && self.during(InterruptionCause::Target, half).is_some() {
            return lost;
        }
        let octets = if ask.witness == Witness::Dns { DNS_OCTETS } else { ECHO_OCTETS };
        self.last_up = self.last_up.max(now);
        let link::Fate::Delivered(there) = self.up.offer(self.last_up, octets) else { return lost };
        self.last_down = self.last_down.max(there);
        let link::Fate::Delivered(back) = self.down.offer(self.last_down, octets) else { return lost };
        if near(self, back) || back >= now + patience {
            return lost;
        }
        (back, Fate::Answered(back - now))
    }

    fn late(&mut self) -> Duration {
        Duration::from_micros(self.chance.next_u64() % LATE_MAX_US)
    }
}

/// Runs a case from its beginning to its end.
pub(crate) fn run(case: &Case) -> Outcome {
    let mut site = Site::new(case);
    let mut outcome = Outcome { found: Vec::new(), regular_octets: 0, quick_octets: 0 };
    let cuts = case.gaps.iter().filter(|gap| gap.cause == InterruptionCause::Power);
    let mut begun = Duration::ZERO;
    let mut boot = 0;
    for cut in cuts {
        live(&mut site, &mut outcome, begun, cut.from);
        let signs =
            u32::try_from((cut.from - begun).as_micros() / case.signs.as_micros()).unwrap_or(u32::MAX);
        let last = LastSign {
            at: stamp(boot, begun, begun + case.signs * signs),
            every_us: micros(case.signs),
            stopped: false,
        };
        boot += 1;
        // The machine needs a while to start the probe.
        let started = stamp(boot, cut.until, cut.until + Duration::from_secs(20));
        if let Some(interruption) = absence(&last, &started) {
            let since = Monotonic::from_micros(
                u64::try_from(last.at.utc_us.map_or(0, |utc| utc.as_unix_micros())).unwrap_or(0),
            );
            outcome.found.push(Found { since, interruption });
        }
        begun = cut.until + Duration::from_secs(20);
    }
    live(&mut site, &mut outcome, begun, case.length);
    outcome
}

/// When the probe learns the fate of an echo: the time, its number, its round trip, whether no way led out.
type Due = (Duration, u64, Option<Duration>, bool);

/// One life of the probe.
fn live(site: &mut Site<'_>, outcome: &mut Outcome, begun: Duration, until: Duration) {
    let targets = vec!["near".parse().expect("an id"), "far".parse().expect("an id")];
    let mut watch = Watch::new(site.case.settings, targets, true, at(begun));
    let mut answers: BinaryHeap<Reverse<Due>> = BinaryHeap::new();
    let mut now = begun;
    while now < until {
        let link = site.during(InterruptionCause::Link, now).is_some();
        watch.link(if link { LinkState::Down } else { LinkState::Up }, at(now));
        watch.wake(at(now));
        let wake = loop {
            match watch.next_action() {
                Action::Wait(wake) => break wake,
                Action::Found(found) => outcome.found.push(found),
                Action::Ask(ask) => {
                    let (known, fate) = site.send(ask, now);
                    let answered = match fate {
                        Fate::Answered(rtt) => Some(rtt),
                        _ => None,
                    };
                    answers.push(Reverse((known, ask.number, answered, fate == Fate::NoWay)));
                    let octets = if answered.is_some() { 2 } else { 1 } * u64::from(ECHO_OCTETS);
                    match (ask.witness, ask.regular) {
                        (Witness::Target(_), true) => outcome.regular_octets += octets,
                        (Witness::Target(_), false) => outcome.quick_octets += octets,
                        _ => {}
                    }
                }
            }
        };
        let wake = Duration::from_micros(wake.as_micros()).max(now + Duration::from_micros(1));
        let next = answers.peek().map_or(wake, |Reverse((known, ..))| wake.min(*known));
        now = next.max(now) + site.late();
        // Asleep: nothing happens until the machine wakes.
        if let Some(sleep) = site.during(InterruptionCause::Probe, now) {
            now = sleep.until;
        }
        while let Some(Reverse((known, number, rtt, no_way))) = answers.peek().copied() {
            if known > now {
                break;
            }
            answers.pop();
            let fate = match (rtt, no_way) {
                (Some(rtt), _) => Fate::Answered(rtt),
                (None, true) => Fate::NoWay,
                (None, false) => Fate::Lost,
            };
            watch.answer(number, fate, at(now));
        }
    }
    // A power cut leaves no time to finish; the end of the case does.
    if until == site.case.length {
        watch.finish(at(now));
        while let Action::Found(found) = watch.next_action() {
            outcome.found.push(found);
        }
    }
}

fn at(time: Duration) -> Monotonic {
    Monotonic::from_micros(micros(time))
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// A stamp whose calendar is the virtual time itself.
fn stamp(boot: u32, booted: Duration, now: Duration) -> ClockStamp {
    let boot: BootId = format!("00000000-0000-4000-8000-{boot:012}").parse().expect("a boot");
    ClockStamp {
        boot,
        monotonic_us: at(now.saturating_sub(booted)),
        utc_us: Some(Timestamp::from_unix_micros(i64::try_from(micros(now)).unwrap_or(i64::MAX))),
        source: ClockSource::System,
        offset_us: Some(0),
        uncertainty_us: Some(0),
    }
}
