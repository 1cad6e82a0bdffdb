//! Sending what waits: oldest first, until the collector has given its receipt for it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use desserte_measure::Purpose;
use desserte_model::{Receipt, Refusal};
use desserte_units::Timestamp;
use http::StatusCode;

use crate::agent::Agent;
use crate::board::UploadFault;
use crate::book::Denied;
use crate::chance::chance;
use crate::collector::{Collector, Parcel, Trouble};
use crate::line::Use;
use crate::recorder::Glimpse;
use crate::spool::Waiting;

/// Records of a batch, well below what the collector takes, so that one fits the memory of a small probe.
const RECORDS_MAX: usize = 400;

/// Octets of a batch before packing.
const BATCH_BYTES_MAX: usize = 512 * 1024;

/// Batches sent in one go: a backlog of days leaves the line to others between.
const BATCHES_MAX: u32 = 20;

/// Between two batches of one go, for the echoes of the minute.
const BETWEEN_BATCHES: Duration = Duration::from_secs(1);

/// The first wait after a failure; it doubles with each further one.
const BACK_OFF_MIN: Duration = Duration::from_secs(30);

/// The longest wait after failures.
const BACK_OFF_MAX: Duration = Duration::from_secs(3600);

/// A collector that sent more than an answer may hold is left alone for this long: each attempt costs a hundred times an
/// honest answer, and after an hour a portal in between may be gone.
const TOO_MUCH_WAIT: Duration = Duration::from_secs(3600);

/// A probe that the collector does not know asks again this often: someone is perhaps registering it right now.
const UNKNOWN_RETRY: Duration = Duration::from_secs(120);

/// How often the collector's clock is asked while no time service sets the probe's.
const CLOCK_EVERY: Duration = Duration::from_secs(3600);

/// Octets of records that the collector refused, kept for whoever asks why. The file then starts afresh.
const REFUSED_BYTES_MAX: u64 = 1024 * 1024;

/// Name of that file in the state folder.
const REFUSED_FILE: &str = "refused.ndjson";

/// What one go did.
#[derive(Debug)]
enum Failure {
    Budget(Denied),
    Collector(Trouble),
    Spool(io::Error),
    Clock,
}

/// Uploads until the agent stops.
pub(crate) async fn keep_sending(agent: &Agent) {
    let every = agent.config.upload_every;
    let mut failures = 0;
    // A fleet that comes back from an outage together does not call together.
    let mut wait = every.min(Duration::from_secs(10)).mul_f64(chance());
    loop {
        tokio::time::sleep(wait).await;
        let result = send_all(agent).await;
        wait = match &result {
            Ok(()) => {
                failures = 0;
                every.mul_f64(0.8 + 0.4 * chance())
            }
            Err(failure) => {
                failures += 1;
                back_off(failure, failures, every)
            }
        };
        let fault = result.err().map(|failure| failure.fault());
        if let Some(fault) = &fault {
            tracing::warn!(code = fault.code.as_str(), detail = %fault.detail, wait_s = wait.as_secs(), "upload failed");
        }
        agent.board.borrow_mut().note_upload(agent.clock.borrow().now(), fault, wait);
        agent.publish();
    }
}

/// Tries once more before the agent ends; what does not go now goes after the next start.
pub(crate) async fn send_last(agent: &Agent) {
    if let Err(failure) = send_all(agent).await {
        tracing::info!(detail = %failure.fault().detail, "records wait for the next start");
    }
}

async fn send_all(agent: &Agent) -> Result<(), Failure> {
    for batch in 0..BATCHES_MAX {
        let records_max = agent.records_a_batch.get().clamp(1, RECORDS_MAX);
        let waiting = agent.spool.borrow().waiting(records_max, BATCH_BYTES_MAX).map_err(Failure::Spool)?;
        if waiting.records.is_empty() {
            // What cannot be read any more must not be waited for.
            return agent.spool.borrow_mut().acknowledge(waiting.below).map_err(Failure::Spool);
        }
        if batch > 0 {
            tokio::time::sleep(BETWEEN_BATCHES).await;
        }
        let _turn = agent.line.load(Use::Upload).await;
        set_clock(agent).await?;
        send(agent, waiting).await?;
    }
    Ok(())
}

