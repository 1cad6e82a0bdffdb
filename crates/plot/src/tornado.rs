//! Which assumption moves a result most.

use crate::axis::Axis;
use crate::svg::{Anchor, BLUE, Drawing, GREY, INK, LABELS, LINE, ORANGE, RIGHT, label};
use crate::{Caption, Lang, Plot, Table};

/// What one assumption does to the result.
#[derive(Debug, Clone, PartialEq)]
pub struct Swing {
    /// The assumption.
    pub label: String,
    /// What it is at its low and high end, in words.
    pub ends: (String, String),
    /// The result with it at its low and high end, all others as they are; `None` where there is no result.
    pub results: (Option<f64>, Option<f64>),
}

impl Swing {
    /// How far apart the results are, the base among them.
    fn width(&self, base: f64) -> f64 {
        let ends = [Some(base), self.results.0, self.results.1].into_iter().flatten();
        let (low, high) = ends.fold((base, base), |(low, high), end| (low.min(end), high.max(end)));
        high - low
    }
}

/// Height of a row.
const ROW: f64 = 38.0;

/// Draws the results of each assumption's ends around the base, the widest first; the low end is striped.
#[must_use]
pub fn tornado(caption: Caption, base: f64, swings: &[Swing], unit: &str, lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let mut rows: Vec<&Swing> = swings.iter().collect();
    rows.sort_by(|a, b| b.width(base).total_cmp(&a.width(base)).then_with(|| a.label.cmp(&b.label)));
    let ends = rows.iter().flat_map(|row| [row.results.0, row.results.1]).flatten();
    let around: Vec<f64> = ends.map(|end| end - base).collect();
    // The axis is that of changes: a result far from zero would leave no room for them.
    let axis = Axis::holding(around, LABELS, RIGHT);
    let stripes = drawing.stripes(ORANGE);
    let top = drawing.top + 1.6 * LINE;
    let (low, high) =
        (lang.pick("hypothèse basse", "low assumption"), lang.pick("hypothèse haute", "high assumption"));
    drawing.bar((LABELS, LABELS + 22.0), (top - 24.0, top - 12.0), &stripes);
    drawing.text((LABELS + 30.0, top - 14.0), Anchor::Start, INK, low);
    drawing.bar((LABELS + 170.0, LABELS + 192.0), (top - 24.0, top - 12.0), BLUE);
    drawing.text((LABELS + 200.0, top - 14.0), Anchor::Start, INK, high);
    let mut bottom = top;
    rows.iter().for_each(|_| bottom += ROW);
    let from = format!(" ({} {})", lang.pick("écart à", "change from"), lang.short(base));
    // A change from nothing is the thing itself.
    let told = format!("{unit}{}", if base.abs() > 0.0 { from.as_str() } else { "" });
    drawing.axis_below(&axis, top, bottom, &told);
    let mut table = Table::new([
        lang.pick("hypothèse", "assumption"),
        low,
        lang.pick("résultat", "result"),
        high,
        lang.pick("résultat", "result"),
        lang.pick("étendue", "range"),
    ]);
    let mut middle = top + ROW / 2.0;
    for row in rows {
        drawing.text((LABELS - 10.0, middle - 1.0), Anchor::End, INK, &label(&row.label));
        let ends = format!("{} – {}", row.ends.0, row.ends.1);
        drawing.text((LABELS - 10.0, middle + LINE - 2.0), Anchor::End, GREY, &label(&ends));
        let zero = axis.place(0.0);
        let sides = [(row.results.0, stripes.as_str(), -9.0), (row.results.1, BLUE, 0.0)];
        for (result, fill, from) in sides {
            if let Some(result) = result {
                drawing.bar((zero, axis.place(result - base)), (middle + from, middle + from + 9.0), fill);
            }
        }
        table.rows.push(vec![
            row.label.clone(),
            row.ends.0.clone(),
            lang.maybe(row.results.0),
            row.ends.1.clone(),
            lang.maybe(row.results.1),
            lang.short(row.width(base)),
        ]);
        middle += ROW;
    }
    let svg = drawing.finish(bottom + 2.0 * LINE + 4.0);
    Plot { caption, svg, table }
}
