//! What is told, in words and numbers.

use std::fmt::Write as _;

use desserte_equity::bootstrap::Method;
use desserte_equity::{Comparison, Interval};

use super::IndexArguments;
use super::strata::Strata;
use crate::arguments::Lang;
use desserte_indicators::study::json::QUANTILES;
use desserte_indicators::study::{Compared, Drawing, Figure, Study};

pub(super) fn empty(arguments: &IndexArguments, last_line: u64) -> String {
    let (file, value, weight) = (arguments.file.display(), &arguments.value, &arguments.weight);
    match arguments.lang {
        Lang::Fr => format!(
            "{file}:{last_line}: jusqu'à cette dernière ligne, le total des poids ({weight}) des lignes qui ont une valeur \
             ({value}) est nul"
        ),
        Lang::En => format!(
            "{file}:{last_line}: down to this last line, the total weight ({weight}) of rows that have a value ({value}) is \
             zero"
        ),
    }
}

/// Widths of the columns of numbers.
const NAME: usize = 34;
const NUMBER: usize = 14;

/// All that is told, line by line.
pub(super) fn of(study: &Study<'_>, strata: Option<&Strata>, lang: Lang) -> Vec<String> {
    let teller = Teller { lang };
    let mut lines = teller.head(study);
    if let Some(strata) = strata {
        lines.extend(strata.words(lang));
        lines.push(String::new());
    }
    teller.figures(study, &mut lines);
    teller.groups(study, &mut lines);
    if let Some(drawing) = &study.drawing {
        lines.push(String::new());
        lines.extend(teller.drawing(drawing, study.parameters.confidence_level.value));
    }
    lines
}

struct Teller {
    lang: Lang,
}

