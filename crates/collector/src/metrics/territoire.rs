//! Gauges of each commune of a département over the default period.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;
use desserte_territory::Territory;
use prometheus::proto::MetricFamily;

use super::declared::declared;
use super::families::{Family, float, seconds};
use super::happenings::HappeningFamilies;
use crate::config::Publication;
use crate::figures::{CommuneFigures, RateFigure, RttFigure, Window};

/// Builds the families. A figure that may not be said has no series: absent, never zero.
pub(crate) fn territoire_families(
    territory: &Territory,
    departement: &str,
    window: &Window,
    rules: &Publication,
    figures: &BTreeMap<CommuneCode, CommuneFigures>,
) -> prometheus::Result<Vec<MetricFamily>> {
    const PLACE: [&str; 2] = ["insee", "dept"];
    // promtool refuses the label `quantile` outside summaries.
    const STATISTIC: [&str; 3] = ["insee", "dept", "statistic"];
    let info = Family::new(
        "desserte_commune_info",
        "Always 1; names of a commune that has records in the period.",
        &["insee", "dept", "name", "epci", "vintage"],
    )?;
    let download = Family::new(
        "desserte_commune_download_bytes_per_second",
        "Steady goodput of complete download runs over the period, application layer: median, and p20 which eight runs in ten reach.",
        &STATISTIC,
    )?;
    let upload = Family::new(
        "desserte_commune_upload_bytes_per_second",
        "Steady goodput of complete upload runs over the period, application layer: median, and p20 which eight runs in ten reach.",
        &STATISTIC,
    )?;
    let rtt = Family::new(
        "desserte_commune_rtt_seconds",
        "Idle round-trip time over the period, median of each minute's median.",
        &STATISTIC,
    )?;
    let loss = Family::new(
        "desserte_commune_loss_ratio",
        "Share of idle echoes without answer over the period, outages included.",
        &PLACE,
    )?;
    let outage = Family::new(
        "desserte_commune_outage_seconds",
        "Time in outage over the period, mean over the probes; time of unknown state is not in it.",
        &PLACE,
    )?;
    let availability = Family::new(
        "desserte_commune_availability_ratio",
        "Share of the time of known state without outage over the period.",
        &PLACE,
    )?;
    let known = Family::new(
        "desserte_commune_known_ratio",
        "Share of the period in which the state of the line was known, mean over the probes.",
        &PLACE,
    )?;
    let declares = Family::new(
        "desserte_commune_declared_ratio",
        "Share of the premises that operators declare to be able to get this download rate, in Mbit/s; of the territory file's figures, not measured here.",
        &["insee", "dept", "table", "rate"],
    )?;
    let happened = HappeningFamilies::new()?;
    let runs = Family::new(
        "desserte_commune_runs",
        "Complete throughput runs over the period that enter the figures, by direction.",
        &["insee", "dept", "direction"],
    )?;
    let probes = Family::new("desserte_commune_probes", "Probes with records in the period.", &PLACE)?;
    let length = Family::new("desserte_territoire_period_seconds", "Length of the period.", &["dept"])?;
    let end =
        Family::new("desserte_territoire_period_end_timestamp_seconds", "End of the period.", &["dept"])?;

    length.set(&[departement], window.period.length().as_secs_f64());
    end.set(&[departement], seconds(window.period.end.as_unix_micros()));
    for (code, figures) in figures {
        let place = [code.as_str(), departement];
        if let Some(commune) = territory.commune(*code) {
            let epci = territory.epci_of(*code).map_or("", |epci| epci.label());
            let vintage = territory.vintage().to_string();
            info.set(&[code.as_str(), departement, &commune.name, epci, &vintage], 1.0);
        }
        set_rate(&download, place, &figures.download);
        set_rate(&upload, place, &figures.upload);
        if let RttFigure::Measured { median, .. } = figures.rtt {
            rtt.set(&[place[0], place[1], "median"], median.as_secs_f64());
        }
        let (sent, lost) = figures.echoes;
        if let Some(numbers) = figures.outage.measured() {
            outage.set(&place, numbers.mean.as_secs_f64());
            availability.set(&place, numbers.availability_ratio);
            known.set(&place, numbers.known_ratio);
            if sent > 0 {
                loss.set(&place, float(lost) / float(sent));
            }
        }
        for own in declared(territory, *code) {
            declares.set(&[place[0], place[1], own.table, own.rate], own.share);
        }
        happened.set(place, &figures.happenings, rules);
        runs.set(&[place[0], place[1], "download"], float(figures.download.runs()));
        runs.set(&[place[0], place[1], "upload"], float(figures.upload.runs()));
        if figures.probes > 0 {
            probes.set(&place, float(figures.probes));
        }
    }
    let families =
        [info, download, upload, rtt, loss, outage, availability, known, declares, runs, probes, length, end];
    Ok(families.iter().flat_map(Family::collect).chain(happened.collect()).collect())
}

fn set_rate(family: &Family, place: [&str; 2], figure: &RateFigure) {
    let Some(numbers) = figure.measured() else { return };
    family.set(&[place[0], place[1], "median"], numbers.median.as_bytes_per_second());
    if let Some(p20) = numbers.p20 {
        family.set(&[place[0], place[1], "p20"], p20.as_bytes_per_second());
    }
}
