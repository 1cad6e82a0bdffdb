//! What a page sends when a resident gives a test.

use desserte_measure::{METHOD_VERSION, ramp_up, steady_goodput};
use desserte_model::{ByteSample, CommuneCode};
use desserte_store::NewContribution;
use desserte_territory::Territory;
use desserte_units::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Code;

/// Octets of a body: two runs of 400 readings of twenty digits each.
pub(crate) const BODY_BYTES_MAX: usize = 32 * 1024;

/// Readings of a run: thirteen seconds at thirty a second.
const READINGS_MAX: usize = 400;

/// Longest run: the protocol's own limit and what may still be under way at its end.
const ELAPSED_US_MAX: u64 = 16_000_000;

/// Most octets of a run: ten gigabits a second for as long.
const OCTETS_MAX: u64 = 20_000_000_000;

/// Longest round trip that is taken for one.
const RTT_US_MAX: u64 = 10_000_000;

const HOUR_US: i64 = 3_600_000_000;

/// A test that a resident gives.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[schema(as = Contribution)]
#[serde(deny_unknown_fields)]
pub(crate) struct Giving {
    /// True: the contributor was asked and agreed. Nothing is kept otherwise.
    pub(crate) consent: bool,
    /// The commune where the test was made, by its official code.
    pub(crate) commune: String,
    /// How the device is connected, as its user says: `wired`, `wifi`, `mobile` or `unknown`.
    pub(crate) medium: GivenMedium,
    /// The code of an earlier test of the same contributor; a new one is made without it.
    #[serde(default)]
    pub(crate) code: Option<String>,
    /// The download.
    #[serde(default)]
    pub(crate) download: Option<GivenRun>,
    /// The upload.
    #[serde(default)]
    pub(crate) upload: Option<GivenRun>,
    /// Smallest round trip that the server's kernel told, in microseconds.
    #[serde(default)]
    pub(crate) rtt_us: Option<u64>,
}

/// One direction.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GivenRun {
    /// The receiver's counter: microseconds since the connection stood, and octets of payload until then; both rise.
    pub(crate) readings: Vec<(u64, u64)>,
}

/// How a resident's device is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GivenMedium {
    Wired,
    Wifi,
    Mobile,
    Unknown,
}

impl GivenMedium {
    const fn code(self) -> &'static str {
        match self {
            Self::Wired => "wired",
            Self::Wifi => "wifi",
            Self::Mobile => "mobile",
            Self::Unknown => "unknown",
        }
    }
}

/// What is behind the figures, as it is kept.
#[derive(Serialize)]
struct Kept<'a> {
    download: Option<&'a GivenRun>,
    upload: Option<&'a GivenRun>,
}

impl Giving {
    /// What is kept of it, at this moment, for the holder of `code`.
    ///
    /// # Errors
    /// What is wrong with it, for the sender.
    pub(crate) fn checked(
        &self,
        code: &Code,
        territory: &Territory,
        now: Timestamp,
    ) -> Result<NewContribution, String> {
        if !self.consent {
            return Err("nothing is kept without consent".to_owned());
        }
        let found = self.commune.parse::<CommuneCode>().ok().and_then(|code| territory.commune(code));
        let commune = found.ok_or("the commune is not part of the territory")?;
        let download_bps = figure(self.download.as_ref())?;
        let upload_bps = figure(self.upload.as_ref())?;
        if download_bps.is_none() && upload_bps.is_none() {
            return Err("neither direction has enough readings for a figure".to_owned());
        }
        if self.rtt_us.is_some_and(|us| us == 0 || us > RTT_US_MAX) {
            return Err(format!("a round trip lasts 1 to {RTT_US_MAX} microseconds"));
        }
        let kept = Kept { download: self.download.as_ref(), upload: self.upload.as_ref() };
        Ok(NewContribution {
            contributor: code.contributor(),
            commune: commune.code.to_string(),
            departement: commune.departement.clone(),
            hour: Timestamp::from_unix_micros(now.as_unix_micros().div_euclid(HOUR_US) * HOUR_US),
            medium: self.medium.code().to_owned(),
            download_bps,
            upload_bps,
            rtt_us: self.rtt_us,
            method: METHOD_VERSION.to_owned(),
            readings: serde_json::to_string(&kept).map_err(|error| error.to_string())?,
        })
    }
}

