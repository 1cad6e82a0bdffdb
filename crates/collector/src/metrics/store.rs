//! Gauges of what the collector stands on: its disk, the room for pages that are kept, and its territory.

use desserte_territory::Territory;
use prometheus::proto::MetricFamily;

use super::families::{Family, float, seconds};

/// Octets of the pages that are kept for permanent links, and those that they may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EditionRoom {
    pub(crate) taken: u64,
    pub(crate) room: u64,
}

/// Builds the families. `free` is what the system says of the disk; not known has no series.
pub(crate) fn store_families(
    free: Option<u64>,
    editions: EditionRoom,
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
    let taken = Family::new("desserte_editions_bytes", "Octets of pages kept for permanent links.", &[])?;
    taken.set(&[], float(editions.taken));
    let may_take = Family::new(
        "desserte_editions_room_bytes",
        "Octets that pages kept for permanent links may have; beyond them the next one is refused.",
        &[],
    )?;
    may_take.set(&[], float(editions.room));
    if let Some(free) = free {
        room.set(&[], float(free));
    }
    let year = territory.vintage().as_year();
    if let Some(start) = start_of(year) {
        vintage.set(&[&year.to_string()], seconds(start));
    }
    Ok([room, taken, may_take, vintage].iter().flat_map(Family::collect).collect())
}

/// Microseconds since the Unix epoch of the start of a year.
fn start_of(year: u16) -> Option<i64> {
    let day = jiff::civil::Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
    let start = jiff::tz::Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()?;
    Some(start.as_microsecond())
}
