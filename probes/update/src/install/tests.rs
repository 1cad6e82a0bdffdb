//! The power is cut at each step of an update, what was not flushed is kept or lost, and there is always a program that works.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::disk::OnDisk;
use crate::exec;

const OLD: &[u8] = b"the confirmed program";
const NEW: &[u8] = b"the program of the release";

/// A name that was not yet brought to the disk, and what stood there before.
enum Name {
    Renamed { from: PathBuf, to: PathBuf, before: Option<Vec<u8>> },
    Made(PathBuf),
}

/// A disk whose power goes at a step.
struct Cutting {
    left: Cell<u32>,
    steps: Cell<u32>,
    /// Whether what was not flushed is lost; else all of it happens to survive.
    lossy: bool,
    unflushed: RefCell<Vec<PathBuf>>,
    names: RefCell<Vec<Name>>,
}

impl Cutting {
    fn new(left: u32, lossy: bool) -> Self {
        Self {
            left: Cell::new(left),
            steps: Cell::new(0),
            lossy,
            unflushed: RefCell::default(),
            names: RefCell::default(),
        }
    }

    /// One more step; the power goes before it.
    fn step(&self) -> io::Result<()> {
        self.steps.set(self.steps.get() + 1);
        match self.left.get() {
            0 => Err(io::Error::other("the power is gone")),
            left => {
                self.left.set(left - 1);
                Ok(())
            }
        }
    }

    /// What the disk holds when the power is back.
    fn after(&self) {
        if !self.lossy {
            return;
        }
        for name in self.names.borrow_mut().drain(..).rev() {
            match name {
                Name::Renamed { from, to, before } => {
                    let _ = fs::rename(&to, from);
                    if let Some(before) = before {
                        fs::write(to, before).unwrap();
                    }
                }
                Name::Made(path) => drop(fs::remove_dir_all(path)),
            }
        }
        for path in self.unflushed.borrow().iter() {
            if let Ok(octets) = fs::read(path) {
                fs::write(path, &octets[..octets.len() / 2]).unwrap();
            }
        }
    }
}

impl Disk for Cutting {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        let first = path.ancestors().take_while(|folder| !folder.exists()).last().map(Path::to_owned);
        self.names.borrow_mut().extend(first.map(Name::Made));
        OnDisk.make_folder(path)
    }

    fn write(&self, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()> {
        self.unflushed.borrow_mut().push(path.to_owned());
        if let Err(error) = self.step() {
            // Cut in the middle of the write.
            OnDisk.write(path, &octets[..octets.len() / 2], kind)?;
            return Err(error);
        }
        OnDisk.write(path, octets, kind)
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.unflushed.borrow_mut().retain(|other| other != path);
        OnDisk.flush(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        for path in self.unflushed.borrow_mut().iter_mut().filter(|path| *path == from) {
            to.clone_into(path);
        }
        let before = fs::read(to).ok();
        self.names.borrow_mut().push(Name::Renamed { from: from.to_owned(), to: to.to_owned(), before });
        OnDisk.rename(from, to)
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        self.names.borrow_mut().retain(|name| {
            let (Name::Renamed { to: named, .. } | Name::Made(named)) = name;
            named.parent() != Some(path)
        });
        OnDisk.flush_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.remove(path)
    }
}

fn version(minor: u64) -> Version {
    Version::new(0, minor, 0)
}

fn moment(boot: &str) -> Moment {
    Moment { boot: boot.to_owned(), since_boot_us: 1 }
}

/// A probe whose packaged program is 0.1.0 and whose confirmed one is 0.2.0.
fn settled(folder: &Path) -> (Place, State) {
    let place = Place::new(folder);
    let installer = Installer { disk: &OnDisk, place: &place };
    let held = installer.store(&version(2), OLD).unwrap();
    let state = State { confirmed: Some(held), ..State::default() };
    place.write(&OnDisk, &state).unwrap();
    (place, state)
}

/// An update from its first write to its last.
fn story(installer: Installer<'_>, state: &mut State, works: bool) -> io::Result<()> {
    let held = installer.store(&version(3), NEW)?;
    installer.begin(state, held, moment("first"))?;
    if works { installer.confirm(state) } else { installer.undo(state, Failure::NeverCameUp) }
}

#[test]
fn whenever_the_power_goes_a_program_that_works_starts_next_and_the_update_can_be_done_again() {
    let mut cuts = 0;
    for (works, lossy) in [(true, false), (true, true), (false, false), (false, true)] {
        for left in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let (place, mut state) = settled(folder.path());
            let disk = Cutting::new(left, lossy);
            let done = story(Installer { disk: &disk, place: &place }, &mut state, works);
            disk.after();
            let kept = place.read().unwrap();
            let next = exec::chosen(&place, &version(1), &moment("second"));
            let first = next.first().map(|held| held.version.minor);
            let context = format!("works {works}, lossy {lossy}, cut after {left} steps: {first:?} {kept:?}");
            let confirmed = kept.confirmed.as_ref().map(|held| held.version.minor);
            assert_eq!(first, confirmed, "what was confirmed starts: {context}");
            assert!(first == Some(2) || (works && first == Some(3)), "{context}");
            // Everything that the state names is there and whole, in the boot of the trial as well.
            for held in kept.confirmed.iter().chain(kept.trial.as_ref().map(|trial| &trial.held)) {
                assert!(exec::whole(&place, held), "{context}");
            }
            if done.is_ok() {
                assert_eq!(first, Some(if works { 3 } else { 2 }), "{context}");
                assert_eq!(kept.refusal(&version(3)).is_some(), !works, "{context}");
                break;
            }
            cuts += 1;
            let installer = Installer { disk: &OnDisk, place: &place };
            let mut kept = kept;
            installer.clean(&kept).unwrap();
            story(installer, &mut kept, true).unwrap();
            let next = exec::chosen(&place, &version(1), &moment("second"));
            assert_eq!(next.first().map(|held| held.version.minor), Some(3), "{context}");
        }
    }
    assert!(cuts > 40, "only {cuts} cuts");
}

