//! The month's data, as a hard ledger: charged before any octet leaves, settled afterwards.
//!
//! The owner of the line pays for what a probe sends, so the ledger may only ever err upwards. A charge takes the upper
//! bound at once; settling gives back what was not used. A process that dies in between leaves the whole bound charged.
//!
//! What was really sent beyond a reservation is booked too. So the month's limit may be exceeded by that and by nothing
//! else, and the rest of the month has so much less.

use desserte_units::{ByteCount, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Month;
use crate::calendar::Calendar;

/// What octets are spent on, from the first to stop to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Throughput runs, which stop first.
    Throughput,
    /// Echoes.
    Latency,
    /// Uploads and the rest of the talk with the collector, which stop last.
    Control,
    /// Attempts to reach public services, which stop when throughput does.
    Reachability,
}

impl Purpose {
    const COUNT: usize = 4;

    /// Every purpose, in the order of the ledger.
    pub const ALL: [Self; Self::COUNT] = [Self::Throughput, Self::Latency, Self::Control, Self::Reachability];

    const fn index(self) -> usize {
        match self {
            Self::Throughput => 0,
            Self::Latency => 1,
            Self::Control => 2,
            Self::Reachability => 3,
        }
    }
}

/// What a month may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetRules {
    /// Octets in a month, all purposes together. Nothing is ever reserved beyond.
    pub limit: ByteCount,
    /// Part of it that only echoes and control may use.
    pub latency_reserve: ByteCount,
    /// Part of it that only control may use.
    pub control_reserve: ByteCount,
}

/// The refusal of reserves that leave nothing of the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the reserves of {} bytes exceed the monthly limit of {} bytes", .reserves.as_bytes(), .limit.as_bytes())]
pub struct RulesTooLarge {
    /// Both reserves.
    pub reserves: ByteCount,
    /// The limit.
    pub limit: ByteCount,
}

impl BudgetRules {
    /// Checks that the reserves fit the limit.
    ///
    /// # Errors
    /// When they do not.
    pub fn check(&self) -> Result<(), RulesTooLarge> {
        let reserves = self.latency_reserve.saturating_add(self.control_reserve);
        if reserves > self.limit { Err(RulesTooLarge { reserves, limit: self.limit }) } else { Ok(()) }
    }

    /// What the month leaves to throughput runs.
    #[must_use]
    pub const fn throughput_share(&self) -> ByteCount {
        self.limit.saturating_sub(self.latency_reserve).saturating_sub(self.control_reserve)
    }
}

/// The refusal of a charge; nothing may be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} bytes are needed and {} are left in this month's budget", .needed.as_bytes(), .left.as_bytes())]
pub struct Refused {
    /// The upper bound that was asked for.
    pub needed: ByteCount,
    /// What this purpose may still use.
    pub left: ByteCount,
}

/// Octets charged and not yet settled. It must be given back to [`Ledger::settle`]; losing it leaves the bound charged.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "an unsettled reservation stays charged in full"]
pub struct Reservation {
    number: u64,
    bound: ByteCount,
}

impl Reservation {
    /// The most that may be sent under it.
    #[must_use]
    pub const fn bound(&self) -> ByteCount {
        self.bound
    }
}

/// What settling did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// What remains charged: all that was sent.
    pub charged: ByteCount,
    /// The part of it beyond the reservation: a fault of the caller or of the other end, to be reported.
    pub overrun: ByteCount,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    number: u64,
    purpose: Purpose,
    bound: ByteCount,
}

/// What a month has cost that is not the one counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Page {
    month: Month,
    #[serde(deserialize_with = "by_purpose")]
    used: [ByteCount; Purpose::COUNT],
}

/// Reads what was used; a file of before there was a purpose has nothing for it.
fn by_purpose<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<[ByteCount; Purpose::COUNT], D::Error> {
    let read = Vec::<ByteCount>::deserialize(deserializer)?;
    if read.len() > Purpose::COUNT {
        return Err(serde::de::Error::custom("a ledger of a later version"));
    }
    Ok(std::array::from_fn(|place| read.get(place).copied().unwrap_or_default()))
}

