//! Outlines as borders: every side between two positions once, with the communes on its two sides.
//!
//! Sides are strung into *arcs*, the lines along which the same two communes meet. Rings are lists of arcs, so shared
//! borders are stored once, neighbours are read off the arcs, and whoever simplifies an arc simplifies both sides.

mod build;
mod ranks;

pub(crate) use build::Builder;
pub(crate) use ranks::{for_tolerance, ranks};

use geo::{Coord, LineString, MultiPolygon, Polygon};

/// A commune's place in the list, counted from one; zero is "no commune".
pub(crate) type Label = u32;

/// A position: longitude, latitude.
pub(crate) type Vertex = [f64; 2];

/// Whether two vertices are the same number for number.
#[expect(clippy::float_cmp, reason = "vertices are copied, never computed")]
pub(crate) fn same(a: Vertex, b: Vertex) -> bool {
    a == b
}

/// Marks a reference to an arc that is walked from its end to its start.
pub(crate) const REVERSED: u32 = 1;

/// A line along which the same two communes meet: its vertices end where the next arc's begin.
pub(crate) type Arc = [u32; 3];

/// Where an arc's fields are.
pub(crate) const START: usize = 0;
pub(crate) const LEFT: usize = 1;
pub(crate) const RIGHT: usize = 2;

/// Borders and what they enclose, as slices of a territory file or of what is being made into one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Topology<'a> {
    /// The vertices of all arcs, one arc after the other.
    pub(crate) vertices: &'a [Vertex],
    /// First vertex, label on the left, label on the right; one more at the end, which only says where vertices end.
    pub(crate) arcs: &'a [Arc],
    /// First polygon of each commune, and the number of polygons.
    pub(crate) parts: &'a [u32],
    /// First ring of each polygon, and the number of rings; the first ring is the outer one.
    pub(crate) rings: &'a [u32],
    /// First reference of each ring, and the number of references.
    pub(crate) ring_arcs: &'a [u32],
    /// Twice the number of an arc, plus [`REVERSED`] if the ring walks it backwards.
    pub(crate) references: &'a [u32],
}

impl<'a> Topology<'a> {
    /// The number of arcs.
    pub(crate) const fn arc_count(&self) -> usize {
        self.arcs.len().saturating_sub(1)
    }

    /// The vertices of an arc.
    pub(crate) fn arc(&self, number: usize) -> &'a [Vertex] {
        &self.vertices[self.arcs[number][START] as usize..self.arcs[number + 1][START] as usize]
    }

    /// The polygons of a commune.
    pub(crate) fn outline(&self, row: usize) -> MultiPolygon<f64> {
        let parts = self.parts[row] as usize..self.parts[row + 1] as usize;
        MultiPolygon(parts.map(|part| self.polygon(part)).collect())
    }

    fn polygon(&self, part: usize) -> Polygon<f64> {
        let mut rings =
            (self.rings[part] as usize..self.rings[part + 1] as usize).map(|ring| self.ring(ring));
        let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
        Polygon::new(exterior, rings.collect())
    }

    fn ring(&self, ring: usize) -> LineString<f64> {
        let mut positions: Vec<Coord<f64>> = Vec::new();
        for reference in self.references_of(ring) {
            let vertices = self.arc((reference / 2) as usize).iter().map(|[x, y]| Coord { x: *x, y: *y });
            // The first vertex of each further arc is the last one of the arc before.
            positions.pop();
            if reference & REVERSED == 0 {
                positions.extend(vertices)
            } else {
                positions.extend(vertices.rev())
            }
        }
        LineString(positions)
    }

    /// The polygons of a commune with the vertices that a drawing shows which may be wrong by `degrees`.
    ///
    /// Both sides of a border keep the same vertices. A ring that would vanish stays whole.
    pub(crate) fn drawn_outline(&self, row: usize, ranks: &[u8], degrees: f64) -> MultiPolygon<f64> {
        let least = for_tolerance(degrees);
        let ring = |ring: usize| {
            let mut positions: Vec<Coord<f64>> = Vec::new();
            for reference in self.references_of(ring) {
                let arc = (reference / 2) as usize;
                let begin = self.arcs[arc][START] as usize;
                let kept = self.arc(arc).iter().zip(&ranks[begin..]).filter(|(_, rank)| **rank >= least);
                let kept = kept.map(|([x, y], _)| Coord { x: *x, y: *y });
                positions.pop();
                if reference & REVERSED == 0 {
                    positions.extend(kept);
                } else {
                    positions.extend(kept.rev());
                }
            }
            if positions.len() < 4 { self.ring(ring) } else { LineString(positions) }
        };
        let parts = self.parts[row] as usize..self.parts[row + 1] as usize;
        let polygon = |part: usize| {
            let mut rings = (self.rings[part] as usize..self.rings[part + 1] as usize).map(ring);
            let exterior = rings.next().unwrap_or_else(|| LineString(Vec::new()));
            Polygon::new(exterior, rings.collect())
        };
        MultiPolygon(parts.map(polygon).collect())
    }

    /// The arcs of a ring in the order they are walked.
    pub(crate) fn references_of(&self, ring: usize) -> &'a [u32] {
        &self.references[self.ring_arcs[ring] as usize..self.ring_arcs[ring + 1] as usize]
    }

    /// Pairs of communes that share a border of some length, both ways round, in order and each once.
    pub(crate) fn neighbours(&self) -> Vec<(Label, Label)> {
        let mut pairs: Vec<(Label, Label)> = self.arcs[..self.arc_count()]
            .iter()
            .filter(|arc| arc[LEFT] != 0 && arc[RIGHT] != 0 && arc[LEFT] != arc[RIGHT])
            .flat_map(|arc| [(arc[LEFT], arc[RIGHT]), (arc[RIGHT], arc[LEFT])])
            .collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }
}
