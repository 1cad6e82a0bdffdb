//! The answer as drawings.

use desserte_plot::{Caption, Difference, Parts, Plot, QuantileRow, differences, lorenz, parts, quantiles};

use super::study::{ClassStudy, Group, Measure, Study};
use super::words::Teller;
use crate::arguments::Lang;
use crate::equity::plots::curve;

pub(super) fn title(study: &Study<'_>) -> String {
    let teller = Teller { lang: study.arguments.lang };
    format!("{} ({}), {}", study.subject.name, study.subject.unit, teller.nature(study.subject.nature))
}

pub(super) fn of(study: &Study<'_>) -> Vec<Plot> {
    let drawer = Drawer { study, teller: Teller { lang: study.arguments.lang } };
    let mut plots = vec![drawer.lorenz()];
    plots.extend(drawer.quantiles());
    plots.push(drawer.parts());
    for class in study.classes.iter().filter(|class| !class.differences.is_empty()) {
        let points = drawer.teller.t("points de pourcentage", "percentage points");
        plots.push(drawer.differences(
            "ecarts",
            class,
            |measure| !measure.is_share(),
            (1.0, &study.subject.unit),
        ));
        plots.push(drawer.differences("ecarts-parts", class, Measure::is_share, (100.0, points)));
    }
    plots
}

struct Drawer<'a> {
    study: &'a Study<'a>,
    teller: Teller,
}

impl Drawer<'_> {
    fn caption(&self, name: &str, title: String, description: String) -> Caption {
        let source = format!("{} : {}", self.teller.t("Source", "Source"), self.study.subject.credit.told());
        let mut letters = title.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        Caption { name: name.to_owned(), title: first + letters.as_str(), description, source }
    }

    fn subject(&self) -> String {
        title(self.study)
    }

    fn lorenz(&self) -> Plot {
        let (study, teller) = (self.study, &self.teller);
        let gini = study.indices.iter().find(|index| index.name == "gini");
        let mut curves =
            vec![curve(teller.t("brut", "raw").to_owned(), &study.of, gini.and_then(|gini| gini.raw.value))];
        if let Ok(capped) = study.of.top_coded(study.arguments.top_code) {
            let label = format!("{} {}", teller.t("plafonné à", "capped at"), study.arguments.top_code);
            curves.push(curve(label, &capped, gini.and_then(|gini| gini.capped.value)));
        }
        let title = format!("{} : {}", teller.t("Courbes de Lorenz", "Lorenz curves"), self.subject());
        let description = teller.t(
            "Chaque point : la part du total que reçoit la part la moins bien servie des habitants. Plus la courbe est loin de la \
             diagonale, plus l'inégalité est forte.",
            "Each point: the share of the whole that the worst-served share of inhabitants has. The further the curve from the \
             diagonal, the greater the inequality.",
        );
        lorenz(self.caption("lorenz", title, description.to_owned()), &curves, study.arguments.lang.into())
    }

    fn quantiles(&self) -> Vec<Plot> {
        let (study, teller) = (self.study, &self.teller);
        let lang = study.arguments.lang;
        let row = |label: String, group: &Group| QuantileRow {
            label,
            share: format!("{:.1} % {}", 100.0 * group.share, teller.t("des habitants", "of inhabitants"))
                .replace('.', teller.t(",", ".")),
            values: group.quantiles,
        };
        let everybody = || row(teller.t("ensemble", "everybody").to_owned(), &study.all);
        let draw = |class: &ClassStudy<'_>| {
            let shown = class
                .groups
                .iter()
                .enumerate()
                .filter(|(_, group)| group.key.is_some() || group.communes > 0);
            let rows: Vec<QuantileRow> = std::iter::once(everybody())
                .chain(shown.map(|(at, group)| row(teller.group_name(class, at).to_owned(), group)))
                .collect();
            let title = format!("{} : {}", teller.class_name(class), self.subject());
            let mut description = teller
                .t(
                    "Quantiles pondérés par les habitants ; l'ordre est celui des classes, non un classement.",
                    "Quantiles weighted by inhabitants; the order is that of the classes, no ranking.",
                )
                .to_owned();
            let note = if lang == Lang::Fr { &class.column.note.0 } else { &class.column.note.1 };
            if !note.is_empty() {
                description = format!("{description} {note}");
            }
            let name = format!("quantiles-{}", slug(&class.column.rule.key));
            quantiles(self.caption(&name, title, description), &rows, &study.subject.unit, lang.into())
        };
        study.classes.iter().map(draw).collect()
    }

    fn parts(&self) -> Plot {
        let (study, teller) = (self.study, &self.teller);
        let rows: Vec<Parts> = study
            .classes
            .iter()
            .map(|class| Parts {
                label: teller.class_name(class).to_owned(),
                parts: class.between.value.zip(class.within),
            })
            .collect();
        let title = format!(
            "{} : {}",
            teller.t("Theil T, entre et dans", "Theil T, between and within"),
            self.subject()
        );
        let description = teller.t(
            "Part de l'inégalité qui resterait si chacun avait la moyenne de son groupe (entre), et le reste (dans). Les parts de deux \
             classements ne s'ajoutent pas.",
            "The part of inequality that would be left if everyone had the mean of his group (between), and the rest (within). Parts \
             of two classifications do not add up.",
        );
        parts(self.caption("theil-parts", title, description.to_owned()), &rows, study.arguments.lang.into())
    }

    /// The differences of a class of those measures, `scale` times as large and in its unit.
    fn differences(
        &self,
        name: &str,
        class: &ClassStudy<'_>,
        of: impl Fn(Measure) -> bool,
        (scale, unit): (f64, &str),
    ) -> Plot {
        let (study, teller) = (self.study, &self.teller);
        let mut rows = Vec::new();
        for one in class.differences.iter().filter(|one| of(one.measure)) {
            let label =
                format!("{} − {}", teller.group_name(class, one.first), teller.group_name(class, one.second));
            for (drawn, interval) in study.clusters.iter().zip(&one.intervals) {
                let by = teller.cluster(drawn.cluster);
                rows.push(Difference {
                    label: label.clone(),
                    what: format!("{} ; {by}", teller.measure(study, one.measure)),
                    estimate: one.observed.map(|value| scale * value),
                    interval: interval.map(|interval| (scale * interval.low, scale * interval.high)),
                });
            }
        }
        let title = format!(
            "{}, {} : {}",
            teller.class_name(class),
            teller.t("écarts", "differences"),
            self.subject()
        );
        let level = format!("{:.0}", 100.0 * study.parameters.confidence_level.value);
        let description = match study.arguments.lang {
            Lang::Fr => format!(
                "Intervalles à {level} %, un par sorte de grappe tirée. Un intervalle qui contient zéro : ex æquo (cercle vide, trait interrompu)."
            ),
            Lang::En => format!(
                "Intervals at {level} %, one for each kind of cluster drawn. An interval that holds zero: a tie (open circle, broken line)."
            ),
        };
        let name = format!("{name}-{}", slug(&class.column.rule.key));
        differences(self.caption(&name, title, description), &rows, unit, study.arguments.lang.into())
    }
}

/// A class's key as a part of a file's name.
fn slug(key: &str) -> String {
    key.replace('_', "-")
}
