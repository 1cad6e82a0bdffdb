//! The published schema.

use desserte_lake::{SCHEMA_VERSION, table_schema};
use desserte_store::HandoverTable;

/// What docs/spec/lake.md calls a type of Arrow.
fn named(kind: &desserte_lake::arrow::datatypes::DataType) -> &'static str {
    use desserte_lake::arrow::datatypes::DataType;
    match kind {
        DataType::Utf8 => "Utf8",
        DataType::Int32 => "Int32",
        DataType::Int64 => "Int64",
        DataType::Float64 => "Float64",
        DataType::Boolean => "Boolean",
        DataType::Binary => "Binary",
        DataType::Timestamp(..) => "Timestamp(µs, UTC)",
        other => panic!("{other} is not in the schema"),
    }
}

#[test]
fn every_column_is_published_with_its_type() {
    let spec = include_str!("../../../../docs/spec/lake.md");
    assert!(spec.contains(&format!("Schema version {SCHEMA_VERSION}.")));
    let section = |title: &str| {
        let after =
            spec.split(&format!("\n## {title}\n")).nth(1).unwrap_or_else(|| panic!("no section {title}"));
        after.split("\n## ").next().unwrap()
    };
    let common = section("Columns of every table");
    for table in HandoverTable::ALL {
        let own = section(&format!("`{}`", table.name()));
        for field in table_schema(table).fields() {
            let null = if field.is_nullable() { "null: " } else { "" };
            let row = format!("| `{}` | {} | {null}", field.name(), named(field.data_type()));
            assert!(own.contains(&row) || common.contains(&row), "{}: no line {row:?}", table.name());
        }
    }
}
