//! A measurement made together with the other side, and what became of the claim.

use anyhow::anyhow;
use desserte_dossier::{Lang, Retest};

use super::arguments::RetestArguments;
use super::check::Checked;
use crate::out::{Failure, Outcome};

pub(super) fn retest(arguments: &RetestArguments) -> Outcome {
    let mut old = Checked::open(&arguments.bundle)?;
    let mut evidence = old.evidence()?;
    let mut again = Checked::open(&arguments.retest)?;
    let (claim, request) = (&evidence.request, again.evidence()?.request);
    let is_same_place = (claim.kind, &claim.code) == (request.kind, &request.code);
    // Days as ISO 8601 writes them sort as they follow each other.
    if !is_same_place || request.from <= claim.from {
        let (bundle, lang) = (arguments.retest.display(), claim.lang);
        return Err(Failure::usage(match lang {
            Lang::Fr => anyhow!(
                "{bundle} est le dossier de {} à partir du {} ; une nouvelle mesure est celle du même lieu ({}), et commence après le {}",
                request.code,
                request.from,
                claim.code,
                claim.from
            ),
            Lang::En => anyhow!(
                "{bundle} is the dossier of {} from {} on; a measurement made together is of the same place ({}) and begins after {}",
                request.code,
                request.from,
                claim.code,
                claim.from
            ),
        }));
    }
    evidence.retests.push(Retest {
        dossier: again.fingerprint()?,
        from: request.from,
        last: last(&request.to)?,
        together_with: arguments.together_with.clone(),
        outcome: arguments.outcome.into(),
        because: arguments.because.clone(),
    });
    old.made_again(&evidence, &arguments.again).map(|_| ())
}

/// The last day of a period that ends before a day.
fn last(to: &str) -> anyhow::Result<String> {
    let day: jiff::civil::Date = to.parse().map_err(|_| anyhow!("{to:?} is no day"))?;
    Ok(day.yesterday()?.to_string())
}
