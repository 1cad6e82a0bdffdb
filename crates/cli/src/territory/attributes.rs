//! What is known of communes, as columns.

use desserte_territory::{Commune, Exportable, Territory};

/// The columns that every export has, in this order; zonings follow under their own names.
const TEXTS: [&str; 10] = [
    "code",
    "nom",
    "departement",
    "departement_nom",
    "region",
    "region_nom",
    "arrondissement",
    "arrondissement_nom",
    "epci",
    "epci_nom",
];

/// The one column of numbers: INSEE's municipal population.
pub(super) const POPULATION: &str = "population";

/// The columns of an export.
pub(super) struct Attributes<'a> {
    territory: &'a Territory,
    /// Those that may leave the territory.
    zonings: Vec<&'a str>,
}

impl<'a> Attributes<'a> {
    pub(super) fn of(territory: &'a Territory, exportable: &Exportable<'a>) -> Self {
        Self { territory, zonings: exportable.zonings.clone() }
    }

    /// The names of the columns of text.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        TEXTS.into_iter().chain(self.zonings.iter().copied())
    }

    /// What the columns of text say of a commune, in their order; none where nothing is known.
    pub(super) fn of_commune<'b>(&'b self, commune: &'b Commune) -> Vec<Option<&'b str>> {
        let territory = self.territory;
        let departement = territory.departement(&commune.departement);
        let region = commune.region.as_deref();
        let epci = commune.epci.as_deref();
        let arrondissement = commune.arrondissement.as_deref();
        let listed =
            arrondissement.and_then(|code| territory.arrondissements().iter().find(|unit| unit.code == code));
        let mut values = vec![
            Some(commune.code.as_str()),
            Some(commune.name.as_str()),
            Some(commune.departement.as_str()),
            departement.and_then(|unit| unit.name.as_deref()),
            region,
            region.and_then(|code| territory.region(code)?.name.as_deref()),
            arrondissement,
            listed.and_then(|unit| unit.name.as_deref()),
            epci,
            epci.and_then(|siren| territory.epci(siren)?.name.as_deref()),
        ];
        values.extend(self.zonings.iter().map(|zoning| territory.zone(zoning, commune.code)));
        values
    }
}
