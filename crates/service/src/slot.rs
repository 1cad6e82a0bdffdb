//! A site's records laid on slots of local time.

use desserte_measure::{MinuteState, Period};
use desserte_model::Direction;
use desserte_units::Timestamp;
use jiff::civil::Date;

use crate::calendar::{Calendar, EPOCH};
use crate::records::{Minute, Records};
use crate::uses::{Reach, SlotRule};
use crate::window::WindowRule;

pub(crate) const MINUTE_US: i64 = 60_000_000;

/// What is known of a minute of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    Unknown,
    Up,
    Degraded,
    Down,
}

/// A slot: when it is by the clock of the place, and what was seen in it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Slot {
    /// Local day, counted from the epoch.
    pub(crate) day: i64,
    /// ISO day of the week.
    pub(crate) weekday: u8,
    /// Minute of the local day at which it begins.
    pub(crate) minute: u16,
    pub(crate) holiday: bool,
    /// Minutes of known state.
    pub(crate) known: u32,
    /// Minutes down.
    pub(crate) down_minutes: u32,
    /// Median round trip, ms.
    pub(crate) rtt: Option<f64>,
    /// Share of echoes lost.
    pub(crate) loss: Option<f64>,
    /// Variation of the round trip, ms.
    pub(crate) variation: Option<f64>,
    /// Download of the nearest run in reach, Mbit/s.
    pub(crate) down: Option<f64>,
    /// Upload of the nearest run in reach, Mbit/s.
    pub(crate) up: Option<f64>,
    /// Seconds that the nearest page in reach took; infinite when it did not come.
    pub(crate) page: Option<f64>,
}

/// A period of one site, slot by slot and minute by minute.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    pub(crate) period: Period,
    pub(crate) slots: Vec<Slot>,
    pub(crate) cells: Vec<Cell>,
    /// Minutes of a slot.
    pub(crate) slot_minutes: usize,
}

impl Grid {
    /// Lays records on the slots of `[from, to)`, days of the place's calendar.
    ///
    /// # Missing data
    /// `None` if the days are none: in the wrong order, or beyond the calendar.
    pub(crate) fn new(
        records: &Records,
        calendar: &Calendar,
        days: (Date, Date),
        rule: &SlotRule,
        reach: Reach,
    ) -> Option<Self> {
        let period = Period { start: calendar.midnight(days.0)?, end: calendar.midnight(days.1)? };
        let slot_minutes = rule.minutes.get() as usize;
        let slot_us = i64::from(rule.minutes.get()) * MINUTE_US;
        let count = usize::try_from(period.end.micros_since(period.start) / slot_us).ok()?;
        let holidays: Vec<i64> = (days.0.year()..=days.1.year())
            .flat_map(|year| calendar.holidays(year))
            .map(day_number)
            .collect();
        let slots = (0_i64..).take(count).map(|slot| {
            let at = period.start.saturating_add_micros(slot * slot_us);
            let local = at.as_unix_secs() + calendar.offset_s(at);
            let day = local.div_euclid(86_400);
            Slot {
                day,
                // The epoch began on a Thursday.
                weekday: u8::try_from((day + 3).rem_euclid(7) + 1).unwrap_or(1),
                minute: u16::try_from(local.rem_euclid(86_400) / 60).unwrap_or(0),
                holiday: holidays.contains(&day),
                ..Slot::default()
            }
        });
        let mut grid = Self {
            slots: slots.collect(),
            cells: vec![Cell::Unknown; count * slot_minutes],
            period,
            slot_minutes,
        };
        grid.mark_minutes(&records.minutes);
        grid.mark_runs(records);
        grid.watch(&records.minutes, rule);
        grid.speak(records, reach);
        Some(grid)
    }

