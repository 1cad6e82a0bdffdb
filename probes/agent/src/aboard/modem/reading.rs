//! From ModemManager's properties and answers to a sample. What is not there, or means "unknown", is absent.

use std::collections::HashMap;

use desserte_model::{RadioFault, RadioSignal, RadioTechnology, Registration, ServingCell};
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

pub(super) type Properties = HashMap<String, OwnedValue>;
pub(super) type Interfaces = HashMap<String, Properties>;
pub(super) type Objects = HashMap<OwnedObjectPath, Interfaces>;

/// The interface that makes an object a modem.
pub(super) const MODEM: &str = "org.freedesktop.ModemManager1.Modem";
pub(super) const MODEM_3GPP: &str = "org.freedesktop.ModemManager1.Modem.Modem3gpp";
pub(super) const SIGNAL: &str = "org.freedesktop.ModemManager1.Modem.Signal";
pub(super) const LOCATION: &str = "org.freedesktop.ModemManager1.Modem.Location";

/// `MM_MODEM_PORT_TYPE_NET`.
const PORT_NET: u32 = 2;

/// Key of `GetLocation` under which the cell's numbers are (`MM_MODEM_LOCATION_SOURCE_3GPP_LAC_CI`).
const LOCATION_CELL: u32 = 1;

/// Cells that serve a modem at once: carriers that are aggregated are five at the most in LTE, sixteen in NR.
const CELLS_MAX: usize = 16;

/// No antenna sees more than this, and no receiver less (3GPP TS 36.133 and 38.133 report -156 to -31 dBm).
const DBM: std::ops::RangeInclusive<f64> = -170.0..=0.0;

/// Ratios that are reported lie within (RSRQ -43 to 20 dB, SINR -23 to 40 dB).
const DB: std::ops::RangeInclusive<f64> = -60.0..=60.0;

/// The modem that carries `interface`; the only one there is, if none is told to.
pub(super) fn choose<'a>(
    objects: &'a Objects,
    interface: Option<&str>,
) -> Result<(&'a OwnedObjectPath, &'a Interfaces), RadioFault> {
    let modems = || objects.iter().filter(|(_, interfaces)| interfaces.contains_key(MODEM));
    let carrying = interface.and_then(|name| modems().find(|(_, one)| carries(&one[MODEM], name)));
    match (carrying, modems().count()) {
        (Some(modem), _) => Ok(modem),
        (None, 0) => Err(RadioFault::NoModem),
        (None, 1) => modems().next().ok_or(RadioFault::NoModem),
        (None, _) => Err(RadioFault::WhichModem),
    }
}

fn carries(modem: &Properties, interface: &str) -> bool {
    let Some(Value::Array(ports)) = modem.get("Ports").map(|value| &**value) else { return false };
    ports.iter().any(|port| match port {
        Value::Structure(port) => {
            matches!(port.fields(), [Value::Str(name), Value::U32(PORT_NET)] if name == interface)
        }
        _ => false,
    })
}

pub(super) fn registration(properties: &Properties) -> Option<Registration> {
    // MMModem3gppRegistrationState.
    match number(properties, "RegistrationState")? {
        0 => Some(Registration::Idle),
        1 | 6 | 9 => Some(Registration::Home),
        2 => Some(Registration::Searching),
        3 => Some(Registration::Denied),
        5 | 7 | 10 => Some(Registration::Roaming),
        8 | 11 => Some(Registration::EmergencyOnly),
        _ => None,
    }
}

/// Country and operator code; ModemManager says nothing, or nothing but blanks, while it does not know.
pub(super) fn operator(text: &str) -> Option<String> {
    let is_code = (5..=6).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_digit());
    is_code.then(|| text.to_owned())
}

/// Technologies of the bits of `MMModemAccessTechnology`.
pub(super) fn access(bits: u32) -> Vec<RadioTechnology> {
    let any = |from: u32, to: u32| (from..=to).any(|bit| bits & (1 << bit) != 0);
    let table = [
        (RadioTechnology::Gsm, any(1, 4)),
        (RadioTechnology::Umts, any(5, 9)),
        (RadioTechnology::Lte, any(14, 14) || any(16, 17)),
        (RadioTechnology::Nr, any(15, 15)),
    ];
    // All bits set is "any", not "all of them".
    table.into_iter().filter(|(_, used)| *used && bits != u32::MAX).map(|(one, _)| one).collect()
}

