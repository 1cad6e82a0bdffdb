//! Hours of the week in which a use was possible.
//!
//! A slot is looked at three times: was the line there and quick (the watch), was it fast (the nearest run), did pages come
//! (the nearest attempt). It is *ok* if every look that the use asks for passes, *ko* if one fails, else *unknown*: what is
//! missing passes nothing. The bounds take every unknown slot as ko, then as ok.
//!
//! The estimate is the product, look after look, of the share that passed among the slots that had passed until then and of which this
//! look is known. With every look known it is `ok / (ok + ko)`. That quotient itself would be too low where runs are sparse: a
//! line that is down is seen in every slot, one that is well only near its runs.

use std::collections::BTreeMap;

use crate::sample::effective;
use crate::slot::{Grid, Slot};
use crate::uses::{Needs, SlotRule};
use crate::voice::VoiceModel;
use crate::window::WindowRule;

/// What a look at a slot says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Pass,
    Fail,
    Unknown,
}

/// What can be said of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Ok,
    Ko,
    Unknown,
}

/// Hours of a week in which a use was possible, in its window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hours {
    /// Hours of the window in a week without public holiday.
    pub window_hours: f64,
    /// The estimate; `None` when a look that the use asks for is known of no slot.
    pub hours: Option<f64>,
    /// With every unknown slot ko.
    pub hours_low: f64,
    /// With every unknown slot ok.
    pub hours_high: f64,
    /// Slots of the window in the period.
    pub slots: usize,
    /// Slots in which it was possible.
    pub ok: usize,
    /// Slots in which it was not.
    pub ko: usize,
    /// Slots of which it is not known.
    pub unknown: usize,
    /// Slots that the estimate rests on: each look is known until one fails.
    pub behind: usize,
    /// Days with such a slot.
    pub days: u32,
    /// Effective number of independent slots, days being what is independent.
    pub effective_count: f64,
}

impl Hours {
    /// Share of the window's slots that the estimate rests on; `None` without a slot.
    #[must_use]
    pub fn known_share(&self) -> Option<f64> {
        share(self.behind, self.slots)
    }

    /// Estimate over the window's hours, 0 to 1.
    #[must_use]
    pub fn share(&self) -> Option<f64> {
        self.hours.map(|hours| hours / self.window_hours)
    }
}

/// What a slot is judged by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) needs: &'a Needs,
    pub(crate) rule: &'a SlotRule,
    pub(crate) voice: &'a VoiceModel,
}

/// Hours of a week in which a use was possible.
pub(crate) fn hours(grid: &Grid, window: &WindowRule, judge: Judge<'_>) -> Hours {
    let looks: Vec<(i64, [Look; 3])> =
        grid.within(window).map(|(_, slot)| (slot.day, judge.looks(slot))).collect();
    of_looks(&looks, window.hours_per_week())
}

fn of_looks(looks: &[(i64, [Look; 3])], window_hours: f64) -> Hours {
    let mut by_day: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let (mut ok, mut ko) = (0, 0);
    for (day, looks) in looks {
        match answer(*looks) {
            Answer::Ok => ok += 1,
            Answer::Ko => ko += 1,
            Answer::Unknown => {}
        }
        // The estimate rests on slots of which each look is known until one fails.
        match looks.iter().find(|look| **look != Look::Pass) {
            None => by_day.entry(*day).or_default().push(1.0),
            Some(Look::Fail) => by_day.entry(*day).or_default().push(0.0),
            Some(_) => {}
        }
    }
    let slots = looks.len();
    let unknown = slots - ok - ko;
    let of_window = |part| share(part, slots).map_or(0.0, |share| share * window_hours);
    // Without a single slot everything is unknown.
    let (low, high) = (of_window(ok), if slots == 0 { window_hours } else { of_window(ok + unknown) });
    Hours {
        window_hours,
        // A slot that is ko by a later look alone, the earlier ones being unknown, is in the bounds and not in the product.
        hours: estimate(looks).map(|share| (share * window_hours).clamp(low, high)),
        hours_low: low,
        hours_high: high,
        slots,
        ok,
        ko,
        unknown,
        behind: by_day.values().map(Vec::len).sum(),
        days: u32::try_from(by_day.len()).unwrap_or(u32::MAX),
        effective_count: effective(by_day.values()),
    }
}

fn estimate(looks: &[(i64, [Look; 3])]) -> Option<f64> {
    let mut found = 1.0;
    for look in 0..3 {
        let until_now =
            looks.iter().filter(|(_, looks)| looks[..look].iter().all(|look| *look == Look::Pass));
        let (mut passed, mut failed, mut any) = (0, 0, false);
        for (_, looks) in until_now {
            any = true;
            match looks[look] {
                Look::Pass => passed += 1,
                Look::Fail => failed += 1,
                Look::Unknown => {}
            }
        }
        if look > 0 && !any {
            // Nothing passed the look before: what this one would say does not matter.
            return Some(0.0);
        }
        found *= share(passed, passed + failed)?;
        if found == 0.0 {
            return Some(0.0);
        }
    }
    Some(found)
}

