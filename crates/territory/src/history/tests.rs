use super::*;

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Rows of a movements file, reduced to what is kept of them.
fn history(rows: &[(&str, &str, &str)]) -> History {
    let mut successions: Vec<_> = rows
        .iter()
        .map(|(from, effective, to)| Succession { from: code(from), effective: day(effective), to: code(to) })
        .collect();
    successions.sort_unstable();
    History::new(Lineage {
        successions,
        begun: vec![(code("97611"), day("2011-03-31"))],
        ended: vec![(code("97123"), day("2007-02-23"))],
        passed: vec![Succession { from: code("44225"), effective: day("2018-01-01"), to: code("44180") }],
        names: vec![
            FormerName {
                code: code("27058"),
                until: day("2017-01-01"),
                name: "Bernières-sur-Seine".to_owned(),
            },
            FormerName { code: code("27058"), until: day("2023-01-01"), name: "Les Trois Lacs".to_owned() },
        ],
        parts: vec![CommunePart {
            code: code("75101"),
            kind: PartKind::Arrondissement,
            commune: code("75056"),
            name: "Paris 1er".to_owned(),
        }],
    })
    .unwrap()
}

/// The movements of INSEE around some communes that show each case.
fn cases() -> History {
    history(&[
        // Les Trois Lacs took the codes of two of its parts, one after the other.
        ("27058", "2017-01-01", "27676"),
        ("27647", "2017-01-01", "27676"),
        ("27676", "2017-01-01", "27676"),
        ("27676", "2021-01-01", "27058"),
        ("27058", "2023-01-01", "27676"),
        // Saline was put together and taken apart again.
        ("14666", "2017-01-01", "14712"),
        ("14712", "2017-01-01", "14712"),
        ("14712", "2019-12-31", "14666"),
        ("14712", "2019-12-31", "14712"),
        // A commune moved to another département.
        ("14513", "2018-01-01", "50592"),
        ("50592", "2018-01-01", "50592"),
    ])
}

fn told(history: &History, asked: &str, from: Option<&str>, to: &str) -> (Relation, String, Option<String>) {
    let listed = |code: CommuneCode| ["75056", "01001"].contains(&code.as_str());
    let found = history.translate(code(asked), from.map(day), day(to), day("2026"), listed);
    let communes: Vec<_> = found.communes.iter().map(CommuneCode::as_str).collect();
    (found.relation, communes.join(" "), found.effective().map(|day| day.to_string()))
}

fn check(
    asked: &str,
    from: Option<&str>,
    to: &str,
    relation: Relation,
    communes: &str,
    effective: Option<&str>,
) {
    let expected = (relation, communes.to_owned(), effective.map(str::to_owned));
    assert_eq!(told(&cases(), asked, from, to), expected, "{asked} {from:?} {to}");
}

#[test]
fn a_code_follows_its_commune_through_merger_and_renumbering() {
    use Relation::{Renumbered, Same, Within};
    check("27647", Some("2016"), "2026", Within, "27676", Some("2023-01-01"));
    check("27647", Some("2016"), "2022", Within, "27058", Some("2021-01-01"));
    check("27676", Some("2018"), "2022", Renumbered, "27058", Some("2021-01-01"));
    check("27676", Some("2018"), "2026", Same, "27676", Some("2023-01-01"));
    check("27676", Some("2016"), "2026", Within, "27676", Some("2023-01-01"));
    check("14513", Some("2017"), "2018", Within, "50592", Some("2018-01-01"));
    check("50592", Some("2018"), "2026", Same, "50592", None);
    check("01001", None, "2026", Same, "01001", None);
}

#[test]
fn one_code_means_another_commune_on_another_day() {
    // Bernières in 2016, Les Trois Lacs in 2022.
    check("27058", Some("2016"), "2018", Relation::Within, "27676", Some("2017-01-01"));
    check("27058", Some("2022"), "2018", Relation::Renumbered, "27676", Some("2021-01-01"));
    let history = cases();
    assert_eq!(history.former_name(code("27058"), day("2016")), Some("Bernières-sur-Seine"));
    assert_eq!(history.former_name(code("27058"), day("2022")), Some("Les Trois Lacs"));
    assert_eq!(history.former_name(code("27058"), day("2023")), None);
    for (when, expected) in [
        ("2016", Some(true)),
        ("2017", Some(false)),
        ("2020-12-31", Some(false)),
        ("2021", Some(true)),
        ("2023", Some(false)),
    ] {
        assert_eq!(history.in_force(code("27058"), day(when)), expected, "{when}");
    }
    assert_eq!(history.in_force(code("01001"), day("2016")), None, "no movement speaks of it");
}

#[test]
fn a_split_is_ambiguous_with_its_candidates_and_never_decided() {
    use Relation::{Ambiguous, Same, Within};
    check("14712", Some("2018"), "2026", Ambiguous, "14666 14712", Some("2019-12-31"));
    check("14712", Some("2016"), "2018", Within, "14712", Some("2017-01-01"));
    // Backward, what was put together had been several, and what was cut out had been a part.
    check("14712", Some("2018"), "2016", Ambiguous, "14666 14712", Some("2017-01-01"));
    check("14666", Some("2026"), "2018", Within, "14712", Some("2019-12-31"));
    // Without a day the code is read as the answer's day has it.
    check("14712", None, "2026", Same, "14712", None);
}

#[test]
fn codes_that_are_no_communes_say_what_they_are() {
    use Relation::{Gone, NotYet, Unknown, Within};
    let history = cases();
    let read = |asked: &str, from: Option<&str>, to: &str| {
        history.translate(code(asked), from.map(day), day(to), day("2026"), |_| false)
    };
    check("75101", None, "2026", Within, "75056", None);
    assert_eq!(read("75101", None, "2026").reading, Reading::Part(PartKind::Arrondissement, code("75056")));
    check("97123", Some("2005"), "2026", Gone(day("2007-02-23")), "", None);
    check("97611", Some("2026"), "2005", NotYet(day("2011-03-31")), "", None);
    check("97611", Some("2005"), "2026", Unknown, "", None);
    assert_eq!(read("97611", Some("2005"), "2026").reading, Reading::NotBefore(day("2011-03-31")));
    check("99999", Some("2005"), "2026", Unknown, "", None);
    assert_eq!(read("99999", None, "2026").reading, Reading::Unknown);
    assert_eq!(read("44225", None, "2026").reading, Reading::Passed(day("2018-01-01")));
    check("44225", Some("2018"), "2026", Within, "44180", None);
    // A code that had been given up before the day it was used on is followed from its last day.
    check("27647", Some("2020"), "2026", Within, "27676", Some("2023-01-01"));
    assert_eq!(read("27647", Some("2020"), "2026").reading, Reading::GivenUp(day("2017-01-01")));
    assert_eq!(read("27647", None, "2026").reading, Reading::Commune);
    // Undated, a code of later years is read as the first commune that will carry it.
    assert_eq!(read("97611", None, "2005").relation, NotYet(day("2011-03-31")));
}

#[test]
fn lists_out_of_order_are_refused() {
    let row = |from, to| Succession { from: code(from), effective: day("2020"), to: code(to) };
    let lineage =
        Lineage { successions: vec![row("01002", "01001"), row("01001", "01002")], ..Lineage::default() };
    assert!(History::new(lineage).is_err());
    let twice = Lineage { successions: vec![row("01001", "01002"); 2], ..Lineage::default() };
    assert!(History::new(twice).is_err());
}
