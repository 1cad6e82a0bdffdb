//! Sessions, such as teleconsultations: how many would have failed.

use std::collections::BTreeMap;

use crate::sample::effective;
use crate::slot::{Cell, Grid};
use crate::uses::SessionRule;
use crate::window::WindowRule;

/// Sessions that begin in a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sessions {
    /// Sessions that would have held.
    pub held: usize,
    /// Sessions lost: a minute down, or more degraded ones than a session stands.
    pub lost: usize,
    /// Sessions of which it is not known.
    pub unknown: usize,
    /// Days with a session that is known.
    pub days: u32,
    /// Effective number of independent sessions.
    pub effective_count: f64,
}

/// Judges every session that begins in a window and ends in the period.
pub(crate) fn sessions(grid: &Grid, window: &WindowRule, rule: &SessionRule) -> Sessions {
    let mut by_day: BTreeMap<i64, Vec<f64>> = BTreeMap::new();
    let (mut held, mut lost, mut unknown) = (0, 0, 0);
    for (place, slot) in grid.within(window) {
        for offset in 0..grid.slot_minutes {
            // Starts go by the clock of the place: slots begin on its quarters of an hour.
            if !(usize::from(slot.minute) + offset).is_multiple_of(rule.every) {
                continue;
            }
            let start = place * grid.slot_minutes + offset;
            let Some(cells) = grid.cells.get(start..start + rule.minutes) else { continue };
            let count = |wanted: Cell| cells.iter().filter(|cell| **cell == wanted).count();
            if count(Cell::Down) > 0 || count(Cell::Degraded) > rule.degraded_max {
                lost += 1;
                by_day.entry(slot.day).or_default().push(1.0);
            } else if count(Cell::Unknown) > 0 {
                unknown += 1;
            } else {
                held += 1;
                by_day.entry(slot.day).or_default().push(0.0);
            }
        }
    }
    Sessions {
        held,
        lost,
        unknown,
        days: u32::try_from(by_day.len()).unwrap_or(u32::MAX),
        effective_count: effective(by_day.values()),
    }
}
