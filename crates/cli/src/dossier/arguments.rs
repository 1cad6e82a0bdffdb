//! The command line of `desserte dossier`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use desserte_custody::Hash;
use desserte_model::ProbeId;
use jiff::civil::Date;

use crate::arguments::Lang;

/// What to do with a dossier.
#[derive(Debug, Subcommand)]
pub(crate) enum DossierCommand {
    /// Make the dossier of a place and a period: a PDF, and the bundle that proves it.
    Build(BuildArguments),
    /// Make everything of a bundle again from its signed batches, and compare octet by octet.
    Rebuild(RebuildArguments),
    /// Check a bundle; needs no store, no territory and no network.
    Verify(VerifyArguments),
    /// Write the text that the other side signs to reply to a dossier.
    ReplyText(ReplyTextArguments),
    /// Make the dossier again with a notice to the other side in it, and write the letter.
    Notice(NoticeArguments),
    /// Make the dossier again with a signed reply in it.
    Reply(ReplyArguments),
    /// Make the dossier again with what a measurement made together with the other side led to.
    Retest(RetestArguments),
}

/// Options of `desserte dossier build`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("place").required(true),
    after_help = "Days that are over have to be sealed first (`desserte custody seal`): batches of other days are in the dossier as signed, not as proven.\n\
    The bundle holds positions: it is for the parties, not for publication. Format: docs/spec/dossier.md."
)]
pub(crate) struct BuildArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The commune of this code.
    #[arg(long, value_name = "CODE", group = "place")]
    pub(crate) commune: Option<String>,
    /// The intercommunality of this SIREN number.
    #[arg(long, value_name = "SIREN", group = "place")]
    pub(crate) epci: Option<String>,
    /// The département of this code.
    #[arg(long, value_name = "CODE", group = "place")]
    pub(crate) departement: Option<String>,
    /// One probe, wherever it stood.
    #[arg(long, value_name = "PROBE", group = "place")]
    pub(crate) site: Option<ProbeId>,
    /// First day of the period, such as 2026-10-01, by the clock of the place.
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Date,
    /// First day after the period.
    #[arg(long, value_name = "DAY")]
    pub(crate) to: Date,
    /// Use to tell, by identifier such as telework; repeatable; by default all of the set.
    #[arg(long = "use", value_name = "USE")]
    pub(crate) uses: Vec<String>,
    /// Set of parameters (TOML) in place of the built-in one of its kind; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) parameters: Vec<PathBuf>,
    /// Table of sites (CSV) with columns `probe`, `class_a` and `public_building`, 1 or 0, empty where nobody knows.
    #[arg(long, value_name = "FILE")]
    pub(crate) sites: Option<PathBuf>,
    /// Verdict on declared coverage, as `desserte contradiction … --commune COLUMN --day COLUMN --json` prints it, of tests in this place and
    /// period.
    #[arg(long, value_name = "FILE", conflicts_with = "public")]
    pub(crate) contradiction: Option<PathBuf>,
    /// Campaign of tests on one line, as `desserte campaign check … --commune CODE --json` prints it, in this place and period.
    #[arg(long, value_name = "FILE", conflicts_with = "public")]
    pub(crate) campaign: Option<PathBuf>,
    /// Make a dossier that may be given to anyone: of a commune, with the probes declared to stand in public buildings alone. Ends with 2 and the
    /// reason where none may be made.
    #[arg(long, conflicts_with_all = ["epci", "departement", "site"])]
    pub(crate) public: bool,
    /// Work with the lowest priority, and tell each step in a line `step …` on standard output.
    #[arg(long)]
    pub(crate) background: bool,
    /// Most memory to take, in MiB; a dossier that takes more is not made.
    #[arg(long, value_name = "MIB")]
    pub(crate) memory_mib: Option<u64>,
    #[command(flatten)]
    pub(crate) making: MakingArguments,
    /// Territory file made by `desserte-geodata import`; by default the one in the directory of the store.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: Option<PathBuf>,
    /// Language of the dossier.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Where a dossier is put, and what sets it.
#[derive(Debug, Args)]
pub(crate) struct MakingArguments {
    /// Directory to put dossier.pdf and dossier.zip in; made if it is missing.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Program that sets the PDF; by default desserte-typeset beside this program.
    #[arg(long, value_name = "PROGRAM")]
    pub(crate) typeset: Option<PathBuf>,
}

/// What a dossier is made again from its bundle with.
#[derive(Debug, Args)]
pub(crate) struct AgainArguments {
    /// The territory file whose digest the bundle names.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: PathBuf,
    #[command(flatten)]
    pub(crate) making: MakingArguments,
}

