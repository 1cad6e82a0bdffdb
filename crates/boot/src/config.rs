//! Configuration files: one commented TOML file a program, unknown keys named with their path and the closest known key.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The text is not TOML, or a value has the wrong type.
    #[error("{origin}: {message}")]
    Invalid {
        /// Where the text came from.
        origin: String,
        /// Line, column and what was expected.
        message: String,
    },
    /// Keys that mean nothing, which are most often misspelt.
    #[error("{origin}: {}", list(.keys))]
    UnknownKeys {
        /// Where the text came from.
        origin: String,
        /// Each of them.
        keys: Vec<UnknownKey>,
    },
}

/// A key that the program does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// Its full path, as `budget.monthly_megabytes` or `targets[1].host`.
    pub path: String,
    /// The known key of the same table that it resembles most, if any does.
    pub closest: Option<String>,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown key `{}`", self.path)?;
        match &self.closest {
            Some(closest) => write!(f, ", did you mean `{closest}`?"),
            None => Ok(()),
        }
    }
}

fn list(keys: &[UnknownKey]) -> String {
    keys.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Reads a configuration file.
///
/// `template` is the commented default file of the program. It must hold every key once, set or commented out as
/// `#key = value` (without a space after the sign), since the known keys are taken from it.
///
/// # Errors
/// See [`ConfigError`].
pub fn load<T: DeserializeOwned>(path: &Path, template: &str) -> Result<T, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    parse(&text, template, &path.display().to_string())
}

/// Reads a configuration text; `origin` names it in messages.
///
/// # Errors
/// See [`ConfigError`].
pub fn parse<T: DeserializeOwned>(text: &str, template: &str, origin: &str) -> Result<T, ConfigError> {
    let invalid = |error: toml::de::Error| ConfigError::Invalid {
        origin: origin.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    };
    let given: toml::Table = text.parse().map_err(invalid)?;
    let known: toml::Table = uncomment(template).parse().map_err(|error| ConfigError::Invalid {
        origin: "the built-in template".to_owned(),
        message: format!("{error}"),
    })?;
    let mut keys = Vec::new();
    unknown_keys(&given, &known, "", &mut keys);
    if !keys.is_empty() {
        return Err(ConfigError::UnknownKeys { origin: origin.to_owned(), keys });
    }
    toml::from_str(text).map_err(invalid)
}

/// The template with its optional keys set: lines `#key = …` and `#[table]` lose their sign, prose (`# …`) stays.
fn uncomment(template: &str) -> String {
    let lines = template.lines().map(|line| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest,
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn unknown_keys(given: &toml::Table, known: &toml::Table, prefix: &str, out: &mut Vec<UnknownKey>) {
    for (key, value) in given {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match known.get(key) {
            None => out.push(UnknownKey { path, closest: closest(key, known, prefix) }),
            Some(expected) => descend(value, expected, &path, out),
        }
    }
}

fn descend(given: &toml::Value, known: &toml::Value, path: &str, out: &mut Vec<UnknownKey>) {
    match (given, known) {
        (toml::Value::Table(given), toml::Value::Table(known)) => unknown_keys(given, known, path, out),
        (toml::Value::Array(given), toml::Value::Array(known)) => {
            // Every element is held against all the keys that the template's elements show.
            let mut merged = toml::Table::new();
            for table in known.iter().filter_map(toml::Value::as_table) {
                merged.extend(table.clone());
            }
            for (index, element) in given.iter().enumerate() {
                if let Some(element) = element.as_table() {
                    unknown_keys(element, &merged, &format!("{path}[{index}]"), out);
                }
            }
        }
        _ => {}
    }
}

/// The known key most like `key`, when it is like it at all.
fn closest(key: &str, known: &toml::Table, prefix: &str) -> Option<String> {
    /// Below this similarity (0 to 1) a suggestion would be a guess.
    const ALIKE: f64 = 0.6;
    let similar = known.keys().map(|name| (strsim::normalized_damerau_levenshtein(key, name), name));
    let best = similar.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(likeness, _)| *likeness >= ALIKE);
    best.map(|(_, name)| if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    const TEMPLATE: &str = "# Where results go.\ncollector = \"https://example.org\"\n#log = \"info\"\n\n[budget]\n\
                            monthly_megabytes = 500\n\n[[targets]]\nid = \"a\"\n#port = 443\n";

    #[derive(Debug, Deserialize)]
    struct Config {
        collector: String,
        budget: Budget,
    }

    #[derive(Debug, Deserialize)]
    struct Budget {
        monthly_megabytes: u64,
    }

    fn check(text: &str) -> Result<Config, String> {
        parse(text, TEMPLATE, "probe.toml").map_err(|error| error.to_string())
    }

    #[test]
    fn a_good_file_is_read_with_its_optional_keys() {
        let text = "collector = \"https://c\"\nlog = \"debug\"\n[budget]\nmonthly_megabytes = 5\n[[targets]]\nport = 1";
        let config = check(text).unwrap();
        assert_eq!((config.collector.as_str(), config.budget.monthly_megabytes), ("https://c", 5));
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_path_and_the_closest_known_one() {
        let text = "collector = \"c\"\n[budget]\nmonthly_megabyte = 5\n[[targets]]\nid = \"a\"\n[[targets]]\nprot = 1\n";
        let message = check(text).unwrap_err();
        assert_eq!(
            message,
            "probe.toml: unknown key `budget.monthly_megabyte`, did you mean `budget.monthly_megabytes`?; \
             unknown key `targets[1].prot`, did you mean `targets[1].port`?"
        );
    }

    #[test]
    fn a_key_like_nothing_known_gets_no_guess() {
        assert_eq!(check("zzz = 1").unwrap_err(), "probe.toml: unknown key `zzz`");
    }

    #[test]
    fn a_value_of_the_wrong_type_is_placed() {
        let message = check("collector = \"c\"\n[budget]\nmonthly_megabytes = \"much\"\n").unwrap_err();
        assert!(message.contains("line 3") && message.contains("monthly_megabytes"), "{message}");
    }
}
