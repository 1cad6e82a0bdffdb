//! One zoom of a territory, ready to be cut into tiles.

use std::collections::BTreeMap;

use desserte_territory::Territory;
use desserte_territory::sheet::{Cuts, Faults, Sheet, Style};

use crate::mercator::{FINEST_ZOOM, Mercator, Point};
use crate::mvt::Layer;
use crate::shape::{Polygon, Window, polygons};
use crate::units::{Groups, Kind, Unit, units};
use crate::{BUFFER, COMMUNES_FROM, EXTENT};

/// How far a simplified border may be from the true one, in units: half a pixel of a tile 512 pixels wide. Twice that at
/// the first zoom with communes, so that no tile has more than 500 kB.
const TOLERANCE: f64 = 4.0;

/// What is smaller keeps its detail: the surface of half a pixel of a tile 512 pixels wide.
const SMALL_DOUBLE_AREA: i64 = 64;

/// The number of a tile: zoom, column from the antimeridian eastwards, row from the north southwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileAddress {
    /// Zoom: 2^zoom tiles around the globe.
    pub zoom: u8,
    /// Column.
    pub x: u32,
    /// Row.
    pub y: u32,
}

/// A zoom: borders on its grid, and which tile shows what.
///
/// Nothing vanishes. What has no surface on the grid of the zoom is a square of half a pixel in its place, listed after
/// what surrounds it.
pub struct Level {
    zoom: u8,
    units: Vec<Unit>,
    by_tile: BTreeMap<(u32, u32), Vec<usize>>,
    faults: Faults,
    rounds: usize,
}

impl Level {
    /// Prepares a zoom, at most [`FINEST_ZOOM`]; with `whole`, borders are put on its grid without being simplified, for
    /// the last zoom of an archive, which browsers enlarge.
    #[must_use]
    pub fn new(territory: &Territory, zoom: u8, whole: bool) -> Self {
        let zoom = zoom.min(FINEST_ZOOM);
        let mercator = Mercator::new(zoom);
        let communes_too = zoom >= COMMUNES_FROM;
        let groups = Groups::of(territory);
        let style = Style {
            areas: if communes_too { &groups.communes } else { &groups.departements },
            project: &|_, position| mercator.units(position),
            degrees: &|_, [_, lat]| mercator.degrees(lat),
            tolerance: match zoom {
                _ if whole => 0.0,
                COMMUNES_FROM => 2.0 * TOLERANCE,
                _ => TOLERANCE,
            },
            small_double_area: SMALL_DOUBLE_AREA,
            cuts: Some(Cuts { every: EXTENT, margin: BUFFER }),
        };
        let sheet = Sheet::new(territory.borders(), &style);
        let units = units(territory, &groups, &sheet, mercator, communes_too);
        let mut by_tile: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        let last = (1_u32 << zoom) - 1;
        for (number, unit) in units.iter().enumerate() {
            // A tile that only its margin touches would show nothing.
            let tile = |value: i32| u32::try_from(value.div_euclid(EXTENT)).unwrap_or(0).min(last);
            let (least, most) = (unit.around.least.map(tile), unit.around.most.map(tile));
            for x in least[0]..=most[0] {
                for y in least[1]..=most[1] {
                    by_tile.entry((x, y)).or_default().push(number);
                }
            }
        }
        Self { zoom, units, by_tile, faults: sheet.faults().clone(), rounds: sheet.rounds() }
    }

    /// The tiles that may show something, by column and row.
    pub fn addresses(&self) -> impl Iterator<Item = TileAddress> {
        self.by_tile.keys().map(|(x, y)| TileAddress { zoom: self.zoom, x: *x, y: *y })
    }

    /// How many communes the grid of this zoom has no surface for: squares stand in their place.
    #[must_use]
    pub fn markers(&self) -> usize {
        self.units.iter().filter(|unit| unit.kind == Kind::Commune && unit.is_marker).count()
    }

    /// Where the drawing is no partition: nowhere, unless outlines of the territory lie over each other. There the commune
    /// with the lower code is shown.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// How often borders were drawn until nothing was wrong.
    #[must_use]
    pub const fn rounds(&self) -> usize {
        self.rounds
    }

