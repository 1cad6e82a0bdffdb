//! What the agent shows of itself: a small file, rewritten every minute, that `status` reads.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::time::Duration;

use desserte_measure::{Estimate, MinuteState};
use desserte_model::{
    ClockSource, ClockStamp, Direction, LimitedBy, Minute, Receipt, RunOutcome, Throughput,
};
use serde::{Deserialize, Serialize};

use crate::files;

const FILE: &str = "status.json";

/// The agent overwrites the file in place; a reader that meets it half written reads again.
const READS: u32 = 10;

/// Version of the file.
const SCHEMA: &str = "desserte-probe-status/1";

/// Everything shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Board {
    schema: String,
    pub(crate) version: String,
    pub(crate) site: String,
    pub(crate) collector: String,
    pub(crate) probe: String,
    pub(crate) public_key: String,
    /// What is to be measured; absent in the file of an older version.
    #[serde(default)]
    pub(crate) measured: Option<Measured>,
    pub(crate) pid: u32,
    pub(crate) started: Moment,
    pub(crate) written: Moment,
    pub(crate) clock: ClockSeen,
    pub(crate) minute: Option<MinuteSeen>,
    /// The last minute in which the state of the line was known.
    pub(crate) known_minute: Option<Moment>,
    pub(crate) download: Option<RunSeen>,
    pub(crate) upload: Option<RunSeen>,
    /// Runs in a row that reached no measurement server while the line was not down.
    #[serde(default)]
    pub(crate) runs_unreached: u32,
    pub(crate) next_run: Option<Moment>,
    pub(crate) reports: Reports,
    pub(crate) budget: BudgetSeen,
    pub(crate) spool: SpoolSeen,
}

/// Whom the configuration names to measure against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Hosts and ports of the measurement servers.
    pub(crate) servers: Vec<String>,
    /// How many targets of echoes.
    pub(crate) targets: usize,
}

/// A moment, by both clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    pub(crate) boot: String,
    pub(crate) monotonic_us: u64,
    pub(crate) utc_us: Option<i64>,
}

/// The clock of the probe.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ClockSeen {
    pub(crate) source: ClockSource,
    pub(crate) offset_us: Option<i64>,
    pub(crate) uncertainty_us: Option<u64>,
}

/// The last minute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MinuteSeen {
    pub(crate) at: Moment,
    pub(crate) state: String,
    pub(crate) cause: Option<String>,
    /// Smallest round-trip time of the minute, absent without an answer.
    pub(crate) rtt_min_us: Option<u32>,
    pub(crate) echoes_sent: u32,
    pub(crate) echoes_lost: u32,
    /// Why echoes could not be sent, first reason.
    pub(crate) not_sent: Option<String>,
}

/// The last run in one direction.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunSeen {
    pub(crate) at: Moment,
    pub(crate) outcome: String,
    pub(crate) reason: Option<String>,
    pub(crate) server: String,
    /// Steady goodput; absent when there is none.
    pub(crate) steady_bits_per_second: Option<f64>,
    /// Its 95 % interval, lower and upper end; absent when there is none.
    #[serde(default)]
    pub(crate) interval_bits_per_second: Option<[f64; 2]>,
    /// What held it back.
    #[serde(default)]
    pub(crate) limited_by: Vec<LimitedBy>,
}

/// What was reported to the collector since the agent started.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Reports {
    pub(crate) last_success: Option<Moment>,
    pub(crate) accepted: u64,
    pub(crate) duplicate: u64,
    pub(crate) refused: u64,
    /// Records refused, by reason, since the last batch that was taken whole.
    #[serde(default)]
    pub(crate) refusals: BTreeMap<String, u64>,
    /// Something has answered at the collector's address since it was configured.
    #[serde(default)]
    pub(crate) answered: bool,
    pub(crate) fault: Option<UploadFault>,
    pub(crate) next_attempt: Option<Moment>,
}

/// Why the last upload failed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct UploadFault {
    pub(crate) code: String,
    pub(crate) detail: String,
}

/// The data budget.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct BudgetSeen {
    pub(crate) month: Option<String>,
    pub(crate) used_bytes: u64,
    pub(crate) limit_bytes: u64,
    pub(crate) throughput_left_bytes: u64,
}

