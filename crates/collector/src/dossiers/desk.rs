//! Who asked for what, what is being made, what is ready.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::Notify;

use super::asked::Asked;
use crate::config::Dossiers;

/// How long it is remembered that a dossier could not be made: then it may be asked for again.
const ENDED_FOR: Duration = Duration::from_secs(600);

/// Ends that are remembered at the most.
const ENDED_MAX: usize = 1_000;

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Signed batches are looked for and proven.
    Gathering,
    /// So many of them, of all, were checked and read again.
    Reading(u32, u32),
    /// Figures are made.
    Measuring,
    /// The PDF is set.
    Setting,
    /// Files are written.
    Writing,
}

/// How a dossier stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It was not asked for, or what was made has expired.
    Unasked,
    /// So many are made before it.
    Waiting(usize),
    /// It is being made.
    Making(Step),
    /// It can be downloaded: octets of each file of [`super::FILES`].
    Ready([u64; 2]),
    /// It may not be made, with the reason in words.
    Refused(String),
    /// It could not be made; the log says why.
    Failed,
}

/// As many are waiting as may.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// How making one ended without files.
#[derive(Debug, Clone)]
pub(super) enum End {
    Refused(String),
    Failed,
}

#[derive(Debug, Default)]
struct Jobs {
    waiting: VecDeque<Asked>,
    making: Option<(Asked, Step)>,
    ended: BTreeMap<Asked, (End, Instant)>,
}

/// The queue and the shelf.
#[derive(Debug)]
pub(crate) struct Desk {
    directory: PathBuf,
    waiting_max: usize,
    keep: Duration,
    keep_octets: u64,
    jobs: Mutex<Jobs>,
    /// Told when there is something to make.
    pub(super) asked: Notify,
}

