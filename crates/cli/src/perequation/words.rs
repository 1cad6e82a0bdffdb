//! Amounts in words.

use desserte_equity::perequation::{Allocation, Amount, Bound, End, Kind, Share, Swing};

use super::{Told, euros, largest};
use crate::arguments::Lang;

/// Width of a bar of the sensitivity, in characters.
const BAR: i64 = 30;

#[derive(Clone, Copy)]
struct Teller {
    lang: Lang,
}

pub(super) fn of(told: &Told<'_>) -> Vec<String> {
    let teller = Teller { lang: told.arguments.lang };
    let mut lines = teller.head(told);
    for (number, year) in (1..).zip(told.years) {
        if told.years.len() > 1 {
            lines.push(format!(
                "{} {number} ({} {})",
                teller.t("année", "year"),
                teller.t("enveloppe", "envelope"),
                teller.amount(year.envelope_euros)
            ));
        }
        lines.extend(teller.year(year));
    }
    lines
}

/// One territory, from inputs to cents.
pub(super) fn explained(told: &Told<'_>, shares: &[&Share]) -> Vec<String> {
    let teller = Teller { lang: told.arguments.lang };
    let mut lines = teller.head(told);
    let code = &shares[0].code;
    let line = told.table.lines.get(code).copied().unwrap_or_default();
    lines.push(format!("{code}{}{}:{line}", teller.t(" : ", ": "), told.arguments.table.display()));
    for ((number, year), share) in (1..).zip(told.years).zip(shares) {
        lines.push(format!("{} {number}", teller.t("année", "year")));
        match &share.amount {
            None => lines.push(format!("  {}", teller.unknown())),
            Some(amount) => lines.extend(teller.steps(year, amount)),
        }
    }
    lines
}

/// The values of a tornado plot, those that move most first.
pub(super) fn sensitivity(swings: &[Swing], lang: Lang) -> Vec<String> {
    let teller = Teller { lang };
    let mut lines = vec![
        teller
            .t(
                "ce qu'une hypothèse déplace à elle seule entre territoires, la première année (€) ; coûts déclarés ou supposés",
                "what an assumption alone moves between territories, in the first year (€); declared or assumed costs",
            )
            .to_owned(),
    ];
    if swings.is_empty() {
        lines.push(
            teller
                .t(
                    "aucune hypothèse du scénario n'a de bornes (low, high)",
                    "no assumption of the scenario has a range (low, high)",
                )
                .to_owned(),
        );
    }
    for swing in swings {
        let bar = swing.moved_cents() * BAR / largest(swings);
        let bar = "#".repeat(usize::try_from(bar).unwrap_or_default());
        let ends = [&swing.low, &swing.high].map(|end| teller.end(end.as_ref()));
        lines.push(format!("{:<22} {:>32} {:>32}  {bar}", swing.assumption, ends[0], ends[1]));
    }
    lines
}

impl Teller {
    fn t(self, french: &'static str, english: &'static str) -> &'static str {
        if self.lang == Lang::Fr { french } else { english }
    }

    fn shown(self, text: String) -> String {
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn amount(self, euros: f64) -> String {
        self.shown(format!("{euros:.2}")) + " €"
    }

    fn unknown(self) -> &'static str {
        self.t(
            "un nombre que le scénario demande est inconnu : pas de montant",
            "a number that the scenario asks for is not known: no amount",
        )
    }

    fn end(self, end: Option<&End>) -> String {
        let Some(end) = end else { return "–".to_owned() };
        let moved = end.outcome.as_ref().map_or_else(
            || self.t("pas de montants", "no amounts").to_owned(),
            |outcome| self.shown(euros(outcome.moved_cents)),
        );
        format!("{} → {moved}", self.shown(end.value.to_string()))
    }

    fn head(self, told: &Told<'_>) -> Vec<String> {
        let (name, status) = (&told.scenario.name, &told.scenario.status);
        let mut lines = vec![match self.lang {
            Lang::Fr => format!(
                "Scénario {name} ({status}) : coûts déclarés ou supposés ; ce n'est pas le droit en vigueur"
            ),
            Lang::En => {
                format!("Scenario {name} ({status}): declared or assumed costs; this is not current law")
            }
        }];
        lines.extend(told.table.translated.iter().map(|(from, to)| {
            format!(
                "{from} → {to} {}",
                self.t("(code d'une autre année, traduit)", "(code of another year, translated)")
            )
        }));
        lines
    }

    fn year(self, year: &Allocation) -> Vec<String> {
        let told = |share: &Share| match &share.amount {
            None => format!("{:<10} {}", share.code, self.unknown()),
            Some(amount) => {
                let cents = self.shown(euros(amount.cents));
                let formulas: Vec<&str> = amount.needs.iter().map(|need| need.formula.as_str()).collect();
                // The formula stands as it is computed, with points.
                let formula = if formulas.len() == 1 {
                    formulas[0].to_owned()
                } else {
                    format!("({})", formulas.join(" + "))
                };
                format!(
                    "{:<10} {cents:>16} €  = {formula} * {}{}",
                    share.code,
                    amount.factor,
                    self.held(amount)
                )
            }
        };
        let mut lines: Vec<String> = year.shares.iter().map(told).collect();
        lines.push(format!("{:<10} {:>16} €", self.t("total", "total"), self.shown(euros(year.total_cents))));
        lines
    }

    fn held(self, amount: &Amount) -> String {
        match amount.bound {
            None => String::new(),
            Some(Bound::Lowest) => format!(" ; {}", self.t("tenu au plus bas", "held at the lowest")),
            Some(Bound::Highest) => format!(" ; {}", self.t("tenu au plus haut", "held at the highest")),
        }
    }

    fn steps(self, year: &Allocation, amount: &Amount) -> Vec<String> {
        let mut lines: Vec<String> = amount
            .needs
            .iter()
            .map(|need| {
                let kind = match need.kind {
                    Kind::Operation => self.t("exploitation", "operation"),
                    Kind::Coverage => self.t("couverture", "coverage"),
                    Kind::Connections => self.t("raccordements", "connections"),
                };
                format!("  {kind:<16} {} = {}", need.formula, self.amount(need.euros))
            })
            .collect();
        let mut add = |name: &str, text: String| lines.push(format!("  {name:<16} {text}"));
        add(self.t("somme", "sum"), self.amount(amount.base_euros));
        add(
            self.t("facteur", "factor"),
            format!(
                "{} ({} {} ; {} {}){}",
                amount.factor,
                self.t("enveloppe", "envelope"),
                self.amount(year.envelope_euros),
                self.t("somme de tous", "sum of all"),
                self.amount(year.base_euros),
                self.held(amount)
            ),
        );
        add(self.t("arrondi", "rounding"), format!("{:+.6} €", amount.rounding_euros));
        add(self.t("montant", "amount"), self.shown(euros(amount.cents)) + " €");
        lines
    }
}
