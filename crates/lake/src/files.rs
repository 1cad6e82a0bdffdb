//! Files that are on the disk before anything refers to them.
//!
//! The table's format orders its writes (data, then the log that names them) but flushes nothing: after a loss of power a log
//! could name files that are empty. Here every file is flushed before it gets its name, and its directory after.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use deltalake::logstore::object_store::local::LocalFileSystem;
use deltalake::logstore::object_store::path::Path;
use deltalake::logstore::object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMode,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result, UploadPart,
};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

/// Called before and after each change of a file, with what is done. A test ends the process there.
pub type Watch = Arc<dyn Fn(&str) + Send + Sync>;

/// The machine's own files, flushed.
pub(crate) struct DurableFiles {
    inner: Arc<LocalFileSystem>,
    watch: Option<Watch>,
}

/// Rows name probes: what is created is for the user that keeps the history, as the store is.
const DIRECTORY_MODE: u32 = 0o700;

/// As for directories.
const FILE_MODE: u32 = 0o600;

/// Tells temporary files of this process apart.
static STAGED: AtomicU64 = AtomicU64::new(0);

impl DurableFiles {
    pub(crate) fn new(watch: Option<Watch>) -> Self {
        Self { inner: Arc::new(LocalFileSystem::new()), watch }
    }

    fn note(&self, what: &str) {
        if let Some(watch) = &self.watch {
            watch(what);
        }
    }
}

impl fmt::Debug for DurableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DurableFiles")
    }
}

impl fmt::Display for DurableFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "flushed {}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for DurableFiles {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let path = self.inner.path_to_filesystem(location)?;
        let create = match opts.mode {
            PutMode::Create => true,
            PutMode::Overwrite => false,
            PutMode::Update(_) => {
                let operation = "put if unchanged".to_owned();
                return Err(Error::NotImplemented { operation, implementer: self.to_string() });
            }
        };
        self.note("writing a file");
        let result = blocking(path, move |path| put(path, &payload, create)).await;
        self.note("file written");
        result.map(|()| PutResult { e_tag: None, version: None })
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.note("writing a large file");
        let path = self.inner.path_to_filesystem(location)?;
        // Made here, since nobody else would flush the directory that a new one is entered in.
        let parent = path.parent().unwrap_or(FilePath::new("/")).to_owned();
        blocking(parent, create_directories).await?;
        let inner = self.inner.put_multipart_opts(location, opts).await?;
        Ok(Box::new(DurableUpload { inner, path, watch: self.watch.clone() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let watch = self.watch.clone();
        let watched = locations.inspect(move |_| {
            if let Some(watch) = &watch {
                watch("removing a file");
            }
        });
        self.inner.delete_stream(watched.boxed())
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        let path = self.inner.path_to_filesystem(to)?;
        self.inner.copy_opts(from, to, options).await?;
        blocking(path, flush).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        let path = self.inner.path_to_filesystem(to)?;
        self.inner.rename_opts(from, to, options).await?;
        blocking(path, flush).await
    }
}

/// A file that is written in parts and flushed at its end, before its writer is told that it is complete.
struct DurableUpload {
    inner: Box<dyn MultipartUpload>,
    path: PathBuf,
    watch: Option<Watch>,
}

impl fmt::Debug for DurableUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DurableUpload({})", self.path.display())
    }
}

#[async_trait]
impl MultipartUpload for DurableUpload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.inner.put_part(data)
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let result = self.inner.complete().await?;
        blocking(self.path.clone(), flush).await?;
        if let Some(watch) = &self.watch {
            watch("large file written");
        }
        Ok(result)
    }

    async fn abort(&mut self) -> Result<()> {
        self.inner.abort().await
    }
}

async fn blocking(
    path: PathBuf,
    work: impl FnOnce(&FilePath) -> io::Result<()> + Send + 'static,
) -> Result<()> {
    let name = path.clone();
    let result = tokio::task::spawn_blocking(move || work(&path)).await?;
    result.map_err(|source| {
        let path = name.display().to_string();
        match source.kind() {
            ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: Box::new(source) },
            ErrorKind::NotFound => Error::NotFound { path, source: Box::new(source) },
            _ => Error::Generic { store: "DurableFiles", source: format!("{path}: {source}").into() },
        }
    })
}

/// Writes beside the place, flushes, and only then gives the file its name.
fn put(path: &FilePath, payload: &PutPayload, create: bool) -> io::Result<()> {
    let parent = path.parent().unwrap_or(FilePath::new("/"));
    create_directories(parent)?;
    let number = STAGED.fetch_add(1, Ordering::Relaxed);
    // The format's own readers and its vacuum pass over names that end in a number after `#`.
    let staged = staged_name(path, number);
    let written = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&staged)?;
        payload.iter().try_for_each(|octets| file.write_all(octets))?;
        file.sync_all()?;
        if create {
            // A link fails if the name is taken: this is what makes one of two commits win.
            fs::hard_link(&staged, path)
        } else {
            fs::rename(&staged, path)
        }
    })();
    if create || written.is_err() {
        // What stays is no part of the table; upkeep removes it after a day.
        let _ = fs::remove_file(&staged);
    }
    written?;
    File::open(parent)?.sync_all()
}

fn staged_name(path: &FilePath, number: u64) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!("#{}{number:06}", std::process::id()));
    path.with_file_name(name)
}

/// Creates what is missing, for its owner alone, and flushes the directory that each new one is entered in.
pub(crate) fn create_directories(path: &FilePath) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(FilePath::new("/"));
    create_directories(parent)?;
    match DirBuilder::new().mode(DIRECTORY_MODE).create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(parent)?.sync_all(),
    }
}

fn flush(path: &FilePath) -> io::Result<()> {
    File::open(path)?.sync_all()?;
    File::open(path.parent().unwrap_or(FilePath::new("/")))?.sync_all()
}
