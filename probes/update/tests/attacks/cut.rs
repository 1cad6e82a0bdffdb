//! The power goes while verified metadata is kept: whatever is left of it is good for the next look, and never for an older list.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;

use desserte_update::disk::{Disk, Kind, OnDisk};

use super::{Behaviour, Victim, versions};

/// A disk whose power goes at a step; a write is cut in its middle.
struct Cutting {
    left: Cell<u32>,
}

impl Cutting {
    fn step(&self) -> io::Result<()> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| io::Error::other("the power is gone"))?;
        self.left.set(left);
        Ok(())
    }
}

impl Disk for Cutting {
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.make_folder(path)
    }

    fn write(&self, path: &Path, octets: &[u8], kind: Kind) -> io::Result<()> {
        let step = self.step();
        let octets = if step.is_ok() { octets } else { &octets[..octets.len() / 2] };
        OnDisk.write(path, octets, kind)?;
        step
    }

    fn flush(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.flush(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.rename(from, to)
    }

    fn flush_folder(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.flush_folder(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.step()?;
        OnDisk.remove(path)
    }
}

#[tokio::test]
async fn a_power_cut_at_any_write_of_metadata_leaves_metadata_that_is_good_for_the_next_look() {
    let mut cuts = 0;
    for left in 0.. {
        let victim = Victim::of("newer").await;
        let disk = Cutting { left: Cell::new(left) };
        let (looked, _) = victim.look_with(&disk, &victim.after, Behaviour::Honest).await;
        for entry in fs::read_dir(victim.folder.path().join("metadata")).unwrap() {
            let path = entry.unwrap().path();
            let whole = serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).is_ok();
            assert!(
                whole || path.extension().is_none_or(|end| end == "part"),
                "{} after {left} steps",
                path.display()
            );
        }
        let done = looked.is_ok();
        if done {
            // All of it is kept: the older list is refused from now on.
            let (older, _) = victim.look(&victim.before, Behaviour::Honest).await;
            assert!(older.is_err_and(|said| said.contains("previously fetched")));
        }
        let (newer, _) = victim.look(&victim.after, Behaviour::Honest).await;
        assert_eq!(versions(&newer.unwrap()), ["0.2.0", "0.3.0"], "after {left} steps");
        if done {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 15, "only {cuts} cuts");
}