impl Teller {
    fn t(&self, french: &'static str, english: &'static str) -> &'static str {
        if self.lang == Lang::Fr { french } else { english }
    }

    fn colon(&self) -> &'static str {
        self.t(" : ", ": ")
    }

    fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    /// A number as it was given.
    fn given(&self, value: f64) -> String {
        let text = value.to_string();
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn interval(&self, interval: Option<Interval>, decimals: usize) -> String {
        interval.map_or_else(String::new, |interval| {
            let (low, high) = (self.number(interval.low, decimals), self.number(interval.high, decimals));
            format!("{low} {} {high}", self.t("à", "to"))
        })
    }

    fn head(&self, study: &Study<'_>) -> Vec<String> {
        let of = study.distribution;
        let mut head = format!(
            "{} {} ; {} {} ; {} {} ; {} {}",
            study.rows,
            self.t("lignes", "rows"),
            of.len(),
            self.t("retenues", "used"),
            self.t("poids", "weight"),
            self.given(of.weight()),
            self.t("effectif équivalent", "effective count"),
            study.kish.map_or_else(String::new, |kish| self.number(kish, 2)),
        );
        if of.missing().units > 0 {
            let (rows, weight) = (of.missing().units, self.given(of.missing().weight));
            let said = self.t("sans valeur, laissées de côté", "without a value, left out");
            let _ = write!(head, "\n{rows} {said} ({} {weight})", self.t("poids", "weight"));
        }
        if of.unweighted() > 0 {
            let said = self.t("de poids nul, laissées de côté", "of weight zero, left out");
            let _ = write!(head, "\n{} {said}", of.unweighted());
        }
        let quantiles = QUANTILES.iter().map(|(name, p)| format!("{name} {}", self.given(of.quantile(*p))));
        let said = self.t(
            "quantiles pondérés (plus petite valeur observée qui les atteint)",
            "weighted quantiles (smallest observed value that reaches them)",
        );
        let quantiles = format!("{said}{}{}", self.colon(), quantiles.collect::<Vec<_>>().join(" ; "));
        vec![head, quantiles, String::new()]
    }

    /// Want first, then the mean, then indices, each beside what it is with the cap.
    fn figures(&self, study: &Study<'_>, lines: &mut Vec<String>) {
        let cap = study
            .question
            .top_code
            .map(|cap| format!("{} {}", self.t("plafonné à", "capped at"), self.given(cap)));
        let mut head = format!("{:NAME$}{:>NUMBER$}", "", self.t("brut", "raw"));
        let drawn = study.figures.iter().any(|figure| figure.interval.is_some());
        let interval = if drawn { self.t("intervalle", "interval") } else { "" };
        let _ = write!(head, "  {interval:<22}");
        if let Some(cap) = cap {
            let _ = write!(head, "{cap:>16}  {interval}");
        }
        lines.push(head.trim_end().to_owned());
        let wanted = |figure: &Figure| figure.name.starts_with("fgt");
        let order = study.figures.iter().enumerate();
        let (first, rest): (Vec<_>, Vec<_>) = order.partition(|(_, figure)| wanted(figure));
        for (at, figure) in first.into_iter().chain(rest) {
            let mut line = format!("{}{}", pad(&self.name(&figure.name, study)), self.cells(figure, NUMBER));
            if let Some((capped, _)) = &study.capped {
                line = format!("{line:<width$}", width = NAME + NUMBER + 24) + &self.cells(&capped[at], 16);
            }
            lines.push(line.trim_end().to_owned());
        }
        if let Some(ranking) = &study.ranking {
            let said = self.t("concentration selon", "concentration by");
            let name = format!("{said} {}", study.question.rank.as_deref().unwrap_or_default());
            let figure = Figure { name: String::new(), value: ranking.index, interval: ranking.interval };
            lines.push(format!("{}{}", pad(&name), self.cells(&figure, NUMBER)).trim_end().to_owned());
            if ranking.unranked > 0 {
                let said = self.t(
                    "lignes sans rang, laissées de côté pour cet indice",
                    "rows without a rank, left out of this index",
                );
                lines.push(format!("  {} {said}", ranking.unranked));
            }
        }
        if let Some((_, above)) = study.capped.as_ref().filter(|(_, above)| *above > 0) {
            lines.push(format!("{above} {}", self.t("lignes au-dessus du plafond", "rows above the cap")));
        }
    }

    fn cells(&self, figure: &Figure, width: usize) -> String {
        let decimals = if figure.name == "mean" { 3 } else { 6 };
        let value = figure.value.map_or_else(
            || self.t("non défini", "not defined").to_owned(),
            |value| self.number(value, decimals),
        );
        format!("{value:>width$}  {}", self.interval(figure.interval, decimals))
    }

    fn name(&self, name: &str, study: &Study<'_>) -> String {
        let line = study.question.poverty_line.map_or_else(String::new, |line| self.given(line));
        match name {
            "mean" => self.t("moyenne pondérée", "weighted mean").to_owned(),
            "gini" => "Gini".to_owned(),
            "theil_t" => "Theil T".to_owned(),
            "theil_l" => "Theil L".to_owned(),
            "palma" => "Palma".to_owned(),
            "fgt0" => format!("{} {line} (FGT 0)", self.t("part sous", "share below")),
            "fgt1" => format!("{} {line} (FGT 1)", self.t("profondeur sous", "depth below")),
            "fgt2" => format!("{} {line} (FGT 2)", self.t("sévérité sous", "severity below")),
            other => format!("Atkinson {}", self.decimal(other.trim_start_matches("atkinson_"))),
        }
    }

    fn decimal(&self, text: &str) -> String {
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text.to_owned() }
    }

    fn groups(&self, study: &Study<'_>, lines: &mut Vec<String>) {
        if study.groups.is_empty() {
            return;
        }
        let column = study.question.group.as_deref().unwrap_or_default();
        lines.push(String::new());
        for pair in study.between.chunks(2) {
            let index = if pair[0].name.starts_with("theil_t") { "Theil T" } else { "Theil L" };
            for (figure, said) in pair.iter().zip([self.t("entre", "between"), self.t("dans", "within")]) {
                let line =
                    format!("{}{}", pad(&format!("{index} {said} {column}")), self.cells(figure, NUMBER));
                lines.push(line.trim_end().to_owned());
            }
        }
        lines.push(String::new());
        let line = study.question.poverty_line;
        for group in &study.groups {
            let share = self.number(100.0 * group.part.weight_share, 1);
            let mean = group
                .part
                .mean
                .map_or_else(|| self.t("aucune valeur", "no value").to_owned(), |mean| self.number(mean, 3));
            let mut told = format!(
                "{}{} {} ; {share} % {} ; {} {mean}",
                pad(&self.group(study, group.name.as_ref())),
                group.part.units,
                self.t("lignes", "rows"),
                self.t("du poids", "of the weight"),
                self.t("moyenne", "mean"),
            );
            if group.mean_interval.is_some() {
                let _ = write!(told, " ({})", self.interval(group.mean_interval, 3));
            }
            if let Some((line, poor)) = line.zip(group.poor) {
                let below = self.t("sous", "below");
                let _ = write!(told, " ; {below} {} {} %", self.given(line), self.number(100.0 * poor, 1));
                if let Some(Interval { low, high, level }) = group.poor_interval {
                    let percent = Interval { low: 100.0 * low, high: 100.0 * high, level };
                    let _ = write!(told, " ({})", self.interval(Some(percent), 1));
                }
            }
            lines.push(told);
        }
        if !study.compared.is_empty() {
            lines.push(String::new());
            lines.extend(study.compared.iter().map(|pair| self.compared(study, pair)));
        }
    }

    fn group(&self, study: &Study<'_>, name: Option<&String>) -> String {
        let column = study.question.group.as_deref().unwrap_or_default();
        name.cloned().unwrap_or_else(|| format!("({} {column})", self.t("sans", "without")))
    }

    fn compared(&self, study: &Study<'_>, pair: &Compared) -> String {
        let name = |at: usize| self.group(study, study.groups[at].name.as_ref());
        let (first, second) = (name(pair.first), name(pair.second));
        let (figure, decimals) = match pair.figure {
            "mean" => (self.t("moyenne", "mean"), 3),
            _ => (self.t("part sous le seuil", "share below the line"), 4),
        };
        let higher = |first: &str, second: &str| match self.lang {
            Lang::Fr => format!("plus élevée pour {first} que pour {second}"),
            Lang::En => format!("higher for {first} than for {second}"),
        };
        let Some(interval) = pair.difference else {
            let said = self.t("données insuffisantes", "not enough data");
            return format!("{figure}, {first}, {second}{}{said}", self.colon());
        };
        let verdict = match interval.compared() {
            Comparison::Tie => format!("{first}, {second}{}ex æquo", self.colon()),
            Comparison::Higher => higher(&first, &second),
            Comparison::Lower => higher(&second, &first),
        };
        let difference = self.interval(Some(interval), decimals);
        format!("{figure}, {verdict} ({} {first} − {second} {difference})", self.t("écart", "difference"))
    }

    fn drawing(&self, drawing: &Drawing, level: f64) -> Vec<String> {
        let (draws, seed, clusters) = (drawing.draws, drawing.seed, drawing.clusters);
        let level = self.number(100.0 * level, 0);
        let effective = self.number(drawing.clusters_effective, 1);
        let worth = match self.lang {
            Lang::Fr => {
                format!("{clusters} grappes indépendantes, qui par leurs poids en valent {effective}")
            }
            Lang::En => format!("{clusters} independent clusters, worth {effective} by their weights"),
        };
        if let Some(fewest) = drawing.too_few {
            return vec![match self.lang {
                Lang::Fr => {
                    format!("données insuffisantes pour des intervalles : {worth} ; il en faut {fewest}")
                }
                Lang::En => format!("not enough data for intervals: {worth}; {fewest} are needed"),
            }];
        }
        let method = match drawing.method {
            Some(Method::Studentised) => self.t("t rééchantillonné", "studentised"),
            _ => "BCa",
        };
        let mut lines = vec![match self.lang {
            Lang::Fr => {
                format!(
                    "intervalles à {level} % ({method}) : {draws} tirages de {worth} ; graine {seed}, ChaCha8"
                )
            }
            Lang::En => {
                format!("intervals at {level} % ({method}): {draws} draws of {worth}; seed {seed}, ChaCha8")
            }
        }];
        lines.extend(drawing.too_few_for_indices.map(|fewest| match self.lang {
            Lang::Fr => {
                format!("données insuffisantes pour des intervalles d'indices d'inégalité : il faut {fewest} grappes")
            }
            Lang::En => {
                format!("not enough data for intervals of indices of inequality: {fewest} clusters are needed")
            }
        }));
        let of_one = drawing.too_few_for_theil_t.filter(|_| drawing.too_few_for_indices.is_none());
        lines.extend(of_one.map(|fewest| match self.lang {
            Lang::Fr => {
                format!("données insuffisantes pour un intervalle de Theil T : il faut {fewest} grappes")
            }
            Lang::En => format!("not enough data for an interval of Theil T: {fewest} clusters are needed"),
        }));
        lines
    }
}

/// A name at the beginning of a line.
fn pad(name: &str) -> String {
    format!("{name:<NAME$} ")
}
