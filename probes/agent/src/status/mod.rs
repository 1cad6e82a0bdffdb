//! Whether all is well, judged from what the agent shows of itself.

mod phrases;
mod reasons;
mod text;

pub(crate) use phrases::Language;
pub(crate) use text::{decimal, limit_name, render};

use serde::Serialize;

use crate::board::{Board, MinuteSeen, Moment, UploadFault};

/// The agent rewrites its status every minute; silent for this long, it hangs.
const SILENT_S: i64 = 300;

/// Without a minute of known state for this long, the probe measures nothing, whatever else it does.
const OLD_MEASUREMENT_S: i64 = 900;

/// Moments of the schedule in a row without any server before that is said: one may be a server that restarts.
const ROUNDS_WITHOUT_SERVER: usize = 2;

/// Targets that it takes to call a line down (docs/spec/minute-state.md).
const TARGETS_NEEDED: usize = 2;

/// Something that the reader should know, in order of urgency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub(crate) enum Finding {
    /// No agent has ever run with this state folder.
    NeverStarted,
    /// This user may not work in the state folder, and nothing is known.
    NoRights {
        /// The folder.
        folder: String,
        /// The user.
        user: String,
    },
    /// No agent runs.
    NotRunning,
    /// The agent runs but does nothing.
    Hangs {
        /// Since when, seconds.
        silent_s: i64,
    },
    /// The line does not answer.
    LineDown,
    /// No carrier on the probe's interface.
    NoLink,
    /// The router on the site does not answer.
    NoGateway,
    /// The probe cannot send echoes.
    CannotSend {
        /// Why.
        reason: String,
    },
    /// The state of the line has not been known for long.
    OldMeasurement {
        /// For how long, seconds; absent when never.
        age_s: Option<i64>,
    },
    /// Fewer than two targets: the line can never be called down.
    SecondTarget {
        /// How many there are.
        targets: usize,
    },
    /// No measurement server answers, or none is configured.
    NoServer {
        /// Those that do not answer, as host and port.
        servers: Vec<String>,
    },
    /// Many echoes are lost.
    Degraded,
    /// The collector does not know the probe's key.
    UnknownProbe,
    /// The collector has taken the probe out of service.
    Retired,
    /// The collector refuses records for good.
    RecordsRefused {
        /// The code of the reason (`desserte_model::RefusalReason`).
        reason: String,
        /// How many since it last took a whole batch.
        records: u64,
    },
    /// The collector cannot be reached.
    CollectorUnreachable {
        /// What happened.
        reason: String,
        /// Whether the line was seen to answer a moment ago.
        line_answers: bool,
        /// Whether anything ever answered at this address.
        ever_answered: bool,
    },
    /// The collector is full or overloaded.
    CollectorBusy,
    /// The collector answers something else than a collector.
    CollectorRefuses {
        /// What it says.
        reason: String,
    },
    /// The clock is not set, or differs from the collector's.
    Clock,
    /// The disk refuses.
    Disk {
        /// What the system says.
        reason: String,
    },
    /// Records were dropped unsent.
    Dropped {
        /// How many since installation.
        records: u64,
    },
    /// The month's data are used up for throughput runs.
    BudgetSpent,
}

/// The judgement.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Verdict {
    /// Nothing to do.
    pub(crate) well: bool,
    /// An agent runs.
    pub(crate) running: bool,
    /// Nothing is wrong, but nothing has been measured since the start either.
    pub(crate) starting: bool,
    /// What is not well, most urgent first.
    pub(crate) findings: Vec<Finding>,
}

impl Verdict {
    /// What is said when the state folder is closed to whoever asks.
    pub(crate) fn no_rights(folder: String, user: String) -> Self {
        let findings = vec![Finding::NoRights { folder, user }];
        Self { well: false, running: false, starting: false, findings }
    }
}

/// Judges what the agent showed last.
pub(crate) fn judge(board: Option<&Board>, running: bool, now: &Moment) -> Verdict {
    let findings = match board {
        None => vec![Finding::NeverStarted],
        Some(board) => {
            let mut findings = Vec::new();
            process(board, running, now, &mut findings);
            if findings.is_empty() {
                line(board, now, &mut findings);
                reports(board, now, &mut findings);
                unmeasured(board, &mut findings);
            }
            keeping(board, &mut findings);
            findings
        }
    };
    let starting = findings.is_empty() && !board.is_some_and(measured_since_start);
    Verdict { well: findings.is_empty(), running, starting, findings }
}

