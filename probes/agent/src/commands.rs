//! The commands, each a screenful.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's answers go to standard output")]

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use desserte_boot::{exit, logging};

use crate::agent::{self, Agent};
use crate::board::{Board, Moment};
use crate::cli::{ConfigArgs, InitArgs, RunArgs, StatusArgs};
use crate::clock::{Clock, Linux};
use crate::config::{Config, TEMPLATE};
use crate::status::{Language, judge, render};
use crate::{book, identity, spool, tls};

/// Prints an error with its causes.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("desserte-probe: {error:#}");
}

fn load(args: &ConfigArgs) -> anyhow::Result<Config> {
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
    logging::init(args.log.as_deref().unwrap_or(&config.log_level), config.log_format)?;
    for advice in config.advice() {
        tracing::warn!(%advice, "the configuration works, but");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Only name resolution uses other threads, one at a time.
        .max_blocking_threads(2)
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let agent = Agent::start(config, args.ack_log)?;
        agent.run().await.context("listening to signals")?;
        Ok(ExitCode::SUCCESS)
    })
}

pub(crate) fn status(args: &StatusArgs) -> anyhow::Result<ExitCode> {
    let config = load(&args.config)?;
    let session = |name: &str| std::env::var(name).ok();
    let language = args.lang.unwrap_or_else(|| Language::of_session(session));
    let board = Board::read(&config.state_dir)
        .with_context(|| format!("reading the status in {}", config.state_dir.display()))?;
    let running = agent::is_running(&config.state_dir);
    let machine = Linux::open().context("reading the clock")?;
    let now: Moment = Clock::open(Box::new(machine), &config.state_dir).now().into();
    let verdict = judge(board.as_ref(), running, &now);
    if args.json {
        let all = serde_json::json!({ "verdict": verdict, "now": now, "status": board });
        println!("{all:#}");
    } else {
        print!("{}", render(board.as_ref(), &verdict, &now, language));
    }
    Ok(if verdict.well { ExitCode::SUCCESS } else { exit::not_well() })
}

pub(crate) fn key(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    let key = identity::load_or_create(&config.state_dir)?;
    println!("probe      {}", key.id());
    println!("public-key {}", key.public());
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn check_config(args: &ConfigArgs) -> anyhow::Result<ExitCode> {
    let config = load(args)?;
    tls::read_ca(config.ca_file.as_deref())?;
    let rules =
        book::rules(&config).context("`budget.megabytes` is too small for echoes and reports alone")?;
    println!("{} is a valid configuration", args.config.display());
    println!(
        "a month of {} MB keeps {} MB for echoes and {} MB for reports; {} MB remain for throughput runs",
        rules.limit.as_bytes() / 1_000_000,
        rules.latency_reserve.as_bytes() / 1_000_000,
        rules.control_reserve.as_bytes() / 1_000_000,
        rules.throughput_share().as_bytes() / 1_000_000,
    );
    let ceiling = book::run_ceiling(&rules, &config).as_bytes();
    if ceiling < config.run.max_bytes.as_bytes() {
        println!("advice: with this budget a run is cut at {} MB", ceiling / 1_000_000);
    }
    let networks: Vec<_> = config.servers.iter().filter_map(|server| server.network.as_deref()).collect();
    println!(
        "{} measurement server(s) {networks:?}, {} target(s)",
        config.servers.len(),
        config.targets.len()
    );
    for advice in config.advice() {
        println!("advice: {advice}");
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn init(args: &InitArgs) -> anyhow::Result<ExitCode> {
    if args.config.as_os_str() == "-" {
        io::stdout().write_all(TEMPLATE.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let writing = || format!("writing {}", args.config.display());
    if let Some(folder) = args.config.parent() {
        fs::create_dir_all(folder).with_context(writing)?;
    }
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).open(&args.config).with_context(writing)?;
    file.write_all(TEMPLATE.as_bytes()).with_context(writing)?;
    println!("{} written; edit it, then run `desserte-probe check-config`", args.config.display());
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
