//! How often an address may ask.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Addresses remembered at the most. When more ask within a window, those whose window ends first are forgotten: a limit for
/// honest clients must not become memory for hostile ones.
const ADDRESSES_MAX: usize = 16_384;

/// Counts questions by address, in memory alone.
#[derive(Debug)]
pub(crate) struct Limiter {
    /// Questions within a window; zero sets no limit.
    most: u32,
    window: Duration,
    asked: Mutex<HashMap<IpAddr, Asked>>,
    turns: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Asked {
    since: Instant,
    count: u32,
}

impl Limiter {
    pub(crate) fn new(most: u32, window: Duration, seed: u64) -> Self {
        Self { most, window, asked: Mutex::default(), turns: AtomicU64::new(seed) }
    }

    /// A number that no other question has had.
    pub(super) fn turn(&self) -> u64 {
        self.turns.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a question at `now`, or tells how long the address has to wait.
    pub(crate) fn take(&self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        if self.most == 0 {
            return Ok(());
        }
        let window = self.window;
        let left = |asked: &Asked| (asked.since + window).saturating_duration_since(now);
        // Every change is a single insertion or removal, so it stays true whoever panicked beside it.
        let mut all = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= ADDRESSES_MAX && !all.contains_key(&address) {
            all.retain(|_, asked| left(asked) > Duration::ZERO);
            if all.len() >= ADDRESSES_MAX {
                let mut ends: Vec<(Instant, IpAddr)> =
                    all.iter().map(|(a, asked)| (asked.since, *a)).collect();
                ends.sort_unstable();
                for (_, oldest) in &ends[..ADDRESSES_MAX / 4] {
                    all.remove(oldest);
                }
            }
        }
        match all.entry(address) {
            Entry::Vacant(place) => {
                place.insert(Asked { since: now, count: 1 });
                Ok(())
            }
            Entry::Occupied(mut place) => {
                let asked = place.get_mut();
                let wait = left(asked);
                if wait == Duration::ZERO {
                    *asked = Asked { since: now, count: 1 };
                } else if asked.count >= self.most {
                    return Err(wait);
                } else {
                    asked.count += 1;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    #[test]
    fn an_address_asks_so_often_in_a_window_and_then_again_in_the_next() {
        let limiter = Limiter::new(2, WINDOW, 0);
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let begin = Instant::now();
        assert_eq!(limiter.take(one, begin), Ok(()));
        assert_eq!(limiter.take(one, begin + WINDOW / 2), Ok(()));
        assert_eq!(limiter.take(one, begin + WINDOW / 2), Err(WINDOW / 2));
        assert_eq!(limiter.take(other, begin + WINDOW / 2), Ok(()));
        assert_eq!(limiter.take(one, begin + WINDOW), Ok(()));
        let open = Limiter::new(0, WINDOW, 0);
        assert!((0..100).all(|_| open.take(one, begin).is_ok()));
    }

    #[test]
    fn strangers_cannot_fill_the_memory() {
        let limiter = Limiter::new(1, WINDOW, 0);
        let begin = Instant::now();
        for n in 0..100_000_u32 {
            let _ = limiter.take(IpAddr::from(n.to_be_bytes()), begin);
        }
        assert!(limiter.asked.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
