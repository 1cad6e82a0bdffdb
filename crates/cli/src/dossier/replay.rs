//! The signed batches of a dossier, put into an empty store: what is not in them cannot get into a figure.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;

use anyhow::{Context as _, anyhow};
use desserte_collector::{Ingest, Intake};
use desserte_custody::ProvenBatch;
use desserte_dossier::Bundle;
use desserte_model::{ProbeId, Receipt};
use desserte_signing::{PublicKey, record_sha256};
use desserte_store::{Kept, NewProbe, Store, StoreOptions};
use desserte_units::Timestamp;
use serde::Deserialize;

use super::evidence::{self, Evidence};
use super::make::Tools;

/// A store made from batches, and what was noticed on the way.
pub(super) struct Replayed {
    pub(super) store: Store,
    pub(super) records: u64,
    /// Lines that are refused when they are read again.
    pub(super) refused: u64,
    /// Batches with a proof, and those without.
    pub(super) batches: (u64, u64),
    /// What is known of each probe's chain, by probe.
    pub(super) chains: BTreeMap<String, Chain>,
}

/// The chain of a probe's records, as far as the bundle has it; links come in the order of their places.
#[derive(Default)]
pub(super) struct Chain {
    /// The first place, the last one, and how many are taken.
    places: Option<(u64, u64, u64)>,
    /// SHA-256 of the record in the last place.
    last: String,
    /// Records that do not fit the one before them, or whose place another record has.
    pub(super) faults: u64,
    pub(super) software: BTreeSet<String>,
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
    fn add_line(&mut self, line: &[u8]) {
        if let Ok(link) = serde_json::from_slice::<Link>(line) {
            self.add(&link, record_sha256(line));
        }
    }

    fn add(&mut self, link: &Link, sha256: String) {
        let software = format!("{} {}", link.software.name, link.software.version);
        if !self.software.contains(&software) {
            self.software.insert(software);
        }
        let place = link.sequence;
        match &mut self.places {
            None => self.places = Some((place, place, 1)),
            Some((_, last, _)) if *last == place => {
                // The same record sent twice is no other record.
                self.faults += u64::from(sha256 != self.last);
                return;
            }
            Some((_, last, taken)) => {
                let follows = last.saturating_add(1) == place;
                self.faults += u64::from(follows && link.previous_sha256.as_deref() != Some(&self.last));
                (*last, *taken) = (place, *taken + 1);
            }
        }
        self.last = sha256;
    }

    /// Places between the first and the last record that no record takes.
    pub(super) fn missing(&self) -> u64 {
        self.places.map_or(0, |(first, last, taken)| (last - first).saturating_add(1) - taken)
    }
}

/// Lines that the store of the batches does not have, by probe, then place: they are in the chain all the same.
type Refused = BTreeMap<String, BTreeMap<u64, Vec<Vec<u8>>>>;

/// Puts every batch of a bundle into an empty store, with the checks that a collector makes.
pub(super) fn replay(
    evidence: &Evidence,
    bundle: &mut Bundle<File>,
    tools: &Tools<'_>,
) -> anyhow::Result<Replayed> {
    let store =
        Store::open(tools.work, StoreOptions::default()).context("cannot make a store of the batches")?;
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
    let intake = Intake { store: &store, territory: tools.territory, rules: &rules };
    let (mut records, mut refused, mut batches) = (0, 0, (0, 0));
    let mut kept_out = Refused::new();
    let (parts, spool) = bundle.parts();
    let all = evidence::batches(parts).count();
    for (done, (file, contents)) in evidence::batches(parts).enumerate() {
        tools.steps.tell_reading(done, all);
        let kept = evidence::batch(file, contents, spool)?;
        match kept {
            Kept::Proven(_) => batches.0 += 1,
            Kept::Unsealed(_) => batches.1 += 1,
        }
        let batch = kept.batch().ok_or_else(|| anyhow!("{file} proves no batch"))?;
        let octets =
            batch.octets().ok_or_else(|| anyhow!("the body of batch {} is no Base64", batch.batch))?;
        let receipt = intake.retake(&batch.signature, octets, batch.received_us).map_err(|problem| {
            anyhow!("batch {} is refused when it is read again: {problem:?}", batch.batch)
        })?;
        refused += receipt.refused.len() as u64;
        records += receipt.accepted + receipt.duplicate + follow(batch, &receipt, &mut kept_out)?;
    }
    let mut chains = BTreeMap::new();
    for probe in &evidence.request.probes {
        let outside = kept_out.remove(&probe.probe).unwrap_or_default();
        chains.insert(probe.probe.clone(), chain(&store, &probe.probe, outside)?);
    }
    Ok(Replayed { store, records, refused, batches, chains })
}

/// Keeps the lines of a batch that were refused and tell their place all the same, and counts them.
fn follow(batch: &ProvenBatch, receipt: &Receipt, refused: &mut Refused) -> anyhow::Result<u64> {
    if receipt.refused.is_empty() {
        return Ok(0);
    }
    let lines =
        desserte_custody::records(batch).map_err(|fault| anyhow!("batch {}: {fault}", batch.batch))?;
    let key: PublicKey =
        batch.public_key.parse().map_err(|error| anyhow!("batch {}: {error}", batch.batch))?;
    let own = refused.entry(key.id().to_string()).or_default();
    let mut count = 0;
    // The header is line 1.
    for (number, line) in (2..).zip(lines) {
        if !receipt.refused.iter().any(|refusal| refusal.line == number) {
            continue;
        }
        if let Ok(link) = serde_json::from_slice::<Link>(&line) {
            own.entry(link.sequence).or_default().push(line);
            count += 1;
        }
    }
    Ok(count)
}

/// Goes along a probe's records, those of the store and those that it does not have, by their places.
fn chain(store: &Store, probe: &str, mut outside: BTreeMap<u64, Vec<Vec<u8>>>) -> anyhow::Result<Chain> {
    let probe: ProbeId = probe.parse().map_err(|error| anyhow!("{probe}: {error}"))?;
    let mut chain = Chain::default();
    let mut add = |line: &[u8]| {
        if let Ok(link) = serde_json::from_slice::<Link>(line) {
            let later = outside.split_off(&link.sequence);
            for line in std::mem::replace(&mut outside, later).into_values().flatten() {
                chain.add_line(&line);
            }
            chain.add(&link, record_sha256(line));
        }
    };
    store.records_in_chain(&probe, &mut add)?;
    for line in outside.into_values().flatten() {
        chain.add_line(&line);
    }
    Ok(chain)
}
