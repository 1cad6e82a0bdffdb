//! From the layer's reference system to WGS 84 longitude and latitude.

use std::path::Path;

use gdal::spatial_ref::{AxisMappingStrategy, CoordTransform, SpatialRef};
use gdal::vector::LayerAccess;
use geo::{Coord, LineString, MultiPolygon, Polygon};

use super::OutlinesError;

/// A way to WGS 84, or none where coordinates are in it already.
pub(super) struct ToWgs84(Option<CoordTransform>);

/// WGS 84 as authorities name it: latitude first, but GDAL hands GeoJSON's order out; and GeoJSON's own name for it.
const WGS_84: [&str; 2] = ["EPSG:4326", "OGC:CRS84"];

impl ToWgs84 {
    /// The way for a layer. A system given by hand wins over the one that the file states.
    pub(super) fn of(
        layer: &impl LayerAccess,
        path: &Path,
        given: Option<&str>,
    ) -> Result<Self, OutlinesError> {
        let source = match given {
            Some(definition) => {
                let failed = |error: gdal::errors::GdalError| OutlinesError::Crs {
                    definition: definition.to_owned(),
                    reason: error.to_string(),
                };
                let mut system = SpatialRef::from_definition(definition).map_err(failed)?;
                system.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
                system
            }
            // The layer's system knows the order in which its driver hands coordinates out.
            None => layer.spatial_ref().ok_or_else(|| OutlinesError::NoCrs { path: path.to_owned() })?,
        };
        let authority = source.authority().unwrap_or_default();
        let longitude_first = source.axis_mapping_strategy() == AxisMappingStrategy::TraditionalGisOrder
            || authority == "OGC:CRS84";
        if WGS_84.contains(&authority.as_str()) && longitude_first {
            return Ok(Self(None));
        }
        let definition =
            || if authority.is_empty() { source.name().unwrap_or_default() } else { authority.clone() };
        let failed = |error: gdal::errors::GdalError| OutlinesError::Crs {
            definition: definition(),
            reason: error.to_string(),
        };
        let mut target = SpatialRef::from_epsg(4326).map_err(failed)?;
        target.set_axis_mapping_strategy(AxisMappingStrategy::TraditionalGisOrder);
        CoordTransform::new(&source, &target).map(|way| Self(Some(way))).map_err(failed)
    }

    /// Transforms polygons.
    pub(super) fn polygons(&self, polygons: MultiPolygon<f64>) -> Result<MultiPolygon<f64>, OutlinesError> {
        let Some(way) = &self.0 else { return Ok(polygons) };
        let ring = |ring: &LineString<f64>| -> Result<LineString<f64>, OutlinesError> {
            let (mut x, mut y): (Vec<f64>, Vec<f64>) = ring.0.iter().map(|c| (c.x, c.y)).unzip();
            way.transform_coords(&mut x, &mut y, &mut []).map_err(|error| OutlinesError::Crs {
                definition: "of the file".to_owned(),
                reason: error.to_string(),
            })?;
            Ok(LineString(x.into_iter().zip(y).map(|(x, y)| Coord { x, y }).collect()))
        };
        let parts = polygons.iter().map(|part| {
            let holes = part.interiors().iter().map(ring).collect::<Result<Vec<_>, _>>()?;
            Ok(Polygon::new(ring(part.exterior())?, holes))
        });
        parts.collect::<Result<Vec<_>, _>>().map(MultiPolygon)
    }
}
