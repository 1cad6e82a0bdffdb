//! Writing and checking proofs.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_custody::{Proof, Statement};
use desserte_store::Wanted;

use super::arguments::{ProveArguments, VerifyArguments};
use crate::arguments::Lang;
use crate::clock;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;

/// Octets read of a file that a stranger may have written: more than any proof or seal has.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

pub(super) fn prove(arguments: &ProveArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    let subject = match (arguments.subject.record, arguments.subject.note) {
        (Some(record), _) => Wanted::Record(record),
        (None, Some(number)) => Wanted::Note(number),
        (None, None) => return Err(Failure::usage(anyhow!("name a record or a note"))),
    };
    let proof = store.prove(subject)?.ok_or_else(|| {
        Failure::no(anyhow!(
            "there is no such record or note in {}, or its day is not sealed yet: a day is sealed once it is over",
            arguments.data.data.display()
        ))
    })?;
    let text = serde_json::to_string_pretty(&proof).context("cannot write the proof")?;
    std::fs::write(&arguments.out, text + "\n")
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    note(&format!("{} proves it against the seal of {}", arguments.out.display(), proof.seal.day));
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut octets = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX).read_to_end(&mut octets))
        .with_context(|| format!("cannot read {}", path.display()))?;
    Ok(octets)
}

pub(super) fn verify(arguments: &VerifyArguments) -> Outcome {
    let octets = read(&arguments.proof)?;
    let proof =
        Proof::read(&octets).with_context(|| arguments.proof.display().to_string()).map_err(Failure::no)?;
    let seal = match &arguments.seal {
        Some(path) => {
            let text = String::from_utf8(read(path)?).unwrap_or_default();
            Some(Statement::read(&text).with_context(|| path.display().to_string()).map_err(Failure::no)?)
        }
        None => None,
    };
    let verdict = desserte_custody::verify(&proof, seal.as_ref(), arguments.key.as_deref());
    if !verdict.faults.is_empty() {
        for fault in &verdict.faults {
            line(&fault.to_string())?;
        }
        let words = match arguments.lang {
            Lang::Fr => "la preuve ne tient pas : voir les lignes ci-dessus",
            Lang::En => "the proof does not hold: see the lines above",
        };
        return Err(Failure::no(anyhow!("{words}")));
    }
    say(&proof, verdict.records, arguments)?;
    match verdict.record {
        Some(record) => line(&String::from_utf8_lossy(&record)),
        None => Ok(()),
    }
}

/// Says in words what a proof shows, and against what it was held.
fn say(proof: &Proof, records: u64, arguments: &VerifyArguments) -> Outcome {
    let day = proof.seal.day;
    let subject = match (&proof.batch, &proof.event, arguments.lang) {
        (Some(batch), _, Lang::Fr) => format!(
            "Ce lot de {records} relevés, signé par la clé {}, a été reçu le {} et n’a pas été modifié depuis le sceau du {day}.",
            batch.public_key,
            clock::text(batch.received_us)
        ),
        (Some(batch), _, Lang::En) => format!(
            "This batch of {records} records, signed with key {}, was received at {} and was not changed since the seal of {day}.",
            batch.public_key,
            clock::text(batch.received_us)
        ),
        (None, Some(event), Lang::Fr) => format!(
            "Cette note ({}, notée le {}) n’a pas été modifiée depuis le sceau du {day} : {}",
            event.kind,
            clock::text(event.noted_us),
            event.text
        ),
        (None, Some(event), Lang::En) => format!(
            "This note ({}, noted at {}) was not changed since the seal of {day}: {}",
            event.kind,
            clock::text(event.noted_us),
            event.text
        ),
        (None, None, _) => String::new(),
    };
    line(&subject)?;
    let (fr, en) = match (&arguments.seal, &arguments.key) {
        (Some(_), Some(_)) => return Ok(()),
        (None, _) => (
            "Attention : sans --seal, la preuve n’est comparée qu’à elle-même ; demandez le sceau du jour à qui le publie.",
            "Mind: without --seal the proof was held against itself alone; get the day's seal from whoever publishes it.",
        ),
        (Some(_), None) => (
            "Attention : sans --key, rien ne dit que cette clé est celle de la sonde.",
            "Mind: without --key nothing says that this key is the probe's.",
        ),
    };
    note(match arguments.lang {
        Lang::Fr => fr,
        Lang::En => en,
    });
    Ok(())
}
