//! Clients that wait for their turn, and data connections that look for their test.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use desserte_proto::iperf3::spec;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

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
    lines: HashMap<IpAddr, Weak<Semaphore>>,
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

    /// Waits for one of the `turns`, of which there are `at_once`.
    ///
    /// A client's connections first wait for each other: whoever queues with all the places of an address would otherwise
    /// keep the others waiting for all those tests, which is longer than anyone is let wait.
    pub(super) async fn turn(&self, client: IpAddr, turns: &Arc<Semaphore>, at_once: usize) -> Option<Turn> {
        let own = self.line(client, at_once).acquire_owned().await.ok()?;
        let turn = Arc::clone(turns).acquire_owned().await.ok()?;
        Some(Turn { _own: own, _turn: turn })
    }

    fn line(&self, client: IpAddr, at_once: usize) -> Arc<Semaphore> {
        let mut book = lock(&self.book);
        book.lines.retain(|_, line| line.strong_count() > 0);
        let known = book.lines.get(&client).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let line = Arc::new(Semaphore::new(at_once.max(1)));
            book.lines.insert(client, Arc::downgrade(&line));
            line
        })
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

/// A test's turn, given back when dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _own: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
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

    #[tokio::test(start_paused = true)]
    async fn a_client_with_many_connections_keeps_another_waiting_for_one_test() {
        let (queue, turns) = (Arc::new(Queue::default()), Arc::new(Semaphore::new(1)));
        let served = Arc::new(Mutex::new(Vec::new()));
        let mut tests = tokio::task::JoinSet::new();
        for client in [1_u8, 1, 1, 1, 2, 1] {
            let (queue, turns, served) = (Arc::clone(&queue), Arc::clone(&turns), Arc::clone(&served));
            tests.spawn(async move {
                let _turn = queue.turn(IpAddr::from([192, 0, 2, client]), &turns, 1).await.unwrap();
                served.lock().unwrap().push(client);
                tokio::time::sleep(std::time::Duration::from_secs(60)).await;
            });
            tokio::task::yield_now().await;
        }
        tests.join_all().await;
        assert_eq!(*served.lock().unwrap(), [1, 2, 1, 1, 1, 1]);
        assert!(queue.line(IpAddr::from([192, 0, 2, 3]), 1).available_permits() == 1);
        assert_eq!(lock(&queue.book).lines.len(), 1);
    }

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