fn process(board: &Board, running: bool, now: &Moment, out: &mut Vec<Finding>) {
    if !running {
        out.push(Finding::NotRunning);
        return;
    }
    let silent_s = board.written.seconds_until(now).unwrap_or(0);
    if silent_s > SILENT_S {
        out.push(Finding::Hangs { silent_s });
    }
}

fn measured_since_start(board: &Board) -> bool {
    let known = board.known_minute.as_ref();
    known.and_then(|known| board.started.seconds_until(known)).is_some_and(|seconds| seconds >= 0)
}

/// What the configuration or the servers leave unmeasured.
fn unmeasured(board: &Board, out: &mut Vec<Finding>) {
    let Some(measured) = &board.measured else { return };
    let told = out.iter().any(|finding| matches!(finding, Finding::SecondTarget { .. }));
    if measured.targets < TARGETS_NEEDED && !told {
        out.push(Finding::SecondTarget { targets: measured.targets });
    }
    let unreached = usize::try_from(board.runs_unreached).unwrap_or(usize::MAX);
    let silent = unreached >= ROUNDS_WITHOUT_SERVER * measured.servers.len();
    if silent && !line_explains(out) {
        out.push(Finding::NoServer { servers: measured.servers.clone() });
    }
}

/// Without a line nothing else can be reached: saying so too would hide what matters.
fn line_explains(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| {
        matches!(
            finding,
            Finding::LineDown | Finding::NoLink | Finding::NoGateway | Finding::CannotSend { .. }
        )
    })
}

fn line(board: &Board, now: &Moment, out: &mut Vec<Finding>) {
    let Some(minute) = &board.minute else { return };
    let finding = match (minute.state.as_str(), minute.cause.as_deref()) {
        ("down", _) => Some(Finding::LineDown),
        ("degraded", _) => Some(Finding::Degraded),
        ("unknown", Some("link")) => Some(Finding::NoLink),
        ("unknown", Some("gateway")) => Some(Finding::NoGateway),
        ("unknown", Some("second_target")) => Some(Finding::SecondTarget { targets: 1 }),
        // A minute filled by a throughput run says nothing, and nothing is wrong.
        ("unknown", Some("probe")) if minute.not_sent.as_deref() != Some("throughput run") => {
            Some(Finding::CannotSend { reason: minute.not_sent.clone().unwrap_or_default() })
        }
        _ => None,
    };
    let explained = finding.is_some();
    out.extend(finding);
    let age_s = board.known_minute.as_ref().and_then(|known| known.seconds_until(now));
    let uptime_s = board.started.seconds_until(now).unwrap_or(0);
    if !explained && uptime_s > OLD_MEASUREMENT_S && age_s.is_none_or(|age| age > OLD_MEASUREMENT_S) {
        out.push(Finding::OldMeasurement { age_s });
    }
}

fn reports(board: &Board, now: &Moment, out: &mut Vec<Finding>) {
    let fault = board.reports.fault.as_ref();
    let finding = fault.and_then(|fault| upload_fault(fault, board, now, line_explains(out)));
    out.extend(finding);
    let mut refusals: Vec<_> = board.reports.refusals.iter().collect();
    refusals.sort_by_key(|(_, records)| std::cmp::Reverse(**records));
    out.extend(
        refusals
            .into_iter()
            .map(|(reason, records)| Finding::RecordsRefused { reason: reason.clone(), records: *records }),
    );
}

fn upload_fault(fault: &UploadFault, board: &Board, now: &Moment, line_explains: bool) -> Option<Finding> {
    let reason = fault.detail.clone();
    Some(match fault.code.as_str() {
        "unknown_probe" => Finding::UnknownProbe,
        "retired" => Finding::Retired,
        "unreachable" if line_explains => return None,
        "unreachable" => Finding::CollectorUnreachable {
            reason,
            line_answers: line_answers(board, now),
            ever_answered: board.reports.answered,
        },
        "collector_busy" | "collector_full" => Finding::CollectorBusy,
        "clock" => Finding::Clock,
        "budget" => Finding::BudgetSpent,
        "disk" => Finding::Disk { reason },
        _ => Finding::CollectorRefuses { reason },
    })
}