/// The ledger of one probe: what the current month has cost.
///
/// The order of calls is: [`recover`](Self::recover) once after it was read back, then for each sending
/// [`turn`](Self::turn), [`charge`](Self::charge), *store the ledger*, send, [`settle`](Self::settle), store it again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// The month that is counted; absent while the calendar has never been known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<Month>,
    #[serde(deserialize_with = "by_purpose")]
    used: [ByteCount; Purpose::COUNT],
    #[serde(default)]
    open: Vec<Open>,
    #[serde(default)]
    next_number: u64,
    #[serde(default)]
    calendar: Calendar,
    /// The month counted before this one: the calendar may come back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<Page>,
    /// The month that the calendar came back from: it may show it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ahead: Option<Page>,
}

impl Ledger {
    /// A ledger that nothing was charged to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts that what was open when the process ended may have been sent in full.
    pub fn recover(&mut self) {
        self.open.clear();
        self.calendar.start();
    }

    /// Turns the page when a later month has begun; returns whether it did.
    ///
    /// What is open then is counted in the new month, since it may still be sent. A calendar that jumps into another month
    /// is believed once it has gone on from there for a day; only the next month after the program was off is believed
    /// at once. When a calendar comes back from a month that was believed, the month it comes back to is counted again,
    /// together with what was sent meanwhile, and the other month keeps what it cost: nothing is ever given back. A clock
    /// that is moved forward steadily but too fast cannot be told from time.
    ///
    /// # Missing data
    /// With an unknown calendar (`None`), or one that is not believed, the last known month goes on being counted. A first
    /// known month adopts what was counted before it.
    pub fn turn(&mut self, calendar: Option<Timestamp>) -> bool {
        let Some((now, month)) = calendar.and_then(|now| Some((now, Month::of(now)?))) else { return false };
        let Some(counted) = self.month.filter(|counted| *counted != month) else {
            self.month = Some(month);
            self.calendar.believe(now);
            return false;
        };
        let comes_back = month < counted && self.before.is_some_and(|before| month >= before.month);
        if comes_back {
            self.calendar.believe(now);
        } else if !self.calendar.believes(now, month, counted) {
            return false;
        }
        if month > counted {
            self.turn_forward(month, counted);
        } else {
            self.turn_back(month, counted);
        }
        self.month = Some(month);
        month > counted
    }

    fn turn_forward(&mut self, month: Month, counted: Month) {
        let known = self.ahead.filter(|ahead| ahead.month == month);
        let mut new = known.map_or([ByteCount::ZERO; Purpose::COUNT], |ahead| ahead.used);
        let mut old = self.used;
        for open in &self.open {
            let place = open.purpose.index();
            old[place] = old[place].saturating_sub(open.bound);
            new[place] = new[place].saturating_add(open.bound);
        }
        self.before = Some(Page { month: counted, used: old });
        self.used = new;
    }

    fn turn_back(&mut self, month: Month, counted: Month) {
        // What was sent while the calendar was ahead was sent in the month it comes back to.
        self.ahead = Some(Page { month: counted, used: self.used });
        if let Some(before) = self.before.take().filter(|before| before.month == month) {
            for (used, then) in self.used.iter_mut().zip(before.used) {
                *used = used.saturating_add(then);
            }
        }
    }

    /// Charges an upper bound before any of it is sent.
    ///
    /// # Errors
    /// When the bound exceeds what this purpose may still use; nothing is charged then.
    pub fn charge(
        &mut self,
        rules: &BudgetRules,
        purpose: Purpose,
        bound: ByteCount,
    ) -> Result<Reservation, Refused> {
        let left = self.left(rules, purpose);
        if bound > left {
            return Err(Refused { needed: bound, left });
        }
        let number = self.next_number;
        self.next_number = number.wrapping_add(1);
        let used = &mut self.used[purpose.index()];
        *used = used.saturating_add(bound);
        self.open.push(Open { number, purpose, bound });
        Ok(Reservation { number, bound })
    }

    /// Replaces the charged bound by what was really sent, even if that is more.
    pub fn settle(&mut self, reservation: Reservation, actual: ByteCount) -> Settled {
        if let Some(place) = self.open.iter().position(|open| open.number == reservation.number) {
            let open = self.open.swap_remove(place);
            let used = &mut self.used[open.purpose.index()];
            *used = used.saturating_sub(open.bound).saturating_add(actual);
        }
        Settled { charged: actual, overrun: actual.saturating_sub(reservation.bound) }
    }