    /// A tile, not compressed; `None` if it shows nothing.
    #[must_use]
    pub fn tile(&self, x: u32, y: u32) -> Option<Vec<u8>> {
        let numbers = self.near(x, y);
        let origin = [x, y].map(|number| i32::try_from(number).unwrap_or(0).saturating_mul(EXTENT));
        let own = Window { least: origin, most: origin.map(|edge| edge.saturating_add(EXTENT)) };
        let wider = Window {
            least: own.least.map(|edge| edge.saturating_sub(BUFFER)),
            most: own.most.map(|edge| edge.saturating_add(BUFFER)),
        };
        let mut layers = [
            (Kind::Region, Layer::new("regions", &["code", "nom"])),
            (Kind::Departement, Layer::new("departements", &["code", "nom", "region"])),
            (Kind::Commune, Layer::new("communes", &["code", "nom", "departement"])),
        ];
        for unit in numbers.into_iter().map(|number| &self.units[number]) {
            let shapes: Vec<Polygon> = polygons(&unit.rings, (!wider.holds(&unit.around)).then_some(wider));
            let Some((_, layer)) = layers.iter_mut().find(|(kind, _)| *kind == unit.kind) else { continue };
            if !shapes.is_empty() {
                let texts = unit.texts.each_ref().map(Option::as_deref);
                layer.add(unit.id, &texts, &shapes, origin);
            }
        }
        let mut tile = Vec::new();
        for (_, layer) in layers {
            if !layer.is_empty() {
                layer.finish(&mut tile);
            }
        }
        (!tile.is_empty()).then_some(tile)
    }

    /// The units that reach into a tile or its margin, in their order; none for a tile that shows nothing itself.
    fn near(&self, x: u32, y: u32) -> Vec<usize> {
        if !self.by_tile.contains_key(&(x, y)) {
            return Vec::new();
        }
        let columns = x.saturating_sub(1)..=x.saturating_add(1);
        let mut numbers: Vec<usize> = columns
            .flat_map(|x| (y.saturating_sub(1)..=y.saturating_add(1)).map(move |y| (x, y)))
            .filter_map(|address| self.by_tile.get(&address))
            .flatten()
            .copied()
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let origin: Point = [x, y].map(|number| i32::try_from(number).unwrap_or(0).saturating_mul(EXTENT));
        let reach = |unit: &Unit| {
            (0..2).all(|axis| {
                unit.around.least[axis] <= origin[axis].saturating_add(EXTENT + BUFFER)
                    && unit.around.most[axis] >= origin[axis].saturating_sub(BUFFER)
            })
        };
        numbers.retain(|number| reach(&self.units[*number]));
        numbers
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use desserte_territory::synthetic;

    use super::*;
    use crate::shape::{Ring, double_area};

    /// Twice the surface of the communes of a level that it draws as they are, and of the ring around all of them.
    fn surfaces(level: &Level) -> (i64, i64) {
        let of = |kind: Kind| {
            level
                .units
                .iter()
                .filter(|unit| unit.kind == kind && !unit.is_marker)
                .flat_map(|unit| &unit.rings)
                .map(double_area)
                .sum()
        };
        (of(Kind::Commune), of(Kind::Departement))
    }

    #[test]
    fn communes_fill_their_departement_without_gap_or_overlap_at_every_zoom() {
        let territory = synthetic::territory(1);
        for zoom in COMMUNES_FROM..=14 {
            for whole in [false, true] {
                let level = Level::new(&territory, zoom, whole);
                let (communes, departement) = surfaces(&level);
                assert!(communes > 0);
                assert_eq!((communes, level.markers()), (departement, 0), "zoom {zoom}, {whole}");
                assert_eq!(level.faults().count(), 0, "zoom {zoom}, {whole}: {:?}", level.faults());
            }
        }
    }

    #[test]
    fn every_commune_is_in_a_tile_at_every_zoom_that_shows_communes() {
        let territory = synthetic::territory(1);
        for zoom in COMMUNES_FROM..=12 {
            let level = Level::new(&territory, zoom, false);
            let mut seen = BTreeSet::new();
            for TileAddress { x, y, .. } in level.addresses() {
                let Some(tile) = level.tile(x, y) else { continue };
                for commune in territory.communes() {
                    let code = commune.code.as_str().as_bytes();
                    if tile.windows(code.len()).any(|part| part == code) {
                        seen.insert(commune.code);
                    }
                }
            }
            assert_eq!(seen.len(), territory.communes().len(), "zoom {zoom}");
        }
    }

    #[test]
    fn what_the_grid_has_no_surface_for_is_a_square() {
        let territory = synthetic::territory(1);
        let level = Level::new(&territory, 0, false);
        let departement = level.units.iter().find(|unit| unit.kind == Kind::Departement).unwrap();
        let ring: &Ring = &departement.rings[0];
        assert!(double_area(ring) > 0, "{ring:?}");
        assert!(level.tile(0, 0).is_some() && level.tile(1, 0).is_none());
    }
}
