//! Leaving the line to others.

use std::time::Duration;

use serde::Deserialize;

use super::fault::{ConfigFault, fault};
use super::file::seconds;
use crate::conduct::Politeness;

/// Longest wait for others to leave the line free.
const WAIT_MAX: Duration = Duration::from_secs(3600);

#[derive(Debug, Default, Deserialize)]
pub(super) struct PolitenessTable {
    watch_s: Option<f64>,
    others_share: Option<f64>,
    others_kbit_per_s: Option<u64>,
    wait_max_s: Option<f64>,
    when_busy: Option<WhenBusy>,
    make_way: Option<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WhenBusy {
    Measure,
    Skip,
}

impl PolitenessTable {
    pub(super) fn check(self) -> Result<Politeness, ConfigFault> {
        let share = self.others_share.unwrap_or(0.05);
        if !(share > 0.0 && share <= 1.0) {
            return Err(fault("politeness.others_share", "expected a share above 0 and up to 1"));
        }
        let wait_max = seconds("politeness.wait_max_s", self.wait_max_s, 600.0, 0.0)?;
        if wait_max > WAIT_MAX {
            return Err(fault(
                "politeness.wait_max_s",
                "a run moved by more than an hour is no longer at its random moment",
            ));
        }
        Ok(Politeness {
            watch: seconds("politeness.watch_s", self.watch_s, 3.0, 0.1)?.min(WAIT_MAX),
            share,
            bits_per_second: self.others_kbit_per_s.unwrap_or(500).saturating_mul(1_000),
            wait_max,
            skips: self.when_busy == Some(WhenBusy::Skip),
            yields: self.make_way.unwrap_or(true),
        })
    }
}
