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
        let find = |known: &[&str]| position(&names, known);
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

/// The first field that has one of the known names, or what a shapefile leaves of it.
///
/// A shapefile cuts names after ten characters. `code_insee_du_departement` then reads as `code_insee`, which is another
/// field: a cut name that is a known name of the code stands for nothing else.
fn position(names: &[String], known: &[&str]) -> Option<usize> {
    let whole = |known: &&str| names.iter().position(|name| name.eq_ignore_ascii_case(known));
    let cut = |known: &&str| {
        let cut = known.get(..SHAPEFILE_NAME).filter(|cut| !CODE.contains(cut))?;
        names.iter().position(|name| name.eq_ignore_ascii_case(cut))
    };
    known.iter().find_map(whole).or_else(|| known.iter().find_map(cut))
}

/// The longest field name of a shapefile (dBASE III).
const SHAPEFILE_NAME: usize = 10;

/// The trimmed text of a field; `None` if the layer lacks it, or it is null or empty.
pub(super) fn text(feature: &Feature<'_>, field: Option<usize>) -> Option<String> {
    let text = feature.field_as_string(field?).ok()??;
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cut_by_a_shapefile_are_known_but_never_taken_for_the_code() {
        let names: Vec<String> = ["CODE_INSEE", "departemen", "nom_offici"].map(str::to_owned).to_vec();
        assert_eq!(position(&names, CODE), Some(0));
        assert_eq!(
            position(&names, DEPARTEMENT),
            Some(1),
            "not the code, which `code_insee_du_departement` is cut to"
        );
        assert_eq!(position(&names, NAME), Some(2));
        assert_eq!(position(&names, REGION), None);
    }
}
