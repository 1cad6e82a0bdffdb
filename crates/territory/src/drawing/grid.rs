//! The grid of half pixels that outlines are put on.

use geo::Rect;

use super::borders::{Point, Ring};
use crate::Outline;

/// Grid steps for each pixel of the width asked for: fine enough that neighbours keep their shape.
const STEPS_PER_PIXEL: u32 = 2;

/// Free steps on each side, so that a line drawn around the outermost commune is not cut.
const MARGIN: f64 = 4.0;

/// Narrowest and widest drawing, in pixels: below, communes run together; above, the text outgrows a page.
const WIDTH_PX: std::ops::RangeInclusive<u32> = 64..=4_096;

/// Half the side of the square that stands for a commune too small to draw, in steps: the square is 2 pixels wide.
const MARKER_HALF: i32 = 2;

/// A projection onto integer coordinates, `x` east and `y` south as on a screen.
pub(super) struct Grid {
    west: f64,
    north: f64,
    /// Steps for one degree of longitude and of latitude.
    steps: (f64, f64),
    width: u32,
    height: u32,
}

impl Grid {
    /// A grid that holds all boxes; `None` without a box.
    pub(super) fn around(boxes: impl Iterator<Item = Rect<f64>>, width_px: u32) -> Option<Self> {
        let bounds = boxes.reduce(|all, one| {
            Rect::new(
                (all.min().x.min(one.min().x), all.min().y.min(one.min().y)),
                (all.max().x.max(one.max().x), all.max().y.max(one.max().y)),
            )
        })?;
        let width = width_px.clamp(*WIDTH_PX.start(), *WIDTH_PX.end()) * STEPS_PER_PIXEL;
        let squeeze = bounds.center().y.to_radians().cos();
        // A map of one point still needs a scale: nothing real is smaller than a millionth of a degree.
        let degrees = (bounds.width() * squeeze).max(bounds.height() / 4.0).max(1e-6);
        let scale = (f64::from(width) - 2.0 * MARGIN) / degrees;
        let height = step(bounds.height() * scale + 2.0 * MARGIN).unsigned_abs();
        Some(Self {
            west: bounds.min().x,
            north: bounds.max().y,
            steps: (scale * squeeze, scale),
            width,
            height,
        })
    }

    pub(super) const fn width(&self) -> u32 {
        self.width
    }

    pub(super) const fn height(&self) -> u32 {
        self.height
    }

    /// All rings of an outline on the grid, without the closing point, repeats and spikes. A ring may have collapsed.
    pub(super) fn rings(&self, outline: &Outline) -> Vec<Ring> {
        outline
            .as_multi_polygon()
            .iter()
            .flat_map(|part| std::iter::once(part.exterior()).chain(part.interiors()))
            .map(|ring| without_spikes(ring.0.iter().map(|c| self.point(c.x, c.y))))
            .collect()
    }

    /// A square at the middle of an outline that is too small to be drawn.
    pub(super) fn marker(&self, outline: &Outline) -> Ring {
        let middle = outline.bounds().center();
        let (x, y) = self.point(middle.x, middle.y);
        vec![
            (x - MARKER_HALF, y - MARKER_HALF),
            (x + MARKER_HALF, y - MARKER_HALF),
            (x + MARKER_HALF, y + MARKER_HALF),
            (x - MARKER_HALF, y + MARKER_HALF),
        ]
    }

    fn point(&self, lon: f64, lat: f64) -> Point {
        (step((lon - self.west) * self.steps.0 + MARGIN), step((self.north - lat) * self.steps.1 + MARGIN))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the width of the grid; `as` saturates")]
fn step(value: f64) -> i32 {
    value.round() as i32
}

/// Drops repeats and places where the line goes back on itself (a, b, a): neither changes what is filled.
fn without_spikes(points: impl Iterator<Item = Point>) -> Ring {
    let mut ring: Ring = Vec::new();
    for point in points {
        push(&mut ring, point);
    }
    // The ring is closed: the same at the seam between its end and its start.
    loop {
        let Some((&last, &first)) = ring.last().zip(ring.first()) else { return ring };
        if ring.len() < 3 {
            return ring;
        }
        if last == first || ring[ring.len() - 2] == first {
            ring.pop();
        } else if ring[1] == last {
            ring.remove(0);
        } else {
            return ring;
        }
    }
}

fn push(ring: &mut Ring, point: Point) {
    if ring.last() == Some(&point) {
        return;
    }
    if ring.len() >= 2 && ring[ring.len() - 2] == point {
        ring.pop();
        return;
    }
    ring.push(point);
}

#[cfg(test)]
mod tests {
    use super::without_spikes;

    #[test]
    fn repeats_and_spikes_leave_the_ring() {
        let ring = [(0, 0), (0, 0), (4, 0), (9, 0), (4, 0), (4, 4), (0, 4), (0, 9), (0, 4), (0, 0)];
        assert_eq!(without_spikes(ring.into_iter()), [(0, 0), (4, 0), (4, 4), (0, 4)]);
        // The spike is at the seam.
        let seam = [(9, 0), (4, 0), (4, 4), (0, 4), (0, 0), (4, 0), (9, 0)];
        let cleaned = without_spikes(seam.into_iter());
        assert_eq!(cleaned.len(), 4, "{cleaned:?}");
        assert!(!cleaned.contains(&(9, 0)));
        assert!(without_spikes([(1, 1), (1, 1)].into_iter()).len() < 3);
    }
}
