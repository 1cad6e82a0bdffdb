//! One look at the repository, and what follows from it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use semver::Version;

use crate::clock::{self, Moment, Untrusted};
use crate::config::Config;
use crate::data::{LOOK_BYTES, UsedUp, on_the_line};
use crate::disk::{Disk, OnDisk};
use crate::install::Installer;
use crate::release::{Asker, Passed, Release};
use crate::remote::{Pace, Remote, Trouble};
use crate::repository::{self, Listed, Source, Unusable};
use crate::seen::Seen;
use crate::state::{Failure, Last, Place, State, sha256};
use crate::trial::{Verdict, Watch};

/// How often a trial is looked at.
const POLL: Duration = Duration::from_secs(1);

/// How long a new program may take to say its version, or what it thinks of the configuration.
const ANSWER_MAX: Duration = Duration::from_secs(20);

/// Most that is read of what it says.
const SAID_BYTES_MAX: u64 = 4096;

/// Longest root of trust that is read.
const ROOT_BYTES_MAX: u64 = 256 * 1024;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing newer is listed for this machine.
    UpToDate,
    /// A newer release is listed, and is not for this probe, or not yet.
    Passed(Version, Passed),
    /// A newer release is for this probe.
    Available(Version),
    /// It is, and the moment is wrong.
    Postponed(Postponed),
    /// It runs, and has proven itself.
    Installed(Version),
    /// It failed; the earlier program is back.
    Undone(Version, Failure),
}

/// Why nothing is done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Postponed {
    /// The calendar is not to be trusted.
    Clock(Untrusted),
    /// What the running program reports does not arrive.
    NotReporting,
    /// The probe has not shown its name yet.
    NoProbe,
}

