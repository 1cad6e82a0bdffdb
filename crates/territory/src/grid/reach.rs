//! Which cells a side comes near.

use super::INFLATION;
use super::lattice::Lattice;
use crate::topology::Vertex;

/// Beyond [`INFLATION`], for rounding in the computations here, in degrees. Too many cells do no harm.
const SLACK: f64 = 1e-12;

/// Calls `found` with column and row of every cell whose inflated box the side touches, and perhaps of a few more.
pub(super) fn cells_near(lattice: Lattice, a: Vertex, b: Vertex, mut found: impl FnMut(u32, u32)) {
    const MARGIN: f64 = INFLATION + SLACK;
    let (low, high) = if a[1] <= b[1] { (a, b) } else { (b, a) };
    let (first_row, last_row) = (lattice.row(low[1] - MARGIN), lattice.row(high[1] + MARGIN));
    let height = high[1] - low[1];
    let lean = high[0] - low[0];
    // Where a nearly level side crosses a parallel is known the worse the more level it is; coordinates themselves
    // are rounded to about 3e-14 degree.
    let blur = if height > 0.0 { (lean.abs() * 1e-13 / height).min(lean.abs()) } else { 0.0 };
    for row in first_row..=last_row {
        let (mut west, mut east) = (low[0].min(high[0]), low[0].max(high[0]));
        if first_row != last_row && height > 0.0 {
            let at = |lat: f64| low[0] + lean * ((lat - low[1]) / height).clamp(0.0, 1.0);
            let (one, other) = (at(lattice.south(row) - MARGIN), at(lattice.south(row + 1) + MARGIN));
            west = west.max(one.min(other) - blur);
            east = east.min(one.max(other) + blur);
        }
        for column in lattice.column(west - MARGIN)..=lattice.column(east + MARGIN) {
            found(column, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_point_of_a_side_lies_in_a_listed_cell(
            a in (0.0_f64..0.3, 45.0_f64..45.3), b in (0.0_f64..0.3, 45.0_f64..45.3), flat in any::<bool>(),
        ) {
            let lattice = Lattice::new(50);
            let (a, b) = ([a.0, a.1], [b.0, if flat { a.1 + 1e-7 } else { b.1 }]);
            let mut listed = std::collections::BTreeSet::new();
            cells_near(lattice, a, b, |column, row| { listed.insert((column, row)); });
            for step in 0..=1_000_u32 {
                let t = f64::from(step) / 1_000.0;
                let (x, y) = (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t);
                for (dx, dy) in [(0.0, 0.0), (5e-10, 0.0), (-5e-10, 0.0), (0.0, 5e-10), (0.0, -5e-10)] {
                    let cell = (lattice.column(x + dx), lattice.row(y + dy));
                    prop_assert!(listed.contains(&cell), "{cell:?} at {t}");
                }
            }
        }
    }
}
