//! All that a dossier is made from, beside the territory: taken from a store, or read from a bundle. Batches go from one to the other one
//! by one, and are never all in memory.

use std::collections::BTreeMap;
use std::io::{Read, Seek, Write};

use anyhow::{Context as _, anyhow};
use desserte_custody::{Proof, ProvenBatch, Statement};
use desserte_dossier::{Bundle, Contents, Notice, Parts, Reply, Request, Retest, folder, part};
use desserte_store::Kept;

/// Digits of the numbers in names of parts: names sort as numbers do.
const DIGITS: usize = 6;

/// What a dossier is made from, beside its batches.
pub(super) struct Evidence {
    pub(super) request: Request,
    pub(super) notes: Vec<Proof>,
    /// Seals by day.
    pub(super) seals: BTreeMap<String, Statement>,
    /// Answers of time-stamp authorities by day.
    pub(super) stamps: Vec<(String, Vec<u8>)>,
    /// Sets of parameters by name.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) verdicts: Brought,
    pub(super) notices: Vec<Notice>,
    pub(super) replies: Vec<Reply>,
    pub(super) retests: Vec<Retest>,
}

/// Verdicts as they were brought, octet by octet.
#[derive(Default)]
pub(super) struct Brought {
    pub(super) contradiction: Option<Vec<u8>>,
    pub(super) campaign: Option<Vec<u8>>,
}

impl Evidence {
    /// Puts the evidence into a bundle that has its batches.
    pub(super) fn put(&self, bundle: &mut Bundle<impl Read + Write + Seek>) -> anyhow::Result<()> {
        bundle.put(part::REQUEST, &json(&self.request)?)?;
        for (number, note) in (1..).zip(&self.notes) {
            bundle.put(name(part::NOTES, number, "json"), &json(note)?)?;
        }
        for (day, seal) in &self.seals {
            bundle.put(format!("{}{day}.txt", part::SEALS), seal.text().as_bytes())?;
        }
        for (number, (day, answer)) in (1..).zip(&self.stamps) {
            bundle.put(name(&format!("{}{day}-", part::STAMPS), number, "tsr"), answer)?;
        }
        for (set, text) in &self.parameters {
            bundle.put(format!("{}{set}.toml", part::PARAMETERS), text.as_bytes())?;
        }
        for (name, verdict) in
            [(part::CONTRADICTION, &self.verdicts.contradiction), (part::CAMPAIGN, &self.verdicts.campaign)]
        {
            if let Some(verdict) = verdict {
                bundle.put(name, verdict)?;
            }
        }
        put_all(bundle, part::NOTICES, &self.notices)?;
        put_all(bundle, part::REPLIES, &self.replies)?;
        put_all(bundle, part::RETESTS, &self.retests)
    }

    /// Reads the evidence of a bundle that was checked.
    pub(super) fn of(parts: &Parts, source: &mut (impl Read + Seek)) -> anyhow::Result<Self> {
        let request = parts.get(part::REQUEST).ok_or_else(|| anyhow!("{} is missing", part::REQUEST))?;
        let request = read(part::REQUEST, &request.read(source)?)?;
        let mut evidence = Self {
            request,
            notes: Vec::new(),
            seals: BTreeMap::new(),
            stamps: Vec::new(),
            parameters: Vec::new(),
            verdicts: Brought {
                contradiction: octets(parts, source, part::CONTRADICTION)?,
                campaign: octets(parts, source, part::CAMPAIGN)?,
            },
            notices: all(parts, source, part::NOTICES)?,
            replies: all(parts, source, part::REPLIES)?,
            retests: all(parts, source, part::RETESTS)?,
        };
        for (file, contents) in folder(parts, part::SEALS) {
            let text = String::from_utf8(contents.read(source)?).unwrap_or_default();
            let seal = Statement::read(&text).with_context(|| file.to_owned())?;
            evidence.seals.insert(seal.day.to_string(), seal);
        }
        for (file, contents) in folder(parts, part::STAMPS) {
            let day = file[part::STAMPS.len()..].chars().take(10).collect();
            evidence.stamps.push((day, contents.read(source)?));
        }
        for (file, contents) in folder(parts, part::PARAMETERS) {
            let set = file[part::PARAMETERS.len()..].trim_end_matches(".toml").to_owned();
            let text = String::from_utf8(contents.read(source)?).with_context(|| file.to_owned())?;
            evidence.parameters.push((set, text));
        }
        for (file, contents) in folder(parts, part::NOTES) {
            evidence.notes.push(Proof::read(&contents.read(source)?).with_context(|| file.to_owned())?);
        }
        Ok(evidence)
    }
}

