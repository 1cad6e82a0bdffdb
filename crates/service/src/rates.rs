//! What a site's runs reached.

use std::collections::BTreeMap;

use desserte_model::Direction;

use crate::records::Records;
use crate::sample::{effective, quantile};
use crate::slot::Grid;
use crate::window::WindowRule;

/// Rates of some runs in Mbit/s, by local day.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Rates {
    by_day: BTreeMap<i64, Vec<f64>>,
    all: Vec<f64>,
}

impl Rates {
    fn add(&mut self, day: i64, rate: f64) {
        self.by_day.entry(day).or_default().push(rate);
        self.all.push(rate);
    }

    pub(crate) fn quantile(&self, p: f64) -> Option<f64> {
        quantile(&self.all, p)
    }

    pub(crate) fn all(&self) -> &[f64] {
        &self.all
    }

    pub(crate) fn days(&self) -> u32 {
        u32::try_from(self.by_day.len()).unwrap_or(u32::MAX)
    }

    pub(crate) fn effective_count(&self) -> f64 {
        effective(self.by_day.values())
    }

    /// The same for whether each run reached a rate.
    pub(crate) fn effective_count_reaching(&self, rate: f64) -> f64 {
        let reached = |rates: &Vec<f64>| rates.iter().map(|own| f64::from(u8::from(*own >= rate))).collect();
        let days: Vec<Vec<f64>> = self.by_day.values().map(reached).collect();
        effective(&days)
    }
}

/// Runs of one direction, at peak and off it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Parted {
    pub(crate) all: Rates,
    pub(crate) peak: Rates,
    pub(crate) off_peak: Rates,
    /// Rate that the line was last declared to be sold as, Mbit/s.
    pub(crate) subscribed: Option<f64>,
}

pub(crate) fn part(grid: &Grid, records: &Records, direction: Direction, peak: &WindowRule) -> Parted {
    let mut found = Parted::default();
    for run in records.runs.iter().filter(|run| run.direction == direction) {
        let Some((slot, rate)) =
            grid.cell_of(run.at).map(|cell| &grid.slots[cell / grid.slot_minutes]).zip(run.rate)
        else {
            continue;
        };
        let rate = rate.as_mbit_per_s();
        found.all.add(slot.day, rate);
        let own = if peak.holds(slot.weekday, slot.minute, slot.holiday) {
            &mut found.peak
        } else {
            &mut found.off_peak
        };
        own.add(slot.day, rate);
        found.subscribed = run.subscribed.map(desserte_units::BitRate::as_mbit_per_s).or(found.subscribed);
    }
    found
}
