//! What a modem's answers say, technology by technology (docs/spec/mobile.md).

use std::collections::BTreeSet;

use desserte_model::{Mobile, RadioSample, RadioSignal, RadioTechnology, Registration, ServingCell};
use desserte_units::Monotonic;

use crate::band;

/// What one answer of the modem says of one technology. Whatever the modem did not tell is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct RadioReading {
    /// When the answer was complete.
    pub at: Monotonic,
    /// Whether that was while the run transferred; `None` when no transfer began.
    pub during: Option<bool>,
    /// How the modem stood with a network.
    pub registration: Option<Registration>,
    /// The network: of the serving cell, else the one that it was registered with. MCC and MNC.
    pub operator: Option<String>,
    /// The technology; `None` when the answer told of none, or of a cell whose technology it did not tell.
    pub technology: Option<RadioTechnology>,
    /// Whether it was in use; `None` when the modem did not say what was.
    pub in_use: Option<bool>,
    /// Identity of the first serving cell within the network.
    pub cell: Option<u64>,
    /// Its tracking or location area.
    pub area: Option<u32>,
    /// Its physical identity.
    pub physical_cell: Option<u32>,
    /// Its channel.
    pub channel: Option<u32>,
    /// The band of that channel, as [`band()`] tells it.
    pub band: Option<&'static str>,
    /// Everything received in the band, dBm.
    pub rssi_dbm: Option<f64>,
    /// Power of the reference signals, dBm: of the first serving cell if told, which is read for the answer, else as last refreshed.
    pub rsrp_dbm: Option<f64>,
    /// Quality of the reference signals, dB, chosen alike.
    pub rsrq_db: Option<f64>,
    /// Signal to noise, or to interference and noise, dB.
    pub snr_db: Option<f64>,
    /// Power of the pilot channel, dBm.
    pub rscp_dbm: Option<f64>,
    /// Quality of the pilot channel, dB.
    pub ecio_db: Option<f64>,
    /// Microseconds that a level in this reading may be older than `at`, at the most; `None` without a level, or when not known.
    pub level_age_max_us: Option<u64>,
}

/// Every answer around a run, one reading for each technology that it told something of, in the order of the answers. Of two at the
/// same moment the first counts.
///
/// # Missing data
/// Empty when the modem was not asked or never answered; an answer that told nothing but how the modem stood is a reading without
/// a technology.
#[must_use]
pub fn radio_readings(mobile: &Mobile) -> Vec<RadioReading> {
    let samples = mobile.radio.as_ref().map_or(&[][..], |radio| &radio.samples);
    let transfer = mobile.began_us.zip(mobile.ended_us);
    let mut heard = BTreeSet::new();
    samples
        .iter()
        .filter(move |sample| heard.insert(sample.at_us))
        .flat_map(|sample| {
            let during = transfer.map(|(began, ended)| (began..=ended).contains(&sample.at_us));
            technologies(sample).into_iter().map(move |technology| reading(sample, technology, during))
        })
        .collect()
}

/// The technologies that an answer told something of; one `None` for what it told of none.
fn technologies(sample: &RadioSample) -> Vec<Option<RadioTechnology>> {
    let of_cells = sample.cells.iter().filter_map(|cell| cell.technology);
    let of_signals = sample.signals.iter().map(|signal| signal.technology);
    let told: BTreeSet<RadioTechnology> =
        sample.access.iter().copied().chain(of_signals).chain(of_cells).collect();
    let mut all: Vec<Option<RadioTechnology>> = told.iter().copied().map(Some).collect();
    // A cell without its technology is of the only one there is, if there is one only.
    let unplaced = sample.cells.iter().any(|cell| cell.technology.is_none()) && told.len() != 1;
    if unplaced || told.is_empty() {
        all.push(None);
    }
    all
}

