//! What is sent: series of samples.

use std::collections::BTreeMap;

use crate::wire;

/// The label that holds a series' name.
const NAME: &str = "__name__";

/// A series' name and labels, with samples in the order of their time.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    labels: BTreeMap<String, String>,
    samples: Vec<(i64, f64)>,
}

/// Why something is no series.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// A name that Prometheus does not take.
    #[error("{0:?} is no name of a series or label")]
    Name(String),
    /// A sample that is not later than the one before it.
    #[error("a sample at {given} ms after one at {before} ms")]
    Order {
        /// Its time, milliseconds since the Unix epoch.
        given: i64,
        /// The time of the one before.
        before: i64,
    },
}

impl Series {
    /// A series without a sample. Labels without a value are left out: to a store they are the same as absent ones.
    ///
    /// # Errors
    /// When a name is not made of letters, digits and underscores, or begins with a digit.
    pub fn new<'a>(
        name: &str,
        labels: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, SeriesError> {
        let mut kept = BTreeMap::from([(NAME.to_owned(), checked(name)?.to_owned())]);
        for (label, value) in labels {
            if !value.is_empty() {
                kept.insert(checked(label)?.to_owned(), value.to_owned());
            }
        }
        Ok(Self { labels: kept, samples: Vec::new() })
    }

    /// Adds a sample.
    ///
    /// # Units
    /// `at_ms` is milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// When it is not later than the one before.
    pub fn push(&mut self, at_ms: i64, value: f64) -> Result<(), SeriesError> {
        match self.samples.last() {
            Some(&(before, _)) if before >= at_ms => Err(SeriesError::Order { given: at_ms, before }),
            _ => {
                self.samples.push((at_ms, value));
                Ok(())
            }
        }
    }

    /// How many samples it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    pub(crate) fn message(&self) -> wire::TimeSeries {
        // By name, as the specification asks: the order of the map.
        let labels = self.labels.iter();
        let samples = self.samples.iter();
        wire::TimeSeries {
            labels: labels
                .map(|(name, value)| wire::Label { name: name.clone(), value: value.clone() })
                .collect(),
            samples: samples.map(|&(timestamp, value)| wire::Sample { value, timestamp }).collect(),
        }
    }
}

fn checked(name: &str) -> Result<&str, SeriesError> {
    let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    if first && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Ok(name);
    }
    Err(SeriesError::Name(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_go_in_the_order_of_their_names_and_empty_ones_stay_away() {
        let mut series =
            Series::new("desserte_x", [("probe", "p"), ("commune", "23096"), ("medium", "")]).unwrap();
        series.push(1_000, 0.5).unwrap();
        let message = series.message();
        let names: Vec<&str> = message.labels.iter().map(|label| label.name.as_str()).collect();
        assert_eq!(names, ["__name__", "commune", "probe"]);
        assert_eq!((message.samples[0].timestamp, message.samples[0].value), (1_000, 0.5));
    }

    #[test]
    fn a_sample_that_is_not_later_is_refused() {
        let mut series = Series::new("desserte_x", []).unwrap();
        series.push(5, 1.0).unwrap();
        assert_eq!(series.push(5, 1.0), Err(SeriesError::Order { given: 5, before: 5 }));
        assert_eq!(series.len(), 1);
    }

    #[test]
    fn a_name_that_a_store_would_not_take_is_refused() {
        for name in ["", "1x", "a-b", "é"] {
            assert_eq!(Series::new(name, []), Err(SeriesError::Name(name.to_owned())));
        }
    }
}
