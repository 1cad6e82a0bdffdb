//! Figures, kept for as long as they were dear to make.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use desserte_model::CommuneCode;

use super::{CommuneFigures, Window};

/// Figures are shown again for this many times the time that it took to make them: at most a sixth of one processor
/// goes into one département however often it is asked for, and what is cheap is always fresh.
const REUSE: u32 = 5;

/// Longest reuse, so that a page is never older than half a scrape.
const REUSE_MAX: Duration = Duration::from_secs(30);

/// Places and periods kept at once; beyond it all are forgotten. There are 101 départements.
const ENTRIES: usize = 512;

/// The figures of a département's communes.
pub(crate) type Figures = Arc<BTreeMap<CommuneCode, CommuneFigures>>;

type Key = (String, u16);

/// Figures made a short while ago, by what they are of.
pub(crate) struct Kept<V> {
    entries: Mutex<HashMap<Key, Place<V>>>,
}

type Place<V> = Arc<Mutex<Option<Entry<V>>>>;

struct Entry<V> {
    window: Window,
    until: Instant,
    figures: Arc<V>,
}

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<V> Kept<V> {
    /// The figures kept, or those that `make` gives. Of several callers at once one makes them, the others wait.
    pub(crate) fn get<E>(
        &self,
        what: &str,
        window: &Window,
        make: impl FnOnce() -> Result<V, E>,
    ) -> Result<Arc<V>, E> {
        let place = self.place((what.to_owned(), window.days));
        // A maker that panicked left the entry as it was.
        let mut entry = place.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        if let Some(kept) =
            entry.as_ref().filter(|kept| kept.window.period == window.period && started < kept.until)
        {
            return Ok(Arc::clone(&kept.figures));
        }
        let figures = Arc::new(make()?);
        let reuse = (started.elapsed() * REUSE).min(REUSE_MAX);
        *entry =
            Some(Entry { window: *window, until: Instant::now() + reuse, figures: Arc::clone(&figures) });
        Ok(figures)
    }

    fn place(&self, key: Key) -> Place<V> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= ENTRIES && !entries.contains_key(&key) {
            entries.clear();
        }
        Arc::clone(entries.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use desserte_units::Timestamp;

    use super::*;

    #[test]
    fn dear_figures_are_shown_again_and_cheap_ones_made_anew() {
        let cache = Kept::default();
        let window = Window::ending(Timestamp::from_unix_secs(0), 30).unwrap();
        let made = std::cell::Cell::new(0);
        let get = |cost: Duration| {
            let figures = cache.get("23", &window, || {
                made.set(made.get() + 1);
                std::thread::sleep(cost);
                Ok::<_, Infallible>(())
            });
            assert!(figures.is_ok());
        };
        let cost = Duration::from_millis(100);
        let begun = Instant::now();
        get(cost);
        let made_at = Instant::now();
        get(Duration::ZERO);
        // A machine that stalled in between may rightly have made them anew.
        assert!(made.get() == 1 || made_at.elapsed() >= cost * REUSE, "made a moment ago at some cost");
        // What they cost is at most what both took together.
        std::thread::sleep(begun.elapsed() * (REUSE + 1));
        get(Duration::ZERO);
        assert!(made.get() >= 2, "old figures are made anew");
    }
}
