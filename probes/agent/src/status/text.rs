//! The status as plain text for someone who is not an expert.

use std::fmt::Write as _;

use desserte_model::{ClockSource, LimitedBy};

use super::Verdict;
use super::phrases::{Language, advice, headline};
use super::reasons::in_words;
use crate::board::{Board, MinuteSeen, Moment, RunSeen};

/// Writes the status out.
pub(crate) fn render(board: Option<&Board>, verdict: &Verdict, now: &Moment, language: Language) -> String {
    let mut out = String::new();
    if let Some(board) = board {
        let title = language.choose("Sonde :", "Probe:");
        let _ = writeln!(out, "{title} {} ({}, version {})", board.site, board.probe, board.version);
    }
    match verdict.findings.first() {
        None if verdict.starting => out.push_str(language.choose(
            "La sonde vient de démarrer ; première mesure dans une minute.\n",
            "The probe has just started; first measurement in a minute.\n",
        )),
        None => out.push_str(language.choose("Tout va bien.\n", "All is well.\n")),
        Some(first) => {
            let _ = writeln!(out, "{}", headline(first, language));
        }
    }
    if let Some(board) = board {
        out.push('\n');
        for (label, text) in facts(board, verdict.running, now, language) {
            let gap = " ".repeat(24_usize.saturating_sub(label.chars().count()));
            let _ = writeln!(out, "{label}{gap} {text}");
        }
    }
    if !verdict.findings.is_empty() {
        let _ = writeln!(out, "\n{}", language.choose("Que faire :", "What to do:"));
        for (place, finding) in verdict.findings.iter().enumerate() {
            if place > 0 {
                let _ = writeln!(out, "- {}", headline(finding, language));
            }
            let mark = if place > 0 { "  " } else { "- " };
            let _ = writeln!(out, "{mark}{}", advice(finding, board, language));
        }
    }
    out
}

fn facts(board: &Board, running: bool, now: &Moment, language: Language) -> Vec<(&'static str, String)> {
    let say = |french: &'static str, english: &'static str| language.choose(french, english);
    let mut facts = vec![
        (say("Dernière mesure", "Last measurement"), measurement(board, now, language)),
        (say("Débit descendant", "Download"), throughput(board.download.as_ref(), now, language)),
        (say("Débit montant", "Upload"), throughput(board.upload.as_ref(), now, language)),
        (
            say("Prochain essai de débit", "Next throughput run"),
            next_run(board.next_run.as_ref().filter(|_| running), now, language),
        ),
        (say("Dernier envoi", "Last report"), last_report(board, now, language)),
        (say("Données du mois", "Data this month"), budget(board, language)),
    ];
    if board.spool.damaged > 0 {
        let damaged = board.spool.damaged;
        let text = match (language, damaged) {
            (Language::Fr, 1) => "1 partie abîmée du journal mise de côté au démarrage".to_owned(),
            (Language::Fr, _) => format!("{damaged} parties abîmées du journal mises de côté au démarrage"),
            (Language::En, 1) => "1 damaged part of the log set aside at the start".to_owned(),
            (Language::En, _) => format!("{damaged} damaged parts of the log set aside at the start"),
        };
        facts.push((say("Disque", "Disk"), text));
    }
    if board.clock.source != ClockSource::System {
        let text = match board.clock.source {
            ClockSource::Collector => say("réglée d’après le collecteur", "set by the collector"),
            _ => say(
                "pas encore à l’heure ; les mesures seront datées plus tard",
                "not set yet; measurements will be dated later",
            ),
        };
        facts.push((say("Horloge", "Clock"), text.to_owned()));
    }
    facts
}

fn measurement(board: &Board, now: &Moment, language: Language) -> String {
    let Some(known) = &board.known_minute else {
        return language.choose("aucune pour l’instant", "none so far").to_owned();
    };
    let when = ago(known, now, language);
    match &board.minute {
        Some(minute) if minute.at == *known => format!("{when}, {}", state(minute, language)),
        _ => when,
    }
}

