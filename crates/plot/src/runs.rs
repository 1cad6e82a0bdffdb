//! Throughput runs over time.

use crate::axis::Axis;
use crate::svg::{Anchor, BLUE, Drawing, FAINT, GREY, INK, LINE, ORANGE, RIGHT};
use crate::{Caption, Lang, Plot, Table};

/// A run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunMark {
    /// Day of the period, from 0, with its fraction.
    pub day: f64,
    /// Mbit/s.
    pub rate: f64,
    /// Whether it is a download.
    pub download: bool,
}

/// Where the drawing begins, beside the marks of the axis.
const LEFT: f64 = 70.0;
/// Height of the drawing.
const HEIGHT: f64 = 170.0;

/// Draws downloads as filled circles and uploads as open squares, over the days of the period; `labels` are days from the period's beginning with what stands below them.
#[must_use]
pub fn runs(caption: Caption, marks: &[RunMark], days: f64, labels: &[(f64, String)], lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let top = drawing.top + 24.0;
    let (foot, key) = (top + HEIGHT, drawing.top + 10.0);
    drawing.circle((LEFT + 8.0, key - 4.0), 2.6, BLUE);
    drawing.text((LEFT + 18.0, key), Anchor::Start, INK, lang.pick("descendant", "download"));
    drawing.bar((LEFT + 117.0, LEFT + 122.0), (key - 7.0, key - 2.0), "none");
    drawing.text((LEFT + 130.0, key), Anchor::Start, INK, lang.pick("montant", "upload"));
    let axis = Axis::holding(marks.iter().map(|mark| mark.rate), foot, top);
    let (rates, decimals) = axis.marks();
    for rate in rates {
        let y = axis.place(rate);
        drawing.line((LEFT, y), (RIGHT, y), FAINT, 1.0, "");
        drawing.text((LEFT - 8.0, y + 4.0), Anchor::End, GREY, &lang.number(rate, decimals));
    }
    drawing.text((LEFT - 8.0, top - 10.0), Anchor::End, GREY, "Mbit/s");
    let place = |day: f64| LEFT + day / days.max(1.0) * (RIGHT - LEFT);
    for (day, label) in labels {
        drawing.line((place(*day), foot), (place(*day), foot + 4.0), GREY, 1.0, "");
        drawing.text((place(*day), foot + 4.0 + LINE), Anchor::Middle, GREY, label);
    }
    for mark in marks {
        let (x, y) = (place(mark.day), axis.place(mark.rate));
        if mark.download {
            drawing.plain_circle((x, y), 1.7, BLUE);
        } else {
            drawing.open_square((x, y), 3.2, ORANGE);
        }
    }
    let mut table = Table::new([
        lang.pick("sens", "direction"),
        lang.pick("essais", "runs"),
        lang.pick("le plus bas (Mbit/s)", "lowest (Mbit/s)"),
        lang.pick("le plus haut (Mbit/s)", "highest (Mbit/s)"),
    ]);
    for (download, name) in
        [(true, lang.pick("descendant", "download")), (false, lang.pick("montant", "upload"))]
    {
        let rates: Vec<f64> =
            marks.iter().filter(|mark| mark.download == download).map(|mark| mark.rate).collect();
        let end = |choose: fn(f64, f64) -> f64| rates.iter().copied().reduce(choose);
        table.rows.push(vec![
            name.to_owned(),
            rates.len().to_string(),
            lang.maybe(end(f64::min)),
            lang.maybe(end(f64::max)),
        ]);
    }
    Plot { svg: drawing.finish(foot + LINE), caption, table }
}
