//! What gpsd says, or whoever listens on its port: a place is one of the globe, whatever else is said.
#![no_main]

use desserte_model::{ClockSource, ClockStamp};
use desserte_units::{Monotonic, Timestamp};
use libfuzzer_sys::fuzz_target;

#[path = "../../probes/agent/src/aboard/gpsd/report.rs"]
mod report;

use report::{Reader, Told};

fuzz_target!(|octets: &[u8]| {
    let now = ClockStamp {
        boot: "00000000-0000-4000-8000-000000000001".parse().expect("a name of a boot"),
        monotonic_us: Monotonic::from_micros(77),
        utc_us: Some(Timestamp::from_unix_secs(1_795_000_000)),
        source: ClockSource::System,
        offset_us: Some(0),
        uncertainty_us: Some(1_000),
    };
    let mut reader = Reader::default();
    for line in octets.split(|octet| *octet == b'\n') {
        let Told::Fix(fix) = reader.read(line, &now) else { continue };
        assert!(desserte_model::LonLat::new(fix.lon, fix.lat).is_ok());
        assert!(fix.uncertainty_m.is_none_or(|radius| radius.is_finite() && radius >= 0.0));
        assert!(fix.speed_m_per_s.is_none_or(|speed| speed.is_finite() && speed >= 0.0));
    }
});
