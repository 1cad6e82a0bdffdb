//! Reading parameter files: what is wrong with one is told with its line.

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A parameter file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map_or_else(String::new, |line| format!("line {line}: ")))]
pub struct BadFile {
    /// Where, from 1; `None` when the fault has no place.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

impl BadFile {
    pub(crate) fn at(text: &str, offset: usize, message: String) -> Self {
        let line = text.get(..offset).map(|before| before.matches('\n').count() + 1);
        Self { line, message }
    }
}

/// Reads the text of a file into a type that cannot be wrong.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, BadFile> {
    toml::from_str(text).map_err(|error: toml::de::Error| {
        let message = error.message().to_owned();
        match error.span() {
            Some(span) => BadFile::at(text, span.start, message),
            None => BadFile { line: None, message },
        }
    })
}

/// A number above zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "f64")]
pub struct Positive(f64);

/// A number that is not below zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "f64")]
pub struct NotNegative(f64);

/// A share, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(f64);

/// Declares how a number is checked.
macro_rules! checked {
    ($name:ident, $fits:expr, $said:literal) => {
        impl TryFrom<f64> for $name {
            type Error = String;

            fn try_from(value: f64) -> Result<Self, String> {
                let fits: fn(f64) -> bool = $fits;
                if fits(value) { Ok(Self(value)) } else { Err(format!(concat!("{} is not ", $said), value)) }
            }
        }

        impl $name {
            /// The number.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    };
}

checked!(Positive, |value| value.is_finite() && value > 0.0, "a number above zero");
checked!(NotNegative, |value| value.is_finite() && value >= 0.0, "a number of zero or more");
checked!(Share, |value| (0.0..=1.0).contains(&value), "a share from 0 to 1");
