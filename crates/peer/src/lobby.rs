//! Connections that have no session yet, so that nobody can fill the server by opening connections and saying nothing.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::Notify;

/// Those who wait, by client, the one that came first in front.
type Waiting = HashMap<IpAddr, VecDeque<(u64, Arc<Notify>)>>;

/// The connections without a session.
#[derive(Debug)]
pub(crate) struct Lobby {
    most: usize,
    held: Mutex<(u64, Waiting)>,
}

impl Lobby {
    /// A lobby that holds so many connections of one client at the most.
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, held: Mutex::default() })
    }

    /// Lets a client's connection in. When it is one too many, the client's oldest is sent away: whoever means to ask
    /// something asks at once, so the oldest is the one that says nothing.
    pub(crate) fn enter(self: &Arc<Self>, client: IpAddr) -> (Seat, SentAway) {
        let mut held = lock(&self.held);
        let (next, waiting) = &mut *held;
        let number = *next;
        *next += 1;
        let sent_away = Arc::new(Notify::new());
        let own = waiting.entry(client).or_default();
        if own.len() >= self.most {
            if let Some((_, oldest)) = own.pop_front() {
                oldest.notify_one();
            }
        }
        own.push_back((number, Arc::clone(&sent_away)));
        let taken = Arc::new(());
        let told = SentAway { notify: sent_away, seat: Arc::downgrade(&taken) };
        (Seat { lobby: Arc::clone(self), client, number, _taken: taken }, told)
    }
}

/// A connection's stay in the lobby, which ends when this is dropped; nobody is sent away after that.
#[derive(Debug)]
pub(crate) struct Seat {
    lobby: Arc<Lobby>,
    client: IpAddr,
    number: u64,
    _taken: Arc<()>,
}

/// How a connection hears that it has to leave.
#[derive(Debug, Clone)]
pub(crate) struct SentAway {
    notify: Arc<Notify>,
    seat: Weak<()>,
}

impl SentAway {
    /// Comes when the connection has to leave. Never once it has a session: it may have been told at the moment at which it
    /// was let in, and then it stays.
    pub(crate) async fn told(&self) {
        self.notify.notified().await;
        if self.seat.strong_count() == 0 {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut held = lock(&self.lobby.held);
        let (_, waiting) = &mut *held;
        if let Some(own) = waiting.get_mut(&self.client) {
            own.retain(|(number, _)| *number != self.number);
            if own.is_empty() {
                waiting.remove(&self.client);
            }
        }
    }
}

/// What is held stays true even if someone panicked beside it: every change to it is a single push, pop or retain.
fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_silent_connection_of_the_same_client_makes_room() {
        let lobby = Lobby::new(2);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let (first, first_away) = lobby.enter(one);
        let (second, second_away) = lobby.enter(one);
        let (_elsewhere, elsewhere_away) = lobby.enter(other);
        // Who has got a session is out of the lobby and stays.
        drop(first);
        let _third = lobby.enter(one);
        let _fourth = lobby.enter(one);
        second_away.told().await;
        let pending = |away: &SentAway| {
            let away = away.clone();
            async move { tokio::time::timeout(std::time::Duration::ZERO, away.told()).await.is_err() }
        };
        assert!(pending(&first_away).await && pending(&elsewhere_away).await);
        drop(second);
        // Told and let in at the same moment: let in.
        let (fifth, fifth_away) = lobby.enter(other);
        let _sixth = lobby.enter(other);
        let _seventh = lobby.enter(other);
        drop(fifth);
        assert!(pending(&fifth_away).await);
        assert_eq!(lock(&lobby.held).1.get(&one).map(VecDeque::len), Some(2));
    }
}
