//! `desserte-probe measure`: the engine of the agent on the command line, for a person who wants to know now.

#![expect(clippy::print_stdout, reason = "a program's answers go to standard output")]

mod arguments;
mod nearest;
mod progress;
mod protocol;
mod report;
mod stamp;
mod words;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use desserte_boot::exit;
use desserte_measure::{Verdict, calls_for_more_streams};
use desserte_model::{Direction, Medium, RunMode, RunOutcome};
use desserte_net::locate::{LocateConfig, Nearest};
use tokio::sync::watch;

use crate::conduct::{
    Before, Carrier, Conduct, Conducted, DeviceCeiling, InterfaceCounters, Live, MORE_STREAMS, Politeness,
    Shared,
};
use crate::echo::Echoer;
use crate::medium::System;
use crate::status::Language;

pub(crate) use arguments::MeasureArgs;
use protocol::{Protocol, Refusal};
use report::Part;

/// How long a person's wish to end is given to be heard by a run that is still connecting.
const LAST_WORDS: Duration = Duration::from_secs(4);

/// The pause between two runs, for queues to empty.
const PAUSE: Duration = Duration::from_millis(500);

/// Time watched before a run for others on the line: a person waits for the answer.
const WATCH: Duration = Duration::from_millis(500);

/// With `--polite`: as the agent does, for up to ten minutes.
const POLITE_WATCH: Duration = Duration::from_secs(3);
const POLITE_WAIT_MAX: Duration = Duration::from_secs(600);

/// Rate of others above which the line is said to be in use before a run, in bit/s.
const OTHERS_BITS_PER_SECOND: u64 = 500_000;

/// What was measured, direction by direction.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) download: Option<Part>,
    pub(crate) upload: Option<Part>,
    pub(crate) interrupted: bool,
}

/// Everything the runs share.
struct Session<'a> {
    args: &'a MeasureArgs,
    mode: RunMode,
    interface: Option<String>,
    medium: Medium,
    ceiling: Option<DeviceCeiling>,
    echoer: Echoer,
    /// The servers that were found, where they had to be.
    nearest: Option<Nearest>,
    /// The wish of the person to end.
    stop: watch::Receiver<bool>,
    language: Language,
    shows_progress: bool,
}

/// Why nothing was measured.
enum Fault {
    /// No servers were found; in words.
    NoServer(String),
    Other(anyhow::Error),
}

