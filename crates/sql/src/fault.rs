//! What clients are told when something does not work, with PostgreSQL's codes.

use datafusion::arrow::error::ArrowError;
use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use desserte_lake::{LakeError, Stopped};
use pgwire::error::{ErrorInfo, PgWireError};

/// Codes of SQLSTATE (PostgreSQL's documentation, appendix A).
pub(crate) mod code {
    pub(crate) const INVALID_AUTHORIZATION: &str = "28000";
    pub(crate) const INVALID_PASSWORD: &str = "28P01";
    pub(crate) const NO_SUCH_DATABASE: &str = "3D000";
    pub(crate) const TOO_MANY_CONNECTIONS: &str = "53300";
    pub(crate) const OUT_OF_MEMORY: &str = "53200";
    pub(crate) const LIMIT_EXCEEDED: &str = "54000";
    pub(crate) const CANCELED: &str = "57014";
    pub(crate) const SHUTDOWN: &str = "57P01";
    pub(crate) const IDLE: &str = "57P05";
    pub(crate) const READ_ONLY: &str = "25006";
    pub(crate) const FAILED_TRANSACTION: &str = "25P02";
    pub(crate) const NOT_ALLOWED: &str = "42501";
    pub(crate) const NOT_SUPPORTED: &str = "0A000";
    pub(crate) const SYNTAX: &str = "42601";
    pub(crate) const NO_SUCH_TABLE: &str = "42P01";
    pub(crate) const NO_SUCH_COLUMN: &str = "42703";
    pub(crate) const AMBIGUOUS_COLUMN: &str = "42702";
    pub(crate) const NO_SUCH_FUNCTION: &str = "42883";
    pub(crate) const NO_SUCH_PARAMETER: &str = "42704";
    pub(crate) const NO_SUCH_CURSOR: &str = "34000";
    pub(crate) const INVALID_VALUE: &str = "22023";
    pub(crate) const DIVISION_BY_ZERO: &str = "22012";
    pub(crate) const OUT_OF_RANGE: &str = "22003";
    pub(crate) const NOT_OF_THIS_TYPE: &str = "22P02";
    pub(crate) const DATA: &str = "22000";
    pub(crate) const WRONG_STATEMENT: &str = "42000";
    pub(crate) const PROTOCOL: &str = "08P01";
    pub(crate) const INTERNAL: &str = "XX000";
    pub(crate) const IO: &str = "58030";
}

/// An error of a statement.
pub(crate) fn error(code: &str, message: impl Into<String>) -> PgWireError {
    refusal("ERROR", code, message.into(), None)
}

/// An error of a statement, and what to do about it.
pub(crate) fn advise(code: &str, message: impl Into<String>, hint: impl Into<String>) -> PgWireError {
    refusal("ERROR", code, message.into(), Some(hint.into()))
}

/// An error after which the connection ends.
pub(crate) fn fatal(code: &str, message: impl Into<String>) -> PgWireError {
    refusal("FATAL", code, message.into(), None)
}

fn refusal(severity: &str, code: &str, message: String, hint: Option<String>) -> PgWireError {
    let mut info = ErrorInfo::new(severity.to_owned(), code.to_owned(), message);
    info.hint = hint;
    PgWireError::UserError(Box::new(info))
}

/// What a client is told of a query that was stopped or failed.
pub(crate) fn stopped(stopped: &Stopped) -> PgWireError {
    let said = stopped.to_string();
    match stopped {
        Stopped::Time { .. } => advise(
            code::CANCELED,
            format!("canceling statement due to statement timeout: {said}"),
            "ask for less: a commune, a month; or have sql.statement_timeout_s raised",
        ),
        Stopped::Memory { .. } => advise(
            code::OUT_OF_MEMORY,
            said,
            "group by fewer values, or ask month by month; or have sql.memory_mib or sql.spill_mib raised",
        ),
        Stopped::Rows { .. } => {
            advise(code::LIMIT_EXCEEDED, said, "aggregate, or ask in parts; or have sql.rows raised")
        }
        Stopped::Failed(failed) => engine(failed),
    }
}

/// What a client is told when the history itself failed.
pub(crate) fn lake(failed: &LakeError) -> PgWireError {
    match failed {
        LakeError::TooMuchWaiting { .. } => error(code::OUT_OF_MEMORY, failed.to_string()),
        LakeError::Stopped(why) => stopped(why),
        _ => hidden(failed),
    }
}

/// What a client is told of an error of the engine.
pub(crate) fn engine(failed: &DataFusionError) -> PgWireError {
    let said = failed.strip_backtrace();
    let root = failed.find_root();
    let code = match root {
        DataFusionError::SQL(..) => code::SYNTAX,
        DataFusionError::SchemaError(schema, _) => match **schema {
            SchemaError::FieldNotFound { .. } => code::NO_SUCH_COLUMN,
            SchemaError::AmbiguousReference { .. } => code::AMBIGUOUS_COLUMN,
            _ => code::WRONG_STATEMENT,
        },
        DataFusionError::NotImplemented(_) => code::NOT_SUPPORTED,
        DataFusionError::ResourcesExhausted(_) => code::OUT_OF_MEMORY,
        DataFusionError::ArrowError(arrow, _) => match **arrow {
            ArrowError::DivideByZero => code::DIVISION_BY_ZERO,
            ArrowError::ArithmeticOverflow(_) => code::OUT_OF_RANGE,
            ArrowError::CastError(_) | ArrowError::ParseError(_) => code::NOT_OF_THIS_TYPE,
            _ => code::DATA,
        },
        DataFusionError::Plan(plan) => plan_code(plan),
        DataFusionError::Execution(_) => code::DATA,
        // Files and addresses of this machine are nobody's business.
        DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_)
        | DataFusionError::External(_) => return hidden(failed),
        _ => code::INTERNAL,
    };
    error(code, said.lines().next().unwrap_or_default())
}

/// The engine has one kind of error for everything that it does not know; the text tells which.
fn plan_code(said: &str) -> &'static str {
    if said.contains("table '") && said.contains("not found") {
        code::NO_SUCH_TABLE
    } else if said.contains("Invalid function") || said.contains("No function matches") {
        code::NO_SUCH_FUNCTION
    } else if ["DDL not supported", "DML not supported", "Statement not supported"]
        .iter()
        .any(|refusal| said.contains(refusal))
    {
        code::READ_ONLY
    } else {
        code::WRONG_STATEMENT
    }
}

/// An error whose text stays here.
fn hidden(failed: &(dyn std::error::Error + 'static)) -> PgWireError {
    tracing::error!(error = %failed, "a statement could not be answered");
    error(code::IO, "the history cannot be read; the collector's log says why")
}
