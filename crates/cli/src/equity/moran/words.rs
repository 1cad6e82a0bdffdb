//! What is told of neighbours, in words.

use super::{Found, Said, Told, quadrant};
use crate::arguments::Lang;

/// Places that are named in a line; how many more there are is said.
const NAMED_MAX: usize = 20;

pub(super) fn of(found: &Found<'_>) -> Vec<String> {
    let teller = Teller { lang: found.arguments.lang };
    let mut lines = teller.head(found);
    match &found.told {
        Some(told) => lines.extend(teller.told(found, told)),
        None => lines.push(teller.withheld(found)),
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

    fn number(&self, value: f64, decimals: usize) -> String {
        let text = format!("{value:.decimals$}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn head(&self, found: &Found<'_>) -> Vec<String> {
        let (places, islands) = (found.places, found.places.islands());
        let mut lines = vec![format!(
            "{} {} ; {} {} ; {} {}",
            places.names.len(),
            self.t("lieux", "places"),
            found.kept,
            self.t("retenus", "used"),
            places.without_value(),
            self.t("sans valeur, laissés de côté", "without a value, left out"),
        )];
        if !islands.is_empty() {
            let said = self.t(
                "sans voisin qui ait une valeur, laissés de côté",
                "without a neighbour that has a value, left out",
            );
            lines.push(format!("{} {said}{}{}", islands.len(), self.t(" : ", ": "), self.some(&islands)));
        }
        if !places.translated.is_empty() {
            let named: Vec<String> =
                places.translated.iter().map(|(from, to)| format!("{from} → {to}")).collect();
            let named: Vec<&str> = named.iter().map(String::as_str).collect();
            let said = self.t("codes d'une autre année, traduits", "codes of another year, translated");
            lines.push(format!("{} {said}{}{}", named.len(), self.t(" : ", ": "), self.some(&named)));
        }
        lines
    }

    fn some(&self, names: &[&str]) -> String {
        let told = names[..names.len().min(NAMED_MAX)].join(", ");
        match names.len().saturating_sub(NAMED_MAX) {
            0 => told,
            more => format!("{told} {} {more} {}", self.t("et", "and"), self.t("autres", "more")),
        }
    }

    fn withheld(&self, found: &Found<'_>) -> String {
        let rule = found.parameters.neighbours.value;
        let (places, share) = (rule.places_min, self.number(100.0 * rule.known_share, 0));
        match self.lang {
            Lang::Fr => format!(
                "données insuffisantes : il faut {places} lieux au moins qui aient une valeur et un voisin, {share} % de tous, et des \
                 valeurs qui diffèrent"
            ),
            Lang::En => format!(
                "not enough data: at least {places} places with a value and a neighbour are needed, {share} % of all, and values that \
                 differ"
            ),
        }
    }

    fn told(&self, found: &Found<'_>, told: &Told) -> Vec<String> {
        let rule = found.parameters.neighbours.value;
        let moran = &told.moran;
        let said = match told.said {
            Said::Alike => self.t("les voisins se ressemblent", "neighbours are alike"),
            Said::Unlike => self.t("les voisins s'opposent", "neighbours are unlike"),
            Said::AsChance => self.t(
                "rien ne distingue cette répartition d'un tirage au sort",
                "nothing tells this pattern from one of chance",
            ),
        };
        let mut lines = vec![format!(
            "Moran {} ({} {}) ; p {} ; {said}",
            self.number(moran.index, 6),
            self.t("au hasard", "by chance"),
            self.number(moran.expected, 6),
            moran.p_value.map_or_else(String::new, |p| self.number(p, 4)),
        )];
        let out: Vec<_> = moran.local.iter().zip(&told.out).filter(|(_, out)| **out).collect();
        let tests = moran.local.iter().flatten().count();
        let rate = self.number(100.0 * rule.discovery_rate, 0);
        lines.push(match self.lang {
            Lang::Fr => format!("{} lieux sur {tests} se distinguent avec leurs voisins (part attendue du hasard parmi eux : {rate} %)", out.len()),
            Lang::En => format!("{} of {tests} places stand out with their neighbours (share of chance expected among them: {rate} %)", out.len()),
        });
        for (name, french, english) in [
            ("high_high", "élevé, entouré d'élevé", "high among high"),
            ("low_low", "bas, entouré de bas", "low among low"),
            ("high_low", "élevé, entouré de bas", "high among low"),
            ("low_high", "bas, entouré d'élevé", "low among high"),
        ] {
            let count =
                out.iter().filter(|(local, _)| local.as_ref().is_some_and(|local| quadrant(local) == name));
            lines.push(format!("  {:<28} {:>8}", self.t(french, english), count.count()));
        }
        let (shuffles, seed, source) = (found.arguments.shuffles, found.arguments.seed, &found.places.source);
        lines.push(match self.lang {
            Lang::Fr => format!("{shuffles} permutations, graine {seed}, ChaCha8 ; voisins (frontière commune d'une certaine longueur) : {source}"),
            Lang::En => format!("{shuffles} shuffles, seed {seed}, ChaCha8; neighbours (common border of some length): {source}"),
        });
        lines
    }
}
