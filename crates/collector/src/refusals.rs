//! What an operator should read in the log about batches that were refused: seldom enough that nobody can fill it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use desserte_model::Receipt;

/// The same refusal is said again after this long: a forgotten probe tries every few minutes for days.
const AGAIN: Duration = Duration::from_secs(600);

/// Refusals remembered, and so different lines in [`AGAIN`] at the most: identifiers of strangers come from outside.
const REMEMBERED: usize = 64;

static SAID: Mutex<Option<HashMap<String, Instant>>> = Mutex::new(None);

/// Notes a batch refused for its sender; `detail` names the probe.
pub(crate) fn unknown_probe(detail: &str) {
    if is_due(&SAID, detail, Instant::now()) {
        tracing::warn!(
            detail,
            "a batch was refused; if the probe is yours, register the key that `desserte-probe key` shows on it: \
             desserte probe add --data DIR --public-key KEY --name NAME"
        );
    }
}

/// Notes the first refused record of a batch. Its detail may tell a position, so that it stays out of the log.
pub(crate) fn records(receipt: &Receipt) {
    let Some(first) = receipt.refused.first() else { return };
    let reason = format!("{:?}", first.reason);
    if is_due(&SAID, &reason, Instant::now()) {
        tracing::warn!(
            reason,
            line = first.line,
            refused = receipt.refused.len(),
            kept = receipt.accepted + receipt.duplicate,
            "records of a batch were refused; the probe was told which and why"
        );
    }
}

/// Whether `text` was not said lately; takes note that it is now.
fn is_due(said: &Mutex<Option<HashMap<String, Instant>>>, text: &str, now: Instant) -> bool {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    let said = said.get_or_insert_default();
    said.retain(|_, when| now.duration_since(*when) < AGAIN);
    if said.contains_key(text) || said.len() >= REMEMBERED {
        return false;
    }
    said.insert(text.to_owned(), now);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_is_said_once_in_a_while() {
        let (said, begin) = (Mutex::new(None), Instant::now());
        assert!(is_due(&said, "probe a", begin));
        assert!(!is_due(&said, "probe a", begin + AGAIN / 2));
        assert!(is_due(&said, "probe b", begin + AGAIN / 2));
        assert!(is_due(&said, "probe a", begin + AGAIN));
    }

    #[test]
    fn strangers_cannot_fill_the_log() {
        let (said, begin) = (Mutex::new(None), Instant::now());
        let lines = (0..10_000).filter(|n| is_due(&said, &format!("probe {n}"), begin)).count();
        assert_eq!(lines, REMEMBERED);
    }
}
