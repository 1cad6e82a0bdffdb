//! Who is aboard of a probe that has a modem, or rides.

use serde::Deserialize;

use super::fault::{ConfigFault, fault};
use crate::aboard::Asked;

#[derive(Debug, Default, Deserialize)]
pub(super) struct MobileTable {
    modem: Option<bool>,
    gpsd: Option<String>,
}

impl MobileTable {
    pub(super) fn check(self) -> Result<Asked, ConfigFault> {
        let modem = self.modem.unwrap_or(false);
        if modem && !cfg!(feature = "mobile") {
            return Err(fault(
                "mobile.modem",
                "this program cannot ask a modem; take one built with `--features mobile`",
            ));
        }
        let gpsd = self.gpsd.filter(|gpsd| !gpsd.is_empty()).map(|gpsd| {
            gpsd.parse()
                .map_err(|_| fault("mobile.gpsd", "expected an address and a port, such as 127.0.0.1:2947"))
        });
        Ok(Asked { modem, gpsd: gpsd.transpose()? })
    }
}
