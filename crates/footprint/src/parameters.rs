//! The set of values, with where each comes from.

use desserte_model::DeviceClass;
use serde::Deserialize;

/// A range with its source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// Since when the source says so; absent where the source's words hold the date.
    #[serde(default)]
    pub since: Option<String>,
    /// Where it comes from.
    pub source: String,
    /// How far that was checked: `read`, `secondary`, `unverified` or `proposal`.
    pub mark: String,
}

/// What a kind of device costs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// Electric power while it is on, watts.
    pub watts: Range,
    /// Manufacture, kilograms of CO2 equivalent.
    pub manufacture_kilograms: Range,
    /// How long it is used, years.
    pub life_years: Range,
}

/// The set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Footprint {
    /// Its name, told beside every figure.
    pub set: String,
    /// What a gigabyte over a mobile network is allocated, grams of CO2 equivalent.
    pub mobile_grams_per_gigabyte: Range,
    /// What a month of a fixed subscription is allocated, kilograms of CO2 equivalent, whatever is moved.
    pub fixed_kilograms_per_month: Range,
    /// What a busy core adds to a device that is on anyway, watts.
    pub core_watts: Range,
    device: Devices,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Devices {
    single_board: Costs,
    mini_pc: Costs,
    desktop: Costs,
    laptop: Costs,
    router: Costs,
}

impl Footprint {
    /// The set that this program has.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[must_use]
    pub fn built_in() -> Self {
        toml::from_str(include_str!("../parameters/footprint-1.toml")).expect("a test reads the built-in set")
    }

    /// What a kind of device costs.
    #[must_use]
    pub const fn costs(&self, class: DeviceClass) -> &Costs {
        match class {
            DeviceClass::SingleBoard => &self.device.single_board,
            DeviceClass::MiniPc => &self.device.mini_pc,
            DeviceClass::Desktop => &self.device.desktop,
            DeviceClass::Laptop => &self.device.laptop,
            DeviceClass::Router => &self.device.router,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_range_of_the_set_is_one_and_says_where_it_comes_from() {
        let set = Footprint::built_in();
        assert_eq!(set.set, "footprint-1");
        let devices = DeviceClass::ALL.map(|class| set.costs(class));
        let ranges =
            devices.iter().flat_map(|costs| [&costs.watts, &costs.manufacture_kilograms, &costs.life_years]);
        let own = [&set.mobile_grams_per_gigabyte, &set.fixed_kilograms_per_month, &set.core_watts];
        for range in ranges.chain(own) {
            assert!(0.0 < range.low && range.low <= range.high, "{range:?}");
            assert!(!range.source.is_empty(), "{range:?}");
            assert!(
                ["read", "secondary", "unverified", "proposal"].contains(&range.mark.as_str()),
                "{range:?}"
            );
        }
    }
}
