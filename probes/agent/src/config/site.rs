//! Where the probe stands and the line that it is on.

use desserte_model::{AccessLine, AccessTechnology, Device, DeviceClass, LineSource, LonLat};
use desserte_units::BitRate;
use serde::Deserialize;

use super::Site;
use super::fault::{ConfigFault, fault};

#[derive(Debug, Deserialize)]
pub(super) struct SiteTable {
    name: String,
    /// Optional here so that its absence is said together with the other values still to be given.
    pub(super) lon: Option<f64>,
    pub(super) lat: Option<f64>,
    uncertainty_m: Option<f64>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct AccessTable {
    operator: Option<String>,
    technology: Option<String>,
    download_mbit_per_s: Option<f64>,
    upload_mbit_per_s: Option<f64>,
    source: Option<LineSource>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceTable {
    class: Option<DeviceClass>,
    dedicated: Option<bool>,
}

impl DeviceTable {
    pub(super) fn check(self) -> Result<Option<Device>, ConfigFault> {
        match (self.class, self.dedicated) {
            (None, None) => Ok(None),
            (Some(class), Some(dedicated)) => Ok(Some(Device { class, dedicated })),
            (None, _) => Err(fault("device.class", "missing beside `dedicated`")),
            (_, None) => Err(fault("device.dedicated", "missing beside `class`")),
        }
    }
}

impl SiteTable {
    pub(super) fn check(self) -> Result<Site, ConfigFault> {
        let missing = |key: &str| fault(key, "missing");
        let lon = self.lon.ok_or_else(|| missing("site.lon"))?;
        let lat = self.lat.ok_or_else(|| missing("site.lat"))?;
        let point = LonLat::new(lon, lat).map_err(|error| fault("site", error))?;
        if self.uncertainty_m.is_some_and(|radius| !(radius.is_finite() && radius >= 0.0)) {
            return Err(fault("site.uncertainty_m", "expected a length in metres"));
        }
        Ok(Site { name: self.name, point, uncertainty_m: self.uncertainty_m })
    }
}

impl AccessTable {
    pub(super) fn check(self) -> Result<Option<AccessLine>, ConfigFault> {
        let rate = |key: &str, value: Option<f64>| match value {
            None => Ok(None),
            Some(value) => match BitRate::from_mbit_per_s(value) {
                Some(rate) if value > 0.0 => Ok(Some(rate)),
                _ => Err(fault(key, "expected a rate in Mbit/s above zero; leave it out when not known")),
            },
        };
        let download = rate("access.download_mbit_per_s", self.download_mbit_per_s)?;
        let upload = rate("access.upload_mbit_per_s", self.upload_mbit_per_s)?;
        let nothing = self.operator.is_none() && self.technology.is_none();
        if nothing && download.is_none() && upload.is_none() {
            return Ok(None);
        }
        Ok(Some(AccessLine {
            operator: self.operator.map(|name| name.to_lowercase()),
            technology: self.technology.as_deref().map(technology).transpose()?,
            subscribed_download_bits_per_second: download,
            subscribed_upload_bits_per_second: upload,
            source: self.source.unwrap_or(LineSource::Declared),
        }))
    }
}

/// What people write for a technology, and its code.
const TECHNOLOGY_NAMES: [(&str, &str); 16] = [
    ("fibre", "ftth"),
    ("fiber", "ftth"),
    ("ftto", "ftth"),
    ("adsl", "dsl"),
    ("vdsl", "dsl"),
    ("vdsl2", "dsl"),
    ("xdsl", "dsl"),
    ("cable", "coax"),
    ("câble", "coax"),
    ("4g", "4g_fixe"),
    ("5g", "5g_fixe"),
    ("satellite", "sat"),
    ("starlink", "sat"),
    ("wimax", "radio"),
    ("thd radio", "radio"),
    ("lte", "4g_fixe"),
];

fn technology(text: &str) -> Result<AccessTechnology, ConfigFault> {
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, StrDeserializer};
    let code: StrDeserializer<'_, Error> = text.into_deserializer();
    AccessTechnology::deserialize(code).map_err(|_| {
        let written = text.to_lowercase();
        let meant = TECHNOLOGY_NAMES.iter().find(|(name, _)| *name == written);
        let meant = meant.map_or(String::new(), |(_, code)| format!(", did you mean `{code}`?"));
        let all = "one of ftth, dsl, coax, 4g_fixe, 5g_fixe, radio, sat, mobile";
        fault("access.technology", format!("unknown technology `{text}`{meant} ({all})"))
    })
}
