//! The repository of releases, as far as its signatures vouch for it.
//!
//! What is verified, and how, is the library's business (TUF 1.0: thresholds of keys, versions that never fall, ends of validity). Here its store
//! is made safe against power cuts: the library works on a copy, and what it verified replaces the kept metadata file by file.

use std::path::Path;
use std::{fs, io};

use tough::schema::Target;
use tough::{ExpirationEnforcement, IntoVec as _, Limits, Repository, RepositoryLoader, TargetName};
use url::Url;

use crate::disk::{Disk, Kind, replace};
use crate::release::Release;
use crate::remote::{METADATA_BYTES_MAX, Remote};
use crate::state::Place;

/// Roots of trust that are followed in one look: a key is replaced once in years.
const ROOTS_MAX: u64 = 32;

/// Where the library works.
const SCRATCH: &str = "metadata.part";

/// Why a repository is of no use.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The address makes no sense.
    #[error("the address of the repository makes no sense")]
    Address(#[from] url::ParseError),
    /// The kept metadata can be neither read nor written.
    #[error("keeping the metadata of the repository")]
    Disk(#[from] io::Error),
    /// It could not be fetched, or is not signed as it must be.
    #[error("the repository's metadata is refused")]
    Refused(#[source] Box<tough::error::Error>),
    /// The listed program could not be fetched, or is not the one that was signed.
    #[error("the program {0} is refused")]
    Program(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// The repository lists a program that it does not have.
    #[error("the program {0} is listed and not there")]
    Absent(String),
}

/// Who vouches for what, and where it is kept.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The folder that holds `metadata` and `targets`.
    pub address: &'a Url,
    /// The root of trust that was handed over with the configuration.
    pub root: &'a [u8],
    /// The updater's folder.
    pub place: &'a Place,
    /// The disk.
    pub disk: &'a dyn Disk,
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("address", &self.address.as_str()).finish_non_exhaustive()
    }
}

/// A verified list of releases.
#[derive(Debug)]
pub struct Listed {
    repository: Repository,
}

impl Source<'_> {
    /// Fetches the metadata, verifies it against what was kept, and keeps it.
    ///
    /// # Errors
    /// When anything is missing, unsigned, out of date, older than what was kept, too long or too slow. What was kept stays.
    pub async fn look(&self, remote: &Remote) -> Result<Listed, Unusable> {
        let base = Url::parse(&format!("{}/", self.address.as_str().trim_end_matches('/')))?;
        let kept = self.place.metadata();
        let scratch = self.place.folder().join(SCRATCH);
        self.disk.remove(&scratch)?;
        self.disk.make_folder(&scratch)?;
        self.disk.make_folder(&kept)?;
        copy_files(&kept, |name, octets| fs::write(scratch.join(name), octets))?;
        // The last root that was followed vouches for the next; it goes back to the one that was handed over.
        let root = match fs::read(kept.join("root.json")) {
            Ok(root) => root,
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.root.to_owned(),
            Err(error) => return Err(error.into()),
        };
        let limits = Limits {
            max_root_size: METADATA_BYTES_MAX,
            max_targets_size: METADATA_BYTES_MAX,
            max_timestamp_size: METADATA_BYTES_MAX,
            max_snapshot_size: METADATA_BYTES_MAX,
            max_root_updates: ROOTS_MAX,
        };
        let repository = RepositoryLoader::new(&root, base.join("metadata/")?, base.join("targets/")?)
            .transport(remote.clone())
            .limits(limits)
            .datastore(&scratch)
            .expiration_enforcement(ExpirationEnforcement::Safe)
            .load()
            .await
            .map_err(|error| Unusable::Refused(Box::new(error)))?;
        copy_files(&scratch, |name, octets| replace(self.disk, &kept.join(name), octets, Kind::File))?;
        Ok(Listed { repository })
    }
}

impl Listed {
    /// The releases of the probe that are listed.
    #[must_use]
    pub fn releases(&self) -> Vec<Release> {
        let read =
            |(name, target): (&TargetName, &Target)| Release::read(name.raw(), target.length, &target.custom);
        self.repository.all_targets().filter_map(read).collect()
    }

    /// Fetches the program of a release; what is returned has the length and the digest that were signed.
    ///
    /// # Errors
    /// When it cannot be fetched, or is another.
    pub async fn program(&self, release: &Release) -> Result<Vec<u8>, Unusable> {
        let refused = |error: Box<dyn std::error::Error + Send + Sync>| {
            Unusable::Program(release.target.clone(), error)
        };
        let name = TargetName::new(&release.target).map_err(|error| refused(Box::new(error)))?;
        let stream = self.repository.read_target(&name).await.map_err(|error| refused(Box::new(error)))?;
        let stream = stream.ok_or_else(|| Unusable::Absent(release.target.clone()))?;
        let octets = stream.into_vec().await.map_err(|error| refused(Box::new(error)))?;
        // The library takes a shorter one whose digest fits, which there is none of; the length is signed all the same.
        if u64::try_from(octets.len()) == Ok(release.bytes) {
            Ok(octets)
        } else {
            Err(refused("its length differs".into()))
        }
    }
}

/// Forgets all metadata, to begin at another root of trust.
///
/// # Errors
/// As the system says.
pub fn forget(disk: &dyn Disk, place: &Place) -> io::Result<()> {
    disk.remove(&place.metadata())
}

/// Hands over each file of metadata in a folder.
fn copy_files(folder: &Path, mut each: impl FnMut(&str, &[u8]) -> io::Result<()>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        if let Some(name) = name.to_str().filter(|name| name.ends_with(".json")) {
            each(name, &fs::read(folder.join(name))?)?;
        }
    }
    Ok(())
}
