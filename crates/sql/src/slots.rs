//! Who is connected: how many at once, and how their statements are cancelled.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use pgwire::api::cancel::CancelHandler;
use pgwire::messages::cancel::CancelRequest;
use pgwire::messages::startup::SecretKey;
use tokio::sync::watch;

/// A connection's wish to end what it runs; each change is one.
pub(crate) type Cancel = watch::Receiver<u64>;

/// Everyone who has logged in.
#[derive(Default)]
pub(crate) struct Slots {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    next: i32,
    taken: HashMap<i32, Taken>,
}

struct Taken {
    user: String,
    secret: SecretKey,
    cancel: watch::Sender<u64>,
}

/// A place among them, given back when dropped.
pub(crate) struct Slot {
    slots: Arc<Slots>,
    pub(crate) number: i32,
    pub(crate) cancel: Cancel,
}

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    All(usize),
    User(usize),
}

impl Slots {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing below panics with the lock held.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a place for `user`, if fewer than `most`, and than `most_of_user` of the user, are taken.
    pub(crate) fn take(
        self: &Arc<Self>,
        user: &str,
        secret: SecretKey,
        most: usize,
        most_of_user: usize,
    ) -> Result<Slot, Full> {
        let mut inner = self.inner();
        if inner.taken.len() >= most {
            return Err(Full::All(most));
        }
        if inner.taken.values().filter(|taken| taken.user == user).count() >= most_of_user {
            return Err(Full::User(most_of_user));
        }
        // Clients take it for the number of a process: it is above zero.
        let number = loop {
            inner.next = inner.next.checked_add(1).unwrap_or(1);
            if !inner.taken.contains_key(&inner.next) {
                break inner.next;
            }
        };
        let (sender, cancel) = watch::channel(0);
        inner.taken.insert(number, Taken { user: user.to_owned(), secret, cancel: sender });
        Ok(Slot { slots: self.clone(), number, cancel })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.inner().taken.remove(&self.number);
    }
}

#[async_trait]
impl CancelHandler for Slots {
    async fn on_cancel_request(&self, request: CancelRequest) {
        if let Some(taken) = self.inner().taken.get(&request.pid)
            && taken.secret == request.secret_key
        {
            taken.cancel.send_modify(|wishes| *wishes += 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_counted_given_back_and_cancelled_by_their_secret_only() {
        let slots = Arc::new(Slots::default());
        let take = |user: &str| slots.take(user, SecretKey::I32(7), 3, 2);
        let first = take("a").ok().unwrap();
        let _second = take("a").ok().unwrap();
        assert_eq!(take("a").err(), Some(Full::User(2)));
        let _third = take("b").ok().unwrap();
        assert_eq!(take("b").err(), Some(Full::All(3)));
        slots.on_cancel_request(CancelRequest::new(first.number, SecretKey::I32(8))).await;
        assert!(!first.cancel.has_changed().unwrap());
        slots.on_cancel_request(CancelRequest::new(first.number, SecretKey::I32(7))).await;
        assert!(first.cancel.has_changed().unwrap());
        drop(first);
        assert!(take("a").is_ok());
    }
}