impl Desk {
    /// A desk that keeps dossiers in `directory`.
    pub(crate) fn new(directory: PathBuf, rules: &Dossiers) -> Self {
        Self {
            directory,
            waiting_max: rules.waiting,
            keep: Duration::from_secs(rules.keep_hours.saturating_mul(3_600)),
            keep_octets: rules.keep_mib.saturating_mul(1_024 * 1_024),
            jobs: Mutex::default(),
            asked: Notify::new(),
        }
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        // Each change leaves it whole, whoever panicked beside it.
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How a dossier stands.
    pub(crate) fn standing(&self, asked: Asked) -> Standing {
        let jobs = self.jobs();
        if let Some((_, step)) = jobs.making.filter(|(making, _)| *making == asked) {
            return Standing::Making(step);
        }
        if let Some(before) = jobs.waiting.iter().position(|waiting| *waiting == asked) {
            return Standing::Waiting(before + usize::from(jobs.making.is_some()));
        }
        let ended = jobs.ended.get(&asked).filter(|(_, since)| since.elapsed() < ENDED_FOR).cloned();
        drop(jobs);
        let octets =
            super::FILES.map(|(file, _)| std::fs::metadata(self.place(asked, file)).map(|found| found.len()));
        match (octets, ended) {
            ([Ok(pdf), Ok(bundle)], _) => Standing::Ready([pdf, bundle]),
            (_, Some((End::Refused(why), _))) => Standing::Refused(why),
            (_, Some((End::Failed, _))) => Standing::Failed,
            _ => Standing::Unasked,
        }
    }

    /// Queues a dossier, unless it is on its way, or there.
    ///
    /// # Errors
    /// When as many are waiting as may.
    pub(crate) fn ask(&self, asked: Asked) -> Result<(), Full> {
        if !matches!(self.standing(asked), Standing::Unasked | Standing::Failed) {
            return Ok(());
        }
        let mut jobs = self.jobs();
        // Somebody may have asked for it a moment ago.
        if jobs.waiting.contains(&asked) || jobs.making.is_some_and(|(making, _)| making == asked) {
            return Ok(());
        }
        if jobs.waiting.len() >= self.waiting_max {
            return Err(Full);
        }
        jobs.ended.remove(&asked);
        jobs.waiting.push_back(asked);
        drop(jobs);
        self.asked.notify_one();
        Ok(())
    }

    /// Where a file of a dossier is, once it is made.
    pub(crate) fn place(&self, asked: Asked, file: &str) -> PathBuf {
        self.directory.join(asked.name()).join(file)
    }

    /// Where the next one is made; nothing that waits there is anybody's.
    pub(super) fn making_place(&self) -> io::Result<PathBuf> {
        let place = self.directory.join(".making");
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        std::fs::create_dir_all(&place)?;
        Ok(place)
    }

    /// Takes the one that waited longest.
    pub(super) fn next(&self) -> Option<Asked> {
        let mut jobs = self.jobs();
        let asked = jobs.waiting.pop_front()?;
        jobs.making = Some((asked, Step::Gathering));
        Some(asked)
    }

    /// Says how far the one being made is.
    pub(super) fn now_at(&self, step: Step) {
        if let Some((_, now)) = &mut self.jobs().making {
            *now = step;
        }
    }

    /// Notes how making one ended; its files take the place of older ones.
    pub(super) fn ended(&self, asked: Asked, made: Result<PathBuf, End>) -> io::Result<()> {
        let moved = match &made {
            Ok(place) => self.shelve(asked, place),
            Err(_) => Ok(()),
        };
        let mut jobs = self.jobs();
        jobs.making = None;
        jobs.ended.retain(|_, (_, since)| since.elapsed() < ENDED_FOR);
        let end = match (made, &moved) {
            (Err(end), _) => Some(end),
            (Ok(_), Err(_)) => Some(End::Failed),
            (Ok(_), Ok(())) => None,
        };
        if let Some(end) = end.filter(|_| jobs.ended.len() < ENDED_MAX) {
            jobs.ended.insert(asked, (end, Instant::now()));
        }
        moved
    }

    fn shelve(&self, asked: Asked, made: &Path) -> io::Result<()> {
        let place = self.directory.join(asked.name());
        if place.exists() {
            std::fs::remove_dir_all(&place)?;
        }
        std::fs::rename(made, place)
    }

    /// Removes what has expired, and the oldest of what is more than may be kept.
    pub(super) fn tidy(&self) -> io::Result<()> {
        let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
        let entries = match std::fs::read_dir(&self.directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let path = entry?.path();
            if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
                continue;
            }
            let files = super::FILES.map(|(file, _)| std::fs::metadata(path.join(file)));
            let octets = files.iter().flatten().map(std::fs::Metadata::len).sum();
            let made = files[0]
                .as_ref()
                .map_or(SystemTime::UNIX_EPOCH, |found| found.modified().unwrap_or(SystemTime::UNIX_EPOCH));
            kept.push((made, octets, path));
        }
        kept.sort_unstable_by(|one, other| other.cmp(one));
        let mut sum = 0_u64;
        for (made, octets, path) in kept {
            sum = sum.saturating_add(octets);
            let expired = made.elapsed().is_ok_and(|age| age >= self.keep);
            if expired || sum > self.keep_octets {
                std::fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(month: &str) -> Asked {
        Asked { commune: "23096".parse().unwrap(), month: month.parse().unwrap(), english: false }
    }

    fn made(desk: &Desk, octets: usize) -> PathBuf {
        let place = desk.making_place().unwrap();
        std::fs::write(place.join("dossier.pdf"), vec![0; octets]).unwrap();
        std::fs::write(place.join("dossier.zip"), b"z").unwrap();
        place
    }

    #[test]
    fn one_is_made_at_a_time_others_wait_and_the_same_is_asked_for_once() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path().to_owned(), &Dossiers { waiting: 2, ..Dossiers::default() });
        let [one, two, three] = ["2026-10", "2026-09", "2026-08"].map(asked);
        assert_eq!(desk.standing(one), Standing::Unasked);
        for wanted in [one, one, two, one] {
            desk.ask(wanted).unwrap();
        }
        assert_eq!(desk.ask(three), Err(Full));
        assert_eq!((desk.standing(one), desk.standing(two)), (Standing::Waiting(0), Standing::Waiting(1)));
        assert_eq!(desk.next(), Some(one));
        desk.now_at(Step::Reading(3, 9));
        assert_eq!(desk.standing(one), Standing::Making(Step::Reading(3, 9)));
        assert_eq!(desk.standing(two), Standing::Waiting(1));
        desk.ask(one).unwrap();
        desk.ended(one, Ok(made(&desk, 7))).unwrap();
        assert_eq!(desk.standing(one), Standing::Ready([7, 1]));
        // It is there: nobody makes it again.
        desk.ask(one).unwrap();
        assert_eq!(desk.next(), Some(two));
        desk.ended(two, Err(End::Refused("no".to_owned()))).unwrap();
        assert_eq!(desk.standing(two), Standing::Refused("no".to_owned()));
        desk.ask(two).unwrap();
        assert_eq!(desk.next(), None);
    }

    #[test]
    fn what_is_old_or_too_much_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let desk = Desk::new(dir.path().to_owned(), &Dossiers { keep_mib: 1, ..Dossiers::default() });
        let [one, two, three] = ["2026-10", "2026-09", "2026-08"].map(asked);
        for (wanted, octets, hours) in [(one, 900_000, 1), (two, 400_000, 2), (three, 1, 100)] {
            desk.ask(wanted).unwrap();
            desk.next().unwrap();
            desk.ended(wanted, Ok(made(&desk, octets))).unwrap();
            let file = std::fs::File::options().write(true).open(desk.place(wanted, "dossier.pdf")).unwrap();
            file.set_modified(SystemTime::now() - Duration::from_secs(3_600 * hours)).unwrap();
        }
        desk.tidy().unwrap();
        assert_eq!(desk.standing(one), Standing::Ready([900_000, 1]));
        assert_eq!(desk.standing(two), Standing::Unasked, "the shelf has room for one of them");
        assert_eq!(desk.standing(three), Standing::Unasked, "it has expired");
        assert!(Desk::new(dir.path().join("none"), &Dossiers::default()).tidy().is_ok());
    }
}
