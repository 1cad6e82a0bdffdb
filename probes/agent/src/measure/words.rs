//! The answer in plain words.

use std::fmt::Write as _;

use desserte_measure::Verdict;
use desserte_model::{Direction, RunMode, RunOutcome, StopReason, Throughput};

use super::Measured;
use super::report::{Part, estimate, figures, millis};
use crate::conduct::Conducted;
use crate::status::{Language, decimal, limit_name};

/// What was measured, for a person.
pub(super) fn verdict(measured: &Measured, mode: RunMode, language: Language) -> String {
    let mut text = String::new();
    for (direction, part) in
        [(Direction::Download, &measured.download), (Direction::Upload, &measured.upload)]
    {
        if let Some(part) = part {
            one_direction(&mut text, direction, part, mode, language);
        }
    }
    if measured.interrupted {
        let _ = writeln!(
            text,
            "{}",
            language.choose(
                "Mesure interrompue à votre demande : seul ce qui précède a été mesuré.",
                "Ended at your request: only the above was measured."
            )
        );
    } else if text.is_empty() {
        let _ =
            writeln!(text, "{}", language.choose("Rien n’a pu être mesuré.", "Nothing could be measured."));
    }
    text
}

fn one_direction(text: &mut String, direction: Direction, part: &Part, mode: RunMode, language: Language) {
    let name = match direction {
        Direction::Download => language.choose("Réception", "Download"),
        Direction::Upload => language.choose("Émission", "Upload"),
    };
    let colon = language.choose(" :", ":");
    let _ = writeln!(text, "{name}{colon} {}", rate(&part.one, mode, language));
    if let Some(more) = &part.more {
        let streams = more.record.course.streams.unwrap_or(0);
        let with = language.choose("connexions à la fois", "connections at once");
        let _ = writeln!(text, "  {streams} {with}{colon} {}", rate(more, mode, language));
    }
    for sentence in
        [limits(&part.one.record, language), stop(&part.one.record, language)].into_iter().flatten()
    {
        let _ = writeln!(text, "  {sentence}");
    }
    if let Some(sentence) = delays(&part.one.record, language) {
        let _ = writeln!(text, "  {sentence}");
    }
}

fn rate(run: &Conducted, mode: RunMode, language: Language) -> String {
    let record = &run.record;
    if let Some(failure) = failure(&record.outcome, language) {
        return failure;
    }
    if let (RunMode::Threshold { bits_per_second }, Some(verdict)) = (mode, run.verdict) {
        return threshold(bits_per_second, verdict, language);
    }
    let estimate = estimate(record);
    let Some(best) = estimate.steady.or(estimate.mean) else {
        return language.choose("trop court pour un chiffre.", "too short for a figure.").to_owned();
    };
    let shown = |rate: f64| decimal(rate / 1e6, language);
    let mut text = format!("{} Mbit/s", shown(best.as_bits_per_second()));
    if let Some(interval) = estimate.interval {
        let (low, high) =
            (shown(interval.low.as_bits_per_second()), shown(interval.high.as_bits_per_second()));
        let _ = match language {
            Language::Fr => write!(text, " (entre {low} et {high}, à 95 %)"),
            Language::En => write!(text, " (between {low} and {high}, at 95 %)"),
        };
    }
    let last =
        record.samples.last().copied().unwrap_or(desserte_model::ByteSample { elapsed_us: 0, bytes: 0 });
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let (seconds, megabytes) = (last.elapsed_us as f64 / 1e6, run.bytes_charged as f64 / 1e6);
    let (seconds, megabytes) = (decimal(seconds, language), decimal(megabytes, language));
    let _ = match language {
        Language::Fr => write!(text, ", en {seconds} s et {megabytes} Mo."),
        Language::En => write!(text, ", in {seconds} s and {megabytes} MB."),
    };
    text
}

fn threshold(bits_per_second: u64, verdict: Verdict, language: Language) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with three digits")]
    let asked = decimal(bits_per_second as f64 / 1e6, language);
    match (verdict, language) {
        (Verdict::Yes, Language::Fr) => format!("oui, au moins {asked} Mbit/s."),
        (Verdict::Yes, Language::En) => format!("yes, at least {asked} Mbit/s."),
        (Verdict::No, Language::Fr) => format!("non, moins de {asked} Mbit/s."),
        (Verdict::No, Language::En) => format!("no, less than {asked} Mbit/s."),
        (Verdict::Undecided, Language::Fr) => format!("trop proche de {asked} Mbit/s pour le dire."),
        (Verdict::Undecided, Language::En) => format!("too close to {asked} Mbit/s to tell."),
    }
}

