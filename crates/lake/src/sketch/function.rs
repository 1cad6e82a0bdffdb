//! Sketches in SQL.
//!
//! - `quantile_sketch(x)`: values of a group, zero or more each; nulls are passed over. Binary.
//! - `merge_sketches(sketch)`: sketches of a group put together. Binary.
//! - `sketch_quantile(sketch, p)`: Double, null for a sketch without a value.
//! - `sketch_count(sketch)`: how many values it holds.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array as _, ArrayRef, AsArray as _, BinaryArray, BooleanArray, Float64Array, Int64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, EmitTo, GroupsAccumulator, ScalarUDF,
    Signature, Volatility, create_udf,
};

use super::Sketch;

/// What an aggregate takes in: values, or sketches of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Takes {
    Values,
    Sketches,
}

/// The aggregates of this module.
pub(crate) fn aggregates() -> [AggregateUDF; 2] {
    [Takes::Values, Takes::Sketches].map(|takes| AggregateUDF::from(SketchAggregate::new(takes)))
}

/// The functions of one row of this module.
pub(crate) fn scalars() -> [ScalarUDF; 2] {
    let quantile = create_udf(
        "sketch_quantile",
        vec![DataType::Binary, DataType::Float64],
        DataType::Float64,
        Volatility::Immutable,
        Arc::new(|arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let (sketches, shares) = (arrays[0].as_binary::<i32>(), arrays[1].as_primitive::<Float64Type>());
            let found: Float64Array = sketches
                .iter()
                .zip(shares)
                .map(|pair| match pair {
                    (Some(octets), Some(share)) => Ok(read(octets)?.quantile(share)),
                    _ => Ok(None),
                })
                .collect::<Result<_>>()?;
            Ok(ColumnarValue::Array(Arc::new(found)))
        }),
    );
    let count = create_udf(
        "sketch_count",
        vec![DataType::Binary],
        DataType::Int64,
        Volatility::Immutable,
        Arc::new(|arguments: &[ColumnarValue]| {
            let arrays = ColumnarValue::values_to_arrays(arguments)?;
            let count = |octets| Ok(i64::try_from(read(octets)?.count()).unwrap_or(i64::MAX));
            let found: Int64Array = arrays[0]
                .as_binary::<i32>()
                .iter()
                .map(|octets| octets.map(count).transpose())
                .collect::<Result<_>>()?;
            Ok(ColumnarValue::Array(Arc::new(found)))
        }),
    );
    [quantile, count]
}

fn read(octets: &[u8]) -> Result<Sketch> {
    match Sketch::from_bytes(octets) {
        Ok(sketch) => Ok(sketch),
        Err(_) => exec_err!("these octets are no sketch of quantiles that this program knows"),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct SketchAggregate {
    takes: Takes,
    signature: Signature,
}

impl SketchAggregate {
    fn new(takes: Takes) -> Self {
        let argument = match takes {
            Takes::Values => DataType::Float64,
            Takes::Sketches => DataType::Binary,
        };
        Self { takes, signature: Signature::exact(vec![argument], Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for SketchAggregate {
    fn name(&self) -> &str {
        match self.takes {
            Takes::Values => "quantile_sketch",
            Takes::Sketches => "merge_sketches",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> Result<DataType> {
        Ok(DataType::Binary)
    }

    fn state_fields(&self, _arguments: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        Ok(vec![Arc::new(Field::new("sketch", DataType::Binary, true))])
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        refuse_distinct(&arguments)?;
        Ok(Box::new(One { takes: self.takes, sketch: Sketch::default() }))
    }

    fn groups_accumulator_supported(&self, arguments: AccumulatorArgs<'_>) -> bool {
        !arguments.is_distinct
    }

    fn create_groups_accumulator(
        &self,
        arguments: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        refuse_distinct(&arguments)?;
        Ok(Box::new(Many { takes: self.takes, sketches: Vec::new() }))
    }
}

fn refuse_distinct(arguments: &AccumulatorArgs<'_>) -> Result<()> {
    if arguments.is_distinct {
        return exec_err!("a sketch of distinct values is not supported");
    }
    Ok(())
}

/// Takes in row `row` of `values`.
fn take(takes: Takes, sketch: &mut Sketch, values: &ArrayRef, row: usize) -> Result<()> {
    if values.is_null(row) {
        return Ok(());
    }
    match takes {
        Takes::Values => match sketch.add(values.as_primitive::<Float64Type>().value(row)) {
            Ok(()) => Ok(()),
            Err(value) => exec_err!("a sketch holds numbers of zero or more, not {}", value.0),
        },
        Takes::Sketches => {
            sketch.merge(&read(values.as_binary::<i32>().value(row))?);
            Ok(())
        }
    }
}

/// The sketch of one group.
#[derive(Debug)]
struct One {
    takes: Takes,
    sketch: Sketch,
}

impl Accumulator for One {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        (0..values[0].len()).try_for_each(|row| take(self.takes, &mut self.sketch, &values[0], row))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        (0..states[0].len()).try_for_each(|row| take(Takes::Sketches, &mut self.sketch, &states[0], row))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Binary(Some(self.sketch.to_bytes())))
    }

    fn size(&self) -> usize {
        self.sketch.size()
    }
}

/// The sketches of many groups.
struct Many {
    takes: Takes,
    sketches: Vec<Sketch>,
}

impl Many {
    fn take_all(
        &mut self,
        takes: Takes,
        values: &ArrayRef,
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.sketches.resize_with(total, Sketch::default);
        let wanted = |row: usize| filter.is_none_or(|filter| filter.is_valid(row) && filter.value(row));
        groups
            .iter()
            .enumerate()
            .filter(|(row, _)| wanted(*row))
            .try_for_each(|(row, group)| take(takes, &mut self.sketches[*group], values, row))
    }
}

impl GroupsAccumulator for Many {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total: usize,
    ) -> Result<()> {
        self.take_all(self.takes, &values[0], groups, filter, total)
    }

    fn merge_batch(&mut self, values: &[ArrayRef], groups: &[usize], total: usize) -> Result<()> {
        self.take_all(Takes::Sketches, &values[0], groups, None, total)
    }

    fn evaluate(&mut self, emit: EmitTo) -> Result<ArrayRef> {
        let sketches = emit.take_needed(&mut self.sketches);
        Ok(Arc::new(BinaryArray::from_iter_values(sketches.iter().map(Sketch::to_bytes))))
    }

    fn state(&mut self, emit: EmitTo) -> Result<Vec<ArrayRef>> {
        Ok(vec![self.evaluate(emit)?])
    }

    fn convert_to_state(&self, values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self { takes: self.takes, sketches: Vec::new() };
        let groups: Vec<usize> = (0..rows).collect();
        each.take_all(self.takes, &values[0], &groups, filter, rows)?;
        each.state(EmitTo::All)
    }

    fn size(&self) -> usize {
        self.sketches.iter().map(Sketch::size).sum()
    }
}
