//! Two clocks: the counter since boot, always true, and the calendar, true only if something vouches for it.
//!
//! A probe without a battery clock starts in 1970. It measures at once; its records carry the counter alone until the
//! kernel's time service or the collector's answer gives the calendar, and batches then carry an anchor from which the
//! earlier ones are dated.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use desserte_model::{BootAnchor, BootId, ClockSource, ClockStamp};
use desserte_units::{Monotonic, Timestamp};
use serde::{Deserialize, Serialize};

use crate::files;

const FILE: &str = "clock.json";

/// A day before the first release: no true clock shows an earlier time (2026-11-01T00:00:00Z).
const CALENDAR_FLOOR: Timestamp = Timestamp::from_unix_secs(1_793_491_200);

/// Ten years after it: no build runs longer, and whatever shows a later time is broken or lies.
const CALENDAR_CEILING: Timestamp = CALENDAR_FLOOR.saturating_add_micros(10 * 366 * 86_400 * 1_000_000);

/// How fast an undisciplined quartz may run away from the true time, in parts per million; cheap boards state 50 to 100.
const DRIFT_PPM: u64 = 100;

/// Anchors kept of earlier boots, whose records may still wait.
const ANCHORS_MAX: usize = 64;

/// Microseconds of processor time that this process has used, all its threads together.
pub(crate) fn processor_us() -> Option<u64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u64::try_from(time.tv_sec).ok()?, u64::try_from(time.tv_nsec).ok()?);
    Some(seconds * 1_000_000 + nanoseconds / 1_000)
}

/// What the machine says; a trait so that tests can start it in 1970.
pub(crate) trait Machine {
    /// The present boot.
    fn boot(&self) -> BootId;
    /// Time since it, sleep included.
    fn since_boot(&self) -> Monotonic;
    /// The calendar, right or wrong.
    fn calendar(&self) -> Timestamp;
    /// The largest error of the calendar if a time service disciplines it.
    fn disciplined(&self) -> Option<Duration>;
}

/// The machine that the agent runs on.
#[derive(Debug)]
pub(crate) struct Linux {
    boot: BootId,
    pretence: Option<Pretence>,
}

/// A calendar that tests put in the place of the machine's: off by so much, and vouched for by a time service.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pretence {
    pub(crate) off_by_s: i64,
}

/// The error that a pretended time service admits.
const PRETENDED_ERROR: Duration = Duration::from_millis(1);

impl Linux {
    /// Reads the name of the present boot.
    pub(crate) fn open(pretence: Option<Pretence>) -> io::Result<Self> {
        let text = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        let boot = text.trim().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(Self { boot, pretence })
    }
}

impl Machine for Linux {
    fn boot(&self) -> BootId {
        self.boot
    }

    fn since_boot(&self) -> Monotonic {
        let (seconds, micros) = read(rustix::time::ClockId::Boottime);
        let micros = seconds.saturating_mul(1_000_000).saturating_add(micros);
        Monotonic::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    fn calendar(&self) -> Timestamp {
        let (seconds, micros) = read(rustix::time::ClockId::Realtime);
        let off_by_s = self.pretence.map_or(0, |pretence| pretence.off_by_s);
        Timestamp::from_unix_secs(seconds.saturating_add(off_by_s)).saturating_add_micros(micros)
    }

    fn disciplined(&self) -> Option<Duration> {
        if self.pretence.is_some() {
            return plausible(self.calendar()).then_some(PRETENDED_ERROR);
        }
        let clock = desserte_net::kernel_clock()?;
        // A time service that claims discipline before the program existed, or long after, is wrong.
        (clock.synchronised && plausible(self.calendar())).then_some(clock.error_max)
    }
}

/// Whether a true clock can show `time` while this build runs.
fn plausible(time: Timestamp) -> bool {
    (CALENDAR_FLOOR..=CALENDAR_CEILING).contains(&time)
}

fn read(clock: rustix::time::ClockId) -> (i64, i64) {
    let now = rustix::time::clock_gettime(clock);
    (now.tv_sec, now.tv_nsec / 1000)
}

/// What is kept over a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    /// The latest time that the machine's own time service vouched for: the calendar is not before it. What the
    /// collector says does not raise it: one wrong answer would outlive every restart.
    floor_us: Option<Timestamp>,
    #[serde(default)]
    anchors: Vec<BootAnchor>,
}

/// The probe's clocks.
pub(crate) struct Clock {
    machine: Box<dyn Machine>,
    path: PathBuf,
    kept: Kept,
    /// What the collector said during this boot.
    collector: Option<BootAnchor>,
}

