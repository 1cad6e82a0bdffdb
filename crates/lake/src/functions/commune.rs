//! `commune_at(lon, lat)`.

use std::num::NonZeroUsize;
use std::sync::Arc;

use datafusion::arrow::array::{Array as _, AsArray as _, StringArray};
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use desserte_territory::{Locator, Place};

/// The code of the commune that holds a position in WGS 84 degrees, by the territory file in use, exact on its borders.
///
/// # Missing data
/// Null where a coordinate is null, where the pair is no position on the globe, and where no commune is.
pub(super) fn commune_at(territory: Option<Arc<Locator>>) -> ScalarUDF {
    let run = move |arguments: &[ColumnarValue]| {
        let Some(territory) = &territory else {
            return exec_err!(
                "commune_at needs a territory file: put territoire.dst into the data directory, or name one with --territory"
            );
        };
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let columns = [arrays[0].as_primitive::<Float64Type>(), arrays[1].as_primitive::<Float64Type>()];
        // What is under a null is any number: NaN is no position.
        let [lon, lat] = columns
            .map(|column| column.iter().map(|degrees| degrees.unwrap_or(f64::NAN)).collect::<Vec<_>>());
        let mut places = vec![Place::default(); lon.len()];
        // The engine gives its partitions a thread each already.
        territory
            .locate_columns(&lon, &lat, &mut places, NonZeroUsize::MIN)
            .map_err(|error| exec_datafusion_err!("the territory file is damaged: {error}"))?;
        let codes = places.iter().map(|place| place.row().and_then(|row| territory.code_at(row)));
        let codes: StringArray = codes.map(|code| code.map(|code| code.as_str().to_owned())).collect();
        debug_assert_eq!(codes.len(), lon.len());
        Ok(ColumnarValue::Array(Arc::new(codes)))
    };
    create_udf(
        "commune_at",
        vec![DataType::Float64, DataType::Float64],
        DataType::Utf8,
        // As long as a session lasts: a file may be replaced by one of another year.
        Volatility::Stable,
        Arc::new(run),
    )
}