/// Why it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// Another `desserte-update` is at work.
    #[error("another desserte-update is at work; it will end by itself")]
    Busy,
    /// The updater's folder cannot be used.
    #[error("the folder {0} cannot be used")]
    Folder(String, #[source] io::Error),
    /// The root of trust cannot be read.
    #[error("the root of trust {0} cannot be read; put the publisher's root.json there")]
    Root(String, #[source] io::Error),
    /// The repository is of no use.
    #[error(transparent)]
    Repository(#[from] Unusable),
    /// Its client could not be set up.
    #[error(transparent)]
    Remote(#[from] Trouble),
    /// The month's data is used up.
    #[error(transparent)]
    Data(#[from] UsedUp),
    /// Something on this machine failed.
    #[error("{0}")]
    Machine(&'static str, #[source] io::Error),
    /// The command that starts the probe anew failed.
    #[error("the command of [probe] restart failed: {0}")]
    Restart(String),
}

/// Keeps one probe up to date. It holds the lock of its folder as long as it lives.
#[derive(Debug)]
pub struct Updater {
    config: Config,
    place: Place,
    packaged: Version,
    state: State,
    _lock: File,
}

impl Updater {
    /// Opens the updater's folder, and waits for nobody. `packaged` is the version that this program came with.
    ///
    /// # Errors
    /// When the folder cannot be used, or another updater is at work in it.
    pub fn open(config: Config, packaged: Version) -> Result<Self, Wrong> {
        let folder = config.state_dir.clone();
        let unusable = |error| Wrong::Folder(folder.display().to_string(), error);
        fs::create_dir_all(&folder).map_err(unusable)?;
        let lock = folder.join("lock");
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).open(lock).map_err(unusable)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| Wrong::Busy)?;
        let place = Place::new(&folder);
        let state = place.read().map_err(unusable)?;
        Ok(Self { config, place, packaged, state, _lock: lock })
    }

    /// What is kept.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// The version that runs when no trial is under way.
    #[must_use]
    pub fn running(&self) -> Version {
        let kept = self.state.confirmed.as_ref().map(|held| held.version.clone());
        kept.into_iter().chain([self.packaged.clone()]).max().unwrap_or_else(|| self.packaged.clone())
    }

    /// Looks at the repository and says what `apply` would do.
    ///
    /// # Errors
    /// Why it could not look.
    pub async fn check(&mut self) -> Result<Outcome, Wrong> {
        let looked = self.wanted(false).await;
        let outcome = looked.map(|found| match found {
            Ok((_, _, release)) => Outcome::Available(release.about.version),
            Err(outcome) => outcome,
        });
        self.remember(&outcome);
        outcome
    }

    /// Looks at the repository, and does what follows: fetches, tries, switches, watches, keeps or undoes. A trial that was cut short is taken
    /// up again first. `anyway` is a person's word that the calendar is right and that the probe's reports need not arrive.
    ///
    /// # Errors
    /// Why it could not be done. Whatever it was, the probe runs a program that has proven itself.
    pub async fn apply(&mut self, anyway: bool) -> Result<Outcome, Wrong> {
        let done = self.applied(anyway).await;
        self.remember(&done);
        done
    }

    async fn applied(&mut self, anyway: bool) -> Result<Outcome, Wrong> {
        let machine = |error| Wrong::Machine("keeping the programs", error);
        let installer = Installer { disk: &OnDisk, place: &self.place };
        installer.overtaken(&mut self.state, &self.packaged).map_err(machine)?;
        if let Some(trial) = self.state.trial.clone() {
            installer.resume(&mut self.state, now()?).map_err(machine)?;
            self.restart()?;
            return match self.state.trial {
                Some(_) => self.watch(),
                None => Ok(Outcome::Undone(trial.held.version, Failure::Interrupted)),
            };
        }
        installer.clean(&self.state).map_err(machine)?;
        let (listed, remote, release) = match self.wanted(anyway).await? {
            Ok(found) => found,
            Err(outcome) => return Ok(outcome),
        };
        if !anyway && !self.reports()? {
            return Ok(Outcome::Postponed(Postponed::NotReporting));
        }
        let program = self.fetch(&listed, &remote, &release).await?;
        let version = release.about.version;
        let installer = Installer { disk: &OnDisk, place: &self.place };
        let held = installer.store(&version, &program).map_err(machine)?;
        drop(program);
        if let Err(why) = starts(&self.place.program(&version), &version, &self.config.probe.config) {
            tracing::error!(%version, why, "the program of the release does not start on this machine");
            self.state.refuse(version.clone(), Failure::DoesNotStart);
            self.place.write(&OnDisk, &self.state).map_err(machine)?;
            Installer { disk: &OnDisk, place: &self.place }.clean(&self.state).map_err(machine)?;
            return Ok(Outcome::Undone(version, Failure::DoesNotStart));
        }
        tracing::info!(%version, "a trial begins");
        installer.begin(&mut self.state, held, now()?).map_err(machine)?;
        self.restart()?;
        self.watch()
    }

    /// Goes back to the packaged program, and never again to the kept ones.
    ///
    /// # Errors
    /// When that cannot be written.
    pub fn rollback(&mut self) -> Result<Version, Wrong> {
        let left = self.running();
        if self.state.trial.is_none() && self.state.confirmed.is_none() {
            return Ok(left);
        }
        let installer = Installer { disk: &OnDisk, place: &self.place };
        installer
            .leave_all(&mut self.state)
            .map_err(|error| Wrong::Machine("keeping the programs", error))?;
        self.restart()?;
        Ok(left)
    }

    /// The release to take, or what there is to say instead.
    async fn wanted(&mut self, anyway: bool) -> Result<Result<(Listed, Remote, Release), Outcome>, Wrong> {
        let seen = self.seen()?;
        if !anyway && let Err(why) = clock::calendar(seen.as_ref(), &now()?, clock::machine_unix_us()) {
            return Ok(Err(Outcome::Postponed(Postponed::Clock(why))));
        }
        let Some(seen) = seen else { return Ok(Err(Outcome::Postponed(Postponed::NoProbe))) };
        let (listed, remote) = self.look().await?;
        let releases = listed.releases();
        let running = self.running();
        let asker = Asker {
            probe: &seen.probe,
            version: &running,
            architecture: std::env::consts::ARCH,
            channel: &self.config.channel,
        };
        if let Some(release) = asker.choose(&releases, &self.state) {
            return Ok(Ok((listed, remote, release.clone())));
        }
        let newest = releases
            .iter()
            .filter(|release| asker.may_have(release) && release.about.version > running)
            .max_by(|a, b| a.about.version.cmp(&b.about.version));
        let passed = newest.and_then(|release| {
            let why = asker.judge(release, &self.state).err()?;
            Some(Outcome::Passed(release.about.version.clone(), why))
        });
        Ok(Err(passed.unwrap_or(Outcome::UpToDate)))
    }

    /// Fetches and verifies the list of releases. What that puts on the line is charged first, on the disk too.
    async fn look(&mut self) -> Result<(Listed, Remote), Wrong> {
        let root_path = &self.config.trusted_root;
        let root = read_up_to(root_path, ROOT_BYTES_MAX)
            .map_err(|error| Wrong::Root(root_path.display().to_string(), error))?;
        let machine = |error| Wrong::Machine("keeping the metadata", error);
        let anchor = sha256(&root);
        if self.state.anchor.as_ref() != Some(&anchor) {
            repository::forget(&OnDisk, &self.place).map_err(machine)?;
            self.state.anchor = Some(anchor);
        }
        let ca = self.config.ca_file.as_deref();
        let ca = ca.map(|path| {
            let name = path.display().to_string();
            let pem =
                read_up_to(path, ROOT_BYTES_MAX).map_err(|e| Trouble::Authority(name.clone(), e.to_string()));
            pem.map(|pem| (name, pem))
        });
        let ca = ca.transpose()?;
        let remote =
            Remote::new(ca.as_ref().map(|(name, pem)| (name.as_str(), pem.as_slice())), Pace::default())?;
        let charged = self.charge(LOOK_BYTES)?;
        remote.allow(charged, 0);
        let source =
            Source { address: &self.config.repository, root: &root, place: &self.place, disk: &OnDisk };
        let listed = source.look(&remote).await;
        self.settle(charged, remote.used())?;
        Ok((listed?, remote))
    }

    async fn fetch(&mut self, listed: &Listed, remote: &Remote, release: &Release) -> Result<Vec<u8>, Wrong> {
        // Two requests: consistent repositories may know a program by more than one digest.
        let charged = self.charge(on_the_line(release.bytes, 2))?;
        remote.allow(charged, release.bytes);
        let program = listed.program(release).await;
        self.settle(charged, remote.used())?;
        Ok(program?)
    }

    fn charge(&mut self, wanted: u64) -> Result<u64, Wrong> {
        let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
        let mut state = self.state.clone();
        let charged = state.traffic.charge(&month, wanted, self.config.data_limit())?;
        self.keep(state)?;
        Ok(charged)
    }

    fn settle(&mut self, charged: u64, actual: u64) -> Result<(), Wrong> {
        let mut state = self.state.clone();
        state.traffic.settle(charged, actual);
        self.keep(state)
    }

    fn keep(&mut self, state: State) -> Result<(), Wrong> {
        let disk: &dyn Disk = &OnDisk;
        self.place.write(disk, &state).map_err(|error| Wrong::Machine("keeping the state", error))?;
        self.state = state;
        Ok(())
    }

    /// Watches a trial to its end.
    fn watch(&mut self) -> Result<Outcome, Wrong> {
        let machine = |error| Wrong::Machine("keeping the programs", error);
        let patience = self.config.patience();
        let mut watch = Watch::default();
        loop {
            let Some(trial) = self.state.trial.clone() else {
                return Ok(Outcome::UpToDate);
            };
            let version = trial.held.version.clone();
            let verdict = watch.judge(&trial, self.seen()?.as_ref(), &now()?, &patience);
            let installer = Installer { disk: &OnDisk, place: &self.place };
            match verdict {
                Verdict::Open => thread::sleep(POLL),
                Verdict::Confirmed => {
                    installer.confirm(&mut self.state).map_err(machine)?;
                    tracing::info!(%version, "the release has proven itself");
                    return Ok(Outcome::Installed(version));
                }
                Verdict::Failed(why) => {
                    installer.undo(&mut self.state, why).map_err(machine)?;
                    tracing::error!(%version, ?why, "the release failed its trial; the earlier program is back");
                    self.restart()?;
                    return Ok(Outcome::Undone(version, why));
                }
            }
        }
    }

    /// Whether the running program's reports arrive: else a new one could not show that it works.
    fn reports(&self) -> Result<bool, Wrong> {
        let (now, silent) = (now()?, self.config.patience().silent);
        Ok(self.seen()?.is_some_and(|seen| seen.reports(&now, silent)))
    }

    fn seen(&self) -> Result<Option<Seen>, Wrong> {
        Seen::read(&self.config.probe.state_dir)
            .map_err(|error| Wrong::Machine("reading what the probe shows of itself", error))
    }

    /// Starts the probe anew where nobody watches the file `switch`.
    fn restart(&self) -> Result<(), Wrong> {
        let Some((program, arguments)) = self.config.probe.restart.split_first() else { return Ok(()) };
        let done = Command::new(program).args(arguments).stdin(Stdio::null()).status();
        match done {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Wrong::Restart(status.to_string())),
            Err(error) => Err(Wrong::Restart(error.to_string())),
        }
    }

    /// Notes how it ended, for `status`. A disk that refuses this has been complained about already.
    fn remember(&mut self, outcome: &Result<Outcome, Wrong>) {
        let (word, version, detail) = match outcome {
            Ok(outcome) => (outcome.word(), outcome.version().cloned(), outcome.detail()),
            Err(wrong) => ("failed", None, Some(chain(wrong))),
        };
        let mut state = self.state.clone();
        let unix_s = clock::machine_unix_us() / 1_000_000;
        state.last = Some(Last { unix_s, outcome: word.to_owned(), version, detail });
        if let Err(wrong) = self.keep(state) {
            tracing::warn!(error = chain(&wrong), "how this ended cannot be kept");
        }
    }
}

impl Outcome {
    /// A word for it that does not change: in the state and in `--json`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::Passed(..) => "passed",
            Self::Available(_) => "available",
            Self::Postponed(_) => "postponed",
            Self::Installed(_) => "installed",
            Self::Undone(..) => "undone",
        }
    }

    const fn version(&self) -> Option<&Version> {
        match self {
            Self::UpToDate | Self::Postponed(_) => None,
            Self::Passed(version, _)
            | Self::Available(version)
            | Self::Installed(version)
            | Self::Undone(version, _) => Some(version),
        }
    }

    fn detail(&self) -> Option<String> {
        match self {
            Self::UpToDate | Self::Available(_) | Self::Installed(_) => None,
            Self::Passed(_, why) => Some(format!("{why:?}")),
            Self::Postponed(why) => Some(format!("{why:?}")),
            Self::Undone(_, why) => Some(format!("{why:?}")),
        }
    }
}

