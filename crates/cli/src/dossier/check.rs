//! Checking a bundle, and making one again.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use desserte_custody::{Hash, Statement};
use desserte_dossier::{Parts, Trusted, check, limits, part, read as parts};

use super::arguments::{RebuildArguments, VerifyArguments};
use super::evidence::Evidence;
use super::{BUNDLE_FILE, PDF_FILE, make, open_territory, put, words, work_in};
use crate::out::{Failure, Outcome, line, note};

/// Octets of a seal at the most.
const SEAL_BYTES_MAX: usize = 4_096;

pub(super) fn verify(arguments: &VerifyArguments) -> Outcome {
    let directory = arguments.bundle.is_dir();
    let (file, pdf): (PathBuf, Option<PathBuf>) = if directory {
        (arguments.bundle.join(BUNDLE_FILE), Some(arguments.bundle.join(PDF_FILE)))
    } else {
        (arguments.bundle.clone(), None)
    };
    let archive = read(&file, limits::OCTETS_MAX)?;
    let pdf = pdf.map(|pdf| read(&pdf, limits::PART_OCTETS_MAX)).transpose()?;
    let mut seals = Vec::new();
    for path in &arguments.seals {
        let text = String::from_utf8(read(path, SEAL_BYTES_MAX)?).unwrap_or_default();
        seals.push(
            Statement::read(&text).with_context(|| path.display().to_string()).map_err(Failure::usage)?,
        );
    }
    let trusted = Trusted { fingerprint: arguments.fingerprint, seals, keys: arguments.keys.clone() };
    let report = check(&archive, pdf.as_deref(), &trusted);
    if !report.faults.is_empty() {
        for fault in &report.faults {
            line(&fault.to_string())?;
        }
        return Err(Failure::no(anyhow!(words::does_not_hold(arguments.lang))));
    }
    words::holds(&report, arguments.lang).iter().try_for_each(|text| line(text))?;
    if let Some(mind) = words::mind(&report, !arguments.keys.is_empty(), arguments.lang) {
        note(&mind);
    }
    Ok(())
}

pub(super) fn rebuild(arguments: &RebuildArguments) -> Outcome {
    let archive = checked(&arguments.bundle)?;
    let (old, _) = parts(&archive);
    let evidence = Evidence::of(&old)?;
    let territory =
        open_territory(&arguments.territory, Some(evidence.request.territory.sha256), evidence.request.lang)?;
    let own = super::program();
    if evidence.request.program != own {
        note(&words::other_version(&evidence.request.program, &own, arguments.lang));
    }
    let work = work_in(&arguments.making.out)?;
    let tools =
        make::Tools { territory: &territory.0, work: &work, typeset: arguments.making.typeset.as_deref() };
    let made = make::make(&evidence, &tools)?;
    let again = put(&made, &arguments.making.out)?;
    let (new, _) = parts(&again);
    let differing = differences(&old, &new);
    if differing.is_empty() && archive == again {
        return line(&words::same(new.len(), arguments.lang));
    }
    for told in &differing {
        line(told)?;
    }
    Err(Failure::no(anyhow!(words::not_the_same(differing.len(), arguments.lang))))
}

/// A bundle in which everything holds: nothing is made from another one.
pub(super) fn checked(path: &Path) -> Result<Vec<u8>, Failure> {
    let archive = read(path, limits::OCTETS_MAX)?;
    let faults = check(&archive, None, &Trusted::default()).faults;
    if faults.is_empty() {
        return Ok(archive);
    }
    for fault in &faults {
        line(&fault.to_string())?;
    }
    Err(Failure::no(anyhow!("{} does not hold: see the lines above", path.display())))
}

/// Parts that differ, each in a line.
fn differences(old: &Parts<'_>, new: &Parts<'_>) -> Vec<String> {
    let mut told: Vec<String> = old
        .iter()
        .filter(|(name, _)| **name != desserte_dossier::SUMS)
        .filter_map(|(name, before)| match new.get(name) {
            None => Some(format!("{name}: not made again")),
            Some(after) if after == before => None,
            Some(after) => {
                let same = before.iter().zip(*after).take_while(|(before, after)| before == after).count();
                Some(format!("{name}: differs from octet {same} on"))
            }
        })
        .collect();
    told.extend(
        new.keys().filter(|name| !old.contains_key(*name)).map(|name| format!("{name}: was not there")),
    );
    told
}

/// A file that a stranger may have written: one octet more than the limit is enough to refuse it.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut octets = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut octets))
        .with_context(|| format!("cannot read {}", path.display()))?;
    if octets.len() > limit {
        return Err(Failure::no(anyhow!(
            "{} has more than {limit} octets: it is none of ours",
            path.display()
        )));
    }
    Ok(octets)
}

/// Reads the fingerprint of a bundle that was checked.
pub(super) fn fingerprint(parts: &Parts<'_>) -> Result<Hash, Failure> {
    let sums = parts.get(desserte_dossier::SUMS).ok_or_else(|| anyhow!("{} is missing", part::REQUEST))?;
    Ok(Hash::of(sums))
}
