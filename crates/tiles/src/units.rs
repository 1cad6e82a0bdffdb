//! What is drawn: communes, and the départements and regions that they make up.

use std::collections::{BTreeMap, HashMap, HashSet};

use desserte_territory::{Borders, Commune, Territory, Walk};

use crate::lines::Lines;
use crate::mercator::{Mercator, Point};
use crate::shape::{Ring, Window, polygons};

/// Half the side of the square that stands for what has no surface on the grid: the square is half a pixel of a tile
/// 512 pixels wide.
const MARKER_HALF: i32 = 2;

/// A layer of a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Region,
    Departement,
    Commune,
}

/// Something with a surface and a name.
pub(crate) struct Unit {
    pub(crate) kind: Kind,
    /// The code, read as a number of base 36: the same in every vintage.
    pub(crate) id: u64,
    /// Values of the layer's keys.
    pub(crate) texts: [Option<String>; 3],
    /// Its surface: what an odd number of these rings surround.
    pub(crate) rings: Vec<Ring>,
    pub(crate) around: Window,
    /// Whether the rings are a square in its place.
    pub(crate) is_marker: bool,
}

/// Everything that a zoom shows, layer by layer; markers last, so that what surrounds them does not hide them.
pub(crate) fn units(
    territory: &Territory,
    lines: &Lines,
    mercator: Mercator,
    communes_too: bool,
) -> Vec<Unit> {
    let borders = territory.borders();
    let communes: Vec<&Commune> = territory.communes().collect();
    let mut units = Vec::new();
    for kind in [Kind::Region, Kind::Departement] {
        for (code, rows) in grouped(&communes, kind) {
            let rings = merged(borders, lines, &rows);
            let texts = match kind {
                Kind::Region => [territory.region(code).and_then(|unit| unit.name.clone()), None],
                _ => {
                    let unit = territory.departement(code);
                    [unit.and_then(|unit| unit.name.clone()), unit.and_then(|unit| unit.region.clone())]
                }
            };
            let [name, parent] = texts;
            let texts = [Some(code.to_owned()), name, parent];
            units.push(Unit::of(kind, code, texts, rings, || middle(territory, mercator, communes[rows[0]])));
        }
    }
    if communes_too {
        for (row, commune) in communes.iter().enumerate() {
            let rings = lines.contours(borders, row).collect();
            let code = commune.code.as_str();
            let texts =
                [Some(code.to_owned()), Some(commune.name.clone()), Some(commune.departement.clone())];
            let marker = || middle(territory, mercator, commune);
            units.push(Unit::of(Kind::Commune, code, texts, rings, marker));
        }
    }
    units.sort_by_key(|unit| (unit.kind, unit.is_marker));
    units
}

impl Unit {
    fn of(
        kind: Kind,
        code: &str,
        texts: [Option<String>; 3],
        rings: Vec<Ring>,
        middle: impl FnOnce() -> Point,
    ) -> Self {
        let id = u64::from_str_radix(code, 36).unwrap_or(0);
        let mut rings: Vec<Ring> = polygons(&rings, None).into_iter().flatten().collect();
        let is_marker = rings.is_empty();
        if is_marker {
            rings.push(marker(middle()));
        }
        let around = Window::around(rings.iter().flatten()).expect("a ring has points");
        Self { kind, id, texts, rings, around, is_marker }
    }
}

fn marker([x, y]: Point) -> Ring {
    let (west, east) = (x - MARKER_HALF, x + MARKER_HALF);
    let (north, south) = (y - MARKER_HALF, y + MARKER_HALF);
    vec![[west, north], [east, north], [east, south], [west, south]]
}

/// A point of a commune that is too small for the grid.
fn middle(territory: &Territory, mercator: Mercator, commune: &Commune) -> Point {
    let outline = territory.outline(commune.code).expect("a commune of the territory has an outline");
    let inside = outline.point_inside().map(|point| [point.lon(), point.lat()]);
    mercator.point(inside.unwrap_or_else(|| {
        let centre = outline.bounds().center();
        [centre.x, centre.y]
    }))
}

/// The rows of the communes of each unit of a kind, by its code.
fn grouped<'a>(communes: &[&'a Commune], kind: Kind) -> BTreeMap<&'a str, Vec<usize>> {
    let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (row, commune) in communes.iter().enumerate() {
        let code = match kind {
            Kind::Region => commune.region.as_deref(),
            Kind::Departement => Some(commune.departement.as_str()),
            Kind::Commune => Some(commune.code.as_str()),
        };
        if let Some(code) = code {
            groups.entry(code).or_default().push(row);
        }
    }
    groups
}

/// For each line, whether it bounds a département and not communes of one alone.
pub(crate) fn between_departements(territory: &Territory) -> Vec<bool> {
    let borders = territory.borders();
    let mut sides: Vec<[Option<&str>; 2]> = vec![[None; 2]; borders.len()];
    for (row, commune) in territory.communes().enumerate() {
        for walk in borders.rings(row).flatten() {
            sides[walk.line][usize::from(walk.backwards)] = Some(&commune.departement);
        }
    }
    sides.into_iter().map(|[one, other]| one != other).collect()
}

/// The rings around several communes together: the lines that have one of them on one side only, strung together again.
fn merged(borders: Borders<'_>, lines: &Lines, rows: &[usize]) -> Vec<Ring> {
    let walks = || rows.iter().flat_map(|row| borders.rings(*row)).flatten();
    let mut forwards = HashSet::new();
    let mut backwards = HashSet::new();
    for walk in walks() {
        let side = if walk.backwards { &mut backwards } else { &mut forwards };
        side.insert(walk.line);
    }
    let outer = |walk: &Walk| !(forwards.contains(&walk.line) && backwards.contains(&walk.line));
    let mut leaving: HashMap<Point, Vec<Walk>> = HashMap::new();
    let start = |walk: &Walk| {
        let (first, last) = lines.ends(walk.line);
        if walk.backwards { (last, first) } else { (first, last) }
    };
    let mut order = Vec::new();
    for walk in walks().filter(outer) {
        order.push(walk);
        leaving.entry(start(&walk).0).or_default().push(walk);
    }
    let mut rings = Vec::new();
    for first in order {
        let begin = start(&first).0;
        // As many lines lead to a point as away from it, so that every walk comes back to where it began.
        while let Some(walk) = leaving.get_mut(&begin).and_then(Vec::pop) {
            let mut ring = vec![walk];
            let mut at = start(&walk).1;
            while at != begin {
                let Some(next) = leaving.get_mut(&at).and_then(Vec::pop) else { break };
                at = start(&next).1;
                ring.push(next);
            }
            rings.push(lines.ring(ring.into_iter()));
        }
    }
    rings
}
