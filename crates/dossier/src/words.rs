//! From facts to words, French or English.
//!
//! Words say "measured under protocol X, class A": never that anything is certified, official, or binding on anyone. A figure without
//! enough behind it has no number anywhere.

mod annex;
mod campaign;
mod front;
mod lines;
mod number;
mod probes;
mod reply;
mod tables;
mod verdicts;

use crate::case::{Case, Figure, PlaceKind, Site, Told};
use crate::document::{Block, DOCUMENT_SCHEMA, Document};
use crate::request::Lang;

/// The words of a case, in order.
#[must_use]
pub fn document(case: &Case) -> Document {
    let teller = Teller { case };
    let mut blocks = teller.front();
    if !case.sites.is_empty() {
        // Page one is for whoever reads no further; the map follows it with the uses.
        blocks.push(Block::Page);
    }
    blocks.extend(teller.drawing("map"));
    if !case.sites.is_empty() {
        blocks.extend(teller.uses());
        blocks.extend(teller.rates());
        blocks.extend(teller.outages());
        blocks.extend(teller.probes());
    }
    blocks.extend(teller.verdicts());
    blocks.extend(teller.other_side());
    blocks.extend(teller.annex());
    let place = &case.place;
    let title = match place.kind {
        PlaceKind::Site => {
            teller.t("Dossier de mesure d’une sonde", "Measurement dossier of a probe").to_owned()
        }
        _ => format!(
            "{} – {} ({})",
            teller.t("Dossier de mesure", "Measurement dossier"),
            place.name,
            place.code
        ),
    };
    let period = teller.period();
    let foot = if case.demonstration {
        format!("{title} – {}", teller.t("DÉMONSTRATION", "DEMONSTRATION"))
    } else {
        title.clone()
    };
    let document = Document {
        schema: DOCUMENT_SCHEMA.to_owned(),
        lang: case.lang,
        title,
        subtitle: match case.lang {
            Lang::Fr => format!("Connexion à internet des lieux équipés d’une sonde, {period}"),
            Lang::En => format!("Internet connection of the places that have a probe, {period}"),
        },
        foot,
        date: case.period.last.clone(),
        blocks,
    };
    if case.lang == Lang::Fr { lines::french(document) } else { document }
}

struct Teller<'a> {
    case: &'a Case,
}

impl Teller<'_> {
    fn t<'t>(&self, french: &'t str, english: &'t str) -> &'t str {
        if self.case.lang == Lang::Fr { french } else { english }
    }

    fn heading(&self, level: u8, french: &str, english: &str) -> Block {
        Block::Heading { level, text: self.t(french, english).to_owned() }
    }

    fn paragraph(&self, french: &str, english: &str) -> Block {
        Block::Paragraph { text: self.t(french, english).to_owned() }
    }

    fn period(&self) -> String {
        let span = &self.case.period;
        let (from, last) = (self.day(&span.from), self.day(&span.last));
        match self.case.lang {
            Lang::Fr => format!("du {from} au {last}"),
            Lang::En => format!("{from} to {last}"),
        }
    }

    /// A figure of a site.
    fn of<'s>(&self, site: &'s Site, indicator: &str, of: Option<&str>) -> Option<&'s Figure> {
        Figure::find(&site.figures, indicator, of)
    }

    /// How solid a figure is, in a letter or two, with what is lacking: `I (b, d)`.
    fn solidity(&self, figure: Option<&Figure>) -> String {
        let Some(figure) = figure else { return "n.\u{a0}m.".to_owned() };
        let letter = match figure.state {
            Told::Enough | Told::Observed => return "S".to_owned(),
            Told::Indicative => "I",
            Told::NotEnough => "–",
            Told::NotMeasured => return "n.\u{a0}m.".to_owned(),
        };
        let lacks: Vec<&str> = figure
            .lacks
            .iter()
            .map(|lack| match lack.as_str() {
                "observations" => "a",
                "class_a_probes" => "b",
                "days" => "c",
                "slots" => "d",
                other => other,
            })
            .collect();
        if lacks.is_empty() { letter.to_owned() } else { format!("{letter} ({})", lacks.join(", ")) }
    }

    /// What the letters mean.
    fn legend(&self) -> String {
        self.t(
            "Solidité : S suffisante ; I indicative, à lire avec prudence ; – données insuffisantes, aucun chiffre n’est donné ; n.\u{a0}m. non \
             mesuré. Il manque : (a) assez d’observations indépendantes ; (b) une sonde déclarée de classe A ; (c) 14 jours de mesure ; \
             (d) 80 % du temps observé.",
            "Solidity: S enough; I indicative, to be read with care; – not enough data, no figure is given; n.\u{a0}m. not measured. What is \
             lacking: (a) enough independent observations; (b) a probe declared of class A; (c) 14 days of measurement; (d) 80 % of the \
             time observed.",
        )
        .to_owned()
    }
}

#[cfg(test)]
mod tests;
