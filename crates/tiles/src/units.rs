//! What is drawn: communes, and the départements and regions that they make up.

use std::collections::{BTreeMap, BTreeSet};

use desserte_territory::sheet::Sheet;
use desserte_territory::{Commune, Territory};

use crate::mercator::{Mercator, Point};
use crate::shape::{Ring, Window, minus, polygons};

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

/// What each commune belongs to: places in the lists of codes, counted from one; zero where nothing is known.
pub(crate) struct Groups {
    pub(crate) communes: Vec<u32>,
    pub(crate) departements: Vec<u32>,
    regions: Vec<u32>,
}

impl Groups {
    pub(crate) fn of(territory: &Territory) -> Self {
        let communes = || territory.communes();
        Self {
            communes: places(&communes().map(|commune| Some(commune.code.as_str())).collect::<Vec<_>>()),
            departements: places(
                &communes().map(|commune| Some(commune.departement.as_str())).collect::<Vec<_>>(),
            ),
            regions: places(&communes().map(|commune| commune.region.as_deref()).collect::<Vec<_>>()),
        }
    }
}

fn places(codes: &[Option<&str>]) -> Vec<u32> {
    let mut listed: BTreeMap<&str, u32> = codes.iter().flatten().map(|code| (*code, 0)).collect();
    (1..).zip(listed.values_mut()).for_each(|(number, place)| *place = number);
    codes.iter().map(|code| code.map_or(0, |code| listed[code])).collect()
}

/// Everything that a zoom shows, layer by layer; markers last, so that what surrounds them does not hide them.
pub(crate) fn units(
    territory: &Territory,
    groups: &Groups,
    sheet: &Sheet,
    mercator: Mercator,
    communes_too: bool,
) -> Vec<Unit> {
    let borders = territory.borders();
    let communes: Vec<&Commune> = territory.communes().collect();
    let mut units = Vec::new();
    for (kind, places) in [(Kind::Region, &groups.regions), (Kind::Departement, &groups.departements)] {
        for rows in rows_of(places) {
            let rings = sheet.around(borders, &rows, places);
            let first = communes[rows[0]];
            let (code, texts) = match kind {
                Kind::Region => {
                    let code = first.region.as_deref().unwrap_or_default();
                    (code, [territory.region(code).and_then(|unit| unit.name.clone()), None])
                }
                _ => {
                    let unit = territory.departement(&first.departement);
                    let name = unit.and_then(|unit| unit.name.clone());
                    (first.departement.as_str(), [name, unit.and_then(|unit| unit.region.clone())])
                }
            };
            let [name, parent] = texts;
            let texts = [Some(code.to_owned()), name, parent];
            units.push(Unit::of(kind, code, texts, rings, || middle(territory, mercator, first)));
        }
    }
    if communes_too {
        for (row, commune) in communes.iter().enumerate() {
            let rings = sheet.rings(borders, row).collect();
            let code = commune.code.as_str();
            let texts =
                [Some(code.to_owned()), Some(commune.name.clone()), Some(commune.departement.clone())];
            let marker = || middle(territory, mercator, commune);
            units.push(Unit::of(Kind::Commune, code, texts, rings, marker));
        }
    }
    part(&mut units, sheet, groups, communes_too);
    units.sort_by_key(|unit| (unit.kind, unit.is_marker));
    units
}

/// Where outlines of the territory lie over each other, leaves the ground to the unit with the lowest code, which is
/// the one that answers for a point there too.
fn part(units: &mut [Unit], sheet: &Sheet, groups: &Groups, communes_too: bool) {
    let areas = &sheet.faults().areas;
    let kinds = [
        (Kind::Region, &groups.regions),
        (Kind::Departement, &groups.departements),
        (Kind::Commune, &groups.communes),
    ];
    for (kind, places) in kinds {
        // Units stand in the order of their codes, kind by kind.
        let first = units.partition_point(|unit| unit.kind < kind);
        let number = |area: &u32| Some(first + (*area as usize).checked_sub(1)?);
        let meeting: BTreeSet<usize> = if communes_too == (kind == Kind::Commune) {
            areas.iter().filter_map(number).collect()
        } else {
            let of_area = |(area, place): (&u32, &u32)| areas.contains(area).then(|| number(place)).flatten();
            groups.communes.iter().zip(places).filter_map(of_area).collect()
        };
        for (at, upper) in meeting.iter().enumerate() {
            for lower in meeting.iter().take(at) {
                if units[*upper].around.meets(&units[*lower].around) && !units[*lower].is_marker {
                    let left: Vec<Ring> =
                        minus(&units[*upper].rings, &units[*lower].rings).into_iter().flatten().collect();
                    if !left.is_empty() {
                        units[*upper].rings = left;
                    }
                }
            }
        }
    }
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

/// The rows of the communes of each place, in the order of the places.
fn rows_of(places: &[u32]) -> Vec<Vec<usize>> {
    let mut rows: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (row, place) in places.iter().enumerate().filter(|(_, place)| **place != 0) {
        rows.entry(*place).or_default().push(row);
    }
    rows.into_values().collect()
}
