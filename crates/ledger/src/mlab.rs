//! Percentiles of Measurement Lab, by country code, of one month.
//!
//! In these files a high percentile is always the *good* end: `latency_ms` at p99 is the lowest latency but for one in a hundred. Here
//! the percentile says which share of tests is below the value, as everywhere in this project, and the original's name stands beside it.
//!
//! # Source
//! m-lab/iqb, `analysis/.iqb/cache`, files of 2024 and 2025; data CC0.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Credit;

/// Metrics of which less is better: their percentiles are turned round.
const LOWER_IS_BETTER: [&str; 2] = ["latency_ms", "packet_loss"];

/// Percentiles of one country in one month.
#[derive(Debug, Clone, PartialEq)]
pub struct Country {
    /// Country code of ISO 3166: FR is metropolitan France, GP, MQ, GF, RE, YT the overseas départements.
    pub code: String,
    /// The month, `2025-10`.
    pub month: String,
    /// Tests of the download, where the file says.
    pub downloads: Option<u64>,
    /// Tests of the upload, where the file says.
    pub uploads: Option<u64>,
    /// The values, by metric in its own unit, in rising order of percentile.
    pub values: Vec<Percentile>,
}

/// One percentile.
#[derive(Debug, Clone, PartialEq)]
pub struct Percentile {
    /// The metric as the file names it, with its unit.
    pub metric: String,
    /// Share of tests below the value, percent.
    pub below: u8,
    /// What the file calls it.
    pub original: String,
    /// The value, in the metric's unit.
    pub value: f64,
}

/// Why a file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum UnreadablePercentiles {
    /// The name does not say of which country and month.
    #[error("{0}: name it as country_year_month.json, such as re_2025_10.json")]
    Name(String),
    /// It is not such a file; the text names line and column.
    #[error("{file}: {source}")]
    Text {
        /// The file.
        file: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A percentile has another name than `p` and a number from 0 to 100, or a value that cannot be.
    #[error("{file}: {metric} has {original} = {value}")]
    Percentile {
        /// The file.
        file: String,
        /// The metric.
        metric: String,
        /// The percentile's name.
        original: String,
        /// Its value.
        value: f64,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    sample_counts: Counts,
    metrics: BTreeMap<String, BTreeMap<String, Option<f64>>>,
}

#[derive(Default, Deserialize)]
struct Counts {
    downloads: Option<u64>,
    uploads: Option<u64>,
}

/// Whom the percentiles are owed to.
#[must_use]
pub fn credit(month: &str) -> Credit {
    Credit {
        title: "NDT, percentiles by country".to_owned(),
        publisher: Some("Measurement Lab".to_owned()),
        vintage: Some(month.to_owned()),
        licence: Some("CC0 1.0".to_owned()),
        withheld: false,
    }
}

impl Country {
    /// Reads one file; its name says country and month.
    ///
    /// # Missing data
    /// A percentile that is `null` is left out.
    ///
    /// # Errors
    /// The name or the text is not that of such a file.
    pub fn read(name: &str, octets: &[u8]) -> Result<Self, UnreadablePercentiles> {
        let parts: Vec<&str> = name.strip_suffix(".json").unwrap_or_default().split('_').collect();
        let number =
            |text: &str, length| text.len() == length && text.bytes().all(|octet| octet.is_ascii_digit());
        let (code, month) = match parts.as_slice() {
            [code, year, month] if code.len() == 2 && number(year, 4) && number(month, 2) => {
                (code.to_ascii_uppercase(), format!("{year}-{month}"))
            }
            _ => return Err(UnreadablePercentiles::Name(name.to_owned())),
        };
        let file: File = serde_json::from_slice(octets)
            .map_err(|source| UnreadablePercentiles::Text { file: name.to_owned(), source })?;
        let mut values = Vec::new();
        for (metric, percentiles) in &file.metrics {
            let turned = LOWER_IS_BETTER.contains(&metric.as_str());
            let first = values.len();
            for (original, value) in percentiles {
                let Some(value) = *value else { continue };
                let place = original.strip_prefix('p').and_then(|text| text.parse::<u8>().ok());
                let below = place
                    .filter(|place| *place <= 100 && value.is_finite() && value >= 0.0)
                    .ok_or_else(|| UnreadablePercentiles::Percentile {
                        file: name.to_owned(),
                        metric: metric.clone(),
                        original: original.clone(),
                        value,
                    })?;
                values.push(Percentile {
                    metric: metric.clone(),
                    below: if turned { 100 - below } else { below },
                    original: original.clone(),
                    value,
                });
            }
            values[first..].sort_by_key(|percentile| percentile.below);
        }
        let Counts { downloads, uploads } = file.sample_counts;
        Ok(Self { code, month, downloads, uploads, values })
    }

    /// A percentile of a metric, by the share of tests below it.
    #[must_use]
    pub fn value(&self, metric: &str, below: u8) -> Option<f64> {
        let found = self.values.iter().find(|value| value.metric == metric && value.below == below);
        found.map(|percentile| percentile.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"sample_counts":{"downloads":7,"uploads":5},"metrics":{
        "download_throughput_mbps":{"p1":0.5,"p99":80,"p50":20},"latency_ms":{"p1":400.0,"p99":40.0,"p50":null}}}"#;

    #[test]
    fn percentiles_say_which_share_is_below_them() {
        let country = Country::read("re_2025_10.json", TEXT.as_bytes()).unwrap();
        assert_eq!(
            (country.code.as_str(), country.month.as_str(), country.uploads),
            ("RE", "2025-10", Some(5))
        );
        assert_eq!(country.value("download_throughput_mbps", 1), Some(0.5));
        // The original's p99 is its best end, the lowest latency.
        assert_eq!(country.value("latency_ms", 1), Some(40.0));
        assert_eq!(country.value("latency_ms", 99), Some(400.0));
        assert_eq!(country.value("latency_ms", 50), None);
        let below: Vec<u8> = country.values.iter().map(|value| value.below).collect();
        assert_eq!(below, [1, 50, 99, 1, 99]);
    }

    #[test]
    fn a_file_of_another_kind_is_refused_with_its_place() {
        let refused = |name: &str, text: &str| Country::read(name, text.as_bytes()).unwrap_err().to_string();
        assert!(refused("reunion.json", TEXT).contains("country_year_month"));
        assert!(refused("re_2025_10.json", "{\n\"metrics\": 1}").contains("line 2"));
        assert!(refused("re_2025_10.json", &TEXT.replace("p50", "median")).contains("median"));
        assert!(refused("re_2025_10.json", &TEXT.replace("0.5", "-0.5")).contains("p1 = -0.5"));
    }
}