fn state(minute: &MinuteSeen, language: Language) -> String {
    let say = |french: &'static str, english: &'static str| language.choose(french, english);
    let mut text = match minute.state.as_str() {
        "up" => say("la ligne répond", "the line answers"),
        "degraded" => say("la ligne répond mal", "the line answers badly"),
        _ => say("la ligne ne répond pas", "the line does not answer"),
    }
    .to_owned();
    let mut details = Vec::new();
    if let Some(rtt) = minute.rtt_min_us {
        let rtt = decimal(f64::from(rtt) / 1000.0, language);
        details.push(format!("{} {rtt} ms", say("aller-retour", "round trip")));
    }
    if minute.echoes_lost > 0 {
        let (lost, sent) = (minute.echoes_lost, minute.echoes_sent);
        details.push(match language {
            Language::Fr if lost == 1 => format!("1 écho perdu sur {sent}"),
            Language::Fr => format!("{lost} échos perdus sur {sent}"),
            Language::En => format!("{lost} of {sent} echoes lost"),
        });
    }
    if !details.is_empty() {
        let _ = write!(text, " ({})", details.join(", "));
    }
    text
}

fn throughput(run: Option<&RunSeen>, now: &Moment, language: Language) -> String {
    let say = |french: &'static str, english: &'static str| language.choose(french, english);
    let Some(run) = run else { return say("pas encore mesuré", "not measured yet").to_owned() };
    let when = ago(&run.at, now, language);
    let rate = run.steady_bits_per_second.map(|rate| {
        let mut text = format!("{} Mbit/s", decimal(rate / 1e6, language));
        if let Some([low, high]) = run.interval_bits_per_second {
            let (low, high) = (decimal(low / 1e6, language), decimal(high / 1e6, language));
            let _ = match language {
                Language::Fr => write!(text, " (entre {low} et {high})"),
                Language::En => write!(text, " (between {low} and {high})"),
            };
        }
        let limits: Vec<&str> = run.limited_by.iter().map(|limit| limit_name(*limit, language)).collect();
        if !limits.is_empty() {
            let _ = write!(
                text,
                "{}{}",
                say(", au moins : limité par ", ", at least: limited by "),
                limits.join(", ")
            );
        }
        text
    });
    let what = match (run.outcome.as_str(), rate) {
        ("complete", Some(rate)) => rate,
        ("complete", None) => say("trop court pour un chiffre", "too short for a figure").to_owned(),
        ("cut_short", _) => say("mesure interrompue", "the run broke off").to_owned(),
        ("unreachable", _) => say("serveur de mesure injoignable", "server not reached").to_owned(),
        ("server_busy", _) => say("serveur de mesure occupé", "server busy").to_owned(),
        ("refused_by_budget", _) => say("forfait de données épuisé", "data budget used up").to_owned(),
        _ => say("souci de la sonde", "probe at fault").to_owned(),
    };
    let reason = run.reason.as_deref().and_then(|reason| in_words(reason, language));
    let reason = reason.map_or(String::new(), |reason| format!("{}{reason}", say(" : ", ": ")));
    format!("{what}{reason} ({when}, {})", run.server)
}

/// What held a run back, in words.
pub(crate) const fn limit_name(limit: LimitedBy, language: Language) -> &'static str {
    match limit {
        LimitedBy::Device => language.choose("cet appareil", "this device"),
        LimitedBy::Server => language.choose("le serveur de mesure", "the measurement server"),
        LimitedBy::WiFi => language.choose("le Wi-Fi", "the Wi-Fi"),
        LimitedBy::CrossTraffic => {
            language.choose("d’autres usages de la ligne au même moment", "others using the line at the time")
        }
        LimitedBy::SenderWindow => language.choose("la fenêtre de l’émetteur", "the sender's window"),
        LimitedBy::ReceiverBuffer => language.choose("le tampon du récepteur", "the receiver's buffer"),
    }
}

fn next_run(next: Option<&Moment>, now: &Moment, language: Language) -> String {
    let Some(next) = next else {
        return language.choose("aucun de prévu", "none planned").to_owned();
    };
    match next.seconds_until(now) {
        Some(past) if past < 0 => {
            let left = span(-past, language);
            language.choose("dans ", "in ").to_owned() + &left
        }
        _ => language.choose("maintenant", "now").to_owned(),
    }
}

