//! Checking a bundle, trusting nothing but what the verifier knows from elsewhere.

use std::collections::BTreeSet;
use std::io::{self, Read, Seek};

use desserte_custody::{Hash, Proof, ProvenBatch, Statement};

use crate::bundle::{Fault, Faults, Parts, SUMS, find, folder, limits, part};
use crate::case::{CASE_SCHEMA, Case, PlaceKind};
use crate::exchange::{Notice, Retest};
use crate::reply::Reply;
use crate::request::{REQUEST_SCHEMA, Request};
use crate::verdicts::{ContradictionTold, Study, fits, read_study, reread};

/// What the verifier knows from elsewhere; empty: the bundle is only shown to agree with itself.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    /// The dossier's fingerprint.
    pub fingerprint: Option<Hash>,
    /// Seals as published.
    pub seals: Vec<Statement>,
    /// Keys of the probes, Base64.
    pub keys: Vec<String>,
}

/// What a bundle shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// Every part that does not hold.
    pub faults: Vec<Fault>,
    /// How many parts there are.
    pub parts: usize,
    /// The dossier's fingerprint; `None` if the list of digests was not found.
    pub fingerprint: Option<Hash>,
    /// What was asked for, if that could be read.
    pub request: Option<Request>,
    /// The facts, if they could be read.
    pub case: Option<Case>,
    /// Batches whose signature and proof hold.
    pub proven: u64,
    /// Batches whose signature holds, of days without a seal.
    pub unsealed: u64,
    /// Days with a seal in the bundle.
    pub sealed_days: u64,
    /// Of those, days whose seal was held against one from elsewhere.
    pub days_known_elsewhere: u64,
}

/// Checks every part of an archive, holding one at a time; `pdf` is the file that lies beside it, if there is one.
///
/// # Errors
/// When the archive cannot be read. What is wrong with what is read is in the report.
pub fn check(archive: &mut (impl Read + Seek), pdf: Option<&[u8]>, trusted: &Trusted) -> io::Result<Report> {
    let (parts, faults) = find(archive)?;
    let octets: u64 = parts.values().map(crate::Contents::octets).sum();
    let unpacked_max = (octets * limits::UNPACKED_RATIO_MAX).max(limits::UNPACKED_OCTETS_MIN);
    let mut checker = Checker {
        parts: &parts,
        source: archive,
        trusted,
        unpacked: 0,
        unpacked_max,
        faults,
        report: Report::default(),
    };
    checker.report.parts = parts.len();
    checker.fingerprint();
    checker.names();
    checker.words()?;
    checker.seals()?;
    checker.batches()?;
    checker.notes()?;
    checker.verdicts()?;
    checker.other_side()?;
    checker.pdf(pdf)?;
    checker.counts();
    Ok(Report { faults: checker.faults.into_list(), ..checker.report })
}

struct Checker<'a, R> {
    parts: &'a Parts,
    source: &'a mut R,
    trusted: &'a Trusted,
    /// Octets unpacked so far, and how many may be.
    unpacked: u64,
    unpacked_max: u64,
    faults: Faults,
    report: Report,
}

