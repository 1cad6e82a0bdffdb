//! Conducting a run: when it may begin, what is watched beside it, why it ends, and what held it back.
//!
//! The protocols move octets (`desserte-net`), the rules judge (`desserte-measure`); here they meet. The scheduled runs of the
//! agent and `desserte-probe measure` are conducted alike.

mod beside;
mod carrier;
mod device;
mod gate;
mod interface;
mod steering;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use desserte_measure::{Terms, Verdict, limited_by};
use desserte_model::{
    DeviceLoad, Direction, LimitedBy, LoadedEchoes, Medium, OthersTraffic, RunMode, RunOutcome, StopReason,
    Throughput,
};
use desserte_net::FamilyChoice;
use tokio::sync::watch;

use crate::echo::Echoer;
use crate::medium::System;

use beside::{Beside, LAST_ANSWERS, Sent};
pub(crate) use carrier::Carrier;
pub(crate) use device::{CpuMeter, DeviceCeiling};
pub(crate) use gate::{Before, Politeness};
pub(crate) use interface::InterfaceCounters;
pub(crate) use steering::{Live, Shared, Steering};

/// Connections of a run that is made again because one could not fill the line.
pub(crate) const MORE_STREAMS: u16 = 4;

/// A run that has not ended by then never will: 7 s of handshakes, 13 s of transfer, 7 s of closing, doubled.
const RUN_GIVES_UP: Duration = Duration::from_secs(54);

/// How one run in one direction is conducted.
#[derive(Debug)]
pub(crate) struct Conduct {
    pub(crate) mode: RunMode,
    pub(crate) direction: Direction,
    /// Planned length of the transfer.
    pub(crate) duration: Duration,
    pub(crate) streams: u16,
    /// How long an adaptive run lasts at least: what is remembered of the line.
    pub(crate) hold: Duration,
    /// The interface whose counters tell of others; absent when it is not known.
    pub(crate) interface: Option<String>,
    /// What was found before the run.
    pub(crate) before: Option<Before>,
    pub(crate) yields: bool,
    /// Whether echoes are sent before and beside it.
    pub(crate) echoes: bool,
    pub(crate) ceiling: Option<DeviceCeiling>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) live: Option<watch::Sender<Live>>,
}

/// A run that was conducted.
#[derive(Debug)]
pub(crate) struct Conducted {
    pub(crate) record: Throughput,
    /// The answer of a threshold run.
    pub(crate) verdict: Option<Verdict>,
    /// Octets of everything sent for it, echoes included: what a budget is charged.
    pub(crate) bytes_charged: u64,
}

impl Conduct {
    /// Conducts one run; `None` when it did not come to its end in any reasonable time.
    pub(crate) async fn run(&self, mut carrier: Carrier, echoer: &Echoer) -> Option<Conducted> {
        let mut beside = self.prepare_echoes(&mut carrier).await;
        let mut echoes = None;
        if let Some(to) = &beside {
            let idle = to.idle(echoer, &self.shared).await;
            if idle.idle_rtt_us.iter().any(Option::is_some) {
                carrier.pin(FamilyChoice::Only(to.family()));
            } else {
                // Whoever answers no echo on the idle line tells nothing under load either.
                beside = None;
            }
            echoes = Some(idle);
        }
        let mut steering = Steering::new(
            self.mode,
            self.direction,
            Terms { planned: self.duration, hold: self.hold, connections: self.streams },
            Arc::clone(&self.shared),
            self.live.clone(),
        );
        if let Some(counters) = self.interface.as_deref().and_then(InterfaceCounters::open) {
            steering.watch(counters, self.yields);
        }
        let cpu = CpuMeter::start();
        let loaded = RefCell::new(Vec::new());
        let run = async {
            let ended = tokio::time::timeout(RUN_GIVES_UP, carrier.run(self.streams, &mut steering)).await;
            self.shared.end();
            (ended.ok().flatten(), cpu.ratio())
        };
        let (ended, cpu_ratio) = match &beside {
            Some(beside) => {
                let echoing = async {
                    let sending = beside.loaded(echoer, &self.shared, &loaded);
                    tokio::pin!(sending);
                    tokio::select! {
                        () = &mut sending => {}
                        () = self.shared.over() => {
                            let _ = tokio::time::timeout(LAST_ANSWERS, sending).await;
                        }
                    }
                };
                tokio::join!(run, echoing).0
            }
            None => run.await,
        };
        let mut record = ended?;
        if record.server.host != carrier.server().authority() {
            // Another of several servers did the run: what the echoes tell is of no use for it.
            echoes = None;
        }
        if let Some(echoes) = &mut echoes {
            echoes.timed_by_kernel = beside.map(|beside| beside.timed_by_kernel()).or(echoes.timed_by_kernel);
            echoes.loaded = loaded.into_inner().into_iter().filter_map(Sent::recorded).collect();
        }
        self.fill(&mut record, &steering, cpu_ratio, echoes);
        let bytes_charged = record.connection.bytes_charged + self.shared.echo_octets();
        Some(Conducted { record, verdict: steering.verdict(), bytes_charged })
    }

