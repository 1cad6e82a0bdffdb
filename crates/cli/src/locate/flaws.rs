//! What was found on the way, and what looks wrong with a table as a whole.

use std::num::NonZeroUsize;

use desserte_territory::{Answer, Place, Placed};

use super::lookup::Lookup;

/// Rows looked at before axes are called swapped.
const ENOUGH_ROWS: usize = 10;

/// Axes are swapped if less than this share of the rows falls into a commune...
const FEW: f64 = 0.05;

/// ...and more than this share would, the other way round.
const MANY: f64 = 0.5;

/// Fewer decimals than this move points to other communes too often to be passed over in silence.
pub(super) const ENOUGH_DECIMALS: usize = 4;

/// Counts over a whole table.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    pub(super) placed: Placed,
    /// Points that were given the nearest commune.
    pub(super) near: usize,
    /// Points whose error reaches a border.
    pub(super) uncertain: usize,
    /// Rows with fewer decimals than [`ENOUGH_DECIMALS`], and the fewest decimals seen.
    pub(super) coarse: usize,
    pub(super) fewest_decimals: Option<usize>,
    /// Line and texts of the first row that is no pair of numbers.
    pub(super) first_unreadable: Option<(u64, String, String)>,
    looked_at_axes: bool,
}

impl Flaws {
    pub(super) fn decimals(&mut self, decimals: usize) {
        self.coarse += usize::from(decimals < ENOUGH_DECIMALS);
        self.fewest_decimals = Some(self.fewest_decimals.map_or(decimals, |fewest| fewest.min(decimals)));
    }

    pub(super) fn unreadable(&mut self, line: u64, lon: &[u8], lat: &[u8]) {
        self.first_unreadable.get_or_insert_with(|| {
            let text = |text: &[u8]| String::from_utf8_lossy(text).chars().take(32).collect();
            (line, text(lon), text(lat))
        });
    }

    pub(super) fn answered(&mut self, answer: &Answer<'_>) {
        match answer {
            Answer::Near(_) => self.near += 1,
            Answer::Border(_) => self.uncertain += 1,
            Answer::Inside(_) | Answer::Outside => {}
        }
    }

    /// Says so if the first rows lie nearly all outside, but inside with longitude and latitude exchanged.
    #[expect(clippy::cast_precision_loss, reason = "counts of rows in one block")]
    pub(super) fn swapped(
        &mut self,
        lookup: &Lookup,
        lon: &[f64],
        lat: &[f64],
    ) -> anyhow::Result<Option<String>> {
        if std::mem::replace(&mut self.looked_at_axes, true) {
            return Ok(None);
        }
        let readable = lon.iter().zip(lat).filter(|(lon, lat)| lon.is_finite() && lat.is_finite()).count();
        let few = self.placed.inside as f64 <= FEW * readable as f64;
        if readable < ENOUGH_ROWS || !few {
            return Ok(None);
        }
        let mut places = vec![Place::default(); lon.len()];
        let other = lookup.locate_columns(lat, lon, &mut places, NonZeroUsize::MIN)?;
        Ok((other.inside as f64 >= MANY * readable as f64).then(|| {
            format!(
                "longitude and latitude look swapped ({} of {readable} rows in a commune, {} the other way round)",
                self.placed.inside, other.inside
            )
        }))
    }
}
