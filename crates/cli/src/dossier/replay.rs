//! The signed batches of a dossier, put into an empty store: what is not in them cannot get into a figure.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_collector::{Ingest, Intake};
use desserte_custody::ProvenBatch;
use desserte_signing::{PublicKey, record_sha256};
use desserte_store::{Kept, NewProbe, Store, StoreOptions};
use desserte_territory::Territory;
use desserte_units::Timestamp;
use serde::Deserialize;

use super::evidence::Evidence;

/// A store made from batches, and what was noticed on the way.
pub(super) struct Replayed {
    pub(super) store: Store,
    pub(super) records: u64,
    /// Lines that are refused when they are read again.
    pub(super) refused: u64,
    /// What is known of each probe's chain, by probe.
    pub(super) chains: BTreeMap<String, Chain>,
}

/// The chain of a probe's records, as far as the bundle has it.
#[derive(Default)]
pub(super) struct Chain {
    /// SHA-256 of each record, and of the one that it names before it, by place.
    places: BTreeMap<u64, (String, Option<String>)>,
    /// Records whose place another record has.
    forks: u64,
    pub(super) software: std::collections::BTreeSet<String>,
}

#[derive(Deserialize)]
struct Link {
    sequence: u64,
    previous_sha256: Option<String>,
    software: Software,
}

#[derive(Deserialize)]
struct Software {
    name: String,
    version: String,
}

impl Chain {
    fn add(&mut self, line: &[u8]) -> bool {
        let Ok(link) = serde_json::from_slice::<Link>(line) else { return false };
        let sha256 = record_sha256(line);
        self.software.insert(format!("{} {}", link.software.name, link.software.version));
        let known = self.places.get(&link.sequence).map(|(known, _)| *known == sha256);
        match known {
            Some(true) => {}
            Some(false) => self.forks += 1,
            None => _ = self.places.insert(link.sequence, (sha256, link.previous_sha256)),
        }
        true
    }

    /// Places between the first and the last record that no record takes.
    pub(super) fn missing(&self) -> u64 {
        let ends = self.places.keys().next().zip(self.places.keys().next_back());
        ends.map_or(0, |(first, last)| last - first + 1 - self.places.len() as u64)
    }

    /// Records that do not fit the one before them.
    pub(super) fn faults(&self) -> u64 {
        let broken = self.places.iter().zip(self.places.iter().skip(1)).filter(
            |((before, (sha256, _)), (place, (_, named)))| {
                **place == **before + 1 && named.as_deref() != Some(sha256.as_str())
            },
        );
        self.forks + broken.count() as u64
    }
}

/// Puts every batch into an empty store in `directory`, with the checks that a collector makes.
pub(super) fn replay(
    evidence: &Evidence,
    territory: &Territory,
    directory: &Path,
) -> anyhow::Result<Replayed> {
    let store =
        Store::open(directory, StoreOptions::default()).context("cannot make a store of the batches")?;
    for probe in &evidence.request.probes {
        let key: PublicKey = probe.public_key.parse().map_err(|error| anyhow!("{}: {error}", probe.probe))?;
        store.register_probe(NewProbe {
            id: key.id(),
            public_key: probe.public_key.clone(),
            name: String::new(),
            site: None,
            created: Timestamp::from_unix_secs(0),
        })?;
    }
    // How old a signature was when it came was judged by the collector that kept it.
    let rules = Ingest { signature_age_s: u32::MAX, ..Ingest::default() };
    let intake = Intake { store: &store, territory, rules: &rules };
    let (mut records, mut refused, mut chains) = (0, 0, BTreeMap::new());
    for batch in evidence.batches.iter().filter_map(Kept::batch) {
        let octets =
            batch.octets().ok_or_else(|| anyhow!("the body of batch {} is no Base64", batch.batch))?;
        let receipt = intake.retake(&batch.signature, octets, batch.received_us).map_err(|problem| {
            anyhow!("batch {} is refused when it is read again: {problem:?}", batch.batch)
        })?;
        refused += receipt.refused.len() as u64;
        records += follow(batch, &mut chains)?;
    }
    Ok(Replayed { store, records, refused, chains })
}

/// Adds the records of a batch to its probe's chain, and counts them.
fn follow(batch: &ProvenBatch, chains: &mut BTreeMap<String, Chain>) -> anyhow::Result<u64> {
    let lines =
        desserte_custody::records(batch).map_err(|fault| anyhow!("batch {}: {fault}", batch.batch))?;
    let key: PublicKey =
        batch.public_key.parse().map_err(|error| anyhow!("batch {}: {error}", batch.batch))?;
    let chain: &mut Chain = chains.entry(key.id().to_string()).or_default();
    Ok(lines.iter().filter(|line| chain.add(line)).count() as u64)
}
