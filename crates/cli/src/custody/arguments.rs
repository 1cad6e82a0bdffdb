//! The command line of `desserte custody`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use desserte_custody::{Day, EventKind};
use desserte_model::{ProbeId, RecordId};

use crate::arguments::{DataArguments, Lang};

/// What to do with the seal.
#[derive(Debug, Subcommand)]
pub(crate) enum CustodyCommand {
    /// Seal every day that is over and not sealed yet; a running collector does it by itself.
    Seal(SealArguments),
    /// List the sealed days: day, entries, root, and when which authority stamped it.
    List(DataArguments),
    /// Compute every seal again from what is kept.
    Check(DataArguments),
    /// Print the seal of a day, the octets to publish and to have time-stamped.
    Statement(StatementArguments),
    /// Note that a probe was installed, moved, reset, calibrated…, or put right something noted before.
    Note(NoteArguments),
    /// List the notes.
    Notes(DataArguments),
    /// Write the proof that a record, or a note, was there when its day was sealed.
    Prove(ProveArguments),
    /// Check a proof; needs no store and no network.
    Verify(VerifyArguments),
    /// Write a request to a time-stamp authority (RFC 3161) over the seal of a day.
    StampRequest(StampRequestArguments),
    /// Keep an authority's answer with the seal that it is over.
    StampKeep(StampKeepArguments),
}

/// Options of `desserte custody seal`.
#[derive(Debug, Args)]
pub(crate) struct SealArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Last day to seal, UTC; by default yesterday.
    #[arg(long, value_name = "DAY")]
    pub(crate) through: Option<Day>,
}

/// Options of `desserte custody statement`.
#[derive(Debug, Args)]
pub(crate) struct StatementArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The day, UTC.
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Day,
}

/// Options of `desserte custody note`.
#[derive(Debug, Args)]
pub(crate) struct NoteArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// What happened: install, move, reset, key-change, calibration, retirement, correction, erasure.
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: EventKind,
    /// The probe concerned; without it the collector itself.
    #[arg(long, value_name = "PROBE")]
    pub(crate) probe: Option<ProbeId>,
    /// When it happened, as 2026-11-22T10:00:00Z; by default now.
    #[arg(long, value_name = "TIME")]
    pub(crate) at: Option<jiff::Timestamp>,
    /// What there is to say. It is kept for ever, and shown to whoever checks a proof: no names of persons.
    #[arg(value_name = "TEXT")]
    pub(crate) text: String,
}

/// Options of `desserte custody prove`.
#[derive(Debug, Args)]
pub(crate) struct ProveArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// File to write; it holds the whole batch that the record came in.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// What is to be proven.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Subject {
    /// A record, by its identifier.
    #[arg(long, value_name = "ID")]
    pub(crate) record: Option<RecordId>,
    /// A note, by its number.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) note: Option<i64>,
}

/// Options of `desserte custody verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The proof.
    #[arg(value_name = "FILE")]
    pub(crate) proof: PathBuf,
    /// The seal of the day as published (`desserte custody statement`); without it the proof is only held against itself.
    #[arg(long, value_name = "FILE")]
    pub(crate) seal: Option<PathBuf>,
    /// The probe's public key as its operator gives it, Base64.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Language of the verdict.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Options of `desserte custody stamp-request`.
#[derive(Debug, Args)]
pub(crate) struct StampRequestArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The day, UTC.
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Day,
    /// File to write, to be sent as application/timestamp-query.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Options of `desserte custody stamp-keep`.
#[derive(Debug, Args)]
pub(crate) struct StampKeepArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// The day, UTC.
    #[arg(long, value_name = "DAY")]
    pub(crate) day: Day,
    /// Who answered, as it is to be shown.
    #[arg(long, value_name = "NAME")]
    pub(crate) authority: String,
    /// The answer, as received.
    #[arg(value_name = "FILE")]
    pub(crate) response: PathBuf,
}
