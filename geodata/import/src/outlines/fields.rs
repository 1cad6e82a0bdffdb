//! Which field of a layer holds what, by the names that publishers use.

use gdal::vector::{Defn, Feature};

/// Admin Express (`insee_com`; newer `code_insee`), INSEE (`codgeo`), COGiter (`depcom`), Etalab and france-geojson
/// (`code`). `code` comes last because other tables use it for other codes.
pub(super) const CODE: &[&str] =
    &["insee_com", "code_insee", "codgeo", "code_commune", "code_com", "depcom", "com", "insee", "code"];
const NAME: &[&str] = &["nom_officiel", "nom_com", "nom_commune", "libgeo", "libelle", "nom", "name"];
const DEPARTEMENT: &[&str] =
    &["code_insee_du_departement", "insee_dep", "code_departement", "code_dept", "departement", "dep"];
const REGION: &[&str] = &["code_insee_de_la_region", "insee_reg", "code_region", "region", "reg"];
const EPCI: &[&str] = &["siren_epci", "codes_siren_des_epci", "code_epci", "epci"];
const POPULATION: &[&str] = &["population", "population_municipale", "pmun"];
/// Etalab sets it on a municipal arrondissement, to its commune.
const PARENT: &[&str] = &["commune"];

/// Positions of the fields in a layer.
pub(super) struct Fields {
    pub(super) code: usize,
    pub(super) name: Option<usize>,
    pub(super) departement: Option<usize>,
    pub(super) region: Option<usize>,
    pub(super) epci: Option<usize>,
    pub(super) population: Option<usize>,
    pub(super) parent: Option<usize>,
}

impl Fields {
    /// Looks the names up, whatever their case; the layer's field names if there is none for the code.
    pub(super) fn of(defn: &Defn) -> Result<Self, Vec<String>> {
        let names: Vec<String> = defn.fields().map(|field| field.name()).collect();
        let find = |known: &[&str]| {
            known.iter().find_map(|known| names.iter().position(|name| name.eq_ignore_ascii_case(known)))
        };
        let Some(code) = find(CODE) else { return Err(names) };
        Ok(Self {
            code,
            name: find(NAME),
            departement: find(DEPARTEMENT),
            region: find(REGION),
            epci: find(EPCI),
            population: find(POPULATION),
            parent: find(PARENT),
        })
    }
}

/// The trimmed text of a field; `None` if the layer lacks it, or it is null or empty.
pub(super) fn text(feature: &Feature<'_>, field: Option<usize>) -> Option<String> {
    let text = feature.field_as_string(field?).ok()??;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
