//! The answer to a question for the nearest servers.

use std::collections::BTreeMap;

use desserte_model::Direction;
use serde::{Deserialize, Serialize};

use super::spec;

/// What a service answers: targets, or why there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Why there are no targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<NearestError>,
    /// Servers, nearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<Target>,
}

/// Why a service gave no targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearestError {
    /// Kind of the error, such as `client` or `server`.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// For people.
    #[serde(default)]
    pub title: String,
    /// HTTP status.
    #[serde(default)]
    pub status: u16,
}

/// A measurement server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Name of the machine.
    #[serde(default)]
    pub machine: String,
    /// Name under which it is reached.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hostname: String,
    /// Where it stands; absent when that is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<City>,
    /// Address by template, such as `wss:///ndt/v7/download`.
    #[serde(default)]
    pub urls: BTreeMap<String, String>,
}

/// Where a server stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct City {
    /// The town.
    #[serde(default)]
    pub city: String,
    /// Two letters of ISO 3166-1.
    #[serde(default)]
    pub country: String,
}

/// Where to measure in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the machine.
    pub machine: String,
    /// The whole address, with its path and access token.
    pub url: String,
}

/// Why an answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// More octets than any honest answer.
    #[error("an answer of more than {} octets", spec::ANSWER_MAX)]
    TooLong,
    /// Not JSON of this form.
    #[error("not an answer of Locate v2: {0}")]
    NotNearest(String),
}

impl Nearest {
    /// Reads an answer. Targets and addresses beyond the limits are left out, as is what a terminal would obey.
    ///
    /// # Errors
    /// When it is not an answer of this form.
    pub fn read(octets: &[u8]) -> Result<Self, Unreadable> {
        if octets.len() as u64 > spec::ANSWER_MAX {
            return Err(Unreadable::TooLong);
        }
        // A service that has no targets may say null.
        let read: Wire =
            serde_json::from_slice(octets).map_err(|error| Unreadable::NotNearest(error.to_string()))?;
        let mut results = read.results.unwrap_or_default();
        results.truncate(spec::TARGETS_MAX);
        for target in &mut results {
            target.machine = plain(&target.machine);
            target.hostname = plain(&target.hostname);
            if let Some(City { city, country }) = &mut target.location {
                *city = plain(city);
                *country = plain(country);
            }
            let sound = |url: &String| url.len() <= spec::URL_MAX && !url.contains(char::is_control);
            target.urls.retain(|template, url| template.len() <= spec::NAME_MAX && sound(url));
            while target.urls.len() > spec::URLS_MAX {
                target.urls.pop_last();
            }
        }
        let error = read.error.map(|error| NearestError {
            kind: plain(&error.kind),
            title: plain(&error.title),
            status: error.status,
        });
        Ok(Self { error, results })
    }

    /// Where to measure a direction with ndt7, in the order of the answer.
    #[must_use]
    pub fn ndt7(&self, direction: Direction, secure: bool) -> Vec<Place> {
        let template = ndt7_template(direction, secure);
        let place = |target: &Target| {
            let url = target.urls.get(&template)?.clone();
            Some(Place { machine: target.machine.clone(), url })
        };
        self.results.iter().filter_map(place).collect()
    }
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    error: Option<NearestError>,
    #[serde(default)]
    results: Option<Vec<Target>>,
}

/// The key under which an answer has the address for a direction of ndt7.
#[must_use]
pub fn ndt7_template(direction: Direction, secure: bool) -> String {
    let scheme = if secure { "wss" } else { "ws" };
    format!("{scheme}:///ndt/v7/{}", direction.code())
}

/// Text of a stranger, made fit to be shown.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(spec::NAME_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The form of an answer of locate.measurementlab.net, its names and tokens made up.
    const TWO: &str = r#"{"results":[
        {"machine":"mlab1-par01.example","hostname":"ndt-mlab1-par01.example","location":{"city":"Paris","country":"FR"},
         "urls":{"ws:///ndt/v7/download":"ws://ndt-mlab1-par01.example/ndt/v7/download?access_token=a&index=0",
                 "wss:///ndt/v7/download":"wss://ndt-mlab1-par01.example/ndt/v7/download?access_token=a&index=0",
                 "wss:///ndt/v7/upload":"wss://ndt-mlab1-par01.example/ndt/v7/upload?access_token=a&index=0"}},
        {"machine":"mlab2-mrs01.example","urls":{"wss:///ndt/v7/upload":"wss://mrs.example/ndt/v7/upload"},"new":[1]}]}"#;

    #[test]
    fn targets_are_told_in_order_for_each_direction() {
        let nearest = Nearest::read(TWO.as_bytes()).unwrap();
        let machines = |direction, secure| -> Vec<String> {
            nearest.ndt7(direction, secure).into_iter().map(|place| place.machine).collect()
        };
        assert_eq!(machines(Direction::Upload, true), ["mlab1-par01.example", "mlab2-mrs01.example"]);
        assert_eq!(machines(Direction::Download, false), ["mlab1-par01.example"]);
        assert!(machines(Direction::Upload, false).is_empty());
        let url = &nearest.ndt7(Direction::Download, true)[0].url;
        assert!(url.ends_with("?access_token=a&index=0"));
        assert_eq!(nearest.results[0].location.as_ref().unwrap().city, "Paris");
    }

    #[test]
    fn errors_and_nothing_are_read_too() {
        let text = r#"{"error":{"type":"client","title":"Too many requests\u001b[31m","status":429,"instance":"x"}}"#;
        let error = Nearest::read(text.as_bytes()).unwrap().error.unwrap();
        assert_eq!((error.title.as_str(), error.status), ("Too many requests[31m", 429));
        assert_eq!(Nearest::read(br#"{"results":null}"#).unwrap(), Nearest::default());
        for bad in ["", "[]x", "{\"results\":{}}", "{\"results\":[{\"urls\":[]}]}", "\u{0}"] {
            assert!(matches!(Nearest::read(bad.as_bytes()), Err(Unreadable::NotNearest(_))), "{bad}");
        }
        assert_eq!(Nearest::read(&vec![b' '; (1 << 18) + 1]), Err(Unreadable::TooLong));
    }

    #[test]
    fn more_than_any_honest_service_sends_is_left_out() {
        let urls: Vec<String> =
            (0..100).map(|n| format!("\"wss:///x{n}\":\"wss://a.example/{n}\"")).collect();
        let long = format!("\"wss:///long\":\"wss://{}\"", "a".repeat(9_000));
        let target =
            format!("{{\"machine\":\"{}\",\"urls\":{{{},{long}}}}}", "m".repeat(500), urls.join(","));
        let text = format!("{{\"results\":[{}]}}", vec![target; 9].join(","));
        let nearest = Nearest::read(text.as_bytes()).unwrap();
        assert_eq!(nearest.results.len(), spec::TARGETS_MAX);
        for target in &nearest.results {
            assert_eq!((target.urls.len(), target.machine.len()), (spec::URLS_MAX, spec::NAME_MAX));
            assert!(!target.urls.contains_key("wss:///long"));
        }
    }

    proptest! {
        #[test]
        fn foreign_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Nearest::read(&octets);
        }
    }
}