/// Puts values into a folder, in their order.
fn put_all(
    bundle: &mut Bundle<impl Read + Write + Seek>,
    folder: &str,
    values: &[impl serde::Serialize],
) -> anyhow::Result<()> {
    for (number, value) in (1..).zip(values) {
        bundle.put(name(folder, number, "json"), &json(value)?)?;
    }
    Ok(())
}

/// The values of a folder, in their order.
fn all<T: serde::de::DeserializeOwned>(
    parts: &Parts,
    source: &mut (impl Read + Seek),
    of: &'static str,
) -> anyhow::Result<Vec<T>> {
    folder(parts, of).map(|(file, contents)| read(file, &contents.read(source)?)).collect()
}

fn octets(parts: &Parts, source: &mut (impl Read + Seek), name: &str) -> anyhow::Result<Option<Vec<u8>>> {
    Ok(parts.get(name).map(|contents| contents.read(source)).transpose()?)
}

/// Puts a batch into a bundle; numbers tell the order in which batches were kept, whether they are proven or not.
pub(super) fn put_batch(
    bundle: &mut Bundle<impl Read + Write + Seek>,
    number: usize,
    kept: &Kept,
) -> anyhow::Result<()> {
    let (folder, octets) = match kept {
        Kept::Proven(proof) => (part::PROOFS, json(proof)?),
        Kept::Unsealed(batch) => (part::UNSEALED, json(batch)?),
    };
    Ok(bundle.put(name(folder, number, "json"), &octets)?)
}

/// The batches of a bundle in the order in which they were kept: both folders share one numbering.
pub(super) fn batches(parts: &Parts) -> impl Iterator<Item = (&str, &Contents)> {
    let of = |name| folder(parts, name).map(move |(file, contents)| (&file[name.len()..], file, contents));
    let (mut proven, mut unsealed) = (of(part::PROOFS).peekable(), of(part::UNSEALED).peekable());
    std::iter::from_fn(move || {
        let first = match (proven.peek(), unsealed.peek()) {
            (Some((proven, ..)), Some((unsealed, ..))) => proven < unsealed,
            (proven, _) => proven.is_some(),
        };
        let next = if first { proven.next() } else { unsealed.next() };
        next.map(|(_, file, contents)| (file, contents))
    })
}

/// A batch of a bundle that was checked.
pub(super) fn batch(
    file: &str,
    contents: &Contents,
    source: &mut (impl Read + Seek),
) -> anyhow::Result<Kept> {
    let octets = contents.read(source)?;
    Ok(if file.starts_with(part::PROOFS) {
        Kept::Proven(Box::new(Proof::read(&octets).with_context(|| file.to_owned())?))
    } else {
        let batch: ProvenBatch = read(file, &octets)?;
        Kept::Unsealed(Box::new(batch))
    })
}

fn name(folder: &str, number: usize, kind: &str) -> String {
    format!("{folder}{number:0DIGITS$}.{kind}")
}

/// A part in JSON, ended by a line feed.
pub(super) fn json(value: &impl serde::Serialize) -> anyhow::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value).context("cannot write a part")?;
    text.push(b'\n');
    Ok(text)
}

fn read<T: serde::de::DeserializeOwned>(file: &str, octets: &[u8]) -> anyhow::Result<T> {
    serde_json::from_slice(octets).with_context(|| format!("cannot read {file}"))
}
