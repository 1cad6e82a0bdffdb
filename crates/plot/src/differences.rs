//! Differences between groups with their intervals.

use crate::axis::Axis;
use crate::svg::{Anchor, BLUE, Drawing, GREY, INK, LABELS, LINE, ORANGE, RIGHT, label};
use crate::{Caption, Lang, Plot, Table};

/// One difference.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Between whom: `publique − privée`.
    pub label: String,
    /// Of what, and how drawn, in a few words.
    pub what: String,
    /// What was observed; `None` if one side has nothing.
    pub estimate: Option<f64>,
    /// The ends of its interval; `None` if there is not enough data.
    pub interval: Option<(f64, f64)>,
}

impl Difference {
    /// What the interval allows to say.
    fn verdict(&self, lang: Lang) -> &'static str {
        match self.interval {
            None => lang.pick("données insuffisantes", "not enough data"),
            Some((low, high)) if low <= 0.0 && high >= 0.0 => lang.pick("ex æquo", "ex æquo (tie)"),
            Some((low, _)) if low > 0.0 => lang.pick("premier plus haut", "first higher"),
            Some(_) => lang.pick("premier plus bas", "first lower"),
        }
    }

    fn is_tie(&self) -> bool {
        self.interval.is_some_and(|(low, high)| low <= 0.0 && high >= 0.0)
    }
}

/// Height of a row.
const ROW: f64 = 38.0;

/// Room for the verdict in words.
const VERDICT: f64 = 130.0;

/// Draws each difference as a mark on its interval against a line at zero. A tie is an open circle on a broken line, any other a filled
/// one on a whole line, and words say which.
#[must_use]
pub fn differences(caption: Caption, rows: &[Difference], unit: &str, lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let ends = rows.iter().filter_map(|row| row.interval).flat_map(|(low, high)| [low, high]);
    let axis = Axis::holding(ends, LABELS, RIGHT - VERDICT);
    let top = drawing.top;
    let mut bottom = top;
    rows.iter().for_each(|_| bottom += ROW);
    drawing.axis_below(&axis, top, bottom, unit);
    let mut table = Table::new([
        lang.pick("écart", "difference"),
        lang.pick("de quoi", "of what"),
        lang.pick("observé", "observed"),
        lang.pick("de", "from"),
        lang.pick("à", "to"),
        lang.pick("lecture", "reading"),
    ]);
    let mut middle = top + ROW / 2.0;
    for row in rows {
        drawing.text((LABELS - 10.0, middle - 1.0), Anchor::End, INK, &label(&row.label));
        drawing.text((LABELS - 10.0, middle + LINE - 2.0), Anchor::End, GREY, &label(&row.what));
        let (colour, fill, dash) = if row.is_tie() { (ORANGE, "#ffffff", "5 3") } else { (BLUE, BLUE, "") };
        if let Some((low, high)) = row.interval {
            let (low, high) = (axis.place(low), axis.place(high));
            drawing.line((low, middle), (high, middle), colour, 2.4, dash);
            for end in [low, high] {
                drawing.line((end, middle - 6.0), (end, middle + 6.0), colour, 2.0, "");
            }
            if let Some(estimate) = row.estimate {
                drawing.circle((axis.place(estimate), middle), 5.0, fill);
            }
        }
        let verdict = row.verdict(lang);
        drawing.text((RIGHT - VERDICT + 14.0, middle + 4.0), Anchor::Start, INK, verdict);
        table.rows.push(vec![
            row.label.clone(),
            row.what.clone(),
            lang.maybe(row.estimate),
            lang.maybe(row.interval.map(|ends| ends.0)),
            lang.maybe(row.interval.map(|ends| ends.1)),
            verdict.to_owned(),
        ]);
        middle += ROW;
    }
    let svg = drawing.finish(bottom + 2.0 * LINE + 4.0);
    Plot { caption, svg, table }
}
