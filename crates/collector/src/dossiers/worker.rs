//! Making what was asked for, by the collector's own program in a process of its own.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::asked::Asked;
use super::desk::{Desk, End, Step};
use crate::config::Dossiers;
use crate::state::Shared;

/// How often it is looked whether something has expired.
const TIDY_EVERY: Duration = Duration::from_secs(600);

/// How often it is looked whether a program has ended: nobody waits for less.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// Octets of what a program says that are kept.
const SAID_BYTES_MAX: u64 = 4_096;

/// Exit code of a program whose answer is no, with the reason in words for whoever asked.
const NO: i32 = 2;

/// Makes dossiers, one at a time, until the collector ends.
pub(crate) async fn keep(shared: Arc<Shared>, mut ending: watch::Receiver<()>) {
    let stop = Arc::new(AtomicBool::new(false));
    loop {
        let (worker, stopped) = (Arc::clone(&shared), Arc::clone(&stop));
        let mut work = tokio::task::spawn_blocking(move || {
            if let Err(error) = worker.desk.tidy() {
                tracing::error!(%error, "old dossiers cannot be removed");
            }
            while let Some(asked) = worker.desk.next().filter(|_| !stopped.load(Ordering::Relaxed)) {
                one(&worker, asked, &stopped);
            }
        });
        tokio::select! {
            _ = &mut work => {}
            _ = ending.changed() => {
                // The program is ended with the collector: what is half made is thrown away.
                stop.store(true, Ordering::Relaxed);
                let _ = work.await;
                return;
            }
        }
        tokio::select! {
            () = shared.desk.asked.notified() => {}
            () = tokio::time::sleep(TIDY_EVERY) => {}
            _ = ending.changed() => return,
        }
    }
}

fn one(shared: &Shared, asked: Asked, stop: &AtomicBool) {
    let started = Instant::now();
    let made = shared.desk.making_place().map_err(|error| {
        tracing::error!(%error, "there is no place to make a dossier in");
        End::Failed
    });
    let made = made.and_then(|place| {
        make(&shared.config.dossiers, &shared.data, asked, &place, &shared.desk, stop).map(|()| place)
    });
    let seconds = started.elapsed().as_secs();
    match &made {
        Ok(_) => tracing::info!(commune = %asked.commune, month = %asked.month, seconds, "made a dossier"),
        Err(End::Refused(_)) => {
            tracing::info!(commune = %asked.commune, month = %asked.month, "a dossier may not be made");
        }
        Err(End::Failed) => {
            tracing::warn!(commune = %asked.commune, month = %asked.month, seconds, "a dossier could not be made");
        }
    }
    if let Err(error) = shared.desk.ended(asked, made) {
        tracing::error!(%error, "a dossier cannot be put in its place");
    }
}

fn make(
    rules: &Dossiers,
    data: &Path,
    asked: Asked,
    out: &Path,
    desk: &Desk,
    stop: &AtomicBool,
) -> Result<(), End> {
    let Some(program) = &rules.program else { return Err(End::Failed) };
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        tracing::error!(%error, "{what}");
        End::Failed
    };
    let Some((from, to)) = asked.month.days() else { return Err(End::Failed) };
    let mut child = Command::new(&program.executable)
        .args(["dossier", "build", "--public", "--background", "--memory-mib"])
        .arg(rules.memory_mib.to_string())
        .arg("--data")
        .arg(data)
        .arg("--territory")
        .arg(&program.territory)
        .args(["--commune", asked.commune.as_str(), "--lang", asked.lang()])
        .args(["--from", &from.to_string(), "--to", &to.to_string()])
        .arg("--out")
        .arg(out)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed("the program that makes dossiers cannot be started", &error))?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let waited = std::thread::scope(|scope| {
        scope.spawn(|| stdout.map(|stdout| follow(stdout, desk)));
        let said = scope.spawn(|| stderr.map(hear).unwrap_or_default());
        let waited = wait(&mut child, Duration::from_secs(rules.minutes.saturating_mul(60)), stop);
        (waited, said.join().unwrap_or_default())
    });
    match waited {
        (Ok(Some(status)), _) if status.success() => Ok(()),
        (Ok(Some(status)), said) if status.code() == Some(NO) => {
            Err(End::Refused(said.trim().trim_start_matches("desserte: ").to_owned()))
        }
        (Ok(Some(status)), said) => {
            Err(failed("the program that makes dossiers ended", &format!("{status}: {}", said.trim())))
        }
        (Ok(None), _) => Err(failed(
            "the program that makes dossiers was ended",
            &"it took too long, or the collector ends",
        )),
        (Err(error), _) => Err(failed("the program that makes dossiers cannot be waited for", &error)),
    }
}

/// Waits for a program; `None`: it was ended.
fn wait(
    child: &mut Child,
    longest: Duration,
    stop: &AtomicBool,
) -> std::io::Result<Option<std::process::ExitStatus>> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if started.elapsed() >= longest || stop.load(Ordering::Relaxed) {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL_EVERY);
    }
}

/// Follows the steps that a program tells, a line each.
fn follow(said: impl Read, desk: &Desk) {
    for line in BufReader::new(said).lines().map_while(Result::ok) {
        if let Some(step) = step(&line) {
            desk.now_at(step);
        }
    }
}

fn step(line: &str) -> Option<Step> {
    let mut words = line.strip_prefix("step ")?.split(' ');
    Some(match words.next()? {
        "gathering" => Step::Gathering,
        "reading" => Step::Reading(words.next()?.parse().ok()?, words.next()?.parse().ok()?),
        "measuring" => Step::Measuring,
        "setting" => Step::Setting,
        "writing" => Step::Writing,
        _ => return None,
    })
}

/// The beginning of what a program complains of; the rest is read, so that it can end.
fn hear(mut said: impl Read) -> String {
    let mut octets = Vec::new();
    let _ = (&mut said).take(SAID_BYTES_MAX).read_to_end(&mut octets);
    let _ = std::io::copy(&mut said, &mut std::io::sink());
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_read_and_other_lines_are_not() {
        assert_eq!(step("step reading 3 90"), Some(Step::Reading(3, 90)));
        assert_eq!(step("step setting"), Some(Step::Setting));
        for line in ["", "step", "step reading", "step reading x y", "step else", "dossier.pdf (9 octets)"] {
            assert_eq!(step(line), None, "{line}");
        }
    }

    #[test]
    fn a_program_that_takes_too_long_is_ended() {
        let sleep = || Command::new("sleep").arg("60").spawn().unwrap();
        let ended = wait(&mut sleep(), Duration::ZERO, &AtomicBool::new(false)).unwrap();
        assert_eq!(ended, None);
        let ended = wait(&mut sleep(), Duration::from_secs(60), &AtomicBool::new(true)).unwrap();
        assert_eq!(ended, None);
    }
}
