//! The commands, each a screenful.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's answers go to standard output")]

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use desserte_boot::{exit, logging};

use crate::agent::{self, Agent};
use crate::board::{Board, Moment};
use crate::cli::{ConfigArgs, InitArgs, RunArgs, SelftestArgs, StatusArgs};
use crate::clock::{Clock, Linux, Pretence};
use crate::conduct::DeviceCeiling;
use crate::config::{Config, ConfigFault, DEFAULT_PATH, TEMPLATE};
use crate::status::{Language, Verdict, judge, render};
use crate::{book, identity, rights, spool, summary, tls};

/// Prints an error with its causes.
pub(crate) fn complain(error: &anyhow::Error, language: Language) {
    match error.downcast_ref::<ConfigFault>() {
        Some(fault) => eprintln!("desserte-probe: {}", fault.describe(language)),
        None => eprintln!("desserte-probe: {error:#}"),
    }
}

/// Why nothing is measured where the system does not count what that costs.
pub(crate) const fn uncounted(language: Language) -> &'static str {
    match language {
        Language::Fr => {
            "ce système ne compte pas les octets de ses connexions (Linux 4.6 et suivants les comptent) : le budget de données ne pourrait \
             pas être tenu, rien n'est donc mesuré"
        }
        Language::En => {
            "this system does not count the octets of its connections (Linux 4.6 and later do): the data budget could not be kept, so \
             nothing is measured"
        }
    }
}

pub(crate) fn load(args: &ConfigArgs) -> anyhow::Result<Config> {
    let mut config = Config::load(&args.config)?;
    if let Some(folder) = &args.state_dir {
        config.state_dir.clone_from(folder);
    }
    Ok(config)
}

pub(crate) fn run(args: RunArgs) -> anyhow::Result<ExitCode> {
    let mut config = load(&args.config)?;
    if let Some(collector) = args.collector {
        collector.trim_end_matches('/').clone_into(&mut config.collector);
    }
    book::rules(&config)?;
    logging::init(args.log.as_deref().unwrap_or(&config.log_level), config.log_format)?;
    for advice in config.advice(Language::En) {
        tracing::warn!(%advice, "the configuration works, but");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Only name resolution uses other threads, one at a time.
        .max_blocking_threads(2)
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let pretence = args.pretend_calendar.map(|off_by_s| Pretence { off_by_s });
        let agent = Agent::start(config, args.ack_log, pretence)?;
        agent.run().await.context("listening to signals")?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn status(args: &StatusArgs, language: Language) -> anyhow::Result<ExitCode> {
    let config = load(&args.config)?;
    let folder = &config.state_dir;
    let board = match Board::read(folder) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
        other => other.with_context(|| format!("reading the status in {}", folder.display()))?,
    };
    let verdict = if board.is_none() && rights::denied(folder) {
        Verdict::no_rights(folder.display().to_string(), rights::user())
    } else {
        judge(board.as_ref(), agent::is_running(folder), &now(folder)?)
    };
    let now = now(folder)?;
    if args.json {
        let all = serde_json::json!({ "verdict": verdict, "now": now, "status": board });
        println!("{all:#}");
    } else {
        print!("{}", render(board.as_ref(), &verdict, &now, language));
    }
    Ok(if verdict.well { ExitCode::SUCCESS } else { exit::not_well() })
}

fn now(folder: &Path) -> anyhow::Result<Moment> {
    let machine = Linux::open(None).context("reading the clock")?;
    Ok(Clock::open(Box::new(machine), folder).now().into())
}

pub(crate) fn key(args: &ConfigArgs, language: Language) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    let key = identity::load_or_create(&config.state_dir)?;
    // These two lines are for programs too, and the same in every language.
    println!("probe      {}", key.id());
    println!("public-key {}", key.public());
    let collector = &config.collector;
    match language {
        Language::Fr => println!("Donnez la clé publique (public-key) à la personne qui gère {collector}"),
        Language::En => println!("Give the public key to whoever runs {collector}"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check_config(args: &ConfigArgs, language: Language) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    tls::read_ca(config.ca_file.as_deref())?;
    let rules = book::rules(&config)?;
    print!("{}", summary::of(&args.config, &config, &rules, language));
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn init(args: &InitArgs, language: Language) -> anyhow::Result<ExitCode> {
    if args.config.as_os_str() == "-" {
        io::stdout().write_all(TEMPLATE.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let path = args.config.display();
    let next = if args.config.as_os_str() == DEFAULT_PATH {
        "desserte-probe check-config".to_owned()
    } else {
        format!("desserte-probe check-config --config {path}")
    };
    let writing = || match language {
        Language::Fr => format!("{path} ne peut pas être écrit"),
        Language::En => format!("{path} cannot be written"),
    };
    if let Some(folder) = args.config.parent() {
        fs::create_dir_all(folder).with_context(writing)?;
    }
    let mut file = match fs::OpenOptions::new().write(true).create_new(true).open(&args.config) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            match language {
                Language::Fr => eprintln!("{path} existe déjà, gardé ; ensuite : {next}"),
                Language::En => eprintln!("{path} exists already and is kept; next: {next}"),
            }
            return Ok(exit::failure());
        }
        other => other.with_context(writing)?,
    };
    file.write_all(TEMPLATE.as_bytes()).with_context(writing)?;
    match language {
        Language::Fr => println!("{path} est écrit ; complétez-le, puis : {next}"),
        Language::En => println!("{path} is written; fill it in, then: {next}"),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check_spool(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    let folder = config.state_dir.join("spool");
    let found =
        spool::check(&folder).with_context(|| format!("reading the spool in {}", folder.display()))?;
    println!(
        "{} segment(s), {} record(s) sound, {} waiting, {} dropped since installation",
        found.segments, found.records, found.waiting, found.dropped
    );
    for (file, what) in &found.faults {
        println!("{}: {what}", file.display());
    }
    Ok(if found.faults.is_empty() { ExitCode::SUCCESS } else { exit::not_well() })
}

pub(crate) fn selftest(args: &SelftestArgs, language: Language) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ceiling =
        runtime.block_on(DeviceCeiling::measure()).context("measuring this device against itself")?;
    fs::create_dir_all(&args.state_dir)
        .and_then(|()| ceiling.write(&args.state_dir))
        .with_context(|| format!("keeping the result in {}", args.state_dir.display()))?;
    if args.json {
        println!("{:#}", serde_json::to_value(ceiling)?);
        return Ok(ExitCode::SUCCESS);
    }
    let megabits = |rate: u64| rate / 1_000_000;
    let (down, up) = (megabits(ceiling.download_bits_per_second), megabits(ceiling.upload_bits_per_second));
    match language {
        Language::Fr => println!("Cet appareil sait recevoir {down} Mbit/s et émettre {up} Mbit/s."),
        Language::En => println!("This device can receive {down} Mbit/s and send {up} Mbit/s."),
    }
    Ok(ExitCode::SUCCESS)
}