/// Asks the collector for the time where nothing better sets it.
async fn set_clock(agent: &Agent) -> Result<(), Failure> {
    if !agent.clock.borrow().wants_collector(CLOCK_EVERY) {
        return Ok(());
    }
    let utc = agent.clock.borrow().utc();
    // The first answer includes the handshakes; only the second is a round trip.
    ask_time(agent, utc).await?;
    let asked = agent.clock.borrow().monotonic();
    let time = ask_time(agent, utc).await?;
    let answered = agent.clock.borrow().monotonic();
    let believed = agent.clock.borrow_mut().correct(time, asked, answered);
    if !believed {
        return Err(Failure::Clock);
    }
    let now = agent.clock.borrow().now();
    tracing::info!(
        offset_us = now.offset_us,
        uncertainty_us = now.uncertainty_us,
        "calendar set by the collector"
    );
    agent.store_clock();
    Ok(())
}

/// Asks once, charged and counted.
async fn ask_time(agent: &Agent, utc: Option<Timestamp>) -> Result<Timestamp, Failure> {
    let charged = agent.book.borrow_mut().charge(utc, Purpose::Control, Collector::time_bound());
    let reservation = charged.map_err(Failure::Budget)?;
    agent.certificates.set(agent.clock.borrow().for_certificates());
    let (sent, answer) = agent.collector.time().await;
    agent.book.borrow_mut().settle(reservation, sent.0);
    answer.map_err(Failure::Collector)
}

async fn send(agent: &Agent, waiting: Waiting) -> Result<(), Failure> {
    let Some(now) = agent.clock.borrow().utc() else { return Err(Failure::Clock) };
    let glimpses: Vec<Option<Glimpse>> = waiting.records.iter().map(|record| Glimpse::of(record)).collect();
    let mut boots: Vec<_> = glimpses.iter().flatten().map(Glimpse::boot).collect();
    boots.sort_unstable();
    boots.dedup();
    let anchors = agent.clock.borrow().anchors(&boots);
    let parcel = Parcel::pack(&agent.key, &waiting.records, anchors).map_err(Failure::Collector)?;
    let charged = agent.book.borrow_mut().charge(Some(now), Purpose::Control, parcel.bound());
    let reservation = charged.map_err(Failure::Budget)?;
    agent.certificates.set(agent.clock.borrow().for_certificates());
    let (sent, result) = agent.collector.send(&agent.key, &parcel, now).await;
    agent.book.borrow_mut().settle(reservation, sent.0);
    let receipt = result.map_err(|trouble| {
        if matches!(&trouble, Trouble::Refused { status, .. } if *status == StatusCode::PAYLOAD_TOO_LARGE) {
            // A proxy with a smaller limit than the collector's. Nothing is given up: the next batch is half as long.
            agent.records_a_batch.set(waiting.records.len() / 2);
        }
        Failure::Collector(trouble)
    })?;
    tracing::info!(
        accepted = receipt.accepted,
        duplicate = receipt.duplicate,
        refused = receipt.refused.len(),
        bytes_charged = sent.0.as_bytes(),
        "batch acknowledged"
    );
    agent.board.borrow_mut().note_receipt(agent.clock.borrow().now(), &receipt);
    keep_refused(&agent.config.state_dir, &waiting, &receipt.refused);
    log_acknowledged(agent, &glimpses, &receipt);
    agent.spool.borrow_mut().acknowledge(waiting.below).map_err(Failure::Spool)
}

/// Sets the records aside that the collector will never take, each with its reason.
fn keep_refused(state_dir: &Path, waiting: &Waiting, refused: &[Refusal]) {
    for refusal in refused {
        // Line 1 is the header.
        let place = usize::try_from(refusal.line).ok().and_then(|line| line.checked_sub(2));
        let Some(record) = place.and_then(|place| waiting.records.get(place)) else { continue };
        tracing::warn!(reason = refusal.reason.code(), detail = %refusal.detail, "record refused for good");
        if let Err(error) = append_refused(&state_dir.join(REFUSED_FILE), refusal, record) {
            tracing::warn!(%error, "the refused record cannot be kept");
        }
    }
}

