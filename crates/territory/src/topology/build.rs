//! From rings to arcs.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use geo::winding_order::{Winding, WindingOrder};
use geo::{Coord, LineString};

use super::{Arc, Label, REVERSED, START, Topology, Vertex, same};
use crate::Outline;

/// Not yet part of an arc.
const NONE: u32 = u32::MAX;

/// Borders under construction, then owned.
#[derive(Debug, Default)]
pub(crate) struct Builder {
    pub(crate) vertices: Vec<Vertex>,
    pub(crate) arcs: Vec<Arc>,
    pub(crate) parts: Vec<u32>,
    pub(crate) rings: Vec<u32>,
    pub(crate) ring_arcs: Vec<u32>,
    pub(crate) references: Vec<u32>,
}

/// One side of one ring: which two positions it joins, and which commune lies on which side of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Half {
    /// The lower and the higher position number; a side is the same whichever way it is walked.
    ends: (u32, u32),
    /// Whether the commune lies on the right, seen from the lower number.
    on_right: bool,
    label: Label,
    /// Place of this half in the order of all rings.
    place: u32,
}

/// A side with what lies left and right of it, seen from its lower position number.
#[derive(Debug, Clone, Copy)]
struct Side {
    ends: (u32, u32),
    labels: (Label, Label),
    arc: u32,
}

impl Builder {
    /// Strings the borders of all outlines, which are numbered from one in the order given.
    ///
    /// Positions that repeat the one before are left out: they bound nothing.
    ///
    /// # Panics
    /// With more than 2^31 positions, which no list of communes has.
    pub(crate) fn new<'o>(outlines: impl Iterator<Item = &'o Outline>) -> Self {
        let mut positions = Positions::default();
        let mut halves = Vec::new();
        // Position numbers of every ring, one ring after the other, each without its closing position.
        let mut walk: Vec<u32> = Vec::new();
        let mut ring_starts = vec![0];
        let mut built = Self { parts: vec![0], rings: vec![0], ..Self::default() };
        for (row, outline) in outlines.enumerate() {
            let label = count(row) + 1;
            for polygon in outline.as_multi_polygon() {
                let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
                for (number, ring) in rings.enumerate() {
                    let first = walk.len();
                    walk.extend(positions.numbers_of(ring));
                    let inside_on_left = counter_clockwise(ring) == (number == 0);
                    push_halves(&walk[first..], count(first), label, inside_on_left, &mut halves);
                    ring_starts.push(walk.len());
                }
                built.rings.push(count(ring_starts.len() - 1));
            }
            built.parts.push(count(built.rings.len() - 1));
        }
        let (sides, side_of) = pair(halves, walk.len());
        let nodes = nodes(&positions, &sides, &walk, &ring_starts);
        built.string(&positions, sides, &side_of, &walk, &ring_starts, &nodes);
        built
    }

    pub(crate) fn topology(&self) -> Topology<'_> {
        Topology {
            vertices: &self.vertices,
            arcs: &self.arcs,
            parts: &self.parts,
            rings: &self.rings,
            ring_arcs: &self.ring_arcs,
            references: &self.references,
        }
    }

    /// Walks all rings; a side met for the first time lengthens the arc under way or begins one, a side met again
    /// belongs to an arc that is there already and is walked as a whole.
    fn string(
        &mut self,
        positions: &Positions,
        mut sides: Vec<Side>,
        side_of: &[u32],
        walk: &[u32],
        ring_starts: &[usize],
        nodes: &[bool],
    ) {
        self.ring_arcs.push(0);
        for ring in ring_starts.windows(2) {
            let numbers = &walk[ring[0]..ring[1]];
            // The arc that the side before has lengthened, if it can go on.
            let mut open: Option<(Label, Label)> = None;
            let mut at = 0;
            while at < numbers.len() {
                let (from, to) = (numbers[at], numbers[(at + 1) % numbers.len()]);
                let side = &mut sides[side_of[ring[0] + at] as usize];
                let forward = side.ends.0 == from;
                if side.arc != NONE {
                    let arc = side.arc as usize;
                    let end = self.arcs.get(arc + 1).map_or(self.vertices.len(), |next| next[START] as usize);
                    let vertices = &self.vertices[self.arcs[arc][START] as usize..end];
                    let forwards =
                        same(vertices[0], positions.vertex(from)) && same(vertices[1], positions.vertex(to));
                    self.references.push(side.arc * 2 + if forwards { 0 } else { REVERSED });
                    at += vertices.len() - 1;
                    open = None;
                    continue;
                }
                let labels = if forward { side.labels } else { (side.labels.1, side.labels.0) };
                if open != Some(labels) || nodes[from as usize] {
                    self.references.push(count(self.arcs.len()) * 2);
                    self.arcs.push([count(self.vertices.len()), labels.0, labels.1]);
                    self.vertices.push(positions.vertex(from));
                }
                self.vertices.push(positions.vertex(to));
                side.arc = count(self.arcs.len() - 1);
                open = Some(labels);
                at += 1;
            }
            self.ring_arcs.push(count(self.references.len()));
        }
        self.arcs.push([count(self.vertices.len()), 0, 0]);
    }
}

/// The halves of a ring that is given by position numbers.
fn push_halves(numbers: &[u32], first: u32, label: Label, inside_on_left: bool, halves: &mut Vec<Half>) {
    for at in 0..numbers.len() {
        let (from, to) = (numbers[at], numbers[(at + 1) % numbers.len()]);
        let forward = from < to;
        let ends = if forward { (from, to) } else { (to, from) };
        halves.push(Half { ends, on_right: forward != inside_on_left, label, place: first + count(at) });
    }
}

