//! Settings of a connection: what clients set and ask for out of habit, and the few that mean something here.

use std::collections::BTreeMap;
use std::time::Duration;

use datafusion::sql::sqlparser::ast::{Expr, Set, Value};
use desserte_lake::State;
use pgwire::error::{PgWireError, PgWireResult};

use crate::fault::{advise, code, error};

/// The version of PostgreSQL that clients may take this for: they decide by it what to ask.
pub(crate) const SERVER_VERSION: &str = "16.6 (Desserte)";

/// Settings with one value here, and clients that ask for them or set them to it.
const FIXED: &[(&str, &str)] = &[
    ("block_size", "8192"),
    ("client_encoding", "UTF8"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_read_only", "on"),
    ("integer_datetimes", "on"),
    ("is_superuser", "off"),
    ("lc_collate", "C"),
    ("lc_ctype", "C"),
    ("lc_messages", "C"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("max_identifier_length", "63"),
    ("max_index_keys", "32"),
    ("server_encoding", "UTF8"),
    ("server_version", SERVER_VERSION),
    ("server_version_num", "160006"),
    ("standard_conforming_strings", "on"),
    ("timezone", "UTC"),
    ("transaction_isolation", "read committed"),
    ("transaction_read_only", "on"),
];

/// Settings that clients change for their own comfort; they are kept, told when asked for, and have no further effect but on how
/// values are written.
const FREE: &[(&str, &str)] = &[
    ("application_name", ""),
    ("bytea_output", "hex"),
    ("client_min_messages", "notice"),
    ("datestyle", "ISO, YMD"),
    ("default_transaction_deferrable", "off"),
    ("extra_float_digits", "1"),
    ("idle_in_transaction_session_timeout", "0"),
    ("idle_session_timeout", "0"),
    ("intervalstyle", "postgres"),
    ("jit", "off"),
    ("lock_timeout", "0"),
    ("row_security", "on"),
    ("search_path", "\"$user\", public"),
    ("synchronous_commit", "on"),
    ("work_mem", "4MB"),
];

/// What a connection has set.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    free: BTreeMap<&'static str, String>,
    timeout: Option<Duration>,
    as_of: Option<State>,
}

/// A setting of no connection: its value here, for `current_setting`.
pub(crate) fn default_of(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    FIXED.iter().chain(FREE).find(|(known, _)| *known == name).map(|(_, value)| *value)
}

impl Settings {
    /// The time that a statement may take at the most by the client's own wish.
    pub(crate) const fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// The number up to which the connection sees the history.
    pub(crate) fn as_of(&self) -> Option<State> {
        self.as_of.clone()
    }

    /// Forgets what was set.
    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }

    /// The value of a setting, as `SHOW` tells it.
    pub(crate) fn show(&self, name: &str) -> PgWireResult<String> {
        match name {
            "statement_timeout" => {
                Ok(self.timeout.map_or_else(|| "0".to_owned(), |time| format!("{}ms", time.as_millis())))
            }
            "desserte.as_of" => Ok(self.as_of.as_ref().map(State::to_string).unwrap_or_default()),
            _ => match (self.free.get(name), default_of(name)) {
                (Some(set), _) => Ok(set.clone()),
                (None, Some(usual)) => Ok(usual.to_owned()),
                (None, None) => Err(unknown(name)),
            },
        }
    }

    /// Does what a `SET` asks for; gives the name and value that ways of writing values depend on.
    pub(crate) fn set(&mut self, statement: &Set) -> PgWireResult<Option<(&'static str, String)>> {
        match statement {
            Set::SingleAssignment { variable, values, .. } => {
                self.assign(&variable.to_string().to_ascii_lowercase(), &list(values))
            }
            Set::SetTimeZone { value, .. } => self.assign("timezone", &text(value)),
            Set::SetNames { charset_name, .. } => self.assign("client_encoding", &charset_name.value),
            Set::SetNamesDefault {} => Ok(None),
            Set::SetTransaction { modes, .. } => modes
                .iter()
                .find(|mode| mode.to_string().eq_ignore_ascii_case("read write"))
                .map_or(Ok(None), |_| Err(read_only("default_transaction_read_only"))),
            Set::SetRole { .. } | Set::SetSessionAuthorization(_) => Err(error(
                code::NOT_ALLOWED,
                "permission denied: a connection stays the user's who opened it",
            )),
            other => Err(error(code::NOT_SUPPORTED, format!("{other} is not supported"))),
        }
    }

    /// Sets one setting.
    pub(crate) fn assign(&mut self, name: &str, value: &str) -> PgWireResult<Option<(&'static str, String)>> {
        if let Some(&(name, _)) = FREE.iter().find(|(known, _)| *known == name) {
            // Other styles would be written wrongly.
            if matches!(name, "datestyle" | "intervalstyle")
                && !["iso", "postgres", "default"]
                    .iter()
                    .any(|ours| value.to_ascii_lowercase().contains(ours))
            {
                return Err(error(code::NOT_SUPPORTED, format!("{name} cannot be {value} here")));
            }
            if value.eq_ignore_ascii_case("default") {
                self.free.remove(name);
            } else {
                self.free.insert(name, value.chars().take(VALUE_CHARACTERS).collect());
            }
            return Ok(Some((name, self.show(name)?)));
        }
        match name {
            "statement_timeout" => self.timeout = parse_timeout(value)?,
            "desserte.as_of" => self.as_of = parse_state(value)?,
            "default_transaction_read_only" | "transaction_read_only"
                if !["on", "true", "yes", "1"].contains(&value.to_ascii_lowercase().as_str()) =>
            {
                return Err(read_only(name));
            }
            "default_transaction_read_only" | "transaction_read_only" => {}
            "default_transaction_isolation" | "transaction_isolation" => {}
            _ => match FIXED.iter().find(|(known, _)| *known == name) {
                Some((_, ours)) if same(name, ours, value) => {}
                Some((_, ours)) => {
                    let hint = if name == "timezone" {
                        "times are given in UTC; local_hour(moment, commune) gives the hour of a commune's clocks"
                    } else {
                        "leave it as it is"
                    };
                    return Err(advise(code::NOT_SUPPORTED, format!("{name} is always {ours} here"), hint));
                }
                None => {
                    return Err(error(
                        code::NOT_ALLOWED,
                        format!("permission denied to set parameter \"{name}\""),
                    ));
                }
            },
        }
        Ok(None)
    }
}

