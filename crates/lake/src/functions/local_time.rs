//! `local_hour(moment, commune)` and `peak_hour(moment, commune)`.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, Int32Array, StringArray};
use datafusion::arrow::compute::kernels::cast;
use datafusion::arrow::compute::{DatePart, date_part};
use datafusion::arrow::datatypes::{DataType, Int32Type, TimeUnit};
use datafusion::common::Result;
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Signature, SimpleScalarUDF, Volatility};
use serde::Deserialize;

/// The set that this version of the program comes with.
static SET: LazyLock<Set> = LazyLock::new(|| {
    toml::from_str(include_str!("../../parameters/local-time-1.toml")).expect("a test reads the built-in set")
});

/// A set of parameters; `crates/lake/parameters` tells what each is.
#[derive(Debug, Deserialize)]
struct Set {
    peak_hours: Parameter<Hours>,
    zones: Parameter<Vec<CodesZone>>,
}

/// A value; its unit, date and source stand beside it in the file, for people.
#[derive(Debug, Deserialize)]
struct Parameter<T> {
    value: T,
}

/// Hours of the day, `until` not among them.
#[derive(Debug, Deserialize)]
struct Hours {
    from: i32,
    until: i32,
}

/// The zone of the communes whose codes begin so.
#[derive(Debug, Deserialize)]
struct CodesZone {
    codes: String,
    zone: Arc<str>,
}

impl Set {
    /// The zone of a commune's legal time; the longest beginning of its code holds.
    fn zone(&self, commune: &str) -> Option<&Arc<str>> {
        let fits = self.zones.value.iter().filter(|entry| commune.starts_with(&entry.codes));
        fits.max_by_key(|entry| entry.codes.len()).map(|entry| &entry.zone)
    }
}

/// The hour, 0 to 23, that clocks in the commune show.
///
/// # Missing data
/// Null where the moment or the commune is null, and where the code is of no part of the country that has a legal time.
pub(super) fn local_hour() -> ScalarUDF {
    function("local_hour", DataType::Int32, |hours| Arc::new(hours))
}

/// Whether clocks in the commune show one of the peak hours.
///
/// # Missing data
/// As [`local_hour`].
pub(super) fn peak_hour() -> ScalarUDF {
    function("peak_hour", DataType::Boolean, |hours| {
        let peak = &SET.peak_hours.value;
        let within = |hour| (peak.from..peak.until).contains(&hour);
        Arc::new(hours.iter().map(|hour| hour.map(within)).collect::<BooleanArray>())
    })
}

fn function(name: &str, gives: DataType, from_hours: fn(Int32Array) -> ArrayRef) -> ScalarUDF {
    let run = move |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        Ok(ColumnarValue::Array(from_hours(hours(&arrays[0], &arrays[1])?)))
    };
    // Any two: moments come with and without a zone (they are UTC then), of every precision, and as text.
    let signature = Signature::any(2, Volatility::Immutable);
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, gives, Arc::new(run)))
}

/// The local hour of each moment.
fn hours(moments: &ArrayRef, communes: &ArrayRef) -> Result<Int32Array> {
    let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let moments = cast::cast(moments, &utc)?;
    let communes = cast::cast(communes, &DataType::Utf8)?;
    let communes: &StringArray = communes.as_string();
    let zones: Vec<Option<&Arc<str>>> =
        communes.iter().map(|commune| commune.and_then(|code| SET.zone(code))).collect();
    // Most tables are of one zone, and no question of more than a dozen.
    let mut by_zone: BTreeMap<&Arc<str>, ArrayRef> = BTreeMap::new();
    for zone in zones.iter().flatten() {
        if !by_zone.contains_key(zone) {
            let local = DataType::Timestamp(TimeUnit::Microsecond, Some((*zone).clone()));
            by_zone.insert(zone, date_part(&cast::cast(&moments, &local)?, DatePart::Hour)?);
        }
    }
    let hour = |row: usize| {
        let hours = by_zone.get(zones[row]?)?.as_primitive::<Int32Type>();
        hours.is_valid(row).then(|| hours.value(row))
    };
    Ok((0..moments.len()).map(hour).collect())
}