impl<R: Read + Seek> Checker<'_, R> {
    fn fault(&mut self, part: impl Into<String>, what: impl Into<String>) {
        self.faults.push(Fault::new(part, what));
    }

    fn fingerprint(&mut self) {
        let found = self.parts.get(SUMS).map(crate::Contents::sha256);
        self.report.fingerprint = found;
        if let Some(trusted) = self.trusted.fingerprint
            && found != Some(trusted)
        {
            let found = found.map_or_else(|| "none".to_owned(), |found| found.to_string());
            self.fault(
                SUMS,
                format!("the dossier's fingerprint is {found}, the one it was held against is {trusted}"),
            );
        }
    }

    /// Parts that no dossier has would go unread.
    fn names(&mut self) {
        for name in self.parts.keys().filter(|name| !part::is_known(name)) {
            self.faults.push(Fault::new(name, "no dossier has such a part"));
        }
    }

    /// The octets of a part that must be there; a fault if it is not.
    fn octets(&mut self, name: &'static str) -> io::Result<Option<Vec<u8>>> {
        let Some(place) = self.parts.get(name) else {
            self.fault(name, "it is missing");
            return Ok(None);
        };
        place.read(self.source).map(Some)
    }

    /// A part in JSON; a fault if it is missing or cannot be read.
    fn json<T: serde::de::DeserializeOwned>(&mut self, name: &'static str) -> io::Result<Option<T>> {
        let Some(octets) = self.octets(name)? else { return Ok(None) };
        Ok(match serde_json::from_slice(&octets) {
            Ok(value) => Some(value),
            Err(error) => {
                self.fault(name, format!("it cannot be read: {error}"));
                None
            }
        })
    }

    fn words(&mut self) -> io::Result<()> {
        let request: Option<Request> = self.json(part::REQUEST)?;
        if let Some(request) = &request
            && request.schema != REQUEST_SCHEMA
        {
            let said: String = request.schema.chars().take(64).collect();
            self.fault(
                part::REQUEST,
                format!("it says schema {said:?}; this program reads {REQUEST_SCHEMA:?}"),
            );
        }
        let case: Option<Case> = self.json(part::CASE)?;
        if let Some(case) = &case {
            self.words_of(case)?;
        }
        for name in [part::PDF, part::FIGURES] {
            if !self.parts.contains_key(name) {
                self.fault(name, "it is missing");
            }
        }
        (self.report.request, self.report.case) = (request, case);
        Ok(())
    }

    /// Words follow from facts alone: nobody can change the one without the other.
    fn words_of(&mut self, case: &Case) -> io::Result<()> {
        if case.schema != CASE_SCHEMA {
            let said: String = case.schema.chars().take(64).collect();
            self.fault(part::CASE, format!("it says schema {said:?}; this program reads {CASE_SCHEMA:?}"));
            return Ok(());
        }
        let (uses, sites) = (case.uses.len(), case.sites.len());
        if uses > limits::USES_MAX || sites > limits::SITES_MAX {
            let what = format!(
                "it has {uses} uses and {sites} sites; a dossier has {} and {} at the most",
                limits::USES_MAX,
                limits::SITES_MAX
            );
            self.fault(part::CASE, what);
            return Ok(());
        }
        let Some(found) = self.octets(part::DOCUMENT)? else { return Ok(()) };
        // Compared as octets: what a stranger wrote need not be read to be told apart.
        let words = serde_json::to_vec_pretty(&crate::words::document(case)).unwrap_or_default();
        if found.strip_suffix(b"\n") != Some(&words) {
            self.fault(part::DOCUMENT, "its words do not follow from the facts of case.json");
        }
        Ok(())
    }

    fn seals(&mut self) -> io::Result<()> {
        for (name, place) in folder(self.parts, part::SEALS) {
            let octets = place.read(self.source)?;
            let read = std::str::from_utf8(&octets).ok().and_then(|text| Statement::read(text).ok());
            let Some(statement) = read else {
                self.fault(name, "it is no seal");
                continue;
            };
            self.report.sealed_days += 1;
            if name != format!("{}{}.txt", part::SEALS, statement.day) {
                self.fault(name, format!("it is the seal of {}", statement.day));
            }
            let known = self.trusted.seals.iter().find(|known| known.day == statement.day);
            match known {
                Some(known) if *known == statement => self.report.days_known_elsewhere += 1,
                Some(known) => self.fault(
                    name,
                    format!("its root is {}, the one it was held against is {}", statement.root, known.root),
                ),
                None => {}
            }
        }
        for (name, place) in folder(self.parts, part::STAMPS) {
            let day = name.strip_prefix(part::STAMPS).and_then(|name| name.get(..10)).unwrap_or_default();
            let Some(statement) = self.statement(day)? else {
                self.fault(name, "the bundle has no seal of this day");
                continue;
            };
            if let Err(error) = desserte_custody::read_stamp(&statement, None, &place.read(self.source)?) {
                self.fault(name, error.to_string());
            }
        }
        Ok(())
    }

    fn statement(&mut self, day: &str) -> io::Result<Option<Statement>> {
        let text = crate::text_of(self.parts, self.source, &format!("{}{day}.txt", part::SEALS))?;
        Ok(text.and_then(|text| Statement::read(&text).ok()))
    }

    fn batches(&mut self) -> io::Result<()> {
        let keys: BTreeSet<String> = self
            .report
            .request
            .iter()
            .flat_map(|request| &request.probes)
            .map(|probe| probe.public_key.clone())
            .collect();
        let mut seen = BTreeSet::new();
        for (name, place) in folder(self.parts, part::PROOFS) {
            let proof = match Proof::read(&place.read(self.source)?) {
                Ok(proof) => proof,
                Err(error) => {
                    self.fault(name, error.to_string());
                    continue;
                }
            };
            let Some(batch) = &proof.batch else {
                self.fault(name, "it proves no batch");
                continue;
            };
            self.batch(name, batch, &keys, &mut seen);
            if self.is_spent(name) {
                return Ok(());
            }
            if self.proof(name, &proof)? {
                self.report.proven += 1;
            }
        }
        for (name, place) in folder(self.parts, part::UNSEALED) {
            let batch: ProvenBatch = match serde_json::from_slice(&place.read(self.source)?) {
                Ok(batch) => batch,
                Err(error) => {
                    self.fault(name, format!("it is no batch: {error}"));
                    continue;
                }
            };
            self.batch(name, &batch, &keys, &mut seen);
            if self.is_spent(name) {
                return Ok(());
            }
            if self.took(name, desserte_custody::verify_batch(&batch)) {
                self.report.unsealed += 1;
            }
        }
        Ok(())
    }

    /// Whether a batch stands once, and under a key that was declared and, if the verifier knows keys, is known.
    fn batch(
        &mut self,
        name: &str,
        batch: &ProvenBatch,
        keys: &BTreeSet<String>,
        seen: &mut BTreeSet<[u8; 32]>,
    ) {
        // By digest: of names that a stranger wrote none is kept.
        if !seen.insert(Hash::of(format!("{} {}", batch.public_key, batch.batch).as_bytes()).0) {
            self.fault(name, "this batch stands twice");
        }
        if !keys.contains(&batch.public_key) {
            self.fault(name, format!("{} declares no probe with its key", part::REQUEST));
        }
        let trusted = &self.trusted.keys;
        if !trusted.is_empty() && !trusted.contains(&batch.public_key) {
            self.fault(name, format!("its key {} is none of those it was held against", batch.public_key));
        }
    }

    /// Whether a proof holds against the seal of its day in the bundle.
    fn proof(&mut self, name: &str, proof: &Proof) -> io::Result<bool> {
        let Some(seal) = self.statement(&proof.seal.day.to_string())? else {
            self.fault(name, format!("the bundle has no seal of {}", proof.seal.day));
            return Ok(false);
        };
        Ok(self.took(name, desserte_custody::verify(proof, Some(&seal), None)))
    }

    /// Notes what is wrong with a batch and what it unpacked to; whether nothing is wrong.
    fn took(&mut self, name: &str, verdict: desserte_custody::Verdict) -> bool {
        self.unpacked += verdict.unpacked;
        let holds = verdict.faults.is_empty();
        verdict.faults.into_iter().for_each(|fault| self.fault(name, fault.to_string()));
        holds
    }

    /// Whether so much was unpacked that no honest bundle is left, which is a fault.
    fn is_spent(&mut self, name: &str) -> bool {
        let spent = self.unpacked > self.unpacked_max;
        if spent {
            let what = format!(
                "the batches up to it unpack to more than {} octets, which none of this size honestly do: no more are read",
                self.unpacked_max
            );
            self.fault(name, what);
        }
        spent
    }

    fn notes(&mut self) -> io::Result<()> {
        for (name, place) in folder(self.parts, part::NOTES) {
            match Proof::read(&place.read(self.source)?) {
                Ok(proof) if proof.event.is_some() => _ = self.proof(name, &proof)?,
                Ok(_) => self.fault(name, "it proves no note"),
                Err(error) => self.fault(name, error.to_string()),
            }
        }
        Ok(())
    }

    /// A verdict that was brought, judged again; `None` if there is none, or it does not hold, which is a fault.
    fn study<S: Study>(&mut self, name: &'static str) -> io::Result<Option<S>> {
        if !self.parts.contains_key(name) {
            return Ok(None);
        }
        let Some(octets) = self.octets(name)? else { return Ok(None) };
        Ok(match read_study(&octets) {
            Ok(study) => Some(study),
            Err(error) => {
                self.fault(name, error.to_string());
                None
            }
        })
    }

    /// Whether the facts tell the verdicts as they follow from what was brought, of this place and period.
    fn verdicts(&mut self) -> io::Result<()> {
        let contradiction = self.study(part::CONTRADICTION)?;
        let campaign = self.study(part::CAMPAIGN)?;
        let Some(case) = self.report.case.take() else { return Ok(()) };
        let told = &case.verdicts;
        // Which communes a larger place has, the territory says: a rebuild holds them against it.
        let is_here = |commune: &str| case.place.kind != PlaceKind::Commune || case.place.code == commune;
        let same = match (&contradiction, &told.contradiction) {
            (None, told) => told.is_none(),
            (Some(_), None) => false,
            (Some(study), Some(told)) => {
                let communes = told.communes.clone();
                reread(&ContradictionTold::of(study, communes.clone())).as_ref() == Some(told)
                    && fits(study, &case.period, |commune| {
                        is_here(commune) && communes.iter().any(|own| own == commune)
                    })
                    .is_ok_and(|here| here == communes)
            }
        };
        self.told(part::CONTRADICTION, same);
        let same = match (&campaign, &told.campaign) {
            (None, told) => told.is_none(),
            (Some(_), None) => false,
            (Some(study), Some(told)) => {
                reread(study).as_ref() == Some(told) && fits(study, &case.period, is_here).is_ok()
            }
        };
        self.told(part::CAMPAIGN, same);
        self.report.case = Some(case);
        Ok(())
    }

    fn told(&mut self, name: &str, same: bool) {
        if !same {
            self.fault(
                part::CASE,
                format!("what it tells of {name} is not what that part says of this place and period"),
            );
        }
    }

    /// The parts of a folder in JSON; a fault for each that cannot be read or does not hold.
    fn list<T: serde::de::DeserializeOwned>(
        &mut self,
        of: &'static str,
        what: &str,
        check: impl Fn(&T) -> Option<String>,
    ) -> io::Result<Vec<T>> {
        let mut list = Vec::new();
        for (name, place) in folder(self.parts, of) {
            if list.len() == limits::EXCHANGE_MAX {
                self.fault(name, format!("a dossier has no more than {} of them", limits::EXCHANGE_MAX));
                break;
            }
            let fault = match serde_json::from_slice(&place.read(self.source)?) {
                Ok(one) => {
                    let fault = check(&one);
                    list.push(one);
                    fault
                }
                Err(error) => Some(format!("it is no {what}: {error}")),
            };
            if let Some(fault) = fault {
                self.fault(name, fault);
            }
        }
        Ok(list)
    }

    fn other_side(&mut self) -> io::Result<()> {
        let notices: Vec<Notice> = self.list(part::NOTICES, "notice", |_| None)?;
        let signed = |reply: &Reply| reply.check().err().map(|error| error.to_string());
        let replies = self.list(part::REPLIES, "reply", signed)?;
        let retests: Vec<Retest> = self.list(part::RETESTS, "retest", |_| None)?;
        let Some(case) = &self.report.case else { return Ok(()) };
        if case.notices != notices || case.replies != replies || case.retests != retests {
            self.fault(part::CASE, "its notices, replies and retests are not those of the bundle");
        }
        Ok(())
    }

    fn pdf(&mut self, beside: Option<&[u8]>) -> io::Result<()> {
        let (Some(beside), Some(place)) = (beside, self.parts.get(part::PDF)) else { return Ok(()) };
        let within = place.read(self.source)?;
        if beside != within {
            let same = beside.iter().zip(&within).take_while(|(beside, within)| beside == within).count();
            let what =
                format!("the file beside the bundle differs from the one within it, from octet {same} on");
            self.fault(part::PDF, what);
        }
        Ok(())
    }

    /// Whether the facts count what is there.
    fn counts(&mut self) {
        let Some(case) = &self.report.case else { return };
        let counted = (case.custody.proven, case.custody.unsealed);
        let count = |name| folder(self.parts, name).count() as u64;
        let there = (count(part::PROOFS), count(part::UNSEALED));
        if counted != there {
            let what = format!(
                "it counts {} proven batches and {} others; the bundle has {} and {}",
                counted.0, counted.1, there.0, there.1
            );
            self.fault(part::CASE, what);
        }
    }
}

#[cfg(test)]
mod tests;
