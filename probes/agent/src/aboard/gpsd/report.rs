//! What gpsd says, line by line (gpsd_json(5), class TPV); everything else it says is passed over.

use desserte_model::{ClockStamp, Fix, PositionFault};
use desserte_units::Timestamp;
use serde::Deserialize;

/// A calendar that may be wrong by more than this cannot tell how old a position is.
const CALENDAR_ERROR_MAX_US: u64 = 250_000;

/// A position older than this when it comes is not late: the receiver's date is another, as in a replay.
const AGE_MAX_US: i64 = 2_000_000;

/// What a line tells of the place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Told {
    /// Nothing: another kind of line.
    Nothing,
    /// A position that was not told before.
    Fix(Fix),
    /// That there is none.
    None(PositionFault),
}

#[derive(Debug, Deserialize)]
struct Line {
    class: String,
    mode: Option<u8>,
    time: Option<String>,
    lon: Option<f64>,
    lat: Option<f64>,
    eph: Option<f64>,
    epx: Option<f64>,
    epy: Option<f64>,
    speed: Option<f64>,
}

/// Reads the lines of one connection.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// The receiver's time of the last position.
    last: Option<Timestamp>,
}

impl Reader {
    /// Reads a line that came at `now`.
    pub(super) fn read(&mut self, line: &[u8], now: &ClockStamp) -> Told {
        let Ok(line) = serde_json::from_slice::<Line>(line) else { return Told::Nothing };
        if line.class != "TPV" {
            return Told::Nothing;
        }
        // Mode 2 is a position, 3 one with height; 0 and 1 are none, whatever else the line holds.
        let (Some(mode @ 2..), Some(lon), Some(lat)) = (line.mode, line.lon, line.lat) else {
            return Told::None(PositionFault::NoFix);
        };
        if desserte_model::LonLat::new(lon, lat).is_err() {
            return Told::None(PositionFault::NoFix);
        }
        let time = line.time.as_deref().and_then(timestamp);
        if time.is_some() && time == self.last {
            return Told::None(PositionFault::Stale);
        }
        self.last = time;
        Told::Fix(Fix {
            at_us: now.monotonic_us,
            age_us: time.and_then(|time| age(time, now)),
            utc_us: time,
            lon,
            lat,
            uncertainty_m: radius(&line),
            speed_m_per_s: line.speed.filter(|speed| speed.is_finite() && *speed >= 0.0),
            three_dimensional: mode >= 3,
        })
    }
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_unix_micros(time.as_microsecond()))
}

fn age(time: Timestamp, now: &ClockStamp) -> Option<u64> {
    let utc =
        now.utc_us.filter(|_| now.uncertainty_us.is_some_and(|error| error <= CALENDAR_ERROR_MAX_US))?;
    let age = utc.micros_since(time);
    u64::try_from(age).ok().filter(|_| age <= AGE_MAX_US)
}

/// gpsd's own radius, else that around both of its half-axes; both are 95 % in its documentation.
fn radius(line: &Line) -> Option<f64> {
    let axes = line.epx.zip(line.epy).map(|(east, north)| east.hypot(north));
    line.eph.or(axes).filter(|radius| radius.is_finite() && *radius >= 0.0)
}

#[cfg(test)]
mod tests {
    use desserte_model::ClockSource;
    use desserte_units::Monotonic;

    use super::*;

    /// As gpsd 3.22 wrote it.
    const TPV: &str = r#"{"class":"TPV","device":"/dev/pts/2","status":1,"mode":3,"time":"2026-11-22T20:00:05.000Z","ept":0.005,"lat":46.170001,"lon":1.871502,"altHAE":461.1,"epx":3.1,"epy":4.2,"epv":9.2,"track":91.2,"speed":36.1,"climb":0.0,"eps":0.5,"eph":5.9}"#;

    fn now(utc_s: Option<f64>, error_us: u64) -> ClockStamp {
        #[expect(clippy::cast_possible_truncation, reason = "a moment of this century")]
        let utc_us = utc_s.map(|after| {
            timestamp("2026-11-22T20:00:05Z").unwrap().saturating_add_micros((after * 1e6) as i64)
        });
        ClockStamp {
            boot: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
            monotonic_us: Monotonic::from_micros(77),
            utc_us,
            source: ClockSource::System,
            offset_us: Some(0),
            uncertainty_us: Some(error_us),
        }
    }

    fn fix(line: &str, now: &ClockStamp) -> Fix {
        match Reader::default().read(line.as_bytes(), now) {
            Told::Fix(fix) => fix,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_position_comes_with_its_radius_speed_and_age() {
        let read = fix(TPV, &now(Some(0.4), 1_000));
        assert_eq!(
            (read.lon.to_bits(), read.lat.to_bits()),
            (1.871_502_f64.to_bits(), 46.170_001_f64.to_bits())
        );
        assert_eq!((read.uncertainty_m, read.speed_m_per_s), (Some(5.9), Some(36.1)));
        assert_eq!((read.at_us.as_micros(), read.age_us), (77, Some(400_000)));
        assert!(read.three_dimensional);
    }

    #[test]
    fn no_age_is_told_that_is_not_known() {
        for unknown in [now(None, 0), now(Some(0.4), 400_000), now(Some(-0.4), 1_000), now(Some(90.0), 1_000)]
        {
            assert_eq!(fix(TPV, &unknown).age_us, None, "{unknown:?}");
        }
    }

    #[test]
    fn without_a_fix_there_is_no_position_whatever_numbers_stand_there() {
        for mode in ["0", "1"] {
            let line = TPV.replace("\"mode\":3", &format!("\"mode\":{mode}"));
            assert_eq!(
                Reader::default().read(line.as_bytes(), &now(None, 0)),
                Told::None(PositionFault::NoFix)
            );
        }
        for line in [
            r#"{"class":"TPV","mode":3}"#,
            r#"{"class":"TPV","mode":2,"lat":46.1}"#,
            r#"{"class":"TPV","mode":2,"lat":461.0,"lon":1.0}"#,
            r#"{"class":"TPV"}"#,
        ] {
            assert_eq!(
                Reader::default().read(line.as_bytes(), &now(None, 0)),
                Told::None(PositionFault::NoFix)
            );
        }
    }

    #[test]
    fn a_repeated_position_is_told_from_a_new_one() {
        let mut reader = Reader::default();
        assert!(matches!(reader.read(TPV.as_bytes(), &now(None, 0)), Told::Fix(_)));
        assert_eq!(reader.read(TPV.as_bytes(), &now(None, 0)), Told::None(PositionFault::Stale));
        let later = TPV.replace(":05.000Z", ":06.000Z");
        assert!(matches!(reader.read(later.as_bytes(), &now(None, 0)), Told::Fix(_)));
    }

    #[test]
    fn other_lines_and_rubbish_tell_nothing() {
        for line in [
            r#"{"class":"VERSION","release":"3.22"}"#,
            r#"{"class":"SKY","satellites":[]}"#,
            "",
            "{",
            "\u{0}",
        ] {
            assert_eq!(Reader::default().read(line.as_bytes(), &now(None, 0)), Told::Nothing, "{line}");
        }
    }

    #[test]
    fn the_radius_of_two_axes_stands_in() {
        let axes = TPV.replace(",\"eph\":5.9", "");
        assert!((fix(&axes, &now(None, 0)).uncertainty_m.unwrap() - 5.220_153).abs() < 1e-6);
        let nothing = axes.replace("\"epx\":3.1,", "");
        assert_eq!(fix(&nothing, &now(None, 0)).uncertainty_m, None);
    }
}
