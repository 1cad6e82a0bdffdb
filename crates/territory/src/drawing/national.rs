//! The whole territory on one page: a conic projection, and a column of insets for what lies overseas.

use std::collections::BTreeMap;

use geo::Rect;

use super::conic::Conic;
use super::grid::{Grid, STEPS_PER_PIXEL, WIDTH_PX, step};
use super::shape;
use crate::sheet::{Faults, Sheet, Style};
use crate::{Commune, Territory};

/// How far a border may move, in grid steps: half a pixel. A commune is some four pixels wide on a page.
const TOLERANCE: f64 = 1.0;

/// Smaller communes keep all vertices, and are squares if that does not help: half a square pixel.
const SMALL_DOUBLE_AREA: i64 = 4;

/// The column of insets takes this part of the width.
const COLUMN: f64 = 1.0 / 9.0;

/// Free steps around every part of the map.
const MARGIN: f64 = 8.0;

/// What a map shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every commune.
    Communes,
    /// Every département.
    Departements,
}

/// All communes or départements of a territory.
#[derive(Debug, Clone, PartialEq)]
pub struct NationalMap {
    /// Width of the view box: two for each pixel of the width asked for.
    pub view_width: u32,
    /// Height of the view box.
    pub view_height: u32,
    /// In the order of their codes, squares in the place of small ones last.
    pub shapes: Vec<NationalShape>,
    /// What is wrong with the drawing; nothing but where outlines lie over each other.
    pub faults: Faults,
}

/// A commune or a département.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NationalShape {
    /// Its code.
    pub code: String,
    /// What it is called; `None` where not known.
    pub name: Option<String>,
    /// The `d` attribute of an SVG path; to be filled with `fill-rule="evenodd"` because of holes.
    pub d: String,
    /// Whether it is a square, because the shape itself could not be seen.
    pub is_marker: bool,
}

/// Draws a territory `width_px` pixels wide.
///
/// Départements with codes of three characters lie overseas: each is an inset with a scale of its own.
#[must_use]
pub fn national_map(territory: &Territory, detail: Detail, width_px: u32) -> NationalMap {
    let communes: Vec<&Commune> = territory.communes().collect();
    let panels = Panels::of(territory, &communes, width_px);
    let group = |commune: &Commune| match detail {
        Detail::Communes => commune.code.to_string(),
        Detail::Departements => commune.departement.clone(),
    };
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (row, commune) in communes.iter().enumerate() {
        groups.entry(group(commune)).or_default().push(row);
    }
    let mut areas = vec![0; communes.len()];
    for (area, rows) in (1..).zip(groups.values()) {
        rows.iter().for_each(|row| areas[*row] = area);
    }
    let style = Style {
        areas: &areas,
        project: &|row, position| panels.place(row, position),
        degrees: &|row, _| panels.degrees(row),
        tolerance: TOLERANCE,
        small_double_area: SMALL_DOUBLE_AREA,
        cuts: None,
    };
    let borders = territory.borders();
    let sheet = Sheet::new(borders, &style);
    let shape = |(code, rows): (String, Vec<usize>)| {
        let middle = territory.outline(communes[rows[0]].code).map(|outline| outline.bounds().center());
        let middle = middle.map(|middle| panels.place(rows[0], [middle.x, middle.y])).unwrap_or_default();
        let (d, is_marker) =
            shape(sheet.around(borders, &rows, &areas).into_iter(), middle, SMALL_DOUBLE_AREA);
        let name = match detail {
            Detail::Communes => Some(communes[rows[0]].name.clone()),
            Detail::Departements => territory.departement(&code).and_then(|unit| unit.name.clone()),
        };
        NationalShape { code, name, d, is_marker }
    };
    let mut shapes: Vec<NationalShape> = groups.into_iter().map(shape).collect();
    shapes.sort_by_key(|shape| shape.is_marker);
    let (view_width, view_height) = panels.size;
    NationalMap { view_width, view_height, shapes, faults: sheet.faults().clone() }
}

/// Where what is drawn.
struct Panels {
    size: (u32, u32),
    conic: Conic,
    /// The place of the plane's origin, and steps for a degree of the plane.
    mainland: ([f64; 2], f64),
    insets: Vec<Grid>,
    /// For each commune its inset.
    of: Vec<Option<usize>>,
}

impl Panels {
    fn of(territory: &Territory, communes: &[&Commune], width_px: u32) -> Self {
        let conic = Conic::new();
        let mut overseas: BTreeMap<&str, Vec<Rect<f64>>> = BTreeMap::new();
        for commune in communes.iter().filter(|commune| is_overseas(commune)) {
            let bounds = territory.outline(commune.code).map(|outline| outline.bounds());
            overseas.entry(&commune.departement).or_default().extend(bounds);
        }
        let numbers: BTreeMap<&str, usize> =
            overseas.keys().enumerate().map(|(number, code)| (*code, number)).collect();
        let of: Vec<Option<usize>> =
            communes.iter().map(|commune| numbers.get(commune.departement.as_str()).copied()).collect();
        let width = f64::from(width_px.clamp(*WIDTH_PX.start(), *WIDTH_PX.end()) * STEPS_PER_PIXEL);
        let column = if overseas.is_empty() { 0.0 } else { width * COLUMN };
        let (least, most) = mainland(territory, conic, &of);
        // A map of one point still needs a scale: nothing real is smaller than a millionth of a degree.
        let scale = (width - column - 2.0 * MARGIN) / (most[0] - least[0]).max(1e-6);
        let tall = if least[0] <= most[0] { (most[1] - least[1]) * scale + 2.0 * MARGIN } else { width };
        let slot = (tall / f64::from(u32::try_from(overseas.len().max(1)).unwrap_or(1))).min(column);
        let mut top = 0.0;
        let insets = overseas.into_values().filter_map(|bounds| {
            let inset = Grid::within(bounds.into_iter(), [MARGIN, top + MARGIN], slot - 2.0 * MARGIN);
            top += slot;
            inset
        });
        let insets = insets.collect();
        let origin = [column + MARGIN - least[0] * scale, MARGIN - least[1] * scale];
        let size = (step(width).unsigned_abs(), step(tall).unsigned_abs());
        Self { size, conic, mainland: (origin, scale), insets, of }
    }

    fn place(&self, row: usize, position: [f64; 2]) -> [f64; 2] {
        if let Some(inset) = self.of[row] {
            return self.insets[inset].place(position);
        }
        let ([left, top], scale) = self.mainland;
        let [x, y] = self.conic.plane(position);
        [x * scale + left, y * scale + top]
    }

    fn degrees(&self, row: usize) -> f64 {
        self.of[row].map_or(1.0 / self.mainland.1, |inset| self.insets[inset].degrees())
    }
}

fn is_overseas(commune: &Commune) -> bool {
    commune.departement.len() == 3
}

/// The box around what is not overseas, on the plane.
fn mainland(territory: &Territory, conic: Conic, insets: &[Option<usize>]) -> ([f64; 2], [f64; 2]) {
    let borders = territory.borders();
    let outer = (0..borders.len()).filter(|line| match borders.sides(*line) {
        [Some(row), None] | [None, Some(row)] => insets[row].is_none(),
        _ => false,
    });
    let positions = outer.flat_map(|line| borders.positions(line, 0.0)).map(|position| conic.plane(position));
    positions.fold(([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]), |(least, most), [x, y]| {
        ([least[0].min(x), least[1].min(y)], [most[0].max(x), most[1].max(y)])
    })
}
