//! Départements and regions: official lists, and the names to fall back on.

use std::collections::BTreeMap;
use std::path::Path;

use super::codes::read_departement;
use super::table::{Table, TableError};

const NAME: &[&str] = &["libelle", "nom", "nom_officiel", "nom_dep", "nom_reg", "nccenr"];
const DEPARTEMENT: &[&str] = &["dep", "code", "code_insee", "insee_dep"];
const ARRONDISSEMENT: &[&str] = &["arr", "code", "insee_arr"];
const REGION: &[&str] = &["reg", "region", "code", "code_insee", "insee_reg"];

/// What a list says of a département or region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnitRow {
    pub(crate) name: Option<String>,
    /// The region that a département lies in.
    pub(crate) region: Option<String>,
}

/// Reads the list of départements.
pub(crate) fn read_departements(
    path: &Path,
    octets: Vec<u8>,
) -> Result<BTreeMap<String, UnitRow>, TableError> {
    let table = Table::read(path, octets, "the code of the département", DEPARTEMENT)?;
    let code = table.need("the code of the département", DEPARTEMENT)?;
    let (name, region) = (table.column(NAME), table.column(&REGION[..2]));
    let units = table.rows().filter_map(|row| {
        let code = row.cell(Some(code)).and_then(read_departement)?;
        let region = row.cell(region).map(|text| format!("{text:0>2}"));
        Some((code, UnitRow { name: row.cell(name).map(str::to_owned), region }))
    });
    Ok(units.collect())
}

/// Reads the list of regions.
pub(crate) fn read_regions(path: &Path, octets: Vec<u8>) -> Result<BTreeMap<String, UnitRow>, TableError> {
    let table = Table::read(path, octets, "the code of the region", REGION)?;
    let code = table.need("the code of the region", REGION)?;
    let name = table.column(NAME);
    let units = table.rows().filter_map(|row| {
        let code = row.cell(Some(code)).map(|text| format!("{text:0>2}"))?;
        Some((code, UnitRow { name: row.cell(name).map(str::to_owned), region: None }))
    });
    Ok(units.collect())
}

/// Reads the list of arrondissements: names by code.
pub(crate) fn read_arrondissements(
    path: &Path,
    octets: Vec<u8>,
) -> Result<BTreeMap<String, String>, TableError> {
    let table = Table::read(path, octets, "the code of the arrondissement", ARRONDISSEMENT)?;
    let code = table.need("the code of the arrondissement", ARRONDISSEMENT)?;
    let name = table.need("the name of the arrondissement", NAME)?;
    let named = table.rows().filter_map(|row| {
        let code = row.cell(Some(code)).map(|text| format!("{text:0>3}"))?;
        Some((code, row.cell(Some(name))?.to_owned()))
    });
    Ok(named.collect())
}

/// The name and region of a département, for outlines that come without lists.
///
/// # Source
/// Official geographic code (COG) of 1 January 2026; unchanged since 2018 but for the names of regions.
pub(crate) fn built_in_departement(code: &str) -> Option<(&'static str, &'static str)> {
    DEPARTEMENTS.iter().find(|(known, ..)| *known == code).map(|(_, region, name)| (*name, *region))
}

/// The name of a region, for outlines that come without lists.
pub(crate) fn built_in_region(code: &str) -> Option<&'static str> {
    REGIONS.iter().find(|(known, _)| *known == code).map(|(_, name)| *name)
}

#[rustfmt::skip]
const REGIONS: [(&str, &str); 18] = [
    ("01", "Guadeloupe"),
    ("02", "Martinique"),
    ("03", "Guyane"),
    ("04", "La Réunion"),
    ("06", "Mayotte"),
    ("11", "Île-de-France"),
    ("24", "Centre-Val de Loire"),
    ("27", "Bourgogne-Franche-Comté"),
    ("28", "Normandie"),
    ("32", "Hauts-de-France"),
    ("44", "Grand Est"),
    ("52", "Pays de la Loire"),
    ("53", "Bretagne"),
    ("75", "Nouvelle-Aquitaine"),
    ("76", "Occitanie"),
    ("84", "Auvergne-Rhône-Alpes"),
    ("93", "Provence-Alpes-Côte d'Azur"),
    ("94", "Corse"),
];