/// What waits.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct SpoolSeen {
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) memory_records: u64,
    pub(crate) dropped_records: u64,
    /// Damaged stretches found when the agent started.
    pub(crate) damaged: u64,
    /// Why the disk refuses, while it does.
    pub(crate) disk_fault: Option<String>,
}

/// What never changes while the agent runs.
pub(crate) struct Nameplate {
    pub(crate) version: String,
    pub(crate) site: String,
    pub(crate) collector: String,
    pub(crate) probe: String,
    pub(crate) public_key: String,
    pub(crate) measured: Measured,
}

impl From<ClockStamp> for Moment {
    fn from(stamp: ClockStamp) -> Self {
        Self {
            boot: stamp.boot.to_string(),
            monotonic_us: stamp.monotonic_us.as_micros(),
            utc_us: stamp.utc_us.map(desserte_units::Timestamp::as_unix_micros),
        }
    }
}

impl Moment {
    fn later(&self, by: Duration) -> Self {
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        Self {
            boot: self.boot.clone(),
            monotonic_us: self.monotonic_us.saturating_add(micros),
            utc_us: self.utc_us.map(|utc| utc.saturating_add(i64::try_from(micros).unwrap_or(i64::MAX))),
        }
    }

    /// Seconds from this moment to `now`; negative when it is still to come. `None` when the two cannot be compared.
    pub(crate) fn seconds_until(&self, now: &Self) -> Option<i64> {
        if self.boot == now.boot {
            let difference = i128::from(now.monotonic_us) - i128::from(self.monotonic_us);
            return i64::try_from(difference / 1_000_000).ok();
        }
        Some((now.utc_us? - self.utc_us?) / 1_000_000)
    }
}

