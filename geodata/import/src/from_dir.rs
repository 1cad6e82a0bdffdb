//! Finds the inputs of an import in a folder laid out as `boundaries/` and `cog/`, or with the files side by side.

use std::path::{Path, PathBuf};

use crate::{ImportPlan, NamedFile};

/// A folder that holds no outlines.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} holds no file of commune outlines; looked for {}",
    dir.display(), OUTLINES.join(", ")
)]
pub struct NotALayout {
    /// The folder.
    pub dir: PathBuf,
}

/// Names of outline files from the best to the least, `*` standing for anything: recent before old. Simplified
/// outlines are for maps only and are not taken.
const OUTLINES: [&str; 5] = [
    "boundaries/communes-2*-derived.geojson.gz",
    "boundaries/communes-5m.geojson.gz",
    "communes-5m.geojson.gz",
    "communes*.geojson",
    "communes*.geojson.gz",
];
const COG: [&str; 3] = ["cog/communes.csv.gz", "cog/v_commune_2*.csv", "v_commune_2*.csv"];
const MOVEMENTS: [&str; 4] =
    ["cog/mouvements-communes.csv.gz", "cog/v_mvt*.csv", "v_mvt*.csv", "mouvements-communes.csv"];
const POPULATIONS: [&str; 2] = ["cog/donnees_communes.csv.gz", "donnees_communes.csv"];
const POPULATIONS_APART: [&str; 2] = ["cog/donnees_communes_mayotte.csv", "donnees_communes_mayotte.csv"];
const EPCI: [&str; 2] = ["cog/epcicom.csv.gz", "epcicom.csv"];
const EPCI_NAMES: [&str; 1] = ["cog/epci-2*.csv"];
const DEPARTEMENTS: [&str; 3] = ["cog/departements.csv", "departements.csv", "v_departement_2*.csv"];
const ARRONDISSEMENTS: [&str; 3] =
    ["cog/arrondissements.csv", "arrondissements.csv", "v_arrondissement_2*.csv"];
const REGIONS: [&str; 3] = ["cog/regions.csv", "regions.csv", "v_region_2*.csv"];

/// A plan with the files that the folder holds.
///
/// # Errors
/// When there are no outlines. Absent lists are no error: the report says what is missing.
pub fn find_in(dir: &Path) -> Result<ImportPlan, NotALayout> {
    let first = |patterns: &[&str]| patterns.iter().find_map(|pattern| newest(dir, pattern));
    let outlines = first(&OUTLINES).ok_or_else(|| NotALayout { dir: dir.to_owned() })?;
    Ok(ImportPlan {
        communes: vec![outlines],
        cog: first(&COG),
        populations: first(&POPULATIONS).into_iter().chain(first(&POPULATIONS_APART)).collect(),
        epci: first(&EPCI).into_iter().chain(first(&EPCI_NAMES)).collect(),
        movements: first(&MOVEMENTS),
        arrondissements: first(&ARRONDISSEMENTS),
        departements: first(&DEPARTEMENTS),
        regions: first(&REGIONS),
        ..ImportPlan::default()
    })
}

/// Tables that classes of communes are read from, under the names that layers get: recent before old.
const CLASS_ZONINGS: [(&str, &str); 13] = [
    ("arcep2018", "arcep/ftth-2018t1/communes.csv.gz"),
    ("cartefibre", "arcep/cartefibre-*.csv"),
    ("densite", "typology/grille_densite_7_niveaux_2*.xlsx"),
    ("insee", "typology/insee-zonages-2*.csv.gz"),
    ("zrr", "typology/diffusion-zonages-zrr-*.xls"),
    ("zrr", "typology/zrr-2*.csv.gz"),
    ("frr", "typology/Liste communes FRR*.xlsx"),
    ("frr", "typology/frr*.csv"),
    ("littoral", "typology/littoral*.csv"),
    ("littoral", "typology/communes-littorales*.csv"),
    ("montagne", "typology/montagne*.csv"),
    ("abc", "typology/zonage-abc.csv.gz"),
    ("cuivre", "arcep/cuivre*.csv"),
];
const CLASS_FIGURES: [(&str, &str); 5] = [
    ("arcep2018", "arcep/ftth-2018t1/communes.csv.gz"),
    ("ftth2018", "arcep/ftth-2018t1/ftthCommunes.csv.gz"),
    ("filosofi", "typology/filosofi-2*-communes.csv.gz"),
    ("filosofi", "typology/cc_filosofi_2*_COM.csv"),
    ("mci", "arcep/commune_meilleure_techno_thd.csv"),
];
const CLASS_OVERLAYS: [(&str, &str); 2] = [
    ("qpv", "typology/QP2024_France_Hexagonale_Outre_Mer_WGS84.geojson"),
    ("qpv", "typology/qpv-2*.geojson.gz"),
];