/// Whether a recent minute saw the line answer.
fn line_answers(board: &Board, now: &Moment) -> bool {
    let recent = |minute: &MinuteSeen| minute.at.seconds_until(now).is_some_and(|age| age <= SILENT_S);
    board.minute.as_ref().is_some_and(|minute| minute.state == "up" && recent(minute))
}

fn keeping(board: &Board, out: &mut Vec<Finding>) {
    if let Some(reason) = &board.spool.disk_fault {
        out.push(Finding::Disk { reason: reason.clone() });
    }
    if board.spool.dropped_records > 0 {
        out.push(Finding::Dropped { records: board.spool.dropped_records });
    }
    let refused = |run: &Option<crate::board::RunSeen>| {
        run.as_ref().is_some_and(|run| run.outcome == "refused_by_budget")
    };
    let spent = refused(&board.download) || refused(&board.upload);
    if spent && !out.contains(&Finding::BudgetSpent) {
        out.push(Finding::BudgetSpent);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use desserte_model::{ClockSource, ClockStamp};
    use desserte_units::{Monotonic, Timestamp};

    use super::*;
    use crate::board::{Measured, Nameplate};

    pub(crate) fn stamp(seconds: u64) -> ClockStamp {
        ClockStamp {
            boot: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            monotonic_us: Monotonic::from_micros(seconds * 1_000_000),
            utc_us: Some(Timestamp::from_unix_secs(1_796_000_000 + i64::try_from(seconds).unwrap())),
            source: ClockSource::System,
            offset_us: Some(0),
            uncertainty_us: Some(1000),
        }
    }

    pub(crate) fn board() -> Board {
        let nameplate = Nameplate {
            version: "0.1.0".to_owned(),
            site: "Mairie de Bourganeuf".to_owned(),
            collector: "https://desserte.example.org".to_owned(),
            probe: "00112233445566778899aabbccddeeff".to_owned(),
            public_key: "KEY=".to_owned(),
            measured: Measured { servers: vec!["mesure.example:4443".to_owned()], targets: 2 },
        };
        let mut board = Board::new(nameplate, stamp(0));
        board.written = stamp(3600).into();
        board.minute = Some(minute("up", None));
        board.known_minute = Some(stamp(3580).into());
        board.reports.last_success = Some(stamp(3500).into());
        board
    }

    pub(crate) fn minute(state: &str, cause: Option<&str>) -> MinuteSeen {
        MinuteSeen {
            at: stamp(3580).into(),
            state: state.to_owned(),
            cause: cause.map(str::to_owned),
            rtt_min_us: (state == "up").then_some(12_345),
            echoes_sent: 6,
            echoes_lost: 0,
            not_sent: None,
        }
    }

    fn check(change: impl FnOnce(&mut Board), expected: &[Finding]) {
        let mut board = board();
        change(&mut board);
        let verdict = judge(Some(&board), true, &stamp(3620).into());
        assert_eq!(verdict.findings, expected);
        assert_eq!(verdict.well, expected.is_empty());
    }

    fn fault(code: &str) -> Option<UploadFault> {
        Some(UploadFault { code: code.to_owned(), detail: "why".to_owned() })
    }

    #[test]
    fn a_probe_that_measures_and_reports_is_well() {
        check(|_| {}, &[]);
    }

    #[test]
    fn a_line_that_is_down_is_said_once_and_not_blamed_on_the_collector() {
        check(
            |board| {
                board.minute = Some(minute("down", None));
                board.reports.fault = fault("unreachable");
            },
            &[Finding::LineDown],
        );
    }

    #[test]
    fn an_unknown_key_comes_before_a_full_disk() {
        check(
            |board| {
                board.reports.fault = fault("unknown_probe");
                board.spool.disk_fault = Some("no space".to_owned());
            },
            &[Finding::UnknownProbe, Finding::Disk { reason: "no space".to_owned() }],
        );
    }

    #[test]
    fn near_side_faults_are_told_apart() {
        check(|board| board.minute = Some(minute("unknown", Some("link"))), &[Finding::NoLink]);
        check(|board| board.minute = Some(minute("unknown", Some("gateway"))), &[Finding::NoGateway]);
        let denied =
            MinuteSeen { not_sent: Some("ICMP: denied".to_owned()), ..minute("unknown", Some("probe")) };
        check(
            |board| board.minute = Some(denied),
            &[Finding::CannotSend { reason: "ICMP: denied".to_owned() }],
        );
        let busy =
            MinuteSeen { not_sent: Some("throughput run".to_owned()), ..minute("unknown", Some("probe")) };
        check(|board| board.minute = Some(busy), &[]);
    }

    #[test]
    fn an_agent_that_is_gone_or_hangs_is_the_first_thing_said() {
        let verdict = judge(Some(&board()), false, &stamp(3620).into());
        assert_eq!(verdict.findings, [Finding::NotRunning]);
        let verdict = judge(Some(&board()), true, &stamp(5000).into());
        assert_eq!(verdict.findings, [Finding::Hangs { silent_s: 1400 }]);
        assert_eq!(judge(None, false, &stamp(0).into()).findings, [Finding::NeverStarted]);
    }

    #[test]
    fn measuring_without_result_is_not_well_even_if_nothing_else_is_wrong() {
        check(
            |board| board.known_minute = Some(stamp(100).into()),
            &[Finding::OldMeasurement { age_s: Some(3520) }],
        );
        check(|board| board.known_minute = None, &[Finding::OldMeasurement { age_s: None }]);
    }

    #[test]
    fn a_probe_whose_records_are_refused_is_not_well() {
        let refused = |records| Finding::RecordsRefused { reason: "outside-territory".to_owned(), records };
        let receipt: desserte_model::Receipt = serde_json::from_str(
            r#"{"accepted":0,"duplicate":0,"refused":[
                {"line":2,"reason":"outside-territory","detail":"d"},
                {"line":3,"reason":"outside-territory","detail":"d"}]}"#,
        )
        .unwrap();
        check(|board| board.note_receipt(stamp(3500), &receipt), &[refused(2)]);
        check(
            |board| {
                board.note_receipt(stamp(3400), &receipt);
                board.note_receipt(stamp(3500), &receipt);
            },
            &[refused(4)],
        );
        check(
            |board| {
                board.note_receipt(stamp(3400), &receipt);
                board.note_receipt(
                    stamp(3500),
                    &desserte_model::Receipt { accepted: 1, ..Default::default() },
                );
            },
            &[],
        );
    }

    #[test]
    fn a_probe_that_has_measured_nothing_yet_is_starting_rather_than_well() {
        let mut fresh = board();
        fresh.started = stamp(3600).into();
        fresh.minute = None;
        let verdict = judge(Some(&fresh), true, &stamp(3620).into());
        assert!(verdict.starting && verdict.well, "{verdict:?}");
        let verdict = judge(Some(&board()), true, &stamp(3620).into());
        assert!(!verdict.starting && verdict.well, "{verdict:?}");
    }

    #[test]
    fn what_the_configuration_does_not_measure_is_said() {
        let measured = |servers: &[&str], targets| {
            Some(Measured { servers: servers.iter().map(|&name| name.to_owned()).collect(), targets })
        };
        check(|board| board.measured = measured(&["a:1"], 1), &[Finding::SecondTarget { targets: 1 }]);
        check(|board| board.measured = measured(&[], 2), &[Finding::NoServer { servers: Vec::new() }]);
        check(
            |board| {
                board.measured = measured(&["a:1", "b:2"], 2);
                board.runs_unreached = 3;
            },
            &[],
        );
        check(
            |board| {
                board.measured = measured(&["a:1", "b:2"], 2);
                board.runs_unreached = 4;
            },
            &[Finding::NoServer { servers: vec!["a:1".to_owned(), "b:2".to_owned()] }],
        );
        check(
            |board| {
                board.runs_unreached = 9;
                board.minute = Some(minute("down", None));
            },
            &[Finding::LineDown],
        );
    }

    #[test]
    fn a_line_is_said_to_answer_only_after_a_recent_minute_did() {
        let unreachable = |line_answers, ever_answered| Finding::CollectorUnreachable {
            reason: "why".to_owned(),
            line_answers,
            ever_answered,
        };
        check(|board| board.reports.fault = fault("unreachable"), &[unreachable(true, false)]);
        check(
            |board| {
                board.note_upload(stamp(3300), fault("unknown_probe"), std::time::Duration::ZERO);
                board.note_upload(stamp(3400), fault("unreachable"), std::time::Duration::ZERO);
                board.minute = None;
            },
            &[unreachable(false, true)],
        );
    }
}
