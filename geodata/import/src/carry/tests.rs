use desserte_territory::{FigureValue, Lineage, Succession};
use proptest::prelude::*;

use super::*;

fn code(text: &str) -> CommuneCode {
    text.parse().unwrap()
}

/// Saline taken apart in 2019, Valserhône put together in 2019, Aurseulles renumbered in 2024, one merger in 2025.
fn carrier() -> Carrier {
    let mut successions: Vec<_> = [
        ("14712", "2019-12-31", "14666"),
        ("14712", "2019-12-31", "14712"),
        ("01033", "2019-01-01", "01033"),
        ("01091", "2019-01-01", "01033"),
        ("01205", "2019-01-01", "01033"),
        ("14011", "2024-04-24", "14581"),
        ("01002", "2025-01-01", "01001"),
        ("01001", "2025-01-01", "01001"),
    ]
    .into_iter()
    .map(|(from, day, to)| Succession { from: code(from), effective: day.parse().unwrap(), to: code(to) })
    .collect();
    successions.sort_unstable();
    let history = History::new(Lineage { successions, ..Lineage::default() }).unwrap();
    Carrier::new(history, 2026).unwrap()
}

/// Kind, code and detail of a finding.
type Told = (FindingKind, String, String);

fn carried(rows: &[(&str, u32)]) -> (BTreeMap<String, u32>, Vec<Told>) {
    let rows: BTreeMap<_, _> = rows.iter().map(|(text, count)| (code(text), Some(*count))).collect();
    let mut findings = Vec::new();
    let carrier = carrier();
    let carried = carrier.carry("populations", carrier.year_of(&rows), rows, &INHABITANTS, &mut findings);
    let told = findings.into_iter().map(|finding| (finding.kind, finding.code, finding.detail)).collect();
    (carried.into_iter().filter_map(|(code, count)| Some((code.to_string(), count?))).collect(), told)
}

#[test]
fn a_table_of_another_year_is_added_up_where_communes_merged_and_left_out_where_one_was_split() {
    let (rows, findings) = carried(&[
        ("01001", 1),
        ("01002", 2),
        ("01033", 10),
        ("01091", 20),
        ("01205", 30),
        ("14011", 5),
        ("14712", 7),
        ("23096", 9),
    ]);
    let expected = [("01001", 3), ("01033", 60), ("14581", 5), ("23096", 9)];
    assert_eq!(rows, expected.map(|(code, count)| (code.to_owned(), count)).into());
    let kinds: Vec<_> = findings.iter().map(|(kind, code, _)| (*kind, code.as_str())).collect();
    assert_eq!(
        kinds,
        [
            (FindingKind::NotCarriedOver, "14712"),
            (FindingKind::CarriedOver, "01001"),
            (FindingKind::CarriedOver, "01033"),
            (FindingKind::CarriedOver, "14581"),
        ]
    );
    assert!(findings[0].2.contains("14666, 14712") && findings[0].2.contains("2018"), "{findings:?}");
    assert!(findings[2].2.contains("01033 + 01091 + 01205"), "{findings:?}");
}

#[test]
fn a_table_of_the_year_is_not_touched_and_a_stray_old_code_does_not_count_twice() {
    let now = [("01001", 3), ("01033", 60), ("14581", 5), ("14666", 3), ("14712", 4)];
    let (rows, findings) = carried(&now);
    assert_eq!(rows, now.map(|(code, count)| (code.to_owned(), count)).into());
    assert!(findings.is_empty(), "{findings:?}");
    let (rows, findings) = carried(&[&now[..], &[("14011", 99)]].concat());
    assert_eq!(rows["14581"], 5);
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].0, findings[0].1.as_str()), (FindingKind::NotCarriedOver, "14011"));
    let (rows, findings) = carried(&[&now[..2], &now[3..], &[("14011", 99)]].concat());
    assert_eq!((rows["14581"], findings[0].0), (99, FindingKind::CarriedOver), "{findings:?}");
}

#[test]
fn a_sum_that_lacks_a_part_is_not_made() {
    let (rows, findings) = carried(&[("01001", 1), ("01002", 2), ("01033", 10), ("01091", 20), ("14011", 5)]);
    assert_eq!(rows.get("01033"), None);
    assert_eq!(rows["01001"], 3);
    let told = findings.iter().find(|(_, code, _)| code == "01033").unwrap();
    assert!(told.0 == FindingKind::NotCarriedOver && told.2.contains("without 01205"), "{told:?}");
}

#[test]
fn a_membership_holds_for_a_merged_commune_only_if_all_agree() {
    let rows = |of_1091: &str| -> BTreeMap<CommuneCode, String> {
        [("01001", "a"), ("01002", "a"), ("01033", "b"), ("01091", of_1091), ("01205", "b"), ("14011", "c")]
            .into_iter()
            .map(|(text, value)| (code(text), value.to_owned()))
            .collect()
    };
    let mut findings = Vec::new();
    let carrier = carrier();
    let year = carrier.year_of(&rows("b"));
    assert_eq!(carrier.carry("EPCI", year, rows("b"), &MEMBERSHIP, &mut findings)[&code("01033")], "b");
    assert_eq!(carrier.carry("EPCI", year, rows("z"), &MEMBERSHIP, &mut findings).get(&code("01033")), None);
    assert!(findings.iter().any(|finding| finding.detail.contains("disagree")), "{findings:?}");
}