/// Adds the official tables that classes of communes are read from, as far as the folder holds them; under each name the first that is
/// there. Layers that the plan has under a name stay.
pub fn add_classes_in(dir: &Path, plan: &mut ImportPlan) {
    let add = |layers: &mut Vec<NamedFile>, known: &[(&str, &str)]| {
        for (name, pattern) in known {
            if layers.iter().any(|layer| layer.name == *name) {
                continue;
            }
            if let Some(path) = newest(dir, pattern) {
                layers.push(NamedFile { name: (*name).to_owned(), path });
            }
        }
    };
    add(&mut plan.zonings, &CLASS_ZONINGS);
    add(&mut plan.figures, &CLASS_FIGURES);
    add(&mut plan.overlays, &CLASS_OVERLAYS);
}

/// The last file in the order of names that fits a pattern with at most one `*`.
fn newest(dir: &Path, pattern: &str) -> Option<PathBuf> {
    let (folder, name) =
        pattern.rsplit_once('/').map_or((dir.to_owned(), pattern), |(f, n)| (dir.join(f), n));
    let Some((start, end)) = name.split_once('*') else {
        return Some(folder.join(name)).filter(|path| path.is_file());
    };
    let fits = |path: &PathBuf| {
        path.file_name().is_some_and(|found| {
            let found = found.to_string_lossy();
            found.len() >= start.len() + end.len() && found.starts_with(start) && found.ends_with(end)
        })
    };
    std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(fits).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_outlines_and_the_lists_beside_them_are_found() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["boundaries", "cog"] {
            std::fs::create_dir(dir.path().join(folder)).unwrap();
        }
        for file in [
            "boundaries/communes-2025-derived.geojson.gz",
            "boundaries/communes-2026-derived.geojson.gz",
            "boundaries/communes-2025-simplified.geojson.gz",
            "cog/communes.csv.gz",
            "cog/donnees_communes_mayotte.csv",
            "cog/v_mvt_commune_2025.csv",
            "cog/v_mvt_commune_2026.csv",
            "cog/arrondissements.csv",
        ] {
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let plan = find_in(dir.path()).unwrap();
        assert!(plan.communes[0].ends_with("communes-2026-derived.geojson.gz"));
        assert!(plan.cog.is_some() && plan.regions.is_none());
        assert_eq!(plan.populations.len(), 1);
        assert!(plan.movements.is_some_and(|path| path.ends_with("v_mvt_commune_2026.csv")));
        assert!(plan.arrondissements.is_some());
        for file in
            ["typology/zrr-2019-communes.csv.gz", "typology/frr-2024.csv", "typology/qpv-2014-x.geojson.gz"]
        {
            std::fs::create_dir_all(dir.path().join("typology")).unwrap();
            std::fs::write(dir.path().join(file), "").unwrap();
        }
        let given = NamedFile { name: "frr".to_owned(), path: "given.csv".into() };
        let mut plan = ImportPlan { zonings: vec![given], ..ImportPlan::default() };
        add_classes_in(dir.path(), &mut plan);
        let names: Vec<_> = plan.zonings.iter().map(|layer| layer.name.as_str()).collect();
        assert_eq!(names, ["frr", "zrr"]);
        assert!(plan.zonings[0].path.ends_with("given.csv") && plan.figures.is_empty());
        assert_eq!(plan.overlays[0].name, "qpv");
        assert!(find_in(&dir.path().join("cog")).unwrap_err().to_string().contains("boundaries/communes-2"));
    }
}