fn last_report(board: &Board, now: &Moment, language: Language) -> String {
    let when = match &board.reports.last_success {
        Some(moment) => ago(moment, now, language),
        None => language.choose("jamais", "never").to_owned(),
    };
    match (language, board.spool.records) {
        (Language::Fr, 0) => format!("{when} ; aucune mesure en attente"),
        (Language::Fr, 1) => format!("{when} ; 1 mesure en attente"),
        (Language::Fr, waiting) => format!("{when} ; {waiting} mesures en attente"),
        (Language::En, 0) => format!("{when}; no record waiting"),
        (Language::En, 1) => format!("{when}; 1 record waiting"),
        (Language::En, waiting) => format!("{when}; {waiting} records waiting"),
    }
}

fn budget(board: &Board, language: Language) -> String {
    let budget = &board.budget;
    let (used, limit) = (data(budget.used_bytes, language), data(budget.limit_bytes, language));
    let of = language.choose("sur", "of");
    let month =
        budget.month.as_ref().map_or(String::new(), |month| format!(" ({})", calendar(month, language)));
    format!("{used} {of} {limit}{month}")
}

/// An amount of data in MB, or in GB from a thousand of them.
fn data(bytes: u64, language: Language) -> String {
    if bytes < 1_000_000_000 {
        return format!("{} {}", bytes / 1_000_000, language.choose("Mo", "MB"));
    }
    let tenths = bytes / 100_000_000;
    let whole = tenths / 10;
    let unit = language.choose("Go", "GB");
    match tenths % 10 {
        0 => format!("{whole} {unit}"),
        tenth => format!("{whole}{}{tenth} {unit}", language.choose(",", ".")),
    }
}

/// `2026-11` as people say it.
fn calendar(month: &str, language: Language) -> String {
    const MONTHS: [(&str, &str); 12] = [
        ("janvier", "January"),
        ("février", "February"),
        ("mars", "March"),
        ("avril", "April"),
        ("mai", "May"),
        ("juin", "June"),
        ("juillet", "July"),
        ("août", "August"),
        ("septembre", "September"),
        ("octobre", "October"),
        ("novembre", "November"),
        ("décembre", "December"),
    ];
    let Some((year, number)) = month.split_once('-') else { return month.to_owned() };
    let place = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let name = place.and_then(|place| MONTHS.get(place));
    name.map_or_else(|| month.to_owned(), |(fr, en)| format!("{} {year}", language.choose(*fr, *en)))
}

fn ago(moment: &Moment, now: &Moment, language: Language) -> String {
    match (moment.seconds_until(now), language) {
        (Some(seconds), Language::Fr) => format!("il y a {}", span(seconds.max(0), language)),
        (Some(seconds), Language::En) => format!("{} ago", span(seconds.max(0), language)),
        (None, Language::Fr) => "avant le dernier redémarrage".to_owned(),
        (None, Language::En) => "before the last reboot".to_owned(),
    }
}

/// A length of time in its largest fitting unit.
fn span(seconds: i64, language: Language) -> String {
    let day = language.choose("j", "d");
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} {day}", seconds / 86_400),
    }
}

