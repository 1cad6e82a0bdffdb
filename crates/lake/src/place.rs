//! Where a history stands: in its data directory, or below an address of an object store.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::files::{DurableFiles, Watch};
use crate::objects::Objects;
use crate::settings::{self, Reached};
use crate::{CollectorNumber, LakeError};

/// Name of the history in a data directory; each generation is a directory in it.
const LAKE_DIRECTORY: &str = "lake";

/// Where a history stands. All generations of it are in one place.
#[derive(Clone)]
pub struct Place(Root);

#[derive(Clone)]
enum Root {
    /// A directory of this machine.
    Files(PathBuf),
    /// Below an address in an object store.
    Objects { address: Url, store: Arc<dyn ObjectStore>, collector: CollectorNumber },
}

impl Place {
    /// The one that a data directory names: that which its `history.toml` says, or the directory itself.
    ///
    /// # Errors
    /// When the file cannot be used, or the directory cannot be found out.
    pub fn of_data(data: &FilePath) -> Result<Self, LakeError> {
        match settings::read(data)? {
            Some(Reached { address, store, collector }) => {
                Ok(Self::objects(address, store)?.counting(collector))
            }
            None => Self::files(data),
        }
    }

    /// In a data directory, whatever its `history.toml` says.
    pub(crate) fn files(data: &FilePath) -> Result<Self, LakeError> {
        // The format knows tables by absolute addresses.
        let data = std::path::absolute(data)
            .map_err(|source| LakeError::Directory { path: data.to_owned(), source })?;
        Ok(Self(Root::Files(data.join(LAKE_DIRECTORY))))
    }

    /// Below an address (`s3://BUCKET/PREFIX`) of a store that puts an object of a new name atomically and tells when the name is taken.
    ///
    /// # Errors
    /// When the address names no bucket.
    pub fn objects(address: Url, store: Arc<dyn ObjectStore>) -> Result<Self, LakeError> {
        let said = "not the address of a bucket, as in s3://BUCKET/PREFIX";
        if address.host_str().is_none() || address.cannot_be_a_base() {
            return Err(LakeError::Settings { path: address.as_str().into(), said: said.to_owned() });
        }
        Ok(Self(Root::Objects { address, store, collector: CollectorNumber::FIRST }))
    }

    /// The same for one of several collectors.
    #[must_use]
    pub fn counting(self, number: CollectorNumber) -> Self {
        match self.0 {
            Root::Objects { address, store, .. } => Self(Root::Objects { address, store, collector: number }),
            files @ Root::Files(_) => Self(files),
        }
    }

    /// Which of the collectors that write here this is.
    #[must_use]
    pub const fn collector(&self) -> CollectorNumber {
        match self.0 {
            Root::Objects { collector, .. } => collector,
            Root::Files(_) => CollectorNumber::FIRST,
        }
    }

    /// The store that it is in, when that is none of files.
    pub(crate) const fn store(&self) -> Option<&Arc<dyn ObjectStore>> {
        match &self.0 {
            Root::Objects { store, .. } => Some(store),
            Root::Files(_) => None,
        }
    }

    /// Whether it is an object store, and not a directory of this machine.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        matches!(self.0, Root::Objects { .. })
    }

    /// The store that the engine is to find its files in.
    pub(crate) fn store_url(&self) -> ObjectStoreUrl {
        match &self.0 {
            Root::Files(_) => ObjectStoreUrl::local_filesystem(),
            // A URL with a host is one, whatever else is in it.
            Root::Objects { address, .. } => ObjectStoreUrl::parse(&address[..url::Position::BeforePath])
                .unwrap_or_else(|_| ObjectStoreUrl::local_filesystem()),
        }
    }

    /// Makes the store known to an engine, which then reads from it what scans of this place name.
    pub fn make_known(&self, engine: &RuntimeEnv) {
        if let Root::Objects { store, .. } = &self.0 {
            engine.register_object_store(
                self.store_url().as_ref(),
                Arc::new(Objects::new(store.clone(), None)),
            );
        }
    }

    /// What is below the place, as messages name it and, on this machine, as the system does.
    pub(crate) fn path(&self, below: &FilePath) -> PathBuf {
        match &self.0 {
            Root::Files(root) => root.join(below),
            Root::Objects { address, .. } => {
                FilePath::new(address.as_str().trim_end_matches('/')).join(below)
            }
        }
    }

    /// What is below the place, as the store that the engine reads from knows it.
    pub(crate) fn location(&self, below: &FilePath) -> Result<Path, LakeError> {
        match &self.0 {
            Root::Files(root) => {
                let path = root.join(below);
                Path::from_absolute_path(&path).map_err(|error| LakeError::Directory {
                    path,
                    source: std::io::Error::other(error.to_string()),
                })
            }
            Root::Objects { address, .. } => {
                let below = below.to_string_lossy();
                Ok(Path::from(address.path()).parts().chain(Path::from(below.as_ref()).parts()).collect())
            }
        }
    }

    /// How messages name a file of a table.
    pub(crate) fn told(&self, location: &Path) -> String {
        match &self.0 {
            Root::Files(_) => format!("/{location}"),
            Root::Objects { .. } => format!("{}{location}", self.store_url()),
        }
    }

    /// What reads and writes the log and the files of a table.
    pub(crate) fn log_store(&self, below: &FilePath, watch: Option<Watch>) -> Result<LogStoreRef, LakeError> {
        let path = self.path(below);
        let no_address = || LakeError::Directory {
            path: path.clone(),
            source: std::io::Error::other("not an absolute path"),
        };
        let (store, address): (Arc<dyn ObjectStore>, Url) = match &self.0 {
            Root::Files(_) => {
                let address = Url::from_directory_path(&path).map_err(|()| no_address())?;
                (Arc::new(DurableFiles::new(watch)), address)
            }
            Root::Objects { store, .. } => {
                let address = Url::parse(&format!("{}/", path.display())).map_err(|_| no_address())?;
                (Arc::new(Objects::new(store.clone(), watch)), address)
            }
        };
        let below = PrefixStore::new(store.clone(), self.location(below)?);
        Ok(default_logstore(Arc::new(below), store, &address, &StorageConfig::default()))
    }

    /// Names of the directories right below the place.
    pub(crate) async fn directories(&self) -> Result<Vec<String>, LakeError> {
        match &self.0 {
            Root::Files(root) => {
                let wrap = |source| LakeError::Directory { path: root.clone(), source };
                match std::fs::read_dir(root) {
                    Ok(entries) => entries
                        .map(|entry| Ok(entry.map_err(wrap)?.file_name().to_string_lossy().into_owned()))
                        .collect(),
                    // Nothing is written yet at all.
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
                    Err(error) => Err(wrap(error)),
                }
            }
            Root::Objects { store, .. } => {
                let root = self.location(FilePath::new(""))?;
                let listed = store.list_with_delimiter(Some(&root)).await.map_err(|error| {
                    LakeError::Storage { path: self.path(FilePath::new("")), said: error.to_string() }
                })?;
                Ok(listed
                    .common_prefixes
                    .iter()
                    .filter_map(|path| path.parts().next_back().map(|part| part.as_ref().to_owned()))
                    .collect())
            }
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Place({self})")
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Root::Files(root) => root.display().fmt(f),
            Root::Objects { address, .. } => f.write_str(address.as_str().trim_end_matches('/')),
        }
    }
}
