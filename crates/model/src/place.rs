//! Places: positions on the ground and codes of the official list of communes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A point in WGS 84 longitude and latitude, in this order, as in GeoJSON (RFC 7946).
///
/// # Units
/// Decimal degrees; longitude -180 to 180, latitude -90 to 90, both finite.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LonLat {
    lon: f64,
    lat: f64,
}

/// The refusal of two numbers that are no position.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NotAPosition {
    /// A coordinate is NaN or infinite.
    #[error("longitude {lon} or latitude {lat} is not a finite number")]
    NotFinite {
        /// Longitude as given.
        lon: f64,
        /// Latitude as given.
        lat: f64,
    },
    /// A coordinate lies outside the globe, as projected metres or swapped axes often do.
    #[error("longitude {lon}, latitude {lat} is outside -180..180, -90..90 (metres, or axes swapped?)")]
    OutOfRange {
        /// Longitude as given.
        lon: f64,
        /// Latitude as given.
        lat: f64,
    },
}

impl LonLat {
    /// A point from longitude and latitude in decimal degrees.
    ///
    /// # Errors
    /// When a coordinate is not finite or lies outside the globe.
    pub fn new(lon: f64, lat: f64) -> Result<Self, NotAPosition> {
        if !(lon.is_finite() && lat.is_finite()) {
            Err(NotAPosition::NotFinite { lon, lat })
        } else if !((-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat)) {
            Err(NotAPosition::OutOfRange { lon, lat })
        } else {
            Ok(Self { lon, lat })
        }
    }

    /// Longitude in decimal degrees.
    #[must_use]
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// Latitude in decimal degrees.
    #[must_use]
    pub const fn lat(self) -> f64 {
        self.lat
    }
}

impl fmt::Display for LonLat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.6}, {:.6}", self.lon, self.lat)
    }
}

/// How a position became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PositionSource {
    /// Declared for a fixed site by whoever installed the probe.
    Declared,
    /// Read from a satellite receiver at the time of the observation.
    Gnss,
}

/// Where an observation was made, as sent: the numbers are checked on receipt, not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Position {
    /// WGS 84 longitude, decimal degrees.
    pub lon: f64,
    /// WGS 84 latitude, decimal degrees.
    pub lat: f64,
    /// Radius in metres that holds the true position with 95 % probability; absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty_m: Option<f64>,
    /// How the position became known.
    pub source: PositionSource,
}

impl Position {
    /// The point, if the numbers are one.
    ///
    /// # Errors
    /// As [`LonLat::new`].
    pub fn point(&self) -> Result<LonLat, NotAPosition> {
        LonLat::new(self.lon, self.lat)
    }
}

/// The code of a commune in the official geographic code (COG): five characters of text, `23096`, `2A004`, `97411`.
///
/// A code has a meaning only together with the [`CogVintage`] of the list it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(with = "String"))]
pub struct CommuneCode([u8; 5]);

/// The refusal of a text that cannot be a commune code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a commune code: five characters such as 01004, 2A004 or 97411")]
pub struct NotACommuneCode(pub String);

impl CommuneCode {
    /// The five characters.
    ///
    /// # Panics
    /// Never: only ASCII is accepted at construction.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a commune code is ASCII by construction")
    }

    /// The département's code, read off the commune's: `23`, `2A`, `974`.
    #[must_use]
    pub fn departement(&self) -> &str {
        let code = self.as_str();
        if code.starts_with("97") || code.starts_with("98") { &code[..3] } else { &code[..2] }
    }
}

impl FromStr for CommuneCode {
    type Err = NotACommuneCode;

    fn from_str(text: &str) -> Result<Self, NotACommuneCode> {
        let refuse = || NotACommuneCode(text.chars().take(32).collect());
        let bytes: [u8; 5] = text.as_bytes().try_into().map_err(|_| refuse())?;
        let corsican = bytes[0] == b'2' && matches!(bytes[1], b'A' | b'B');
        let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
        if digits(&bytes) || (corsican && digits(&bytes[2..])) { Ok(Self(bytes)) } else { Err(refuse()) }
    }
}

impl TryFrom<String> for CommuneCode {
    type Error = NotACommuneCode;

    fn try_from(text: String) -> Result<Self, NotACommuneCode> {
        text.parse()
    }
}

impl From<CommuneCode> for String {
    fn from(code: CommuneCode) -> Self {
        code.as_str().to_owned()
    }
}

impl fmt::Display for CommuneCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The year whose 1 January list of communes a code belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CogVintage(u16);

impl CogVintage {
    /// The list in force on 1 January of `year`.
    #[must_use]
    pub const fn from_year(year: u16) -> Self {
        Self(year)
    }

    /// The year.
    #[must_use]
    pub const fn as_year(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CogVintage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_text_with_leading_zero_corsica_and_overseas() {
        for (code, departement) in [("01004", "01"), ("2A004", "2A"), ("97411", "974"), ("23096", "23")] {
            assert_eq!(code.parse::<CommuneCode>().unwrap().departement(), departement);
        }
        for wrong in ["1004", "2C004", "2a004", "010041", "", "01 04"] {
            assert!(wrong.parse::<CommuneCode>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_that_are_no_position_are_refused_with_their_reason() {
        assert!(matches!(LonLat::new(f64::NAN, 46.0), Err(NotAPosition::NotFinite { .. })));
        assert!(matches!(LonLat::new(652_000.0, 6_862_000.0), Err(NotAPosition::OutOfRange { .. })));
        assert!(LonLat::new(1.87, 46.17).is_ok());
    }
}