#[rustfmt::skip]
const DEPARTEMENTS: [(&str, &str, &str); 101] = [
    ("01", "84", "Ain"),
    ("02", "32", "Aisne"),
    ("03", "84", "Allier"),
    ("04", "93", "Alpes-de-Haute-Provence"),
    ("05", "93", "Hautes-Alpes"),
    ("06", "93", "Alpes-Maritimes"),
    ("07", "84", "Ardèche"),
    ("08", "44", "Ardennes"),
    ("09", "76", "Ariège"),
    ("10", "44", "Aube"),
    ("11", "76", "Aude"),
    ("12", "76", "Aveyron"),
    ("13", "93", "Bouches-du-Rhône"),
    ("14", "28", "Calvados"),
    ("15", "84", "Cantal"),
    ("16", "75", "Charente"),
    ("17", "75", "Charente-Maritime"),
    ("18", "24", "Cher"),
    ("19", "75", "Corrèze"),
    ("21", "27", "Côte-d'Or"),
    ("22", "53", "Côtes-d'Armor"),
    ("23", "75", "Creuse"),
    ("24", "75", "Dordogne"),
    ("25", "27", "Doubs"),
    ("26", "84", "Drôme"),
    ("27", "28", "Eure"),
    ("28", "24", "Eure-et-Loir"),
    ("29", "53", "Finistère"),
    ("2A", "94", "Corse-du-Sud"),
    ("2B", "94", "Haute-Corse"),
    ("30", "76", "Gard"),
    ("31", "76", "Haute-Garonne"),
    ("32", "76", "Gers"),
    ("33", "75", "Gironde"),
    ("34", "76", "Hérault"),
    ("35", "53", "Ille-et-Vilaine"),
    ("36", "24", "Indre"),
    ("37", "24", "Indre-et-Loire"),
    ("38", "84", "Isère"),
    ("39", "27", "Jura"),
    ("40", "75", "Landes"),
    ("41", "24", "Loir-et-Cher"),
    ("42", "84", "Loire"),
    ("43", "84", "Haute-Loire"),
    ("44", "52", "Loire-Atlantique"),
    ("45", "24", "Loiret"),
    ("46", "76", "Lot"),
    ("47", "75", "Lot-et-Garonne"),
    ("48", "76", "Lozère"),
    ("49", "52", "Maine-et-Loire"),
    ("50", "28", "Manche"),
    ("51", "44", "Marne"),
    ("52", "44", "Haute-Marne"),
    ("53", "52", "Mayenne"),
    ("54", "44", "Meurthe-et-Moselle"),
    ("55", "44", "Meuse"),
    ("56", "53", "Morbihan"),
    ("57", "44", "Moselle"),
    ("58", "27", "Nièvre"),
    ("59", "32", "Nord"),
    ("60", "32", "Oise"),
    ("61", "28", "Orne"),
    ("62", "32", "Pas-de-Calais"),
    ("63", "84", "Puy-de-Dôme"),
    ("64", "75", "Pyrénées-Atlantiques"),
    ("65", "76", "Hautes-Pyrénées"),
    ("66", "76", "Pyrénées-Orientales"),
    ("67", "44", "Bas-Rhin"),
    ("68", "44", "Haut-Rhin"),
    ("69", "84", "Rhône"),
    ("70", "27", "Haute-Saône"),
    ("71", "27", "Saône-et-Loire"),
    ("72", "52", "Sarthe"),
    ("73", "84", "Savoie"),
    ("74", "84", "Haute-Savoie"),
    ("75", "11", "Paris"),
    ("76", "28", "Seine-Maritime"),
    ("77", "11", "Seine-et-Marne"),
    ("78", "11", "Yvelines"),
    ("79", "75", "Deux-Sèvres"),
    ("80", "32", "Somme"),
    ("81", "76", "Tarn"),
    ("82", "76", "Tarn-et-Garonne"),
    ("83", "93", "Var"),
    ("84", "93", "Vaucluse"),
    ("85", "52", "Vendée"),
    ("86", "75", "Vienne"),
    ("87", "75", "Haute-Vienne"),
    ("88", "44", "Vosges"),
    ("89", "27", "Yonne"),
    ("90", "27", "Territoire de Belfort"),
    ("91", "11", "Essonne"),
    ("92", "11", "Hauts-de-Seine"),
    ("93", "11", "Seine-Saint-Denis"),
    ("94", "11", "Val-de-Marne"),
    ("95", "11", "Val-d'Oise"),
    ("971", "01", "Guadeloupe"),
    ("972", "02", "Martinique"),
    ("973", "03", "Guyane"),
    ("974", "04", "La Réunion"),
    ("976", "06", "Mayotte"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_by_column_name() {
        let text = "DEP,REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n1,84,01053,5,AIN,Ain,Ain\n971,1,97105,3,X,X,Guadeloupe\n";
        let units = read_departements(Path::new("d.csv"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(units["01"], UnitRow { name: Some("Ain".into()), region: Some("84".into()) });
        assert_eq!(units["971"].region.as_deref(), Some("01"));
        let text = "REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n1,97105,3,G,G,Guadeloupe\n";
        let units = read_regions(Path::new("r.csv"), text.as_bytes().to_vec()).unwrap();
        assert_eq!(units["01"].name.as_deref(), Some("Guadeloupe"));
        let text = "ARR,DEP,REG,CHEFLIEU,TNCC,NCC,NCCENR,LIBELLE\n11,01,84,01034,0,B,B,Belley\n9741,974,04,97411,0,S,S,Saint-Denis\n";
        let units = read_arrondissements(Path::new("a.csv"), text.as_bytes().to_vec()).unwrap();
        assert_eq!((units["011"].as_str(), units["9741"].as_str()), ("Belley", "Saint-Denis"));
    }

    #[test]
    fn every_departement_lies_in_a_named_region() {
        for (code, region, _) in DEPARTEMENTS {
            assert!(built_in_region(region).is_some(), "{code}");
        }
        assert_eq!(built_in_departement("23"), Some(("Creuse", "75")));
    }
}
