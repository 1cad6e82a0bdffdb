//! The book of admissions, shared by all connections.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use desserte_net::ndt7::server::{Decision, Gate, Health, SessionRequest};
use desserte_units::Monotonic;
use tokio::time::Instant;

use crate::admission::{Admission, Capacity, Verdict};
use crate::client::client_of;

/// When to come back to a server that is about to end: whoever restarts it does so within a minute.
const RETRY_WHILE_DRAINING: Duration = Duration::from_secs(60);

/// Admits by capacity.
#[derive(Debug)]
pub(crate) struct CapacityGate {
    origin: Instant,
    book: Arc<Mutex<Admission>>,
    draining: AtomicBool,
}

impl CapacityGate {
    pub(crate) fn new(capacity: Capacity) -> Self {
        let book = Arc::new(Mutex::new(Admission::new(capacity)));
        Self { origin: Instant::now(), book, draining: AtomicBool::new(false) }
    }

    /// Admits nobody from now on.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    fn now(&self) -> Monotonic {
        Monotonic::ORIGIN.after(self.origin.elapsed())
    }
}

/// A place in the book, given back when dropped.
struct Place {
    book: Arc<Mutex<Admission>>,
    session: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.book).release(self.session);
    }
}

/// The book stays true even if someone panicked beside it: every change to it is a single push or retain.
fn lock(book: &Mutex<Admission>) -> MutexGuard<'_, Admission> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Gate for CapacityGate {
    fn admit(&self, request: &SessionRequest) -> Decision {
        if self.draining.load(Ordering::Relaxed) {
            return Decision::Busy { retry_after: RETRY_WHILE_DRAINING };
        }
        let client = client_of(request.client);
        match lock(&self.book).request(client, request.expected, request.duration, self.now()) {
            Verdict::Admitted { session, load_ratio } => Decision::Admit {
                load_ratio,
                permit: Box::new(Place { book: Arc::clone(&self.book), session }),
            },
            Verdict::Later { wait } => Decision::Busy { retry_after: wait },
        }
    }

    fn health(&self) -> Health {
        let book = lock(&self.book);
        let ok = !self.draining.load(Ordering::Relaxed);
        let state = if ok { "ok" } else { "draining" };
        Health {
            ok,
            text: format!("{state} sessions={} load_ratio={:.2}", book.running(), book.load_ratio()),
        }
    }
}