/// 14002 and 14003 became a part of 14001 in 2020; 14005 was cut out of 14004; 14006 is 14007 now.
fn of_2020() -> Carrier {
    let mut successions: Vec<Succession> = [
        ("14001", "14001"),
        ("14002", "14001"),
        ("14003", "14001"),
        ("14004", "14004"),
        ("14004", "14005"),
        ("14006", "14007"),
    ]
    .iter()
    .map(|(from, to)| Succession { from: code(from), effective: Day::first_of(2020), to: code(to) })
    .collect();
    successions.sort();
    Carrier::new(History::new(Lineage { successions, ..Lineage::default() }).unwrap(), 2026).unwrap()
}

#[test]
fn a_zone_is_handed_on_only_where_all_parts_agree() {
    let values = |rows: &[(&str, &str)]| -> BTreeMap<CommuneCode, String> {
        rows.iter().map(|(text, value)| (code(text), (*value).to_owned())).collect()
    };
    let mut findings = vec![];
    let agreed = values(&[
        ("14001", "a"),
        ("14002", "a"),
        ("14003", "a"),
        ("14004", "b"),
        ("14006", "c"),
        ("14008", "d"),
    ]);
    let expected = [("14001", "a"), ("14004", "b"), ("14005", "b"), ("14007", "c"), ("14008", "d")];
    assert_eq!(of_2020().carry("z", 2018, agreed, &ZONE, &mut findings), values(&expected));
    assert!(findings.iter().all(|finding| finding.kind == FindingKind::CarriedOver));
    let told: Vec<&str> = findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(told, ["14001", "14004", "14005", "14007"], "what changed its ground or its code is told");
    findings.clear();
    let differing = values(&[("14001", "a"), ("14002", "b"), ("14003", "a")]);
    assert!(of_2020().carry("z", 2018, differing, &ZONE, &mut findings).is_empty());
    assert_eq!(findings[0].kind, FindingKind::NotCarriedOver);
    assert!(findings[0].detail.contains("14001 a + 14002 b + 14003 a"), "{findings:?}");
    let members = of_2020().carry("z", 2018, values(&[("14002", "a")]), &ZONE, &mut vec![]);
    assert!(members.is_empty(), "what the list says nothing of is not known");
}

#[test]
fn numbers_are_added_or_not_given() {
    use FigureValue::{Known, Secret};
    let values = |rows: &[(&str, FigureValue)]| -> BTreeMap<CommuneCode, FigureValue> {
        rows.iter().map(|(text, value)| (code(text), *value)).collect()
    };
    let all = values(&[
        ("14001", Known(1.0)),
        ("14002", Known(2.0)),
        ("14003", Known(4.0)),
        ("14004", Known(8.0)),
        ("14006", Secret),
    ]);
    let carry = |rows, rule: &Rule<FigureValue>| of_2020().carry("n", 2018, rows, rule, &mut vec![]);
    let counts = carry(all.clone(), &COUNTED);
    assert_eq!(counts, values(&[("14001", Known(7.0)), ("14007", Secret)]), "half of 14004 is not known");
    assert_eq!(carry(all, &NOT_ADDITIVE), values(&[("14007", Secret)]));
    let secret = values(&[("14001", Known(1.0)), ("14002", Secret), ("14003", Known(4.0))]);
    assert!(carry(secret, &COUNTED).is_empty());
}

#[test]
fn a_row_of_another_year_counts_only_for_the_same_ground_and_where_no_other_row_is() {
    let zone = |rows: &[(&str, &str)]| {
        let rows = rows.iter().map(|(text, value)| (code(text), (*value).to_owned())).collect();
        let mut findings = vec![];
        let carried = of_2020().carry("z", 2021, rows, &ZONE, &mut findings);
        let carried: Vec<_> = carried.into_iter().map(|(code, value)| (code.to_string(), value)).collect();
        (carried, findings.into_iter().map(|finding| (finding.kind, finding.code)).collect::<Vec<_>>())
    };
    let row = |code: &str, value: &str| (code.to_owned(), value.to_owned());
    // 14002 was only a part of 14001: its zone is not said of all of it.
    let (carried, told) = zone(&[("14002", "a"), ("14006", "b")]);
    assert_eq!(carried, [row("14007", "b")]);
    use FindingKind::{CarriedOver, NotCarriedOver};
    let expected = [(NotCarriedOver, "14002".to_owned()), (CarriedOver, "14007".to_owned())];
    assert_eq!(told, expected);
    let (carried, told) = zone(&[("14001", "x"), ("14002", "a"), ("14006", "b"), ("14007", "y")]);
    assert_eq!(carried, [row("14001", "x"), row("14007", "y")]);
    let expected = [(NotCarriedOver, "14002".to_owned()), (NotCarriedOver, "14006".to_owned())];
    assert_eq!(told, expected);
}

proptest! {
    #[test]
    fn no_inhabitant_is_lost_without_being_told(counts in proptest::collection::vec(0_u32..1_000_000, 8)) {
        let codes = ["01001", "01002", "01033", "01091", "01205", "14011", "14712", "23096"];
        let rows: Vec<_> = codes.into_iter().zip(counts.iter().copied()).collect();
        let (found, findings) = carried(&rows);
        let told: u32 = findings
            .iter()
            .filter(|(kind, ..)| *kind == FindingKind::NotCarriedOver)
            .filter_map(|(_, code, _)| rows.iter().find(|(known, _)| known == code))
            .map(|(_, count)| count)
            .sum();
        prop_assert_eq!(found.values().sum::<u32>() + told, counts.iter().sum::<u32>());
    }
}
