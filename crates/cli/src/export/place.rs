//! The directory that an export becomes: whole under its name, or not there.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;

use crate::disk::{Building, digest};
use crate::out::Failure;

/// The file that tells what an export is made from; a directory that has it may be replaced by a newer export.
pub(super) const MANIFEST: &str = "manifest.json";

/// The directory being filled.
pub(super) struct Place(Building);

/// A file that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written {
    /// Its place in the directory, with slashes.
    pub(super) path: String,
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Place {
    /// Begins; refuses a directory that holds anything but an export.
    pub(super) fn begin(target: &Path) -> Result<Self, Failure> {
        Building::begin(target, Some(MANIFEST)).map(Self)
    }

    /// Writes one file, flushed to the disk.
    pub(super) fn write(
        &self,
        path: &str,
        fill: impl FnOnce(&mut BufWriter<File>) -> anyhow::Result<()>,
    ) -> anyhow::Result<Written> {
        let full = self.0.path().join(path);
        let doing = || format!("cannot write {}", full.display());
        if let Some(parent) = full.parent() {
            fs::create_dir_all(parent).with_context(doing)?;
        }
        let mut file = BufWriter::new(File::create(&full).with_context(doing)?);
        fill(&mut file).with_context(doing)?;
        file.flush().with_context(doing)?;
        file.get_ref().sync_all().with_context(doing)?;
        let (bytes, sha256) = digest(&full).with_context(doing)?;
        Ok(Written { path: path.to_owned(), bytes, sha256 })
    }

    /// Gives the directory its name; an export that was there goes.
    pub(super) fn finish(self) -> anyhow::Result<()> {
        self.0.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(target: &Path, content: &[u8]) -> Place {
        let place = Place::begin(target).map_err(|failure| failure.error).unwrap();
        for path in [MANIFEST, "2026-10/23/a.csv"] {
            place.write(path, |file| Ok(file.write_all(content)?)).unwrap();
        }
        place
    }

    #[test]
    fn an_export_is_there_whole_or_not_at_all_and_a_newer_one_takes_its_place() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        drop(fill(&target, b"1"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "ended before its end");
        fill(&target, b"1").finish().unwrap();
        fill(&target, b"2").finish().unwrap();
        assert_eq!(fs::read(target.join("2026-10/23/a.csv")).unwrap(), b"2");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn a_directory_with_other_things_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter.txt"), "").unwrap();
        let failure = Place::begin(dir.path()).err().unwrap();
        assert!(failure.error.to_string().contains("other things"), "{}", failure.error);
        assert!(dir.path().join("letter.txt").is_file());
    }
}
