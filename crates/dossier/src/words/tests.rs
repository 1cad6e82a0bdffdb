use crate::case::*;
use crate::document::{Block, Document};
use crate::request::Lang;
use crate::verdicts::samples::{campaign, contradiction};
use crate::verdicts::{ContradictionTold, Verdicts};
use crate::words::document;

/// A case with one site whose figures are `figures`.
fn case(lang: Lang, figures: Vec<Figure>) -> Case {
    let site = Site {
        label: "P1".to_owned(),
        probe: "00112233445566778899aabbccddeeff".to_owned(),
        commune: "23096".to_owned(),
        name: "Guéret".to_owned(),
        class: Class::B,
        class_a_declared: None,
        host: Some("public".to_owned()),
        days: 30,
        zone: "Europe/Paris".to_owned(),
        line: Line::default(),
        notes: Vec::new(),
        missing_records: 0,
        chain_faults: 0,
        figures,
        outages: vec![OutageFact { from: "2026-10-03 14:05".to_owned(), seconds: 7_500 }],
    };
    Case {
        schema: CASE_SCHEMA.to_owned(),
        lang,
        public: false,
        demonstration: false,
        program: "desserte 0".to_owned(),
        method: "m".to_owned(),
        place: Place {
            kind: PlaceKind::Commune,
            code: "23096".to_owned(),
            name: "Guéret".to_owned(),
            population: None,
        },
        period: Span { from: "2026-10-01".to_owned(), last: "2026-10-31".to_owned(), days: 31 },
        uses: vec![UseFact {
            id: "telework".to_owned(),
            name: "Télétravail".to_owned(),
            window: "bureau".to_owned(),
            window_hours: 50.0,
        }],
        area: Vec::new(),
        may_over_represent_centres: true,
        sites: vec![site],
        exclusions: vec![Exclusion { reason: "run_wifi".to_owned(), count: 12_345 }],
        custody: Custody { proven: 30, unsealed: 1, records: 44_000, seals: Vec::new() },
        parameters: Vec::new(),
        boundary: Boundary { sha256: "ab".to_owned(), vintage: "2026".to_owned(), sources: Vec::new() },
        seed: 33,
        drawings: Vec::new(),
        verdicts: Verdicts::default(),
        notices: Vec::new(),
        replies: Vec::new(),
        retests: Vec::new(),
    }
}

fn hours(state: Told, value: Option<f64>) -> Figure {
    Figure {
        indicator: "hours".to_owned(),
        of: Some("telework".to_owned()),
        unit: "h a week".to_owned(),
        state,
        lacks: vec!["class_a_probes".to_owned(), "slots".to_owned()],
        value,
        low: value.map(|value| value - 1.0),
        high: value.map(|value| value + 1.0),
    }
}

fn text(document: &Document) -> String {
    serde_json::to_string(document).unwrap()
}

#[test]
fn a_figure_is_told_with_its_letter_and_what_it_lacks() {
    let told = text(&document(&case(Lang::En, vec![hours(Told::Indicative, Some(47.25))])));
    assert!(
        told.contains("Télétravail: 47.2 of 50 hours a week (indicative; bounds 46.2 – 48.2)."),
        "{told}"
    );
    assert!(told.contains("I (b, d)") && told.contains("[46.2 – 48.2]"), "{told}");
    let told = text(&document(&case(Lang::Fr, vec![hours(Told::Indicative, Some(47.25))])));
    assert!(told.contains("47,2 heures sur 50 par semaine"), "{told}");
    assert!(told.contains("du 1er octobre 2026 au 31 octobre 2026"), "{told}");
    assert!(told.contains("12\u{202f}345"), "{told}");
}

#[test]
fn without_enough_there_is_no_number_even_if_the_facts_held_one() {
    let told = text(&document(&case(Lang::Fr, vec![hours(Told::NotEnough, Some(47.25))])));
    assert!(!told.contains("47,2") && told.contains("données insuffisantes pour le dire"), "{told}");
}

#[test]
fn a_period_without_probes_gives_a_dossier_that_says_so() {
    let mut empty = case(Lang::Fr, Vec::new());
    empty.sites.clear();
    empty.custody = Custody { proven: 0, unsealed: 0, records: 0, seals: Vec::new() };
    let told = text(&document(&empty));
    assert!(told.contains("Aucune sonde n’a rien mesuré ici en 31 jours"), "{told}");
    assert!(!told.contains("Les débits"), "{told}");
}

#[test]
fn no_word_claims_an_authority_that_a_measurement_does_not_have() {
    for lang in [Lang::Fr, Lang::En] {
        let told = text(&document(&case(lang, vec![hours(Told::Enough, Some(47.0))]))).to_lowercase();
        for word in ["certifi", "officiel", "official", "opposable"] {
            assert!(!told.contains(word), "{word} in {told}");
        }
    }
    for (lang, word) in [(Lang::Fr, "opposable"), (Lang::En, "official")] {
        assert!(!text(&document(&with_verdicts(lang, 12, 30))).to_lowercase().contains(word));
    }
}

