//! Snap rounding: lines on the grid that cross no more than they did before.
//!
//! # Source
//! Greene and Yao, "Finite-resolution computational geometry", FOCS 1986; Hobby, "Practical segment intersection with
//! finite precision output", Computational Geometry 13 (1999); Guibas and Marimont, "Rounding arrangements dynamically",
//! SoCG 1995: segments bent through the middles of all hot pixels that they meet do not change sides with each other's
//! vertices.

use super::squares::{BITS, Points, along};
use super::{Cuts, GridPoint};

/// Binary places that positions have below a unit: with 32 bits above, what a 64-bit float holds.
const FINE_BITS: u32 = 20;

const ONE: i64 = 1 << FINE_BITS;
const HALF: i64 = ONE / 2;

/// A position in 2^20ths of a unit. Always odd, so that it never lies on the edge of a unit or on a cut.
pub(super) type Fine = [i64; 2];

#[expect(clippy::cast_possible_truncation, reason = "projections stay below 2^31 units; `as` saturates")]
#[expect(clippy::cast_precision_loss, reason = "a power of two")]
pub(super) fn fine(position: [f64; 2]) -> Fine {
    position.map(|value| (value.clamp(-2_147_483_000.0, 2_147_483_000.0) * ONE as f64).floor() as i64 | 1)
}

/// The unit that a position lies in; units reach half a unit around their middle.
fn unit(value: i64) -> i32 {
    i32::try_from((value + HALF) >> FINE_BITS).expect("projections stay below 2^31 units")
}

/// Puts lines on the grid.
pub(super) fn snapped(lines: &[Vec<Fine>], cuts: Option<Cuts>) -> Vec<Vec<GridPoint>> {
    let mut hot: Vec<GridPoint> = lines.iter().flatten().map(|position| position.map(unit)).collect();
    if let Some(cuts) = cuts {
        for segment in lines.iter().flat_map(|line| line.windows(2)) {
            cut(segment[0], segment[1], cuts, &mut hot);
        }
    }
    let hot = Points::new(hot);
    let mut met = Vec::new();
    let line = |line: &Vec<Fine>| {
        let mut bent: Vec<GridPoint> = Vec::with_capacity(line.len());
        for segment in line.windows(2) {
            meet(segment[0], segment[1], &hot, &mut met);
            bent.append(&mut met);
        }
        bent.dedup();
        let mut snapped = Vec::with_capacity(bent.len().max(2));
        snapped.extend(bent.first());
        for side in bent.windows(2) {
            touch(side[0], side[1], &hot, &mut met);
            snapped.append(&mut met);
            snapped.push(side[1]);
        }
        if snapped.len() == 1 {
            // Both ends fell together: the line is still there, without length.
            snapped.push(snapped[0]);
        }
        snapped
    };
    lines.iter().map(line).collect()
}

/// The units in which a segment crosses cuts.
fn cut(a: Fine, b: Fine, cuts: Cuts, hot: &mut Vec<GridPoint>) {
    for axis in 0..2 {
        let (low, high) = if a[axis] < b[axis] { (a, b) } else { (b, a) };
        let other = 1 - axis;
        let run = i128::from(high[axis] - low[axis]);
        let (every, first) = (i64::from(cuts.every), low[axis] >> FINE_BITS);
        for margin in [-i64::from(cuts.margin), i64::from(cuts.margin)] {
            let mut at = (first - margin).div_euclid(every) * every + margin;
            while at << FINE_BITS < high[axis] {
                let beyond = i128::from((at << FINE_BITS) - low[axis]);
                if beyond > 0 {
                    let rise = (beyond * i128::from(high[other] - low[other])).div_euclid(run);
                    let crossing = low[other] + i64::try_from(rise).expect("between the ends of a segment");
                    let mut point = [0; 2];
                    point[axis] = unit(at << FINE_BITS);
                    point[other] = unit(crossing);
                    hot.push(point);
                }
                at += every;
            }
        }
    }
}

/// The hot units that a segment passes, in the order in which it does.
fn meet(a: Fine, b: Fine, hot: &Points, met: &mut Vec<GridPoint>) {
    along(a, b, FINE_BITS + BITS, HALF, |square| {
        met.extend(hot.of(square).iter().filter(|point| passes(a, b, **point)));
    });
    // From one unit to the next a segment goes on along one axis or both, and back along none.
    let (right, down) = ((b[0] - a[0]).signum(), (b[1] - a[1]).signum());
    met.sort_unstable_by_key(|[x, y]| right * i64::from(*x) + down * i64::from(*y));
}

/// Whether a segment meets a unit, which holds its upper and its left edge but not the other ones.
fn passes(a: Fine, b: Fine, point: GridPoint) -> bool {
    let least = point.map(|value| (i64::from(value) << FINE_BITS) - HALF);
    // Odd numbers are never those of an edge.
    if (0..2).any(|axis| a[axis].max(b[axis]) < least[axis] || a[axis].min(b[axis]) > least[axis] + ONE) {
        return false;
    }
    let side = |x: i64, y: i64| {
        let along = i128::from(b[0] - a[0]) * i128::from(y - a[1]);
        let across = i128::from(b[1] - a[1]) * i128::from(x - a[0]);
        (along - across).signum()
    };
    let corner = side(least[0], least[1]);
    let others =
        [(ONE, 0), (ONE, ONE), (0, ONE)].map(|(right, down)| side(least[0] + right, least[1] + down));
    // A segment that only touches a corner passes the unit that holds the corner. One without length touches all.
    corner == 0 || others.iter().any(|other| *other == -corner)
}

/// The hot points that lie on a side of a line on the grid, in order, without its ends.
fn touch(a: GridPoint, b: GridPoint, hot: &Points, met: &mut Vec<GridPoint>) {
    let step = [i64::from(b[0]) - i64::from(a[0]), i64::from(b[1]) - i64::from(a[1])];
    if common_divisor(step[0].unsigned_abs(), step[1].unsigned_abs()) == 1 {
        return;
    }
    along(a.map(i64::from), b.map(i64::from), BITS, 0, |square| {
        met.extend(hot.of(square).iter().filter(|point| {
            let off = [i64::from(point[0]) - i64::from(a[0]), i64::from(point[1]) - i64::from(a[1])];
            let between = off[0] * step[0] + off[1] * step[1];
            step[0] * off[1] == step[1] * off[0]
                && between > 0
                && between < step[0] * step[0] + step[1] * step[1]
        }));
    });
    met.sort_unstable_by_key(|[x, y]| step[0].signum() * i64::from(*x) + step[1].signum() * i64::from(*y));
}

const fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
