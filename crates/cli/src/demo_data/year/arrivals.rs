//! The order in which records of many probes arrive.

use std::collections::BTreeMap;

use desserte_units::Timestamp;

use super::probe::{Probe, Record};
use super::tables::Tables;
use super::{DAY_US, HOUR_US};

/// A probe sends this often: so many minutes of one probe follow each other.
const UPLOAD_US: i64 = 5 * 60_000_000;

/// All probes, and what they have still to send.
pub(super) struct Arrivals {
    probes: Vec<Probe>,
    /// By probe, the moment from which on what it observes is sent.
    sends_from: Vec<i64>,
    /// What arrives late, by the moment.
    late: BTreeMap<i64, Vec<(usize, Vec<Record>)>>,
    /// The last number of the hand-over.
    number: i64,
}

impl Arrivals {
    pub(super) fn new(probes: Vec<Probe>) -> Self {
        Self { sends_from: vec![i64::MIN; probes.len()], probes, late: BTreeMap::new(), number: 0 }
    }

    /// Everything that arrives in whole hours, and with `all` everything that is late.
    pub(super) fn between(&mut self, from: Timestamp, until: Timestamp, all: bool, tables: &mut Tables) {
        let (from, until) = (from.as_unix_micros(), until.as_unix_micros());
        for hour in (from..until).step_by(usize::try_from(HOUR_US).unwrap_or(usize::MAX)) {
            self.hour(hour, tables);
        }
        let rest = if all { BTreeMap::new() } else { self.late.split_off(&until) };
        for (moment, records) in std::mem::replace(&mut self.late, rest) {
            for (probe, records) in records {
                self.hand_over(probe, &records, moment, tables);
            }
        }
    }

    fn hour(&mut self, hour: i64, tables: &mut Tables) {
        let mut fresh: Vec<Vec<Record>> = Vec::with_capacity(self.probes.len());
        for (index, probe) in self.probes.iter_mut().enumerate() {
            if hour.rem_euclid(DAY_US) == 0 {
                self.sends_from[index] = hour + probe.begin_day() * DAY_US;
            }
            let records = probe.hour(hour);
            if self.sends_from[index] > hour {
                self.late.entry(self.sends_from[index]).or_default().push((index, records));
                fresh.push(Vec::new());
            } else {
                fresh.push(records);
            }
        }
        let mut sent = vec![0; fresh.len()];
        for upload in
            (hour + UPLOAD_US..=hour + HOUR_US).step_by(usize::try_from(UPLOAD_US).unwrap_or(usize::MAX))
        {
            for (index, records) in fresh.iter().enumerate() {
                let rest = &records[sent[index]..];
                let due = rest.iter().take_while(|record| record.event_us < upload).count();
                self.hand_over(index, &rest[..due], upload, tables);
                sent[index] += due;
            }
        }
    }

    fn hand_over(&mut self, probe: usize, records: &[Record], received_us: i64, tables: &mut Tables) {
        for record in records {
            self.number += 1;
            tables.push(&self.probes[probe], record, self.number, received_us);
        }
    }
}
