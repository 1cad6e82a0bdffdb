//! `measure stamp`: loss and delay variation of each direction, with an answer of its own.

use std::fmt::Write as _;

use desserte_model::RunOutcome;
use desserte_net::stamp::StampRun;
use desserte_proto::stamp::{DelayVariation, DirectionLoss};
use serde_json::{Value, json};

use super::report::reason;
use super::words::failure;
use crate::status::{Language, decimal};

/// Version of the answer.
const SCHEMA: &str = "desserte-stamp/1";

/// The answer for programs; `None` when a person ended the session.
pub(super) fn json(url: &str, run: Option<&StampRun>) -> Value {
    let figures = run.map(|run| &run.figures);
    let reached = figures.filter(|figures| figures.answered > 0);
    let way = |loss: Option<DirectionLoss>, variation: Option<DelayVariation>, delay: Option<i64>| {
        json!({
            "sent": loss.map(|loss| loss.sent),
            "lost": loss.map(|loss| loss.lost),
            "loss_ratio": loss.and_then(|loss| loss.ratio()),
            "delay_variation_pdv_p50_ms": variation.map(|seen| millis(seen.pdv_median_ns)),
            "delay_variation_pdv_p95_ms": variation.map(|seen| millis(seen.pdv_p95_ns)),
            "delay_variation_pdv_max_ms": variation.map(|seen| millis(seen.pdv_max_ns)),
            "delay_variation_smoothed_ms": variation.map(|seen| rounded(seen.smoothed_ns)),
            "one_way_delay_min_ms": delay.map(signed_millis),
        })
    };
    let delays = reached.and_then(|figures| figures.one_way_delay_min_ns);
    json!({
        "schema": SCHEMA,
        "protocol": "stamp",
        "url": url,
        "outcome": run.map(|run| run.outcome.code()),
        "reason": run.and_then(|run| reason(&run.outcome)),
        "interrupted": run.is_none(),
        "sent": figures.map(|figures| figures.sent),
        "received": figures.map(|figures| figures.answered),
        "unattributed": figures.map(|figures| figures.unattributed),
        "doubled": run.map(|run| run.doubled),
        "rtt_min_ms": reached.and_then(|figures| figures.rtt_min_ns).map(millis),
        "rtt_p50_ms": reached.and_then(|figures| figures.rtt_median_ns).map(millis),
        "forward": way(
            reached.and_then(|figures| figures.loss_forward),
            reached.and_then(|figures| figures.variation_forward),
            delays.map(|(there, _)| there),
        ),
        "backward": way(
            reached.and_then(|figures| figures.loss_backward),
            reached.and_then(|figures| figures.variation_backward),
            delays.map(|(_, back)| back),
        ),
        "clock_was_set": run.map(|run| run.clock_was_set),
        "kernel_times": run.map(|run| run.kernel_times),
        "bytes_charged": run.map(|run| run.bytes_charged),
    })
}

/// The answer for a person.
pub(super) fn words(run: Option<&StampRun>, language: Language) -> String {
    let Some(run) = run else {
        return language
            .choose(
                "Mesure interrompue à votre demande : rien n’a été mesuré.\n",
                "Ended at your request: nothing was measured.\n",
            )
            .to_owned();
    };
    if let Some(failure) = failure(&run.outcome, language) {
        return format!("STAMP{} {failure}\n", language.choose(" :", ":"));
    }
    let figures = &run.figures;
    let mut text = match language {
        Language::Fr => format!("{} paquets envoyés, {} réponses reçues", figures.sent, figures.answered),
        Language::En => format!("{} packets sent, {} answers received", figures.sent, figures.answered),
    };
    if let Some((least, median)) = figures.rtt_min_ns.zip(figures.rtt_median_ns) {
        let (least, median) = (shown(least, language), shown(median, language));
        let _ = match language {
            Language::Fr => write!(text, " ; aller-retour {least} ms au plus court, {median} ms en médiane"),
            Language::En => {
                write!(text, "; round trip {least} ms at the shortest, {median} ms in the median")
            }
        };
    }
    text.push_str(".\n");
    let ways = [
        ("Aller", "There", figures.loss_forward, figures.variation_forward),
        ("Retour", "Back", figures.loss_backward, figures.variation_backward),
    ];
    for (french, english, loss, variation) in ways {
        let _ = writeln!(text, "  {}", one_way(language.choose(french, english), loss, variation, language));
    }
    if run.clock_was_set {
        text.push_str(language.choose(
            "  L’horloge a été réglée pendant la mesure : les délais peuvent être faux.\n",
            "  The clock was set meanwhile: delays may be wrong.\n",
        ));
    }
    text
}

