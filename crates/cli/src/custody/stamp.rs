//! Time-stamps of a seal. The request and the answer are files: who carries them, and to which authority, is the operator's choice,
//! and this program calls nobody.

use anyhow::Context as _;
use desserte_custody::{read_stamp, stamp_request};
use desserte_store::Stamp;

use super::arguments::{StampKeepArguments, StampRequestArguments};
use super::sealed;
use crate::clock;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;

pub(super) fn request(arguments: &StampRequestArguments) -> Outcome {
    let seal = sealed(&open_existing(&arguments.data)?, arguments.day)?;
    let nonce = getrandom::u64().context("the system gives no random numbers")?;
    let octets = stamp_request(&seal, nonce)?;
    std::fs::write(&arguments.out, octets)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    note(&format!(
        "send it: curl --data-binary @{} --header 'Content-Type: application/timestamp-query' --output answer.tsr AUTHORITY",
        arguments.out.display()
    ));
    Ok(())
}

pub(super) fn keep(arguments: &StampKeepArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    let seal = sealed(&store, arguments.day)?;
    let response = std::fs::read(&arguments.response)
        .with_context(|| format!("cannot read {}", arguments.response.display()))?;
    let stamped = read_stamp(&seal, None, &response)
        .with_context(|| arguments.response.display().to_string())
        .map_err(Failure::no)?;
    store.keep_stamp(Stamp {
        day: arguments.day,
        authority: arguments.authority.clone(),
        received: clock::now(),
        response,
    })?;
    line(&format!(
        "{} says that it saw the seal of {} at {}",
        arguments.authority,
        seal.day,
        clock::text(stamped.time)
    ))?;
    note("its signature was not checked here: `openssl ts -verify` does it (docs/spec/custody.md)");
    Ok(())
}
