//! Whether a site can be where somebody says that it is.

use std::fmt;

use desserte_model::{CommuneCode, LonLat};
use desserte_territory::{Location, Territory};

/// What does not fit. A probe at such a site would measure, and every record of it be refused or counted for another commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SiteFault {
    /// The territory has no commune of this code today.
    UnknownCommune(CommuneCode),
    /// The position lies in no commune of the territory.
    Nowhere,
    /// The position lies in another commune than the one that was named.
    Elsewhere {
        /// Name and code of the commune that it lies in.
        found: String,
    },
}

impl SiteFault {
    /// What does not fit with a site in `commune` at `position`; `None` when nothing is known to be wrong.
    ///
    /// # Missing data
    /// What is not given is not judged.
    #[must_use]
    pub fn of(territory: &Territory, commune: Option<CommuneCode>, position: Option<LonLat>) -> Option<Self> {
        if let Some(code) = commune.filter(|code| territory.commune(*code).is_none()) {
            return Some(Self::UnknownCommune(code));
        }
        match (territory.locate(position?), commune) {
            (Location::Outside, _) => Some(Self::Nowhere),
            (Location::Inside(found), Some(code)) if found.code != code => {
                Some(Self::Elsewhere { found: format!("{} ({})", found.name, found.code) })
            }
            (Location::Inside(_), _) => None,
        }
    }
}

impl fmt::Display for SiteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownCommune(code) => {
                write!(f, "there is no commune {code} in this collector's territory today")
            }
            Self::Nowhere => f.write_str(
                "the position lies in no commune of this collector's territory: longitude comes first, west of Greenwich is negative",
            ),
            Self::Elsewhere { found } => {
                write!(f, "the position lies in {found}, not in the commune that was named")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    #[test]
    fn a_site_lies_in_the_commune_that_is_named_or_it_is_said_where_it_lies() {
        let territory = synthetic::territory(1);
        let at = LonLat::new(-4.9123, 45.0786).unwrap();
        let one = territory.locate(at).commune().unwrap();
        let other = territory.communes().find(|commune| commune.code != one.code).unwrap();
        let of = |commune, position| SiteFault::of(&territory, commune, position);
        assert_eq!(of(None, None), None);
        assert_eq!(of(Some(one.code), Some(at)), None);
        assert_eq!(of(None, Some(at)), None);
        let elsewhere = of(Some(other.code), Some(at)).unwrap().to_string();
        assert!(elsewhere.contains(&one.name), "{elsewhere}");
        let swapped = LonLat::new(at.lat(), at.lon()).unwrap();
        assert_eq!(of(Some(one.code), Some(swapped)), Some(SiteFault::Nowhere));
        let unknown = "01999".parse().unwrap();
        assert_eq!(of(Some(unknown), None), Some(SiteFault::UnknownCommune(unknown)));
    }
}
