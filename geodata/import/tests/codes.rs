//! Commune codes of all years, against the table of codes of COGiter. Needs real data (`shared::geodata`).
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests fail the test")]

mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use desserte_geodata::{FindingKind, ImportPlan, built_in_manifests, import};
use desserte_model::CommuneCode;
use desserte_territory::{Day, Relation, Territory, Translation};
use indicatif::ProgressBar;

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// The outlines of one département with the movements of all.
fn creuse(
    dir: &Path,
    outlines: &str,
    vintage: u16,
    populations: Vec<std::path::PathBuf>,
) -> desserte_geodata::Imported {
    let plan = ImportPlan {
        communes: vec![dir.join("creuse-23").join(outlines)],
        populations,
        movements: Some(dir.join("cog/mouvements-communes.csv.gz")),
        cog: (vintage == 2026).then(|| dir.join("cog/communes.csv.gz")),
        arrondissements: Some(dir.join("cog/arrondissements.csv")),
        vintage: Some(vintage),
        manifests: built_in_manifests(),
        ..ImportPlan::default()
    };
    import(&plan, &ProgressBar::hidden()).unwrap()
}

#[test]
fn the_codes_of_every_year_lead_where_published_tables_say() {
    let Some(dir) = shared::geodata() else { return };
    let territory = creuse(&dir, "communes-23.geojson", 2026, vec![]).territory;
    // The file reads back before it is asked.
    let territory = Territory::from_bytes(&territory.to_bytes()).unwrap();
    assert_eq!(territory.arrondissements()[0].name.as_deref(), Some("Aubusson"));
    let cog: BTreeSet<CommuneCode> = shared::table(&dir.join("cog/communes.csv.gz"), b',')
        .into_iter()
        .filter(|row| row["TYPECOM"] == "COM")
        .map(|row| code(&row["COM"]))
        .collect();
    assert_eq!(cog.len(), 34_875);
    // Only Creuse has outlines here, so the list of the year is handed in.
    let translate = |code, from, to| {
        territory.history().translate(code, from, to, Day::first_of(2026), |code| cog.contains(&code))
    };
    every_code_ever_used(&dir, &translate);
    the_list_of_2018_becomes_that_of_2026(&dir, &cog, &translate);
    known_cases(&translate);
    ways_compose(&cog, &translate);
}

type Translate<'a> = dyn Fn(CommuneCode, Option<Day>, Day) -> Translation + 'a;

/// Codes that COGiter adds to those of the movements: old communes that had gone before they would have been given the
/// codes of Corsica's (1976) or of Val-d'Oise's and Essonne's (1968) new départements, or before 1943.
const NOT_IN_MOVEMENTS: [&str; 13] = [
    "01220", "2A237", "2A294", "2A325", "2B044", "2B076", "2B151", "54448", "54454", "66131", "91221",
    "95025", "95065",
];

fn every_code_ever_used(dir: &Path, translate: &Translate<'_>) {
    let (mut same, mut ambiguous, mut unknown) = (0, Vec::new(), Vec::new());
    for row in shared::table(&dir.join("cog/passage-historique-2025.csv.gz"), b',') {
        let (before, after) = (&row["DEPCOM_HIST"], code(&row["DEPCOM"]));
        // Undated, the codes are those of any year; the table is of 2025, the list of 2026 has the same codes.
        let found = translate(code(before), None, Day::first_of(2026));
        match found.only() {
            // COGiter gives the main successor; the official list has Neuville-Garnier as a part of the other one.
            Some(only) if before == "60455" => assert_eq!((only, after), (code("60694"), code("60054"))),
            Some(only) => {
                assert_eq!(only, after, "{before}: {found:?}");
                same += 1;
            }
            None if found.relation == Relation::Ambiguous => {
                assert!(found.communes.contains(&after), "{before}: {found:?}");
                ambiguous.push(before.clone());
            }
            None => unknown.push(before.clone()),
        }
    }
    unknown.sort_unstable();
    assert_eq!(unknown, NOT_IN_MOVEMENTS);
    // Communes that were split and not put together again.
    eprintln!("{} codes lead to several communes: {ambiguous:?}", ambiguous.len());
    assert_eq!((same, ambiguous.len(), unknown.len()), (39_118, 29, 13));
}

fn the_list_of_2018_becomes_that_of_2026(dir: &Path, cog: &BTreeSet<CommuneCode>, translate: &Translate<'_>) {
    let (old, new) = (Day::first_of(2018), Day::first_of(2026));
    let passage: BTreeMap<CommuneCode, CommuneCode> =
        shared::table(&dir.join("cog/passage-historique-2025.csv.gz"), b',')
            .into_iter()
            .map(|row| (code(&row["DEPCOM_HIST"]), code(&row["DEPCOM"])))
            .collect();
    let table = dir.join("arcep/ftth-2018t1/ftthCommunes.csv.gz");
    let listed: BTreeSet<CommuneCode> = commune_codes(&table);
    let (mut several, mut reached, mut differ) = (BTreeSet::new(), BTreeSet::new(), 0);
    for before in &listed {
        let found = translate(*before, Some(old), new);
        reached.extend(found.communes.iter().copied());
        match found.only() {
            Some(only) => differ += usize::from(passage[before] != only),
            None => {
                several.insert(before.to_string());
            }
        }
        // The way back holds the commune it began with.
        for after in &found.communes {
            assert!(translate(*after, Some(new), old).communes.contains(before), "{before} {after}");
        }
    }
    assert_eq!((listed.len(), differ), (35_357, 0));
    // 60455 and 60694 had merged into 60054 before that was split.
    let expected = ["14712", "15141", "60054", "60455", "60694", "85084"].map(str::to_owned);
    assert_eq!(several, expected.into());
    assert_eq!(&reached, cog, "every commune of 2026 comes from one of 2018");
}

