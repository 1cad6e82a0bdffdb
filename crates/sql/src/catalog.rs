//! What clients ask of a server's catalogue: PostgreSQL's system tables and functions.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray as _, Int32Array, StringArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, exec_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarUDF, Signature, SimpleScalarUDF, TypeSignature, Volatility, create_udf,
};
use datafusion::prelude::SessionContext;
use datafusion_pg_catalog::pg_catalog::context::EmptyContextProvider;
use datafusion_pg_catalog::setup_pg_catalog;
use desserte_lake::CATALOG;
use pgwire::api::Type;

use crate::settings::{SERVER_VERSION, default_of};

/// Makes the system's tables and functions known to a session.
pub(crate) fn install(session: &SessionContext) -> Result<()> {
    setup_pg_catalog(session, CATALOG, EmptyContextProvider).map_err(|error| *error)?;
    session.register_udf(version());
    session.register_udf(current_setting());
    session.register_udf(to_regtype());
    session.register_udf(constant("pg_is_in_recovery", "false"));
    for name in
        ["obj_description", "col_description", "shobj_description", "pg_get_viewdef", "pg_get_indexdef"]
    {
        session.register_udf(nothing(name));
    }
    Ok(())
}

/// `session_user()`, which `current_user` and `user` become.
pub(crate) fn session_user(name: &str) -> ScalarUDF {
    constant("session_user", name)
}

fn version() -> ScalarUDF {
    constant("version", &format!("PostgreSQL {SERVER_VERSION}, read only"))
}

fn constant(name: &str, value: &str) -> ScalarUDF {
    let value = ScalarValue::from(value);
    let run = move |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(value.clone()));
    create_udf(name, vec![], DataType::Utf8, Volatility::Stable, Arc::new(run))
}

/// A function that knows nothing of anything: there are no comments, indices or definitions of views to show.
fn nothing(name: &str) -> ScalarUDF {
    let run = |_: &[ColumnarValue]| Ok(ColumnarValue::Scalar(ScalarValue::Utf8(None)));
    let signature = Signature::new(TypeSignature::VariadicAny, Volatility::Stable);
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, DataType::Utf8, Arc::new(run)))
}

/// Types that PostgreSQL comes with have numbers below this one.
const TYPES_END: u32 = 10_000;

/// `to_regtype(name)`: the number of a type that PostgreSQL comes with; null: there is none of that name. Drivers ask so whether an
/// extension is there.
fn to_regtype() -> ScalarUDF {
    let number = |name: &str| {
        let found = (1..TYPES_END).filter_map(Type::from_oid).find(|kind| kind.name() == name);
        found.and_then(|kind| i32::try_from(kind.oid()).ok())
    };
    let run = move |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let names = datafusion::arrow::compute::cast(&arrays[0], &DataType::Utf8)?;
        let numbers: Int32Array = names.as_string::<i32>().iter().map(|name| name.and_then(number)).collect();
        Ok(ColumnarValue::Array(Arc::new(numbers) as ArrayRef))
    };
    let signature = Signature::new(TypeSignature::Any(1), Volatility::Stable);
    let name = "to_regtype";
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, DataType::Int32, Arc::new(run)))
}

/// `current_setting(name [, missing_ok])`: what a connection that has set nothing sees.
fn current_setting() -> ScalarUDF {
    let run = |arguments: &[ColumnarValue]| {
        let arrays = ColumnarValue::values_to_arrays(arguments)?;
        let names = datafusion::arrow::compute::cast(&arrays[0], &DataType::Utf8)?;
        let may_miss = arrays.len() > 1;
        let value = |name: Option<&str>| match name.map(|name| (name, default_of(name))) {
            Some((_, Some(value))) => Ok(Some(value)),
            Some((name, None)) if !may_miss => exec_err!("unrecognized configuration parameter \"{name}\""),
            _ => Ok(None),
        };
        let values: StringArray = names.as_string::<i32>().iter().map(value).collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(values) as ArrayRef))
    };
    let signature = Signature::one_of(vec![TypeSignature::Any(1), TypeSignature::Any(2)], Volatility::Stable);
    let name = "current_setting";
    ScalarUDF::from(SimpleScalarUDF::new_with_signature(name, signature, DataType::Utf8, Arc::new(run)))
}