fn reading(sample: &RadioSample, technology: Option<RadioTechnology>, during: Option<bool>) -> RadioReading {
    let alone = technologies(sample).len() == 1;
    let is_of = |cell: &&ServingCell| cell.technology == technology || (alone && cell.technology.is_none());
    let cell = sample.cells.iter().find(is_of);
    let untold = RadioSignal::untold(technology.unwrap_or(RadioTechnology::Gsm));
    let signal =
        sample.signals.iter().find(|signal| Some(signal.technology) == technology).copied().unwrap_or(untold);
    let (cell_rsrp, cell_rsrq) = (cell.and_then(|cell| cell.rsrp_dbm), cell.and_then(|cell| cell.rsrq_db));
    let refreshed = RadioSignal {
        rsrp_dbm: signal.rsrp_dbm.filter(|_| cell_rsrp.is_none()),
        rsrq_db: signal.rsrq_db.filter(|_| cell_rsrq.is_none()),
        ..signal
    };
    let level_age_max_us = match (refreshed.is_untold(), cell_rsrp.or(cell_rsrq)) {
        (false, _) => sample.signals_age_max_us,
        (true, Some(_)) => Some(0),
        (true, None) => None,
    };
    let channel = cell.and_then(|cell| cell.channel);
    RadioReading {
        at: sample.at_us,
        during,
        registration: sample.registration,
        operator: cell.and_then(|cell| cell.operator.clone()).or_else(|| sample.operator.clone()),
        technology,
        in_use: technology.filter(|_| !sample.access.is_empty()).map(|own| sample.access.contains(&own)),
        cell: cell.and_then(|cell| cell.cell),
        area: cell.and_then(|cell| cell.area),
        physical_cell: cell.and_then(|cell| cell.physical_cell),
        channel,
        band: technology.zip(channel).and_then(|(technology, channel)| band(technology, channel)),
        rssi_dbm: signal.rssi_dbm,
        rsrp_dbm: cell_rsrp.or(signal.rsrp_dbm),
        rsrq_db: cell_rsrq.or(signal.rsrq_db),
        snr_db: signal.snr_db,
        rscp_dbm: signal.rscp_dbm,
        ecio_db: signal.ecio_db,
        level_age_max_us,
    }
}

#[cfg(test)]
mod tests {
    use RadioTechnology::{Lte, Nr};
    use desserte_model::Radio;

    use super::*;

    fn sample(at_s: u64) -> RadioSample {
        RadioSample {
            at_us: Monotonic::from_micros(at_s * 1_000_000),
            took_us: 3_000,
            signals_age_max_us: Some(1_000_000),
            registration: Some(Registration::Home),
            operator: Some("20801".to_owned()),
            access: vec![],
            signals: vec![],
            cells: vec![],
        }
    }

    fn cell(technology: Option<RadioTechnology>, rsrp_dbm: Option<f64>) -> ServingCell {
        ServingCell {
            technology,
            operator: None,
            cell: Some(77),
            area: Some(5),
            physical_cell: Some(3),
            channel: Some(6_300),
            bandwidth_hz: None,
            rsrp_dbm,
            rsrq_db: None,
        }
    }

    fn readings(samples: Vec<RadioSample>) -> Vec<RadioReading> {
        radio_readings(&Mobile {
            began_us: Some(Monotonic::from_micros(10_000_000)),
            ended_us: Some(Monotonic::from_micros(20_000_000)),
            radio: Some(Radio { samples, fault: None }),
            track: None,
        })
    }

    #[test]
    fn fifth_generation_on_a_fourth_generation_anchor_is_two_readings() {
        let nr = RadioSignal { snr_db: Some(7.0), ..RadioSignal::untold(Nr) };
        let lte = RadioSignal { rsrp_dbm: Some(-99.0), ..RadioSignal::untold(Lte) };
        let both = RadioSample {
            access: vec![Lte, Nr],
            signals: vec![lte, nr],
            cells: vec![cell(Some(Lte), Some(-101.0))],
            ..sample(12)
        };
        let [of_lte, of_nr] = readings(vec![both]).try_into().unwrap();
        assert_eq!((of_lte.technology, of_lte.band, of_lte.cell), (Some(Lte), Some("20"), Some(77)));
        assert_eq!(of_lte.rsrp_dbm, Some(-101.0), "the cell was read for the answer");
        assert_eq!(of_lte.level_age_max_us, Some(0));
        assert_eq!((of_lte.in_use, of_lte.during), (Some(true), Some(true)));
        assert_eq!((of_nr.snr_db, of_nr.cell, of_nr.level_age_max_us), (Some(7.0), None, Some(1_000_000)));
        assert_eq!(of_nr.rsrp_dbm, None, "a level of the anchor is none of the other");
    }

    #[test]
    fn what_is_not_told_is_not_made_up() {
        let [silent] = readings(vec![sample(30)]).try_into().unwrap();
        assert_eq!((silent.technology, silent.in_use, silent.level_age_max_us), (None, None, None));
        assert_eq!((silent.registration, silent.during), (Some(Registration::Home), Some(false)));
        let only = RadioSample { access: vec![Lte], cells: vec![cell(None, None)], ..sample(11) };
        let [lte] = readings(vec![only]).try_into().unwrap();
        assert_eq!((lte.cell, lte.band), (Some(77), Some("20")), "of the only technology there is");
        let doubtful = RadioSample { access: vec![Lte, Nr], cells: vec![cell(None, None)], ..sample(11) };
        let cells: Vec<_> =
            readings(vec![doubtful]).into_iter().map(|reading| (reading.technology, reading.cell)).collect();
        assert_eq!(cells, [(Some(Lte), None), (Some(Nr), None), (None, Some(77))]);
        assert_eq!(radio_readings(&Mobile::default()), []);
    }
}
