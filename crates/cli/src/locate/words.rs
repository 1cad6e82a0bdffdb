//! What is said at the end.

use std::fmt::Write as _;
use std::time::Duration;

use super::flaws::{ENOUGH_DECIMALS, Flaws};
use super::lookup::Lookup;
use super::overlays::Column;
use crate::arguments::Lang;

/// Metres with one decimal: finer than any position given to the commune's border is worth.
pub(super) fn metres(metres: f64) -> String {
    format!("{metres:.1}")
}

/// How many rows lie in an area of an overlay, and whom to credit.
pub(super) fn overlay(overlay: &Column<'_>, lang: Lang) -> String {
    let (name, inside) = (&overlay.name, overlay.inside);
    let (mut text, restricted) = match lang {
        Lang::Fr => (format!("{name} : {inside} lignes dans une aire"), "NE PAS REDIFFUSER CETTE TABLE"),
        Lang::En => (format!("{name}: {inside} rows in an area"), "DO NOT PASS THIS TABLE ON"),
    };
    if let Some(source) = overlay.source() {
        for part in [Some(&source.title), source.licence.as_ref()].into_iter().flatten() {
            text.push_str(" ; ");
            text.push_str(part);
        }
        if !source.may_be_exported() {
            text.push_str(" ; ");
            text.push_str(restricted);
        }
    }
    text
}

/// Counts, speed and warnings.
#[expect(clippy::cast_precision_loss, reason = "a count of rows, for a rate")]
pub(super) fn summary(lookup: &Lookup, flaws: &Flaws, elapsed: Duration, lang: Lang) -> String {
    let placed = flaws.placed;
    let rows = placed.inside + placed.outside + placed.no_position;
    let rate = rows as f64 / elapsed.as_secs_f64().max(1e-9);
    let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
    let mut text = String::new();
    let mut line = |arguments: std::fmt::Arguments<'_>| {
        text.write_fmt(arguments).expect("writing to a string does not fail");
        text.push('\n');
    };
    if lookup.is_synthetic() {
        line(format_args!(
            "{}",
            t("TERRITOIRE FICTIF : données inventées", "MADE-UP TERRITORY: invented data")
        ));
    }
    line(format_args!(
        "{rows} {} ; {:.1} s ; {rate:.0} {} ; COG {}",
        t("lignes", "rows"),
        elapsed.as_secs_f64(),
        t("points par seconde", "points per second"),
        lookup.vintage(),
    ));
    line(format_args!(
        "{} : {} ; {} : {} ; {} : {}",
        t("dans une commune", "in a commune"),
        placed.inside,
        t("hors de toute commune", "in no commune"),
        placed.outside,
        t("sans position", "without a position"),
        placed.no_position,
    ));
    if flaws.near > 0 {
        line(format_args!(
            "{} : {}",
            t("rattachées à la plus proche", "given the nearest commune"),
            flaws.near
        ));
    }
    if flaws.uncertain > 0 {
        let said = t("à la limite, compte tenu de l'erreur", "on a border, given the error of the position");
        line(format_args!("{said} : {}", flaws.uncertain));
    }
    if let Some((number, lon, lat)) = &flaws.first_unreadable {
        let said = t(
            "première ligne sans longitude et latitude lisibles",
            "first line without readable longitude and latitude",
        );
        line(format_args!("{said} : {number} ({lon:?}, {lat:?})"));
    }
    if flaws.coarse > 0 {
        let (count, fewest) = (flaws.coarse, flaws.fewest_decimals.unwrap_or(0));
        let said = t(
            "lignes ont moins de décimales que conseillé : l'arrondi peut changer de commune",
            "rows have fewer decimals than advised: rounding may change the commune",
        );
        line(format_args!("{count} {said} ({fewest} < {ENOUGH_DECIMALS})"));
    }
    text.pop();
    text
}
