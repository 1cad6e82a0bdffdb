//! Where a run on the move was, and how far its radio readings lie from it in time (docs/spec/mobile.md).

use std::time::Duration;

use desserte_model::{Fix, Mobile, Position, PositionSource, Track};
use desserte_units::Monotonic;

/// Positions further apart than this are not joined by a line: a car is elsewhere by then.
const JOIN_MAX: Duration = Duration::from_secs(10);

/// A position is held on to for so long after, or before, the moment it is of.
const HOLD_MAX: Duration = Duration::from_secs(10);

/// Hardest change of speed or direction of a road vehicle or train that is not crashing, in m/s².
const ACCELERATION_MAX: f64 = 5.0;

/// Speed that is assumed where the receiver tells none, in m/s: 180 km/h.
const SPEED_ASSUMED: f64 = 50.0;

/// The position at a moment: on the line between the positions before and after it, else the nearest.
///
/// # Units
/// The uncertainty is the receiver's larger one of the two, with what the vehicle may have strayed from the line (5 m/s² for half the
/// time between them), or gone on from the nearest at its speed, in metres.
///
/// # Missing data
/// `None` when no position is within ten seconds. Without the receiver's own uncertainty the answer has none either.
#[must_use]
pub fn place_at(track: &Track, at: Monotonic) -> Option<Position> {
    let before = track.fixes.iter().filter(|fix| fix.moment() <= at).max_by_key(|fix| fix.moment());
    let after = track.fixes.iter().filter(|fix| fix.moment() >= at).min_by_key(|fix| fix.moment());
    match (before, after) {
        (Some(before), Some(after)) if after.moment().since(before.moment()) <= JOIN_MAX => {
            Some(between(before, after, at))
        }
        (before, after) => {
            let nearest = [before, after].into_iter().flatten().min_by_key(|fix| apart(fix.moment(), at))?;
            held(nearest, apart(nearest.moment(), at))
        }
    }
}

/// Longest time between a moment of the transfer and the modem's nearest answer.
///
/// # Missing data
/// `None` when no transfer began, or the modem never answered around it.
#[must_use]
pub fn radio_skew(mobile: &Mobile) -> Option<Duration> {
    let answers = mobile.radio.as_ref()?.samples.iter().map(|sample| sample.at_us);
    skew(mobile.began_us?, mobile.ended_us?, answers)
}

/// Longest time between a moment of the transfer and the nearest position.
///
/// # Missing data
/// `None` when no transfer began, or there was no position around it.
#[must_use]
pub fn position_skew(mobile: &Mobile) -> Option<Duration> {
    let fixes = mobile.track.as_ref()?.fixes.iter().map(Fix::moment);
    skew(mobile.began_us?, mobile.ended_us?, fixes)
}

/// The distance to the nearest reading is longest at an end of the transfer or half-way between two readings.
fn skew(
    began: Monotonic,
    ended: Monotonic,
    readings: impl Iterator<Item = Monotonic> + Clone,
) -> Option<Duration> {
    let nearest = |moment| readings.clone().map(|reading| apart(reading, moment)).min();
    let mut times: Vec<u64> = readings.clone().map(Monotonic::as_micros).collect();
    times.sort_unstable();
    let half_way = times.windows(2).map(|pair| Monotonic::from_micros(u64::midpoint(pair[0], pair[1])));
    let within = half_way.filter(|moment| (began..=ended).contains(moment));
    within.chain([began, ended]).filter_map(nearest).max()
}

fn apart(one: Monotonic, other: Monotonic) -> Duration {
    one.since(other).max(other.since(one))
}

fn between(before: &Fix, after: &Fix, at: Monotonic) -> Position {
    let whole = after.moment().since(before.moment());
    let share =
        if whole.is_zero() { 0.0 } else { at.since(before.moment()).as_secs_f64() / whole.as_secs_f64() };
    let strayed = ACCELERATION_MAX * whole.as_secs_f64().powi(2) / 8.0;
    let larger = before.uncertainty_m.zip(after.uncertainty_m).map(|(one, other)| one.max(other));
    Position {
        lon: before.lon + share * (after.lon - before.lon),
        lat: before.lat + share * (after.lat - before.lat),
        uncertainty_m: larger.map(|radius| radius + strayed),
        source: PositionSource::Gnss,
    }
}

fn held(fix: &Fix, age: Duration) -> Option<Position> {
    if age > HOLD_MAX {
        return None;
    }
    let age = age.as_secs_f64();
    let gone = fix.speed_m_per_s.unwrap_or(SPEED_ASSUMED) * age + ACCELERATION_MAX * age.powi(2) / 2.0;
    Some(Position {
        lon: fix.lon,
        lat: fix.lat,
        uncertainty_m: fix.uncertainty_m.map(|radius| radius + gone),
        source: PositionSource::Gnss,
    })
}

