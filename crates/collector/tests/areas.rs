//! Pages of intercommunalities, and zonings over maps.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Running, body, get, key, line, minute, now, post, start, start_with};
use desserte_collector::Config;
use desserte_model::CommuneCode;
use desserte_territory::{Redistribution, Source, Territory, Zoning, synthetic};

/// The made-up territory with its first commune in no known zone, and every other of the rest in the mountains.
fn mountainous(redistribution: Redistribution) -> Territory {
    let mut contents = synthetic::territory(1).contents();
    let codes: Vec<CommuneCode> = contents.communes.iter().map(|row| row.commune.code).collect();
    let source = u32::try_from(contents.sources.len()).ok();
    let values = codes.iter().skip(1).zip(["oui", "non"].into_iter().cycle());
    contents.zonings.push(Zoning {
        name: "montagne".to_owned(),
        title: None,
        vintage: None,
        source,
        values: values.map(|(code, value)| (*code, value.to_owned())).collect(),
    });
    contents.sources.push(Source {
        role: "zoning".to_owned(),
        title: "Liste d'essai".to_owned(),
        publisher: Some("Personne".to_owned()),
        licence: Some("Licence Ouverte 2.0".to_owned()),
        vintage: Some("2026".to_owned()),
        sha256: None,
        redistribution,
    });
    Territory::new(&contents).unwrap()
}

/// A page with its apostrophes and ampersands as they are read.
fn read(running: &Running, path: &str) -> String {
    let page = get(running.address, path);
    assert_eq!(page.status, 200, "{path}");
    page.body.replace("&#39;", "'").replace("&#38;", "&").replace("&amp;", "&")
}

fn started(territory: Territory) -> Running {
    start_with(&std::env::temp_dir(), Config::default(), territory)
}

/// A minute of a probe in a commune: enough to be measured, too little for a figure.
fn measured(running: &Running, commune: CommuneCode) {
    let middle = synthetic::territory(1).outline(commune).unwrap().point_inside().unwrap();
    let mut record = minute(1, now().saturating_add_micros(-3_600_000_000));
    record["position"]["lon"] = serde_json::json!(middle.lon());
    record["position"]["lat"] = serde_json::json!(middle.lat());
    let answer = post(running.address, &key(1), &body(&key(1), &[line(&record)]));
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[test]
fn an_intercommunality_is_found_drawn_and_told_commune_by_commune() {
    let running = start();
    let territory = synthetic::territory(1);
    let epci = &territory.epcis()[1];
    let communes: Vec<_> = territory.communes_of_epci(&epci.siren).collect();
    measured(&running, communes[0].code);
    let found = get(running.address, &format!("/recherche?q={}", epci.siren));
    assert!(found.head.contains(&format!("location: /epci/{}", epci.siren)), "{}", found.head);
    let named = read(&running, "/recherche?q=milieu+fictive");
    assert!(named.contains(&format!("href=\"/epci/{}\"", epci.siren)), "{named}");
    let page = read(&running, &format!("/epci/{}", epci.siren));
    let drawn = page.matches("<title>").count() - 1;
    assert_eq!(drawn, communes.len(), "its own communes are on the map and no other");
    assert!(page.contains(&format!("1\u{a0}commune avec des mesures sur {}", communes.len())));
    assert!(page.contains("Il n'y a pas de chiffre d'ensemble"));
    assert!(page.contains("<a href=\"/departement/99\">"));
    let commune = get(running.address, &format!("/commune/{}", communes[0].code)).body;
    assert!(commune.contains(&format!("<a href=\"/epci/{}\">", epci.siren)));
    let departement = get(running.address, "/departement/99").body;
    assert_eq!(departement.matches("href=\"/epci/").count(), territory.epcis().len());
    let svg = get(running.address, &format!("/epci/{}/carte.svg?lang=en", epci.siren));
    assert!(svg.head.contains("image/svg+xml") && svg.body.contains(epci.label()));
    assert_eq!(get(running.address, "/epci/123456789").status, 404);
}

#[test]
fn a_zoning_is_drawn_by_signs_told_as_a_table_and_credited() {
    let running = started(mountainous(Redistribution::Allowed));
    let page = read(&running, "/departement/99");
    assert!(page.contains("<a href=\"/departement/99?zonage=montagne\">montagne</a>"), "offered");
    assert!(!page.contains("id=\"s1\""), "drawn on request only");
    let page = read(&running, "/departement/99?zonage=montagne");
    assert!(page.contains("<a href=\"/departement/99?zonage=montagne\" aria-current=\"page\">"));
    assert!(page.contains("id=\"s1\"") && page.contains("fill=\"url(#k-none-1)\""));
    assert!(page.contains("Liste d'essai ; Personne ; 2026 ; Licence Ouverte 2.0"));
    let communes = synthetic::territory(1).communes().len();
    let (within, outside) = (communes / 2, (communes - 1) / 2);
    assert!(page.contains(&format!("hors montagne <span class=\"quiet\">({outside})</span>")), "{outside}");
    assert!(page.contains(&format!("montagne <span class=\"quiet\">({within})</span>")), "{within}");
    assert!(page.contains("zonage non connu, sans signe non plus <span class=\"quiet\">(1)</span>"));
    // The other links of the page keep it.
    assert!(page.contains("/departement/99?indicateur=coupures&zonage=montagne"));
    let svg = get(running.address, "/departement/99/carte.svg?zonage=montagne").body;
    assert!(svg.contains("fill=\"url(#k-none-1)\""));
    let told = get(running.address, "/carte/departement/99?zonage=montagne").json();
    assert_eq!(told["zones"].as_object().unwrap().len(), communes - 1);
    let none = get(running.address, "/carte/departement/99").json();
    assert_eq!(none["zones"].as_object().unwrap().len(), 0);
}

#[test]
fn a_zoning_that_is_not_there_or_not_to_be_passed_on_is_said_not_to_be_shown() {
    let running = started(mountainous(Redistribution::Forbidden));
    let page = read(&running, "/departement/99?zonage=montagne");
    assert!(page.contains("Ce zonage n'est pas montré ici"));
    assert!(!page.contains("Liste d'essai") && !page.contains("Personne ;"), "nothing of it is told: {page}");
}

#[test]
fn tables_have_a_page_of_their_own_which_leads_back_to_the_map() {
    let running = started(mountainous(Redistribution::Allowed));
    measured(&running, synthetic::territory(1).communes().next().unwrap().code);
    for path in ["/departement/99", "/epci/999000002"] {
        let map = read(&running, &format!("{path}?zonage=montagne&jours=7"));
        let tables = read(&running, &format!("{path}/tableau?zonage=montagne&jours=7&lang=en"));
        assert!(map.contains("class=\"communes\"") && map.contains("Le zonage en tableau"));
        assert!(!tables.contains("class=\"communes\"") && tables.contains("The zoning as a table"));
        assert!(
            tables.contains(&format!("<a href=\"{path}?zonage=montagne&jours=7&lang=en\">The map</a>")),
            "{tables}"
        );
        // What is chosen there stays there.
        assert!(tables.contains(&format!(
            "<a href=\"{path}/tableau?indicateur=coupures&zonage=montagne&jours=7&lang=en\">"
        )));
    }
    assert_eq!(get(running.address, "/departement/98/tableau").status, 404);
}
