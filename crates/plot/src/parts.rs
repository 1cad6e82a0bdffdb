//! How much of an inequality lies between groups, and how much within them.

use crate::svg::{Anchor, BLUE, Drawing, GREY, INK, LABELS, LINE, ORANGE, RIGHT, label};
use crate::{Caption, Lang, Plot, Table};

/// An index parted by one classification. The parts add up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The classification.
    pub label: String,
    /// The parts between groups and within them; `None` where the index is not defined.
    pub parts: Option<(f64, f64)>,
}

/// Height of a row.
const ROW: f64 = 34.0;

/// Draws, for each classification, one bar of the whole: striped between groups, plain within.
#[must_use]
pub fn parts(caption: Caption, rows: &[Parts], lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let stripes = drawing.stripes(ORANGE);
    let top = drawing.top + 1.6 * LINE;
    let (between, within) =
        (lang.pick("entre groupes", "between groups"), lang.pick("dans les groupes", "within groups"));
    drawing.bar((LABELS, LABELS + 22.0), (top - 24.0, top - 12.0), &stripes);
    drawing.text((LABELS + 30.0, top - 14.0), Anchor::Start, INK, between);
    drawing.bar((LABELS + 150.0, LABELS + 172.0), (top - 24.0, top - 12.0), BLUE);
    drawing.text((LABELS + 180.0, top - 14.0), Anchor::Start, INK, within);
    let mut table = Table::new([
        lang.pick("classement", "classification"),
        between,
        within,
        lang.pick("part entre groupes", "share between groups"),
    ]);
    let mut at = top;
    for row in rows {
        let middle = at + ROW / 2.0;
        drawing.text((LABELS - 10.0, middle + 4.0), Anchor::End, INK, &label(&row.label));
        let share = row.parts.and_then(|(between, within)| {
            let whole = between + within;
            (whole > 0.0).then(|| between / whole)
        });
        let percent = share.map(|share| format!("{} %", lang.number(100.0 * share, 1)));
        let value = |part: Option<f64>| {
            part.map_or_else(
                || lang.pick("non défini", "not defined").to_owned(),
                |part| lang.number(part, 4),
            )
        };
        match (share, &percent) {
            (Some(share), Some(percent)) => {
                // The whole is narrower than the drawing, so that a number always has its place beside it.
                let border = LABELS + share.clamp(0.0, 1.0) * (RIGHT - LABELS - 70.0);
                let y = (middle - 9.0, middle + 9.0);
                drawing.bar((border, RIGHT - 70.0), y, BLUE);
                drawing.bar((LABELS, border), y, &stripes);
                drawing.text((RIGHT - 62.0, middle + 4.0), Anchor::Start, INK, percent);
            }
            _ => drawing.text((LABELS + 8.0, middle + 4.0), Anchor::Start, GREY, &value(None)),
        }
        table.rows.push(vec![
            row.label.clone(),
            value(row.parts.map(|parts| parts.0)),
            value(row.parts.map(|parts| parts.1)),
            percent.unwrap_or_else(|| value(None)),
        ]);
        at += ROW;
    }
    drawing.text(
        (RIGHT, at + LINE),
        Anchor::End,
        GREY,
        lang.pick("à droite : part entre groupes", "on the right: share between groups"),
    );
    let svg = drawing.finish(at + LINE);
    Plot { caption, svg, table }
}
