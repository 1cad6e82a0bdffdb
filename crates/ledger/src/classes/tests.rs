use std::collections::BTreeMap;

use desserte_territory::{
    Contents, Figure, FigureValue, Redistribution, Source, Territory, Zoning, synthetic,
};

use super::*;

fn source(title: &str, redistribution: Redistribution) -> Source {
    Source {
        role: "zoning".to_owned(),
        title: title.to_owned(),
        publisher: Some("made up".to_owned()),
        licence: Some("Licence Ouverte".to_owned()),
        vintage: Some("2018".to_owned()),
        sha256: None,
        redistribution,
    }
}

fn with(change: impl FnOnce(&mut Contents)) -> Territory {
    let mut contents = synthetic::territory(1).contents();
    change(&mut contents);
    Territory::new(&contents).unwrap()
}

/// A zoning that gives the first communes these values.
fn zoning(contents: &mut Contents, name: &str, values: &[&str]) {
    contents.sources.push(source(name, Redistribution::Allowed));
    let codes = contents.communes.iter().map(|row| row.commune.code);
    contents.zonings.push(Zoning {
        name: name.to_owned(),
        title: None,
        vintage: None,
        source: u32::try_from(contents.sources.len() - 1).ok(),
        values: codes.zip(values.iter().map(|value| (*value).to_owned())).collect(),
    });
    contents.zonings.sort_by(|a, b| a.name.cmp(&b.name));
}

fn classes(territory: &Territory) -> Result<Classes, ClassesError> {
    Classes::of(territory, &Rules::built_in(), &BTreeMap::new())
}

#[test]
fn the_zones_of_2018_give_an_initiative_and_what_is_not_said_stays_unknown() {
    let territory =
        with(|contents| zoning(contents, "arcep2018_zone", &["ZTD", "L33-13", "sans-engagement-prive", "?"]));
    let classes = classes(&territory).unwrap();
    let column = classes.column("initiative").unwrap();
    let values: Vec<_> = (0..5).map(|row| column.value(row)).collect();
    assert_eq!(values, [Some("privee"), Some("privee"), Some("publique"), None, None]);
    assert_eq!((column.credit.vintage.as_deref(), column.stand_in), (Some("2018"), true));
    assert_eq!(column.unread, BTreeMap::from([("?".to_owned(), 1)]));
    assert_eq!(column.counts(), [1, 2]);
    assert!(classes.absent.contains(&"littoral".to_owned()));
    assert_eq!(classes.column("outre_mer").unwrap().value(0), Some("non"));
}

#[test]
fn arcep_s_own_word_for_a_public_zone_comes_before_the_stand_in() {
    let territory = with(|contents| {
        zoning(contents, "arcep2018_zone", &["ZTD", "ZTD"]);
        zoning(contents, "cartefibre_zone", &["ZIPU", "ZIPRI"]);
    });
    // The class of raw zones could be read from both.
    let error = classes(&territory).unwrap_err();
    assert_eq!(error.to_string().matches("--take zone=LAYER").count(), 1, "{error}");
    let taken = BTreeMap::from([("zone".to_owned(), "arcep2018_zone".to_owned())]);
    let classes = Classes::of(&territory, &Rules::built_in(), &taken).unwrap();
    let column = classes.column("initiative").unwrap();
    assert_eq!((column.layer.as_str(), column.value(0)), ("cartefibre_zone", Some("publique")));
    assert!(!column.stand_in);
    let wrong = BTreeMap::from([("zone".to_owned(), "rurale".to_owned())]);
    assert!(Classes::of(&territory, &Rules::built_in(), &wrong).is_err());
}

#[test]
fn fifths_of_income_leave_out_what_is_withheld() {
    let territory = with(|contents| {
        let codes: Vec<_> = contents.communes.iter().map(|row| row.commune.code).collect();
        for row in &mut contents.communes {
            row.commune.population = Some(100);
        }
        contents.communes[5].commune.population = None;
        let mut values: Vec<_> =
            codes.iter().zip(1_u32..).map(|(code, at)| (*code, FigureValue::Known(f64::from(at)))).collect();
        values[2].1 = FigureValue::Secret;
        contents.figures.push(Figure {
            name: "filosofi_med".to_owned(),
            title: None,
            unit: "EUR".to_owned(),
            period: None,
            source: None,
            values,
        });
    });
    let classes = classes(&territory).unwrap();
    let column = classes.column("revenu").unwrap();
    assert_eq!((column.value(0), column.value(2), column.value(5)), (Some("1"), None, None));
    let counts = column.counts();
    assert_eq!(counts.iter().sum::<usize>(), territory.communes().len() - 2);
    assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{counts:?}");
}
