//! The questions that rollups are answers to.

use super::Rollup;
use crate::State;
use crate::schema::{DAY, EVENT, HANDOVER, PROBE};

/// The day of every event that only a wrong clock can date: before 2020 or after 2099, as for months.
const OTHER_DAY: &str = "other";

/// When days have a name of their own, as a condition on the event's time.
const OWN_DAYS: &str = "event_utc >= '2020-01-01T00:00:00Z' AND event_utc < '2100-01-01T00:00:00Z'";

/// A run that enters a rate: complete, not over Wi-Fi, counted at the application layer. They are never mixed with others.
const COUNTS: &str = "outcome = 'complete' AND medium <> 'wifi' AND layer = 'application'";

/// The day of an event, as text.
fn day_of(time: &str) -> String {
    let own = OWN_DAYS.replace(EVENT, time);
    format!("CASE WHEN {own} THEN to_char({time}, '%Y-%m-%d') ELSE '{OTHER_DAY}' END")
}

/// The condition on the event's time that it lies on one of `days`.
fn on(days: &[String]) -> String {
    let one = |day: &String| {
        if day == OTHER_DAY {
            format!("NOT ({OWN_DAYS})")
        } else {
            // Times are whole microseconds. Text takes the column's own type, in which no year overflows.
            format!("({EVENT} >= '{day}T00:00:00Z' AND {EVENT} <= '{day}T23:59:59.999999Z')")
        }
    };
    days.iter().map(one).collect::<Vec<_>>().join(" OR ")
}

/// The days on which rows lie that are not in a state.
pub(super) fn changed(state: &State) -> String {
    let of =
        |table: &str| format!("SELECT {} AS {DAY} FROM {table} WHERE NOT {}", day_of(EVENT), state.sql());
    let all = super::SOURCES.map(|table| of(table.name())).join(" UNION ALL ");
    format!("SELECT DISTINCT {DAY} FROM ({all}) ORDER BY {DAY}")
}

/// The days on which rows of a probe lie.
pub(super) fn of_probe(probe: &str) -> String {
    let probe = probe.replace('\'', "''");
    let of =
        |table: &str| format!("SELECT {} AS {DAY} FROM {table} WHERE {PROBE} = '{probe}'", day_of(EVENT));
    let all = super::SOURCES.map(|table| of(table.name())).join(" UNION ALL ");
    format!("SELECT DISTINCT {DAY} FROM ({all}) ORDER BY {DAY}")
}

/// The rows of a rollup on `days`, by commune and time.
pub(super) fn rows(rollup: Rollup, days: &[String]) -> String {
    let when = on(days);
    let time = rollup.time();
    let (unit, by, whose, quantiles) = match rollup {
        Rollup::SiteHour => ("hour", ", probe", "probe", String::new()),
        Rollup::CommuneDay => ("day", "", "count(DISTINCT probe) AS probes", quantiles()),
    };
    let of_state = |state: &str| {
        format!(
            "sum(CASE WHEN state = '{state}' THEN window_us WHEN window_us IS NOT NULL THEN 0 END) AS {state}_us"
        )
    };
    let states = ["up", "degraded", "down", "unknown"].map(of_state).join(", ");
    let of_direction = |direction: &str| {
        format!(
            "count(CASE WHEN direction = '{direction}' THEN 1 END) AS {direction}_runs, \
             count(CASE WHEN direction = '{direction}' AND outcome = 'complete' THEN 1 END) AS {direction}_complete, \
             count({direction}_rate) AS {direction}_rates, \
             quantile_sketch({direction}_rate) AS {direction}_sketch"
        )
    };
    let runs = ["download", "upload"].map(of_direction).join(", ");
    let day = day_of(time);
    format!(
        "SELECT *, {day} AS {DAY} FROM (\
         SELECT date_trunc('{unit}', {EVENT}) AS {time}, commune, vintage, {whose}, max({HANDOVER}) AS {HANDOVER}, \
         count(window_us) AS minutes, {states}, sum(sent) AS sent, sum(lost) AS lost, \
         count(rtt) AS rtt_minutes, CAST(min(rtt) AS BIGINT) AS rtt_min_us, CAST(max(rtt) AS BIGINT) AS rtt_max_us, \
         quantile_sketch(rtt) AS rtt_sketch, {runs}, \
         count(interruption) AS interruptions, \
         count(CASE WHEN interruption = 'beyond' THEN 1 END) AS interruptions_beyond, \
         count(CASE WHEN interruption = 'beyond' AND duration_us IS NULL THEN 1 END) AS interruptions_beyond_unmeasured, \
         sum(CASE WHEN interruption = 'beyond' THEN duration_us END) AS interruptions_beyond_us, \
         count(CASE WHEN tried THEN 1 END) AS reach_tried, \
         count(CASE WHEN tried AND failure IS NOT NULL THEN 1 END) AS reach_failed, \
         min(method) AS method_first, max(method) AS method_last{quantiles} \
         FROM ({source}) GROUP BY 1, commune, vintage{by}) \
         ORDER BY commune, {time}{by}",
        source = source(&when),
    )
}

/// Rows of every kind as one, each with the columns of its kind.
fn source(when: &str) -> String {
    let keys = format!("{EVENT}, commune, vintage, probe, {HANDOVER}, method");
    let rate = |direction: &str| {
        format!(
            "CASE WHEN direction = '{direction}' AND {COUNTS} THEN steady_bits_per_second END AS {direction}_rate"
        )
    };
    let rates = ["download", "upload"].map(rate).join(", ");
    let of = |own: &str, table: &str| format!("SELECT {keys}, {own} FROM {table} WHERE {when}");
    [
        of("window_us, state, sent, lost, CAST(rtt_median_us AS DOUBLE) AS rtt", "latency_minute"),
        of(&format!("direction, outcome, {rates}"), "throughput"),
        of("cause AS interruption, duration_us", "outage"),
        of("tried, failure", "reachability"),
    ]
    .join(" UNION ALL BY NAME ")
}

fn quantiles() -> String {
    let of = |share: u8, values: &str, name: String| {
        format!(", percentile_cont(0.{share}) WITHIN GROUP (ORDER BY {values}) AS {name}")
    };
    let rtts = [5, 8].map(|share| of(share, "rtt", format!("rtt_p{share}0_us")));
    let rates = ["download", "upload"].into_iter().flat_map(|direction| {
        [2, 5, 8].map(|share| {
            of(share, &format!("{direction}_rate"), format!("{direction}_p{share}0_bits_per_second"))
        })
    });
    rtts.into_iter().chain(rates).collect()
}