fn append_refused(path: &Path, refusal: &Refusal, record: &[u8]) -> io::Result<()> {
    if fs::metadata(path).is_ok_and(|file| file.len() > REFUSED_BYTES_MAX) {
        fs::remove_file(path)?;
    }
    // The record's own octets, so that its hash can still be checked.
    let mut line = b"{\"refusal\":".to_vec();
    serde_json::to_writer(&mut line, refusal)?;
    line.extend_from_slice(b",\"record\":");
    line.extend_from_slice(record);
    line.extend_from_slice(b"}\n");
    OpenOptions::new().create(true).append(true).open(path)?.write_all(&line)
}

/// For tests that compare: the name of every record that the collector says it holds.
fn log_acknowledged(agent: &Agent, glimpses: &[Option<Glimpse>], receipt: &Receipt) {
    let Some(path) = &agent.acknowledged_log else { return };
    let mut lines = String::new();
    for (line, glimpse) in (2_u64..).zip(glimpses) {
        let kept = receipt.refused.iter().all(|refusal| refusal.line != line);
        if let Some(glimpse) = glimpse.filter(|_| kept) {
            lines.push_str(&format!("{}\n", glimpse.id));
        }
    }
    let open = || -> io::Result<File> { OpenOptions::new().create(true).append(true).open(path) };
    if let Err(error) = open().and_then(|mut file| file.write_all(lines.as_bytes())) {
        tracing::warn!(%error, "the log of acknowledged records cannot be written");
    }
}

fn back_off(failure: &Failure, failures: u32, every: Duration) -> Duration {
    if let Failure::Collector(Trouble::TooMuch) = failure {
        return TOO_MUCH_WAIT.mul_f64(1.0 + 0.2 * chance());
    }
    if let Failure::Collector(Trouble::Refused { retry_after: Some(wait), .. }) = failure {
        return wait.mul_f64(1.0 + 0.2 * chance());
    }
    if let Failure::Collector(Trouble::Refused { status, .. }) = failure {
        if *status == StatusCode::UNAUTHORIZED {
            return UNKNOWN_RETRY.min(every).max(Duration::from_millis(500)).mul_f64(1.0 + 0.2 * chance());
        }
    }
    // With a short interval, as in tests, the waits are short too.
    let first = BACK_OFF_MIN.min(every);
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(10));
    doubled.min(BACK_OFF_MAX).min(every.saturating_mul(12).max(first)).mul_f64(0.8 + 0.4 * chance())
}

impl Failure {
    /// For people: a stable code and what happened.
    fn fault(&self) -> UploadFault {
        let (code, detail) = match self {
            Self::Budget(denied @ Denied::Budget(_)) => ("budget", denied.to_string()),
            Self::Budget(denied @ Denied::Unstorable(_)) => ("disk", denied.to_string()),
            Self::Spool(error) => ("disk", error.to_string()),
            Self::Clock => ("clock", "the calendar is not known".to_owned()),
            // The status says around it what could not be reached.
            Self::Collector(Trouble::Unreachable(reason)) => ("unreachable", reason.clone()),
            Self::Collector(trouble) => (code(trouble), trouble.to_string()),
        };
        UploadFault { code: code.to_owned(), detail }
    }
}

fn code(trouble: &Trouble) -> &'static str {
    match trouble {
        Trouble::Address(_) | Trouble::Writing(_) => "probe",
        Trouble::Unreachable(_) => "unreachable",
        Trouble::Nonsense(_) | Trouble::TooMuch => "nonsense",
        // The kinds are those of the collector's problem documents (docs/spec/wire-v1.md).
        Trouble::Refused { kind, .. } if kind == "signature-out-of-window" => "clock",
        Trouble::Refused { kind, .. } if kind == "probe-retired" => "retired",
        Trouble::Refused { status, .. } => match *status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "unknown_probe",
            StatusCode::INSUFFICIENT_STORAGE => "collector_full",
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => "collector_busy",
            _ => "refused",
        },
    }
}
