//! Accounts in words.

use desserte_footprint::{Account, Total};

use crate::arguments::Lang;

/// One territory, line by line.
pub(super) fn of(place: &str, account: &Account, lang: Lang) -> Vec<String> {
    let teller = Teller { lang };
    let t = |fr, en| teller.t(fr, en);
    let gigabytes = Total { low: account.bytes.low / 1e9, high: account.bytes.high / 1e9, ..account.bytes };
    let mut lines = vec![format!(
        "{place}{}{} {}",
        t(" : ", ": "),
        account.probes,
        if account.probes == 1 { t("sonde", "probe") } else { t("sondes", "probes") }
    )];
    for (name, total, unit) in [
        (t("en service", "in service"), account.hours, "h"),
        (t("données échangées", "data moved"), gigabytes, t("Go", "GB")),
        (t("temps de processeur", "processor time"), account.processor_s, "s"),
        (t("électricité des appareils", "electricity of devices"), account.electricity_kwh, "kWh"),
        (t("fabrication, part du mois", "manufacture, the month's share"), account.manufacture_kg, "kgCO2e"),
        (
            t("trafic mobile, alloué au volume", "mobile traffic, allocated by volume"),
            account.traffic_allocated_kg,
            "kgCO2e",
        ),
        (
            t("trafic mobile, à la marge", "mobile traffic, at the margin"),
            account.traffic_marginal_kg,
            "kgCO2e",
        ),
    ] {
        lines.push(format!("  {name}{}{}", t(" : ", ": "), teller.total(&total, unit)));
    }
    if account.fixed_lines > 0 {
        lines.push(match lang {
            Lang::Fr => format!(
                "  lignes fixes : {}, dont le trafic est alloué à l'abonnement, quel qu'en soit le volume",
                account.fixed_lines
            ),
            Lang::En => format!(
                "  fixed lines: {}, whose traffic is allocated to the subscription, whatever its volume",
                account.fixed_lines
            ),
        });
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

    /// Three figures that count.
    fn number(&self, value: f64) -> String {
        let decimals = match value.abs() {
            size if size >= 100.0 || size == 0.0 => 0,
            size if size >= 10.0 => 1,
            size if size >= 1.0 => 2,
            size if size >= 0.01 => 4,
            _ => 6,
        };
        let text = format!("{value:.decimals$}");
        if self.lang == Lang::Fr { text.replace('.', ",") } else { text }
    }

    fn total(&self, total: &Total, unit: &str) -> String {
        let Total { low, high, known, unknown } = *total;
        if known == 0 && unknown == 0 {
            return self.t("aucun", "none").to_owned();
        }
        if known == 0 {
            return self.t("inconnu", "not known").to_owned();
        }
        let (low, high) = (self.number(low), self.number(high));
        let mut text = if low == high {
            format!("{low} {unit}")
        } else {
            format!("{low} {} {high} {unit}", self.t("à", "to"))
        };
        if unknown > 0 {
            text += &match self.lang {
                Lang::Fr => format!(" pour {known} ; inconnu pour {unknown}"),
                Lang::En => format!(" of {known}; not known of {unknown}"),
            };
        }
        text
    }
}