/// Options of `desserte dossier rebuild`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: every part is the same. 2: a part differs, and is named. 1: something could not be read or made."
)]
pub(crate) struct RebuildArguments {
    /// The bundle.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    #[command(flatten)]
    pub(crate) again: AgainArguments,
    /// Language of what is said here.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Options of `desserte dossier verify`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit code 0: all holds. 2: something does not, and is named. 1: a file cannot be read."
)]
pub(crate) struct VerifyArguments {
    /// The bundle, or a directory with dossier.zip and dossier.pdf.
    #[arg(value_name = "FILE|DIR")]
    pub(crate) bundle: PathBuf,
    /// Seal of a day as published, to hold the bundle's against; repeatable.
    #[arg(long = "seal", value_name = "FILE")]
    pub(crate) seals: Vec<PathBuf>,
    /// Public key of a probe as its operator gave it, Base64; repeatable.
    #[arg(long = "key", value_name = "KEY")]
    pub(crate) keys: Vec<String>,
    /// Fingerprint of the dossier as it was given.
    #[arg(long, value_name = "SHA256", value_parser = hash)]
    pub(crate) fingerprint: Option<Hash>,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Options of `desserte dossier reply-text`.
#[derive(Debug, Args)]
pub(crate) struct ReplyTextArguments {
    /// The bundle that the reply is about.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// File with the reply in words.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// File to write: exactly what is to be signed.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Options of `desserte dossier reply`.
#[derive(Debug, Args)]
pub(crate) struct ReplyArguments {
    /// The bundle that the reply is about.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// File with the reply in words.
    #[arg(long, value_name = "FILE")]
    pub(crate) text: PathBuf,
    /// Who replies.
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: String,
    /// Day on which the reply came.
    #[arg(long, value_name = "DAY")]
    pub(crate) received: Date,
    /// Their Ed25519 public key, 32 octets in Base64.
    #[arg(long, value_name = "KEY")]
    pub(crate) key: String,
    /// File with the signature, 64 octets.
    #[arg(long, value_name = "FILE")]
    pub(crate) signature: PathBuf,
    /// What became of the claim.
    #[arg(long, value_enum, default_value_t = Followed::Pending)]
    pub(crate) outcome: Followed,
    /// Why, in a sentence.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) because: String,
    #[command(flatten)]
    pub(crate) again: AgainArguments,
}

/// Options of `desserte dossier notice`.
#[derive(Debug, Args)]
#[command(
    after_help = "The letter (avis.txt) names the fingerprint of the new dossier: hand both to the operator, who replies to that one (reply-text)."
)]
pub(crate) struct NoticeArguments {
    /// The bundle of the dossier that the operator is told of.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// Who is told.
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: String,
    /// Day on which the letter goes out.
    #[arg(long, value_name = "DAY")]
    pub(crate) sent: Date,
    /// Days that a reply is waited for.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=365))]
    pub(crate) days: u16,
    #[command(flatten)]
    pub(crate) again: AgainArguments,
}

/// Options of `desserte dossier retest`.
#[derive(Debug, Args)]
pub(crate) struct RetestArguments {
    /// The bundle of the dossier that the claim is in.
    #[arg(value_name = "FILE")]
    pub(crate) bundle: PathBuf,
    /// The bundle of the dossier of the measurement made together: of the same place, and of a period that begins later.
    #[arg(long, value_name = "FILE")]
    pub(crate) retest: PathBuf,
    /// Who took part beside who makes the dossier.
    #[arg(long, value_name = "NAME")]
    pub(crate) together_with: String,
    /// What became of the claim.
    #[arg(long, value_enum)]
    pub(crate) outcome: Followed,
    /// Why, in a sentence.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) because: String,
    #[command(flatten)]
    pub(crate) again: AgainArguments,
}

/// What became of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Followed {
    /// Nothing yet.
    Pending,
    /// It stands as it was.
    Maintained,
    /// It was put right.
    Amended,
    /// It was taken back.
    Withdrawn,
}

impl From<Followed> for desserte_dossier::Outcome {
    fn from(followed: Followed) -> Self {
        match followed {
            Followed::Pending => Self::Pending,
            Followed::Maintained => Self::Maintained,
            Followed::Amended => Self::Amended,
            Followed::Withdrawn => Self::Withdrawn,
        }
    }
}

fn hash(text: &str) -> Result<Hash, String> {
    text.to_owned().try_into()
}
