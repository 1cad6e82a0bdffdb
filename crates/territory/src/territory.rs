//! The territory and its lookups.

use desserte_model::{CogVintage, CommuneCode, LonLat};

use crate::contents::OutlinedCommune;
use crate::index::Index;
use crate::{Commune, Contents, Departement, Epci, InvalidContents, Outline, Region, Source};

/// Communes with outlines, indexed by place and by code; read-only once made.
#[derive(Debug)]
pub struct Territory {
    contents: Contents,
    index: Index,
    fingerprint: String,
}

/// What [`Territory::locate`] finds at a point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Location<'a> {
    /// The point lies in this commune or on its border.
    Inside(&'a Commune),
    /// No commune of this territory holds the point: sea, abroad, or a part of the country that the sources lack.
    Outside,
}

impl<'a> Location<'a> {
    /// The commune, if the point lies in one.
    #[must_use]
    pub const fn commune(self) -> Option<&'a Commune> {
        match self {
            Self::Inside(commune) => Some(commune),
            Self::Outside => None,
        }
    }
}

impl Territory {
    /// Indexes contents that were just put together.
    ///
    /// # Errors
    /// When a list is out of order, a code appears twice, or a commune names a unit that is not listed.
    pub fn new(contents: Contents) -> Result<Self, InvalidContents> {
        contents.check()?;
        let fingerprint = crate::file::fingerprint(&contents);
        Ok(Self::indexed(contents, fingerprint))
    }

    pub(crate) fn indexed(contents: Contents, fingerprint: String) -> Self {
        let index = Index::new(&contents.communes);
        Self { contents, index, fingerprint }
    }

    /// The commune that holds `point`.
    ///
    /// The answer is exact, as GEOS gives it for `intersects`. A point on a border belongs to the commune with the
    /// lowest code among those that touch it, on every machine and whatever the order of the input; a point on the
    /// coast line is inside.
    #[must_use]
    pub fn locate(&self, point: LonLat) -> Location<'_> {
        self.index
            .lowest_row_at(&self.contents.communes, point)
            .map_or(Location::Outside, |row| Location::Inside(&self.contents.communes[row].commune))
    }

    /// The commune with this code.
    #[must_use]
    pub fn commune(&self, code: CommuneCode) -> Option<&Commune> {
        self.row(code).map(|row| &row.commune)
    }

    /// All communes, in the order of their codes.
    pub fn communes(&self) -> impl ExactSizeIterator<Item = &Commune> {
        self.contents.communes.iter().map(|row| &row.commune)
    }

    /// The communes of a département, in the order of their codes; none if the code is unknown.
    pub fn communes_of_departement<'a>(&'a self, departement: &str) -> impl Iterator<Item = &'a Commune> {
        self.communes().filter(move |commune| commune.departement == departement)
    }

    /// The communes of an EPCI, in the order of their codes; none if the number is unknown.
    pub fn communes_of_epci<'a>(&'a self, siren: &str) -> impl Iterator<Item = &'a Commune> {
        self.communes().filter(move |commune| commune.epci.as_deref() == Some(siren))
    }

    /// The outline of a commune.
    #[must_use]
    pub fn outline(&self, code: CommuneCode) -> Option<&Outline> {
        self.row(code).map(|row| &row.outline)
    }

    /// The départements that have a commune here, in the order of their codes.
    #[must_use]
    pub fn departements(&self) -> &[Departement] {
        &self.contents.departements
    }

    /// The regions that have a commune here, in the order of their codes.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.contents.regions
    }

    /// The EPCI that have a commune here, in the order of their SIREN numbers.
    #[must_use]
    pub fn epcis(&self) -> &[Epci] {
        &self.contents.epcis
    }

    /// The département with this code.
    #[must_use]
    pub fn departement(&self, code: &str) -> Option<&Departement> {
        let list = &self.contents.departements;
        list.binary_search_by(|unit| unit.code.as_str().cmp(code)).ok().map(|at| &list[at])
    }

    /// The region with this code.
    #[must_use]
    pub fn region(&self, code: &str) -> Option<&Region> {
        let list = &self.contents.regions;
        list.binary_search_by(|unit| unit.code.as_str().cmp(code)).ok().map(|at| &list[at])
    }

    /// The EPCI with this SIREN number.
    #[must_use]
    pub fn epci(&self, siren: &str) -> Option<&Epci> {
        let list = &self.contents.epcis;
        list.binary_search_by(|unit| unit.siren.as_str().cmp(siren)).ok().map(|at| &list[at])
    }

    /// The year of the list of communes.
    #[must_use]
    pub const fn vintage(&self) -> CogVintage {
        self.contents.vintage
    }

    /// Whether the territory is made up. Every page, table and file that shows it must then say so.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        self.contents.synthetic
    }

    /// What the territory was made from, to be credited wherever it is shown.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.contents.sources
    }

    /// SHA-256 of the contents, 64 hexadecimal digits: names this territory in results that rely on it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Everything the territory is made of.
    #[must_use]
    pub const fn contents(&self) -> &Contents {
        &self.contents
    }

    fn row(&self, code: CommuneCode) -> Option<&OutlinedCommune> {
        let list = &self.contents.communes;
        list.binary_search_by(|row| row.commune.code.cmp(&code)).ok().map(|at| &list[at])
    }
}

#[cfg(test)]
mod tests;
