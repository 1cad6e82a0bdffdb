//! Domain parameters of the methods: each with its unit, date, source and standing.
//!
//! They are part of [`METHOD_VERSION`](crate::METHOD_VERSION): changing one changes published figures.

use std::time::Duration;

/// How well a parameter's source stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// Read in the source itself.
    Read,
    /// Taken from a secondary source.
    Secondary,
    /// This project's proposal, not a norm.
    Proposal,
}

/// A parameter that ends up in published figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter<T> {
    /// Name in documents and tables.
    pub name: &'static str,
    /// The value, with its unit in the type or in `unit`.
    pub value: T,
    /// Unit, in words.
    pub unit: &'static str,
    /// Day since which the value holds, ISO 8601.
    pub since: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// How well the source stands.
    pub mark: Mark,
}

/// How much of the beginning of a phase describes the ramp of TCP rather than the line.
pub const RAMP_UP: Parameter<Duration> = Parameter {
    name: "ramp_up",
    value: Duration::from_secs(2),
    unit: "time since the end of the handshake",
    since: "2026-11-21",
    source: "between the pre-test of RMBT (2 s) and the grace times of LibreSpeed (1.5 s down, 3 s up); \
             shorter runs and longer slow starts are ramp_rule's",
    mark: Mark::Proposal,
};

/// When the ramp is another than [`RAMP_UP`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RampRule {
    /// The ramp of a run ended early, as a share of it.
    pub share_of_short_run: f64,
    /// Length of the window in which goodput is looked at, as a share of the run. The stop rule lets no run be shorter than
    /// ten round trips, so that such a window holds at least one.
    pub window_share: f64,
    /// The last part of the run, which tells where the ramp leads.
    pub reference_share: f64,
    /// Share of the goodput of that part at which the ramp is over.
    pub reached_share: f64,
    /// Most of what came during the ramp that may have come in its first half, if it is slow start. Doubling once a round trip
    /// leaves a quarter or less to the first half after four round trips; an even rise leaves a quarter, a constant rate a half.
    pub first_half_share_max: f64,
}

/// When the ramp is another than [`RAMP_UP`].
pub const RAMP_RULE: Parameter<RampRule> = Parameter {
    name: "ramp_rule",
    value: RampRule {
        share_of_short_run: 0.2,
        window_share: 0.1,
        reference_share: 0.25,
        reached_share: 0.9,
        first_half_share_max: 0.2,
    },
    unit: "shares of the run, of its goodput, of its octets",
    since: "2026-11-22",
    source: "on a path of 600 ms slow start to 100 Mbit/s takes nine round trips, 5.4 s",
    mark: Mark::Proposal,
};

/// Numbers of batches of which the interval of the steady goodput is made.
pub const INTERVAL_BATCHES: Parameter<[usize; 3]> = Parameter {
    name: "interval_batches",
    value: [4, 6, 8],
    unit: "equal parts of the time after the ramp",
    since: "2026-11-22",
    source: "two seconds to one in a run of ten seconds, longer than queues and control loops of the line remember; \
             coverage by simulation in docs/spec/throughput.md",
    mark: Mark::Proposal,
};

/// When an adaptive run has seen enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StopParameters {
    /// No run is shorter.
    pub least: Duration,
    /// No run is shorter than the time these octets take...
    pub least_octets: u64,
    /// ...unless they take longer than this.
    pub least_octets_within: Duration,
    /// Round trips (the smallest seen) that a run lasts at least: BBR's first probing takes some eight.
    pub round_trips: u32,
    /// Loaded round trips that a run lasts at least: a full queue slows the control loop by as much.
    pub loaded_round_trips: u32,
    /// Taken for the smallest round trip when no kernel told one.
    pub assumed_round_trip: Duration,
    /// The last part of the run on which the rest is judged, as a share of it.
    pub judged_share: f64,
    /// Largest half width of the interval, as a share of the estimate.
    pub half_width_max: f64,
    /// Largest difference between the two halves of the time after the ramp, as a share of the estimate.
    pub trend_max: f64,
    /// Largest distance of one of the eight batches from the estimate, as a share of it, for each second that the run has
    /// lasted: the more a line wavers, the longer it is looked at.
    pub excursion_per_second: f64,
}

