//! The two parts of what is told of an area. Where both together would be too heavy for one page, each has its own.

use crate::area::Area;

/// Names of communes that a page may hold. A shape of the map has one, a row of the table is as heavy as two, and the table of a zoning
/// names every commune once more. With a thousand names everything that a first visit loads stays below 60 kB, whatever the outlines
/// (docs/measurements/pages.md).
pub(super) const NAMES_MAX: usize = 1_000;

/// A part of what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// The map, and the tables if there is room for them.
    Map,
    /// The tables by themselves.
    Tables,
}

impl Part {
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Map => Self::Tables,
            Self::Tables => Self::Map,
        }
    }

    /// The address of its page.
    pub(super) fn path(self, area: &Area) -> String {
        match self {
            Self::Map => area.path(),
            Self::Tables => format!("{}/tableau", area.path()),
        }
    }
}

/// Whether tables of so many rows are too heavy for the page of a map of so many communes.
pub(super) const fn apart(communes: usize, rows: usize, zoned: bool) -> bool {
    let zones = if zoned { communes } else { 0 };
    communes + 2 * rows + zones > NAMES_MAX
}

#[cfg(test)]
mod tests {
    use super::apart;

    #[test]
    fn tables_stand_apart_where_many_communes_are_measured() {
        // Creuse has 255 communes, Pas-de-Calais 887.
        assert!(!apart(255, 24, true) && !apart(255, 255, false) && !apart(887, 24, false));
        assert!(apart(255, 255, true) && apart(887, 200, false) && apart(887, 24, true));
    }
}