impl Board {
    pub(crate) fn new(nameplate: Nameplate, now: ClockStamp) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: nameplate.version,
            site: nameplate.site,
            collector: nameplate.collector,
            probe: nameplate.probe,
            public_key: nameplate.public_key,
            measured: Some(nameplate.measured),
            pid: std::process::id(),
            started: now.into(),
            written: now.into(),
            clock: ClockSeen::from(now),
            minute: None,
            known_minute: None,
            download: None,
            upload: None,
            runs_unreached: 0,
            next_run: None,
            reports: Reports::default(),
            budget: BudgetSeen::default(),
            spool: SpoolSeen::default(),
        }
    }

    /// Takes over what the file of an earlier start still tells.
    pub(crate) fn inherit(&mut self, earlier: Self) {
        self.known_minute = earlier.known_minute;
        self.download = earlier.download;
        self.upload = earlier.upload;
        if self.measured == earlier.measured {
            self.runs_unreached = earlier.runs_unreached;
        }
        if self.collector == earlier.collector {
            self.reports.answered = earlier.reports.answered || earlier.reports.last_success.is_some();
            self.reports.refusals = earlier.reports.refusals;
        }
        self.reports.last_success = earlier.reports.last_success;
    }

    pub(crate) fn note_minute(&mut self, at: ClockStamp, minute: &Minute, state: MinuteState) {
        let rtts = || minute.targets.iter().flat_map(|target| &target.rtt_us);
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let cause = match state {
            MinuteState::Unknown(cause) => Some(cause.code().to_owned()),
            _ => None,
        };
        if state.is_known() {
            self.known_minute = Some(at.into());
        }
        self.minute = Some(MinuteSeen {
            at: at.into(),
            state: state.code().to_owned(),
            cause,
            rtt_min_us: rtts().flatten().min().copied(),
            echoes_sent: count(rtts().count()),
            echoes_lost: count(rtts().filter(|rtt| rtt.is_none()).count()),
            not_sent: minute.targets.iter().find_map(|target| target.not_sent.clone()),
        });
    }

    pub(crate) fn note_run(&mut self, at: ClockStamp, run: &Throughput) {
        let line_down = self.minute.as_ref().is_some_and(|minute| minute.state == MinuteState::Down.code());
        match run.outcome {
            RunOutcome::Unreachable { .. } if !line_down => {
                self.runs_unreached = self.runs_unreached.saturating_add(1);
            }
            RunOutcome::Complete | RunOutcome::CutShort { .. } | RunOutcome::ServerBusy { .. } => {
                self.runs_unreached = 0;
            }
            // These say nothing of the servers.
            RunOutcome::Unreachable { .. }
            | RunOutcome::RefusedByBudget { .. }
            | RunOutcome::ProbeFault { .. } => {}
        }
        let reason = match &run.outcome {
            RunOutcome::CutShort { reason }
            | RunOutcome::Unreachable { reason }
            | RunOutcome::ProbeFault { reason } => Some(reason.clone()),
            RunOutcome::RefusedByBudget { needed_bytes, left_bytes } => {
                Some(format!("{needed_bytes} > {left_bytes}"))
            }
            RunOutcome::Complete | RunOutcome::ServerBusy { .. } => None,
        };
        let estimate = Estimate::of(&run.samples);
        let seen = RunSeen {
            at: at.into(),
            outcome: run.outcome.code().to_owned(),
            reason,
            server: run.server.host.clone(),
            steady_bits_per_second: estimate.steady.map(|rate| rate.as_bits_per_second()),
            interval_bits_per_second: estimate
                .interval
                .map(|interval| [interval.low.as_bits_per_second(), interval.high.as_bits_per_second()]),
            limited_by: run.course.limited_by.clone(),
        };
        match run.direction {
            Direction::Download => self.download = Some(seen),
            Direction::Upload => self.upload = Some(seen),
        }
    }

    /// The steady goodput of the last run in a direction, in bit/s.
    pub(crate) fn steady(&self, direction: Direction) -> Option<u64> {
        let seen = match direction {
            Direction::Download => &self.download,
            Direction::Upload => &self.upload,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate is finite and not negative"
        )]
        let whole = |rate: f64| rate as u64;
        seen.as_ref()?.steady_bits_per_second.map(whole)
    }

    pub(crate) fn next_run_in(&mut self, left: Option<Duration>) {
        self.next_run = left.map(|left| self.written.later(left));
    }

    pub(crate) fn note_upload(&mut self, now: ClockStamp, fault: Option<UploadFault>, next: Duration) {
        // The other codes come from an answer, whatever it says.
        let silent = ["unreachable", "probe", "budget", "disk"];
        self.reports.answered |= fault.as_ref().is_some_and(|fault| !silent.contains(&fault.code.as_str()));
        self.reports.fault = fault;
        self.reports.next_attempt = Some(Moment::from(now).later(next));
    }

    pub(crate) fn note_receipt(&mut self, now: ClockStamp, receipt: &Receipt) {
        self.reports.last_success = Some(now.into());
        self.reports.answered = true;
        self.reports.accepted += receipt.accepted;
        self.reports.duplicate += receipt.duplicate;
        self.reports.refused += u64::try_from(receipt.refused.len()).unwrap_or(u64::MAX);
        if receipt.refused.is_empty() {
            self.reports.refusals.clear();
        }
        for refusal in &receipt.refused {
            *self.reports.refusals.entry(refusal.reason.code().to_owned()).or_default() += 1;
        }
    }

    /// Writes the file. It is not forced to disk: the next minute writes it again.
    pub(crate) fn write(&mut self, state_dir: &Path, now: ClockStamp) -> io::Result<()> {
        self.written = now.into();
        self.clock = ClockSeen::from(now);
        let text = serde_json::to_vec_pretty(self)?;
        files::overwrite(&state_dir.join(FILE), &text, files::PUBLIC_MODE)
    }

    /// Reads the file; `None` when there is none of this version.
    pub(crate) fn read(state_dir: &Path) -> io::Result<Option<Self>> {
        let path = state_dir.join(FILE);
        for _ in 0..READS {
            match fs::read(&path) {
                Ok(text) => match serde_json::from_slice::<Self>(&text) {
                    Ok(board) => return Ok(Some(board).filter(|board| board.schema == SCHEMA)),
                    // Perhaps half written just now.
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}

impl From<ClockStamp> for ClockSeen {
    fn from(stamp: ClockStamp) -> Self {
        Self { source: stamp.source, offset_us: stamp.offset_us, uncertainty_us: stamp.uncertainty_us }
    }
}
