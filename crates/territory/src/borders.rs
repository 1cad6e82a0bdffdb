//! The borders themselves, for whoever draws them: each once, whatever lies on its two sides.

use crate::Territory;
use crate::topology::{LEFT, REVERSED, RIGHT, START, Topology, for_tolerance};

/// The lines that outlines are made of.
///
/// A line is where the same two communes meet, or where one ends. Whoever changes lines, each once, and puts outlines
/// together from them keeps neighbours fitting: no gap and no overlap opens between them.
#[derive(Debug, Clone, Copy)]
pub struct Borders<'a> {
    topology: Topology<'a>,
    ranks: &'a [u8],
}

/// A line as an outline walks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// The number of the line.
    pub line: usize,
    /// Whether it is walked from its end to its start.
    pub backwards: bool,
}

impl Territory {
    /// The borders of all communes.
    #[must_use]
    pub fn borders(&self) -> Borders<'_> {
        let (topology, ranks) = self.drawn();
        Borders { topology, ranks }
    }
}

impl<'a> Borders<'a> {
    /// The number of lines.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.topology.arc_count()
    }

    /// Whether there is no line; a territory has at least one.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows of the communes on the left and on the right of a line, seen along it with north up; `None` where none is.
    ///
    /// # Panics
    /// When there is no line of that number.
    #[must_use]
    pub fn sides(&self, line: usize) -> [Option<usize>; 2] {
        let arc = self.topology.arcs[line];
        // Labels count communes from one.
        [LEFT, RIGHT].map(|side| (arc[side] as usize).checked_sub(1))
    }

    /// The positions of a line that a drawing shows which may be wrong by `degrees` of latitude, both ends among them;
    /// zero gives them all.
    ///
    /// # Shape
    /// Longitude and latitude in degrees, WGS 84; at least two, and all of them exactly as in the outlines.
    ///
    /// # Panics
    /// When there is no line of that number.
    pub fn positions(&self, line: usize, degrees: f64) -> impl Iterator<Item = [f64; 2]> + use<'a> {
        let begin = self.topology.arcs[line][START] as usize;
        let least = for_tolerance(degrees);
        let ranked = self.topology.arc(line).iter().zip(&self.ranks[begin..]);
        ranked.filter(move |(_, rank)| **rank >= least).map(|(vertex, _)| *vertex)
    }

    /// The rings of a commune, outer ones and holes, each as the lines it walks one after the other.
    ///
    /// # Panics
    /// When there is no commune of that row.
    pub fn rings(&self, row: usize) -> impl Iterator<Item = impl Iterator<Item = Walk> + use<'a>> + use<'a> {
        let topology = self.topology;
        let parts = topology.parts[row] as usize..topology.parts[row + 1] as usize;
        let rings = topology.rings[parts.start] as usize..topology.rings[parts.end] as usize;
        rings.map(move |ring| {
            topology.references_of(ring).iter().map(|reference| Walk {
                line: (reference / 2) as usize,
                backwards: reference & REVERSED != 0,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::synthetic;

    #[test]
    fn rings_put_together_from_lines_are_the_outlines() {
        let territory = synthetic::territory(1);
        let borders = territory.borders();
        for (row, commune) in territory.communes().enumerate() {
            let outline = territory.outline(commune.code).unwrap();
            let rings = outline.as_multi_polygon().iter().flat_map(|part| {
                std::iter::once(part.exterior()).chain(part.interiors()).map(|ring| ring.0.clone())
            });
            for (walked, ring) in borders.rings(row).zip(rings) {
                let mut positions = Vec::new();
                for walk in walked {
                    let mut line: Vec<[f64; 2]> = borders.positions(walk.line, 0.0).collect();
                    if walk.backwards {
                        line.reverse();
                    }
                    positions.pop();
                    positions.append(&mut line);
                }
                let expected: Vec<[f64; 2]> = ring.iter().map(|c| [c.x, c.y]).collect();
                assert_eq!(positions, expected, "{}", commune.code);
            }
        }
    }
}
