//! Places made of communes that have a page: départements, and intercommunalities.

use desserte_territory::{Commune, Territory};

/// A département or an intercommunality of the territory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Area {
    /// By its code.
    Departement(String),
    /// By its SIREN number. It may have communes of several départements.
    Epci(String),
}

impl Area {
    /// The département of this code, in capitals or not.
    pub(crate) fn departement(territory: &Territory, code: &str) -> Option<Self> {
        let found = territory.departement(&code.to_ascii_uppercase())?;
        Some(Self::Departement(found.code.clone()))
    }

    /// The intercommunality of this number.
    pub(crate) fn epci(territory: &Territory, siren: &str) -> Option<Self> {
        Some(Self::Epci(territory.epci(siren)?.siren.clone()))
    }

    /// Its code or number.
    pub(crate) fn code(&self) -> &str {
        match self {
            Self::Departement(code) | Self::Epci(code) => code,
        }
    }

    /// The address of its page.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Departement(code) => format!("/departement/{code}"),
            Self::Epci(siren) => format!("/epci/{siren}"),
        }
    }

    /// Its name, or its code where no name is known.
    pub(crate) fn label<'a>(&'a self, territory: &'a Territory) -> &'a str {
        match self {
            Self::Departement(code) => territory.departement(code).map_or(code, |unit| unit.label()),
            Self::Epci(siren) => territory.epci(siren).map_or(siren, |unit| unit.label()),
        }
    }

    /// Whether a commune is part of it.
    pub(crate) fn holds(&self, commune: &Commune) -> bool {
        match self {
            Self::Departement(code) => commune.departement == *code,
            Self::Epci(siren) => commune.epci.as_deref() == Some(siren),
        }
    }

    /// Its communes, in the order of their codes.
    pub(crate) fn communes<'a>(&'a self, territory: &'a Territory) -> impl Iterator<Item = &'a Commune> {
        territory.communes().filter(move |commune| self.holds(commune))
    }
}

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    #[test]
    fn a_place_is_known_by_its_code_and_holds_its_communes() {
        let territory = synthetic::territory(1);
        let whole = Area::departement(&territory, "99").unwrap();
        let all = territory.communes().len();
        assert_eq!((whole.path().as_str(), whole.communes(&territory).count()), ("/departement/99", all));
        let parts = territory.epcis().iter().map(|epci| Area::epci(&territory, &epci.siren).unwrap());
        assert_eq!(parts.map(|part| part.communes(&territory).count()).sum::<usize>(), all);
        assert_eq!((Area::epci(&territory, "99"), Area::departement(&territory, "23")), (None, None));
    }
}
