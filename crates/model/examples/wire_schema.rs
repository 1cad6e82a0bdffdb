//! Writes the JSON Schema of wire version 1 (JSON Schema 2020-12) to standard output; `cargo xtask schema` keeps it.

use desserte_model::{BatchHeader, Problem, Receipt, Record};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

/// Everything that crosses the wire, under one root so that shared definitions stand once.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is wanted")]
struct Wire {
    /// The first line of a batch.
    batch_header: BatchHeader,
    /// Every other line.
    record: Record,
    /// The answer when every line is known to be kept.
    receipt: Receipt,
    /// Any other answer.
    problem: Problem,
}

#[expect(clippy::print_stdout, reason = "it is what this example is for")]
fn main() -> Result<(), serde_json::Error> {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Wire>();
    println!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(())
}
