//! Makes the line, runs the command, tells what passed.

use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use desserte_netlab::link::LinkConfig;
use desserte_netlab::link::spec;
use desserte_netlab::{EmulatedLine, Lab};
use serde_json::json;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::arguments::Run;

/// How often it is looked whether the command has ended.
const PACE: Duration = Duration::from_millis(20);

/// Time that the command gets to end by itself once asked to.
const GRACE: Duration = Duration::from_secs(5);

/// What a shell says of a command ended by a signal.
const SIGNALLED: i32 = 128;

pub(crate) fn run(task: &Run) -> anyhow::Result<ExitCode> {
    let open = |path: &str| std::fs::read(path);
    let up = task.up.as_ref().unwrap_or(&task.down);
    let down = spec::parse(&task.words(&task.down), false, &open).context("reading --down")?;
    let up = spec::parse(&task.words(up), true, &open).context("reading --up")?;

    // From here on a signal ends the command, not this program: the namespace must go.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("watching for signals")?;
    }
    let process = std::process::id();
    let name = task.name.clone().unwrap_or_else(|| format!("nl{:04x}", process & 0xFFFF));
    let subnet = task.subnet.unwrap_or_else(|| 100 + u8::try_from(process % 100).unwrap_or_default());
    let mut lab = Lab::new(&name, subnet)?;
    let line = lab.emulated_line("house", &down, &up, task.seed)?;

    let [program, arguments @ ..] = task.command.as_slice() else { anyhow::bail!("no command") };
    let mut command = line.command(&program.to_string_lossy());
    command.args(arguments);
    command.env("NETLAB_GATEWAY", line.gateway.to_string()).env("NETLAB_ADDRESS", line.address.to_string());
    let status = attend(command.spawn().context("starting the command")?, &stop)?;
    if let Some(path) = &task.counters {
        write_counters(path, &line, [&down, &up], Duration::from_millis(task.step))?;
    }
    let code = status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or_default());
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(u8::MAX)))
}

/// Waits for the command; asks it to end, then ends it, once a signal has come.
fn attend(mut child: Child, stop: &AtomicBool) -> anyhow::Result<ExitStatus> {
    let mut asked: Option<Instant> = None;
    loop {
        if let Some(status) = child.try_wait().context("waiting for the command")? {
            return Ok(status);
        }
        match asked {
            None if stop.load(Ordering::Relaxed) => {
                asked = Some(Instant::now());
                let process = rustix::process::Pid::from_child(&child);
                // It may have ended in between.
                let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
            }
            Some(since) if since.elapsed() > GRACE => {
                child.kill().context("ending the command")?;
                asked = Some(Instant::now());
            }
            _ => std::thread::sleep(PACE),
        }
    }
}

fn write_counters(
    path: &Path,
    line: &EmulatedLine,
    configs: [&LinkConfig; 2],
    step: Duration,
) -> anyhow::Result<()> {
    let [down, up] = configs.map(|config| {
        json!({
            "mean_bits_per_second": config.capacity.mean_rate().map(|rate| rate.as_bits_per_second()),
            "queue_bytes": config.queue_octets,
            "delay_us": u64::try_from(config.delay.as_micros()).unwrap_or(u64::MAX),
        })
    });
    let counters = json!({
        "origin_monotonic_us": line.shim.origin().as_micros(),
        "elapsed_us": u64::try_from(line.shim.elapsed().as_micros()).unwrap_or(u64::MAX),
        "overrun_packets": line.overrun()?,
        "line": { "download": down, "upload": up },
        "download": line.shim.download().to_json(step),
        "upload": line.shim.upload().to_json(step),
    });
    let text = format!("{counters:#}\n");
    if path == Path::new("-") {
        return std::io::stdout().write_all(text.as_bytes()).context("writing the counters");
    }
    std::fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[expect(clippy::print_stderr, reason = "a program says why it fails")]
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("netlab: {error:#}");
}
