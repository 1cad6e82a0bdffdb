//! What is told of a table, as drawings.

use desserte_equity::Distribution;
use desserte_plot::{
    Caption, Curve, Difference, Parts, Plot, QuantileRow, differences, lorenz, parts, quantiles,
};

use super::IndexArguments;
use crate::arguments::Lang;
use desserte_indicators::study::json::QUANTILES;
use desserte_indicators::study::{Figure, Study};

/// Steps at which a Lorenz curve is drawn.
const STEPS: u32 = 100;

pub(super) fn title(arguments: &IndexArguments) -> String {
    format!("{} ({})", arguments.value, arguments.file.display())
}

pub(super) fn of(study: &Study<'_>, arguments: &IndexArguments) -> Vec<Plot> {
    let drawer = Drawer { study, arguments, lang: arguments.lang };
    let mut plots = vec![drawer.lorenz(), drawer.quantiles()];
    plots.extend(drawer.parts());
    plots.extend(drawer.differences("ecarts", "mean"));
    plots.extend(drawer.differences("ecarts-parts", "fgt0"));
    plots
}

/// A Lorenz curve with its index.
pub(crate) fn curve(label: String, of: &Distribution, gini: Option<f64>) -> Curve {
    let points = (0..=STEPS).filter_map(|step| {
        let share = f64::from(step) / f64::from(STEPS);
        Some((share, of.lorenz(share)?))
    });
    Curve { label, points: points.collect(), gini }
}

struct Drawer<'a> {
    study: &'a Study<'a>,
    arguments: &'a IndexArguments,
    lang: Lang,
}

impl Drawer<'_> {
    fn t(&self, french: &'static str, english: &'static str) -> &'static str {
        if self.lang == Lang::Fr { french } else { english }
    }

    fn caption(&self, name: &str, what: &str, description: &str) -> Caption {
        let arguments = self.arguments;
        let (table, weight) = (self.t("Table", "Table"), self.t("poids", "weight"));
        Caption {
            name: name.to_owned(),
            title: format!("{what} : {}", arguments.value),
            description: description.to_owned(),
            source: format!("{table} : {} ; {weight} : {}", arguments.file.display(), arguments.weight),
        }
    }

    fn lorenz(&self) -> Plot {
        let study = self.study;
        let gini = |figures: &[Figure]| {
            figures.iter().find(|figure| figure.name == "gini").and_then(|gini| gini.value)
        };
        let mut curves =
            vec![curve(self.t("brut", "raw").to_owned(), study.distribution, gini(&study.figures))];
        if let Some(((figures, _), cap)) = study.capped.as_ref().zip(study.question.top_code) {
            let label = format!("{} {cap}", self.t("plafonné à", "capped at"));
            curves.extend(
                study.distribution.top_coded(cap).ok().map(|capped| curve(label, &capped, gini(figures))),
            );
        }
        let description = self.t(
            "Chaque point : la part du total que reçoit la part la moins bien servie.",
            "Each point: the share of the whole that the worst-served share has.",
        );
        let caption = self.caption("lorenz", self.t("Courbes de Lorenz", "Lorenz curves"), description);
        lorenz(caption, &curves, self.lang.into())
    }

    fn quantiles(&self) -> Plot {
        let description = self.t(
            "Quantiles pondérés : la plus petite valeur observée qui atteint chaque part du poids.",
            "Weighted quantiles: the smallest observed value that reaches each share of the weight.",
        );
        let rows = [QuantileRow {
            label: self.t("ensemble", "everybody").to_owned(),
            share: String::new(),
            values: Some(QUANTILES.map(|(_, p)| self.study.distribution.quantile(p))),
        }];
        let caption = self.caption("quantiles", self.t("Distribution", "Distribution"), description);
        quantiles(caption, &rows, &self.arguments.value, self.lang.into())
    }

    fn parts(&self) -> Option<Plot> {
        let split = self.study.split.as_ref()?;
        let column = self.study.question.group.as_deref().unwrap_or_default();
        let row = |name: &str, parts: Option<desserte_equity::split::Parts>| Parts {
            label: format!("{name}, {column}"),
            parts: parts.map(|parts| (parts.between, parts.within)),
        };
        let rows = [row("Theil T", split.theil_t), row("Theil L", split.theil_l)];
        let description = self.t(
            "Part de l'inégalité qui resterait si chacun avait la moyenne de son groupe (entre), et le reste (dans).",
            "The part of inequality that would be left if everyone had the mean of his group (between), and the rest (within).",
        );
        let caption = self.caption("theil-parts", self.t("Entre et dans", "Between and within"), description);
        Some(parts(caption, &rows, self.lang.into()))
    }

    fn differences(&self, name: &str, figure: &str) -> Option<Plot> {
        let (study, without) = (self.study, self.t("sans groupe", "without a group"));
        let rows: Vec<Difference> = study
            .compared
            .iter()
            .filter(|pair| pair.figure == figure)
            .map(|pair| {
                let (first, second) = (&study.groups[pair.first], &study.groups[pair.second]);
                let label = |name: &Option<String>| name.clone().unwrap_or_else(|| without.to_owned());
                let estimate = match figure {
                    "mean" => first.part.mean.zip(second.part.mean),
                    _ => first.poor.zip(second.poor),
                };
                Difference {
                    label: format!("{} − {}", label(&first.name), label(&second.name)),
                    what: if figure == "mean" {
                        self.t("moyenne", "mean")
                    } else {
                        self.t("part sous le seuil", "share below the line")
                    }
                    .to_owned(),
                    estimate: estimate.map(|(first, second)| first - second),
                    interval: pair.difference.map(|interval| (interval.low, interval.high)),
                }
            })
            .collect();
        let description = self.t(
            "Intervalles de l'écart. Un intervalle qui contient zéro : ex æquo (cercle vide, trait interrompu).",
            "Intervals of the difference. An interval that holds zero: a tie (open circle, broken line).",
        );
        let caption = self.caption(
            name,
            self.t("Écarts et leurs intervalles", "Differences and their intervals"),
            description,
        );
        let unit = if figure == "mean" { self.arguments.value.as_str() } else { self.t("part", "share") };
        (!rows.is_empty()).then(|| differences(caption, &rows, unit, self.lang.into()))
    }
}
