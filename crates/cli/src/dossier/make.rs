//! From evidence and a territory to a bundle: what a build and a rebuild both do.

use std::fs::File;
use std::path::Path;

use anyhow::Context as _;
use desserte_dossier::{Bundle, Case, Figure, Told, document, part};
use desserte_service::Sets;
use desserte_territory::Territory;

use super::evidence::{Evidence, json};
use super::steps::Steps;
use super::{facts, place, replay, typeset};
use crate::out::Failure;

/// What a dossier is made with, beside its evidence.
pub(super) struct Tools<'a> {
    pub(super) territory: &'a Territory,
    /// Directory that nobody else uses, for the store of the batches; it is emptied.
    pub(super) work: &'a Path,
    /// The program that sets the PDF; `None`: the one beside this program.
    pub(super) typeset: Option<&'a Path>,
    /// Tells what is being done.
    pub(super) steps: Steps,
}

/// Makes everything, from evidence whose batches are in the bundle.
pub(super) fn make(
    evidence: &Evidence,
    mut bundle: Bundle<File>,
    tools: &Tools<'_>,
) -> Result<Bundle<File>, Failure> {
    let request = &evidence.request;
    let found = place::find(tools.territory, request.kind, &request.code, request.lang)?;
    let sets = sets(&evidence.parameters)?;
    clear(tools.work)?;
    let replayed = replay::replay(evidence, &mut bundle, tools);
    let facts = replayed.and_then(|replayed| {
        tools.steps.tell("measuring");
        facts::facts(evidence, &replayed, tools.territory, &found, &sets)
    });
    clear(tools.work)?;
    let (case, files) = facts?;
    let words = document(&case);
    tools.steps.tell("setting");
    evidence.put(&mut bundle)?;
    put(&mut bundle, part::PDF, &typeset::set(tools.typeset, &words, &files)?)?;
    put(&mut bundle, part::CASE, &json(&case)?)?;
    put(&mut bundle, part::DOCUMENT, &json(&words)?)?;
    put(&mut bundle, part::FIGURES, &figures(&case)?)?;
    for (name, svg) in files {
        put(&mut bundle, &name, svg.as_bytes())?;
    }
    Ok(bundle)
}

fn put(bundle: &mut Bundle<File>, name: &str, contents: &[u8]) -> anyhow::Result<()> {
    Ok(bundle.put(name, contents)?)
}

fn clear(work: &Path) -> anyhow::Result<()> {
    if work.exists() {
        std::fs::remove_dir_all(work).with_context(|| format!("cannot remove {}", work.display()))?;
    }
    Ok(())
}

/// The sets that the evidence holds.
pub(super) fn sets(parameters: &[(String, String)]) -> anyhow::Result<Sets> {
    let mut sets = Sets::built_in();
    // Uses refer to thresholds: those come first.
    let (first, rest): (Vec<_>, Vec<_>) =
        parameters.iter().partition(|(name, _)| name.starts_with("thresholds"));
    for (name, text) in first.into_iter().chain(rest) {
        sets.replace(text)
            .with_context(|| format!("the set {name} of the bundle cannot be used by this version"))?;
    }
    Ok(sets)
}

/// Every figure, one a row; empty where there is no number.
fn figures(case: &Case) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "level",
        "site",
        "probe",
        "commune",
        "indicator",
        "of",
        "unit",
        "state",
        "lacks",
        "value",
        "low",
        "high",
    ])?;
    let mut row = |site: [&str; 4], figure: &Figure| {
        let text = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
        let state = match figure.state {
            Told::Enough => "enough",
            Told::Indicative => "indicative",
            Told::NotEnough => "not_enough",
            Told::NotMeasured => "not_measured",
            Told::Observed => "observed",
        };
        let (of, lacks) = (figure.of.as_deref().unwrap_or_default(), figure.lacks.join(" "));
        let own = [figure.indicator.as_str(), of, &figure.unit, state, &lacks];
        let numbers = [figure.value, figure.low, figure.high].map(text);
        writer.write_record(site.into_iter().chain(own).chain(numbers.iter().map(String::as_str)))
    };
    for figure in &case.area {
        row(["territory", "", "", ""], figure)?;
    }
    for site in &case.sites {
        for figure in &site.figures {
            row(["site", &site.label, &site.probe, &site.commune], figure)?;
        }
    }
    writer.into_inner().context("cannot write the figures")
}
