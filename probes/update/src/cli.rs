//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use desserte_update::config::{DEFAULT_PATH, DEFAULT_PROGRAM};

/// Keeps the program of a Desserte probe up to date: releases signed by several keys, taken in stages, tried, and undone by itself when
/// the collector does not acknowledge what they send. Off until its configuration exists.
#[derive(Debug, Parser)]
#[command(
    name = "desserte-update",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done, or nothing to do; 1 could not be done; 2 a release failed and was undone, or the answer is no;\n\
                  64 wrong command line or configuration.\n\n\
                  To switch updates on: desserte-update init, edit the file, put the publisher's root.json where it says, then\n\
                  sudo systemctl enable --now desserte-update.timer desserte-update-restart.path"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at the repository and say what would be done.
    #[command(visible_alias = "verifier")]
    Check(SpokenArgs),
    /// Take the release that is for this probe, if there is one: fetch, try, switch, watch, keep or undo (the timer does this).
    #[command(visible_alias = "appliquer")]
    Apply(ApplyArgs),
    /// Say which program runs, what is on trial, what failed and what updates cost.
    #[command(visible_alias = "statut")]
    Status(StatusArgs),
    /// Go back to the packaged program, and never again to the present release.
    #[command(visible_alias = "revenir")]
    Rollback(SpokenArgs),
    /// Write the commented configuration file, to be edited.
    Init(SpokenArgs),
    /// Start the probe: the newest program that has proven itself, or the one on trial (the probe's service does this).
    Exec(ExecArgs),
}

/// Where the configuration is, and how to answer.
#[derive(Debug, Args)]
pub(crate) struct SpokenArgs {
    /// Configuration file.
    #[arg(long, value_name = "FILE", env = "DESSERTE_UPDATE_CONFIG", default_value = DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

/// Flags of `apply`.
#[derive(Debug, Args)]
pub(crate) struct ApplyArgs {
    #[command(flatten)]
    pub(crate) spoken: SpokenArgs,
    /// Your word that this machine's calendar is right, and that the release is to be tried though the records of the
    /// present program do not arrive.
    #[arg(long)]
    pub(crate) anyway: bool,
}

/// Flags of `status`.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    pub(crate) spoken: SpokenArgs,
    /// The same for programs.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Flags of `exec`.
#[derive(Debug, Args)]
pub(crate) struct ExecArgs {
    /// Configuration file; without it the packaged program is started.
    #[arg(long, value_name = "FILE", env = "DESSERTE_UPDATE_CONFIG", default_value = DEFAULT_PATH)]
    pub(crate) config: PathBuf,
    /// The packaged program, when there is no configuration to say it.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PROGRAM)]
    pub(crate) packaged: PathBuf,
    /// What the probe is told, after `--`.
    #[arg(last = true, value_name = "ARGUMENT")]
    pub(crate) arguments: Vec<OsString>,
}

/// A language of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

impl Language {
    /// The language of the session, as the probe's own commands choose it: French unless it is English.
    pub(crate) fn of_session(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        match ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set) {
            Some(value) if value.starts_with("en") => Self::En,
            _ => Self::Fr,
        }
    }
}

impl SpokenArgs {
    /// The language asked for, else that of the session.
    pub(crate) fn language(&self) -> Language {
        self.lang.unwrap_or_else(|| Language::of_session(|name| std::env::var(name).ok()))
    }
}
