//! All figures of one commune, and of every commune of a département.

use std::collections::{BTreeMap, BTreeSet};

use desserte_measure::Period;
use desserte_model::{CommuneCode, Direction, ProbeId};
use desserte_store::{
    DownMinute, InterruptionRow, MinuteTotals, ReachTotal, RunRow, Scope, Store, StoreError, UnknownTotal,
};
use desserte_units::Timestamp;

use super::Window;
use super::happening::{Happenings, happenings};
use super::outage::{OutageFigure, outage};
use super::rate::{RateFigure, as_u64, counts, rate};
use super::round_trip::{RttFigure, round_trip};
use crate::config::Publication;

/// Microseconds in a day of UTC.
const DAY_US: i64 = 86_400_000_000;

/// What can be said of one commune over a period.
#[derive(Debug, Clone)]
pub(crate) struct CommuneFigures {
    pub(crate) download: RateFigure,
    pub(crate) upload: RateFigure,
    pub(crate) rtt: RttFigure,
    pub(crate) outage: OutageFigure,
    /// Interruptions and reachability.
    pub(crate) happenings: Happenings,
    /// Echoes sent and lost while the line was observed, outages included.
    pub(crate) echoes: (u64, u64),
    /// Runs of both directions by how they ended.
    pub(crate) runs_by_outcome: BTreeMap<String, u64>,
    /// Complete runs that enter no figure, because of Wi-Fi or of where octets were counted.
    pub(crate) runs_left_out: u64,
    /// Complete runs that ended before the rate was steady, most often at the ceiling of the data budget.
    pub(crate) runs_too_short: u64,
    /// Probes with anything in the period.
    pub(crate) probes: u64,
    /// Figures by declared operator and technology.
    pub(crate) lines: Vec<LineFigures>,
    /// Download by technology code, all operators together; lines whose technology is not known are in none.
    pub(crate) technologies: Vec<(String, RateFigure)>,
}

/// Figures of the runs over one kind of line.
#[derive(Debug, Clone)]
pub(crate) struct LineFigures {
    /// Operator as declared; `None` when not known.
    pub(crate) operator: Option<String>,
    /// Technology code; `None` when not known.
    pub(crate) technology: Option<String>,
    pub(crate) download: RateFigure,
    pub(crate) upload: RateFigure,
}

/// One day of a commune, in UTC.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    /// Midnight.
    pub(crate) start: Timestamp,
    pub(crate) download: RateFigure,
    pub(crate) upload: RateFigure,
}

/// A commune over a period: its figures, the days of its runs, and the days with any measurement.
pub(crate) struct CommunePeriod {
    pub(crate) figures: CommuneFigures,
    /// Days with runs.
    pub(crate) days: Vec<Day>,
    /// Days with a run or a minute.
    pub(crate) days_with_measurements: u64,
    /// Midnight of the last of them.
    pub(crate) last_day: Option<Timestamp>,
}

/// Rows of one commune.
#[derive(Default)]
struct Rows {
    runs: Vec<RunRow>,
    totals: Vec<MinuteTotals>,
    down: Vec<DownMinute>,
    rtts: Vec<u32>,
    interruptions: Vec<InterruptionRow>,
    unknown: Vec<UnknownTotal>,
    reach: Vec<ReachTotal>,
}

/// The figures of one commune and its days, with the days on which anything was measured. A commune without rows has figures that say so.
pub(crate) fn of_commune(
    store: &Store,
    commune: CommuneCode,
    window: &Window,
    rules: &Publication,
) -> Result<CommunePeriod, StoreError> {
    let scope = Scope::Commune(commune);
    let rows = read(store, &scope, window.period)?.remove(&commune).unwrap_or_default();
    let mut measured: BTreeSet<i64> = store.minute_days(&scope, window.period)?.into_iter().collect();
    measured.extend(rows.runs.iter().map(|run| run.event.as_unix_micros().div_euclid(DAY_US)));
    Ok(CommunePeriod {
        figures: figures(&rows, window.period, rules),
        days: days(&rows.runs, rules),
        days_with_measurements: as_u64(measured.len()),
        last_day: measured.last().map(|day| Timestamp::from_unix_micros(day * DAY_US)),
    })
}

/// The figures of every commune of a département that has rows in the period.
pub(crate) fn of_departement(
    store: &Store,
    departement: &str,
    window: &Window,
    rules: &Publication,
) -> Result<BTreeMap<CommuneCode, CommuneFigures>, StoreError> {
    let rows = read(store, &Scope::Departement(departement.to_owned()), window.period)?;
    Ok(rows.into_iter().map(|(code, rows)| (code, figures(&rows, window.period, rules))).collect())
}

