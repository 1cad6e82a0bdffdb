//! `desserte territory info`: what a territory file holds, from where, and how large its parts are.

use std::collections::BTreeSet;

use desserte_model::CommuneCode;
use desserte_territory::{Source, Territory};
use serde_json::{Map, Value, json};

use super::told;
use crate::arguments::{InfoArguments, Lang};
use crate::out::{Outcome, line};

pub(crate) fn run(arguments: &InfoArguments) -> Outcome {
    let territory = Territory::open(&arguments.file)?;
    if arguments.json {
        return line(&json(&territory).to_string());
    }
    summary(&territory, arguments.lang)?;
    layers(&territory, arguments.lang)?;
    line(&format!("empreinte / fingerprint {}", territory.fingerprint()))?;
    for source in territory.sources() {
        line(&format!("source {}", told(source)))?;
    }
    for (name, octets) in territory.section_sizes() {
        line(&format!("section {name:<9} {octets:>11}"))?;
    }
    Ok(())
}

fn summary(territory: &Territory, lang: Lang) -> Outcome {
    let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
    let population = territory.population();
    if territory.is_synthetic() {
        line("TERRITOIRE FICTIF : données inventées / MADE-UP TERRITORY: invented data")?;
    }
    line(&format!(
        "communes {} (COG {}) ; départements {} ; {} {} ; EPCI {} ; arrondissements {}",
        population.communes,
        territory.vintage(),
        territory.departements().len(),
        t("régions", "regions"),
        territory.regions().len(),
        territory.epcis().len(),
        territory.arrondissements().len(),
    ))?;
    let inhabitants = population.inhabitants.map_or("?".to_owned(), |count| count.to_string());
    line(&format!(
        "population {inhabitants} ; {} {} ; successions {}",
        t("communes sans chiffre", "communes without a figure"),
        population.communes_without_figure,
        territory.successions().len(),
    ))
}

/// What is known beside communes: zonings, figures with the reasons of what is missing, overlays.
fn layers(territory: &Territory, lang: Lang) -> Outcome {
    let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
    let credit = |source: Option<&Source>| match source {
        Some(source) if source.may_be_exported() => source.title.clone(),
        Some(source) => format!("{} ; {}", source.title, t("ne pas rediffuser", "not to be passed on")),
        None => t("source inconnue", "unknown source").to_owned(),
    };
    let zones = Zones::of(territory);
    for name in territory.zonings() {
        let (communes, values) = zones.count(name);
        let source = credit(territory.zoning_source(name));
        let (zoning, said) = (t("zonage", "zoning"), t("valeurs", "values"));
        line(&format!("{zoning} {name} ; communes {communes} ; {said} {values} ; {source}"))?;
    }
    let all = zones.communes.len();
    for figure in territory.figures() {
        line(&format!(
            "{} {} ; {} ; {} ; communes {} ; secret {} ; {} {} ; {} {} ; {}",
            t("chiffre", "figure"),
            figure.name,
            figure.unit,
            figure.period.unwrap_or(t("période inconnue", "unknown period")),
            figure.known,
            figure.secret,
            t("non disponible", "not available"),
            figure.unavailable,
            t("non dit", "not said"),
            all - figure.known - figure.secret - figure.unavailable,
            credit(figure.source),
        ))?;
    }
    for overlay in territory.overlays() {
        let (kind, areas) = (t("couche", "overlay"), t("aires", "areas"));
        let source = credit(overlay.source());
        line(&format!("{kind} {} ; {areas} {} ; {source}", overlay.name(), overlay.areas().len()))?;
    }
    Ok(())
}

/// The zonings of communes, to be counted.
struct Zones<'a> {
    territory: &'a Territory,
    communes: Vec<CommuneCode>,
}

impl<'a> Zones<'a> {
    fn of(territory: &'a Territory) -> Self {
        Self { territory, communes: territory.communes().map(|commune| commune.code).collect() }
    }

    /// Communes that have a value, and distinct values.
    fn count(&self, zoning: &str) -> (usize, usize) {
        let zones: Vec<&str> =
            self.communes.iter().filter_map(|code| self.territory.zone(zoning, *code)).collect();
        (zones.len(), zones.iter().collect::<BTreeSet<_>>().len())
    }
}

/// All of it for programs: one object, the names of the text in English.
fn json(territory: &Territory) -> Value {
    let population = territory.population();
    let zones = Zones::of(territory);
    let zonings = territory.zonings().map(|name| {
        let (communes, values) = zones.count(name);
        let source = territory.zoning_source(name).map(source);
        json!({ "name": name, "communes": communes, "values": values, "source": source })
    });
    let all = zones.communes.len();
    let figures = territory.figures().map(|figure| {
        json!({
            "name": figure.name,
            "unit": figure.unit,
            "period": figure.period,
            "known": figure.known,
            "secret": figure.secret,
            "unavailable": figure.unavailable,
            "not_said": all - figure.known - figure.secret - figure.unavailable,
            "source": figure.source.map(source),
        })
    });
    let overlays = territory.overlays().iter().map(|overlay| {
        json!({
            "name": overlay.name(),
            "areas": overlay.areas().len(),
            "source": overlay.source().map(source),
        })
    });
    let sections: Map<String, Value> =
        territory.section_sizes().map(|(name, octets)| (name, json!(octets))).collect();
    json!({
        "synthetic": territory.is_synthetic(),
        "vintage": territory.vintage().as_year(),
        "fingerprint": territory.fingerprint(),
        "communes": population.communes,
        "departements": territory.departements().len(),
        "regions": territory.regions().len(),
        "epcis": territory.epcis().len(),
        "arrondissements": territory.arrondissements().len(),
        "inhabitants": population.inhabitants,
        "communes_without_population": population.communes_without_figure,
        "successions": territory.successions().len(),
        "zonings": zonings.collect::<Vec<_>>(),
        "figures": figures.collect::<Vec<_>>(),
        "overlays": overlays.collect::<Vec<_>>(),
        "sources": territory.sources().iter().map(source).collect::<Vec<_>>(),
        "section_octets": sections,
    })
}

fn source(source: &Source) -> Value {
    json!({
        "role": source.role,
        "title": source.title,
        "publisher": source.publisher,
        "licence": source.licence,
        "vintage": source.vintage,
        "sha256": source.sha256,
        "may_be_exported": source.may_be_exported(),
    })
}
