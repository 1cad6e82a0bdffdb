//! Tables as Parquet, and from one kind to the other.
#![allow(clippy::cast_possible_truncation, reason = "positions of a test fit")]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int64Type};
use arrow_array::{
    Array as _, ArrayRef, Decimal128Array, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow_schema::DataType;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::properties::WriterProperties;

use crate::place::{Place, said};

/// A table of five rows: inside, outside, without a longitude, without a latitude, not a number.
fn table(lon: ArrayRef, lat: ArrayRef) -> RecordBatch {
    let id: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), None, Some(5)]));
    let text: ArrayRef = Arc::new(StringArray::from(vec!["01001", "a, b", "", "é", "\"q\""]));
    RecordBatch::try_from_iter([("id", id), ("lon", lon), ("nom", text), ("lat", lat)]).unwrap()
}

fn numbers() -> RecordBatch {
    let lon = vec![Some(-4.4), Some(2.35), None, Some(-4.4), Some(f64::NAN)];
    let lat = vec![Some(45.4), Some(48.85), Some(45.4), None, Some(45.4)];
    table(Arc::new(Float64Array::from(lon)), Arc::new(Float64Array::from(lat)))
}

fn write(path: &Path, batch: &RecordBatch) {
    // Row groups of two rows, so that several are read.
    let properties = WriterProperties::builder().set_max_row_group_row_count(Some(2)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), Some(properties)).unwrap();
    writer.append_key_value_metadata(parquet::file::metadata::KeyValue::new(
        "origin".to_owned(),
        "a test".to_owned(),
    ));
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

pub(crate) fn read(path: &Path) -> RecordBatch {
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().collect::<Result<_, _>>().unwrap();
    assert!(batches.len() <= 1, "one batch is enough for the tests");
    batches.into_iter().next().unwrap_or_else(|| RecordBatch::new_empty(schema))
}

pub(crate) fn texts(batch: &RecordBatch, name: &str) -> Vec<Option<String>> {
    let column = batch.column_by_name(name).unwrap().as_string::<i32>();
    column.iter().map(|text| text.map(str::to_owned)).collect()
}

const STATUSES: [&str; 5] = ["inside", "outside", "no_position", "no_position", "no_position"];

fn place_with(batch: &RecordBatch) -> Place {
    let place = Place::with("");
    write(&place.path("in.parquet"), batch);
    place
}

#[test]
fn every_column_keeps_its_type_and_gets_the_commune_beside_it() {
    let place = place_with(&numbers());
    let output = place.locate_from("in.parquet", "out.parquet", &["--lang", "en"]);
    assert!(output.status.success(), "{}", said(&output));
    for part in ["5 rows", "points per second", "without a position: 3", "fewer decimals"] {
        assert!(said(&output).replace(" :", ":").contains(part), "{part}: {}", said(&output));
    }
    let written = read(&place.path("out.parquet"));
    for (column, given) in written.columns().iter().zip(numbers().columns()) {
        // NaN differs from itself, so texts are compared.
        assert_eq!(format!("{column:?}"), format!("{given:?}"));
    }
    let statuses: Vec<Option<String>> = STATUSES.iter().map(|status| Some((*status).to_owned())).collect();
    assert_eq!(texts(&written, "status"), statuses);
    assert_eq!(texts(&written, "commune")[..2], [Some("99018".to_owned()), None]);
    let metres = written.column_by_name("distance_m").unwrap().as_primitive::<Float64Type>().clone();
    assert_eq!((metres.value(0), metres.is_valid(1)), (0.0, false));
    let file = File::open(place.path("out.parquet")).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let kept = builder.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(kept.iter().any(|pair| pair.key == "origin" && pair.value.as_deref() == Some("a test")));
}

