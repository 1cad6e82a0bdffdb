//! A drive: runs on the way, each placed by the satellite receiver, until cells have their passes or the data are used up.
//!
//! It goes on after a loss of power where it was (`progress.rs`), under the name of its plan (`plan.rs`). What a run is, how it is
//! charged and recorded is the agent's, as in the schedule.

mod plan;
mod progress;
mod words;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use desserte_model::{AccessLine, AccessTechnology, Fix, LineSource, Position, RunMode};
use desserte_units::Monotonic;
use h3o::{CellIndex, LatLng, Resolution};

use crate::agent::Agent;
use crate::cli::ConfigArgs;
use crate::config::{Config, ConfigFault, ScheduledMode};
use crate::runs::{self, Order, Placed};
use crate::status::Language;
use crate::{book, commands, uploads};
use plan::DrivePlan;
use progress::{Pass, Progress};
use words::{Screen, Word};

/// Between two looks at the place: a car at 130 km/h goes 18 m.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A position older than this is where the vehicle was.
const FRESH_MAX: Duration = Duration::from_secs(3);

/// Others on the line are looked for no longer than this before a run: the vehicle moves on meanwhile.
const WATCH_MAX: Duration = Duration::from_secs(1);

/// Servers that cannot be reached are tried again after this, so that a valley without a network costs no battery and gives one
/// record of it a minute at the most.
const UNREACHED_PAUSE: Duration = Duration::from_secs(30);

/// Flags of `drive`.
#[derive(Debug, Args)]
pub(crate) struct DriveArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Plan of the drive. `--example` writes one.
    #[arg(long, value_name = "FILE", required_unless_present = "example")]
    plan: Option<PathBuf>,
    /// Write the commented plan to standard output, and do nothing else.
    #[arg(long)]
    example: bool,
    /// Say how far the drive is, without driving.
    #[arg(long)]
    show: bool,
    /// Language of the text; that of the session by default.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,
}