impl Clock {
    /// Opens the clocks; a missing or damaged file is no obstacle.
    pub(crate) fn open(machine: Box<dyn Machine>, state_dir: &Path) -> Self {
        let path = state_dir.join(FILE);
        let mut kept: Kept =
            fs::read(&path).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        if let Some(floor) = kept.floor_us.filter(|floor| !plausible(*floor)) {
            tracing::warn!(
                floor_us = floor.as_unix_micros(),
                "the stored time cannot be true and is forgotten"
            );
            kept.floor_us = None;
        }
        kept.anchors.retain(|anchor| plausible(anchor.utc_us));
        // The same boot may have been dated before a restart of the agent.
        let collector = kept
            .anchors
            .iter()
            .find(|anchor| anchor.boot == machine.boot() && anchor.source == ClockSource::Collector)
            .copied();
        Self { machine, path, kept, collector }
    }

    /// The moment, with what vouches for it.
    pub(crate) fn now(&self) -> ClockStamp {
        let (boot, monotonic) = (self.machine.boot(), self.machine.since_boot());
        let stamp = |source, utc: Option<Timestamp>, offset_us, uncertainty_us| ClockStamp {
            boot,
            monotonic_us: monotonic,
            utc_us: utc,
            source,
            offset_us,
            uncertainty_us,
        };
        let calendar = self.machine.calendar();
        if let Some(error) = self.machine.disciplined() {
            return stamp(ClockSource::System, Some(calendar), Some(0), Some(micros(error)));
        }
        let Some(anchor) = self.collector else {
            return stamp(ClockSource::Unsynchronised, None, None, None);
        };
        let age = monotonic.since(anchor.monotonic_us);
        let utc = anchor.utc_us.saturating_add_micros(i64::try_from(age.as_micros()).unwrap_or(i64::MAX));
        let drift = micros(age) / 1_000_000 * DRIFT_PPM;
        let uncertainty = anchor.uncertainty_us.saturating_add(drift);
        stamp(ClockSource::Collector, Some(utc), Some(utc.micros_since(calendar)), Some(uncertainty))
    }

    /// The calendar, where something vouches for it.
    pub(crate) fn utc(&self) -> Option<Timestamp> {
        self.now().utc_us
    }

    /// Time since boot.
    pub(crate) fn monotonic(&self) -> Monotonic {
        self.machine.since_boot()
    }

    /// Whether the collector should be asked for the time: no time service, and no recent answer.
    pub(crate) fn wants_collector(&self, every: Duration) -> bool {
        let stale =
            self.collector.is_none_or(|anchor| self.machine.since_boot().since(anchor.monotonic_us) >= every);
        stale && self.machine.disciplined().is_none()
    }

    /// Takes the collector's answer: its time `utc`, read between `asked` and `answered`.
    ///
    /// Returns whether it was believed: an answer before the latest time known for certain, or later than this build can
    /// live, is not. An earlier answer is no measure for a later one, so that a wrong one is undone by the next.
    pub(crate) fn correct(&mut self, utc: Timestamp, asked: Monotonic, answered: Monotonic) -> bool {
        if !(self.floor()..=CALENDAR_CEILING).contains(&utc) {
            return false;
        }
        let half = answered.since(asked) / 2;
        self.collector = Some(BootAnchor {
            boot: self.machine.boot(),
            monotonic_us: asked.after(half),
            utc_us: utc,
            source: ClockSource::Collector,
            uncertainty_us: micros(half),
        });
        true
    }

    /// Keeps the trusted time and the anchor of this boot for later.
    pub(crate) fn store(&mut self) -> io::Result<()> {
        let now = self.now();
        if let Some(utc) = now.utc_us {
            if now.source == ClockSource::System {
                self.kept.floor_us = self.kept.floor_us.max(Some(utc));
            }
            let anchor =
                self.collector.filter(|_| now.source == ClockSource::Collector).unwrap_or(BootAnchor {
                    boot: now.boot,
                    monotonic_us: now.monotonic_us,
                    utc_us: utc,
                    source: now.source,
                    uncertainty_us: now.uncertainty_us.unwrap_or(0),
                });
            self.kept.anchors.retain(|other| other.boot != anchor.boot);
            self.kept.anchors.push(anchor);
            let excess = self.kept.anchors.len().saturating_sub(ANCHORS_MAX);
            self.kept.anchors.drain(..excess);
        }
        files::replace(&self.path, &serde_json::to_vec(&self.kept)?, files::PRIVATE_MODE)
    }

