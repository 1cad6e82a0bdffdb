//! Sorting what lies in a plane into squares, to find what is near.

use std::collections::HashMap;

use super::GridPoint;

/// Side of the squares in units, as a power of two: few sides are longer, and few vertices share one.
pub(super) const BITS: u32 = 5;

/// Column and row of a square.
pub(super) type Square = (i64, i64);

/// Calls back with every square of side 2^`bits` that a segment comes within `reach` of, and with few others.
pub(super) fn along(a: [i64; 2], b: [i64; 2], bits: u32, reach: i64, mut visit: impl FnMut(Square)) {
    let (a, b) = if a[0] <= b[0] { (a, b) } else { (b, a) };
    let height_at = |x: i64| {
        if x <= a[0] {
            a[1]
        } else if x >= b[0] {
            b[1]
        } else {
            let share = i128::from(x - a[0]) * i128::from(b[1] - a[1]) / i128::from(b[0] - a[0]);
            a[1] + i64::try_from(share).expect("between the ends of a segment")
        }
    };
    for column in (a[0] - reach) >> bits..=(b[0] + reach) >> bits {
        let (left, right) = (column << bits, (column + 1) << bits);
        let (one, other) = (height_at(left - reach), height_at(right + reach));
        // One more on each side, since a quotient is cut to a whole number.
        for row in (one.min(other) - reach - 1) >> bits..=(one.max(other) + reach + 1) >> bits {
            visit((column, row));
        }
    }
}

/// Points of the grid by the square that they lie in.
pub(super) struct Points {
    points: Vec<GridPoint>,
    squares: HashMap<Square, (u32, u32)>,
}

impl Points {
    pub(super) fn new(mut points: Vec<GridPoint>) -> Self {
        let square = |point: &GridPoint| point.map(|value| value >> BITS);
        points.sort_unstable_by_key(|point| (square(point), *point));
        points.dedup();
        let mut squares = HashMap::new();
        let mut begin = 0;
        for group in points.chunk_by(|a, b| square(a) == square(b)) {
            let [column, row] = square(&group[0]).map(i64::from);
            let end = begin + u32::try_from(group.len()).expect("a territory file counts with 32 bits");
            squares.insert((column, row), (begin, end));
            begin = end;
        }
        Self { points, squares }
    }

    pub(super) fn of(&self, square: Square) -> &[GridPoint] {
        let (begin, end) = self.squares.get(&square).copied().unwrap_or_default();
        &self.points[begin as usize..end as usize]
    }
}
