//! How many refused requests to be enrolled are borne: of one address, and of all together.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Length of a window.
pub(super) const WINDOW: Duration = Duration::from_secs(3600);

/// Refused requests within a window, all addresses together. This figure, the length of codes and the number of open
/// invitations bound the chance of a guess (docs/spec/enrolment.md): that is why no configuration changes it.
pub(super) const REFUSED_MAX: u32 = 1_000;

/// Counts requests until they are answered with yes, in memory alone.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Refused requests of one address within a window; zero sets no limit for one.
    most: u32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    since: Option<Instant>,
    /// Holds no more addresses than there are requests in a window.
    addresses: HashMap<IpAddr, u32>,
    all: u32,
    /// Whether somebody was told already that all are turned away.
    told: bool,
}

/// A request that is not even read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Turned {
    /// When to come again.
    pub(crate) wait: Duration,
    /// Whether it is the first for its reason within the window: that one is written down.
    pub(crate) first: bool,
}

impl Gate {
    pub(crate) fn new(most: u32) -> Self {
        Self { most, state: Mutex::default() }
    }

    /// Counts a request of `address` at `now` as refused, until [`Self::forgive`].
    pub(crate) fn enter(&self, address: IpAddr, now: Instant) -> Result<(), Turned> {
        // Counters alone: they stay true whoever panicked beside them.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match state.since {
            Some(since) if now < since + WINDOW => since,
            _ => {
                *state = State { since: Some(now), ..State::default() };
                now
            }
        };
        let wait = (since + WINDOW).saturating_duration_since(now);
        if state.all >= REFUSED_MAX {
            let first = !std::mem::replace(&mut state.told, true);
            return Err(Turned { wait, first });
        }
        let most = self.most;
        let own = state.addresses.entry(address).or_insert(0);
        if most > 0 && *own >= most {
            // One more than the limit marks that it was told.
            let first = *own == most;
            *own = most.saturating_add(1);
            return Err(Turned { wait, first });
        }
        *own += 1;
        state.all += 1;
        Ok(())
    }

    /// Takes back what was counted for a request that was answered with yes.
    pub(crate) fn forgive(&self, address: IpAddr) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.all = state.all.saturating_sub(1);
        if let Some(own) = state.addresses.get_mut(&address) {
            *own = own.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(198, 51, 100, 1));

    #[test]
    fn an_address_is_refused_so_often_in_a_window_and_one_line_tells_of_it() {
        let (gate, begin) = (Gate::new(2), Instant::now());
        for _ in 0..100 {
            assert_eq!(gate.enter(ONE, begin), Ok(()));
            gate.forgive(ONE);
        }
        assert!(gate.enter(ONE, begin).is_ok() && gate.enter(ONE, begin).is_ok());
        let half = WINDOW / 2;
        assert_eq!(gate.enter(ONE, begin + half), Err(Turned { wait: half, first: true }));
        assert_eq!(gate.enter(ONE, begin + half), Err(Turned { wait: half, first: false }));
        assert_eq!(gate.enter(OTHER, begin + half), Ok(()));
        assert_eq!(gate.enter(ONE, begin + WINDOW), Ok(()));
    }

    #[test]
    fn all_addresses_together_guess_no_more_than_the_reckoning_allows() {
        let (gate, begin) = (Gate::new(0), Instant::now());
        let enter = |n: u32| gate.enter(IpAddr::from(n.to_be_bytes()), begin);
        assert_eq!((0..100_000).filter(|&n| enter(n).is_ok()).count(), 1_000);
        assert_eq!(gate.state.lock().unwrap().addresses.len(), 1_000);
    }

    #[test]
    fn a_guess_succeeds_less_than_once_in_a_billion_days() {
        // 24 windows, and the rest of one that began before the day.
        let guesses = 25.0 * f64::from(REFUSED_MAX);
        let open = 1_000.0;
        assert_eq!(desserte_store::OPEN_INVITATIONS_MAX, 1_000);
        let codes = 2_f64.powi(55);
        assert!(guesses * open / codes < 1e-9, "{}", guesses * open / codes);
    }
}