#[test]
fn degrees_may_be_numbers_of_any_kind_or_text() {
    let lon = [Some(-4.4), Some(2.35), None, Some(-4.4), None];
    let lat = [Some(45.4), Some(48.85), Some(45.4), None, Some(45.4)];
    let decimal = |values: [Option<f64>; 5]| -> ArrayRef {
        let scaled = values.iter().map(|value| value.map(|value| (value * 1e5).round() as i128));
        Arc::new(scaled.collect::<Decimal128Array>().with_precision_and_scale(9, 5).unwrap())
    };
    let single = |values: [Option<f64>; 5]| -> ArrayRef {
        Arc::new(values.iter().map(|value| value.map(|value| value as f32)).collect::<Float32Array>())
    };
    let text = |values: [Option<f64>; 5]| -> ArrayRef {
        let text = |value: f64| format!("{value}").replace('.', ",");
        Arc::new(values.iter().map(|value| value.map(text)).collect::<StringArray>())
    };
    for (kind, batch) in [
        ("decimal", table(decimal(lon), decimal(lat))),
        ("single", table(single(lon), single(lat))),
        ("text", table(text(lon), text(lat))),
        ("mixed", table(decimal(lon), text(lat))),
    ] {
        let place = place_with(&batch);
        let output = place.locate_from("in.parquet", "out.parquet", &[]);
        assert!(output.status.success(), "{kind}: {}", said(&output));
        let written = read(&place.path("out.parquet"));
        let statuses = texts(&written, "status").into_iter().flatten().collect::<Vec<_>>();
        assert_eq!(statuses, STATUSES, "{kind}");
        assert_eq!(written.schema().field(1).data_type(), batch.schema().field(1).data_type());
    }
}

#[test]
fn tables_go_from_one_kind_to_the_other() {
    let place = place_with(&numbers());
    let output = place.locate_from("in.parquet", "out.csv", &[]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(
        place.written(),
        "id,lon,nom,lat,commune,status,distance_m\n\
         1,-4.4,01001,45.4,99018,inside,0\n\
         2,2.35,\"a, b\",48.85,,outside,\n\
         3,,,45.4,,no_position,\n\
         ,-4.4,é,,,no_position,\n\
         5,NaN,\"\"\"q\"\"\",45.4,,no_position,\n"
    );
    let place = Place::with("\u{feff}id;lat;lon\n01001;45,40000;-4,40000\n2;;\n");
    let output = place.locate_from("in.csv", "out.parquet", &[]);
    assert!(output.status.success(), "{}", said(&output));
    let written = read(&place.path("out.parquet"));
    assert_eq!(texts(&written, "id"), [Some("01001".to_owned()), Some("2".to_owned())]);
    assert_eq!(texts(&written, "lat"), [Some("45,40000".to_owned()), None]);
    assert_eq!(texts(&written, "commune"), [Some("99018".to_owned()), None]);
}

#[test]
fn a_table_without_rows_keeps_its_columns() {
    let place = place_with(&numbers().slice(0, 0));
    assert!(place.locate_from("in.parquet", "out.parquet", &[]).status.success());
    let written = read(&place.path("out.parquet"));
    assert_eq!((written.num_rows(), written.num_columns()), (0, 7));
    assert_eq!(written.column(0).as_primitive::<Int64Type>().len(), 0);
    assert!(place.locate_from("in.csv", "out.parquet", &[]).status.code() == Some(64), "no header");
    let place = Place::with("lon,lat\n");
    assert!(place.locate_from("in.csv", "out.parquet", &[]).status.success());
    assert_eq!(read(&place.path("out.parquet")).num_columns(), 5);
}

#[test]
fn what_cannot_be_read_is_refused_and_nothing_is_written() {
    let place = place_with(&numbers());
    let whole = std::fs::read(place.path("in.parquet")).unwrap();
    let mut scribbled = whole.clone();
    scribbled[4..40].fill(0xff);
    for (name, octets) in
        [("cut", &whole[..whole.len() - 9]), ("scribbled", &scribbled), ("other", b"lon,lat\n")]
    {
        std::fs::write(place.path("in.parquet"), octets).unwrap();
        let output = place.locate_from("in.parquet", "out.parquet", &[]);
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert!(said(&output).contains("it is damaged"), "{name}: {}", said(&output));
        assert!(!place.path("out.parquet").exists() && !place.path("out.parquet.part").exists(), "{name}");
    }
    let flags: ArrayRef = Arc::new(arrow_array::BooleanArray::from(vec![true; 5]));
    let place = place_with(&table(flags.clone(), flags));
    let output = place.locate_from("in.parquet", "out.parquet", &[]);
    assert_eq!(output.status.code(), Some(64));
    assert!(said(&output).contains("degrees are numbers or text"), "{}", said(&output));
    assert!(said(&output).contains(&DataType::Boolean.to_string()));
    let place = Place::with("lon,lat,lon2\n1,2,\u{e9}\n".replace('é', "e").as_str());
    std::fs::write(place.path("in.csv"), b"lon,lat,nom\n1,2,Foix\n1,2,Nice-\xe9\n").unwrap();
    let output = place.locate_from("in.csv", "out.parquet", &[]);
    assert!(said(&output).contains("line 3 is not UTF-8"), "{}", said(&output));
}
