//! All that a dossier is made from, beside the territory: taken from a store, or read from a bundle.

use std::collections::BTreeMap;

use anyhow::{Context as _, anyhow};
use desserte_custody::{Proof, ProvenBatch, Statement};
use desserte_dossier::{Bundle, Parts, Reply, Request, part};
use desserte_store::Kept;

/// Digits of the numbers in names of parts: names sort as numbers do.
const DIGITS: usize = 5;

/// What a dossier is made from.
#[derive(Clone)]
pub(super) struct Evidence {
    pub(super) request: Request,
    /// Batches in the order in which they were kept.
    pub(super) batches: Vec<Kept>,
    pub(super) notes: Vec<Proof>,
    /// Seals by day.
    pub(super) seals: BTreeMap<String, Statement>,
    /// Answers of time-stamp authorities by day.
    pub(super) stamps: Vec<(String, Vec<u8>)>,
    /// Sets of parameters by name.
    pub(super) parameters: Vec<(String, String)>,
    pub(super) replies: Vec<Reply>,
}

impl Evidence {
    /// Puts the evidence into a bundle.
    pub(super) fn put(&self, bundle: &mut Bundle) -> anyhow::Result<()> {
        bundle.put(part::REQUEST, json(&self.request)?);
        for (number, kept) in (1..).zip(&self.batches) {
            let (folder, octets) = match kept {
                Kept::Proven(proof) => (part::PROOFS, json(proof)?),
                Kept::Unsealed(batch) => (part::UNSEALED, json(batch)?),
            };
            bundle.put(name(folder, number, "json"), octets);
        }
        for (number, note) in (1..).zip(&self.notes) {
            bundle.put(name(part::NOTES, number, "json"), json(note)?);
        }
        for (day, seal) in &self.seals {
            bundle.put(format!("{}{day}.txt", part::SEALS), seal.text().into_bytes());
        }
        for (number, (day, answer)) in (1..).zip(&self.stamps) {
            bundle.put(name(&format!("{}{day}-", part::STAMPS), number, "tsr"), answer.clone());
        }
        for (set, text) in &self.parameters {
            bundle.put(format!("{}{set}.toml", part::PARAMETERS), text.clone().into_bytes());
        }
        for (number, reply) in (1..).zip(&self.replies) {
            bundle.put(name(part::REPLIES, number, "json"), json(reply)?);
        }
        Ok(())
    }

    /// Reads the evidence of a bundle that was checked.
    pub(super) fn of(parts: &Parts<'_>) -> anyhow::Result<Self> {
        let request = parts.get(part::REQUEST).ok_or_else(|| anyhow!("{} is missing", part::REQUEST))?;
        let mut batches: Vec<(&str, Kept)> = Vec::new();
        for (file, octets) in folder(parts, part::PROOFS) {
            let proof = Proof::read(octets).with_context(|| file.to_owned())?;
            batches.push((&file[part::PROOFS.len()..], Kept::Proven(Box::new(proof))));
        }
        for (file, octets) in folder(parts, part::UNSEALED) {
            let batch: ProvenBatch = read(file, octets)?;
            batches.push((&file[part::UNSEALED.len()..], Kept::Unsealed(Box::new(batch))));
        }
        // Both folders share one numbering, which is the order in which batches were kept.
        batches.sort_by_key(|(file, _)| *file);
        let mut seals = BTreeMap::new();
        for (file, octets) in folder(parts, part::SEALS) {
            let seal = Statement::read(std::str::from_utf8(octets).unwrap_or_default())
                .with_context(|| file.to_owned())?;
            seals.insert(seal.day.to_string(), seal);
        }
        let day = |file: &str| file[part::STAMPS.len()..].chars().take(10).collect();
        let text = |file: &str, octets: &[u8]| {
            let set = file[part::PARAMETERS.len()..].trim_end_matches(".toml").to_owned();
            Ok((set, String::from_utf8(octets.to_vec()).with_context(|| file.to_owned())?))
        };
        Ok(Self {
            request: read(part::REQUEST, request)?,
            batches: batches.into_iter().map(|(_, kept)| kept).collect(),
            notes: folder(parts, part::NOTES)
                .map(|(file, octets)| Proof::read(octets).with_context(|| file.to_owned()))
                .collect::<anyhow::Result<_>>()?,
            seals,
            stamps: folder(parts, part::STAMPS).map(|(file, octets)| (day(file), octets.to_vec())).collect(),
            parameters: folder(parts, part::PARAMETERS)
                .map(|(file, octets)| text(file, octets))
                .collect::<anyhow::Result<_>>()?,
            replies: folder(parts, part::REPLIES)
                .map(|(file, octets)| read(file, octets))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}

/// The parts of a folder, in the order of names.
fn folder<'a>(parts: &'a Parts<'_>, folder: &'static str) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    parts
        .range(folder..)
        .take_while(move |(name, _)| name.starts_with(folder))
        .map(|(name, octets)| (*name, *octets))
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