#[cfg(test)]
mod tests {
    use desserte_model::{Radio, RadioSample};
    use proptest::prelude::*;

    use super::*;

    fn fix(at_ms: u64, lon: f64) -> Fix {
        Fix {
            at_us: Monotonic::from_micros(at_ms * 1000),
            age_us: None,
            utc_us: None,
            lon,
            lat: 46.17,
            uncertainty_m: Some(4.0),
            speed_m_per_s: Some(36.0),
            three_dimensional: true,
        }
    }

    fn at(ms: u64) -> Monotonic {
        Monotonic::from_micros(ms * 1000)
    }

    fn track(fixes: Vec<Fix>) -> Track {
        Track { fixes, fault: None }
    }

    #[test]
    fn between_two_positions_the_place_is_on_the_line_and_a_little_less_sure() {
        let place = place_at(&track(vec![fix(10_000, 1.0), fix(11_000, 1.1)]), at(10_250)).unwrap();
        assert!((place.lon - 1.025).abs() < 1e-9, "{place:?}");
        // 5 m/s² over a second: an eighth of it.
        assert!((place.uncertainty_m.unwrap() - 4.625).abs() < 1e-9, "{place:?}");
        assert_eq!(place.source, PositionSource::Gnss);
    }

    #[test]
    fn a_position_is_held_on_to_with_growing_doubt_and_then_let_go() {
        let one = track(vec![fix(10_000, 1.0)]);
        let doubt = |ms| place_at(&one, at(ms)).map(|place| place.uncertainty_m.unwrap());
        assert_eq!(doubt(10_000), Some(4.0));
        assert_eq!(doubt(12_000), Some(4.0 + 72.0 + 10.0));
        assert_eq!(doubt(20_001), None);
        assert_eq!(place_at(&track(Vec::new()), at(0)), None, "no fix is no position");
    }

    #[test]
    fn a_gap_is_not_bridged() {
        let gap = track(vec![fix(0, 1.0), fix(60_000, 1.5)]);
        assert_eq!(place_at(&gap, at(30_000)), None);
        assert!((place_at(&gap, at(58_000)).unwrap().lon - 1.5).abs() < 1e-12);
    }

    #[test]
    fn an_unknown_uncertainty_stays_unknown() {
        let unsure = Fix { uncertainty_m: None, ..fix(11_000, 1.1) };
        let place = place_at(&track(vec![fix(10_000, 1.0), unsure]), at(10_500)).unwrap();
        assert_eq!(place.uncertainty_m, None);
    }

    #[test]
    fn an_aged_position_counts_at_its_own_moment() {
        let aged = Fix { age_us: Some(400_000), ..fix(10_400, 1.0) };
        let place = place_at(&track(vec![aged]), at(10_000)).unwrap();
        assert_eq!(place.uncertainty_m, Some(4.0));
    }

    fn answered(at_ms: &[u64]) -> Mobile {
        let sample = |ms: &u64| RadioSample {
            at_us: at(*ms),
            took_us: 0,
            signals_age_max_us: None,
            registration: None,
            operator: None,
            access: Vec::new(),
            signals: Vec::new(),
            cells: Vec::new(),
        };
        Mobile {
            began_us: Some(at(10_000)),
            ended_us: Some(at(20_000)),
            radio: Some(Radio { samples: at_ms.iter().map(sample).collect(), fault: None }),
            track: None,
        }
    }

    #[test]
    fn the_skew_is_the_longest_way_to_the_nearest_answer() {
        let skew = |at_ms: &[u64]| radio_skew(&answered(at_ms)).map(|skew| skew.as_millis());
        assert_eq!(skew(&[9_500, 15_000, 20_100]), Some(2_750));
        assert_eq!(skew(&[9_900]), Some(10_100), "nothing was heard during the run");
        assert_eq!(skew(&[]), None);
        assert_eq!(radio_skew(&Mobile { began_us: None, ..answered(&[9_900]) }), None);
    }

    proptest! {
        #[test]
        fn no_moment_of_the_run_is_further_from_an_answer_than_the_skew(
            answers in proptest::collection::vec(5_000_u64..25_000, 1..20),
            moment in 10_000_u64..=20_000,
        ) {
            let mobile = answered(&answers);
            let nearest = answers.iter().map(|answer| answer.abs_diff(moment)).min().unwrap();
            prop_assert!(u128::from(nearest) <= radio_skew(&mobile).unwrap().as_millis() + 1);
        }
    }
}