fn answer(looks: [Look; 3]) -> Answer {
    if looks.contains(&Look::Fail) {
        Answer::Ko
    } else if looks.contains(&Look::Unknown) {
        Answer::Unknown
    } else {
        Answer::Ok
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of slots stay far below 2^53")]
pub(crate) fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl Judge<'_> {
    fn looks(&self, slot: &Slot) -> [Look; 3] {
        let Needs { down, up, page, .. } = *self.needs;
        [self.watch(slot), all([at_least(down, slot.down), at_least(up, slot.up)]), at_most(page, slot.page)]
    }

    fn watch(&self, slot: &Slot) -> Look {
        if slot.down_minutes >= self.rule.down_min {
            return Look::Fail;
        }
        if slot.known < self.rule.known_min {
            return Look::Unknown;
        }
        let Needs { rtt, loss, variation, voice_r, .. } = *self.needs;
        let rating =
            slot.rtt.zip(slot.loss).map(|(rtt, loss)| self.voice.rating(self.voice.one_way_ms(rtt), loss));
        all([
            at_most(rtt, slot.rtt),
            at_most(loss, slot.loss),
            at_most(variation, slot.variation),
            at_least(voice_r, rating),
        ])
    }
}

fn at_least(wanted: Option<f64>, seen: Option<f64>) -> Look {
    compare(wanted, seen, |wanted, seen| seen >= wanted)
}

fn at_most(wanted: Option<f64>, seen: Option<f64>) -> Look {
    compare(wanted, seen, |wanted, seen| seen <= wanted)
}

fn compare(wanted: Option<f64>, seen: Option<f64>, passes: fn(f64, f64) -> bool) -> Look {
    match (wanted, seen) {
        (None, _) => Look::Pass,
        (Some(_), None) => Look::Unknown,
        (Some(wanted), Some(seen)) if passes(wanted, seen) => Look::Pass,
        _ => Look::Fail,
    }
}

fn all<const N: usize>(looks: [Look; N]) -> Look {
    if looks.contains(&Look::Fail) {
        Look::Fail
    } else if looks.contains(&Look::Unknown) {
        Look::Unknown
    } else {
        Look::Pass
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const P: Look = Look::Pass;
    const F: Look = Look::Fail;
    const U: Look = Look::Unknown;

    fn of(looks: &[[Look; 3]]) -> Hours {
        let days: Vec<_> = (0..).zip(looks).map(|(place, looks)| (place / 4, *looks)).collect();
        of_looks(&days, 50.0)
    }

    #[test]
    fn with_everything_known_the_estimate_is_the_quotient() {
        let found = of(&[[P, P, P], [P, F, P], [F, P, P], [P, P, P], [P, P, F]]);
        assert_eq!((found.ok, found.ko, found.unknown), (2, 3, 0));
        assert_eq!((found.hours, found.hours_low, found.hours_high), (Some(20.0), 20.0, 20.0));
    }

    #[test]
    fn what_is_missing_passes_nothing_and_widens_the_bounds() {
        let found = of(&[[P, P, P], [P, U, P], [U, P, P], [F, U, P]]);
        assert_eq!((found.ok, found.ko, found.unknown), (1, 1, 2));
        assert_eq!((found.hours_low, found.hours_high), (12.5, 37.5));
        let never_fast = of(&[[P, U, P], [F, U, P]]);
        assert_eq!(never_fast.hours, None, "nobody knows how fast the line is");
        assert_eq!((never_fast.hours_low, never_fast.hours_high), (0.0, 25.0));
        assert_eq!(of(&[[F, U, P], [F, U, U]]).hours, Some(0.0), "a line that is never there is never fast");
        let nothing = of(&[]);
        assert_eq!((nothing.hours, nothing.hours_low, nothing.hours_high), (None, 0.0, 50.0));
    }

    /// A line down in one slot of ten, fast whenever it is there, with a run in every second slot: it serves nine hours of ten. The
    /// plain quotient would say 4.5 of 5.5.
    #[test]
    fn sparse_runs_do_not_make_a_line_worse() {
        let looks: Vec<[Look; 3]> = (0..20)
            .map(|slot| {
                if slot % 10 == 9 {
                    [F, U, P]
                } else if slot % 2 == 0 {
                    [P, P, P]
                } else {
                    [P, U, P]
                }
            })
            .collect();
        let found = of(&looks);
        assert_eq!(found.hours, Some(45.0));
        assert_eq!((found.ok, found.ko), (10, 2));
    }

    fn look() -> impl Strategy<Value = Look> {
        prop_oneof![4 => Just(P), 2 => Just(F), 2 => Just(U)]
    }

    proptest! {
        #[test]
        fn the_bounds_hold_what_is_learnt_later_and_never_narrow_with_less(
            looks in prop::collection::vec(prop::array::uniform3(look()), 1..60),
            later in prop::collection::vec(prop::array::uniform3(prop::bool::ANY), 60),
        ) {
            let before = of(&looks);
            let learnt: Vec<[Look; 3]> = looks.iter().zip(&later).map(|(looks, later)| {
                let mut all = *looks;
                for (look, pass) in all.iter_mut().zip(later) {
                    if *look == U { *look = if *pass { P } else { F }; }
                }
                all
            }).collect();
            let truth = of(&learnt);
            let hours = truth.hours.unwrap();
            prop_assert!(truth.unknown == 0 && (hours - truth.hours_low).abs() < 1e-9);
            prop_assert!(before.hours_low - 1e-9 <= hours && hours <= before.hours_high + 1e-9);
            prop_assert!(before.hours_high <= 50.0 + 1e-9 && before.hours_low >= 0.0);
            if let Some(estimate) = before.hours {
                prop_assert!(before.hours_low - 1e-9 <= estimate && estimate <= before.hours_high + 1e-9);
            }
            // Forgetting part of what is known.
            let less: Vec<[Look; 3]> = looks.iter().zip(&later).map(|(looks, later)| {
                let mut all = *looks;
                for (look, keep) in all.iter_mut().zip(later) {
                    if !keep { *look = U; }
                }
                all
            }).collect();
            let wider = of(&less);
            prop_assert!(wider.hours_low <= before.hours_low + 1e-9 && wider.hours_high >= before.hours_high - 1e-9);
        }
    }
}
