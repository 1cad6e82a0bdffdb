//! A store in memory that fails as one over a network does.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    ObjectStoreExt as _, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Mutex;

/// What becomes of one request that puts an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is not carried out, and nobody says so.
    TimedOut,
    /// It is carried out, and the answer is lost.
    AnswerLost,
    /// It is carried out, the answer is lost, and the client's own repetition finds the name taken.
    AnsweredTwice,
    /// It is carried out after everyone has given up: with the next request that puts an object.
    Late,
}

impl Fault {
    pub(crate) const ALL: [Self; 4] = [Self::TimedOut, Self::AnswerLost, Self::AnsweredTwice, Self::Late];
}

/// Objects in memory; the put numbered `at` (from 1) suffers a fault.
pub(crate) struct Faulty {
    inner: Arc<InMemory>,
    fault: Fault,
    at: usize,
    puts: AtomicUsize,
    late: Mutex<Option<(Path, PutPayload, PutOptions)>>,
}

impl Faulty {
    pub(crate) fn new(fault: Fault, at: usize) -> Arc<Self> {
        let (puts, late) = (AtomicUsize::new(0), Mutex::new(None));
        Arc::new(Self { inner: Arc::new(InMemory::new()), fault, at, puts, late })
    }

    /// How many objects were put.
    pub(crate) fn puts(&self) -> usize {
        self.puts.load(Ordering::SeqCst)
    }
}

/// As a client over HTTP words it.
fn lost(location: &Path) -> Error {
    let source = format!("Error performing PUT http://storage.example/{location}: operation timed out");
    Error::Generic { store: "S3", source: source.into() }
}

impl fmt::Debug for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        if let Some((location, payload, opts)) = self.late.lock().await.take() {
            let _ = self.inner.put_opts(&location, payload, opts).await;
        }
        if self.puts.fetch_add(1, Ordering::SeqCst) + 1 != self.at {
            return self.inner.put_opts(location, payload, opts).await;
        }
        match self.fault {
            Fault::TimedOut => {}
            Fault::Late => *self.late.lock().await = Some((location.clone(), payload, opts)),
            Fault::AnswerLost => drop(self.inner.put_opts(location, payload, opts).await?),
            Fault::AnsweredTwice => {
                let create = opts.mode == PutMode::Create;
                let put = self.inner.put_opts(location, payload, opts).await?;
                if !create {
                    return Ok(put);
                }
                return Err(Error::AlreadyExists { path: location.to_string(), source: "412".into() });
            }
        }
        Err(lost(location))
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// Removes an object behind everyone's back.
pub(crate) async fn remove(store: &Faulty, location: &Path) {
    store.inner.delete(location).await.unwrap();
}