/// Drives until the plan is done, the data are used up, or a signal comes.
pub(crate) fn drive(args: &DriveArgs, language: Language) -> anyhow::Result<ExitCode> {
    let screen = Screen::new(language);
    let Some(path) = args.plan.as_deref().filter(|_| !args.example) else {
        screen.print(plan::TEMPLATE);
        return Ok(ExitCode::SUCCESS);
    };
    let plan = DrivePlan::load(path)?;
    let config = configured(commands::load(&args.config)?, &plan)?;
    if args.show {
        let progress = Progress::open(&config.state_dir, &plan)?;
        screen.say(&Word::Summary(progress.summary(&plan)), &plan);
        return Ok(ExitCode::SUCCESS);
    }
    book::rules(&config)?;
    desserte_boot::logging::init("warn", config.log_format)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .context("starting the runtime")?;
    runtime.block_on(async {
        let agent = Agent::start(config, None, None)?;
        let progress = Progress::open(&agent.config.state_dir, &plan)?;
        let drive = Drive { agent: &agent, plan: &plan, progress: RefCell::new(progress), screen };
        drive.until_stopped().await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// The probe's configuration with what a drive does otherwise.
fn configured(mut config: Config, plan: &DrivePlan) -> Result<Config, ConfigFault> {
    let fault = |key: &str, why: &str| ConfigFault::Value { key: key.to_owned(), why: why.to_owned() };
    if config.aboard.gpsd.is_none() {
        return Err(fault("mobile.gpsd", "a drive needs a satellite receiver, such as \"127.0.0.1:2947\""));
    }
    if config.servers.is_empty() {
        return Err(fault("servers", "a drive needs a measurement server"));
    }
    config.run.mode = ScheduledMode::Full;
    config.run.duration = plan.run_length;
    config.run.max_bytes = plan.run_bound;
    config.politeness.watch = config.politeness.watch.min(WATCH_MAX);
    config.politeness.wait_max = Duration::ZERO;
    let access = config.access.get_or_insert(AccessLine {
        operator: None,
        technology: None,
        subscribed_download_bits_per_second: None,
        subscribed_upload_bits_per_second: None,
        source: LineSource::Declared,
    });
    // Whatever the probe is used for at home: on the road it is a mobile line, and never counted with fixed ones.
    access.technology = Some(AccessTechnology::Mobile);
    Ok(config)
}

struct Drive<'a> {
    agent: &'a Agent,
    plan: &'a DrivePlan,
    progress: RefCell<Progress>,
    screen: Screen,
}

impl Drive<'_> {
    async fn until_stopped(&self) -> anyhow::Result<()> {
        self.say(Word::Begin(self.progress.borrow().summary(self.plan)));
        let done = tokio::select! {
            done = self.make_runs() => done,
            never = self.agent.listen() => match never {},
            () = uploads::keep_sending(self.agent) => Ok(()),
            signal = desserte_boot::signals::shutdown() => signal.map(drop).context("listening to signals"),
        };
        self.agent.aboard.rest().await;
        self.agent.end().await;
        self.say(Word::Summary(self.progress.borrow().summary(self.plan)));
        done
    }

    async fn make_runs(&self) -> anyhow::Result<()> {
        let ceiling = runs::device_ceiling(self.agent).await;
        let mut server = 0;
        loop {
            let left = self.progress.borrow().left(self.plan);
            if left < self.plan.run_bound {
                self.say(Word::DataUsed);
                return Ok(());
            }
            if self.progress.borrow().is_complete(self.plan) {
                self.say(Word::Complete);
                return Ok(());
            }
            let Some((fix, cell)) = self.here() else {
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            let wanted = self.progress.borrow().wanted(self.plan, cell, fix.utc_us);
            let Some(direction) = wanted else {
                self.say(Word::NothingHere);
                tokio::time::sleep(LOOK_EVERY).await;
                continue;
            };
            self.progress.borrow_mut().charge(self.plan.run_bound)?;
            let order =
                Order { server, direction, mode: RunMode::Full, streams: self.plan.connections, ceiling };
            let placed = runs::ordered(self.agent, order).await;
            let pass = self.pass(&placed, &fix);
            self.progress.borrow_mut().settle(placed.cost, pass)?;
            self.say(Word::Run { placed: &placed, pass, made: pass.map(|pass| self.made(&pass)) });
            if placed.is_unreached() {
                server += 1;
                tokio::time::sleep(UNREACHED_PAUSE).await;
            }
        }
    }

    /// The position and its cell, if it is fresh and sure enough and the modem is with the network that the plan asks for.
    fn here(&self) -> Option<(Fix, CellIndex)> {
        let now = self.agent.clock.borrow().now().monotonic_us;
        let seen = self.agent.aboard.seen();
        let Some(fix) = seen.last_fix().filter(|fix| now.since(fix.at_us) <= FRESH_MAX) else {
            self.say(Word::NoPosition(seen.position_fault()));
            return None;
        };
        if fix.uncertainty_m.is_none_or(|radius| radius > self.plan.uncertainty_max_m) {
            self.say(Word::Unsure);
            return None;
        }
        if let Some(wanted) = &self.plan.operator {
            let fresh_us = u64::try_from(FRESH_MAX.as_micros()).unwrap_or(0);
            let operator =
                seen.operator_after(Monotonic::from_micros(now.as_micros().saturating_sub(fresh_us)));
            if operator.as_ref() != Some(wanted) {
                self.say(Word::OtherNetwork(operator));
                return None;
            }
        }
        let cell = cell(fix.lon, fix.lat, self.plan.resolution)?;
        Some((fix, cell))
    }

    /// The pass that a run was: in the cell in which the middle of its transfer was. Only a complete run is one.
    fn pass(&self, placed: &Placed, before: &Fix) -> Option<Pass> {
        let cell_of = |place: &Position| cell(place.lon, place.lat, self.plan.resolution);
        let cell = placed.position.as_ref().filter(|_| placed.is_complete()).and_then(cell_of)?;
        let crossed = placed.ends.iter().flatten().filter_map(cell_of).any(|end| end != cell);
        Some(Pass { cell, direction: placed.direction, utc: before.utc_us, crossed })
    }

    fn made(&self, pass: &Pass) -> u32 {
        self.progress.borrow().passes(pass.cell, pass.direction)
    }

    fn say(&self, word: Word<'_>) {
        self.screen.say(&word, self.plan);
    }
}

fn cell(lon: f64, lat: f64, resolution: Resolution) -> Option<CellIndex> {
    LatLng::new(lat, lon).ok().map(|point| point.to_cell(resolution))
}