/// The codes in the first column of Arcep's table of 2018, which has title lines and four codes of no commune list.
fn commune_codes(table: &Path) -> BTreeSet<CommuneCode> {
    let mut text = String::new();
    let file = std::fs::File::open(table).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut text).unwrap();
    let foreign = ["97501", "97502", "97701", "97801"];
    let first = text.lines().filter_map(|line| line.split([',', ';']).next());
    first
        .filter(|text| !foreign.contains(text))
        .filter_map(|text| text.trim_matches('"').parse().ok())
        .collect()
}

fn known_cases(translate: &Translate<'_>) {
    let new = Day::first_of(2026);
    // Read by hand off the file of movements.
    for (asked, from, relation, communes, effective) in [
        ("12076", "2018", Relation::Renumbered, "12218", "2024-03-04"),
        ("14011", "2018", Relation::Renumbered, "14581", "2024-04-24"),
        ("49069", "2018", Relation::Renumbered, "49126", "2025-01-01"),
        ("69159", "2020", Relation::Renumbered, "69114", "2024-03-15"),
        ("69159", "2018", Relation::Within, "69114", "2024-03-15"),
        ("27058", "2022", Relation::Renumbered, "27676", "2023-01-01"),
        ("27058", "2016", Relation::Within, "27676", "2023-01-01"),
        ("01033", "2018", Relation::Within, "01033", "2019-01-01"),
        ("49144", "2017", Relation::Within, "44180", "2018-01-01"),
        ("14712", "2018", Relation::Ambiguous, "14666 14712", "2019-12-31"),
        ("85084", "2018", Relation::Ambiguous, "85084 85165 85212", "2024-01-01"),
    ] {
        let found = translate(code(asked), Some(day(from)), new);
        let told: Vec<_> = found.communes.iter().map(CommuneCode::as_str).collect();
        let effective = Some(day(effective));
        assert_eq!(
            (found.relation, told.join(" "), found.effective()),
            (relation, communes.to_owned(), effective),
            "{asked}"
        );
    }
    assert_eq!(translate(code("97123"), Some(day("2006")), new).relation, Relation::Gone(day("2007-02-23")));
    assert_eq!(translate(code("06163"), None, day("1945")).relation, Relation::NotYet(day("1947-09-17")));
    assert_eq!(translate(code("75113"), None, new).only(), Some(code("75056")));
}

/// From one day to another by way of a third, for every commune.
fn ways_compose(cog: &BTreeSet<CommuneCode>, translate: &Translate<'_>) {
    let days = ["1950-06-01", "1972-12-31", "1995", "2016-01-01", "2019-12-31", "2026"].map(day);
    for today in cog {
        assert_eq!(translate(*today, Some(days[5]), days[5]).communes, [*today], "itself on its own day");
        // Way back in steps, and at once.
        let (mut stepwise, mut from) = (BTreeSet::from([*today]), days[5]);
        for to in days.into_iter().rev().skip(1) {
            stepwise = stepwise.iter().flat_map(|one| translate(*one, Some(from), to).communes).collect();
            let at_once: BTreeSet<_> = translate(*today, Some(days[5]), to).communes.into_iter().collect();
            assert_eq!(stepwise, at_once, "{today} to {to}");
            from = to;
        }
        // And forward again: none of its parts has lost the way.
        for one in &stepwise {
            assert!(translate(*one, Some(days[0]), days[5]).communes.contains(today), "{one} to {today}");
        }
    }
}

#[test]
fn populations_of_another_year_are_carried_over_without_a_loss() {
    let Some(dir) = shared::geodata() else { return };
    // Outlines of 2018, populations by the codes of 2026: three mergers since are undone only where that is certain.
    let populations = vec![dir.join("cog/donnees_communes.csv.gz")];
    let imported = creuse(&dir, "communes-23-2018.geojson", 2018, populations.clone());
    let without: Vec<_> = imported.report.codes(FindingKind::WithoutPopulation).collect();
    let left_out: Vec<_> = imported.report.codes(FindingKind::NotCarriedOver).collect();
    eprintln!("without {without:?}, left out {left_out:?}");
    let merged: u64 = shared::table(&populations[0], b';')
        .iter()
        .filter(|row| left_out.contains(&row["COM"].as_str()))
        .map(|row| row["PMUN"].parse::<u64>().unwrap())
        .sum();
    assert_eq!(imported.territory.population().inhabitants.unwrap() + merged, 115_527);
    assert!(!left_out.is_empty() && without.len() > left_out.len());

    // The other way round: the figures of 2018's communes, made from the outlines' codes, add up.
    let table = tempfile::NamedTempFile::new().unwrap();
    let mut text = "COM;PMUN\n".to_owned();
    for commune in imported.territory.communes() {
        text.push_str(&format!("{};10\n", commune.code));
    }
    std::fs::write(table.path(), text).unwrap();
    let imported = creuse(&dir, "communes-23.geojson", 2026, vec![table.path().to_owned()]);
    assert_eq!(imported.territory.population().inhabitants, Some(2_580), "258 communes of ten");
    assert_eq!(imported.territory.population().communes_without_figure, 0);
    let carried: Vec<_> = imported.report.codes(FindingKind::CarriedOver).collect();
    assert_eq!(carried.len(), left_out.len(), "{carried:?}");
}
