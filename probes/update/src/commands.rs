//! The commands, each a screenful.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's answers go to standard output")]

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use desserte_boot::exit;
use desserte_boot::logging::{self, LogFormat};
use desserte_update::config::{Config, Fault, TEMPLATE};
use desserte_update::exec;
use desserte_update::state::Place;
use desserte_update::update::{Outcome, Updater, Wrong, chain};
use semver::Version;

use crate::cli::{ApplyArgs, ExecArgs, Language, SpokenArgs, StatusArgs};
use crate::words;

/// The version of this program, which is that of the probe's program in the same package.
fn own() -> Version {
    Version::parse(env!("CARGO_PKG_VERSION")).unwrap_or(Version::new(0, 0, 0))
}

pub(crate) fn check(args: &SpokenArgs) -> ExitCode {
    spoken(args, |updater| {
        let runtime = runtime()?;
        runtime.block_on(updater.check())
    })
}

pub(crate) fn apply(args: &ApplyArgs) -> ExitCode {
    spoken(&args.spoken, |updater| {
        let runtime = runtime()?;
        runtime.block_on(updater.apply(args.anyway))
    })
}

pub(crate) fn rollback(args: &SpokenArgs) -> ExitCode {
    let language = args.language();
    match open(args).and_then(|mut updater| Ok(updater.rollback().map(|left| (left, own()))?)) {
        Ok((left, packaged)) if left == packaged => {
            println!("{}", words::nothing_kept(&packaged, language));
            ExitCode::SUCCESS
        }
        Ok((left, packaged)) => {
            println!("{}", words::rolled_back(&left, &packaged, language));
            ExitCode::SUCCESS
        }
        Err(error) => complain(&error, language),
    }
}

pub(crate) fn status(args: &StatusArgs) -> ExitCode {
    let language = args.spoken.language();
    let config = match Config::load(&args.spoken.config) {
        Ok(config) => config,
        Err(_) if !args.spoken.config.exists() => {
            println!("{}", words::off(&args.spoken.config, language));
            return ExitCode::SUCCESS;
        }
        Err(fault) => return complain(&Error::Config(fault), language),
    };
    let place = Place::new(&config.state_dir);
    let state = match place.read() {
        Ok(state) => state,
        Err(error) => {
            return complain(
                &Error::Wrong(Wrong::Folder(config.state_dir.display().to_string(), error)),
                language,
            );
        }
    };
    if args.json {
        let all = serde_json::json!({ "packaged": own(), "channel": config.channel, "limit_bytes": config.data_limit(), "state": state });
        println!("{all:#}");
    } else {
        print!("{}", words::status(&state, &config, &own(), language));
    }
    ExitCode::SUCCESS
}

pub(crate) fn init(args: &SpokenArgs) -> ExitCode {
    let language = args.language();
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&args.config)
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    match written {
        Ok(()) => {
            println!("{}", words::written(&args.config, language));
            ExitCode::SUCCESS
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            eprintln!("desserte-update: {}", words::exists(&args.config, language));
            exit::failure()
        }
        Err(error) => {
            eprintln!("desserte-update: {}", words::unwritable(&args.config, &error, language));
            exit::failure()
        }
    }
}

pub(crate) fn exec(args: &ExecArgs) -> ExitCode {
    // The only error is that logging was started before.
    let _ = logging::init("info", LogFormat::Text);
    let config = match Config::load(&args.config) {
        Ok(config) => Some(config),
        Err(_) if !args.config.exists() => None,
        Err(fault) => {
            tracing::error!(%fault, "updates are off until this is mended; the packaged program runs");
            None
        }
    };
    // Whether there is a program at all is the service's concern, not a reason to guess.
    let error = match config {
        Some(config) => {
            let packaged = if fs::exists(&config.probe.program).unwrap_or(false) {
                &config.probe.program
            } else {
                &args.packaged
            };
            exec::become_probe(&Place::new(&config.state_dir), packaged, &own(), &args.arguments)
        }
        None => exec::become_packaged(&args.packaged, &args.arguments),
    };
    eprintln!("desserte-update: {}: {error}", args.packaged.display());
    exit::failure()
}

/// Why a command could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Config(#[from] Fault),
    #[error(transparent)]
    Wrong(#[from] Wrong),
}

fn open(args: &SpokenArgs) -> Result<Updater, Error> {
    let config = Config::load(&args.config)?;
    as_owner_of(&config.state_dir)
        .map_err(|error| Wrong::Folder(config.state_dir.display().to_string(), error))?;
    // The only error is that logging was started before.
    let _ = logging::init("info", LogFormat::Text);
    Ok(Updater::open(config, own())?)
}

/// An administrator's command goes on as the user that the folder belongs to: what it writes there, the service must be able to replace, and
/// nothing that comes from a network is read with more rights than it needs.
fn as_owner_of(folder: &Path) -> io::Result<()> {
    let owner = match fs::metadata(folder) {
        Ok(found) if rustix::process::geteuid().is_root() && found.uid() != 0 => found,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(()),
    };
    let arguments = std::env::args_os().skip(1);
    Err(Command::new("/proc/self/exe").args(arguments).uid(owner.uid()).gid(owner.gid()).exec())
}

fn runtime() -> Result<tokio::runtime::Runtime, Wrong> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Wrong::Machine("starting the runtime", error))
}

/// Does something that ends in an outcome, and says it.
fn spoken(args: &SpokenArgs, what: impl FnOnce(&mut Updater) -> Result<Outcome, Wrong>) -> ExitCode {
    let language = args.language();
    match open(args).and_then(|mut updater| Ok(what(&mut updater)?)) {
        Ok(outcome) => {
            println!("{}", words::outcome(&outcome, language));
            if matches!(outcome, Outcome::Undone(..)) { exit::not_well() } else { ExitCode::SUCCESS }
        }
        Err(error) => complain(&error, language),
    }
}

fn complain(error: &Error, language: Language) -> ExitCode {
    let what = match error {
        Error::Config(_) => None,
        Error::Wrong(wrong) => words::wrong(wrong, language),
    };
    match what {
        Some(what) => eprintln!("desserte-update: {what} ({})", chain(error)),
        None => eprintln!("desserte-update: {}", chain(error)),
    }
    if matches!(error, Error::Config(_)) { exit::usage() } else { exit::failure() }
}