/// Brings together the halves of each side. Where outlines lie over each other a side has more than two halves and
/// becomes several sides with the same ends: sums over them stay right.
fn pair(mut halves: Vec<Half>, places: usize) -> (Vec<Side>, Vec<u32>) {
    halves.sort_unstable();
    let mut sides: Vec<Side> = Vec::with_capacity(halves.len() / 2 + 1);
    let mut side_of = vec![NONE; places];
    for group in halves.chunk_by(|a, b| a.ends == b.ends) {
        let (left, right) = group.split_at(group.partition_point(|half| !half.on_right));
        for number in 0..left.len().max(right.len()) {
            let (left, right) = (left.get(number), right.get(number));
            for half in left.into_iter().chain(right) {
                side_of[half.place as usize] = count(sides.len());
            }
            let label = |half: Option<&Half>| half.map_or(0, |half| half.label);
            sides.push(Side { ends: group[0].ends, labels: (label(left), label(right)), arc: NONE });
        }
    }
    (sides, side_of)
}

/// Where arcs must end: where other than two sides meet, and where a ring begins, so that rings come back as they were.
fn nodes(positions: &Positions, sides: &[Side], walk: &[u32], ring_starts: &[usize]) -> Vec<bool> {
    let mut meeting = vec![0_u8; positions.vertices.len()];
    for end in sides.iter().flat_map(|side| [side.ends.0, side.ends.1]) {
        meeting[end as usize] = meeting[end as usize].saturating_add(1);
    }
    let mut nodes: Vec<bool> = meeting.into_iter().map(|sides| sides != 2).collect();
    for ring in ring_starts.windows(2).filter(|ring| ring[0] < ring[1]) {
        nodes[walk[ring[0]] as usize] = true;
    }
    nodes
}

/// Whether a ring runs counter-clockwise; one without surface may be taken either way.
fn counter_clockwise(ring: &LineString<f64>) -> bool {
    ring.winding_order() != Some(WindingOrder::Clockwise)
}

/// Every distinct position once, numbered.
#[derive(Default)]
struct Positions {
    vertices: Vec<Vertex>,
    numbers: HashMap<(u64, u64), u32, BuildHasherDefault<Mixer>>,
}

impl Positions {
    /// The numbers of a ring's positions, without repeats and without the closing one.
    fn numbers_of(&mut self, ring: &LineString<f64>) -> Vec<u32> {
        let mut numbers: Vec<u32> = ring.0.iter().map(|position| self.number(*position)).collect();
        numbers.dedup();
        if numbers.len() > 1 && numbers.first() == numbers.last() {
            numbers.pop();
        }
        numbers
    }

    fn number(&mut self, position: Coord<f64>) -> u32 {
        // Adding zero makes one zero of the two that numbers have.
        let vertex = [position.x + 0.0, position.y + 0.0];
        let next = count(self.vertices.len());
        let number = *self.numbers.entry((vertex[0].to_bits(), vertex[1].to_bits())).or_insert(next);
        if number == next {
            self.vertices.push(vertex);
        }
        number
    }

    fn vertex(&self, number: u32) -> Vertex {
        self.vertices[number as usize]
    }
}

/// A quick hash of coordinates; nobody gains by choosing collisions in a list of communes.
#[derive(Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }
}

fn count(value: usize) -> u32 {
    u32::try_from(value).ok().filter(|value| *value < 1 << 31).expect("fewer than 2^31 positions")
}

#[cfg(test)]
mod tests {
    use geo::{MultiPolygon, Polygon};

    use super::super::{LEFT, RIGHT};
    use super::*;

    fn outline(rings: &[&[(f64, f64)]]) -> Outline {
        let mut rings = rings.iter().map(|ring| {
            let mut ring = LineString::from(ring.to_vec());
            ring.close();
            ring
        });
        let exterior = rings.next().unwrap();
        Outline::new(MultiPolygon(vec![Polygon::new(exterior, rings.collect())])).unwrap()
    }

    #[test]
    fn a_shared_border_is_stored_once_and_rings_come_back_as_they_were() {
        let west = outline(&[&[(0.0, 0.0), (2.0, 0.0), (2.1, 1.0), (2.0, 2.0), (0.0, 2.0)]]);
        // Clockwise, and it begins in the middle of the common border.
        let east = outline(&[&[(2.1, 1.0), (2.0, 2.0), (4.0, 2.0), (4.0, 0.0), (2.0, 0.0)]]);
        let built = Builder::new([&west, &east].into_iter());
        let topology = built.topology();
        assert_eq!(&topology.outline(0), west.as_multi_polygon());
        assert_eq!(&topology.outline(1), east.as_multi_polygon());
        let shared: Vec<_> = (0..topology.arc_count())
            .filter(|arc| topology.arcs[*arc][LEFT] != 0 && topology.arcs[*arc][RIGHT] != 0)
            .collect();
        assert_eq!(shared.iter().map(|arc| topology.arc(*arc).len() - 1).sum::<usize>(), 2);
        assert_eq!(topology.neighbours(), [(1, 2), (2, 1)]);
    }

    #[test]
    fn an_enclave_and_a_commune_that_touches_itself_come_back() {
        let around = outline(&[
            &[(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)],
            &[(3.0, 3.0), (3.0, 6.0), (6.0, 6.0), (6.0, 3.0)],
        ]);
        let enclave = outline(&[&[(6.0, 6.0), (3.0, 6.0), (3.0, 3.0), (6.0, 3.0)]]);
        let twice = enclave.clone();
        let built = Builder::new([&around, &enclave, &twice].into_iter());
        for (row, outline) in [around, enclave, twice].iter().enumerate() {
            assert_eq!(&built.topology().outline(row), outline.as_multi_polygon(), "{row}");
        }
    }
}
