//! A small map of a commune and those around it.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::drawing::DepartementMap;

use super::address::Links;
use super::scale::Indicator;
use crate::figures::CommuneFigures;

/// Free units around what is drawn.
const MARGIN: i64 = 16;

/// A commune and its neighbours.
pub(super) struct Nearby {
    pub(super) view_box: String,
    pub(super) shapes: Vec<Near>,
}

/// One of them.
pub(super) struct Near {
    pub(super) d: String,
    pub(super) class: &'static str,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) value: String,
    /// Whether it is the page's own.
    pub(super) own: bool,
}

/// Draws them, the page's own commune last, so that its edge lies on top. Neighbours in another département are not on its
/// département's map and are left out.
pub(super) fn nearby(
    code: CommuneCode,
    map: &DepartementMap,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
    links: Links<'_>,
) -> Option<Nearby> {
    let territory = &links.shared.territory;
    let mut wanted: Vec<(CommuneCode, &str)> =
        territory.neighbours(code).map(|commune| (commune.code, commune.name.as_str())).collect();
    wanted.push((code, territory.commune(code)?.name.as_str()));
    let indicator = Indicator::default();
    let mut bounds: Option<[i64; 4]> = None;
    let mut shapes = Vec::new();
    for (near, name) in wanted {
        let Some(path) = map.communes.iter().find(|path| path.code == near) else { continue };
        bounds = united(bounds, bounds_of(&path.d));
        let own = figures.get(&near);
        shapes.push(Near {
            d: path.d.clone(),
            class: indicator.class_of(own),
            address: links.commune(near),
            name: name.to_owned(),
            value: indicator.value(own, links.lang),
            own: near == code,
        });
    }
    let [left, top, right, bottom] = bounds?;
    let view_box = format!(
        "{} {} {} {}",
        left - MARGIN,
        top - MARGIN,
        right - left + 2 * MARGIN,
        bottom - top + 2 * MARGIN
    );
    Some(Nearby { view_box, shapes })
}

fn united(a: Option<[i64; 4]>, b: Option<[i64; 4]>) -> Option<[i64; 4]> {
    let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
    Some([a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])
}

/// The box around a path of absolute starts and relative steps, as `desserte-territory` writes them.
fn bounds_of(d: &str) -> Option<[i64; 4]> {
    let mut found: Option<[i64; 4]> = None;
    for ring in d.split('M').filter(|ring| !ring.is_empty()) {
        let (start, steps) = ring.trim_end_matches('z').split_once('l')?;
        let (mut x, mut y) = (0, 0);
        for pair in [numbers(start), numbers(steps)].concat().chunks_exact(2) {
            x += pair[0];
            y += pair[1];
            found = united(found, Some([x, y, x, y]));
        }
    }
    found
}

/// Whole numbers that a space or a minus sign separates.
fn numbers(text: &str) -> Vec<i64> {
    text.replace('-', " -").split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_box_of_a_path_holds_all_its_rings() {
        assert_eq!(super::bounds_of("M10 20l3-4 5 6zM1 1l1 0 0 1z"), Some([1, 1, 18, 22]));
        assert_eq!(super::bounds_of(""), None);
    }
}