    /// What `purpose` may still use this month, the reserves of the others kept.
    #[must_use]
    pub fn left(&self, rules: &BudgetRules, purpose: Purpose) -> ByteCount {
        let unspent = |reserve: ByteCount, of: Purpose| reserve.saturating_sub(self.used[of.index()]);
        let kept = match purpose {
            Purpose::Throughput | Purpose::Reachability => unspent(rules.latency_reserve, Purpose::Latency)
                .saturating_add(unspent(rules.control_reserve, Purpose::Control)),
            Purpose::Latency => unspent(rules.control_reserve, Purpose::Control),
            Purpose::Control => ByteCount::ZERO,
        };
        rules.limit.saturating_sub(self.used()).saturating_sub(kept)
    }

    /// Octets charged this month, all purposes together, open reservations included.
    #[must_use]
    pub fn used(&self) -> ByteCount {
        self.used.iter().fold(ByteCount::ZERO, |sum, used| sum.saturating_add(*used))
    }

    /// Octets charged this month for one purpose, open reservations included.
    #[must_use]
    pub const fn used_for(&self, purpose: Purpose) -> ByteCount {
        self.used[purpose.index()]
    }

    /// The month that is counted; `None` while the calendar has never been known.
    #[must_use]
    pub const fn month(&self) -> Option<Month> {
        self.month
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RULES: BudgetRules = BudgetRules {
        limit: ByteCount::from_bytes(1000),
        latency_reserve: ByteCount::from_bytes(100),
        control_reserve: ByteCount::from_bytes(50),
    };

    const NOVEMBER: Timestamp = Timestamp::from_unix_secs(1_796_083_199);
    const DECEMBER: Timestamp = Timestamp::from_unix_secs(1_796_083_200);

    fn bytes(count: u64) -> ByteCount {
        ByteCount::from_bytes(count)
    }

    #[test]
    fn throughput_stops_first_then_latency_then_control() {
        let mut ledger = Ledger::new();
        let refused = ledger.charge(&RULES, Purpose::Throughput, bytes(851)).unwrap_err();
        assert_eq!(refused, Refused { needed: bytes(851), left: bytes(850) });
        let run = ledger.charge(&RULES, Purpose::Throughput, bytes(850)).unwrap();
        assert_eq!(ledger.left(&RULES, Purpose::Throughput), bytes(0));
        assert_eq!(ledger.left(&RULES, Purpose::Latency), bytes(100));
        let echoes = ledger.charge(&RULES, Purpose::Latency, bytes(100)).unwrap();
        assert_eq!(ledger.left(&RULES, Purpose::Latency), bytes(0));
        assert_eq!(ledger.left(&RULES, Purpose::Control), bytes(50));
        ledger.settle(run, bytes(400));
        ledger.settle(echoes, bytes(100));
        assert_eq!(ledger.used(), bytes(500));
    }

    #[test]
    fn a_crash_between_charge_and_settling_keeps_the_whole_bound() {
        let mut ledger = Ledger::new();
        let lost = ledger.charge(&RULES, Purpose::Throughput, bytes(300)).unwrap();
        let stored = serde_json::to_string(&ledger).unwrap();
        drop(lost);
        let mut read: Ledger = serde_json::from_str(&stored).unwrap();
        read.recover();
        assert_eq!(read.used(), bytes(300));
    }

    #[test]
    fn a_ledger_of_before_services_were_tried_is_read_and_one_of_later_is_not() {
        let old = r#"{"month":"2026-11","used":[5,6,7]}"#;
        let read: Ledger = serde_json::from_str(old).unwrap();
        assert_eq!((read.used(), read.used_for(Purpose::Reachability)), (bytes(18), bytes(0)));
        assert!(serde_json::from_str::<Ledger>(&old.replace("[5,6,7]", "[1,2,3,4,5]")).is_err());
    }

    #[test]
    fn what_was_sent_beyond_a_reservation_is_charged_and_reported() {
        let mut ledger = Ledger::new();
        let run = ledger.charge(&RULES, Purpose::Throughput, bytes(10)).unwrap();
        assert_eq!(ledger.settle(run, bytes(12)), Settled { charged: bytes(12), overrun: bytes(2) });
        assert_eq!(ledger.used(), bytes(12));
    }

    #[test]
    fn a_new_month_starts_afresh_but_keeps_what_is_still_open() {
        let mut ledger = Ledger::new();
        assert!(!ledger.turn(Some(NOVEMBER)));
        let done = ledger.charge(&RULES, Purpose::Throughput, bytes(500)).unwrap();
        ledger.settle(done, bytes(500));
        let open = ledger.charge(&RULES, Purpose::Throughput, bytes(200)).unwrap();
        assert!(ledger.turn(Some(DECEMBER)));
        assert_eq!(ledger.used(), bytes(200));
        ledger.settle(open, bytes(120));
        assert_eq!(ledger.used(), bytes(120));
    }

    #[test]
    fn a_clock_that_goes_back_or_is_lost_gives_nothing_back() {
        let mut ledger = Ledger::new();
        ledger.turn(Some(DECEMBER));
        let run = ledger.charge(&RULES, Purpose::Throughput, bytes(500)).unwrap();
        ledger.settle(run, bytes(500));
        for calendar in [Some(NOVEMBER), None, Some(Timestamp::from_unix_secs(0))] {
            assert!(!ledger.turn(calendar));
            assert_eq!(ledger.used(), bytes(500));
        }
        assert_eq!(ledger.month(), Month::of(DECEMBER));
    }

    #[test]
    fn what_was_counted_before_the_calendar_was_known_belongs_to_the_first_month() {
        let mut ledger = Ledger::new();
        let run = ledger.charge(&RULES, Purpose::Throughput, bytes(500)).unwrap();
        ledger.settle(run, bytes(500));
        ledger.turn(Some(NOVEMBER));
        assert_eq!(ledger.used(), bytes(500));
    }

    #[test]
    fn reserves_beyond_the_limit_are_refused() {
        assert!(RULES.check().is_ok());
        let rules = BudgetRules { limit: bytes(149), ..RULES };
        assert!(rules.check().is_err());
    }

    #[derive(Debug, Clone)]
    enum Step {
        Charge(Purpose, u64),
        /// Settles the n-th open reservation with so many octets really sent.
        Settle(usize, u64),
        /// Sends under the n-th open reservation, then dies before settling.
        Crash,
        Calendar(Option<i64>),
    }

    fn step() -> impl Strategy<Value = Step> {
        let purpose = prop_oneof![Just(Purpose::Throughput), Just(Purpose::Latency), Just(Purpose::Control)];
        prop_oneof![
            4 => (purpose, 0_u64..700).prop_map(|(purpose, bound)| Step::Charge(purpose, bound)),
            4 => (any::<usize>(), 0_u64..1000).prop_map(|(n, actual)| Step::Settle(n, actual)),
            1 => Just(Step::Crash),
            2 => prop::option::of(1_790_000_000_i64..1_800_000_000).prop_map(Step::Calendar),
        ]
    }

    proptest! {
        #[test]
        fn no_month_ever_sees_more_octets_than_its_limit_but_for_overruns(steps in prop::collection::vec(step(), 0..120)) {
            let mut ledger = Ledger::new();
            let mut held: Vec<Reservation> = Vec::new();
            // What the line really carried in the month that the ledger counts, in the worst case for open ones.
            let mut sent = 0;
            // What of it nobody had reserved; it may have been in a month before.
            let mut overrun = 0;
            for step in steps {
                match step {
                    Step::Charge(purpose, bound) => {
                        if let Ok(reservation) = ledger.charge(&RULES, purpose, bytes(bound)) {
                            held.push(reservation);
                        }
                    }
                    Step::Settle(n, actual) if !held.is_empty() => {
                        let reservation = held.swap_remove(n % held.len());
                        sent += actual;
                        overrun += ledger.settle(reservation, bytes(actual)).overrun.as_bytes();
                    }
                    Step::Crash => {
                        sent += held.drain(..).map(|reservation| reservation.bound().as_bytes()).sum::<u64>();
                        let stored = serde_json::to_string(&ledger).expect("a ledger is JSON");
                        ledger = serde_json::from_str(&stored).expect("what was written");
                        ledger.recover();
                    }
                    Step::Calendar(now) => {
                        let before = ledger.month();
                        let turned = ledger.turn(now.map(Timestamp::from_unix_secs));
                        if !turned && before.is_some() && ledger.month() != before {
                            // Coming back to a month adds up two, each of which kept to its limit.
                            overrun += ledger.used().as_bytes();
                        }
                        if turned {
                            sent = 0;
                        }
                    }
                    Step::Settle(..) => {}
                }
                let worst = sent + held.iter().map(|open| open.bound().as_bytes()).sum::<u64>();
                prop_assert!(worst <= ledger.used().as_bytes());
                prop_assert!(ledger.used().as_bytes() <= RULES.limit.as_bytes() + overrun);
                let kept = ledger.left(&RULES, Purpose::Control).as_bytes()
                    + ledger.used_for(Purpose::Control).as_bytes();
                prop_assert!(kept + overrun >= RULES.control_reserve.as_bytes());
            }
        }
    }
}
