//! What is wrong with a configuration, in the reader's language.

use std::fmt;

use desserte_boot::config::ConfigError;

use crate::status::Language;

/// Why a configuration cannot be used.
#[derive(Debug)]
pub(crate) enum ConfigFault {
    /// The file cannot be read, or is not one of this program.
    File(ConfigError),
    /// A decimal comma where TOML expects a point.
    DecimalComma { source: ConfigError, line: String },
    /// Values of the example file are still in place.
    Placeholders(Vec<Placeholder>),
    /// A value cannot be used.
    Value { key: String, why: String },
    /// The month's data do not cover echoes and reports.
    BudgetTooSmall { given_mb: u64, echoes_mb: u64, reports_mb: u64, least_mb: u64 },
}

/// A value that is still to be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Placeholder {
    pub(super) key: String,
    /// What stands there now; absent when nothing does.
    pub(super) value: Option<String>,
}

pub(super) fn fault(key: impl Into<String>, why: impl ToString) -> ConfigFault {
    ConfigFault::Value { key: key.into(), why: why.to_string() }
}

impl std::error::Error for ConfigFault {}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(Language::En))
    }
}

impl ConfigFault {
    /// Adds what the parser cannot know: people who write a decimal comma mean a number.
    pub(super) fn of_file(source: ConfigError, text: &str) -> Self {
        if matches!(source, ConfigError::Invalid { .. }) {
            if let Some(line) = text.lines().find(|line| has_decimal_comma(line)) {
                return Self::DecimalComma { source, line: line.trim().to_owned() };
            }
        }
        Self::File(source)
    }

    /// What is wrong, and what to do.
    pub(crate) fn describe(&self, language: Language) -> String {
        match self {
            Self::File(error) => of_file(error, language),
            Self::DecimalComma { source, line } => {
                let origin = match source {
                    ConfigError::Invalid { origin, .. } => origin.as_str(),
                    _ => "",
                };
                let better = line.replacen(',', ".", 1);
                match language {
                    Language::Fr => {
                        format!(
                            "{origin} : « {line} » : les décimales s’écrivent avec un point : « {better} »"
                        )
                    }
                    Language::En => {
                        format!("{origin}: `{line}`: decimals are written with a point: `{better}`")
                    }
                }
            }
            Self::Placeholders(values) => {
                let title = language.choose(
                    "il reste des valeurs d’exemple à remplacer dans le fichier de configuration :",
                    "values of the example are still to be replaced in the configuration file:",
                );
                values.iter().fold(title.to_owned(), |text, value| text + "\n  " + &value.describe(language))
            }
            Self::Value { key, why } => match language {
                Language::Fr => format!("« {key} » : {why}"),
                Language::En => format!("`{key}`: {why}"),
            },
            Self::BudgetTooSmall { given_mb, echoes_mb, reports_mb, least_mb } => match language {
                Language::Fr => format!(
                    "« budget.megabytes » : {given_mb} Mo ne suffisent pas : un mois demande {echoes_mb} Mo pour les \
                     échos et {reports_mb} Mo pour les envois ; la plus petite valeur acceptée est {least_mb}"
                ),
                Language::En => format!(
                    "`budget.megabytes`: {given_mb} MB are too few: a month needs {echoes_mb} MB for echoes and \
                     {reports_mb} MB for reports; the smallest value accepted is {least_mb}"
                ),
            },
        }
    }
}

impl Placeholder {
    fn describe(&self, language: Language) -> String {
        let meaning = match self.key.split(['[', '.']).next() {
            Some("collector") => language.choose(
                "l’adresse du collecteur, donnée par la personne qui le gère",
                "the collector's address, as its operator gave it",
            ),
            Some("site") => language.choose(
                "la position du bâtiment en degrés, par exemple 2.3522",
                "the position of the building in degrees, such as 2.3522",
            ),
            Some("servers") => language.choose(
                "l’adresse d’un serveur de mesure, donnée par la personne qui gère le collecteur",
                "the address of a measurement server, as the collector's operator gave it",
            ),
            _ => language.choose(
                "une machine qui répond toujours, chez un autre opérateur que l’autre cible",
                "a machine that always answers, of another operator than the other target",
            ),
        };
        let key = &self.key;
        match (&self.value, language) {
            (Some(value), Language::Fr) => format!("{key} = {value} : mettez {meaning}"),
            (Some(value), Language::En) => format!("{key} = {value}: put {meaning}"),
            (None, Language::Fr) => format!("{key} manque : mettez {meaning}"),
            (None, Language::En) => format!("{key} is missing: put {meaning}"),
        }
    }
}

fn of_file(error: &ConfigError, language: Language) -> String {
    match (error, language) {
        (ConfigError::UnknownKeys { origin, keys }, Language::Fr) => {
            let keys = keys.iter().map(|key| match &key.closest {
                Some(closest) => format!("clé inconnue « {} », vouliez-vous dire « {closest} » ?", key.path),
                None => format!("clé inconnue « {} »", key.path),
            });
            format!("{origin} : {}", keys.collect::<Vec<_>>().join(" ; "))
        }
        (ConfigError::Unreadable { path, source }, Language::Fr) => {
            let path = path.display();
            match source.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("{path} n’existe pas ; pour le créer : desserte-probe init --config {path}")
                }
                _ => format!("le fichier de configuration {path} ne peut pas être lu : {source}"),
            }
        }
        (ConfigError::Unreadable { path, source }, Language::En) => {
            let path = path.display();
            match source.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("{path} does not exist; to make it: desserte-probe init --config {path}")
                }
                _ => format!("the configuration file {path} cannot be read: {source}"),
            }
        }
        (error, _) => error.to_string(),
    }
}

/// `key = 1,8722`.
fn has_decimal_comma(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else { return false };
    let digits = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let value = value.split('#').next().unwrap_or(value).trim();
    let number = value.strip_prefix(['-', '+']).unwrap_or(value);
    let parts = number.split_once(',');
    !key.trim_start().starts_with('#') && parts.is_some_and(|(whole, part)| digits(whole) && digits(part))
}
