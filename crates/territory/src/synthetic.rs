//! A made-up département, for demonstrations where no real outlines are at hand.
//!
//! It lies in the Bay of Biscay, where no commune is, and its codes begin with 99, which the official code keeps for
//! foreign countries (99100 and above) and gives to no commune. Its name says that it is made up, and
//! [`Territory::is_synthetic`] lets every page say so too.

mod mesh;

use desserte_model::{CogVintage, CommuneCode};
use geo::MultiPolygon;

use crate::contents::OutlinedCommune;
use crate::{
    Commune, Contents, Departement, Epci, Figure, FigureValue, Lineage, Outline, Redistribution, Region,
    Source, Territory,
};
use mesh::{Mesh, Random};

/// The code of the made-up département.
pub const DEPARTEMENT: &str = "99";

/// The code of the made-up region; real codes end at 94.
const REGION: &str = "99";

/// The vintage given to made-up codes: the official code of that year has none of them.
const VINTAGE: u16 = 2026;

/// Inhabitants of a commune: real rural communes are mostly small, with one town.
const SMALLEST_POPULATION: u32 = 40;

/// Makes the département; the same seed gives the same octets on every machine.
///
/// Its communes cover it without gap or overlap, share every border vertex with their neighbours, and fall into
/// three EPCI. One commune has no known population, so that pages show how they treat that.
///
/// # Panics
/// Never: the shape of the mesh and the lists of names are fixed.
#[must_use]
pub fn territory(seed: u64) -> Territory {
    Territory::new(&contents(seed)).expect("made-up contents are in order by construction")
}

/// The same département with what made-up operators declare of its premises: `mci_locaux`, and of them those that can get 8, 30 and 100 Mbit/s
/// (`mci_elig_bhd8`, `mci_elig_thd30`, `mci_elig_thd100`), named as the figures of Arcep's Ma connexion internet are. Nothing is said of
/// the commune whose population is not known.
///
/// # Panics
/// Never, as [`territory`].
#[must_use]
pub fn declared(seed: u64) -> Territory {
    let mut contents = contents(seed);
    let mut random = Random::new(seed ^ 0x6465_636c_6172_6564);
    let source = u32::try_from(contents.sources.len()).ok();
    contents.sources.push(Source {
        role: "figures".to_owned(),
        title: format!("Déclarations fictives, engendrées par Desserte (graine {seed}) ; made-up data"),
        publisher: None,
        licence: None,
        vintage: None,
        sha256: None,
        redistribution: Redistribution::Allowed,
    });
    let mut columns: [Vec<(CommuneCode, FigureValue)>; 4] = Default::default();
    for OutlinedCommune { commune, .. } in &contents.communes {
        let Some(people) = commune.population else { continue };
        // About two people to a premise, and more of each rate with the lower one.
        let premises = people / 2 + 1;
        let eight = premises - premises * random.uniform(100) / 1_000;
        let thirty = eight - eight * random.uniform(400) / 1_000;
        let hundred = thirty - thirty * random.uniform(500) / 1_000;
        for (column, number) in columns.iter_mut().zip([eight, hundred, thirty, premises]) {
            column.push((commune.code, FigureValue::Known(f64::from(number))));
        }
    }
    let names = ["mci_elig_bhd8", "mci_elig_thd100", "mci_elig_thd30", "mci_locaux"];
    contents.figures = names
        .into_iter()
        .zip(columns)
        .map(|(name, values)| Figure {
            name: name.to_owned(),
            title: Some("Déclarations fictives ; made-up data".to_owned()),
            unit: "locaux".to_owned(),
            period: None,
            source,
            values,
        })
        .collect();
    Territory::new(&contents).expect("made-up contents are in order by construction")
}

