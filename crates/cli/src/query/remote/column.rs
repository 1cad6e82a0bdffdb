//! One column of an answer: from the protocol's binary forms to Arrow's arrays.

use std::error::Error as StdError;
use std::sync::Arc;

use desserte_lake::arrow::array::{
    ArrayRef, BinaryBuilder, BooleanBuilder, Date32Builder, Float32Builder, Float64Builder, Int16Builder,
    Int32Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use desserte_lake::arrow::datatypes::{DataType, TimeUnit};
use tokio_postgres::types::{FromSql, Type, accepts};
use tokio_postgres::{Error, Row};

/// From the Unix epoch to PostgreSQL's, 2000-01-01, in microseconds and in days.
const EPOCH_US: i64 = 946_684_800_000_000;
const EPOCH_DAYS: i32 = 10_957;

/// The values of a column, as they come.
pub(super) enum Column {
    Boolean(BooleanBuilder),
    Int16(Int16Builder),
    Int32(Int32Builder),
    Int64(Int64Builder),
    Float32(Float32Builder),
    Float64(Float64Builder),
    Text(StringBuilder),
    Octets(BinaryBuilder),
    Moment(TimestampMicrosecondBuilder),
    Day(Date32Builder),
}

/// Microseconds since the Unix epoch.
struct Moment(i64);

impl<'a> FromSql<'a> for Moment {
    fn from_sql(_: &Type, octets: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        let since = i64::from_be_bytes(octets.try_into()?);
        Ok(Self(since.checked_add(EPOCH_US).ok_or("a moment beyond all calendars")?))
    }

    accepts!(TIMESTAMP, TIMESTAMPTZ);
}

/// Days since the Unix epoch.
struct Day(i32);

impl<'a> FromSql<'a> for Day {
    fn from_sql(_: &Type, octets: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        let since = i32::from_be_bytes(octets.try_into()?);
        Ok(Self(since.checked_add(EPOCH_DAYS).ok_or("a day beyond all calendars")?))
    }

    accepts!(DATE);
}

/// Arrow's type for the protocol's; `None` for what is not read.
pub(super) fn data_type(of: &Type) -> Option<DataType> {
    Some(match *of {
        Type::BOOL => DataType::Boolean,
        Type::INT2 => DataType::Int16,
        Type::INT4 => DataType::Int32,
        Type::INT8 => DataType::Int64,
        Type::FLOAT4 => DataType::Float32,
        Type::FLOAT8 => DataType::Float64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => DataType::Utf8,
        Type::BYTEA => DataType::Binary,
        Type::TIMESTAMPTZ => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        Type::TIMESTAMP => DataType::Timestamp(TimeUnit::Microsecond, None),
        Type::DATE => DataType::Date32,
        _ => return None,
    })
}

impl Column {
    /// An empty column; `None` for a type that is not read.
    pub(super) fn new(of: &Type) -> Option<Self> {
        Some(match data_type(of)? {
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Int16 => Self::Int16(Int16Builder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float32 => Self::Float32(Float32Builder::new()),
            DataType::Float64 => Self::Float64(Float64Builder::new()),
            DataType::Utf8 => Self::Text(StringBuilder::new()),
            DataType::Binary => Self::Octets(BinaryBuilder::new()),
            DataType::Date32 => Self::Day(Date32Builder::new()),
            zone @ DataType::Timestamp(..) => {
                Self::Moment(TimestampMicrosecondBuilder::new().with_data_type(zone))
            }
            _ => return None,
        })
    }

    /// Takes a row's value; null stays null.
    ///
    /// # Errors
    /// When the value is not in its type's form.
    pub(super) fn push(&mut self, row: &Row, index: usize) -> Result<(), Error> {
        match self {
            Self::Boolean(values) => values.append_option(row.try_get(index)?),
            Self::Int16(values) => values.append_option(row.try_get(index)?),
            Self::Int32(values) => values.append_option(row.try_get(index)?),
            Self::Int64(values) => values.append_option(row.try_get(index)?),
            Self::Float32(values) => values.append_option(row.try_get(index)?),
            Self::Float64(values) => values.append_option(row.try_get(index)?),
            Self::Text(values) => values.append_option(row.try_get::<_, Option<&str>>(index)?),
            Self::Octets(values) => values.append_option(row.try_get::<_, Option<&[u8]>>(index)?),
            Self::Moment(values) => {
                values.append_option(row.try_get::<_, Option<Moment>>(index)?.map(|at| at.0));
            }
            Self::Day(values) => values.append_option(row.try_get::<_, Option<Day>>(index)?.map(|at| at.0)),
        }
        Ok(())
    }

    /// The values.
    pub(super) fn finish(self) -> ArrayRef {
        match self {
            Self::Boolean(mut values) => Arc::new(values.finish()),
            Self::Int16(mut values) => Arc::new(values.finish()),
            Self::Int32(mut values) => Arc::new(values.finish()),
            Self::Int64(mut values) => Arc::new(values.finish()),
            Self::Float32(mut values) => Arc::new(values.finish()),
            Self::Float64(mut values) => Arc::new(values.finish()),
            Self::Text(mut values) => Arc::new(values.finish()),
            Self::Octets(mut values) => Arc::new(values.finish()),
            Self::Moment(mut values) => Arc::new(values.finish()),
            Self::Day(mut values) => Arc::new(values.finish()),
        }
    }
}
