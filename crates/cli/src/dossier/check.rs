//! Checking a bundle, and making one again.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use desserte_custody::{Hash, Statement};
use desserte_dossier::{Bundle, Parts, SUMS, Trusted, check, limits, read as parts};

use super::arguments::{AgainArguments, RebuildArguments, VerifyArguments};
use super::evidence::{self, Evidence};
use super::steps::Steps;
use super::{BUNDLE_FILE, PDF_FILE, make, open_territory, put, spool, tell_made, words, work_in};
use crate::out::{Failure, Outcome, line, note};

pub(super) fn verify(arguments: &VerifyArguments) -> Outcome {
    let directory = arguments.bundle.is_dir();
    let (file, pdf): (PathBuf, Option<PathBuf>) = if directory {
        (arguments.bundle.join(BUNDLE_FILE), Some(arguments.bundle.join(PDF_FILE)))
    } else {
        (arguments.bundle.clone(), None)
    };
    let mut archive = open(&file)?;
    let pdf = pdf.map(|pdf| read(&pdf, limits::PART_OCTETS_MAX)).transpose()?;
    let mut seals = Vec::new();
    for path in &arguments.seals {
        let text = String::from_utf8(read(path, limits::SEAL_OCTETS_MAX)?).unwrap_or_default();
        seals.push(
            Statement::read(&text).with_context(|| path.display().to_string()).map_err(Failure::usage)?,
        );
    }
    let trusted = Trusted { fingerprint: arguments.fingerprint, seals, keys: arguments.keys.clone() };
    let report = check(&mut archive, pdf.as_deref(), &trusted)
        .with_context(|| format!("cannot read {}", file.display()))?;
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
    let mut old = Checked::open(&arguments.bundle)?;
    let evidence = old.evidence()?;
    let territory = open_territory(
        &arguments.again.territory,
        Some(evidence.request.territory.sha256),
        evidence.request.lang,
    )?;
    let own = super::program();
    if evidence.request.program != own {
        note(&words::other_version(&evidence.request.program, &own, arguments.lang));
    }
    let work = work_in(&arguments.again.making.out)?;
    let bundle = old.batches(&arguments.again.making.out)?;
    let typeset = arguments.again.making.typeset.as_deref();
    let tools = make::Tools { territory: &territory.0, work: &work, typeset, steps: Steps::default() };
    let mut made = make::make(&evidence, bundle, &tools)?;
    put(&mut made, &arguments.again.making.out)?;
    let fingerprint = made.fingerprint();
    let (parts, spool) = made.parts();
    let differing = differences((&old.parts, &mut old.file), (parts, spool))?;
    // The archive follows from the parts: it was compared with that when it was checked.
    if differing.is_empty() && fingerprint == old.fingerprint()? {
        return line(&words::same(old.parts.len(), arguments.lang));
    }
    for told in &differing {
        line(told)?;
    }
    Err(Failure::no(anyhow!(words::not_the_same(differing.len(), arguments.lang))))
}

/// A bundle in which everything holds: nothing is made from another one.
pub(super) struct Checked {
    file: File,
    parts: Parts,
}

impl Checked {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let mut file = open(path)?;
        let unreadable = || format!("cannot read {}", path.display());
        let faults = check(&mut file, None, &Trusted::default()).with_context(unreadable)?.faults;
        if faults.is_empty() {
            let (parts, _) = parts(&mut file).with_context(unreadable)?;
            return Ok(Self { file, parts });
        }
        for fault in &faults {
            line(&fault.to_string())?;
        }
        Err(Failure::no(anyhow!("{} does not hold: see the lines above", path.display())))
    }

    pub(super) fn evidence(&mut self) -> anyhow::Result<Evidence> {
        Evidence::of(&self.parts, &mut self.file)
    }

    /// A new bundle in `out` with the batches, each read and written anew.
    pub(super) fn batches(&mut self, out: &Path) -> anyhow::Result<Bundle<File>> {
        let mut bundle = Bundle::new(spool(out)?);
        for (number, (file, contents)) in (1..).zip(evidence::batches(&self.parts)) {
            let kept = evidence::batch(file, contents, &mut self.file)?;
            evidence::put_batch(&mut bundle, number, &kept)?;
        }
        Ok(bundle)
    }

    /// Makes the dossier again from its own batches and some evidence, tells of it, and gives its fingerprint.
    pub(super) fn made_again(
        &mut self,
        evidence: &Evidence,
        AgainArguments { territory, making }: &AgainArguments,
    ) -> Result<Hash, Failure> {
        let lang = evidence.request.lang;
        let (territory, _) = open_territory(territory, Some(evidence.request.territory.sha256), lang)?;
        let work = work_in(&making.out)?;
        let typeset = making.typeset.as_deref();
        let tools = make::Tools { territory: &territory, work: &work, typeset, steps: Steps::default() };
        let bundle = self.batches(&making.out)?;
        let mut made = make::make(evidence, bundle, &tools)?;
        let octets = put(&mut made, &making.out)?;
        tell_made(&mut made, octets, &making.out, lang)?;
        Ok(made.fingerprint())
    }

    pub(super) fn fingerprint(&self) -> anyhow::Result<Hash> {
        Ok(self.parts.get(SUMS).with_context(|| format!("{SUMS} is missing"))?.sha256())
    }
}

/// Parts that differ, each in a line.
fn differences(old: (&Parts, &mut File), new: (&Parts, &mut File)) -> anyhow::Result<Vec<String>> {
    let mut told = Vec::new();
    for (name, before) in old.0.iter().filter(|(name, _)| *name != SUMS) {
        match new.0.get(name) {
            None => told.push(format!("{name}: not made again")),
            Some(after) if after.sha256() == before.sha256() => {}
            Some(after) => {
                let (before, after) = (before.read(old.1)?, after.read(new.1)?);
                let same = before.iter().zip(&after).take_while(|(before, after)| before == after).count();
                told.push(format!("{name}: differs from octet {same} on"));
            }
        }
    }
    let added = new.0.keys().filter(|name| !old.0.contains_key(*name));
    told.extend(added.map(|name| format!("{name}: was not there")));
    Ok(told)
}

fn open(path: &Path) -> Result<File, Failure> {
    Ok(File::open(path).with_context(|| format!("cannot read {}", path.display()))?)
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