fn contents(seed: u64) -> Contents {
    let mesh = Mesh::new(seed);
    let mut random = Random::new(seed ^ 0x706f_7075_6c61_7465);
    let communes = mesh
        .cells()
        .enumerate()
        .map(|(number, (column, polygon))| {
            let code = commune_code(number);
            let commune = Commune {
                code,
                name: format!("{}-en-Exemple", NAMES[number % NAMES.len()]),
                departement: DEPARTEMENT.to_owned(),
                region: Some(REGION.to_owned()),
                arrondissement: None,
                epci: Some(EPCIS[column * EPCIS.len() / mesh::COLUMNS].0.to_owned()),
                population: (number != UNCOUNTED).then(|| population(number, &mut random)),
            };
            let outline =
                Outline::new(MultiPolygon(vec![polygon])).expect("cells are closed rings in degrees");
            OutlinedCommune { commune, outline }
        })
        .collect();
    Contents {
        vintage: CogVintage::from_year(VINTAGE),
        synthetic: true,
        made_by: concat!("desserte-territory ", env!("CARGO_PKG_VERSION")).to_owned(),
        sources: vec![Source {
            role: "communes".to_owned(),
            title: format!("Département fictif, engendré par Desserte (graine {seed}) ; made-up data"),
            publisher: None,
            licence: None,
            vintage: None,
            sha256: None,
            redistribution: Redistribution::Allowed,
        }],
        regions: vec![Region { code: REGION.to_owned(), name: Some("Région fictive".to_owned()) }],
        departements: vec![Departement {
            code: DEPARTEMENT.to_owned(),
            name: Some("Exemple (département fictif)".to_owned()),
            region: Some(REGION.to_owned()),
        }],
        epcis: EPCIS
            .iter()
            .map(|(siren, name)| Epci { siren: (*siren).to_owned(), name: Some((*name).to_owned()) })
            .collect(),
        arrondissements: Vec::new(),
        zonings: Vec::new(),
        lineage: Lineage::default(),
        figures: Vec::new(),
        overlays: Vec::new(),
        communes,
    }
}

/// Three EPCI from west to east; no real SIREN number of an EPCI begins with 999.
const EPCIS: [(&str, &str); 3] = [
    ("999000001", "CC fictive du Ponant"),
    ("999000002", "CA fictive du Milieu"),
    ("999000003", "CC fictive du Levant"),
];

/// The commune that has the town.
const TOWN: usize = 17;

/// The commune whose population is not known.
const UNCOUNTED: usize = 29;

fn population(number: usize, random: &mut Random) -> u32 {
    // A cube of a uniform number: most communes small, a few of some thousands.
    let rank = random.uniform(1_000);
    let spread = u32::try_from(u64::from(rank).pow(3) * 2_400 / 1_000_000_000).unwrap_or(u32::MAX);
    let town = if number == TOWN { 11_000 } else { 0 };
    SMALLEST_POPULATION + spread + town
}

fn commune_code(number: usize) -> CommuneCode {
    format!("{DEPARTEMENT}{:03}", number + 1).parse().expect("five digits are a commune code")
}

/// Invented first parts of names.
const NAMES: [&str; 42] = [
    "Abrelac",
    "Bauvergne",
    "Bréjoux",
    "Cazoulens",
    "Champorel",
    "Clairevaude",
    "Corbelac",
    "Courtefeuille",
    "Doumérac",
    "Échazelle",
    "Estivaude",
    "Faugéras-le-Vif",
    "Fontorelle",
    "Galiveau",
    "Gourvière",
    "Hautaubrac",
    "Issorgues",
    "Jarnolles",
    "La Brévière-aux-Pins",
    "Lauzerand",
    "Les Orvelles",
    "Limeraude",
    "Malaussène-le-Haut",
    "Marvejolais",
    "Montorvel",
    "Nérondelle",
    "Ombreval",
    "Orvignac",
    "Peyrelongue",
    "Pontarelle",
    "Quercivaux",
    "Rochemaude",
    "Rouvrelac",
    "Saint-Orvel",
    "Saint-Téréol",
    "Sauvelade-le-Bas",
    "Tercillac-la-Tour",
    "Tourvielle",
    "Ussorgues",
    "Valbrune",
    "Verdorelle",
    "Ygrandelle",
];
