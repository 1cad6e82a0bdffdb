//! What is made of raw readings, when to take them, and what they may cost: pure functions.
//!
//! Nothing here reads a clock, a file, a socket or chance: the moment, the seed and the readings are arguments, so that
//! anyone can compute a published figure again from the raw records. The methods are described in
//! `docs/spec/throughput.md`, `docs/spec/minute-state.md` and `docs/spec/probe.md`; [`METHOD_VERSION`] names them.

mod audit;
mod band;
mod budget;
mod calendar;
mod latency;
mod limits;
mod memory;
mod month;
mod office;
mod others;
mod outage;
mod parameters;
mod radio;
mod ride;
mod run_watch;
mod schedule;
mod state;
mod stop;
mod threshold;
mod throughput;
mod watch;

pub use audit::{
    AuditClass, ErrorBound, Replayed, audited_bounds, error_bound, is_audited, replay, sender_counters,
};
pub use band::band;
pub use budget::{BudgetRules, Ledger, Purpose, Refused, Reservation, RulesTooLarge, Settled};
pub use latency::{Delay, LatencyFigures, RESPONSIVENESS_VERSION, delay, responsiveness};
pub use limits::{calls_for_more_streams, limited_by};
pub use memory::{Lessons, LineMemory};
pub use month::{MalformedMonth, Month};
pub use office::{OfficePlan, next_office_moment};
pub use others::{LineReading, OTHERS, OthersParameters, OthersRule};
pub use outage::{Outage, OutageSummary, Period, StatedMinute, outages};
pub use parameters::{
    AUDIT, AuditParameters, DEGRADED, DegradedRule, INTERRUPTION, INTERVAL_BATCHES, InterruptionRule, LIMITS,
    LINE_FILLED, LimitRules, LineFilled, MEMORY, Mark, MemoryParameters, OUTAGE, OutageRule, Parameter,
    RAMP_RULE, RAMP_UP, RampRule, STOP, StopParameters, THRESHOLD, ThresholdParameters,
};
pub use radio::{RadioReading, radio_readings};
pub use ride::{place_at, position_skew, radio_skew};
pub use schedule::{
    DAYPARTS_PER_WEEK, Plan, affordable_runs_per_week, learn_cost, next_slot, run_ceiling, week_of,
};
pub use state::{MinuteState, UnknownCause, minute_state};
pub use stop::{StopRule, Terms};
pub use threshold::{ThresholdRule, Verdict};
pub use throughput::{Estimate, Interval, mean_goodput, ramp_up, steady_goodput, steady_interval};
pub use watch::{Action, Ask, Fate, Found, LastSign, Watch, WatchSettings, Watchfulness, Witness, absence};

/// Version of the methods of this crate; stored beside every figure derived by them.
///
/// It changes whenever the same readings would give another figure.
pub const METHOD_VERSION: &str = "desserte-measure/2";