fn one_way(
    name: &str,
    loss: Option<DirectionLoss>,
    variation: Option<DelayVariation>,
    language: Language,
) -> String {
    let mut text = match (loss, language) {
        (Some(loss), Language::Fr) => format!("{name} : pertes {} sur {}", loss.lost, loss.sent),
        (Some(loss), Language::En) => format!("{name}: {} lost of {}", loss.lost, loss.sent),
        (None, Language::Fr) => format!("{name} : pertes inconnues"),
        (None, Language::En) => format!("{name}: losses unknown"),
    };
    if let Some(seen) = variation {
        let p95 = shown(seen.pdv_p95_ns, language);
        let _ = match language {
            Language::Fr => write!(text, ", variation du délai sous {p95} ms à 95 %"),
            Language::En => write!(text, ", delay variation below {p95} ms for 95 %"),
        };
    }
    text.push('.');
    text
}

/// Whether the session told anything.
pub(super) fn is_measured(run: Option<&StampRun>) -> bool {
    run.is_some_and(|run| run.outcome == RunOutcome::Complete)
}

fn shown(nanos: u64, language: Language) -> String {
    decimal(millis(nanos), language)
}

#[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
fn millis(nanos: u64) -> f64 {
    rounded(nanos as f64)
}

#[expect(clippy::cast_precision_loss, reason = "delays are far below 2^53 ns")]
fn signed_millis(nanos: i64) -> f64 {
    rounded(nanos as f64)
}

/// Milliseconds to the microsecond.
fn rounded(nanos: f64) -> f64 {
    (nanos / 1e3).round() / 1e3
}

#[cfg(test)]
mod tests {
    use desserte_proto::stamp::Figures;

    use super::*;

    fn run(outcome: RunOutcome) -> StampRun {
        StampRun {
            outcome,
            probes: Vec::new(),
            figures: Figures::of(&[], false, false),
            doubled: 0,
            clock_was_set: false,
            kernel_times: true,
            bytes_charged: 7,
        }
    }

    #[test]
    fn what_was_not_measured_is_null_and_said_in_words() {
        let run = run(RunOutcome::Unreachable { reason: "no answer came".to_owned() });
        let answer = json("stamp://a", Some(&run));
        assert_eq!(answer["outcome"], "unreachable");
        assert_eq!((&answer["sent"], &answer["bytes_charged"]), (&json!(0), &json!(7)));
        for way in ["forward", "backward"] {
            assert!(answer[way].as_object().unwrap().values().all(Value::is_null), "{answer:#}");
        }
        assert_eq!(answer["rtt_min_ms"], Value::Null);
        assert_eq!(words(Some(&run), Language::Fr), "STAMP : serveur injoignable (no answer came).\n");
        assert_eq!(json("stamp://a", None)["outcome"], Value::Null);
    }

    #[test]
    fn each_way_has_its_losses_and_its_variation() {
        let mut run = run(RunOutcome::Complete);
        run.figures.sent = 100;
        run.figures.answered = 98;
        run.figures.rtt_min_ns = Some(9_800_000);
        run.figures.rtt_median_ns = Some(10_100_000);
        run.figures.loss_forward = Some(DirectionLoss { sent: 100, lost: 2 });
        run.figures.variation_forward = Some(DelayVariation {
            pdv_median_ns: 100_000,
            pdv_p95_ns: 1_300_000,
            pdv_max_ns: 2_000_000,
            smoothed_ns: 50_000.0,
        });
        let answer = json("a", Some(&run));
        assert_eq!(answer["forward"]["loss_ratio"], 0.02);
        assert_eq!(answer["forward"]["delay_variation_pdv_p95_ms"], 1.3);
        assert_eq!(answer["backward"]["lost"], Value::Null);
        assert_eq!(
            words(Some(&run), Language::Fr),
            "100 paquets envoyés, 98 réponses reçues ; aller-retour 9,8 ms au plus court, 10,1 ms en médiane.\n  \
             Aller : pertes 2 sur 100, variation du délai sous 1,3 ms à 95 %.\n  Retour : pertes inconnues.\n"
        );
    }
}