/// An error with its causes.
#[must_use]
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let said = inner.to_string();
        // Libraries repeat the inner error in the outer one.
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        cause = inner.source();
    }
    text
}

/// Whether a program starts on this machine, is the version that was signed, and reads the probe's configuration.
fn starts(program: &Path, version: &Version, configuration: &Path) -> Result<(), String> {
    let (ended, said) = ask(program, &["--version"])?;
    let expected = format!("desserte-probe {version}");
    if !ended || said.trim() != expected {
        return Err(format!("it says {:?} where {expected:?} was signed", said.trim()));
    }
    // The file belongs to the probe; where the updater may not read it, the trial will show.
    if File::open(configuration).is_err() {
        return Ok(());
    }
    let path = configuration.display().to_string();
    let (ended, said) = ask(program, &["check-config", "--lang", "en", "--config", &path])?;
    if ended { Ok(()) } else { Err(format!("it refuses the configuration: {}", said.trim())) }
}

/// Whether a program ended well within its time, and the beginning of what it said.
fn ask(program: &Path, arguments: &[&str]) -> Result<(bool, String), String> {
    let words = |error: io::Error| error.to_string();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(words)?;
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(words)? {
            Some(status) => break status,
            None if begun.elapsed() > ANSWER_MAX => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer to {arguments:?} within {} s", ANSWER_MAX.as_secs()));
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    };
    let mut said = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        pipe.take(SAID_BYTES_MAX).read_to_end(&mut said).map_err(words)?;
    }
    Ok((status.success(), String::from_utf8_lossy(&said).into_owned()))
}

fn now() -> Result<Moment, Wrong> {
    Moment::now().map_err(|error| Wrong::Machine("reading the clock", error))
}

fn read_up_to(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    if fs::metadata(path)?.len() > max {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("it is longer than {max} octets")));
    }
    fs::read(path)
}
