//! Runs that are ordered one at a time, by a drive, and recorded where the satellite receiver says that they were.

use desserte_measure::{mean_goodput, place_at};
use desserte_model::{Direction, Mobile, Observation, Position, RunMode, RunOutcome, Throughput};
use desserte_units::{ByteCount, Monotonic};

use super::{Run, Slot, one_run};
use crate::agent::Agent;
use crate::conduct::DeviceCeiling;

/// What is to be run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    /// Counts through the configured servers, in turn.
    pub(crate) server: usize,
    pub(crate) direction: Direction,
    pub(crate) mode: RunMode,
    pub(crate) streams: u16,
    pub(crate) ceiling: Option<DeviceCeiling>,
}

/// A run, and where it was.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) direction: Direction,
    outcome: RunOutcome,
    /// What it cost, echoes included.
    pub(crate) cost: ByteCount,
    /// Where it is recorded: in the middle of its transfer, or where it was begun when nothing was transferred.
    pub(crate) position: Option<Position>,
    /// At the ends of its transfer.
    pub(crate) ends: [Option<Position>; 2],
    pub(crate) mean_bits_per_second: Option<f64>,
    /// Power of the reference signals at the last answer of the modem in it.
    pub(crate) rsrp_dbm: Option<f64>,
}

impl Placed {
    pub(crate) const fn is_complete(&self) -> bool {
        matches!(self.outcome, RunOutcome::Complete)
    }

    pub(crate) const fn is_unreached(&self) -> bool {
        matches!(self.outcome, RunOutcome::Unreachable { .. })
    }

    pub(crate) const fn outcome(&self) -> &RunOutcome {
        &self.outcome
    }

    fn of(result: &Throughput, cost: ByteCount, begun: Monotonic) -> Self {
        let nothing = Mobile::default();
        let mobile = result.course.mobile.as_ref().unwrap_or(&nothing);
        let place = |moment| mobile.track.as_ref().and_then(|track| place_at(track, moment));
        let middle = mobile.began_us.zip(mobile.ended_us).map(|(began, ended)| {
            Monotonic::from_micros(u64::midpoint(began.as_micros(), ended.as_micros()))
        });
        Self {
            direction: result.direction,
            outcome: result.outcome.clone(),
            cost,
            position: middle.and_then(place).or_else(|| place(begun)),
            ends: [mobile.began_us, mobile.ended_us].map(|end| end.and_then(place)),
            mean_bits_per_second: mean_goodput(&result.samples)
                .map(desserte_units::BitRate::as_bits_per_second),
            rsrp_dbm: last_level(mobile),
        }
    }
}

fn last_level(mobile: &Mobile) -> Option<f64> {
    let last = mobile.radio.as_ref()?.samples.last()?;
    let of_cells = last.cells.iter().find_map(|cell| cell.rsrp_dbm);
    of_cells.or_else(|| last.signals.iter().find_map(|signal| signal.rsrp_dbm))
}

/// Makes a run and records it where it was. One whose place is not known is not recorded: it would say something of nowhere.
pub(crate) async fn ordered(agent: &Agent, order: Order) -> Placed {
    let servers = &agent.config.servers;
    let server = &servers[order.server % servers.len()];
    let slot = Slot { mode: order.mode, ceiling: order.ceiling };
    let Run { stamp, result, cost } = one_run(agent, server, order.direction, slot, order.streams).await;
    let placed = Placed::of(&result, cost, stamp.monotonic_us);
    match placed.position {
        Some(position) => agent.record_at(stamp, position, Observation::Throughput(result)),
        None => tracing::warn!("a run whose place is not known is not recorded"),
    }
    agent.publish();
    placed
}
