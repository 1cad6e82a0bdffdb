//! The columns of rollups: docs/spec/lake.md says what each means.

use super::Rollup;
use crate::schema::{COMMUNE, Column, HANDOVER, Kind, maybe};

/// What both rollups count and add up.
const MEASURES: &[Column] = &[
    maybe("minutes", Kind::Whole),
    maybe("up_us", Kind::Whole),
    maybe("degraded_us", Kind::Whole),
    maybe("down_us", Kind::Whole),
    maybe("unknown_us", Kind::Whole),
    maybe("sent", Kind::Whole),
    maybe("lost", Kind::Whole),
    maybe("rtt_minutes", Kind::Whole),
    maybe("rtt_min_us", Kind::Whole),
    maybe("rtt_max_us", Kind::Whole),
    maybe("download_runs", Kind::Whole),
    maybe("download_complete", Kind::Whole),
    maybe("download_rates", Kind::Whole),
    maybe("upload_runs", Kind::Whole),
    maybe("upload_complete", Kind::Whole),
    maybe("upload_rates", Kind::Whole),
    maybe("interruptions", Kind::Whole),
    maybe("interruptions_beyond", Kind::Whole),
    maybe("interruptions_beyond_unmeasured", Kind::Whole),
    maybe("interruptions_beyond_us", Kind::Whole),
    maybe("reach_tried", Kind::Whole),
    maybe("reach_failed", Kind::Whole),
    maybe("method_first", Kind::Text),
    maybe("method_last", Kind::Text),
    maybe("rtt_sketch", Kind::Octets),
    maybe("download_sketch", Kind::Octets),
    maybe("upload_sketch", Kind::Octets),
];

/// Exact quantiles, by definition 7 of Hyndman and Fan. Of a day there are few enough values for them; of an hour of one probe
/// they would be the values themselves.
const QUANTILES: &[Column] = &[
    maybe("rtt_p50_us", Kind::Real),
    maybe("rtt_p80_us", Kind::Real),
    maybe("download_p20_bits_per_second", Kind::Real),
    maybe("download_p50_bits_per_second", Kind::Real),
    maybe("download_p80_bits_per_second", Kind::Real),
    maybe("upload_p20_bits_per_second", Kind::Real),
    maybe("upload_p50_bits_per_second", Kind::Real),
    maybe("upload_p80_bits_per_second", Kind::Real),
];

/// The columns of a rollup, without the day. The engine takes what aggregates give for possibly null, so all of them are that by
/// type; which can be is told in the specification.
pub(super) fn columns(rollup: Rollup) -> impl Iterator<Item = Column> {
    let (whose, quantiles) = match rollup {
        Rollup::SiteHour => (maybe("probe", Kind::Text), &[][..]),
        Rollup::CommuneDay => (maybe("probes", Kind::Whole), QUANTILES),
    };
    let keys = [
        maybe(rollup.time(), Kind::Time),
        maybe(COMMUNE, Kind::Text),
        maybe("vintage", Kind::Year),
        whose,
        maybe(HANDOVER, Kind::Whole),
    ];
    keys.into_iter().chain(MEASURES.iter().copied()).chain(quantiles.iter().copied())
}
