//! Which measurements may run now, and when the others should come.
//!
//! A server near its limit would be what is measured. So the expected rates of what runs may not pass the capacity, and
//! whoever does not fit is told the next moment at which it would. Moments given away are remembered for a while, so
//! that several who wait are not all told the same one.

use std::net::IpAddr;
use std::time::Duration;

use desserte_units::{BitRate, Monotonic};

/// Time after its planned end that a session may still take for its queue to drain and its Close to be answered.
const HANDOVER: Duration = Duration::from_secs(1);
/// How long after its moment a promise is remembered: a client may be a little late.
const PROMISE_KEPT: Duration = Duration::from_secs(5);
/// The furthest moment that is promised. Nobody learns more by waiting longer than by asking again, and whoever asks for
/// the whole server again and again can keep honest clients away no longer than that.
const PROMISE_HORIZON: Duration = Duration::from_secs(15 * 60);
/// Promises remembered at the most, one for each client: with full-length runs of the whole capacity they reach just to
/// the horizon. Clients beyond that are told the end of the queue, all the same one.
const PROMISES_MAX: usize = 64;

/// What a server can do at once.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Capacity {
    /// All rates together.
    pub(crate) rate: BitRate,
    /// Rate of a session whose client does not say.
    pub(crate) session_rate: BitRate,
    /// All sessions together.
    pub(crate) sessions: usize,
}

/// The answer to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    /// It runs under this number.
    Admitted { session: u64, load_ratio: f64 },
    /// It would fit after this time.
    Later { wait: Duration },
}

/// An interval in which a rate is taken.
#[derive(Debug, Clone, Copy)]
struct Booking {
    session: u64,
    client: IpAddr,
    from: Monotonic,
    until: Monotonic,
    rate: f64,
}

/// The book of what runs and what was promised.
#[derive(Debug)]
pub(crate) struct Admission {
    capacity: Capacity,
    running: Vec<Booking>,
    promised: Vec<Booking>,
    next_session: u64,
}

impl Admission {
    pub(crate) const fn new(capacity: Capacity) -> Self {
        Self { capacity, running: Vec::new(), promised: Vec::new(), next_session: 0 }
    }

    /// Number of sessions that run.
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// Share of the capacity in use; 1 when a single session could fill the server.
    pub(crate) fn load_ratio(&self) -> f64 {
        // An empty sum of floating numbers is minus zero.
        let used = self.running.iter().fold(0.0, |sum, booking| sum + booking.rate);
        let by_rate = used / self.capacity.rate.as_bits_per_second();
        #[expect(clippy::cast_precision_loss, reason = "numbers of sessions are small")]
        let by_number = self.running.len() as f64 / self.capacity.sessions as f64;
        by_rate.max(by_number).min(1.0)
    }

    /// Decides on a session of this expected rate and length for a client, known by its address.
    pub(crate) fn request(
        &mut self,
        client: IpAddr,
        expected: Option<BitRate>,
        length: Duration,
        now: Monotonic,
    ) -> Verdict {
        self.promised.retain(|promise| promise.from.after(PROMISE_KEPT) > now);
        let capacity = self.capacity.rate.as_bits_per_second();
        // A line that is faster than the server gets the whole of it, alone; nobody could serve it better here.
        let rate = expected.unwrap_or(self.capacity.session_rate).as_bits_per_second().min(capacity);
        let booking = |session, from: Monotonic| {
            let until = from.after(length + HANDOVER);
            Booking { session, client, from, until, rate }
        };
        if self.fits(self.running.iter(), rate) {
            let session = self.next_session;
            self.next_session += 1;
            self.running.push(booking(session, now));
            // Whoever comes may be the one who was promised this moment, from another address perhaps.
            let own = self.promised.iter().position(|promise| promise.client == client);
            let due = || self.promised.iter().position(|promise| promise.from <= now.after(HANDOVER));
            if let Some(kept) = own.or_else(due) {
                self.promised.remove(kept);
            }
            return Verdict::Admitted { session, load_ratio: self.load_ratio() };
        }
        // Who asks again takes a new place in the queue instead of a second one.
        self.promised.retain(|promise| promise.client != client);
        let from = self.next_moment(rate, now);
        let wait = from.since(now);
        if wait > PROMISE_HORIZON {
            return Verdict::Later { wait: PROMISE_HORIZON };
        }
        if self.promised.len() < PROMISES_MAX {
            self.promised.push(booking(0, from));
        }
        Verdict::Later { wait }
    }

    /// Gives back the place of a session.
    pub(crate) fn release(&mut self, session: u64) {
        self.running.retain(|booking| booking.session != session);
    }

