//! Logs on standard error, as fields rather than prose.

use serde::Deserialize;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    // Not `EnvFilter`: its patterns for the fields of spans bring an engine for regular expressions into every program, which is
    // a tenth of the probe.
    let targets: Targets = filter.parse().map_err(bad)?;
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(terminal);
    let registry = tracing_subscriber::registry().with(targets);
    // The only error is that logging was started before.
    let _ = match format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json()).try_init(),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_levels_by_part_of_a_program_and_anything_else_is_refused() {
        for filter in ["info", "off", "desserte_collector=debug,info", "warn,desserte_net::ndt7=trace"] {
            assert!(init(filter, LogFormat::Text).is_ok(), "{filter}");
        }
        for filter in ["desserte_net=loud", "a=b=c", "[span{field=1}]=info"] {
            let refused = init(filter, LogFormat::Json).unwrap_err().to_string();
            assert!(refused.contains("is not a log filter"), "{refused}");
        }
    }
}
