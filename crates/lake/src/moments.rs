//! One moment for many questions, as long as nothing came in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_store::Store;
use tokio::sync::Mutex;

use crate::flush::blocking;
use crate::{LakeOptions, Moment, State, Work};

/// Longest time that a moment is kept. It holds what waits in memory, and files that compaction has replaced since by larger ones;
/// those are on the disk for days more.
const KEPT: Duration = Duration::from_secs(300);

/// The same where other collectors add rows, of which nothing is known here but by reading: for the panels of one page.
const KEPT_AMONG_OTHERS: Duration = Duration::from_secs(2);

/// The history of a data directory, asked again and again.
///
/// Reading what waits costs as much as it is; the panels of one page ask within a second. Rows never change once they have a number,
/// so that the last moment is right until another number is given.
pub struct Moments {
    store: Arc<Store>,
    data: PathBuf,
    options: LakeOptions,
    last: Mutex<Option<Last>>,
}

struct Last {
    read: Instant,
    as_of: Option<State>,
    moment: Arc<Moment>,
}

impl Moments {
    /// Those of `data` with its store; nothing is read yet.
    #[must_use]
    pub fn new(store: Arc<Store>, data: PathBuf, options: LakeOptions) -> Self {
        Self { store, data, options, last: Mutex::new(None) }
    }

    /// The history as it is now, as [`Moment::now`]. Who asks while it is being read waits for that and has the same.
    ///
    /// # Errors
    /// When the store or a table cannot be read, or too much waits.
    pub fn now(&self, as_of: Option<State>) -> Work<'_, Arc<Moment>> {
        Box::pin(async move {
            let mut last = self.last.lock().await;
            let state = blocking(&self.store, Store::handover_state).await?;
            let fits = |last: &Last| {
                let kept = if last.moment.has_others() { KEPT_AMONG_OTHERS } else { KEPT };
                last.as_of == as_of && last.moment.state() == state && last.read.elapsed() < kept
            };
            if let Some(last) = last.as_ref().filter(|last| fits(last)) {
                return Ok(last.moment.clone());
            }
            let read = Instant::now();
            let moment = Arc::new(Moment::now(&self.store, &self.data, &self.options, as_of.clone()).await?);
            *last = Some(Last { read, as_of, moment: moment.clone() });
            Ok(moment)
        })
    }
}