pub(super) fn failure(outcome: &RunOutcome, language: Language) -> Option<String> {
    Some(match (outcome, language) {
        (RunOutcome::Complete, _) => return None,
        (RunOutcome::CutShort { reason }, Language::Fr) => format!("la mesure s’est interrompue ({reason})."),
        (RunOutcome::CutShort { reason }, Language::En) => format!("the run broke off ({reason})."),
        (RunOutcome::Unreachable { reason }, Language::Fr) => format!("serveur injoignable ({reason})."),
        (RunOutcome::Unreachable { reason }, Language::En) => format!("server not reached ({reason})."),
        (RunOutcome::ServerBusy { retry_after_s }, Language::Fr) => match retry_after_s {
            Some(wait) => format!("serveur occupé ; réessayez dans {wait} s."),
            None => "serveur occupé ; réessayez plus tard.".to_owned(),
        },
        (RunOutcome::ServerBusy { retry_after_s }, Language::En) => match retry_after_s {
            Some(wait) => format!("server busy; try again in {wait} s."),
            None => "server busy; try again later.".to_owned(),
        },
        (RunOutcome::RefusedByBudget { needed_bytes, .. }, Language::Fr) => {
            format!("il faut au moins {needed_bytes} octets.")
        }
        (RunOutcome::RefusedByBudget { needed_bytes, .. }, Language::En) => {
            format!("at least {needed_bytes} octets are needed.")
        }
        (RunOutcome::ProbeFault { reason }, Language::Fr) => {
            format!("cet appareil n’y parvient pas ({reason}).")
        }
        (RunOutcome::ProbeFault { reason }, Language::En) => format!("this device cannot ({reason})."),
    })
}

fn limits(record: &Throughput, language: Language) -> Option<String> {
    let names: Vec<&str> =
        record.course.limited_by.iter().map(|limit| limit_name(*limit, language)).collect();
    let names = names.join(", ");
    (!names.is_empty()).then(|| match language {
        Language::Fr => format!("La ligne porte peut-être davantage : limité par {names}."),
        Language::En => format!("The line may carry more: limited by {names}."),
    })
}

fn stop(record: &Throughput, language: Language) -> Option<String> {
    let sentence = match record.course.stop_reason? {
        StopReason::IntervalTight | StopReason::PlannedEnd | StopReason::ThresholdDecided => return None,
        StopReason::ByteCeiling => language.choose(
            "Arrêtée au plafond d’octets demandé.",
            "Ended at the ceiling of octets that was asked for.",
        ),
        StopReason::OthersTraffic => language
            .choose("Arrêtée pour laisser la ligne à d’autres usages.", "Ended to leave the line to others."),
        StopReason::Interrupted => language.choose("Arrêtée à votre demande.", "Ended at your request."),
    };
    Some(sentence.to_owned())
}

fn delays(record: &Throughput, language: Language) -> Option<String> {
    let found = figures(record)?;
    let idle = decimal(millis(found.idle?.rtt_p50), language);
    let Some(loaded) = found.loaded else {
        return Some(match language {
            Language::Fr => format!("Latence : {idle} ms au repos."),
            Language::En => format!("Latency: {idle} ms idle."),
        });
    };
    let p50 = decimal(millis(loaded.rtt_p50), language);
    let most = loaded.rtt_p95.map(|p95| decimal(millis(p95), language));
    Some(match (language, most) {
        (Language::Fr, Some(p95)) => {
            format!("Latence : {idle} ms au repos, {p50} ms en charge (95 % sous {p95} ms).")
        }
        (Language::Fr, None) => format!("Latence : {idle} ms au repos, {p50} ms en charge."),
        (Language::En, Some(p95)) => {
            format!("Latency: {idle} ms idle, {p50} ms loaded (95 % below {p95} ms).")
        }
        (Language::En, None) => format!("Latency: {idle} ms idle, {p50} ms loaded."),
    })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::run;
    use super::*;

    #[test]
    fn a_person_is_told_the_figure_the_doubt_and_what_it_cost() {
        let part = |megabits| Some(Part { one: run(megabits), more: None });
        let measured = Measured { download: part(Some(80)), upload: part(None), interrupted: false };
        assert_eq!(
            verdict(&measured, RunMode::Adaptive, Language::Fr),
            "Réception : 80,0 Mbit/s (entre 80,0 et 80,0, à 95 %), en 10,0 s et 0,0 Mo.\n  \
             La ligne porte peut-être davantage : limité par d’autres usages de la ligne au même moment.\n\
             Émission : serveur injoignable (connection refused).\n"
        );
        let nothing = verdict(&Measured::default(), RunMode::Adaptive, Language::En);
        assert_eq!(nothing, "Nothing could be measured.\n");
    }

    #[test]
    fn a_question_is_answered_by_yes_or_no() {
        let answer = |verdict| threshold(30_000_000, verdict, Language::Fr);
        assert_eq!(answer(Verdict::Yes), "oui, au moins 30,0 Mbit/s.");
        assert_eq!(answer(Verdict::No), "non, moins de 30,0 Mbit/s.");
        assert_eq!(answer(Verdict::Undecided), "trop proche de 30,0 Mbit/s pour le dire.");
    }
}
