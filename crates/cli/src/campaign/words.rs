//! What is told of a campaign, in words.

use desserte_evidence::{
    Attempt, CampaignDay, CampaignReport, CampaignRule, Excluded, Missing, PlannedDay, Shortfall,
};

use crate::arguments::Lang;

/// The plan, line by line.
pub(super) fn plan(days: &[PlannedDay], rule: &CampaignRule, lang: Lang) -> Vec<String> {
    let mut lines = vec![match lang {
        Lang::Fr => format!(
            "Campagne ({}) : {} jours, {} essais par jour, {} s au moins entre deux essais ; par câble, personne d’autre sur la ligne.",
            rule.set, rule.days.value, rule.tests_per_day.value, rule.gap_s.value
        ),
        Lang::En => format!(
            "Campaign ({}): {} days, {} tests a day, {} s or more between two tests; by cable, nobody else on the line.",
            rule.set, rule.days.value, rule.tests_per_day.value, rule.gap_s.value
        ),
    }];
    for day in days {
        let times: Vec<String> = day.tests.iter().map(|test| test.strftime("%H:%M").to_string()).collect();
        lines.push(format!("{}  {}", day.date, times.join("  ")));
    }
    lines
}

/// The report, line by line.
pub(super) fn report(
    report: &CampaignReport,
    attempts: &[Attempt],
    rule: &CampaignRule,
    lang: Lang,
) -> Vec<String> {
    let mut lines: Vec<String> = report.days.iter().map(|day| a_day(day, lang)).collect();
    let excluded: Vec<String> = report
        .excluded
        .iter()
        .zip(attempts)
        .filter_map(|(why, attempt)| why.map(|why| format!("  {}  {}", attempt.begun, why_not(why, lang))))
        .collect();
    if !excluded.is_empty() {
        lines.push(match lang {
            Lang::Fr => format!("Essais qui ne comptent pas : {} sur {}", excluded.len(), attempts.len()),
            Lang::En => format!("Tests that do not count: {} of {}", excluded.len(), attempts.len()),
        });
        lines.extend(excluded);
    }
    lines.extend(report.missing.iter().map(|missing| lacks(*missing, rule, lang)));
    lines.push(conclusion(report, rule, lang));
    lines
}

fn a_day(day: &CampaignDay, lang: Lang) -> String {
    let (low, high) = day
        .rates
        .iter()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &rate| (low.min(rate), high.max(rate)));
    match lang {
        Lang::Fr => format!(
            "{} : {} essais, de {} à {}",
            day.date,
            day.rates.len(),
            number(low, lang),
            number(high, lang)
        ),
        Lang::En => format!(
            "{}: {} tests, {} to {}",
            day.date,
            day.rates.len(),
            number(low, lang),
            number(high, lang)
        ),
    }
}

const fn why_not(why: Excluded, lang: Lang) -> &'static str {
    match (why, lang) {
        (Excluded::NoFigure, Lang::Fr) => "n’a pas donné de débit",
        (Excluded::NoFigure, Lang::En) => "gave no rate",
        (Excluded::NotWired, Lang::Fr) => "pas par câble, ou non connu",
        (Excluded::NotWired, Lang::En) => "not by cable, or not known",
        (Excluded::NotAlone, Lang::Fr) => "d’autres utilisaient la ligne, ou non connu",
        (Excluded::NotAlone, Lang::En) => "others used the line, or not known",
        (Excluded::TooSoon, Lang::Fr) => "trop tôt après le précédent",
        (Excluded::TooSoon, Lang::En) => "too soon after the one before",
        (Excluded::InThePause, Lang::Fr) => "pendant la pause du jour",
        (Excluded::InThePause, Lang::En) => "within the day’s pause",
        (Excluded::Surplus, Lang::Fr) => "le jour avait déjà tous ses essais",
        (Excluded::Surplus, Lang::En) => "the day had all its tests already",
        (Excluded::OtherDay, Lang::Fr) => {
            "son jour est incomplet, trop proche d’un autre, ou hors de la période"
        }
        (Excluded::OtherDay, Lang::En) => "its day is incomplete, too near another, or outside the window",
    }
}

fn lacks(missing: Missing, rule: &CampaignRule, lang: Lang) -> String {
    let each = rule.tests_per_day.value;
    match (missing, lang) {
        (Missing::Days(days), Lang::Fr) => format!("Il manque {days} jours de {each} essais."),
        (Missing::Days(days), Lang::En) => format!("{days} days of {each} tests are missing."),
        (Missing::Tests { date, found }, Lang::Fr) => {
            format!("Le {date} n’a que {found} essais qui comptent, sur {each}.")
        }
        (Missing::Tests { date, found }, Lang::En) => {
            format!("{date} has only {found} tests that count, of {each}.")
        }
    }
}

fn conclusion(report: &CampaignReport, rule: &CampaignRule, lang: Lang) -> String {
    let limits = rule.shortfall.value;
    let Some(shortfalls) = &report.shortfalls else {
        return match lang {
            Lang::Fr => "Campagne incomplète : rien n’en est conclu.".to_owned(),
            Lang::En => "The campaign is not complete: nothing is concluded from it.".to_owned(),
        };
    };
    if shortfalls.is_empty() {
        return match lang {
            Lang::Fr => format!("Selon {}, la ligne tient ce qui a été demandé.", rule.set),
            Lang::En => format!("By {}, the line keeps what was asked about.", rule.set),
        };
    }
    let percent = |share: f64| number(100.0 * share, lang);
    let told = shortfalls.iter().map(|shortfall| match (shortfall, lang) {
        (Shortfall::Maximum { days }, Lang::Fr) => {
            format!(
                "{} % du maximum non atteints, pas même une fois, {days} jours",
                percent(limits.maximum_share)
            )
        }
        (Shortfall::Maximum { days }, Lang::En) => {
            format!("{} % of the maximum not reached even once on {days} days", percent(limits.maximum_share))
        }
        (Shortfall::Normal { share }, Lang::Fr) => {
            format!(
                "débit normal atteint par {} % des essais, il en faut {} %",
                percent(*share),
                percent(limits.normal_share)
            )
        }
        (Shortfall::Normal { share }, Lang::En) => {
            format!(
                "normal rate reached by {} % of tests, {} % are asked for",
                percent(*share),
                percent(limits.normal_share)
            )
        }
        (Shortfall::Minimum { days }, Lang::Fr) => format!("un essai sous le minimum {days} jours"),
        (Shortfall::Minimum { days }, Lang::En) => format!("a test below the minimum on {days} days"),
    });
    let told = told.collect::<Vec<_>>().join(" ; ");
    match lang {
        Lang::Fr => format!("Selon {}, la ligne ne tient pas son contrat : {told}.", rule.set),
        Lang::En => format!("By {}, the line falls short of its contract: {told}.", rule.set),
    }
}

pub(super) fn number(value: f64, lang: Lang) -> String {
    let text = format!("{value:.1}");
    if lang == Lang::Fr { text.replace('.', ",") } else { text }
}
