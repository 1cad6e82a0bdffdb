//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::config::{DEFAULT_PATH, DEFAULT_STATE_DIR};
#[cfg(feature = "mobile")]
use crate::drive::DriveArgs;
use crate::measure::MeasureArgs;
use crate::status::Language;

/// Measures a line, day and night, within a data budget, and reports to a Desserte collector.
#[derive(Debug, Parser)]
#[command(
    name = "desserte-probe",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done or all is well; 1 could not be done; 2 the answer is no: something is not well (status,\n\
                  check), the line does not surely carry what was asked about (measure --threshold);\n\
                  64 wrong command line or configuration.\n\n\
                  First use, with the code that the collector's operator gave: desserte-probe enrol CODE, and do what it says.\n\
                  Without a code: desserte-probe init, edit the file, desserte-probe check-config, desserte-probe key,\n\
                  give the public key to the operator, then start the service."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure and report until stopped (the service does this).
    Run(RunArgs),
    /// Say in plain words whether all is well, and what to do if not.
    #[command(visible_alias = "statut")]
    Status(StatusArgs),
    /// Take up a one-time code: makes the key on this machine, asks whether the site is right, and completes the
    /// configuration file.
    #[command(visible_alias = "enroler")]
    Enrol(EnrolArgs),
    /// Show the probe's name and public key, to give to the collector's operator; makes the key on first use.
    Key(SpokenArgs),
    /// Read the configuration file and say what is wrong with it, without measuring.
    CheckConfig(SpokenArgs),
    /// Write the commented configuration file, to be edited.
    Init(InitArgs),
    /// Measure a line now, on behalf of a person: no configuration, no budget, nothing sent to a collector.
    #[command(visible_alias = "mesure")]
    Measure(MeasureArgs),
    /// Measure on the way, within a bound of data, so that each cell of the map is passed as often as the plan asks for.
    #[cfg(feature = "mobile")]
    #[command(visible_alias = "tournee")]
    Drive(DriveArgs),
    /// Measure this device against itself, over its loopback interface, and keep the result: what a line reads near it may
    /// be the device's doing.
    Selftest(SelftestArgs),
    /// Look after the records that wait for the collector.
    #[command(subcommand)]
    Spool(SpoolCommand),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE", env = "DESSERTE_PROBE_CONFIG", default_value = DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Folder of the key, the waiting records and the status, instead of the file's.
    #[arg(long, value_name = "DIR", env = "DESSERTE_PROBE_STATE_DIR")]
    pub(crate) state_dir: Option<PathBuf>,
}

/// Flags of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Collector's address, instead of the file's.
    #[arg(long, value_name = "URL", env = "DESSERTE_PROBE_COLLECTOR")]
    pub(crate) collector: Option<String>,
    /// How much is logged, instead of the file's: error, warn, info, debug or a filter.
    #[arg(long, value_name = "FILTER", env = "DESSERTE_PROBE_LOG")]
    pub(crate) log: Option<String>,
    /// For tests: append the name of each record that the collector has acknowledged to this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) ack_log: Option<PathBuf>,
    /// For tests: take the calendar to be off by so many seconds, and a time service to vouch for it.
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    pub(crate) pretend_calendar: Option<i64>,
}

/// Flags of the commands that answer in the reader's language.
#[derive(Debug, Args)]
pub(crate) struct SpokenArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

impl Command {
    /// The language asked for, else that of the session. The service's own messages are English, as its log is.
    pub(crate) fn language(&self) -> Language {
        let session = || Language::of_session(|name| std::env::var(name).ok());
        match self {
            Self::Run(_) | Self::Spool(_) => Language::En,
            Self::Status(args) => args.lang.unwrap_or_else(session),
            Self::Measure(args) => args.lang.unwrap_or_else(session),
            #[cfg(feature = "mobile")]
            Self::Drive(args) => args.lang.unwrap_or_else(session),
            Self::Selftest(args) => args.lang.unwrap_or_else(session),
            Self::Key(args) | Self::CheckConfig(args) => args.lang.unwrap_or_else(session),
            Self::Init(args) => args.lang.unwrap_or_else(session),
            Self::Enrol(args) => args.lang.unwrap_or_else(session),
        }
    }

    /// Whether it loads a line.
    pub(crate) const fn measures(&self) -> bool {
        match self {
            Self::Run(_) | Self::Measure(_) => true,
            #[cfg(feature = "mobile")]
            Self::Drive(_) => true,
            _ => false,
        }
    }
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
    /// The same for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `enrol`.
#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The code, or the whole address on the sheet, in quotes.
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// The collector's address, when the code stands alone and the configuration file does not name one.
    #[arg(long, value_name = "URL")]
    pub(crate) collector: Option<String>,
    /// Longitude of the building in degrees, when whoever made the code did not say it.
    #[arg(long, value_name = "DEGREES", requires = "lat", allow_negative_numbers = true)]
    pub(crate) lon: Option<f64>,
    /// Latitude of the building in degrees.
    #[arg(long, value_name = "DEGREES", requires = "lon", allow_negative_numbers = true)]
    pub(crate) lat: Option<f64>,
    /// Do not ask whether the site is right.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

impl EnrolArgs {
    /// Longitude and latitude, when they were given.
    pub(crate) fn position(&self) -> Option<(f64, f64)> {
        self.lon.zip(self.lat)
    }
}

/// Flags of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// File to write; an existing one is kept. `-` writes to standard output.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

/// Flags of `selftest`.
#[derive(Debug, Args)]
pub(crate) struct SelftestArgs {
    /// Folder in which the result is kept.
    #[arg(long, value_name = "DIR", env = "DESSERTE_PROBE_STATE_DIR", default_value = DEFAULT_STATE_DIR)]
    pub(crate) state_dir: PathBuf,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
    /// The same for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// What to do with the spool.
#[derive(Debug, Subcommand)]
pub(crate) enum SpoolCommand {
    /// Read every waiting record, check it and the chain, and change nothing.
    Check(ConfigArgs),
}
