//! Gauges of what the collector stands on: its disk and its territory.

use desserte_territory::Territory;
use prometheus::proto::MetricFamily;

use super::families::{Family, float, seconds};

/// Builds the families. `free` is what the system says of the disk; not known has no series.
pub(crate) fn store_families(
    free: Option<u64>,
    territory: &Territory,
) -> prometheus::Result<Vec<MetricFamily>> {
    let room = Family::new(
        "desserte_store_free_bytes",
        "Octets left for the store by the file system that holds it.",
        &[],
    )?;
    let vintage = Family::new(
        "desserte_territory_vintage_timestamp_seconds",
        "1 January of the year of the official list of communes that the territory was imported from.",
        &["vintage"],
    )?;
    if let Some(free) = free {
        room.set(&[], float(free));
    }
    let year = territory.vintage().as_year();
    if let Some(start) = start_of(year) {
        vintage.set(&[&year.to_string()], seconds(start));
    }
    Ok([room, vintage].iter().flat_map(Family::collect).collect())
}

/// Microseconds since the Unix epoch of the start of a year.
fn start_of(year: u16) -> Option<i64> {
    let day = jiff::civil::Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
    let start = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
    Some(start.as_microsecond())
}
