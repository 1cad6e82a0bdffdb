//! Arcep's mobile sites, row by row: the layout of 2018 and the one of 29 columns that followed.

use std::path::Path;

use desserte_model::{CommuneCode, LonLat};
use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, SpatialRef};

use crate::tables::{Row, Table, TableError, read_code};
use crate::{Finding, FindingKind};

/// A site of an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Code of the operator, as Arcep writes it: 20801 Orange, 20810 SFR, 20815 Free, 20820 Bouygues Telecom.
    pub operator: String,
    /// Where it stands; `None` if the row says nowhere.
    pub position: Option<LonLat>,
    /// Whether it carries 2G, 3G, 4G and 5G; `None` where the layout does not say.
    pub technologies: [Option<bool>; 4],
    /// The commune that the row states, in the list of communes of its own year.
    pub stated_commune: Option<CommuneCode>,
    /// The line of the file.
    pub line: u64,
    /// Whether an earlier row says exactly the same.
    pub repeats: bool,
}

const OPERATOR: &[&str] = &["code_op", "operateur"];
const TECHNOLOGIES: [&[&str]; 4] =
    [&["site_2g", "2g"], &["site_3g", "3g"], &["site_4g", "4g"], &["site_5g", "5g"]];

/// Reads the sites of a file. Rows without a position and repeated rows are kept, marked and reported.
///
/// Degrees are taken where the file has them, with decimal comma or point; else `x` and `y` are Lambert-93 (EPSG:2154),
/// which holds for metropolitan France only.
///
/// # Errors
/// When the file is no table or lacks the operator or the coordinates.
pub fn read_sites(
    path: &Path,
    octets: Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Result<Vec<Site>, TableError> {
    let table = Table::read(path, octets, "the operator's code", OPERATOR)?;
    let operator = table.need("the operator's code", OPERATOR)?;
    let degrees = table.column(&["longitude"]).zip(table.column(&["latitude"]));
    let (x, y) = match degrees {
        Some(columns) => columns,
        None => (table.need("the first coordinate", &["x"])?, table.need("the second coordinate", &["y"])?),
    };
    let technologies = TECHNOLOGIES.map(|names| table.column(names));
    let commune = table.column(&["insee_com"]);
    let (mut sites, mut coordinates) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    for row in table.rows() {
        let code = row.cell(Some(operator)).unwrap_or_default().to_owned();
        let repeats = !seen.insert(row.cells().collect::<Vec<_>>());
        if repeats {
            findings.push(Finding::new(FindingKind::DuplicateSite, &code, format!("line {}", row.line)));
        }
        coordinates.push(number(row, x).zip(number(row, y)));
        sites.push(Site {
            operator: code,
            position: None,
            technologies: technologies.map(|column| match row.cell(column) {
                Some("1") => Some(true),
                Some("0") => Some(false),
                _ => None,
            }),
            stated_commune: row.cell(commune).and_then(|text| read_code(text).code()),
            line: row.line,
            repeats,
        });
    }
    let positions = if degrees.is_some() { coordinates } else { from_lambert_93(&coordinates) };
    for (site, position) in sites.iter_mut().zip(positions) {
        site.position = position.and_then(|(lon, lat)| LonLat::new(lon, lat).ok());
        if site.position.is_none() {
            let detail = format!("line {}", site.line);
            findings.push(Finding::new(FindingKind::SiteWithoutPosition, &site.operator, detail));
        }
    }
    Ok(sites)
}

fn number(row: Row<'_>, column: usize) -> Option<f64> {
    let text = row.cell(Some(column))?.replace(',', ".");
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Metres of EPSG:2154 to longitude and latitude; none where PROJ finds no way.
fn from_lambert_93(metres: &[Option<(f64, f64)>]) -> Vec<Option<(f64, f64)>> {
    let system = |code| {
        let mut system = SpatialRef::from_epsg(code)?;
        system.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        Ok(system)
    };
    let way = system(2154).and_then(|from| CoordTransform::new(&from, &system(4326)?));
    let way: Option<CoordTransform> = way.ok();
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = metres.iter().flatten().copied().unzip();
    let done = way.is_some_and(|way| way.transform_coords(&mut x, &mut y, &mut []).is_ok());
    let mut degrees = x.into_iter().zip(y).map(|degrees| done.then_some(degrees));
    metres.iter().map(|given| given.and_then(|_| degrees.next().flatten())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<Site>, Vec<Finding>) {
        let mut findings = vec![];
        let sites = read_sites(Path::new("sites.csv"), text.as_bytes().to_vec(), &mut findings).unwrap();
        (sites, findings)
    }

    #[test]
    fn sites_of_2018_come_from_lambert_93() {
        let (sites, findings) = read(
            "Operateur;x;y;2G;3G;4G\n20810;575988;6569177;1;1;1\n20801;#N/A;#N/A;1;1;0\n20815;576152;6568290;0;1;1\n20810;575988;6569177;1;1;1\n",
        );
        // creuse-23/mobile-sites-2018-01.csv, made with PROJ: 1.391351, 46.211074 and 1.393712, 46.203118.
        let place = sites[0].position.unwrap();
        assert!((place.lon() - 1.391_351).abs() < 2e-6 && (place.lat() - 46.211_074).abs() < 2e-6, "{place}");
        let place = sites[2].position.unwrap();
        assert!((place.lon() - 1.393_712).abs() < 2e-6, "{place}");
        assert_eq!(sites[1].position, None);
        assert_eq!(sites[2].technologies, [Some(false), Some(true), Some(true), None]);
        use FindingKind::{DuplicateSite, SiteWithoutPosition};
        let kinds: Vec<_> = findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [DuplicateSite, SiteWithoutPosition]);
        assert!(sites[3].repeats && !sites[0].repeats);
    }

    #[test]
    fn sites_of_29_columns_come_in_degrees_with_decimal_commas() {
        let (sites, _) = read(
            "code_op;nom_op;num_site;x;y;latitude;longitude;insee_com;site_2g;site_3g;site_4g;site_5g\n\
             20801;Orange;1;573458;6899259;49,18056;1,26445;1004;1;1;1;0\n",
        );
        let place = sites[0].position.unwrap();
        assert!((place.lon() - 1.264_45).abs() < 1e-9 && (place.lat() - 49.180_56).abs() < 1e-9);
        assert_eq!(sites[0].stated_commune, Some("01004".parse().unwrap()));
        assert_eq!(sites[0].technologies, [Some(true), Some(true), Some(true), Some(false)]);
    }
}