#[test]
fn every_table_has_a_cell_for_each_column_and_the_facts_are_read_back() {
    let told = with_verdicts(Lang::Fr, 12, 30);
    for block in document(&told).blocks {
        if let Block::Table { columns, rows, widths, caption, .. } = block {
            assert_eq!(columns.len(), widths.len(), "{caption}");
            assert!(rows.iter().all(|row| row.len() == columns.len()), "{caption}");
        }
    }
    let case = case(Lang::Fr, vec![hours(Told::Enough, Some(47.0))]);
    let read: Case = serde_json::from_str(&serde_json::to_string(&case).unwrap()).unwrap();
    assert_eq!(read, case);
}

/// A case with verdicts of its place.
fn with_verdicts(lang: Lang, failures: usize, tests: usize) -> Case {
    let mut case = case(lang, vec![hours(Told::Enough, Some(47.0))]);
    let study = contradiction("23096", failures);
    case.verdicts = Verdicts {
        contradiction: Some(ContradictionTold::of(&study, vec!["23096".to_owned()])),
        campaign: Some(campaign("23096", "2026-10-05", tests)),
    };
    case
}

#[test]
fn a_contradicted_cell_is_told_as_that_and_no_more() {
    let told = text(&document(&with_verdicts(Lang::Fr, 12, 30)));
    assert!(told.contains("contredisent la maille jugée ici, non la carte entière"), "{told}");
    assert!(told.contains("la ligne est en dessous de ce que dit son contrat"), "{told}");
    assert!(told.contains("90,0\u{202f}% du débit maximal"), "{told}");
    assert_eq!(told.matches("apportés dans une table").count(), 3, "page one, coverage, campaign: {told}");
    assert!(!told.contains("99999"), "cells of elsewhere are counted, not told: {told}");
    let told = text(&document(&with_verdicts(Lang::En, 0, 12)));
    assert!(told.contains("is not contradicted, which does not confirm it"), "{told}");
    assert!(told.contains("not complete, nothing is concluded"), "{told}");
    assert!(told.contains("has only 2 tests that count, of 10"), "{told}");
}

#[test]
fn the_table_of_fewest_failures_is_the_one_of_the_domain_rules() {
    let rows = document(&with_verdicts(Lang::En, 12, 30)).blocks.into_iter().find_map(|block| match block {
        Block::Table { caption, rows, .. } if caption.starts_with("How many failures") => Some(rows),
        _ => None,
    });
    let rows: Vec<String> = rows.unwrap().iter().map(|row| row.join(" ")).collect();
    assert_eq!(
        rows,
        ["98.0 % 2 3 3 4 6 8 16 29", "95.0 % 3 4 5 6 10 16 34 63", "90.0 % 4 5 7 10 16 28 62 117"]
    );
}

#[test]
fn no_two_spaces_stand_together() {
    for lang in [Lang::Fr, Lang::En] {
        let told = text(&document(&with_verdicts(lang, 12, 12)));
        assert!(!told.contains("  "), "{told}");
    }
}

#[test]
fn no_verdict_and_no_notice_are_told_too() {
    let told = text(&document(&case(Lang::En, Vec::new())));
    for wanted in
        ["holds no declared coverage against tests", "No campaign of tests", "No notice is on record"]
    {
        assert!(told.contains(wanted), "{wanted}: {told}");
    }
}

#[test]
fn few_uses_of_many_sites_are_told_use_by_use_and_many_uses_site_by_site() {
    let mut case = case(Lang::Fr, vec![hours(Told::Indicative, Some(47.25))]);
    let mut other = case.sites[0].clone();
    other.label = "P2".to_owned();
    case.sites.push(other);
    let told = text(&document(&case));
    assert!(told.contains("Télétravail – bureau (50 h)") && told.contains("P2 – Guéret (23096), classe B"));
    case.uses = [("telework", "Télétravail"), ("voice", "Téléphone"), ("school", "École")]
        .map(|(id, name)| UseFact { id: id.to_owned(), name: name.to_owned(), ..case.uses[0].clone() })
        .to_vec();
    assert!(!text(&document(&case)).contains("Télétravail – bureau"));
}

#[test]
fn page_one_says_whose_rule_a_campaign_follows() {
    let told = text(&document(&with_verdicts(Lang::Fr, 20, 30)));
    assert!(told.contains("en France, elle ne lie personne"), "{told}");
    let told = text(&document(&with_verdicts(Lang::Fr, 20, 29)));
    assert!(!told.contains("La règle suivie est allemande"), "{told}");
}

#[test]
fn drawings_of_a_month_stand_behind_all_tables_and_those_of_a_year_behind_their_own() {
    let mut case = case(Lang::Fr, Vec::new());
    let mut other = case.sites[0].clone();
    other.label = "P2".to_owned();
    case.sites.push(other);
    case.uses = vec![case.uses[0].clone(); 3];
    case.drawings = ["p1", "p2"]
        .map(|label| Drawing {
            part: format!("drawings/days-{label}.svg"),
            title: label.to_owned(),
            description: String::new(),
        })
        .to_vec();
    let order = |case: &Case| {
        let words = document(case);
        let kind = |block: &Block| match block {
            Block::Figure { .. } => Some('f'),
            Block::Table { caption, .. } if caption.ends_with("classe B") => Some('t'),
            _ => None,
        };
        words.blocks.iter().filter_map(kind).collect::<String>()
    };
    assert_eq!(order(&case), "ttff");
    case.period.days = 365;
    assert_eq!(order(&case), "tftf");
}
