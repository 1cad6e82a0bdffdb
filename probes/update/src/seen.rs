//! What the probe shows of itself: the file that `desserte-probe status` reads, as far as the updater needs it.

use std::path::Path;
use std::time::Duration;
use std::{fs, io, thread};

use serde::Deserialize;

use crate::clock::Moment;

const FILE: &str = "status.json";

/// The version of the file that is understood; another one says nothing here, and a trial of it therefore fails.
const SCHEMA: &str = "desserte-probe-status/1";

/// The probe overwrites the file in place: a reader that meets it half written reads again.
const READS: u32 = 10;

/// Longest file that is read; the probe pads it to 4 KiB.
const BYTES_MAX: u64 = 256 * 1024;

/// The probe as it shows itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its version.
    pub version: String,
    /// Its name, which is made from its public key.
    pub probe: String,
    /// When it started.
    pub started: Moment,
    /// When it wrote this.
    pub written: Moment,
    /// When the collector last acknowledged a batch, by this start or an earlier one; `None` when it never did.
    pub acknowledged: Option<Moment>,
    /// Whether its last attempt to report failed.
    pub faulty: bool,
    /// The time when this was written, in microseconds since 1970, when something vouches for it.
    pub trusted_unix_us: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Board {
    schema: String,
    version: String,
    probe: String,
    started: Shown,
    written: Shown,
    clock: Clock,
    reports: Reports,
}

#[derive(Debug, Deserialize)]
struct Shown {
    boot: String,
    monotonic_us: u64,
    utc_us: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Clock {
    source: String,
}

#[derive(Debug, Deserialize)]
struct Reports {
    last_success: Option<Shown>,
    fault: Option<serde::de::IgnoredAny>,
}

impl Seen {
    /// A probe of which nothing is known but a moment.
    #[cfg(test)]
    #[must_use]
    pub fn at(moment: Moment) -> Self {
        Self {
            version: "0.1.0".to_owned(),
            probe: "p".to_owned(),
            started: moment.clone(),
            written: moment,
            acknowledged: None,
            faulty: false,
            trusted_unix_us: None,
        }
    }

    /// Whether it runs and its reports arrive: it showed itself within `silent`, the collector acknowledged a batch in this boot, and the last
    /// attempt did not fail. How long ago that was depends on how often it reports, half an hour behind some lines.
    #[must_use]
    pub fn reports(&self, now: &Moment, silent: Duration) -> bool {
        let here = |at: &Moment| at.until(now).is_some();
        let shows = self.written.until(now).is_some_and(|age| age <= silent);
        shows && !self.faulty && self.acknowledged.as_ref().is_some_and(here)
    }

    /// Reads what a probe with this state folder shows.
    ///
    /// # Missing data
    /// `None` when it has shown nothing yet, or in a form of another version.
    ///
    /// # Errors
    /// When the file may not be read.
    pub fn read(state_dir: &Path) -> io::Result<Option<Self>> {
        let path = state_dir.join(FILE);
        for _ in 0..READS {
            match fs::metadata(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
                Ok(found) if found.len() > BYTES_MAX => return Ok(None),
                other => {
                    other?;
                }
            }
            match Self::parse(&fs::read(&path)?) {
                Ok(seen) => return Ok(seen),
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        }
        Ok(None)
    }

    fn parse(text: &[u8]) -> serde_json::Result<Option<Self>> {
        let board: Board = serde_json::from_slice(text)?;
        if board.schema != SCHEMA {
            return Ok(None);
        }
        let moment = |shown: &Shown| Moment { boot: shown.boot.clone(), since_boot_us: shown.monotonic_us };
        let vouched = board.clock.source != "unsynchronised";
        Ok(Some(Self {
            version: board.version,
            probe: board.probe,
            started: moment(&board.started),
            written: moment(&board.written),
            faulty: board.reports.fault.is_some(),
            acknowledged: board.reports.last_success.as_ref().map(moment),
            trusted_unix_us: board.written.utc_us.filter(|_| vouched),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_probe_shows_is_read_and_another_form_says_nothing() {
        let text = r#"{"schema":"desserte-probe-status/1","version":"0.1.0","site":"Mairie","probe":"ab",
            "started":{"boot":"b","monotonic_us":5,"utc_us":null},"written":{"boot":"b","monotonic_us":9,"utc_us":77},
            "clock":{"source":"collector","offset_us":1},"reports":{"last_success":{"boot":"b","monotonic_us":7,"utc_us":70}}}   "#;
        let seen = Seen::parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((seen.version.as_str(), seen.started.since_boot_us), ("0.1.0", 5));
        assert_eq!(seen.acknowledged.as_ref().unwrap().since_boot_us, 7);
        assert_eq!(seen.trusted_unix_us, Some(77));
        let (silent, later) =
            (Duration::from_secs(60), Moment { boot: "b".to_owned(), since_boot_us: 50_000_000 });
        assert!(seen.reports(&later, silent));
        assert!(!seen.reports(&later, Duration::from_secs(40)), "it has shown nothing for too long");
        assert!(!seen.reports(&Moment { boot: "c".to_owned(), ..later.clone() }, silent), "another boot");
        let fault =
            text.replace("\"reports\":{", r#""reports":{"fault":{"code":"unreachable","detail":""},"#);
        assert!(
            !Seen::parse(fault.as_bytes()).unwrap().unwrap().reports(&later, silent),
            "its last attempt failed"
        );
        let blind =
            Seen::parse(text.replace("\"collector\"", "\"unsynchronised\"").as_bytes()).unwrap().unwrap();
        assert_eq!(blind.trusted_unix_us, None);
        assert_eq!(Seen::parse(text.replace("status/1", "status/2").as_bytes()).unwrap(), None);
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Seen::read(folder.path()).unwrap(), None);
    }
}