/// When an adaptive run has seen enough.
pub const STOP: Parameter<StopParameters> = Parameter {
    name: "stop",
    value: StopParameters {
        least: Duration::from_millis(1_200),
        least_octets: 6_250_000,
        least_octets_within: Duration::from_millis(2_500),
        round_trips: 10,
        loaded_round_trips: 4,
        assumed_round_trip: Duration::from_millis(100),
        judged_share: 0.67,
        half_width_max: 0.03,
        trend_max: 0.02,
        excursion_per_second: 0.01,
    },
    unit: "time; octets; round trips; shares of the estimate",
    since: "2026-11-22",
    source: "tuned on one half of the seeds of docs/measurements/frugality.md, reported on the other",
    mark: Mark::Proposal,
};

/// When the line, not the sender's window, sets the pace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LineFilled {
    /// A queue stands if round trips last longer than the smallest by this...
    pub queue_min: Duration,
    /// ...and by this share of the smallest.
    pub queue_share_min: f64,
    /// Share of the window that is under way if the window sets the pace.
    pub window_used_min: f64,
    /// Share of readings bound by the window at which the line still counts as filled.
    pub window_bound_share_max: f64,
}

/// When the line, not the sender's window, sets the pace.
pub const LINE_FILLED: Parameter<LineFilled> = Parameter {
    name: "line_filled",
    value: LineFilled {
        queue_min: Duration::from_millis(1),
        queue_share_min: 0.1,
        window_used_min: 0.8,
        window_bound_share_max: 0.1,
    },
    unit: "time; shares",
    since: "2026-11-22",
    source: "BBR's window is twice what it keeps under way; CUBIC's is all under way, and fills the queue or does not \
             fill the line",
    mark: Mark::Proposal,
};

/// The shadow audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditParameters {
    /// One adaptive run in so many lasts its planned time.
    pub one_in: u32,
}

/// The shadow audit.
pub const AUDIT: Parameter<AuditParameters> = Parameter {
    name: "audit",
    value: AuditParameters { one_in: 20 },
    unit: "runs",
    since: "2026-11-22",
    source: "adds (1 - s) / 20 s to octets where early stops use a share s of them: 12 % at 0.3, 28 % at 0.15",
    mark: Mark::Proposal,
};

/// What a probe remembers of its line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryParameters {
    /// Error of an early end beyond which a lesson asks for longer runs, as a share of the full run's goodput.
    pub error_max: f64,
    /// A run is long enough from when on every end of it is within this share of the full run's goodput.
    pub settled_max: f64,
    /// What is asked of a run, as a multiple of the longest time that a lesson wanted.
    pub margin: f64,
    /// Lessons that a new memory begins with.
    pub lessons_first: usize,
    /// Lessons that are remembered, the latest.
    pub lessons_kept: usize,
}

/// What a probe remembers of its line.
pub const MEMORY: Parameter<MemoryParameters> = Parameter {
    name: "line_memory",
    value: MemoryParameters {
        error_max: 0.05,
        settled_max: 0.025,
        margin: 1.1,
        lessons_first: 2,
        lessons_kept: 8,
    },
    unit: "shares; ratio; runs",
    since: "2026-11-22",
    source: "the error is the target of the measurement plan, and half of it; eight lessons are 160 runs where one in \
             twenty is audited",
    mark: Mark::Proposal,
};

/// What holds a run back beside the line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LimitRules {
    /// Processor time of the program over the run's time, 1 being one core.
    pub cpu_min: f64,
    /// Goodput as a share of the loopback ceiling, or of the port's rate.
    pub ceiling_share_min: f64,
    /// Share of the server's admitted capacity in use.
    pub server_load_min: f64,
    /// Goodput as a share of the negotiated rate of a radio link.
    pub wifi_share_min: f64,
    /// Octets of others as a share of the run's own.
    pub others_share_min: f64,
    /// Share of the sender's busy time that a buffer held it back.
    pub buffer_share_min: f64,
    /// Share of the sender's readings with its whole window under way and no queue.
    pub window_share_min: f64,
}

/// What holds a run back beside the line.
pub const LIMITS: Parameter<LimitRules> = Parameter {
    name: "limits",
    value: LimitRules {
        cpu_min: 0.85,
        ceiling_share_min: 0.9,
        server_load_min: 0.9,
        wifi_share_min: 0.5,
        others_share_min: 0.01,
        buffer_share_min: 0.2,
        window_share_min: 0.5,
    },
    unit: "shares",
    since: "2026-11-22",
    source: "processor and ceiling: the project's measurement plan; the others are proposals, no norm was found",
    mark: Mark::Proposal,
};