fn read(store: &Store, scope: &Scope, period: Period) -> Result<BTreeMap<CommuneCode, Rows>, StoreError> {
    let mut by_commune: BTreeMap<CommuneCode, Rows> = BTreeMap::new();
    for run in store.runs(scope, period)? {
        by_commune.entry(run.commune).or_default().runs.push(run);
    }
    for totals in store.minute_totals(scope, period)? {
        by_commune.entry(totals.commune).or_default().totals.push(totals);
    }
    for down in store.down_minutes(scope, period)? {
        by_commune.entry(down.commune).or_default().down.push(down);
    }
    for rtts in store.rtts(scope, period)? {
        by_commune.entry(rtts.commune).or_default().rtts = rtts.minute_medians_us;
    }
    for row in store.interruptions(scope, period)? {
        by_commune.entry(row.commune).or_default().interruptions.push(row);
    }
    for row in store.unknown_totals(scope, period)? {
        by_commune.entry(row.commune).or_default().unknown.push(row);
    }
    for row in store.reach_totals(scope, period)? {
        by_commune.entry(row.commune).or_default().reach.push(row);
    }
    Ok(by_commune)
}

fn figures(rows: &Rows, period: Period, rules: &Publication) -> CommuneFigures {
    let mut runs_by_outcome = BTreeMap::new();
    for run in &rows.runs {
        *runs_by_outcome.entry(run.outcome.clone()).or_insert(0) += 1;
    }
    let left_out = rows.runs.iter().filter(|run| run.outcome == "complete" && !counts(run)).count();
    let too_short = rows.runs.iter().filter(|run| counts(run) && run.steady.is_none()).count();
    let probes: BTreeSet<&ProbeId> = rows
        .runs
        .iter()
        .map(|run| &run.probe)
        .chain(rows.totals.iter().map(|totals| &totals.probe))
        .collect();
    let outage = outage(&rows.totals, &rows.down, period, rules);
    CommuneFigures {
        download: rate(rows.runs.iter(), Direction::Download, rules),
        upload: rate(rows.runs.iter(), Direction::Upload, rules),
        rtt: round_trip(&rows.rtts, rules),
        happenings: happenings(&rows.interruptions, &rows.unknown, &rows.reach, &outage),
        outage,
        echoes: rows.totals.iter().fold((0, 0), |sum, row| (sum.0 + row.sent, sum.1 + row.lost)),
        runs_by_outcome,
        runs_left_out: as_u64(left_out),
        runs_too_short: as_u64(too_short),
        probes: as_u64(probes.len()),
        lines: lines(&rows.runs, rules),
        technologies: technologies(&rows.runs, rules),
    }
}

fn technologies(runs: &[RunRow], rules: &Publication) -> Vec<(String, RateFigure)> {
    let mut groups: BTreeMap<&str, Vec<&RunRow>> = BTreeMap::new();
    for run in runs {
        if let Some(technology) = &run.technology {
            groups.entry(technology).or_default().push(run);
        }
    }
    groups
        .into_iter()
        .map(|(technology, runs)| (technology.to_owned(), rate(runs.into_iter(), Direction::Download, rules)))
        .collect()
}

fn lines(runs: &[RunRow], rules: &Publication) -> Vec<LineFigures> {
    let mut groups: BTreeMap<(&Option<String>, &Option<String>), Vec<&RunRow>> = BTreeMap::new();
    for run in runs {
        groups.entry((&run.operator, &run.technology)).or_default().push(run);
    }
    groups
        .into_iter()
        .map(|((operator, technology), runs)| LineFigures {
            operator: operator.clone(),
            technology: technology.clone(),
            download: rate(runs.iter().copied(), Direction::Download, rules),
            upload: rate(runs.iter().copied(), Direction::Upload, rules),
        })
        .collect()
}

fn days(runs: &[RunRow], rules: &Publication) -> Vec<Day> {
    let mut groups: BTreeMap<i64, Vec<&RunRow>> = BTreeMap::new();
    for run in runs {
        groups.entry(run.event.as_unix_micros().div_euclid(DAY_US)).or_default().push(run);
    }
    groups
        .into_iter()
        .map(|(day, runs)| Day {
            start: Timestamp::from_unix_micros(day * DAY_US),
            download: rate(runs.iter().copied(), Direction::Download, rules),
            upload: rate(runs.iter().copied(), Direction::Upload, rules),
        })
        .collect()
}
