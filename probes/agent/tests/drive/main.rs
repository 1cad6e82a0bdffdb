//! A drive replayed: ModemManager (python-dbusmock), a receiver behind a real gpsd, and a line, the radio and the rates of one drive
//! of the Irish 5G data set, second by second. `cargo xtask drive` runs it.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "helpers of tests, and what they measured")]

mod communes;
mod rig;

use std::time::Duration;

use desserte_measure::{place_at, position_skew, radio_skew};
use desserte_model::{Direction, Mobile, Observation, PositionSource, Record, RunOutcome, Throughput};
use desserte_units::Monotonic;
use rig::Rig;

/// What the issue asks for.
const SKEW_MAX: Duration = Duration::from_secs(1);

/// As well, at 130 km/h.
const PLACE_ERROR_MAX_M: f64 = 15.0;

/// What gpsd tells of the replayed receiver, rounded up.
const GPSD_RADIUS_M: f64 = 18.0;

fn run(record: &Record) -> (&Throughput, &Mobile) {
    let Observation::Throughput(run) = &record.observation else { panic!("a drive records runs") };
    (run, run.course.mobile.as_ref().expect("a run of a drive has radio and place"))
}

/// The longest time between a moment of the transfer and the second that the nearest answer of the modem was true of.
fn true_skew(rig: &Rig, mobile: &Mobile) -> Duration {
    let (began, ended) = (mobile.began_us.unwrap(), mobile.ended_us.unwrap());
    let seconds: Vec<(u64, u64)> =
        mobile.radio.iter().flat_map(|radio| &radio.samples).map(|sample| rig.second_of(sample)).collect();
    let apart = |moment: u64| {
        seconds
            .iter()
            .map(|(from, to)| from.saturating_sub(moment).max(moment.saturating_sub(*to)))
            .min()
            .unwrap()
    };
    let moments = (began.as_micros()..=ended.as_micros()).step_by(50_000);
    Duration::from_micros(moments.chain([ended.as_micros()]).map(apart).max().unwrap())
}

/// A longitude and latitude as recorded, and as it was.
struct Place {
    seen: (f64, f64),
    truth: (f64, f64),
}

/// Whether places and truths are in the same communes, save where a border is within the error, which must be told.
fn are_in_the_right_communes(rig: &Rig, places: &[Place]) {
    let (seen, truths): (Vec<_>, Vec<_>) = places.iter().map(|place| (place.seen, place.truth)).unzip();
    let communes = |places: &[_]| communes::of(rig.folder(), places, GPSD_RADIUS_M);
    let Some((seen, truths)) = communes(&seen).zip(communes(&truths)) else {
        eprintln!("SKIPPED: communes, for which DESSERTE_PROGRAMS must say where the programs are");
        return;
    };
    let mut at_borders = 0;
    for (seen, truth) in seen.iter().zip(&truths) {
        let told = seen.commune == truth.commune || seen.candidates.contains(&truth.commune);
        assert!(told, "{seen:?} in truth {truth:?}");
        at_borders += usize::from(!seen.candidates.is_empty());
    }
    let crossed = truths.windows(2).filter(|pair| pair[0].commune != pair[1].commune).count();
    eprintln!(
        "{} positions in the right commune, {at_borders} of them told to be at a border; the way crosses {crossed}",
        seen.len()
    );
}

