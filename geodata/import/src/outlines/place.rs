//! Whether communes lie where their département is.

use desserte_model::CommuneCode;
use geo::{BoundingRect, Coord};

use super::{OutlinesError, RawOutline};
use crate::{Finding, FindingKind};

/// A box of meridians and parallels: west, south, east, north.
type Place = [f64; 4];

/// Boxes that hold each territory with its islets, generously: they are to catch swapped axes, not bad surveying.
const OVERSEAS: [(&str, Place); 10] = [
    ("971", [-62.0, 15.6, -60.8, 16.7]),
    ("972", [-61.4, 14.2, -60.6, 15.1]),
    ("973", [-54.8, 1.9, -51.4, 6.1]),
    ("974", [55.0, -21.6, 56.0, -20.7]),
    ("975", [-56.7, 46.6, -56.0, 47.3]),
    ("976", [44.8, -13.2, 45.5, -12.4]),
    ("977", [-63.1, 17.7, -62.6, 18.1]),
    ("978", [-63.3, 17.9, -62.8, 18.3]),
    ("987", [-155.5, -28.5, -134.0, -7.0]),
    ("988", [156.0, -24.0, 173.5, -17.0]),
];

/// The mainland, Corsica and the islands off the coast.
const METROPOLITAN: Place = [-5.6, 41.2, 9.9, 51.4];

/// Above this share of misplaced communes the file is at fault, not single rows.
const FILE_AT_FAULT: f64 = 0.5;

/// The département of an outline: as stated, else read off the commune's code.
pub(crate) fn departement_of(outline: &RawOutline) -> String {
    outline.departement.clone().unwrap_or_else(|| outline.code.departement().to_owned())
}

/// Leaves out communes that lie far from their département.
///
/// # Errors
/// When most do: then the reference system or the order of the axes is wrong.
pub(crate) fn check_places(
    outlines: Vec<RawOutline>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<RawOutline>, OutlinesError> {
    let mut kept = Vec::with_capacity(outlines.len());
    let mut misplaced: Vec<(CommuneCode, Place, Coord<f64>)> = Vec::new();
    let mut checked = 0;
    for outline in outlines {
        let place = place_of(outline.code);
        checked += usize::from(place.is_some());
        let middle = outline.surface.bounding_rect().map(|bounds| bounds.center());
        match place.zip(middle).filter(|(place, middle)| !holds(place, *middle)) {
            Some((place, middle)) => misplaced.push((outline.code, place, middle)),
            None => kept.push(outline),
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "counts of communes")]
    let at_fault = misplaced.len() as f64 > FILE_AT_FAULT * checked as f64;
    if at_fault {
        let (code, _, middle) = misplaced[0];
        return Err(OutlinesError::WrongPlace {
            misplaced: misplaced.len(),
            checked,
            example: format!("{code} at longitude {:.4}, latitude {:.4}", middle.x, middle.y),
            reason: likely_cause(&misplaced),
        });
    }
    findings.extend(misplaced.into_iter().map(|(code, _, middle)| {
        Finding::new(
            FindingKind::Misplaced,
            code,
            format!("longitude {:.4}, latitude {:.4}", middle.x, middle.y),
        )
    }));
    Ok(kept)
}

/// Where a commune is to be expected; `None` if nothing is known, as for made-up codes.
///
/// The commune's code decides rather than a stated département, which has been wrong in files.
fn place_of(code: CommuneCode) -> Option<Place> {
    let departement = code.departement();
    let overseas = OVERSEAS.iter().find(|(known, _)| *known == departement).map(|(_, place)| *place);
    let metropolitan = || {
        let number: Option<u8> = departement.parse().ok();
        (departement.starts_with('2') || number.is_some_and(|number| (1..=95).contains(&number)))
            .then_some(METROPOLITAN)
    };
    overseas.or_else(metropolitan)
}

/// Whether a point lies in one of the boxes around the parts of France.
pub(super) fn in_france(point: Coord<f64>) -> bool {
    OVERSEAS.iter().map(|(_, place)| place).chain([&METROPOLITAN]).any(|place| holds(place, point))
}

fn holds(place: &Place, point: Coord<f64>) -> bool {
    let [west, south, east, north] = place;
    (*west..=*east).contains(&point.x) && (*south..=*north).contains(&point.y)
}

fn likely_cause(misplaced: &[(CommuneCode, Place, Coord<f64>)]) -> &'static str {
    let most = |count: usize| count * 2 > misplaced.len();
    let swapped = misplaced.iter().filter(|(_, place, c)| holds(place, Coord { x: c.y, y: c.x })).count();
    let near_origin = misplaced.iter().filter(|(_, _, c)| c.x.abs() < 2.0 && c.y.abs() < 2.0).count();
    if most(swapped) {
        "longitude and latitude are swapped; write them in GeoJSON order, longitude first"
    } else if most(near_origin) {
        "they lie near 0, 0 in the Gulf of Guinea, as happens when coordinates are scaled or their reference system is \
         wrong; give the real one with --crs, for example EPSG:2154 (Lambert-93)"
    } else {
        "the reference system is wrong; give the real one with --crs, for example EPSG:2154 (Lambert-93) in \
         metropolitan France, EPSG:5490, 2972, 2975 or 4471 overseas"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use geo::Rect;

    fn at(code: &str, lon: f64, lat: f64) -> RawOutline {
        RawOutline {
            code: code.parse().unwrap(),
            name: None,
            departement: None,
            region: None,
            epci: None,
            population: None,
            surface: Rect::new((lon, lat), (lon + 0.1, lat + 0.1)).to_polygon().into(),
        }
    }

    fn refusal(outlines: Vec<RawOutline>) -> String {
        check_places(outlines, &mut vec![]).unwrap_err().to_string()
    }

    #[test]
    fn the_cause_of_a_wrong_place_is_named() {
        assert!(refusal(vec![at("23096", 46.17, 1.87), at("2A004", 41.9, 8.7)]).contains("swapped"));
        assert!(refusal(vec![at("23096", 0.06, 0.62)]).contains("Gulf of Guinea"));
        assert!(refusal(vec![at("23096", 60.0, 20.0)]).contains("reference system is wrong"));
    }

    #[test]
    fn one_stray_commune_is_left_out_and_reported() {
        let mut findings = vec![];
        let places = [
            at("23096", 1.87, 46.17),
            at("97411", 55.4, -21.0),
            at("2B033", 9.4, 42.6),
            at("97601", 1.8, 46.0),
            at("99001", -5.0, 45.0),
        ];
        let kept = check_places(places.to_vec(), &mut findings).unwrap();
        assert_eq!(kept.len(), 4);
        assert_eq!(findings.len(), 1);
        assert_eq!((findings[0].kind, findings[0].code.as_str()), (FindingKind::Misplaced, "97601"));
    }
}
