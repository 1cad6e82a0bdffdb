//! Interruptions and reachability in plain words.

use desserte_measure::UnknownCause;
use desserte_model::{InterruptionCause, ReachFailure};

use super::lang::Lang;
use super::text;
use crate::config::Publication;
use crate::figures::{CauseNumbers, Happenings, InterruptionFigure, ReachFigure};

/// What the page of a commune says of them.
pub(super) struct HappeningsView {
    /// In place of the table when it cannot be said.
    pub(super) no_interruptions: Option<&'static str>,
    pub(super) interruptions: Vec<CauseRow>,
    /// Why the state was not known, and how long.
    pub(super) unknown: Vec<(&'static str, String)>,
    pub(super) services: Vec<ServiceRow>,
}

pub(super) struct CauseRow {
    pub(super) cause: &'static str,
    pub(super) count: String,
    pub(super) total: String,
    pub(super) longest: String,
}

pub(super) struct ServiceRow {
    pub(super) name: String,
    pub(super) reached: String,
    pub(super) attempts: String,
    pub(super) failures: String,
}

impl HappeningsView {
    pub(super) fn new(seen: &Happenings, rules: &Publication, lang: Lang) -> Self {
        let (no_interruptions, interruptions) = match &seen.interruptions {
            InterruptionFigure::NotMeasured => (
                Some(lang.t(
                    "Aucune interruption enregistrée : soit il n'y en a pas eu, soit aucune sonde ne les surveillait.",
                    "No interruption recorded: either there was none, or no probe watched for them.",
                )),
                Vec::new(),
            ),
            InterruptionFigure::NotEnough => (
                Some(lang.t(
                    "Données insuffisantes : l'état des lignes n'est pas connu assez longtemps.",
                    "Not enough data: the state of the lines is not known for long enough.",
                )),
                Vec::new(),
            ),
            InterruptionFigure::Measured(causes) => {
                let seen = causes.iter().filter(|(cause, numbers)| {
                    numbers.count > 0 || *cause == InterruptionCause::Beyond
                });
                (None, seen.map(|(cause, numbers)| cause_row(*cause, numbers, lang)).collect())
            }
        };
        Self {
            no_interruptions,
            interruptions,
            unknown: seen
                .unknown
                .iter()
                .map(|(cause, time)| (unknown_words(*cause, lang), text::hours(*time)))
                .collect(),
            services: seen
                .services
                .iter()
                .map(|(name, figure)| service_row(name, figure, rules, lang))
                .collect(),
        }
    }
}

fn cause_row(cause: InterruptionCause, numbers: &CauseNumbers, lang: Lang) -> CauseRow {
    let not_known = || lang.t("non connue", "not known").to_owned();
    let of_some = match (numbers.without_length, numbers.known_total()) {
        (1.., Some(_)) => {
            let count = text::count(numbers.without_length, lang);
            match lang {
                Lang::Fr => format!(" (sans {count} de durée non connue)"),
                Lang::En => format!(" (without {count} of unknown length)"),
            }
        }
        _ => String::new(),
    };
    CauseRow {
        cause: cause_words(cause, lang),
        count: text::count(numbers.count, lang),
        total: numbers.known_total().map_or_else(not_known, |total| text::length(total) + &of_some),
        longest: match numbers.longest {
            Some(longest) => text::length(longest),
            None if numbers.count == 0 => String::new(),
            None => not_known(),
        },
    }
}

fn service_row(name: &str, figure: &ReachFigure, rules: &Publication, lang: Lang) -> ServiceRow {
    let reached = match figure.ratio(rules) {
        Some(ratio) => text::percent(ratio, lang),
        None if figure.tried > 0 => lang.t("données insuffisantes", "not enough data").to_owned(),
        None => lang.t("non mesuré", "not measured").to_owned(),
    };
    let failures: Vec<String> = figure
        .failures
        .iter()
        .map(|(failure, count)| format!("{} {}", text::count(*count, lang), failure_words(*failure, lang)))
        .collect();
    ServiceRow {
        name: name.to_owned(),
        reached,
        attempts: text::count(figure.tried, lang),
        failures: failures.join(", "),
    }
}

fn cause_words(cause: InterruptionCause, lang: Lang) -> &'static str {
    match cause {
        InterruptionCause::Link => {
            lang.t("liaison de la sonde (câble, radio)", "the probe's link (cable, radio)")
        }
        InterruptionCause::Gateway => lang.t("box ou routeur du site", "router on the site"),
        InterruptionCause::Dns => lang.t("noms de domaine non résolus", "names not resolved"),
        InterruptionCause::Beyond => {
            lang.t("au-delà du site : la ligne ou le réseau", "beyond the site: the line or the network")
        }
        InterruptionCause::Target => lang.t(
            "une seule cible muette : elle-même, ou notre serveur",
            "one target silent: its own fault, or our server's",
        ),
        InterruptionCause::SecondTarget => {
            lang.t("une seule cible interrogée : cause indécise", "only one target asked: cause undecided")
        }
        InterruptionCause::Power => lang.t("courant coupé à la sonde", "no power at the probe"),
        InterruptionCause::Probe => lang.t("sonde arrêtée ou retenue", "probe stopped or held up"),
    }
}

fn unknown_words(cause: UnknownCause, lang: Lang) -> &'static str {
    match cause {
        UnknownCause::Link => lang.t("liaison de la sonde", "the probe's link"),
        UnknownCause::Gateway => lang.t("box ou routeur du site", "router on the site"),
        UnknownCause::Probe => lang.t("sonde sans mesure", "probe without measurement"),
        UnknownCause::SecondTarget => lang.t("une seule cible interrogée", "only one target asked"),
    }
}

fn failure_words(failure: ReachFailure, lang: Lang) -> &'static str {
    match failure {
        ReachFailure::Timeout => lang.t("sans réponse à temps", "without answer in time"),
        ReachFailure::NameUnknown => lang.t("nom inconnu", "name unknown"),
        ReachFailure::NameFailed => lang.t("nom non résolu", "name not resolved"),
        ReachFailure::Refused => lang.t("connexion refusée", "refused"),
        ReachFailure::Unreachable => lang.t("hors d'atteinte", "out of reach"),
        ReachFailure::Certificate => lang.t("certificat refusé", "certificate not accepted"),
        ReachFailure::Tls => lang.t("TLS en échec", "TLS failed"),
        ReachFailure::Portal => lang.t("portail à la place du service", "portal in its place"),
        ReachFailure::Status => lang.t("erreur du service", "error of the service"),
        ReachFailure::Nonsense => lang.t("réponse incompréhensible", "answer makes no sense"),
    }
}
