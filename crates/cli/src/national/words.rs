//! The answer in words and numbers.

use desserte_equity::bootstrap::Method;
use desserte_equity::{Comparison, Interval};
use desserte_ledger::Nature;

use super::Cluster;
use super::study::{ClassStudy, Difference, Group, Measure, QUANTILES, Study, Told};
use crate::arguments::Lang;

pub(super) fn of(study: &Study<'_>) -> Vec<String> {
    let teller = Teller { lang: study.arguments.lang };
    let mut lines = teller.head(study);
    lines.extend(teller.indices(study));
    lines.push(teller.group(study, teller.t("ensemble", "everybody"), &study.all));
    for class in &study.classes {
        lines.push(String::new());
        lines.extend(teller.class(study, class));
    }
    lines.push(String::new());
    lines.extend(teller.foot(study));
    lines
}

pub(super) struct Teller {
    pub(super) lang: Lang,
}

impl Teller {
    pub(super) fn t(&self, french: &'static str, english: &'static str) -> &'static str {
        if self.lang == Lang::Fr { french } else { english }
    }

    fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn given(&self, value: f64) -> String {
        let text = value.to_string();
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    /// A value of a measure: shares as percent.
    fn value(&self, measure: Measure, value: f64) -> String {
        if measure.is_share() {
            format!("{} %", self.number(100.0 * value, 1))
        } else {
            self.number(value, 1)
        }
    }

    fn interval(&self, measure: Measure, interval: Option<Interval>) -> String {
        interval.map_or_else(
            || self.t("données insuffisantes", "not enough data").to_owned(),
            |interval| {
                let (low, high) = (self.value(measure, interval.low), self.value(measure, interval.high));
                format!("{low} {} {high}", self.t("à", "to"))
            },
        )
    }

    pub(super) fn measure(&self, study: &Study<'_>, measure: Measure) -> String {
        match measure {
            Measure::Mean => self.t("moyenne", "mean").to_owned(),
            Measure::Capped => {
                let said = self.t("moyenne plafonnée à", "mean capped at");
                format!("{said} {}", self.given(study.arguments.top_code))
            }
            Measure::Median => self.t("médiane", "median").to_owned(),
            Measure::Below(line) => format!("{} {}", self.t("sous", "below"), self.given(line)),
        }
    }

    pub(super) fn nature(&self, nature: Nature) -> &'static str {
        match nature {
            Nature::Measured => self.t("mesuré par d'autres", "measured by others"),
            Nature::Declared => self.t("déclaré", "declared"),
        }
    }

    pub(super) fn cluster(&self, cluster: Cluster) -> &'static str {
        match cluster {
            Cluster::Commune => self.t("communes", "communes"),
            Cluster::Epci => "EPCI",
            Cluster::Departement => self.t("départements", "départements"),
        }
    }

    fn head(&self, study: &Study<'_>) -> Vec<String> {
        let (subject, of) = (study.subject, &study.of);
        let (with, all) = study.communes;
        let mut lines = vec![
            format!("{} ({}) : {}", subject.name, subject.unit, self.nature(subject.nature)),
            subject.credit.told(),
            format!(
                "{} {with} {} {all} ; {} {:.0} ; {} {:.0}",
                self.t("communes avec un nombre", "communes with a number"),
                self.t("sur", "of"),
                self.t("habitants", "inhabitants"),
                of.weight(),
                self.t("sans nombre, laissés de côté", "without a number, left out"),
                of.missing().weight,
            ),
        ];
        if let Some(cells) = &subject.cells {
            lines.push(format!(
                "{} {} ; {} {} ; tests {} ; {} {}",
                self.t("cellules", "cells"),
                cells.read,
                self.t("hors de toute commune", "in no commune"),
                cells.outside,
                cells.tests,
                self.t(
                    "communes à cellules de même poids, faute de nombre de tests",
                    "communes with cells of one weight, tests unknown"
                ),
                cells.even,
            ));
        }
        if let Some((key, value)) = &study.arguments.only {
            lines.push(format!(
                "{} {key} = {value}",
                self.t("communes de la classe", "communes of the class")
            ));
        }
        if study.arguments.even_cells {
            lines.push(
                self.t("cellules d'une commune de même poids", "cells of a commune of one weight").to_owned(),
            );
        }
        lines.push(String::new());
        lines
    }

    fn indices(&self, study: &Study<'_>) -> Vec<String> {
        let line = study.arguments.poverty_line.first().map_or_else(String::new, |line| self.given(*line));
        let cap = self.given(study.arguments.top_code);
        let head =
            format!("{:<22}{:<34}{} {cap}", "", self.t("brut", "raw"), self.t("plafonné à", "capped at"));
        let told = |told: &Told| {
            let value = told.value.map_or_else(
                || self.t("non défini", "not defined").to_owned(),
                |value| self.number(value, 4),
            );
            match told.interval {
                Some(Interval { low, high, .. }) => {
                    format!(
                        "{value} ({} {} {})",
                        self.number(low, 4),
                        self.t("à", "to"),
                        self.number(high, 4)
                    )
                }
                None => value,
            }
        };
        let rows = study.indices.iter().map(|index| {
            let name = match index.name {
                "gini" => "Gini".to_owned(),
                "theil_t" => "Theil T".to_owned(),
                "fgt1" => format!("{} {line} (FGT 1)", self.t("profondeur", "depth")),
                _ => format!("{} {line} (FGT 2)", self.t("sévérité", "severity")),
            };
            format!("{name:<22}{:<34}{}", told(&index.raw), told(&index.capped))
        });
        std::iter::once(head).chain(rows).collect()
    }

    fn group(&self, study: &Study<'_>, name: &str, group: &Group) -> String {
        let share = self.number(100.0 * group.share, 1);
        let mut text = format!(
            "{name} : communes {} ; {share} % {}",
            group.communes,
            self.t("des habitants", "of inhabitants")
        );
        let Some(quantiles) = group.quantiles else {
            return format!("{text} ; {}", self.t("données insuffisantes", "not enough data"));
        };
        for (measure, told) in study.measures.iter().zip(&group.measures) {
            let Some(value) = told.value else { continue };
            let (name, value) = (self.measure(study, *measure), self.value(*measure, value));
            text.push_str(&format!("\n    {name} {value} ({})", self.interval(*measure, told.interval)));
        }
        let quantiles = QUANTILES.iter().zip(quantiles);
        let quantiles: Vec<String> =
            quantiles.map(|(p, value)| format!("p{:.0} {}", 100.0 * p, self.number(value, 1))).collect();
        let gini = group.gini.map(|gini| gini.map_or_else(|| "-".to_owned(), |gini| self.number(gini, 4)));
        text.push_str(&format!(
            "\n    {} ; Gini {} ({} {})",
            quantiles.join(" ; "),
            gini[0],
            self.t("plafonné", "capped"),
            gini[1]
        ));
        text
    }

    pub(super) fn class_name<'c>(&self, class: &ClassStudy<'c>) -> &'c str {
        let rule = &class.column.rule;
        if self.lang == Lang::Fr { &rule.fr } else { &rule.en }
    }

    pub(super) fn group_name<'c>(&self, class: &'c ClassStudy<'_>, at: usize) -> &'c str {
        match &class.groups[at].key {
            Some(key) => class.column.rule.value(key, self.lang == Lang::Fr),
            None => {
                if self.lang == Lang::Fr {
                    "classe non connue"
                } else {
                    "class not known"
                }
            }
        }
    }

    fn class(&self, study: &Study<'_>, class: &ClassStudy<'_>) -> Vec<String> {
        let column = class.column;
        let stands = if column.stand_in { self.t(", à défaut", ", standing in") } else { "" };
        let mut lines = vec![
            format!("== {} ({}{stands})", self.class_name(class), column.rule.key),
            format!("   {}", column.credit.told()),
        ];
        let note = if self.lang == Lang::Fr { &column.note.0 } else { &column.note.1 };
        if !note.is_empty() {
            lines.push(format!("   {note}"));
        }
        for (at, group) in class.groups.iter().enumerate() {
            if group.key.is_some() || group.communes > 0 {
                lines.push(self.group(study, self.group_name(class, at), group));
            }
        }
        if let Some((between, within)) = class.between.value.zip(class.within) {
            let share = self.number(100.0 * between / (between + within), 1);
            let said = self.t("Theil T entre les groupes", "Theil T between groups");
            let rest = self.t("dans les groupes", "within groups");
            let (between, within) = (self.number(between, 4), self.number(within, 4));
            lines.push(format!("{said} {between} ({share} %) ; {rest} {within}"));
        }
        lines.extend(class.differences.iter().map(|one| self.difference(study, class, one)));
        lines
    }

    fn difference(&self, study: &Study<'_>, class: &ClassStudy<'_>, one: &Difference) -> String {
        let (first, second) = (self.group_name(class, one.first), self.group_name(class, one.second));
        let verdict = match one.verdict() {
            None => self.t("données insuffisantes", "not enough data").to_owned(),
            Some(Comparison::Tie) => "ex æquo".to_owned(),
            Some(Comparison::Higher) => format!("{} {first}", self.t("plus haut pour", "higher for")),
            Some(Comparison::Lower) => format!("{} {second}", self.t("plus haut pour", "higher for")),
        };
        let by = study.clusters.iter().zip(&one.intervals).map(|(drawn, interval)| {
            format!("{} {}", self.cluster(drawn.cluster), self.interval(one.measure, *interval))
        });
        let observed = one.observed.map_or_else(String::new, |value| self.value(one.measure, value));
        format!(
            "{first} − {second}, {} : {observed} ; {verdict} [{}]",
            self.measure(study, one.measure),
            by.collect::<Vec<_>>().join(" ; ")
        )
    }

    fn foot(&self, study: &Study<'_>) -> Vec<String> {
        let level = self.number(100.0 * study.parameters.confidence_level.value, 0);
        let (draws, seed) = (study.arguments.bootstrap, study.arguments.seed);
        let clusters: Vec<String> = study
            .clusters
            .iter()
            .map(|drawn| {
                let method = match drawn.method {
                    Some(Method::Bca) => "BCa",
                    Some(Method::Studentised) => self.t("studentisés", "studentised"),
                    None => self.t("aucun intervalle", "no interval"),
                };
                let worth = self.number(drawn.worth, 0);
                let said = self.t("de même poids", "of equal weight");
                format!("{} {} ({worth} {said}, {method})", drawn.count, self.cluster(drawn.cluster))
            })
            .collect();
        let mut lines = vec![
            format!(
                "{} {level} % ; {} {draws} ; {} {seed} ; ChaCha8 ; {} {}",
                self.t("intervalles à", "intervals at"),
                self.t("tirages", "draws"),
                self.t("graine", "seed"),
                self.t("grappes", "clusters"),
                clusters.join(", "),
            ),
            self.t(
                "Les intervalles disent ce que le hasard des grappes laisse ouvert, non ce que la source déforme.",
                "Intervals say what chance leaves open between clusters, not how the source is biased.",
            )
            .to_owned(),
        ];
        if study.subject.credit.withheld {
            let said = self.t(
                "Statistiques tirées de données qui ne doivent pas être rediffusées : à citer avec leur source et sous leur licence.",
                "Statistics of data that must not be passed on: to be cited with their source and under their licence.",
            );
            lines.push(said.to_owned());
        }
        lines
    }
}
