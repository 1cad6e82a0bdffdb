//! What a modem said of its radio, and a satellite receiver of its place, around a run.
//!
//! Every moment is told by the clock that [`ClockStamp::monotonic_us`](crate::ClockStamp) is of: microseconds since the boot
//! that the record names. Samples are kept as they came, from before the run to after it, and nothing is averaged: a run may
//! cross cells and communes (`docs/spec/mobile.md`).

use desserte_units::{Monotonic, Timestamp};
use serde::{Deserialize, Serialize};

/// A generation of mobile networks, by its radio.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RadioTechnology {
    /// Second generation: GSM, GPRS, EDGE.
    Gsm,
    /// Third generation: UMTS and what HSPA added to it.
    Umts,
    /// Fourth generation.
    Lte,
    /// Fifth generation.
    Nr,
}

impl RadioTechnology {
    /// The code used on the wire and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Gsm => "gsm",
            Self::Umts => "umts",
            Self::Lte => "lte",
            Self::Nr => "nr",
        }
    }
}

/// How the modem stands with a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Registration {
    /// Registered with the network of its own operator.
    Home,
    /// Registered with another operator's network. Such runs are never aggregated with those at home.
    Roaming,
    /// Looking for a network.
    Searching,
    /// Networks are there, and none admits it.
    Denied,
    /// Not registered, and not looking.
    Idle,
    /// Only calls for help are possible.
    EmergencyOnly,
}

impl Registration {
    /// The code used on the wire and in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Roaming => "roaming",
            Self::Searching => "searching",
            Self::Denied => "denied",
            Self::Idle => "idle",
            Self::EmergencyOnly => "emergency_only",
        }
    }
}

/// Signal levels of one technology. What the modem does not tell is absent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RadioSignal {
    /// The technology that these are of.
    pub technology: RadioTechnology,
    /// Everything received in the band, in dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rssi_dbm: Option<f64>,
    /// Power of the reference signals (LTE, NR), in dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsrp_dbm: Option<f64>,
    /// Quality of the reference signals (LTE, NR), in dB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsrq_db: Option<f64>,
    /// Signal to noise, or to interference and noise where the modem tells that, in dB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snr_db: Option<f64>,
    /// Power of the pilot channel (UMTS), in dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rscp_dbm: Option<f64>,
    /// Quality of the pilot channel (UMTS), in dB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecio_db: Option<f64>,
}

impl RadioSignal {
    /// Nothing told yet of a technology.
    #[must_use]
    pub const fn untold(technology: RadioTechnology) -> Self {
        Self {
            technology,
            rssi_dbm: None,
            rsrp_dbm: None,
            rsrq_db: None,
            snr_db: None,
            rscp_dbm: None,
            ecio_db: None,
        }
    }

    /// Whether no level is told.
    #[must_use]
    pub fn is_untold(&self) -> bool {
        *self == Self::untold(self.technology)
    }
}

/// A cell that serves the modem. What the modem does not tell is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ServingCell {
    /// Its technology; absent when only its numbers are told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub technology: Option<RadioTechnology>,
    /// Network that it belongs to: country and operator code (MCC and MNC), five or six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Identity within the network: 28 bits for UMTS and LTE, 36 for NR, 16 for GSM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cell: Option<u64>,
    /// Tracking area (LTE, NR) or location area (GSM, UMTS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<u32>,
    /// Physical identity: 0 to 503 for LTE, 0 to 1007 for NR.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub physical_cell: Option<u32>,
    /// Number of the radio channel (ARFCN, UARFCN, EARFCN or NR-ARFCN by technology), which tells the band.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<u32>,
    /// Width of the channel in hertz.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth_hz: Option<u64>,
    /// Power of its reference signals, in dBm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsrp_dbm: Option<f64>,
    /// Quality of its reference signals, in dB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rsrq_db: Option<f64>,
}

/// One answer of the modem.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RadioSample {
    /// When the answer was complete.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub at_us: Monotonic,
    /// Microseconds from the question to then.
    pub took_us: u64,
    /// Microseconds that levels in `signals` may be older than the answer at the most: the modem is read this often. Absent when
    /// not known. Levels of `cells` are read for the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals_age_max_us: Option<u64>,
    /// How it stands with a network; absent when the modem does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<Registration>,
    /// Network it is registered with: country and operator code (MCC and MNC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// Technologies in use, each once, in order; `lte` and `nr` together are 5G on a 4G anchor. Empty when not told.
    #[serde(default)]
    pub access: Vec<RadioTechnology>,
    /// Levels by technology, in order.
    #[serde(default)]
    pub signals: Vec<RadioSignal>,
    /// The cells that serve it, as the modem orders them; no neighbours.
    #[serde(default)]
    pub cells: Vec<ServingCell>,
}

/// Why the modem was not heard at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RadioFault {
    /// The system's message bus, or ModemManager on it, is not there.
    Absent,
    /// ModemManager knows no modem.
    NoModem,
    /// It knows several, and none is told to carry the interface of the run.
    WhichModem,
    /// It did not answer in time.
    Silent,
    /// It refused, or answered what cannot be read.
    Refused,
    /// The probe's program was built without the means to ask.
    NotBuilt,
}

/// What the modem said around a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Radio {
    /// Answers, rising in time. An answer that did not come is not in the list.
    pub samples: Vec<RadioSample>,
    /// The last reason for which one did not come; absent when all came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<RadioFault>,
}

/// A position of a satellite receiver. One without a fix reports none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fix {
    /// When the report came.
    #[cfg_attr(feature = "schema", schemars(with = "u64"))]
    pub at_us: Monotonic,
    /// Microseconds that the position is older than the report, from the receiver's time and the probe's; absent when the
    /// probe's calendar is not certain enough to tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_us: Option<u64>,
    /// The receiver's own time of the position; absent when it gives none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
    pub utc_us: Option<Timestamp>,
    /// WGS 84 longitude, decimal degrees.
    pub lon: f64,
    /// WGS 84 latitude, decimal degrees.
    pub lat: f64,
    /// Radius in metres that holds the true position with 95 % probability, as the receiver estimates it; absent when it does
    /// not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty_m: Option<f64>,
    /// Speed over ground in metres per second; absent when not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed_m_per_s: Option<f64>,
    /// Whether height was found as well, which takes four satellites and is the surer fix.
    pub three_dimensional: bool,
}

impl Fix {
    /// The moment that the position is of.
    #[must_use]
    pub fn moment(&self) -> Monotonic {
        Monotonic::from_micros(self.at_us.as_micros().saturating_sub(self.age_us.unwrap_or(0)))
    }
}

/// Why there was no new position at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PositionFault {
    /// Nothing answers where the position is to be asked.
    Absent,
    /// What answers has no receiver, or none that speaks.
    Silent,
    /// The receiver sees too few satellites.
    NoFix,
    /// The receiver repeats an earlier position.
    Stale,
}

/// What the satellite receiver said around a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Track {
    /// Positions, rising in time.
    pub fixes: Vec<Fix>,
    /// The last reason for which there was none; absent when there always was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<PositionFault>,
}

/// Radio and place around a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mobile {
    /// The run's origin; absent when no transfer began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub began_us: Option<Monotonic>,
    /// When its transfer ended; absent when none began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<u64>"))]
    pub ended_us: Option<Monotonic>,
    /// What the modem said; absent when it was not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub radio: Option<Radio>,
    /// What the satellite receiver said; absent when it was not asked. It stays with the collector: docs/spec/mobile.md.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub track: Option<Track>,
}