    /// Whether the run is adaptive, or tells what would have come of one that is.
    const fn may_end_early(&self) -> bool {
        matches!(self.mode, RunMode::Adaptive | RunMode::Audit)
    }

    /// Whom to send echoes to. Their price is taken from the run's ceiling.
    async fn prepare_echoes(&self, carrier: &mut Carrier) -> Option<Beside> {
        if !self.echoes {
            return None;
        }
        let beside =
            Beside::to_server(carrier.server(), carrier.family(), carrier.bears_empty_connections()).await?;
        // A ceiling that has hardly room for a run has none for echoes.
        if carrier.max_bytes().is_some_and(|most| most.as_bytes() / 8 < beside.bound()) {
            return None;
        }
        carrier.hold_back(beside.bound());
        Some(beside)
    }

    fn fill(
        &self,
        record: &mut Throughput,
        steering: &Steering,
        cpu_ratio: f64,
        echoes: Option<LoadedEchoes>,
    ) {
        let device = DeviceLoad {
            cpu_ratio,
            ceiling_bits_per_second: self.ceiling.map(|ceiling| ceiling.towards(self.direction)),
        };
        let (during_bytes, seen) = steering.others().unwrap_or((0, false));
        let before = self.before.map(|before| before.traffic);
        record.course.plan = Some(self.mode);
        record.course.hold_us =
            u64::try_from(self.hold.as_micros()).ok().filter(|hold| *hold > 0 && self.may_end_early());
        record.course.others_traffic = match (before, steering.others()) {
            (None, None) => None,
            (before, _) => {
                let nothing = OthersTraffic { before_us: 0, before_bytes: 0, during_bytes: 0 };
                Some(OthersTraffic { during_bytes, ..before.unwrap_or(nothing) })
            }
        };
        record.course.device = Some(device);
        if let (Medium::Wifi { .. }, Some(interface)) = (&record.medium, &self.interface) {
            // An idle radio falls back to its lowest rates: those of the run are there right after it.
            record.medium = System::running().medium(interface);
        }
        record.course.limited_by =
            if record.outcome == RunOutcome::Complete { limited_by(record) } else { Vec::new() };
        // Traffic that came in a burst is seen while it lasts, even if it is little against the whole run.
        let others = seen || self.before.is_some_and(|before| before.is_busy);
        if others && !record.course.limited_by.contains(&LimitedBy::CrossTraffic) {
            record.course.limited_by.push(LimitedBy::CrossTraffic);
            record.course.limited_by.sort_unstable();
        }
        record.course.echoes = echoes;
    }
}

/// Whether a run says what the line carries, rather than only what it carries at least.
pub(crate) fn is_sound(record: &Throughput) -> bool {
    let cut = matches!(
        record.course.stop_reason,
        Some(StopReason::OthersTraffic | StopReason::Interrupted | StopReason::ByteCeiling)
    );
    record.outcome == RunOutcome::Complete
        && !cut
        && record.course.limited_by.iter().all(|limit| *limit == LimitedBy::WiFi)
}
