//! Accounts of probes, and of territories.

use desserte_model::Device;

use crate::{Footprint, Range};

/// Hours of a year of 365.25 days.
const HOURS_OF_A_YEAR: f64 = 8_766.0;

const OCTETS_OF_A_GIGABYTE: f64 = 1e9;

/// The network that a probe's octets go over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Fibre, copper, cable, terrestrial radio, satellite.
    Fixed,
    /// A mobile network, also where it serves a building.
    Mobile,
}

/// What one probe did in a time. `None` is what is not known of it, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Usage {
    /// Hours in which it was on, as far as its signs of life cover them; not known from a single one.
    pub hours: Option<f64>,
    /// Processor time of the agent, seconds.
    pub processor_s: Option<f64>,
    /// Octets charged to its data budget.
    pub bytes: Option<u64>,
    /// What it runs on, as declared.
    pub device: Option<Device>,
    /// The network of its line.
    pub network: Option<Network>,
}

/// A sum over the probes for which something is known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Total {
    /// Lower end of the sum.
    pub low: f64,
    /// Upper end of the sum.
    pub high: f64,
    /// Probes in the sum.
    pub known: u64,
    /// Probes of which it is not known: they are in the sum with nothing, and nothing is no estimate of theirs.
    pub unknown: u64,
}

impl Total {
    fn add(&mut self, of: Option<(f64, f64)>) {
        match of {
            Some((low, high)) => {
                self.low += low;
                self.high += high;
                self.known += 1;
            }
            None => self.unknown += 1,
        }
    }
}

/// What the probes of a territory cost in a time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Account {
    /// Probes.
    pub probes: u64,
    /// Hours that they were on, together; both ends of the range are the same.
    pub hours: Total,
    /// Octets charged to data budgets; both ends of the range are the same.
    pub bytes: Total,
    /// Processor time, seconds; both ends of the range are the same.
    pub processor_s: Total,
    /// Electricity, kilowatt hours: of the whole device where it is there for the probe, else what the agent's processor time adds.
    pub electricity_kwh: Total,
    /// Manufacture for the hours that it was on, kilograms of CO2 equivalent: of devices that are there for the probe; nothing of others, which would be
    /// there without it.
    pub manufacture_kg: Total,
    /// Traffic over mobile networks by the allocation that operators publish, kilograms of CO2 equivalent.
    pub traffic_allocated_kg: Total,
    /// The same at the margin: between nothing and the allocation, since a network is there whatever one moves.
    pub traffic_marginal_kg: Total,
    /// Probes on fixed lines: their traffic is allocated to subscriptions, by the month and not by what is moved.
    pub fixed_lines: u64,
}

impl Account {
    /// Adds a probe.
    pub fn add(&mut self, set: &Footprint, usage: &Usage) {
        self.probes += 1;
        self.hours.add(usage.hours.map(|hours| (hours, hours)));
        #[expect(clippy::cast_precision_loss, reason = "octets of a fleet's month are far below 2^52")]
        let bytes = usage.bytes.map(|bytes| bytes as f64);
        self.bytes.add(bytes.map(|bytes| (bytes, bytes)));
        self.processor_s.add(usage.processor_s.map(|seconds| (seconds, seconds)));
        self.electricity_kwh.add(electricity(set, usage));
        self.manufacture_kg.add(manufacture(set, usage));
        if usage.network == Some(Network::Fixed) {
            self.fixed_lines += 1;
            return;
        }
        let gigabytes = usage.network.and(bytes).map(|bytes| bytes / OCTETS_OF_A_GIGABYTE);
        let allocated = gigabytes.map(|gigabytes| times(&set.mobile_grams_per_gigabyte, gigabytes / 1_000.0));
        self.traffic_allocated_kg.add(allocated);
        self.traffic_marginal_kg.add(allocated.map(|(_, high)| (0.0, high)));
    }
}

fn electricity(set: &Footprint, usage: &Usage) -> Option<(f64, f64)> {
    let device = usage.device?;
    if device.dedicated {
        return Some(times(&set.costs(device.class).watts, usage.hours? / 1_000.0));
    }
    Some(times(&set.core_watts, usage.processor_s? / 3_600.0 / 1_000.0))
}

fn manufacture(set: &Footprint, usage: &Usage) -> Option<(f64, f64)> {
    let device = usage.device?;
    if !device.dedicated {
        return Some((0.0, 0.0));
    }
    let costs = set.costs(device.class);
    let years = usage.hours? / HOURS_OF_A_YEAR;
    let (made, life) = (&costs.manufacture_kilograms, &costs.life_years);
    Some((made.low / life.high * years, made.high / life.low * years))
}

fn times(range: &Range, factor: f64) -> (f64, f64) {
    (range.low * factor, range.high * factor)
}

#[cfg(test)]
mod tests {
    use desserte_model::DeviceClass;

    use super::*;

    fn account(usages: &[Usage]) -> Account {
        let mut account = Account::default();
        for usage in usages {
            account.add(&Footprint::built_in(), usage);
        }
        account
    }

    fn near(total: Total, low: f64, high: f64) {
        assert!((total.low - low).abs() < 1e-9 && (total.high - high).abs() < 1e-9, "{total:?}");
    }

    #[test]
    fn a_board_for_the_probe_is_counted_whole_and_an_office_pc_by_its_processor() {
        let board = Device { class: DeviceClass::SingleBoard, dedicated: true };
        let shared = Device { class: DeviceClass::Desktop, dedicated: false };
        let month = Usage { hours: Some(720.0), processor_s: Some(1_800.0), ..Usage::default() };
        let of_board = account(&[Usage { device: Some(board), ..month }]);
        near(of_board.electricity_kwh, 1.44, 5.76);
        near(of_board.manufacture_kg, 10.0 / 8.0 * 720.0 / 8_766.0, 40.0 / 4.0 * 720.0 / 8_766.0);
        let of_pc = account(&[Usage { device: Some(shared), ..month }]);
        near(of_pc.electricity_kwh, 0.000_5, 0.007_5);
        near(of_pc.manufacture_kg, 0.0, 0.0);
        assert_eq!(of_pc.manufacture_kg.known, 1, "nothing of it is known to be nothing");
    }

    #[test]
    fn traffic_is_allocated_by_the_octet_on_mobile_networks_alone() {
        let of = |network| Usage { bytes: Some(3_000_000_000), network, ..Usage::default() };
        let all = account(&[of(Some(Network::Mobile)), of(Some(Network::Fixed)), of(None)]);
        near(all.traffic_allocated_kg, 0.147_6, 0.147_6);
        near(all.traffic_marginal_kg, 0.0, 0.147_6);
        assert_eq!(
            (all.traffic_allocated_kg.known, all.traffic_allocated_kg.unknown, all.fixed_lines),
            (1, 1, 1)
        );
        near(all.bytes, 9e9, 9e9);
    }

    #[test]
    fn what_is_not_known_is_counted_apart_and_is_not_nothing() {
        let all = account(&[Usage { hours: Some(5.0), ..Usage::default() }, Usage::default()]);
        let unknown = Total { unknown: 2, ..Total::default() };
        assert_eq!((all.bytes, all.electricity_kwh, all.manufacture_kg), (unknown, unknown, unknown));
        assert_eq!((all.probes, all.hours), (2, Total { low: 5.0, high: 5.0, known: 1, unknown: 1 }));
    }
}
