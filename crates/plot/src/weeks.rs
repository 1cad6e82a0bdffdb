//! A line's state over a long time, a row for each week.

use crate::axis::Axis;
use crate::svg::{Anchor, Drawing, FAINT, GREY, INK, LINE, ORANGE};
use crate::{Caption, Lang, Plot, Table};

/// A week.
#[derive(Debug, Clone, PartialEq)]
pub struct WeekRow {
    /// The week, as told.
    pub label: String,
    /// Hours down; `None`: nobody looked in that week.
    pub down: Option<f64>,
    /// Hours degraded; `None`: nobody looked in that week.
    pub degraded: Option<f64>,
    /// Hours that nobody observed.
    pub unknown: f64,
}

/// Where bars begin and end; what was not observed stands to their right.
const LEFT: f64 = 110.0;
const RIGHT: f64 = 520.0;
/// Height of a week.
const ROW: f64 = 13.0;
/// Hours not observed from which on they are told.
const TOLD_HOURS: f64 = 0.05;

/// Draws for each week the hours down, a whole dark bar, and behind them the hours degraded, a lower one; hours that nobody observed are told in words.
#[must_use]
pub fn weeks(caption: Caption, rows: &[WeekRow], lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let (key, top) = (drawing.top + ROW, drawing.top + 22.0);
    drawing.plain_bar((LEFT, LEFT + 16.0), (key - 0.95 * ROW, key), INK);
    drawing.text((LEFT + 22.0, key), Anchor::Start, INK, lang.pick("coupé", "down"));
    drawing.plain_bar((LEFT + 130.0, LEFT + 146.0), (key - 0.55 * ROW, key), ORANGE);
    drawing.text((LEFT + 152.0, key), Anchor::Start, INK, lang.pick("dégradé", "degraded"));
    let mut bottom = top;
    rows.iter().for_each(|_| bottom += ROW);
    let sums = rows.iter().filter_map(|row| Some(row.down? + row.degraded?));
    let axis = Axis::holding(sums.chain([0.0, 1.0]), LEFT, RIGHT);
    let (marks, decimals) = axis.marks();
    for mark in marks {
        let x = axis.place(mark);
        drawing.line((x, top), (x, bottom), FAINT, 1.0, "");
        let told = format!("{} h", lang.number(mark, decimals));
        drawing.text((x, bottom + LINE), Anchor::Middle, GREY, &told);
    }
    let mut table = Table::new([
        lang.pick("semaine du", "week of"),
        lang.pick("coupé (h)", "down (h)"),
        lang.pick("dégradé (h)", "degraded (h)"),
        lang.pick("non observé (h)", "not observed (h)"),
    ]);
    let mut at = top;
    for row in rows {
        let foot = at + ROW - 0.5;
        drawing.text((LEFT - 8.0, at + ROW - 3.0), Anchor::End, INK, &row.label);
        if let Some((down, degraded)) = row.down.zip(row.degraded) {
            let (start, middle, end) = (axis.place(0.0), axis.place(down), axis.place(down + degraded));
            if degraded > 0.0 {
                drawing.plain_bar((middle, end), (foot - 0.55 * (ROW - 1.0), foot), ORANGE);
            }
            if down > 0.0 {
                drawing.plain_bar((start, middle), (foot - 0.95 * (ROW - 1.0), foot), INK);
            }
        }
        let unknown = lang.number(row.unknown, 1);
        let said = match (row.down, lang) {
            (None, _) => lang.pick("rien d’observé", "nothing observed").to_owned(),
            (Some(_), Lang::Fr) => format!("{unknown} h non observées"),
            (Some(_), Lang::En) => format!("{unknown} h not observed"),
        };
        if row.down.is_none() || row.unknown >= TOLD_HOURS {
            drawing.text((RIGHT + 12.0, at + ROW - 3.0), Anchor::Start, GREY, &said);
        }
        let cells = [lang.maybe(row.down), lang.maybe(row.degraded), unknown];
        table.rows.push(std::iter::once(row.label.clone()).chain(cells).collect());
        at += ROW;
    }
    Plot { svg: drawing.finish(bottom + LINE), caption, table }
}
