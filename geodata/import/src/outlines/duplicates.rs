//! One outline for each code.

use gdal::vector::ToGdal;
use geo::MultiPolygon;

use super::RawOutline;
use super::surface::surface_of;
use crate::{Finding, FindingKind};

/// Share of the smaller surface that two rows of one commune may have in common and still be its parts: what is left
/// of rounding along a common line.
const COMMON_SHARE: f64 = 1e-6;

/// Puts the rows of one commune together, and sorts by code.
///
/// Some layers have a row for each island: those do not overlap, and are joined. Rows that do overlap are two versions
/// of one commune, of which the first in the file stays.
pub(crate) fn one_for_each_code(
    mut outlines: Vec<RawOutline>,
    findings: &mut Vec<Finding>,
) -> Vec<RawOutline> {
    outlines.sort_by_key(|outline| outline.code);
    let mut kept: Vec<RawOutline> = Vec::with_capacity(outlines.len());
    for outline in outlines {
        match kept.last_mut().filter(|last| last.code == outline.code) {
            None => kept.push(outline),
            Some(first) if first.surface == outline.surface => {
                findings.push(Finding::new(FindingKind::DuplicateOutline, first.code, "identical outlines"));
            }
            Some(first) => match union_of_parts(&first.surface, &outline.surface) {
                Ok(union) => {
                    let detail = format!("{} polygon(s) after", union.0.len());
                    findings.push(Finding::new(FindingKind::JoinedParts, first.code, detail));
                    first.surface = union;
                }
                Err(detail) => findings.push(Finding::new(FindingKind::DuplicateOutline, first.code, detail)),
            },
        }
    }
    kept
}

/// The union of two surfaces that do not overlap; why not, if they do.
pub(super) fn union_of_parts(
    a: &MultiPolygon<f64>,
    b: &MultiPolygon<f64>,
) -> Result<MultiPolygon<f64>, String> {
    let failed = |error: gdal::errors::GdalError| error.to_string();
    let (a, b) = (a.to_gdal().map_err(failed)?, b.to_gdal().map_err(failed)?);
    let smaller = a.area().min(b.area());
    let common = a.intersection(&b).map_or(0.0, |common| common.area());
    if common > COMMON_SHARE * smaller {
        let share = common / smaller * 100.0;
        return Err(format!("different outlines, {share:.1} % of the smaller in common"));
    }
    let union = a.union(&b).ok_or("GEOS cannot put the rows together")?;
    Ok(MultiPolygon(surface_of(&union).polygons))
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::{Area, Rect};

    fn row(code: &str, west: f64, width: f64) -> RawOutline {
        RawOutline {
            code: code.parse().unwrap(),
            name: Some(format!("{west}")),
            departement: None,
            region: None,
            epci: None,
            population: None,
            surface: Rect::new((west, 45.0), (west + width, 46.0)).to_polygon().into(),
        }
    }

    #[test]
    fn parts_are_joined_and_versions_are_not() {
        let mut findings = vec![];
        let rows = vec![
            row("23002", 1.0, 1.0),
            row("23001", 1.0, 1.0),
            row("23001", 2.0, 1.0), // beside the first, with a common side
            row("23002", 1.5, 1.0), // over the first
            row("23002", 1.0, 1.0), // the first again
        ];
        let kept = one_for_each_code(rows, &mut findings);
        let sizes: Vec<_> = kept.iter().map(|row| (row.code.to_string(), row.surface.0.len())).collect();
        assert!((kept[0].surface.unsigned_area() - 2.0).abs() < 1e-9);
        assert_eq!(sizes, [("23001".to_owned(), 1), ("23002".to_owned(), 1)]);
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        use FindingKind::{DuplicateOutline, JoinedParts};
        assert_eq!(kinds, [JoinedParts, DuplicateOutline, DuplicateOutline]);
    }
}
