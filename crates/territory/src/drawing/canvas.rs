//! How large and how fine a map is drawn.

use crate::{Commune, Territory};

use super::grid::{Grid, STEPS_PER_PIXEL};

/// How far a border may move on a map that has room enough, in grid steps: two pixels. No shape is lost to the eye.
const TOLERANCE: f64 = 4.0;

/// Surface of a light map in square steps, whatever its shape: a tall département is drawn narrower than a wide one, as a screen
/// shows it, and its numbers stay short.
const LIGHT_SURFACE: f64 = 1.6e6;

/// A light map of more communes than this is drawn more coarsely, in proportion. Half of the départements have fewer than 321, five
/// have more than 700.
const LIGHT_COMMUNES: f64 = 520.0;

/// Narrowest box that the shape of a light map is looked for in, in pixels.
const TRIAL_PX: u32 = 400;

/// What a map is drawn on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Canvas {
    pub(super) width_px: u32,
    /// How far a border may move, in grid steps.
    pub(super) tolerance: f64,
}

impl Canvas {
    /// A map of a width, with borders that move by two pixels at the most.
    #[must_use]
    pub const fn wide(width_px: u32) -> Self {
        Self { width_px, tolerance: TOLERANCE }
    }

    /// A map for a page that has to be light whatever it shows: of one surface, and the coarser the more communes are on it.
    /// `None` if `within` takes none.
    #[must_use]
    pub fn light(territory: &Territory, within: &dyn Fn(&Commune) -> bool) -> Option<Self> {
        let codes: Vec<_> = territory.communes().filter(|c| within(c)).map(|commune| commune.code).collect();
        let boxes = codes.iter().filter_map(|code| Some(territory.outline(*code)?.bounds()));
        let trial = Grid::around(boxes, TRIAL_PX)?;
        let shape = f64::from(trial.height()) / f64::from(trial.width());
        let width = (LIGHT_SURFACE / shape).sqrt() / f64::from(STEPS_PER_PIXEL);
        #[expect(clippy::cast_precision_loss, reason = "a territory has some ten thousand communes")]
        let crowd = (codes.len() as f64 / LIGHT_COMMUNES).max(1.0);
        Some(Self { width_px: super::grid::step(width).unsigned_abs(), tolerance: TOLERANCE * crowd })
    }
}
