//! The territory and its lookups.

use std::num::NonZeroUsize;
use std::sync::OnceLock;

use desserte_model::{CogVintage, CommuneCode, LonLat};
use geo::MultiPolygon;

use crate::file::{Body, Lists};
use crate::grid::{CELLS_PER_DEGREE, Grid, Place, Placed};
use crate::topology::Topology;
use crate::{
    Arrondissement, Commune, Contents, Day, Departement, Epci, FigureInfo, FigureValue, FormatError, History,
    InvalidContents, Outline, Overlay, Region, Source, Succession, Translation,
};

/// Communes with outlines, indexed by place and by code; read-only once made.
#[derive(Debug)]
pub struct Territory {
    body: Body,
    lists: Lists,
    /// Communes without outlines, made when first asked for: columns of places need none of them.
    communes: OnceLock<Vec<Commune>>,
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
    pub fn new(contents: &Contents) -> Result<Self, InvalidContents> {
        contents.check()?;
        Ok(Self::indexed(contents, CELLS_PER_DEGREE))
    }

    pub(crate) fn of(body: Body, lists: Lists, fingerprint: String) -> Self {
        Self { body, lists, communes: OnceLock::new(), fingerprint }
    }

    /// The commune that holds `point`.
    ///
    /// The answer is exact, as GEOS gives it for `intersects`. A point on a border belongs to the commune with the
    /// lowest code among those that touch it, on every machine and whatever the order of the input; a point on the
    /// coast line is inside.
    #[must_use]
    pub fn locate(&self, point: LonLat) -> Location<'_> {
        let held = self.body.grid().held([point.lon(), point.lat()]);
        Place::of(held).row().and_then(|row| self.commune_at(row)).map_or(Location::Outside, Location::Inside)
    }

    /// Finds the commune of every point of two columns, as [`Territory::locate`] does, on up to `threads` threads.
    ///
    /// # Shape
    /// `places` gets an answer for every pair of `lon` and `lat`, in their order. Nothing is allocated for a point.
    ///
    /// # Missing data
    /// Pairs that are no position, NaN for instance, are marked as such and counted apart.
    ///
    /// # Panics
    /// When the three columns differ in length.
    pub fn locate_columns(
        &self,
        lon: &[f64],
        lat: &[f64],
        places: &mut [Place],
        threads: NonZeroUsize,
    ) -> Placed {
        assert!(lon.len() == lat.len() && lon.len() == places.len(), "columns of one length");
        self.body.grid().places(lon, lat, places, threads)
    }

    /// The commune in this row of the list.
    #[must_use]
    pub fn commune_at(&self, row: usize) -> Option<&Commune> {
        self.commune_list().get(row)
    }

    /// The code of the commune in this row of the list, without the rest of it.
    #[must_use]
    pub fn code_at(&self, row: usize) -> Option<CommuneCode> {
        (row < self.body.communes()).then(|| self.body.code(row))
    }

    /// The commune with this code.
    #[must_use]
    pub fn commune(&self, code: CommuneCode) -> Option<&Commune> {
        self.commune_at(self.body.row(code)?)
    }

    fn commune_list(&self) -> &[Commune] {
        self.communes.get_or_init(|| self.body.commune_list(&self.lists))
    }

    /// The communes that share a border of some length with this one, in the order of their codes. Communes that
    /// meet in single points are no neighbours.
    pub fn neighbours(&self, code: CommuneCode) -> impl Iterator<Item = &Commune> {
        let rows = self.body.row(code).map_or(&[][..], |row| self.body.neighbours(row));
        rows.iter().filter_map(|row| self.commune_at(*row as usize))
    }

    /// The names of the zonings, in order.
    pub fn zonings(&self) -> impl ExactSizeIterator<Item = &str> {
        self.lists.zoning_names()
    }

    /// The value of a commune in a zoning; `None` if the zoning or the commune's value is not known here.
    #[must_use]
    pub fn zone(&self, zoning: &str, code: CommuneCode) -> Option<&str> {
        self.lists.zone(&self.body, zoning, self.body.row(code)?)
    }

    /// Where a zoning comes from; `None` if the zoning is not known, or the file does not say.
    #[must_use]
    pub fn zoning_source(&self, zoning: &str) -> Option<&Source> {
        self.lists.sources.get(self.lists.zoning_source(zoning)? as usize)
    }

    /// The places of all sources of zonings and figures, of which communes themselves need none.
    pub(crate) fn layer_sources(&self) -> impl Iterator<Item = usize> {
        self.lists.zoning_sources().chain(self.body.figure_sources()).map(|number| number as usize)
    }

    pub(crate) fn figure_count(&self) -> usize {
        self.body.figure_count()
    }

    pub(crate) fn figure_number(&self, name: &str) -> Option<usize> {
        self.body.figure_number(name)
    }

    pub(crate) fn figure_value(&self, number: usize, code: CommuneCode) -> Option<FigureValue> {
        self.body.figure_value(number, self.body.row(code)?)
    }

    pub(crate) fn figure_info(&self, number: usize) -> FigureInfo<'_> {
        self.body.figure_info(&self.lists, number)
    }

    /// The overlays, in the order of their names.
    #[must_use]
    pub fn overlays(&self) -> &[Overlay] {
        &self.lists.overlays
    }

    /// Which code followed which, in order; empty when no input spoke of it.
    #[must_use]
    pub fn successions(&self) -> &[Succession] {
        &self.lists.history.lineage().successions
    }

    /// What became of commune codes.
    #[must_use]
    pub const fn history(&self) -> &History {
        &self.lists.history
    }

    /// Translates a commune code as of a day, or of no stated day, to what it is on another day: by default the first
    /// of January of this territory's vintage. [`History::translate`] has the rule.
    ///
    /// # Missing data
    /// Where no movements were imported only the codes of this territory have an answer, themselves.
    #[must_use]
    pub fn translate(&self, code: CommuneCode, from: Option<Day>, to: Option<Day>) -> Translation {
        let vintage = Day::first_of(self.lists.vintage.as_year());
        let listed = |code| self.body.row(code).is_some();
        self.lists.history.translate(code, from, to.unwrap_or(vintage), vintage, listed)
    }

    /// The name of a commune on a day; `None` if neither movements nor this territory know one.
    #[must_use]
    pub fn name_on(&self, code: CommuneCode, day: Day) -> Option<&str> {
        let former = self.lists.history.former_name(code, day);
        former.or_else(|| self.commune(code).map(|commune| commune.name.as_str()))
    }

    /// All communes, in the order of their codes.
    pub fn communes(&self) -> impl ExactSizeIterator<Item = &Commune> {
        self.commune_list().iter()
    }

    /// The communes of a département, in the order of their codes; none if the code is unknown.
    pub fn communes_of_departement<'a>(&'a self, departement: &str) -> impl Iterator<Item = &'a Commune> {
        self.communes().filter(move |commune| commune.departement == departement)
    }

    /// The communes of an EPCI, in the order of their codes; none if the number is unknown.
    pub fn communes_of_epci<'a>(&'a self, siren: &str) -> impl Iterator<Item = &'a Commune> {
        self.communes().filter(move |commune| commune.epci.as_deref() == Some(siren))
    }

    /// The outline of a commune, put together from its borders.
    #[must_use]
    pub fn outline(&self, code: CommuneCode) -> Option<Outline> {
        self.body.row(code).map(|row| self.body.outline(row))
    }

    /// The outline of a commune for a drawing that may be wrong by `degrees`, with as few positions as that allows.
    ///
    /// Neighbours keep the same positions along their common border, so that no gap opens between them, and a part
    /// too small for the tolerance stays whole rather than vanish.
    #[must_use]
    pub fn drawn_outline(&self, code: CommuneCode, degrees: f64) -> Option<MultiPolygon<f64>> {
        let row = self.body.row(code)?;
        Some(self.body.topology().drawn_outline(row, self.body.ranks(), degrees))
    }

    /// The départements that have a commune here, in the order of their codes.
    #[must_use]
    pub fn departements(&self) -> &[Departement] {
        &self.lists.departements
    }

    /// The regions that have a commune here, in the order of their codes.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.lists.regions
    }

    /// The EPCI that have a commune here, in the order of their SIREN numbers.
    #[must_use]
    pub fn epcis(&self) -> &[Epci] {
        &self.lists.epcis
    }

    /// The arrondissements that have a commune here, in the order of their codes.
    #[must_use]
    pub fn arrondissements(&self) -> &[Arrondissement] {
        &self.lists.arrondissements
    }

    /// The département with this code.
    #[must_use]
    pub fn departement(&self, code: &str) -> Option<&Departement> {
        let list = &self.lists.departements;
        list.binary_search_by(|unit| unit.code.as_str().cmp(code)).ok().map(|at| &list[at])
    }

    /// The region with this code.
    #[must_use]
    pub fn region(&self, code: &str) -> Option<&Region> {
        let list = &self.lists.regions;
        list.binary_search_by(|unit| unit.code.as_str().cmp(code)).ok().map(|at| &list[at])
    }

    /// The EPCI with this SIREN number.
    #[must_use]
    pub fn epci(&self, siren: &str) -> Option<&Epci> {
        let list = &self.lists.epcis;
        list.binary_search_by(|unit| unit.siren.as_str().cmp(siren)).ok().map(|at| &list[at])
    }

    /// The year of the list of communes.
    #[must_use]
    pub const fn vintage(&self) -> CogVintage {
        self.lists.vintage
    }

    /// Whether the territory is made up. Every page, table and file that shows it must then say so.
    #[must_use]
    pub const fn is_synthetic(&self) -> bool {
        self.lists.synthetic
    }

    /// What the territory was made from, to be credited wherever it is shown.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.lists.sources
    }

    /// SHA-256 of the file's sections, 64 hexadecimal digits: names this territory in results that rely on it.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Everything the territory is made of, as an owned copy.
    #[must_use]
    pub fn contents(&self) -> Contents {
        self.body.contents(&self.lists, self.commune_list())
    }

    /// Names of the file's sections and their lengths in octets, in the order of the file.
    pub fn section_sizes(&self) -> impl Iterator<Item = (String, usize)> {
        self.body.sizes()
    }

    pub(crate) fn grid(&self) -> Grid<'_> {
        self.body.grid()
    }

    /// The borders, and for each of their vertices how coarse a drawing still shows it.
    pub(crate) fn drawn(&self) -> (Topology<'_>, &[u8]) {
        (self.body.topology(), self.body.ranks())
    }

    pub(crate) fn into_body(self) -> Body {
        self.body
    }

    pub(crate) fn check_blocks(&self) -> Result<(), FormatError> {
        self.body.check_blocks()
    }

    /// The octets of the file.
    pub(crate) fn octets(&self) -> &[u8] {
        self.body.octets()
    }
}

#[cfg(test)]
mod tests;