    /// The anchors known for `boots`.
    pub(crate) fn anchors(&self, boots: &[BootId]) -> Vec<BootAnchor> {
        let present = self.anchor();
        let earlier = self.kept.anchors.iter().copied();
        let earlier = earlier.filter(|anchor| Some(anchor.boot) != present.map(|present| present.boot));
        earlier.chain(present).filter(|anchor| boots.contains(&anchor.boot)).collect()
    }

    /// The anchor of this boot, where something vouches for the calendar.
    fn anchor(&self) -> Option<BootAnchor> {
        let now = self.now();
        match now.source {
            ClockSource::Collector => self.collector,
            ClockSource::System => Some(BootAnchor {
                boot: now.boot,
                monotonic_us: now.monotonic_us,
                utc_us: now.utc_us?,
                source: now.source,
                uncertainty_us: now.uncertainty_us.unwrap_or(0),
            }),
            ClockSource::Unsynchronised => None,
        }
    }

    /// No true time is earlier.
    fn floor(&self) -> Timestamp {
        self.kept.floor_us.unwrap_or(CALENDAR_FLOOR).max(CALENDAR_FLOOR)
    }

    /// The times by which certificates may be judged.
    ///
    /// Only the machine's time service is trusted alone. The collector's word is a guess like others: were it final, a
    /// wrong one would make every later connection fail, and with it the correction.
    pub(crate) fn for_certificates(&self) -> CertificateTimes {
        let (now, calendar, floor) = (self.now(), self.machine.calendar(), self.floor());
        CertificateTimes {
            best: now.utc_us.unwrap_or_else(|| calendar.max(floor)),
            machine: calendar.max(floor),
            floor,
            trusted: now.source == ClockSource::System,
        }
    }
}