/// Levels of the properties of the Signal interface.
pub(super) fn signals(properties: &Properties) -> Vec<RadioSignal> {
    let read = |(name, technology)| {
        let Some(Value::Dict(levels)) = properties.get(name).map(|value| &**value) else { return None };
        let level = |key: &str, within: &std::ops::RangeInclusive<f64>| {
            let level: Option<f64> = levels.get(&key).ok().flatten();
            level.filter(|level| within.contains(level))
        };
        let signal = RadioSignal {
            technology,
            rssi_dbm: level("rssi", &DBM),
            rsrp_dbm: level("rsrp", &DBM),
            rsrq_db: level("rsrq", &DB),
            snr_db: level("snr", &DB),
            rscp_dbm: level("rscp", &DBM),
            ecio_db: level("ecio", &DB),
        };
        (!signal.is_untold()).then_some(signal)
    };
    let names = [
        ("Gsm", RadioTechnology::Gsm),
        ("Umts", RadioTechnology::Umts),
        ("Lte", RadioTechnology::Lte),
        ("Nr5g", RadioTechnology::Nr),
    ];
    names.into_iter().filter_map(read).collect()
}

/// The serving cells of an answer of `GetCellInfo` (ModemManager 1.20).
pub(super) fn cells(answer: &[Properties]) -> Vec<ServingCell> {
    let serving =
        |cell: &&Properties| matches!(cell.get("serving").map(|value| &**value), Some(Value::Bool(true)));
    answer.iter().filter(serving).take(CELLS_MAX).map(cell).collect()
}

fn cell(properties: &Properties) -> ServingCell {
    // MMCellType.
    let technology = match number(properties, "cell-type") {
        Some(2) => Some(RadioTechnology::Gsm),
        Some(3 | 4) => Some(RadioTechnology::Umts),
        Some(5) => Some(RadioTechnology::Lte),
        Some(6) => Some(RadioTechnology::Nr),
        _ => None,
    };
    let channel =
        ["earfcn", "nrarfcn", "uarfcn", "arfcn"].into_iter().find_map(|key| number(properties, key));
    let area_text = text(properties, "tac").or_else(|| text(properties, "lac"));
    let number_of = |text: Option<String>| text.as_deref().and_then(hexadecimal);
    let level = |key| properties.get(key).and_then(|value| value.downcast_ref::<f64>().ok());
    ServingCell {
        technology,
        operator: text(properties, "operator-id").as_deref().and_then(operator),
        cell: number_of(text(properties, "ci")),
        area: number_of(area_text).and_then(|area| u32::try_from(area).ok()),
        physical_cell: number_of(text(properties, "physical-ci")).and_then(|one| u32::try_from(one).ok()),
        channel: channel.filter(|channel| *channel != u32::MAX),
        bandwidth_hz: number(properties, "bandwidth").filter(|width| *width > 0).map(u64::from),
        rsrp_dbm: level("rsrp").filter(|level| DBM.contains(level)),
        rsrq_db: level("rsrq").filter(|level| DB.contains(level)),
    }
}

/// The cell of an answer of `GetLocation`, for modems that `GetCellInfo` does not work with: "MCC,MNC,LAC,CI,TAC", the last three in
/// hexadecimal, 0 or FFFE where there is none.
pub(super) fn cell_of_location(answer: &HashMap<u32, OwnedValue>) -> Option<ServingCell> {
    let text = answer.get(&LOCATION_CELL)?.downcast_ref::<String>().ok()?;
    let parts: Vec<&str> = text.split(',').collect();
    let [country, network, location, cell, tracking] = parts[..] else { return None };
    let area = |text: &str| {
        hexadecimal(text).filter(|area| !matches!(area, 0 | 0xFFFE)).and_then(|area| u32::try_from(area).ok())
    };
    Some(ServingCell {
        technology: None,
        operator: operator(&format!("{country}{network}")),
        cell: Some(hexadecimal(cell).filter(|cell| *cell != 0)?),
        area: area(tracking).or_else(|| area(location)),
        physical_cell: None,
        channel: None,
        bandwidth_hz: None,
        rsrp_dbm: None,
        rsrq_db: None,
    })
}

pub(super) fn number(properties: &Properties, name: &str) -> Option<u32> {
    properties.get(name)?.downcast_ref::<u32>().ok()
}

pub(super) fn text(properties: &Properties, name: &str) -> Option<String> {
    properties.get(name)?.downcast_ref::<String>().ok().filter(|text| !text.is_empty())
}

fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}

#[cfg(test)]
mod tests;
