//! Clients that wait for their turn, and data connections that look for their test.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use desserte_proto::iperf3::spec;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

/// What the first octets of every connection say.
pub(super) type Cookie = [u8; spec::COOKIE_LENGTH];

/// Clients that wait at the most, all together. With tests of ten seconds the last of them would wait for longer than
/// anyone does.
const WAITING_MAX: usize = 32;
/// Of these, those of one address: some probes of one site.
const WAITING_PER_CLIENT: usize = 4;

/// A data connection and the order in which it came.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) number: u64,
    pub(super) tcp: TcpStream,
}

#[derive(Debug, Default)]
struct Book {
    waiting: HashMap<IpAddr, usize>,
    tests: HashMap<Cookie, mpsc::Sender<Arrival>>,
}

/// Who is here.
#[derive(Debug, Default)]
pub(super) struct Queue {
    book: Mutex<Book>,
}

/// The book stays true even if someone panicked beside it: every change to it is a single step.
fn lock(book: &Mutex<Book>) -> MutexGuard<'_, Book> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// A place in the queue, if there is one.
    pub(super) fn enter(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let mut book = lock(&self.book);
        let (all, own) =
            (book.waiting.values().sum::<usize>(), book.waiting.get(&client).copied().unwrap_or(0));
        if all >= WAITING_MAX || own >= WAITING_PER_CLIENT {
            return None;
        }
        *book.waiting.entry(client).or_default() += 1;
        Some(Place { queue: Arc::clone(self), client })
    }

    /// Clients that wait.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.book).waiting.values().sum()
    }

    /// Expects `streams` data connections that begin with `cookie`.
    pub(super) fn expect(self: &Arc<Self>, cookie: Cookie, streams: usize) -> Expected {
        let (sender, arrivals) = mpsc::channel(streams.max(1));
        lock(&self.book).tests.insert(cookie, sender);
        Expected { queue: Arc::clone(self), cookie, arrivals }
    }

    /// Whether a test with this cookie expects data connections; where they go.
    pub(super) fn expects(&self, cookie: &Cookie) -> Option<mpsc::Sender<Arrival>> {
        lock(&self.book).tests.get(cookie).cloned()
    }
}

/// A place in the queue, given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    queue: Arc<Queue>,
    client: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut book = lock(&self.queue.book);
        if let Some(own) = book.waiting.get_mut(&self.client) {
            *own -= 1;
            if *own == 0 {
                book.waiting.remove(&self.client);
            }
        }
    }
}

/// The data connections of one test; no more are expected when it is dropped.
#[derive(Debug)]
pub(super) struct Expected {
    queue: Arc<Queue>,
    cookie: Cookie,
    pub(super) arrivals: mpsc::Receiver<Arrival>,
}

impl Drop for Expected {
    fn drop(&mut self) {
        lock(&self.queue.book).tests.remove(&self.cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_for_each_and_for_all_and_given_back() {
        let queue = Arc::new(Queue::default());
        let who = |n: u8| IpAddr::from([192, 0, 2, n]);
        let own: Vec<_> = (0..WAITING_PER_CLIENT).map(|_| queue.enter(who(1)).unwrap()).collect();
        assert!(queue.enter(who(1)).is_none());
        let others: Vec<_> = (2..100).filter_map(|n| queue.enter(who(n))).collect();
        assert_eq!(others.len() + own.len(), WAITING_MAX);
        drop(own);
        assert_eq!(queue.waiting(), WAITING_MAX - WAITING_PER_CLIENT);
        assert!(queue.enter(who(1)).is_some());
    }
}