/// A disk without room for a program.
struct Full;

impl Disk for Full {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        OnDisk.make_folder(path)
    }

    fn write(&self, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()> {
        OnDisk.write(path, &octets[..3], kind)?;
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        OnDisk.flush(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        OnDisk.rename(from, to)
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        OnDisk.flush_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        OnDisk.remove(path)
    }
}

#[test]
fn on_a_full_disk_nothing_changes_and_nothing_of_the_program_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (place, state) = settled(folder.path());
    let error = Installer { disk: &Full, place: &place }.store(&version(3), NEW).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    assert_eq!(place.read().unwrap(), state);
    let left = fs::read_dir(place.program(&version(3)).parent().unwrap()).unwrap().count();
    assert_eq!(left, 0, "a part of the program is left");
}

#[test]
fn a_program_that_rots_on_its_card_is_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let (place, _) = settled(folder.path());
    let path = place.program(&version(2));
    let mut octets = fs::read(&path).unwrap();
    octets[5] ^= 1;
    fs::write(&path, octets).unwrap();
    assert_eq!(exec::chosen(&place, &version(1), &moment("second")), []);
}

#[test]
fn a_trial_that_is_always_cut_short_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (place, mut state) = settled(folder.path());
    let installer = Installer { disk: &OnDisk, place: &place };
    let held = installer.store(&version(3), NEW).unwrap();
    installer.begin(&mut state, held, moment("a")).unwrap();
    installer.resume(&mut state, moment("b")).unwrap();
    assert_eq!(state.trial.as_ref().unwrap().interrupted, 1);
    installer.resume(&mut state, moment("c")).unwrap();
    installer.resume(&mut state, moment("d")).unwrap();
    assert_eq!(state.trial, None);
    assert_eq!(state.refusal(&version(3)), Some(Failure::Interrupted));
    assert_eq!(state.confirmed.as_ref().unwrap().version, version(2));
}

#[test]
fn a_package_that_overtakes_a_kept_program_removes_it() {
    let folder = tempfile::tempdir().unwrap();
    let (place, mut state) = settled(folder.path());
    let installer = Installer { disk: &OnDisk, place: &place };
    installer.overtaken(&mut state, &version(1)).unwrap();
    assert!(state.confirmed.is_some());
    installer.overtaken(&mut state, &version(2)).unwrap();
    assert_eq!(state.confirmed, None);
    assert!(!place.program(&version(2)).exists());
}
