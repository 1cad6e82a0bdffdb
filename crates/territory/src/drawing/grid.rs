//! The grid of half pixels that outlines are put on.

use geo::Rect;

use crate::sheet::{GridPoint, GridRing};

/// Grid steps for each pixel of the width asked for: fine enough that neighbours keep their shape.
pub(super) const STEPS_PER_PIXEL: u32 = 2;

/// Free steps on each side, so that a line drawn around the outermost commune is not cut.
const MARGIN: f64 = 4.0;

/// Narrowest and widest drawing, in pixels: below, communes run together; above, the text outgrows a page.
pub(super) const WIDTH_PX: std::ops::RangeInclusive<u32> = 64..=4_096;

/// Half the side of the square that stands for a commune too small to draw, in steps: the square is 2 pixels wide.
const MARKER_HALF: i32 = 2;

/// An equirectangular projection onto steps, `x` east and `y` south as on a screen.
pub(super) struct Grid {
    /// North-western corner of what is drawn, in degrees, and where it lies, in steps.
    corner: [f64; 2],
    at: [f64; 2],
    /// Steps for one degree of longitude and of latitude.
    steps: [f64; 2],
    width: u32,
    height: u32,
}

impl Grid {
    /// A grid that holds all boxes; `None` without a box.
    pub(super) fn around(boxes: impl Iterator<Item = Rect<f64>>, width_px: u32) -> Option<Self> {
        let bounds = united(boxes)?;
        let width = width_px.clamp(*WIDTH_PX.start(), *WIDTH_PX.end()) * STEPS_PER_PIXEL;
        // A map of one point still needs a scale: nothing real is smaller than a millionth of a degree.
        let degrees = (bounds.width() * squeeze(bounds)).max(bounds.height() / 4.0).max(1e-6);
        let scale = (f64::from(width) - 2.0 * MARGIN) / degrees;
        let height = step(bounds.height() * scale + 2.0 * MARGIN).unsigned_abs();
        Some(Self::new(bounds, scale, [MARGIN; 2], width, height))
    }

    /// A grid with all boxes in a square of `side` steps whose upper left corner is `at`; `None` without a box.
    pub(super) fn within(boxes: impl Iterator<Item = Rect<f64>>, at: [f64; 2], side: f64) -> Option<Self> {
        let bounds = united(boxes)?;
        let degrees = (bounds.width() * squeeze(bounds)).max(bounds.height()).max(1e-6);
        let steps = step(side).unsigned_abs();
        Some(Self::new(bounds, side / degrees, at, steps, steps))
    }

    fn new(bounds: Rect<f64>, scale: f64, at: [f64; 2], width: u32, height: u32) -> Self {
        let steps = [scale * squeeze(bounds), scale];
        Self { corner: [bounds.min().x, bounds.max().y], at, steps, width, height }
    }

    pub(super) const fn width(&self) -> u32 {
        self.width
    }

    pub(super) const fn height(&self) -> u32 {
        self.height
    }

    /// Where a position is, in steps.
    pub(super) fn place(&self, [lon, lat]: [f64; 2]) -> [f64; 2] {
        [
            (lon - self.corner[0]) * self.steps[0] + self.at[0],
            (self.corner[1] - lat) * self.steps[1] + self.at[1],
        ]
    }

    /// Degrees of latitude that a step spans.
    pub(super) fn degrees(&self) -> f64 {
        1.0 / self.steps[1]
    }
}

fn united(boxes: impl Iterator<Item = Rect<f64>>) -> Option<Rect<f64>> {
    boxes.reduce(|all, one| {
        Rect::new(
            (all.min().x.min(one.min().x), all.min().y.min(one.min().y)),
            (all.max().x.max(one.max().x), all.max().y.max(one.max().y)),
        )
    })
}

/// What a degree of longitude is to one of latitude, in the middle of a box.
fn squeeze(bounds: Rect<f64>) -> f64 {
    bounds.center().y.to_radians().cos()
}

/// A square in the place of what is too small to be drawn.
pub(super) fn marker(middle: [f64; 2]) -> GridRing {
    let [x, y] = middle.map(step);
    let (west, east, north, south) = (x - MARKER_HALF, x + MARKER_HALF, y - MARKER_HALF, y + MARKER_HALF);
    vec![[west, north], [east, north], [east, south], [west, south]]
}

#[expect(clippy::cast_possible_truncation, reason = "bounded by the width of the grid; `as` saturates")]
pub(super) fn step(value: f64) -> i32 {
    value.round() as i32
}

/// Twice the surface of a ring, whatever its direction.
pub(super) fn double_area(ring: &GridRing) -> i64 {
    let next = ring.iter().cycle().skip(1);
    let doubled = |(a, b): (&GridPoint, &GridPoint)| {
        i64::from(a[0]) * i64::from(b[1]) - i64::from(a[1]) * i64::from(b[0])
    };
    ring.iter().zip(next).map(doubled).sum::<i64>().abs()
}

/// Drops repeats and places where the line goes back on itself (a, b, a): neither changes what is filled.
pub(super) fn without_spikes(points: GridRing) -> GridRing {
    let mut ring = GridRing::new();
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

fn push(ring: &mut GridRing, point: GridPoint) {
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
    use super::*;

    #[test]
    fn repeats_and_spikes_leave_the_ring() {
        let ring = [[0, 0], [0, 0], [4, 0], [9, 0], [4, 0], [4, 4], [0, 4], [0, 9], [0, 4], [0, 0]];
        assert_eq!(without_spikes(ring.to_vec()), [[0, 0], [4, 0], [4, 4], [0, 4]]);
        // The spike is at the seam.
        let seam = [[9, 0], [4, 0], [4, 4], [0, 4], [0, 0], [4, 0], [9, 0]];
        let cleaned = without_spikes(seam.to_vec());
        assert_eq!(cleaned.len(), 4, "{cleaned:?}");
        assert!(!cleaned.contains(&[9, 0]));
        assert!(without_spikes(vec![[1, 1], [1, 1]]).len() < 3);
    }

    #[test]
    fn an_inset_holds_its_boxes_and_keeps_their_shape() {
        let boxes = [Rect::new((55.2, -21.4), (55.5, -21.0)), Rect::new((55.4, -21.2), (55.9, -20.8))];
        let grid = Grid::within(boxes.into_iter(), [8.0, 100.0], 60.0).unwrap();
        let (northwest, southeast) = (grid.place([55.2, -20.8]), grid.place([55.9, -21.4]));
        assert!((northwest[0] - 8.0).abs() < 1e-9 && (northwest[1] - 100.0).abs() < 1e-9, "{northwest:?}");
        assert!((southeast[0] - 68.0).abs() < 1e-9 && southeast[1] < 160.0, "{southeast:?}");
        let shape = (southeast[0] - 8.0) / (southeast[1] - 100.0);
        assert!((shape - 0.7 * 21.1_f64.to_radians().cos() / 0.6).abs() < 1e-9);
    }
}