/// Longest value that is kept of a setting.
const VALUE_CHARACTERS: usize = 1_024;

fn unknown(name: &str) -> PgWireError {
    error(code::NO_SUCH_PARAMETER, format!("unrecognized configuration parameter \"{name}\""))
}

fn read_only(name: &str) -> PgWireError {
    error(code::READ_ONLY, format!("cannot set {name}: the history is to be read only"))
}

fn same(name: &str, ours: &str, value: &str) -> bool {
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '_'], "");
    let value = plain(value);
    let others: &[&str] = match name {
        "timezone" => &["default", "etc/utc", "gmt", "0", "zulu"],
        "client_encoding" => &["default", "unicode"],
        "standard_conforming_strings" => &["default", "true", "1"],
        _ => &["default"],
    };
    value == plain(ours) || others.contains(&value.as_str())
}

fn parse_timeout(value: &str) -> PgWireResult<Option<Duration>> {
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let factor = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ if value.eq_ignore_ascii_case("default") => return Ok(None),
        _ => return Err(invalid("statement_timeout", value)),
    };
    let milliseconds: u64 = number.parse().map_err(|_| invalid("statement_timeout", value))?;
    Ok((milliseconds > 0).then(|| Duration::from_millis(milliseconds.saturating_mul(factor))))
}

fn parse_state(value: &str) -> PgWireResult<Option<State>> {
    if value.is_empty() || value.eq_ignore_ascii_case("default") {
        return Ok(None);
    }
    value.parse().map(Some).map_err(|_| invalid("desserte.as_of", value))
}

fn invalid(name: &str, value: &str) -> PgWireError {
    error(code::INVALID_VALUE, format!("invalid value for parameter \"{name}\": {value:?}"))
}

fn list(values: &[Expr]) -> String {
    values.iter().map(text).collect::<Vec<_>>().join(", ")
}

fn text(value: &Expr) -> String {
    match value {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::DoubleQuotedString(text) => text.clone(),
            other => other.to_string(),
        },
        Expr::Identifier(name) => name.value.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, value: &str) -> String {
        match Settings::default().assign(name, value) {
            Ok(_) => "ok".to_owned(),
            Err(PgWireError::UserError(info)) => info.code.clone(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_harmless_is_taken_and_what_would_change_something_is_refused() {
        for (name, value, expected) in [
            ("application_name", "grafana", "ok"),
            ("extra_float_digits", "3", "ok"),
            ("client_encoding", "utf-8", "ok"),
            ("client_encoding", "LATIN1", "0A000"),
            ("timezone", "UTC", "ok"),
            ("timezone", "Europe/Paris", "0A000"),
            ("default_transaction_read_only", "on", "ok"),
            ("default_transaction_read_only", "off", "25006"),
            ("statement_timeout", "5s", "ok"),
            ("statement_timeout", "soon", "22023"),
            ("desserte.as_of", "12", "ok"),
            ("desserte.as_of", "x", "22023"),
            ("datafusion.execution.target_partitions", "1", "42501"),
            ("datestyle", "ISO", "ok"),
            ("datestyle", "German", "0A000"),
        ] {
            assert_eq!(set(name, value), expected, "{name} = {value}");
        }
    }

    #[test]
    fn a_timeout_is_told_as_it_was_understood() {
        let mut settings = Settings::default();
        for (value, told) in [("1500", "1500ms"), ("2min", "120000ms"), ("0", "0"), ("default", "0")] {
            settings.assign("statement_timeout", value).unwrap();
            assert_eq!(settings.show("statement_timeout").unwrap(), told);
        }
        assert!(settings.show("nothing").is_err());
    }
}