/// Measures and answers.
pub(crate) fn measure(args: &MeasureArgs, language: Language) -> anyhow::Result<ExitCode> {
    if let Some(refusal) = Refusal::of(args) {
        crate::commands::complain(&anyhow::Error::msg(refusal.describe(language)), language);
        return Ok(exit::usage());
    }
    // A wrong address or authority is said before anything is waited for.
    let (mode, locate) = match args.mode().and_then(|mode| Ok((mode, check(args)?))) {
        Ok(asked) => asked,
        Err(error) => {
            crate::commands::complain(&error, language);
            return Ok(exit::usage());
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .context("starting the runtime")?;
    if args.protocol == Protocol::Stamp {
        return runtime.block_on(one_way(args, language));
    }
    let measured = runtime.block_on(async {
        let (stopping, stop) = watch::channel(false);
        tokio::select! {
            measured = throughput(args, mode, locate, stop, language) => measured,
            error = listen(&stopping) => Err(Fault::Other(error)),
        }
    });
    let measured = match measured {
        Ok(measured) => measured,
        Err(Fault::Other(error)) => return Err(error),
        Err(Fault::NoServer(reason)) => anyhow::bail!(reason),
    };
    let name = args.protocol.name();
    if args.json {
        println!("{:#}", report::json(name, &args.url, &measured));
    } else {
        print!("{}", words::verdict(&measured, mode, language));
    }
    Ok(code(&measured, mode))
}

/// Reads everything that the command line names; the question for servers, if they have to be looked for.
fn check(args: &MeasureArgs) -> anyhow::Result<Option<LocateConfig>> {
    let locate = args.locate()?;
    if args.protocol == Protocol::Stamp {
        args.stamp()?;
    } else if locate.is_none() {
        args.carrier(Direction::Download, &Medium::Unknown, None)?;
    }
    Ok(locate)
}

/// One session of STAMP, and its answer.
async fn one_way(args: &MeasureArgs, language: Language) -> anyhow::Result<ExitCode> {
    let config = args.stamp()?;
    let run = tokio::select! {
        run = desserte_net::stamp::run(&config) => Some(run),
        asked = desserte_boot::signals::shutdown() => {
            asked.context("listening to signals")?;
            None
        }
    };
    if args.json {
        println!("{:#}", stamp::json(&args.url, run.as_ref()));
    } else {
        print!("{}", stamp::words(run.as_ref(), language));
    }
    Ok(if stamp::is_measured(run.as_ref()) { ExitCode::SUCCESS } else { exit::failure() })
}

async fn throughput(
    args: &MeasureArgs,
    mode: RunMode,
    locate: Option<LocateConfig>,
    mut stop: watch::Receiver<bool>,
    language: Language,
) -> Result<Measured, Fault> {
    let nearest = match locate {
        None => None,
        Some(config) => {
            let found = tokio::select! {
                found = nearest::ask(&config, &args.state_dir) => found,
                _ = stop.wait_for(|stop| *stop) => {
                    return Ok(Measured { interrupted: true, ..Measured::default() });
                }
            };
            Some(found.map_err(|error| Fault::NoServer(nearest::describe(&error, language)))?)
        }
    };
    let carrier = |direction| args.carrier(direction, &Medium::Unknown, nearest.as_ref());
    let carriers: anyhow::Result<Vec<Carrier>> = args.directions().into_iter().map(carrier).collect();
    // No line leads to this machine itself, and so no others use it.
    let by_line = !carriers.map_err(Fault::Other)?.iter().all(|carrier| carrier.server().is_loopback());
    let system = System::running();
    let interface = args.interface.clone().or_else(|| system.way_out(None).map(|way| way.interface));
    let interface = interface.filter(|_| by_line);
    let medium = interface.as_deref().map_or(Medium::Unknown, |name| system.medium(name));
    let session = Session {
        args,
        mode,
        interface,
        medium,
        ceiling: DeviceCeiling::read(&args.state_dir),
        echoer: Echoer::default(),
        nearest,
        stop,
        language,
        shows_progress: !args.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr()),
    };
    Ok(session.both().await)
}

/// Waits for the person's wish to end and passes it on; returns only when it cannot.
async fn listen(stopping: &watch::Sender<bool>) -> anyhow::Error {
    match desserte_boot::signals::shutdown().await {
        Ok(_) => {
            stopping.send_replace(true);
            std::future::pending().await
        }
        Err(error) => anyhow::Error::new(error).context("listening to signals"),
    }
}

fn code(measured: &Measured, mode: RunMode) -> ExitCode {
    let parts: Vec<&Part> = measured.download.iter().chain(&measured.upload).collect();
    let failed = parts.iter().any(|part| part.one.record.outcome != RunOutcome::Complete);
    if (parts.is_empty() || failed) && !measured.interrupted {
        return exit::failure();
    }
    let sure = parts.iter().all(|part| part.one.verdict == Some(Verdict::Yes));
    if matches!(mode, RunMode::Threshold { .. }) && !sure { exit::not_well() } else { ExitCode::SUCCESS }
}

impl Session<'_> {
    async fn both(&self) -> Measured {
        let mut measured = Measured::default();
        let mut first = true;
        for direction in self.args.directions() {
            if !std::mem::take(&mut first) {
                tokio::time::sleep(PAUSE).await;
            }
            if *self.stop.borrow() {
                break;
            }
            let part = self.one_direction(direction).await;
            match direction {
                Direction::Download => measured.download = part,
                Direction::Upload => measured.upload = part,
            }
        }
        measured.interrupted = *self.stop.borrow();
        measured
    }

    /// One run, and another over more connections where one could not fill the line and nobody asked otherwise.
    async fn one_direction(&self, direction: Direction) -> Option<Part> {
        let (streams, may_be_more) = self.args.protocol.streams(direction);
        let one = self.one_run(direction, self.args.streams.unwrap_or(streams)).await?;
        let again = self.args.streams.is_none()
            && may_be_more
            && self.nearest.is_none()
            && !matches!(self.mode, RunMode::Threshold { .. })
            && !*self.stop.borrow()
            && calls_for_more_streams(&one.record.course.limited_by);
        let more = if again {
            tokio::time::sleep(PAUSE).await;
            self.one_run(direction, MORE_STREAMS).await
        } else {
            None
        };
        Some(Part { one, more })
    }

    async fn one_run(&self, direction: Direction, streams: u16) -> Option<Conducted> {
        let before = self.gate(direction).await;
        let (live, seen) = watch::channel(Live::default());
        let conduct = Conduct {
            mode: self.mode_towards(direction),
            direction,
            duration: self.args.duration(),
            streams,
            hold: Duration::ZERO,
            interface: self.interface.clone(),
            before,
            yields: self.args.polite,
            echoes: !self.args.no_latency,
            ceiling: self.ceiling,
            shared: Arc::new(Shared::default()),
            live: Some(live),
        };
        // The arguments were checked at the start.
        let carrier = self.args.carrier(direction, &self.medium, self.nearest.as_ref()).ok()?;
        let run = self.run_until_stopped(&conduct, carrier);
        if !self.shows_progress {
            return run.await;
        }
        let show = progress::show(direction, conduct.duration, seen, self.language);
        let conducted = tokio::select! {
            conducted = run => conducted,
            () = show => None,
        };
        progress::clear();
        conducted
    }

    /// What a run in this direction is meant to do: nothing is known of an upload to a server of iperf3 before its end.
    fn mode_towards(&self, direction: Direction) -> RunMode {
        match (self.args.protocol, direction) {
            (Protocol::Iperf3, Direction::Upload) => RunMode::Full,
            _ => self.mode,
        }
    }

    async fn run_until_stopped(&self, conduct: &Conduct, carrier: Carrier) -> Option<Conducted> {
        let mut stop = self.stop.clone();
        let stopping = async {
            let _ = stop.wait_for(|stop| *stop).await;
            conduct.shared.interrupt();
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            conducted = conduct.run(carrier, &self.echoer) => conducted,
            () = stopping => None,
        }
    }

    async fn gate(&self, direction: Direction) -> Option<Before> {
        let counters = InterfaceCounters::open(self.interface.as_deref()?)?;
        let politeness = Politeness {
            watch: if self.args.polite { POLITE_WATCH } else { WATCH },
            share: 0.0,
            bits_per_second: OTHERS_BITS_PER_SECOND,
            wait_max: if self.args.polite { POLITE_WAIT_MAX } else { Duration::ZERO },
            skips: false,
            yields: self.args.polite,
        };
        let mut stop = self.stop.clone();
        tokio::select! {
            before = politeness.wait(&counters, direction, None) => before,
            _ = stop.wait_for(|stop| *stop) => None,
        }
    }
}