/// Three significant digits or so, with the language's decimal sign.
pub(crate) fn decimal(value: f64, language: Language) -> String {
    let text = if value >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    match language {
        Language::Fr => text.replace('.', ","),
        Language::En => text,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{board, stamp};
    use super::super::{Finding, judge};
    use super::*;
    use crate::board::UploadFault;

    fn show(board: &Board, language: Language) -> String {
        let now = stamp(3620).into();
        render(Some(board), &judge(Some(board), true, &now), &now, language)
    }

    #[test]
    fn a_well_probe_says_so_in_the_second_line() {
        let text = show(&board(), Language::Fr);
        assert_eq!(text.lines().nth(1), Some("Tout va bien."));
        assert!(text.contains("il y a 40 s, la ligne répond (aller-retour 12,3 ms)"), "{text}");
        let text = show(&board(), Language::En);
        assert!(text.contains("40 s ago, the line answers (round trip 12.3 ms)"), "{text}");
    }

    #[test]
    fn an_unknown_probe_is_told_which_key_to_give_to_whom() {
        let mut board = board();
        board.reports.fault = Some(UploadFault { code: "unknown_probe".to_owned(), detail: String::new() });
        let text = show(&board, Language::Fr);
        assert!(text.contains("Le collecteur ne connaît pas cette sonde."), "{text}");
        assert!(text.contains("KEY=") && text.contains("https://desserte.example.org"), "{text}");
    }

    #[test]
    fn every_finding_has_a_text_in_both_languages() {
        let reason = || "r".to_owned();
        let all = [
            Finding::NeverStarted,
            Finding::NotRunning,
            Finding::NoRights { folder: "/x".to_owned(), user: "u".to_owned() },
            Finding::Hangs { silent_s: 1 },
            Finding::LineDown,
            Finding::NoLink,
            Finding::NoGateway,
            Finding::CannotSend { reason: reason() },
            Finding::OldMeasurement { age_s: None },
            Finding::SecondTarget { targets: 1 },
            Finding::SecondTarget { targets: 0 },
            Finding::NoServer { servers: Vec::new() },
            Finding::NoServer { servers: vec!["a:1".to_owned()] },
            Finding::RecordsRefused { reason: "outside-territory".to_owned(), records: 2 },
            Finding::RecordsRefused { reason: "in-the-future".to_owned(), records: 1 },
            Finding::RecordsRefused { reason: "malformed".to_owned(), records: 1 },
            Finding::Degraded,
            Finding::UnknownProbe,
            Finding::Retired,
            Finding::CollectorUnreachable { reason: reason(), line_answers: true, ever_answered: true },
            Finding::CollectorUnreachable { reason: reason(), line_answers: true, ever_answered: false },
            Finding::CollectorBusy,
            Finding::CollectorRefuses { reason: reason() },
            Finding::Clock,
            Finding::Disk { reason: reason() },
            Finding::Dropped { records: 3 },
            Finding::BudgetSpent,
        ];
        for finding in all {
            for text in [headline(&finding, Language::Fr), advice(&finding, None, Language::Fr)] {
                assert!(!text.is_empty());
            }
            assert_ne!(headline(&finding, Language::Fr), headline(&finding, Language::En));
            assert_ne!(advice(&finding, None, Language::Fr), advice(&finding, None, Language::En));
        }
    }

    #[test]
    fn amounts_and_counts_are_written_as_people_say_them() {
        let mut board = board();
        board.budget.used_bytes = 10_340_000_000;
        board.budget.limit_bytes = 100_000_000_000;
        board.budget.month = Some("2026-11".to_owned());
        let text = show(&board, Language::Fr);
        assert!(text.contains("10,3 Go sur 100 Go (novembre 2026)"), "{text}");
        assert!(text.contains("aucune mesure en attente"), "{text}");
        assert!(show(&board, Language::En).contains("10.3 GB of 100 GB (November 2026)"));
    }

    #[test]
    fn the_reader_gets_a_reason_in_words_and_never_a_bare_colon() {
        let mut board = board();
        let fault =
            |detail: &str| Some(UploadFault { code: "unreachable".to_owned(), detail: detail.to_owned() });
        board.reports.answered = true;
        board.reports.fault = fault("Connection refused (os error 111)");
        let text = show(&board, Language::Fr);
        assert!(text.contains("le collecteur est injoignable (connexion refusée)."), "{text}");
        board.reports.fault = fault("something unheard of");
        assert!(show(&board, Language::Fr).contains("le collecteur est injoignable.\n"));
        board.reports.answered = false;
        board.reports.fault = fault("invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))");
        let text = show(&board, Language::Fr);
        assert!(text.contains("n’a encore jamais répondu (certificat auto-signé refusé)"), "{text}");
        assert!(text.contains("Vérifiez l’adresse « collector »") && text.contains("ca_file"), "{text}");
    }
}