#[test]
#[ignore = "needs root, python3-dbusmock, gpsd and the shared traces: cargo xtask drive"]
fn a_replayed_drive_is_placed_and_heard_to_the_second() {
    let mut rig = Rig::new();
    // No satellites from 25 s to 32 s, and no ModemManager from about 45 s on.
    let said = rig.drive(Duration::from_secs(45));
    let killed = rig.progress();
    rig.stop_modem_manager();
    let more = rig.drive(Duration::from_secs(25));
    eprintln!("{said}{more}");

    let records = rig.records();
    let transfers: Vec<_> = records.iter().filter(|record| run(record).1.began_us.is_some()).collect();
    assert!(transfers.len() >= 4, "{} runs\n{said}{more}", transfers.len());
    let (mut worst_skew, mut worst_true, mut worst_place, mut worst_gap) =
        (Duration::ZERO, Duration::ZERO, 0.0_f64, Duration::ZERO);
    let mut heard = 0;
    let mut places = Vec::new();
    for record in &transfers {
        let (run, mobile) = run(record);
        let (began, ended) = (mobile.began_us.unwrap(), mobile.ended_us.unwrap());
        let middle = Monotonic::from_micros(u64::midpoint(began.as_micros(), ended.as_micros()));
        assert_eq!(record.position.source, PositionSource::Gnss);
        let truth = rig.truth(middle);
        let error = rig::metres(truth, (record.position.lon, record.position.lat));
        let radius = record.position.uncertainty_m.expect("gpsd tells a radius");
        assert!(error <= PLACE_ERROR_MAX_M && error <= radius, "{error} m off, {radius} m told");
        worst_place = worst_place.max(error);
        worst_gap = worst_gap.max(position_skew(mobile).unwrap());
        let track = mobile.track.as_ref().unwrap();
        let placed = place_at(track, middle).unwrap();
        assert!((placed.lon - record.position.lon).abs() < 1e-9, "anyone places it the same");
        places.push(Place { seen: (record.position.lon, record.position.lat), truth });
        for fix in &track.fixes {
            places.push(Place { seen: (fix.lon, fix.lat), truth: rig.truth(fix.moment()) });
            assert!(fix.lon > 1.0 && fix.lat > 46.0, "no fix is no position: {fix:?}");
        }
        if let Some(skew) = radio_skew(mobile).filter(|_| mobile.radio.as_ref().unwrap().fault.is_none()) {
            heard += 1;
            worst_skew = worst_skew.max(skew);
            worst_true = worst_true.max(true_skew(&rig, mobile));
            for sample in &mobile.radio.as_ref().unwrap().samples {
                rig.is_as_replayed(sample);
            }
        }
        let bits = run.samples.last().map_or(0, |last| last.bytes * 8);
        eprintln!(
            "{} {:?}: {} kbit in {:.2} s, {error:.1} m off within {radius:.1} m, radio {:?}",
            run.direction.code(),
            run.outcome,
            bits / 1000,
            ended.since(began).as_secs_f64(),
            radio_skew(mobile)
        );
    }
    eprintln!(
        "of {} runs with a transfer, {heard} with radio: skew to the answers at most {worst_skew:?}, to the seconds that they were true \
         of at most {worst_true:?}; to positions at most {worst_gap:?}; placed at most {worst_place:.1} m off",
        transfers.len()
    );
    are_in_the_right_communes(&rig, &places);
    assert!(heard >= 3 && worst_skew <= SKEW_MAX && worst_true <= SKEW_MAX);

    // The drive was killed under way and went on: what was done stayed done, and no data came back.
    let after = rig.progress();
    assert!(killed.passes > 0 && after.passes > killed.passes, "{killed:?} {after:?}");
    assert!(after.used >= killed.used + killed.open, "{killed:?} {after:?}");
    let complete = |direction| {
        records
            .iter()
            .map(run)
            .filter(|(run, _)| run.outcome == RunOutcome::Complete && run.direction == direction)
            .count()
    };
    assert_eq!(after.passes, complete(Direction::Download) + complete(Direction::Upload));
    let without =
        records.iter().filter(|record| run(record).1.radio.as_ref().unwrap().fault.is_some()).count();
    assert!(without > 0, "runs went on without ModemManager and said so");
    // The modem is read as seldom as before once nobody listens; the first drive was killed and could not see to it.
    assert!(rig.rates().starts_with(&[1]), "{:?}", rig.rates());
}