/// The times by which a certificate may be judged, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CertificateTimes {
    /// The best known time.
    pub(crate) best: Timestamp,
    /// The machine's calendar, whoever set it, but no earlier than the floor.
    pub(crate) machine: Timestamp,
    /// No true time is earlier.
    pub(crate) floor: Timestamp,
    /// Whether the best known time is certain, so that no other needs to be tried.
    pub(crate) trusted: bool,
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// A machine whose clocks are turned by hand.
    #[derive(Debug, Clone)]
    pub(crate) struct ByHand {
        pub(crate) boot: BootId,
        pub(crate) since_boot_us: Rc<Cell<u64>>,
        pub(crate) calendar_us: Rc<Cell<i64>>,
        pub(crate) disciplined: Rc<Cell<bool>>,
    }

    impl ByHand {
        pub(crate) fn in_1970() -> Self {
            Self {
                boot: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
                since_boot_us: Rc::new(Cell::new(7_000_000)),
                calendar_us: Rc::new(Cell::new(7_000_000)),
                disciplined: Rc::new(Cell::new(false)),
            }
        }

        fn pass(&self, seconds: u32) {
            self.since_boot_us.set(self.since_boot_us.get() + u64::from(seconds) * 1_000_000);
            self.calendar_us.set(self.calendar_us.get() + i64::from(seconds) * 1_000_000);
        }
    }

    impl Machine for ByHand {
        fn boot(&self) -> BootId {
            self.boot
        }

        fn since_boot(&self) -> Monotonic {
            Monotonic::from_micros(self.since_boot_us.get())
        }

        fn calendar(&self) -> Timestamp {
            Timestamp::from_unix_micros(self.calendar_us.get())
        }

        fn disciplined(&self) -> Option<Duration> {
            self.disciplined.get().then_some(Duration::from_millis(3))
        }
    }

    const TRUE_S: i64 = 1_796_000_000;

    #[test]
    fn a_clock_of_1970_is_corrected_later_and_the_earlier_records_can_be_dated() {
        let folder = tempfile::tempdir().unwrap();
        let machine = ByHand::in_1970();
        let mut clock = Clock::open(Box::new(machine.clone()), folder.path());
        let first = clock.now();
        assert_eq!((first.utc_us, first.source), (None, ClockSource::Unsynchronised));
        machine.pass(50);
        let asked = clock.monotonic();
        machine.pass(2);
        assert!(clock.correct(Timestamp::from_unix_secs(TRUE_S), asked, clock.monotonic()));
        machine.pass(100);
        let later = clock.now();
        assert_eq!(later.source, ClockSource::Collector);
        assert_eq!(later.utc_us, Some(Timestamp::from_unix_secs(TRUE_S + 101)));
        assert_eq!(later.offset_us, Some((TRUE_S + 101 - 159) * 1_000_000));
        assert_eq!(later.uncertainty_us, Some(1_000_000 + 101 * 100));
        clock.store().unwrap();
        let anchor = clock.anchors(&[first.boot])[0];
        let elapsed = anchor.monotonic_us.since(first.monotonic_us);
        assert_eq!(elapsed, Duration::from_secs(51), "the first record was made 51 s before the anchor");
        assert!(clock.anchors(&[]).is_empty());
    }

    #[test]
    fn a_restart_within_the_boot_keeps_the_correction_and_a_jump_of_the_calendar_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let machine = ByHand::in_1970();
        let mut clock = Clock::open(Box::new(machine.clone()), folder.path());
        assert!(clock.correct(Timestamp::from_unix_secs(TRUE_S), clock.monotonic(), clock.monotonic()));
        clock.store().unwrap();
        machine.pass(10);
        machine.calendar_us.set(4_000_000_000_000_000);
        let clock = Clock::open(Box::new(machine.clone()), folder.path());
        assert_eq!(clock.utc(), Some(Timestamp::from_unix_secs(TRUE_S + 10)));
        // Another boot starts without a calendar.
        let clock = Clock::open(Box::new(rebooted()), folder.path());
        assert_eq!(clock.utc(), None);
    }

    fn rebooted() -> ByHand {
        ByHand { boot: "00000000-0000-4000-8000-000000000002".parse().unwrap(), ..ByHand::in_1970() }
    }

    #[test]
    fn what_the_time_service_knew_is_the_least_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let machine = ByHand::in_1970();
        machine.disciplined.set(true);
        machine.calendar_us.set(TRUE_S * 1_000_000);
        Clock::open(Box::new(machine), folder.path()).store().unwrap();
        let mut clock = Clock::open(Box::new(rebooted()), folder.path());
        let known = Timestamp::from_unix_secs(TRUE_S);
        let times = clock.for_certificates();
        assert_eq!((times.best, times.floor, times.trusted), (known, known, false));
        let earlier = Timestamp::from_unix_secs(TRUE_S - 1);
        assert!(!clock.correct(earlier, clock.monotonic(), clock.monotonic()));
    }

    #[test]
    fn a_wrong_time_of_the_collector_is_undone_by_the_next_and_survives_no_reboot() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = Clock::open(Box::new(ByHand::in_1970()), folder.path());
        let at = clock.monotonic();
        let in_2034 = Timestamp::from_unix_secs(2_030_000_000);
        assert!(clock.correct(in_2034, at, at));
        assert!(!clock.for_certificates().trusted, "else no connection could correct it");
        assert_eq!(clock.for_certificates().floor, CALENDAR_FLOOR);
        clock.store().unwrap();
        let later = Clock::open(Box::new(rebooted()), folder.path());
        assert_eq!(later.for_certificates().best, CALENDAR_FLOOR);
        assert!(clock.correct(Timestamp::from_unix_secs(TRUE_S), at, at));
        assert_eq!(clock.utc(), Some(Timestamp::from_unix_secs(TRUE_S)));
    }

    #[test]
    fn a_time_that_no_build_lives_to_see_is_believed_from_nobody() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = Clock::open(Box::new(ByHand::in_1970()), folder.path());
        for wrong in [4_102_444_800_000_000, i64::MAX, i64::MIN, -1] {
            let wrong = Timestamp::from_unix_micros(wrong);
            assert!(!clock.correct(wrong, clock.monotonic(), clock.monotonic()), "{wrong:?}");
        }
        // As an earlier version may have left it.
        fs::write(folder.path().join(FILE), br#"{"floor_us":4102444800000000,"anchors":[]}"#).unwrap();
        let clock = Clock::open(Box::new(ByHand::in_1970()), folder.path());
        assert_eq!(clock.for_certificates().best, CALENDAR_FLOOR);
    }

    #[test]
    fn a_time_service_is_preferred_and_makes_the_collector_needless() {
        let folder = tempfile::tempdir().unwrap();
        let machine = ByHand::in_1970();
        let clock = Clock::open(Box::new(machine.clone()), folder.path());
        assert!(clock.wants_collector(Duration::from_secs(3600)));
        machine.disciplined.set(true);
        machine.calendar_us.set(TRUE_S * 1_000_000);
        assert!(!clock.wants_collector(Duration::from_secs(3600)));
        assert_eq!(clock.now().source, ClockSource::System);
        assert_eq!(clock.now().offset_us, Some(0));
        let anchors = clock.anchors(&[machine.boot]);
        assert_eq!(anchors[0].source, ClockSource::System, "records made before it can be dated at once");
    }

    #[test]
    fn a_collector_that_lives_in_the_past_is_not_believed() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = Clock::open(Box::new(ByHand::in_1970()), folder.path());
        assert!(!clock.correct(Timestamp::from_unix_secs(1_000), clock.monotonic(), clock.monotonic()));
        assert_eq!(clock.utc(), None);
    }
}
