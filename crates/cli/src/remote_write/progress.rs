//! What a store has been sent, kept beside the data, so that the next run goes on from there.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use serde::{Deserialize, Serialize};

use crate::out::{Failure, Outcome};

/// Name of the file in a data directory: what was sent, by address.
const FILE: &str = "remote-write.json";

/// Version of the file.
const VERSION: u32 = 1;

/// A sample that corrects an hour stands so many milliseconds later than the hour at the most: within it.
const LATER_MAX_MS: i64 = 3_599_999;

/// Hours that are being sent: told before, so that what is sent again after an interruption is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Plan {
    /// The number in the hand-over that names the state of the history.
    pub(super) until: i64,
    /// The earliest and, not among them, the latest hour; microseconds since the Unix epoch.
    pub(super) since_us: i64,
    pub(super) ended_us: i64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    generation: i64,
    number: i64,
    hours_number: i64,
    hours_until_us: i64,
    rounds: i64,
    plan: Option<Plan>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    stores: BTreeMap<String, Sent>,
}

/// What one store has been sent.
#[derive(Debug)]
pub(super) struct Progress {
    path: PathBuf,
    url: String,
    generation: i64,
    /// Records up to this number of the hand-over.
    pub(super) number: i64,
    /// Hours of the history as of this number.
    pub(super) hours_number: i64,
    /// Hours that began before this moment; zero before the first.
    pub(super) hours_until_us: i64,
    /// How often hours were sent.
    rounds: i64,
    pub(super) plan: Option<Plan>,
}

impl Progress {
    /// What `url` was sent of this generation of the history; nothing, if it is not known.
    pub(super) fn load(data: &Path, url: &str, generation: i64) -> Result<Self, Failure> {
        let path = data.join(FILE);
        let sent = read(&path)?.stores.remove(url).unwrap_or_default();
        // Figures of another generation were computed anew and have numbers of their own. Rounds go on: what was sent stays.
        let sent = if sent.generation == generation {
            sent
        } else {
            Sent { rounds: sent.rounds, ..Sent::default() }
        };
        Ok(Self {
            path,
            url: url.to_owned(),
            generation,
            number: sent.number,
            hours_number: sent.hours_number,
            hours_until_us: sent.hours_until_us,
            rounds: sent.rounds,
            plan: sent.plan,
        })
    }

    /// How much later than its hour a sample of this round stands: later than those of every round before.
    pub(super) const fn later_ms(&self) -> i64 {
        if self.rounds < LATER_MAX_MS { self.rounds } else { LATER_MAX_MS }
    }

    pub(super) fn finish(&mut self, plan: &Plan) {
        self.hours_number = plan.until;
        self.hours_until_us = self.hours_until_us.max(plan.ended_us);
        self.rounds += 1;
        self.plan = None;
    }

    /// Keeps it on the disk.
    pub(super) fn save(&self) -> Outcome {
        let mut kept = read(&self.path)?;
        let sent = Sent {
            generation: self.generation,
            number: self.number,
            hours_number: self.hours_number,
            hours_until_us: self.hours_until_us,
            rounds: self.rounds,
            plan: self.plan.clone(),
        };
        kept.stores.insert(self.url.clone(), sent);
        let part = self.path.with_extension("json.part");
        let written = (|| {
            let mut file = File::create(&part)?;
            file.write_all(&serde_json::to_vec_pretty(&kept)?)?;
            file.sync_all()?;
            fs::rename(&part, &self.path)?;
            File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
        })();
        Ok(written.with_context(|| format!("cannot write {}", self.path.display()))?)
    }
}

fn read(path: &Path) -> Result<Kept, Failure> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(Kept { version: VERSION, stores: BTreeMap::new() });
        }
        other => other.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let kept: Kept = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not what this program writes", path.display()))?;
    if kept.version != VERSION {
        let said = format!("{} has version {}, this program knows {VERSION}", path.display(), kept.version);
        return Err(anyhow!(said).into());
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: Plan = Plan { until: 7, since_us: 0, ended_us: 3_600_000_000 };

    fn load(dir: &Path, url: &str, generation: i64) -> Progress {
        Progress::load(dir, url, generation).unwrap_or_else(|failure| panic!("{:#}", failure.error))
    }

    #[test]
    fn each_store_goes_on_from_where_it_was() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut one = load(dir.path(), "http://one", 1);
        one.number = 7;
        one.plan = Some(PLAN);
        assert!(one.save().is_ok());
        let mut two = load(dir.path(), "http://two", 1);
        assert_eq!((two.number, two.plan.clone()), (0, None));
        two.number = 3;
        assert!(two.save().is_ok());
        let mut one = load(dir.path(), "http://one", 1);
        assert_eq!((one.number, one.plan.clone(), one.later_ms()), (7, Some(PLAN), 0));
        one.finish(&PLAN);
        assert!(one.save().is_ok());
        let one = load(dir.path(), "http://one", 1);
        assert_eq!((one.hours_number, one.hours_until_us, one.later_ms()), (7, 3_600_000_000, 1));
    }

    #[test]
    fn another_generation_is_sent_from_its_start_and_stands_later() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut progress = load(dir.path(), "http://one", 1);
        progress.number = 7;
        progress.finish(&PLAN);
        assert!(progress.save().is_ok());
        let progress = load(dir.path(), "http://one", 2);
        assert_eq!((progress.number, progress.hours_until_us, progress.later_ms()), (0, 0, 1));
    }
}
