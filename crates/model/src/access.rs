//! What an observation passed through on its way: the probe's attachment and the subscribed line.

use desserte_units::BitRate;
use serde::{Deserialize, Serialize};

/// How the probe is attached to the line's router.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Medium {
    /// A cable.
    Wired {
        /// Negotiated rate of the interface in bits per second, absent when the driver does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link_bits_per_second: Option<u64>,
    },
    /// Wi-Fi. Such results are never aggregated with wired ones.
    Wifi {
        /// Received signal in dBm, absent when the driver does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signal_dbm: Option<i16>,
        /// Rate that the radio link had agreed for what the probe receives, in bits per second; absent when the driver does not
        /// say. No more than about half of it is left to TCP.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        receive_bits_per_second: Option<u64>,
        /// Rate that the radio link had agreed for what the probe sends, in bits per second; absent when the driver does not say.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        transmit_bits_per_second: Option<u64>,
    },
    /// A modem in the probe itself.
    Mobile,
    /// The system does not tell.
    Unknown,
}

/// The technology of the access line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AccessTechnology {
    /// Fibre to the premises.
    #[serde(rename = "ftth")]
    Ftth,
    /// Copper pair: ADSL, VDSL2.
    #[serde(rename = "dsl")]
    Dsl,
    /// Coaxial cable.
    #[serde(rename = "coax")]
    Coax,
    /// 4G used at a fixed place.
    #[serde(rename = "4g_fixe")]
    FourGFixed,
    /// 5G used at a fixed place.
    #[serde(rename = "5g_fixe")]
    FiveGFixed,
    /// Terrestrial radio other than mobile networks.
    #[serde(rename = "radio")]
    Radio,
    /// Satellite, geostationary or low.
    #[serde(rename = "sat")]
    Satellite,
    /// A mobile subscription.
    #[serde(rename = "mobile")]
    Mobile,
}

impl AccessTechnology {
    /// The code used on the wire, in metrics and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ftth => "ftth",
            Self::Dsl => "dsl",
            Self::Coax => "coax",
            Self::FourGFixed => "4g_fixe",
            Self::FiveGFixed => "5g_fixe",
            Self::Radio => "radio",
            Self::Satellite => "sat",
            Self::Mobile => "mobile",
        }
    }
}

/// Who says what the line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum LineSource {
    /// The contract or an invoice was read.
    Contract,
    /// Whoever installed the probe said so.
    Declared,
    /// The access's own interface gave it.
    AccessApi,
}

/// The subscribed line, as declared; every part may be unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct AccessLine {
    /// Retail operator's name, in lower case as configured; absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Technology, absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technology: Option<AccessTechnology>,
    /// Subscribed download rate, absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub subscribed_download_bits_per_second: Option<BitRate>,
    /// Subscribed upload rate, absent when not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<f64>"))]
    pub subscribed_upload_bits_per_second: Option<BitRate>,
    /// Who says so.
    pub source: LineSource,
}