/// The steady goodput of a run, bits per second; `None` without a run, or with too few readings.
fn figure(run: Option<&GivenRun>) -> Result<Option<f64>, String> {
    let Some(run) = run else { return Ok(None) };
    if run.readings.len() > READINGS_MAX {
        return Err(format!("a run has {READINGS_MAX} readings at the most"));
    }
    if run.readings.iter().any(|(us, octets)| *us > ELAPSED_US_MAX || *octets > OCTETS_MAX) {
        return Err(format!(
            "a run lasts {ELAPSED_US_MAX} microseconds and has {OCTETS_MAX} octets at the most"
        ));
    }
    let rises = |pair: &[(u64, u64)]| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1;
    if !run.readings.windows(2).all(rises) {
        return Err("readings rise in time, and do not fall in octets".to_owned());
    }
    let samples: Vec<ByteSample> = run
        .readings
        .iter()
        .map(|(elapsed_us, bytes)| ByteSample { elapsed_us: *elapsed_us, bytes: *bytes })
        .collect();
    Ok(steady_goodput(&samples, ramp_up(&samples)).map(desserte_units::BitRate::as_bits_per_second))
}

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    fn steady(mbit: u64) -> GivenRun {
        GivenRun { readings: (0..=100).map(|n| (n * 100_000, n * 12_500 * mbit)).collect() }
    }

    fn giving(territory: &Territory) -> Giving {
        Giving {
            consent: true,
            commune: territory.communes().next().unwrap().code.to_string(),
            medium: GivenMedium::Wifi,
            code: None,
            download: Some(steady(8)),
            upload: None,
            rtt_us: Some(30_000),
        }
    }

    #[test]
    fn a_test_is_kept_by_the_hour_with_the_figure_that_probes_would_have() {
        let territory = synthetic::territory(1);
        let code = Code::new().unwrap();
        let now = Timestamp::from_unix_micros(5 * HOUR_US + 1_234_567);
        let kept = giving(&territory).checked(&code, &territory, now).unwrap();
        assert_eq!(kept.hour.as_unix_micros(), 5 * HOUR_US);
        assert!((kept.download_bps.unwrap() - 8e6).abs() < 1.0);
        assert_eq!((kept.upload_bps, kept.method.as_str()), (None, METHOD_VERSION));
        assert_eq!(kept.contributor, code.contributor());
    }

    #[test]
    fn what_cannot_be_a_test_is_refused_with_its_reason() {
        let territory = synthetic::territory(1);
        let code = Code::new().unwrap();
        let refused = |change: &dyn Fn(&mut Giving)| {
            let mut given = giving(&territory);
            change(&mut given);
            given.checked(&code, &territory, Timestamp::from_unix_micros(0)).unwrap_err()
        };
        assert!(refused(&|g| g.consent = false).contains("consent"));
        assert!(refused(&|g| g.commune = "00000".to_owned()).contains("commune"));
        assert!(refused(&|g| g.download = None).contains("neither"));
        assert!(refused(&|g| g.download = Some(GivenRun { readings: vec![(0, 0)] })).contains("neither"));
        assert!(refused(&|g| g.rtt_us = Some(0)).contains("round trip"));
        let run = |readings: Vec<(u64, u64)>| {
            refused(&move |g: &mut Giving| g.upload = Some(GivenRun { readings: readings.clone() }))
        };
        assert!(run(vec![(0, 0), (0, 5)]).contains("rise"));
        assert!(run(vec![(0, 9), (1, 5)]).contains("rise"));
        assert!(run(vec![(0, 0), (u64::MAX, 5)]).contains("lasts"));
        assert!(run((0..=400).map(|n| (n, n)).collect()).contains("at the most"));
    }
}