    /// Slots in a window, with their places.
    pub(crate) fn within<'a>(&'a self, window: &'a WindowRule) -> impl Iterator<Item = (usize, &'a Slot)> {
        self.slots
            .iter()
            .enumerate()
            .filter(|(_, slot)| window.holds(slot.weekday, slot.minute, slot.holiday))
    }

    /// The minute of the period in which a moment lies.
    pub(crate) fn cell_of(&self, at: Timestamp) -> Option<usize> {
        let minute = at.micros_since(self.period.start).div_euclid(MINUTE_US);
        usize::try_from(minute).ok().filter(|minute| *minute < self.cells.len())
    }

    /// A minute of the clock has the state of the window that holds its middle, so that windows of a minute take one each
    /// wherever they begin. Where two claim one, the worse known state holds.
    fn mark_minutes(&mut self, minutes: &[Minute]) {
        for minute in minutes {
            let cell = match minute.stated.state {
                MinuteState::Up => Cell::Up,
                MinuteState::Degraded => Cell::Degraded,
                MinuteState::Down => Cell::Down,
                MinuteState::Unknown(_) => continue,
            };
            let window = i64::try_from(minute.stated.window.as_micros()).unwrap_or(0);
            let from = minute.stated.start.micros_since(self.period.start);
            let place = |edge: i64| {
                let place = (edge - MINUTE_US / 2 + MINUTE_US - 1).div_euclid(MINUTE_US);
                usize::try_from(place.max(0)).unwrap_or(0).min(self.cells.len())
            };
            let (first, end) = (place(from), place(from.saturating_add(window)));
            for held in self.cells.get_mut(first..end).unwrap_or_default() {
                *held = cell.max(*held);
            }
        }
    }

    /// A run that carried its payload to the end shows that the line was up, in a minute that it kept from being watched.
    fn mark_runs(&mut self, records: &Records) {
        for run in &records.runs {
            if let Some(cell) = self.cell_of(run.at).filter(|_| run.rate.is_some())
                && self.cells[cell] == Cell::Unknown
            {
                self.cells[cell] = Cell::Up;
            }
        }
    }

    fn watch(&mut self, minutes: &[Minute], rule: &SlotRule) {
        let mut seen: Vec<(Vec<u32>, u64, u32, u32, u32)> = vec![Default::default(); self.slots.len()];
        for minute in minutes {
            let middle = i64::try_from(minute.stated.window.as_micros() / 2).unwrap_or(0);
            let Some(cell) = self.cell_of(minute.stated.start.saturating_add_micros(middle)) else {
                continue;
            };
            let (rtts, variation, varied, sent, lost) = &mut seen[cell / self.slot_minutes];
            rtts.extend(minute.rtt_us);
            if let Some(own) = minute.variation_us {
                *variation += u64::from(own);
                *varied += 1;
            }
            *sent += minute.sent;
            *lost += minute.lost;
        }
        let cells = self.cells.chunks(self.slot_minutes);
        for ((slot, (mut rtts, variation, varied, sent, lost)), cells) in
            self.slots.iter_mut().zip(seen).zip(cells)
        {
            let count = |wanted: fn(&Cell) -> bool| {
                u32::try_from(cells.iter().filter(|cell| wanted(cell)).count()).unwrap_or(0)
            };
            slot.known = count(|cell| *cell != Cell::Unknown);
            slot.down_minutes = count(|cell| *cell == Cell::Down);
            rtts.sort_unstable();
            // The lower of two middle values: a round trip that really happened.
            let median = rtts.len().checked_sub(1).map(|last| rtts[last / 2]);
            slot.rtt = median.map(|us| f64::from(us) / 1e3);
            slot.loss = (sent >= rule.echoes_min.max(1))
                .then(|| if lost < rule.lost_min { 0.0 } else { f64::from(lost) / f64::from(sent) });
            slot.variation = variation
                .checked_div(u64::from(varied))
                .and_then(|mean| u32::try_from(mean).ok())
                .map(|us| f64::from(us) / 1e3);
        }
    }

    /// What the nearest run and the nearest page say of each slot, if they are near enough.
    fn speak(&mut self, records: &Records, reach: Reach) {
        let of = |direction: Direction| -> Vec<(i64, f64)> {
            let own = records.runs.iter().filter(|run| run.direction == direction);
            own.filter_map(|run| Some((run.at.as_unix_micros(), run.rate?.as_mbit_per_s()))).collect()
        };
        let seconds = |page: &crate::Page| page.took.map_or(f64::INFINITY, |took| took.as_secs_f64());
        let pages: Vec<(i64, f64)> =
            records.pages.iter().map(|page| (page.at.as_unix_micros(), seconds(page))).collect();
        let (down, up) = (of(Direction::Download), of(Direction::Upload));
        let start = self.period.start.as_unix_micros();
        let slot_us = i64::try_from(self.slot_minutes).unwrap_or(0) * MINUTE_US;
        for (place, slot) in (0_i64..).zip(&mut self.slots) {
            let middle = start + place * slot_us + slot_us / 2;
            slot.down = nearest(&down, middle, reach.run);
            slot.up = nearest(&up, middle, reach.run);
            slot.page = nearest(&pages, middle, reach.page);
        }
    }
}

/// The value nearest in time, if it lies within so many minutes; of two as near the earlier.
fn nearest(sorted: &[(i64, f64)], at: i64, minutes: u32) -> Option<f64> {
    let next = sorted.partition_point(|(moment, _)| *moment < at);
    let near = sorted[next.saturating_sub(1)..].iter().take(2);
    let (distance, value) =
        near.map(|(moment, value)| ((moment - at).abs(), *value)).min_by_key(|(off, _)| *off)?;
    (distance <= i64::from(minutes) * MINUTE_US).then_some(value)
}

fn day_number(day: Date) -> i64 {
    i64::from(EPOCH.until(day).map_or(0, |span| span.get_days()))
}