/// When a threshold run has its answer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThresholdParameters {
    /// The margin that an answer wants is this over the time looked at...
    pub margin_seconds: f64,
    /// ...and this much more for what the rate wavered in that time, as a share of it.
    pub wavering_seconds: f64,
    /// Shortest time looked at.
    pub window: Duration,
    /// Loaded round trips that the time looked at holds at least.
    pub window_round_trips: u32,
    /// Round trips (the smallest seen) that a run lasts at least before it says no.
    pub round_trips: u32,
    /// Most that the second half after the ramp may exceed the first for a no.
    pub growth_max: f64,
}

/// When a threshold run has its answer.
pub const THRESHOLD: Parameter<ThresholdParameters> = Parameter {
    name: "threshold",
    value: ThresholdParameters {
        margin_seconds: 0.06,
        wavering_seconds: 1.0,
        window: Duration::from_millis(200),
        window_round_trips: 2,
        round_trips: 8,
        growth_max: 1.02,
    },
    unit: "seconds; time; round trips; ratio",
    since: "2026-11-22",
    source: "tuned on one half of the seeds of docs/measurements/frugality.md, reported on the other",
    mark: Mark::Proposal,
};

/// When a minute that is not down counts as degraded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DegradedRule {
    /// Fewest lost echoes: a single loss is not yet a pattern.
    pub lost_min: u32,
    /// Smallest share lost of the echoes sent to targets that answered at all, 0 to 1.
    pub loss_ratio_min: f64,
}

/// When a minute that is not down counts as degraded.
pub const DEGRADED: Parameter<DegradedRule> = Parameter {
    name: "degraded_minute",
    value: DegradedRule { lost_min: 2, loss_ratio_min: 0.2 },
    unit: "echoes; share of echoes",
    since: "2026-11-21",
    source: "no norm found for three echoes a target and minute; two losses of six under 1 % random loss happen in \
             0.15 % of minutes",
    mark: Mark::Proposal,
};

/// When minutes make a failure, and failures an outage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutageRule {
    /// Targets that must have failed, none having answered.
    pub targets_min: usize,
    /// Echoes that each of those targets must have been sent.
    pub echoes_min: usize,
    /// Consecutive down minutes that make an outage.
    pub minutes_min: u32,
    /// Longest silence between two windows that still leaves them consecutive.
    pub gap_max: Duration,
}

/// When minutes make a failure, and failures an outage.
pub const OUTAGE: Parameter<OutageRule> = Parameter {
    name: "outage",
    value: OutageRule { targets_min: 2, echoes_min: 2, minutes_min: 2, gap_max: Duration::from_secs(60) },
    unit: "targets; echoes; minutes; time",
    since: "2026-11-21",
    source: "two independent targets failing, two or more consecutive down minutes; the echo count and \
             the gap, which a throughput run leaves, are proposals",
    mark: Mark::Proposal,
};

/// When losses of the watch make an interruption.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterruptionRule {
    /// Targets that must be silent for the line to be.
    pub targets_min: usize,
    /// Echoes in a row that each of them must have lost; twice as many when only one is left.
    pub line_losses_min: u32,
    /// Echoes that a single target must have lost while another answered.
    pub target_losses_min: u32,
    /// Questions that the resolver must have left unanswered while a target answered.
    pub dns_losses_min: u32,
    /// Echoes that the gateway must have lost near the beginning, having answered none.
    pub gateway_losses_min: u32,
    /// Least time between the first and the last loss of a single witness.
    pub span_min: Duration,
    /// How long after the first loss the near side is looked at for the cause.
    pub onset: Duration,
}

/// When losses of the watch make an interruption.
pub const INTERRUPTION: Parameter<InterruptionRule> = Parameter {
    name: "interruption",
    value: InterruptionRule {
        targets_min: 2,
        line_losses_min: 3,
        target_losses_min: 5,
        dns_losses_min: 3,
        gateway_losses_min: 2,
        span_min: Duration::from_secs(1),
        onset: Duration::from_secs(3),
    },
    unit: "targets; echoes in a row; time",
    since: "2026-11-22",
    source: "two independent targets: the project's domain rules; the counts: six losses in a row to two targets happen \
             by chance after three of ten million suspicions at 5 % random loss (0.05^5)",
    mark: Mark::Proposal,
};
