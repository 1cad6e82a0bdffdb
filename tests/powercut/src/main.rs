//! A disk whose power can be cut, for tests: one file that a loop device turns into a disk.
//!
//! `desserte-powercut FOLDER MEGABYTES` serves `FOLDER/disk` until its standard input ends. Each line there is a command, and each
//! is answered with one line. `cut SEED` takes the power away now; `arm WRITES SEED` lets it go in the middle of the so manieth write
//! from now, `await MILLISECONDS` says whether it has, and after `release` what hung returns. `on` gives the power back, `refuse`
//! lets every write fail until then.

mod disk;
mod file;

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use fuser::{Config, MountOption};

use disk::Disk;
use file::{OneFile, Shared};

fn main() -> Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(megabytes)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        bail!("usage: desserte-powercut FOLDER MEGABYTES");
    };
    let megabytes: usize =
        megabytes.to_str().unwrap_or_default().parse().context("MEGABYTES is no number")?;
    let disk = Shared::new(Disk::new(megabytes << 20));
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("powercut".to_owned())];
    let session = fuser::spawn_mount(OneFile::new(disk.clone()), &folder, &config)
        .with_context(|| format!("cannot mount at {}", folder.display()))?;
    say("ready")?;
    for line in std::io::stdin().lock().lines() {
        say(&obey(&disk, &line?)?)?;
    }
    session.umount_and_join().context("cannot unmount")
}

fn obey(disk: &Shared, line: &str) -> Result<String> {
    let number =
        |word: &str| -> Result<u64> { word.parse().with_context(|| format!("{word:?} is no number")) };
    let words: Vec<&str> = line.split(' ').collect();
    let answer = match words.as_slice() {
        ["cut", seed] => disk.lock().cut(number(seed)?).to_string(),
        ["arm", writes, seed] => {
            disk.lock().arm(number(writes)?, number(seed)?);
            "armed".to_owned()
        }
        ["await", milliseconds] => {
            let patience = Duration::from_millis(number(milliseconds)?);
            let cut = disk.wait(patience, |disk| disk.hangs().is_some()).hangs();
            cut.map_or_else(|| "not yet".to_owned(), |cut| cut.to_string())
        }
        ["release"] => {
            disk.lock().release();
            "released".to_owned()
        }
        ["on"] => {
            disk.lock().on();
            "on".to_owned()
        }
        ["refuse"] => {
            disk.lock().refuse();
            "refuses".to_owned()
        }
        _ => bail!("{line:?} is no command"),
    };
    disk.changed();
    Ok(answer)
}

fn say(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context("nobody listens")
}
