//! Where a run on the way went, moment by moment (docs/spec/mobile.md).

use std::collections::BTreeMap;

use desserte_measure::place_at;
use desserte_model::{Fix, LonLat, Mobile, Observation, Position, PositionSource, Record};
use desserte_store::{Passage, PassageRole};
use desserte_territory::{Answer, Question, Territory};
use desserte_units::Monotonic;
use h3o::{LatLng, Resolution};

/// Answers of a modem, or positions of a receiver, around one run: a second apart, more than any run takes. Each costs a search in
/// the territory.
pub(super) const READINGS_MAX: usize = 1_000;

/// A position that is less sure than this says nothing of a cell or a commune, in metres.
const UNCERTAINTY_MAX_M: f64 = 2_000.0;

/// The cells that places are told by: about 0.7 km², the size by which regulators that map mobile networks by hexagons count
/// passes. A finer one would tell a house.
const RESOLUTION: Resolution = Resolution::Eight;

/// What a record has more of than it may.
pub(super) fn too_many(record: &Record) -> Option<&'static str> {
    let mobile = mobile(record)?;
    let answers = mobile.radio.as_ref().map_or(0, |radio| radio.samples.len());
    let fixes = mobile.track.as_ref().map_or(0, |track| track.fixes.len());
    match (answers > READINGS_MAX, fixes > READINGS_MAX) {
        (true, _) => Some("answers of the modem"),
        (_, true) => Some("positions"),
        _ => None,
    }
}

/// The places that a record's run passed: its own position, the moments of its transfer, and those in which the modem answered.
///
/// # Missing data
/// Empty for a probe that stands still. A moment whose place is not known, lies in no commune or is less sure than two kilometres is
/// left out.
pub(super) fn of_record(territory: &Territory, record: &Record, own: LonLat) -> Vec<Passage> {
    if record.position.source != PositionSource::Gnss {
        return Vec::new();
    }
    let mut passages = Vec::new();
    let at = record.clock.monotonic_us;
    passages.extend(passage(territory, &record.position, own, PassageRole::Position, at));
    let Some(mobile) = mobile(record) else { return passages };
    let Some(track) = &mobile.track else { return passages };
    for (at, role) in moments(mobile) {
        let placed = place_at(track, at).and_then(|place| {
            let point = place.point().ok()?;
            passage(territory, &place, point, role, at)
        });
        passages.extend(placed);
    }
    passages
}

fn mobile(record: &Record) -> Option<&Mobile> {
    match &record.observation {
        Observation::Throughput(run) => run.course.mobile.as_ref(),
        _ => None,
    }
}

/// The moments to place, each once: where the transfer began and ended, every position in between, and every answer of the modem.
fn moments(mobile: &Mobile) -> BTreeMap<Monotonic, PassageRole> {
    let transfer = mobile.began_us.zip(mobile.ended_us);
    let role = |at: Monotonic| match transfer {
        Some((began, ended)) if (began..=ended).contains(&at) => PassageRole::During,
        _ => PassageRole::Around,
    };
    let answers = mobile.radio.iter().flat_map(|radio| &radio.samples).map(|sample| sample.at_us);
    let fixes = mobile.track.iter().flat_map(|track| &track.fixes).map(Fix::moment);
    let ends = transfer.into_iter().flat_map(|(began, ended)| [began, ended]);
    let of_transfer = fixes.chain(ends).filter(|at| role(*at) == PassageRole::During);
    answers.chain(of_transfer).map(|at| (at, role(at))).collect()
}

fn passage(
    territory: &Territory,
    place: &Position,
    point: LonLat,
    role: PassageRole,
    at: Monotonic,
) -> Option<Passage> {
    let told = place.uncertainty_m.filter(|metres| *metres >= 0.0);
    let error_m = told.unwrap_or(0.0);
    if error_m > UNCERTAINTY_MAX_M {
        return None;
    }
    let commune = territory.locate(point).commune()?;
    let reached = match territory.answer(point, Question { nearest_within_m: 0.0, error_m }) {
        Answer::Inside(_) => Some(false),
        Answer::Border(_) => Some(true),
        Answer::Near(_) | Answer::Outside => None,
    };
    let cell = LatLng::new(point.lat(), point.lon()).ok()?.to_cell(RESOLUTION);
    Some(Passage {
        role,
        at,
        commune: commune.code,
        vintage: territory.vintage(),
        h3: cell.to_string(),
        uncertainty_m: told,
        border: told.and(reached),
    })
}
