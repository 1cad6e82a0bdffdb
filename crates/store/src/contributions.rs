//! Tests that residents gave: kept without address or position, read by place, erased by code or by age.

use desserte_units::Timestamp;
use rusqlite::{Transaction, params};

use crate::connection::overwriting;
use crate::{Period, Store, StoreError};

/// SHA-256 of the code that a contributor was given.
pub type Contributor = [u8; 32];

/// A resident's test to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewContribution {
    /// Whose it is.
    pub contributor: Contributor,
    /// The commune that the contributor named.
    pub commune: String,
    /// Its département.
    pub departement: String,
    /// Start of the hour in which it came.
    pub hour: Timestamp,
    /// What was said of the way to the box, as a code.
    pub medium: String,
    /// Steady download, bits per second; `None` where no figure could be made.
    pub download_bps: Option<f64>,
    /// Steady upload, bits per second; `None` where no figure could be made.
    pub upload_bps: Option<f64>,
    /// Smallest round trip, microseconds; `None` where the server told none.
    pub rtt_us: Option<u64>,
    /// Version of the method of the figures.
    pub method: String,
    /// The readings behind them, as JSON.
    pub readings: String,
}

/// What a figure of a place is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenTest {
    /// Whose it is.
    pub contributor: Contributor,
    /// The commune named.
    pub commune: String,
    /// Steady download, bits per second.
    pub download_bps: Option<f64>,
    /// Steady upload, bits per second.
    pub upload_bps: Option<f64>,
}

impl Store {
    /// Keeps a test that a resident gave.
    ///
    /// # Errors
    /// When the database fails or is full.
    pub fn contribute(&self, new: NewContribution) -> Result<(), StoreError> {
        self.writer().run(move |transaction| {
            let rtt = new.rtt_us.and_then(|us| i64::try_from(us).ok());
            transaction
                .execute(
                    "INSERT INTO contribution (contributor, commune, departement, hour_us, medium, download_bps, \
                     upload_bps, rtt_us, method, readings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                    params![
                        new.contributor.as_slice(),
                        new.commune,
                        new.departement,
                        new.hour.as_unix_micros(),
                        new.medium,
                        new.download_bps,
                        new.upload_bps,
                        rtt,
                        new.method,
                        new.readings,
                    ],
                )
                .map_err(StoreError::database("keeping a resident's test"))?;
            Ok(())
        })
    }

    /// Erases every test of a contributor, and overwrites the place in the file where they were. Gives how many there were.
    ///
    /// # Errors
    /// When the database fails.
    pub fn erase_contributions(&self, contributor: Contributor) -> Result<usize, StoreError> {
        self.writer().run(move |transaction| {
            let sql = "DELETE FROM contribution WHERE contributor = ?1";
            erase(transaction, sql, params![contributor.as_slice()])
        })
    }

    /// Erases tests that came before a moment, in the same way.
    ///
    /// # Errors
    /// When the database fails.
    pub fn forget_contributions(&self, before: Timestamp) -> Result<usize, StoreError> {
        self.writer().run(move |transaction| {
            let sql = "DELETE FROM contribution WHERE hour_us < ?1";
            erase(transaction, sql, params![before.as_unix_micros()])
        })
    }

    /// Tests that residents of a département gave in a period.
    ///
    /// # Errors
    /// When the database fails.
    pub fn contributions(&self, departement: &str, period: Period) -> Result<Vec<GivenTest>, StoreError> {
        self.read("reading residents' tests", |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT contributor, commune, download_bps, upload_bps FROM contribution \
                 WHERE departement = ?1 AND hour_us >= ?2 AND hour_us < ?3 ORDER BY no",
            )?;
            let (start, end) = (period.start.as_unix_micros(), period.end.as_unix_micros());
            statement
                .query_map(params![departement, start, end], |row| {
                    Ok(GivenTest {
                        contributor: row.get(0)?,
                        commune: row.get(1)?,
                        download_bps: row.get(2)?,
                        upload_bps: row.get(3)?,
                    })
                })?
                .collect()
        })
    }
}

/// Deletes rows and overwrites what they held: a page that is merely free keeps its octets until it is used again.
fn erase(
    transaction: &Transaction<'_>,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<usize, StoreError> {
    overwriting(transaction, |transaction| transaction.execute(sql, values))
        .map_err(StoreError::database("erasing residents' tests"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::StoreOptions;

    const HOUR: i64 = 3_600_000_000;

    fn given(contributor: u8, commune: &str, hour: i64, readings: &str) -> NewContribution {
        NewContribution {
            contributor: [contributor; 32],
            commune: commune.to_owned(),
            departement: commune[..2].to_owned(),
            hour: Timestamp::from_unix_micros(hour * HOUR),
            medium: "wifi".to_owned(),
            download_bps: Some(8e6),
            upload_bps: None,
            rtt_us: Some(30_000),
            method: "m/1".to_owned(),
            readings: readings.to_owned(),
        }
    }

    fn all() -> Period {
        Period { start: Timestamp::from_unix_micros(0), end: Timestamp::from_unix_micros(i64::MAX) }
    }

    #[test]
    fn a_contributors_tests_go_together_and_leave_no_octet() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
        for (who, commune) in [(1, "23096"), (2, "23096"), (1, "23030")] {
            store.contribute(given(who, commune, 5, &format!("needle-of-{who}"))).unwrap();
        }
        assert_eq!(store.contributions("23", all()).unwrap().len(), 3);
        assert_eq!(store.erase_contributions([1; 32]).unwrap(), 2);
        assert_eq!(store.erase_contributions([1; 32]).unwrap(), 0);
        let left = store.contributions("23", all()).unwrap();
        assert_eq!(left.iter().map(|test| test.contributor).collect::<Vec<_>>(), [[2; 32]]);
        drop(store);
        let path = dir.path().join(crate::STORE_FILE);
        // The last connection that can write folds the log into the file as it closes.
        drop(crate::connection::open_writer(&path).unwrap());
        let octets = std::fs::read(&path).unwrap();
        let holds = |needle: &[u8]| octets.windows(needle.len()).any(|window| window == needle);
        assert!(holds(b"needle-of-2") && !holds(b"needle-of-1"));
    }

    #[test]
    fn tests_are_forgotten_by_age_and_told_by_period_and_departement() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), StoreOptions::default()).unwrap();
        for (commune, hour) in [("23096", 5), ("23096", 6), ("19031", 6)] {
            store.contribute(given(1, commune, hour, "{}")).unwrap();
        }
        let late = Period { start: Timestamp::from_unix_micros(6 * HOUR), ..all() };
        assert_eq!(store.contributions("23", late).unwrap().len(), 1);
        assert_eq!(store.forget_contributions(Timestamp::from_unix_micros(6 * HOUR)).unwrap(), 1);
        assert_eq!(store.contributions("23", all()).unwrap().len(), 1);
        assert_eq!(store.contributions("19", all()).unwrap().len(), 1);
    }
}
