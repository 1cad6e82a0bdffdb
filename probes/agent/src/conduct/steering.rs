//! Who may end a run, in one place: the rule of the run's mode, others on the line, and the person who started it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use desserte_measure::{LineReading, OthersRule, StopRule, Terms, ThresholdRule, Verdict};
use desserte_model::{ByteSample, Direction, End, RunMode, StopReason, TcpCounters};
use desserte_net::{OwnOctets, Steer};
use desserte_units::BitRate;
use tokio::sync::{Notify, watch};

use super::interface::InterfaceCounters;

/// What a run, the echoes beside it and whoever looks on tell each other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    interrupted: AtomicBool,
    echo_octets: AtomicU64,
    bits_per_second: AtomicU64,
    origin: Mutex<Option<Instant>>,
    begun: Notify,
    ended: watch::Sender<bool>,
}

impl Shared {
    /// Asks the run to end.
    pub(crate) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Notes octets of an echo, both ways together.
    pub(crate) fn note_echo(&self, octets: u64) {
        self.echo_octets.fetch_add(octets, Ordering::Relaxed);
    }

    /// Octets of all echoes, both ways together.
    pub(crate) fn echo_octets(&self) -> u64 {
        self.echo_octets.load(Ordering::Relaxed)
    }

    /// The rate between the last two readings.
    pub(crate) fn bits_per_second(&self) -> u64 {
        self.bits_per_second.load(Ordering::Relaxed)
    }

    /// Says that the run is over.
    pub(crate) fn end(&self) {
        self.ended.send_replace(true);
    }

    /// Waits until the run is over.
    pub(crate) async fn over(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.ended.subscribe().wait_for(|ended| *ended).await;
    }

    /// Waits for the run's origin, on this machine's clock.
    pub(crate) async fn origin(&self) -> Instant {
        loop {
            let begun = self.begun.notified();
            let known = *self.origin.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(origin) = known {
                return origin;
            }
            begun.await;
        }
    }

    /// The run's origin, if its transfer has begun.
    pub(crate) fn begun(&self) -> Option<Instant> {
        *self.origin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, elapsed: Duration) {
        let mut origin = self.origin.lock().unwrap_or_else(PoisonError::into_inner);
        if origin.is_none() {
            *origin = Instant::now().checked_sub(elapsed);
            self.begun.notify_waiters();
        }
    }
}

/// What is shown of a run that goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Live {
    pub(crate) elapsed: Duration,
    pub(crate) bytes: u64,
    pub(crate) bits_per_second: u64,
}

/// The rule of the run's mode.
enum Rule {
    ToPlan,
    Adaptive(Box<StopRule>),
    Threshold(Box<ThresholdRule>),
}

/// The interface watched for others.
struct Watch {
    counters: InterfaceCounters,
    rule: OthersRule,
    /// Whether the run makes way for others.
    yields: bool,
    seen: bool,
    own: OwnOctets,
    echoes_at_origin: Option<u64>,
}

/// Steers one run.
pub(crate) struct Steering {
    direction: Direction,
    rule: Rule,
    watch: Option<Watch>,
    shared: Arc<Shared>,
    live: Option<watch::Sender<Live>>,
    last: ByteSample,
}

impl Steering {
    pub(crate) fn new(
        mode: RunMode,
        direction: Direction,
        terms: Terms,
        shared: Arc<Shared>,
        live: Option<watch::Sender<Live>>,
    ) -> Self {
        let rule = match mode {
            RunMode::Full | RunMode::Audit => Rule::ToPlan,
            RunMode::Adaptive => Rule::Adaptive(Box::new(StopRule::new(terms))),
            RunMode::Threshold { bits_per_second } => match rate(bits_per_second) {
                Some(asked) => Rule::Threshold(Box::new(ThresholdRule::new(asked, terms))),
                None => Rule::ToPlan,
            },
        };
        let last = ByteSample { elapsed_us: 0, bytes: 0 };
        Self { direction, rule, watch: None, shared, live, last }
    }

    /// Watches an interface for others; `yields` to them or only takes note.
    pub(crate) fn watch(&mut self, counters: InterfaceCounters, yields: bool) {
        self.watch = Some(Watch {
            counters,
            rule: OthersRule::default(),
            yields,
            seen: false,
            own: OwnOctets::default(),
            echoes_at_origin: None,
        });
    }

    /// Octets of others during the run, and whether they were enough to say that others used the line; `None` when nothing
    /// was watched.
    pub(crate) fn others(&self) -> Option<(u64, bool)> {
        let watch = self.watch.as_ref()?;
        Some((watch.rule.others_bytes()?, watch.seen))
    }

    /// The answer of a threshold run.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        match &self.rule {
            Rule::Threshold(rule) => Some(rule.verdict()),
            _ => None,
        }
    }

    fn show(&mut self, sample: ByteSample) {
        let octets = sample.bytes.saturating_sub(self.last.bytes);
        let passed_us = sample.elapsed_us.saturating_sub(self.last.elapsed_us);
        self.last = sample;
        let Some(bits_per_second) = (octets * 8_000_000).checked_div(passed_us) else { return };
        self.shared.bits_per_second.store(bits_per_second, Ordering::Relaxed);
        if let Some(live) = &self.live {
            let elapsed = Duration::from_micros(sample.elapsed_us);
            live.send_replace(Live { elapsed, bytes: sample.bytes, bits_per_second });
        }
    }
}

/// A rate of whole bits.
pub(crate) fn rate(bits_per_second: u64) -> Option<BitRate> {
    #[expect(clippy::cast_precision_loss, reason = "no line comes near 2^53 bit/s")]
    let rate = bits_per_second as f64;
    BitRate::from_bits_per_second(rate)
}

impl Steer for Steering {
    fn reading(&mut self, sample: ByteSample) -> Option<StopReason> {
        self.show(sample);
        let asked = match &mut self.rule {
            Rule::ToPlan => None,
            Rule::Adaptive(rule) => rule.reading(sample),
            Rule::Threshold(rule) => rule.reading(sample),
        };
        // At the planned end the protocol ends the run by itself, and in order.
        asked.filter(|reason| *reason != StopReason::PlannedEnd)
    }

    fn counters(&mut self, _end: End, counters: &TcpCounters) {
        match &mut self.rule {
            Rule::ToPlan => {}
            Rule::Adaptive(rule) => rule.counters(counters),
            Rule::Threshold(rule) => rule.counters(counters),
        }
    }

    fn own(&mut self, octets: OwnOctets) {
        if let Some(watch) = &mut self.watch {
            watch.own = octets;
        }
    }

    fn tick(&mut self, elapsed: Duration) -> Option<StopReason> {
        self.shared.begin(elapsed);
        if self.shared.is_interrupted() {
            return Some(StopReason::Interrupted);
        }
        let watch = self.watch.as_mut()?;
        let carried = watch.counters.read()?;
        // A driver that does not tell its own octets gives nothing to compare.
        let own = match self.direction {
            Direction::Download => watch.own.received,
            Direction::Upload => watch.own.sent,
        };
        if own == 0 {
            return None;
        }
        // Half of what an echo costs goes each way.
        let echoes = self.shared.echo_octets() / 2;
        let echoes = echoes - *watch.echoes_at_origin.get_or_insert(echoes);
        let reading = LineReading {
            elapsed,
            interface_bytes: carried.towards(self.direction),
            own_bytes: own + echoes,
        };
        let others = watch.rule.reading(reading);
        watch.seen |= others;
        (others && watch.yields).then_some(StopReason::OthersTraffic)
    }
}