    fn fits<'a>(&self, taken: impl Iterator<Item = &'a Booking>, rate: f64) -> bool {
        let (count, sum) = taken.fold((0, 0.0), |(count, sum), booking| (count + 1, sum + booking.rate));
        self.has_room(count, sum, rate)
    }

    fn has_room(&self, count: usize, taken: f64, rate: f64) -> bool {
        // A hair's breadth for sums of decimal rates.
        count < self.capacity.sessions && taken + rate <= self.capacity.rate.as_bits_per_second() * 1.000_001
    }

    /// The first end of a booking at which the rate fits beside what will still run or was promised until then. One pass
    /// over the ends in their order.
    fn next_moment(&self, rate: f64, now: Monotonic) -> Monotonic {
        let soonest = now.after(HANDOVER);
        let all = self.running.iter().chain(&self.promised);
        let mut ends: Vec<(Monotonic, f64)> =
            all.map(|booking| (booking.until.max(soonest), booking.rate)).collect();
        ends.sort_unstable_by_key(|(end, _)| *end);
        let mut taken: f64 = ends.iter().map(|(_, rate)| rate).sum();
        for (place, (end, freed)) in ends.iter().enumerate() {
            taken -= freed;
            let last_of_its_moment = ends.get(place + 1).is_none_or(|(next, _)| next > end);
            if last_of_its_moment && self.has_room(ends.len() - place - 1, taken, rate) {
                return *end;
            }
        }
        ends.last().map_or(soonest, |(end, _)| *end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn mbit(rate: f64) -> Option<BitRate> {
        BitRate::from_mbit_per_s(rate)
    }

    fn book(rate: f64, sessions: usize) -> Admission {
        Admission::new(Capacity { rate: mbit(rate).unwrap(), session_rate: mbit(100.0).unwrap(), sessions })
    }

    fn who(number: u32) -> IpAddr {
        std::net::Ipv4Addr::from(number).into()
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic::ORIGIN.after(Duration::from_secs(seconds))
    }

    #[test]
    fn rates_add_up_to_the_capacity_and_no_further() {
        let mut book = book(1_000.0, 100);
        for session in 0..10 {
            let expected = Verdict::Admitted { session, load_ratio: (session as f64 + 1.0) / 10.0 };
            assert_eq!(book.request(who(0), None, TEN, at(0)), expected);
        }
        assert_eq!(
            book.request(who(0), mbit(1.0), TEN, at(3)),
            Verdict::Later { wait: Duration::from_secs(8) }
        );
        book.release(4);
        assert!(matches!(
            book.request(who(0), mbit(100.0), TEN, at(3)),
            Verdict::Admitted { session: 10, .. }
        ));
    }

    #[test]
    fn those_who_wait_are_told_different_moments() {
        let mut book = book(100.0, 10);
        assert!(matches!(book.request(who(0), None, TEN, at(0)), Verdict::Admitted { .. }));
        let waits: Vec<Verdict> = (1..4).map(|n| book.request(who(n), None, TEN, at(1))).collect();
        let expected = [10, 21, 32].map(|s| Verdict::Later { wait: Duration::from_secs(s) });
        assert_eq!(waits, expected);
        // The first comes back at its moment; the second's promise still stands.
        book.release(0);
        assert!(matches!(book.request(who(1), None, TEN, at(11)), Verdict::Admitted { session: 1, .. }));
        assert_eq!(book.request(who(4), None, TEN, at(12)), Verdict::Later { wait: Duration::from_secs(32) });
    }

    #[test]
    fn a_line_faster_than_the_server_has_it_alone() {
        let mut book = book(100.0, 10);
        assert_eq!(
            book.request(who(0), mbit(900.0), TEN, at(0)),
            Verdict::Admitted { session: 0, load_ratio: 1.0 }
        );
        assert!(matches!(book.request(who(0), mbit(1.0), TEN, at(0)), Verdict::Later { .. }));
    }

    #[test]
    fn the_number_of_sessions_is_a_limit_too() {
        let mut book = book(1_000.0, 1);
        assert!(matches!(book.request(who(0), mbit(1.0), TEN, at(0)), Verdict::Admitted { .. }));
        assert!(matches!(book.request(who(0), mbit(1.0), TEN, at(0)), Verdict::Later { .. }));
    }

    #[test]
    fn asking_for_the_whole_server_again_and_again_keeps_nobody_away_for_long() {
        let mut book = book(1_000.0, 100);
        let length = Duration::from_secs(13);
        assert!(matches!(book.request(who(1), mbit(1e6), length, at(0)), Verdict::Admitted { .. }));
        for _ in 0..10_000 {
            book.request(who(1), mbit(1e6), length, at(1));
        }
        assert_eq!(book.promised.len(), 1);
        let honest = book.request(who(2), mbit(1.0), TEN, at(1));
        assert_eq!(honest, Verdict::Later { wait: Duration::from_secs(27) });
        for client in 3..10_000 {
            book.request(who(client), mbit(1e6), length, at(1));
        }
        let Verdict::Later { wait } = book.request(who(2), mbit(1.0), TEN, at(1)) else {
            panic!("it is full")
        };
        assert!(wait <= PROMISE_HORIZON && book.promised.len() <= PROMISES_MAX, "{wait:?}");
    }

    #[test]
    fn an_idle_server_has_a_load_of_zero_and_no_minus_before_it() {
        assert_eq!(format!("{:.2}", book(100.0, 10).load_ratio()), "0.00");
    }

    proptest! {
        #[test]
        fn whoever_comes_when_told_and_finds_sessions_on_time_is_admitted(rates in proptest::collection::vec(1.0_f64..400.0, 1..40)) {
            let mut book = book(300.0, 5);
            let mut arrivals: Vec<(u64, u32, f64)> = (0..).zip(rates).map(|(n, rate)| (0, n, rate)).collect();
            let mut running: Vec<(u64, u64)> = Vec::new();
            let mut turned_away = 0;
            while let Some((time, n, rate)) = { arrivals.sort_by_key(|(time, ..)| std::cmp::Reverse(*time)); arrivals.pop() } {
                let now = Monotonic::from_micros(time);
                running.retain(|(end, session)| { if *end <= time { book.release(*session); } *end > time });
                match book.request(who(n), mbit(rate), TEN, now) {
                    Verdict::Admitted { session, load_ratio } => {
                        prop_assert!((0.0..=1.0).contains(&load_ratio));
                        running.push((time + 10_000_000, session));
                    }
                    Verdict::Later { wait } => {
                        prop_assert!(wait >= HANDOVER);
                        turned_away += 1;
                        prop_assert!(turned_away < 2_000, "nobody waits for ever");
                        arrivals.push((time + u64::try_from(wait.as_micros()).unwrap(), n, rate));
                    }
                }
            }
        }
    }
}
