//! Sending the made-up records, signed, through the collector's own intake.

use std::io::Write as _;

use anyhow::{Context as _, anyhow};
use desserte_collector::{Intake, SignedBody};
use desserte_model::{BATCH_CONTENT_TYPE, BATCH_SCHEMA, BatchHeader, BatchId, BootAnchor, ClockSource};
use desserte_signing::{ProbeKey, RequestTarget, encode_batch, sign_request};
use desserte_units::{Monotonic, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::records::{Day, software};
use super::sites::Story;
use crate::out::Failure;

/// Path of the request that a probe would make.
const PATH: &str = "/api/v1/batches";

/// Time from the end of a day to the arrival of its records, microseconds.
const UPLOAD_DELAY_US: i64 = 20_000_000;

/// Sends the days of one probe; gives the number of records kept.
pub(super) fn send(
    intake: &Intake<'_>,
    key: &ProbeKey,
    mut days: Vec<Day>,
    random: &mut ChaCha8Rng,
) -> Result<u64, Failure> {
    if let Some(stuck) = days.len().checked_sub(4)
        && days.first().is_some_and(|day| day.story == Story::OutOfOrder)
    {
        let day = days.remove(stuck);
        days.push(day);
    }
    let mut kept = 0;
    let mut received = Timestamp::from_unix_secs(0);
    for (number, day) in days.iter().enumerate() {
        received = received.max(day.end.saturating_add_micros(UPLOAD_DELAY_US));
        // The clock of the story is found on its second day.
        let anchors = if day.story == Story::LateClock && number > 0 { vec![anchor(day)] } else { vec![] };
        kept += send_day(intake, key, day, anchors, received, random)?;
    }
    Ok(kept)
}

fn anchor(day: &Day) -> BootAnchor {
    BootAnchor {
        boot: day.boot,
        monotonic_us: Monotonic::from_micros(day.end.micros_since(day.boot_start).unsigned_abs()),
        utc_us: day.end,
        source: ClockSource::Collector,
        uncertainty_us: 50_000,
    }
}

fn send_day(
    intake: &Intake<'_>,
    key: &ProbeKey,
    day: &Day,
    anchors: Vec<BootAnchor>,
    received: Timestamp,
    random: &mut ChaCha8Rng,
) -> Result<u64, Failure> {
    let header = BatchHeader {
        schema: BATCH_SCHEMA.to_owned(),
        batch: BatchId::from_uuid(Uuid::from_u128(random.random())),
        probe: key.id(),
        anchors,
        software: software(),
    };
    let text = encode_batch(&header, day.lines.iter().map(Vec::as_slice)).context("cannot write a batch")?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&text).context("cannot pack a batch")?;
    let octets = encoder.finish().context("cannot pack a batch")?;
    let target = RequestTarget {
        method: "POST",
        path: PATH,
        content_type: BATCH_CONTENT_TYPE,
        content_encoding: Some("gzip"),
    };
    let headers = sign_request(key, &target, &octets, received);
    let receipt = intake
        .take(&SignedBody { path: PATH, headers: &headers, octets: &octets }, received)
        .map_err(|problem| anyhow!("made-up records were refused: {problem:?}"))?;
    Ok(receipt.accepted)
}
