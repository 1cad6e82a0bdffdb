//! How coarse a drawing still shows each vertex.

use super::{Topology, Vertex};

/// The rank of a vertex that every drawing shows: the ends of arcs, where borders meet.
pub(crate) const ALWAYS: u8 = u8::MAX;

/// The distance of rank 1, in degrees of latitude; each further rank is √2 times as far.
pub(crate) const FINEST_DEGREES: f64 = 1e-6;

/// Ranks every vertex of every arc.
///
/// The rank says within which tolerance the vertex may be left out: a drawing with tolerance `t` shows the vertices of
/// at least [`for_tolerance`]`(t)`. Both sides of a border have the same arc, so both keep the same vertices. The
/// tolerances are those of Douglas and Peucker (1973), made to fall from the ends of an arc inwards, in a plane true
/// to scale at the arc's latitude. A closed arc is split at the vertex farthest from its ends, so that no island
/// vanishes.
pub(crate) fn ranks(topology: Topology<'_>) -> Vec<u8> {
    let mut ranks = vec![0; topology.vertices.len()];
    let mut rest = ranks.as_mut_slice();
    let mut spans = Vec::new();
    for number in 0..topology.arc_count() {
        let arc = topology.arc(number);
        let (own, after) = rest.split_at_mut(arc.len());
        rank_arc(arc, own, &mut spans);
        rest = after;
    }
    ranks
}

/// The lowest rank that a drawing shows which may be wrong by this many degrees.
pub(crate) fn for_tolerance(degrees: f64) -> u8 {
    rank(degrees)
}

fn rank_arc(arc: &[Vertex], ranks: &mut [u8], spans: &mut Vec<(usize, usize, f64)>) {
    let last = arc.len() - 1;
    let squeeze = arc[0][1].to_radians().cos();
    ranks[0] = ALWAYS;
    ranks[last] = ALWAYS;
    spans.clear();
    spans.push((0, last, f64::INFINITY));
    while let Some((from, to, limit)) = spans.pop() {
        let mut farthest = (-1.0, from);
        for at in from + 1..to {
            let distance = distance_squared(arc[at], arc[from], arc[to], squeeze);
            if distance > farthest.0 {
                farthest = (distance, at);
            }
        }
        if farthest.0 < 0.0 {
            continue;
        }
        // A vertex matters no more than the one that the line was split at before.
        let tolerance = farthest.0.sqrt().min(limit);
        ranks[farthest.1] = rank(tolerance);
        spans.push((from, farthest.1, tolerance));
        spans.push((farthest.1, to, tolerance));
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the ranks there are")]
fn rank(degrees: f64) -> u8 {
    if degrees < FINEST_DEGREES {
        return 0;
    }
    ((degrees / FINEST_DEGREES).log2() * 2.0 + 1.0).clamp(1.0, f64::from(ALWAYS - 1)) as u8
}

fn distance_squared(point: Vertex, a: Vertex, b: Vertex, squeeze: f64) -> f64 {
    let plane = |[x, y]: Vertex| [(x - a[0]) * squeeze, y - a[1]];
    let (p, d) = (plane(point), plane(b));
    let length = d[0] * d[0] + d[1] * d[1];
    let along = if length > 0.0 { ((p[0] * d[0] + p[1] * d[1]) / length).clamp(0.0, 1.0) } else { 0.0 };
    let (x, y) = (p[0] - along * d[0], p[1] - along * d[1]);
    x * x + y * y
}
