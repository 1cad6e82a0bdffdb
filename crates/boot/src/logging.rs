//! Logs on standard error, as fields rather than prose.

use serde::Deserialize;
use tracing_subscriber::EnvFilter;

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors of logs.
    Json,
}

/// The refusal of a log filter.
#[derive(Debug, thiserror::Error)]
#[error("{filter:?} is not a log filter; try \"info\" or \"desserte_collector=debug,info\"")]
pub struct BadFilter {
    filter: String,
    #[source]
    source: tracing_subscriber::filter::ParseError,
}

/// Starts logging for the process. A second call changes nothing.
///
/// # Errors
/// When `filter` cannot be read.
pub fn init(filter: &str, format: LogFormat) -> Result<(), BadFilter> {
    let bad = |source| BadFilter { filter: filter.to_owned(), source };
    let filter = EnvFilter::builder().parse(filter).map_err(bad)?;
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(terminal);
    // The only error is that logging was started before.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(())
}
