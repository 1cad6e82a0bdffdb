//! Distributions by their quantiles, one row for each group.

use crate::axis::Axis;
use crate::svg::{Anchor, BLUE, Drawing, GREY, INK, LABELS, LINE, RIGHT, label};
use crate::{Caption, Lang, Plot, Table};

/// A group's weighted quantiles.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantileRow {
    /// Whose they are.
    pub label: String,
    /// What the group is of the whole, in words: `62 % de la population`.
    pub share: String,
    /// Values at 10, 20, 50, 80 and 90 %; `None` if there is not enough to tell them.
    pub values: Option<[f64; 5]>,
}

/// Names of the quantiles in tables.
const NAMES: [&str; 5] = ["p10", "p20", "p50", "p80", "p90"];

/// Height of a row.
const ROW: f64 = 40.0;

/// Draws, for each group, a thin line from p10 to p90, a bar from p20 to p80, a white mark at the median with its number.
#[must_use]
pub fn quantiles(caption: Caption, rows: &[QuantileRow], unit: &str, lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let known = rows.iter().filter_map(|row| row.values);
    let axis = Axis::holding(known.flatten(), LABELS, RIGHT);
    let top = drawing.top;
    let mut bottom = top;
    rows.iter().for_each(|_| bottom += ROW);
    drawing.axis_below(&axis, top, bottom, unit);
    let mut table = Table::new([lang.pick("groupe", "group"), lang.pick("part", "share")]);
    table.columns.extend(NAMES.map(str::to_owned));
    let mut middle = top + ROW / 2.0;
    for row in rows {
        drawing.text((LABELS - 10.0, middle - 1.0), Anchor::End, INK, &label(&row.label));
        drawing.text((LABELS - 10.0, middle + LINE - 2.0), Anchor::End, GREY, &row.share);
        match row.values {
            Some(values) => {
                let [p10, p20, p50, p80, p90] = values.map(|value| axis.place(value));
                drawing.line((p10, middle), (p90, middle), INK, 1.4, "");
                for end in [p10, p90] {
                    drawing.line((end, middle - 5.0), (end, middle + 5.0), INK, 1.4, "");
                }
                drawing.bar((p20, p80), (middle - 8.0, middle + 8.0), BLUE);
                drawing.circle((p50, middle), 4.5, "#ffffff");
                let told = lang.short(values[2]);
                drawing.number_on_top((p50, middle - 11.0), &told);
            }
            None => {
                let said = lang.pick("données insuffisantes", "not enough data");
                drawing.text((LABELS + 8.0, middle + 4.0), Anchor::Start, GREY, said);
            }
        }
        let mut cells = vec![row.label.clone(), row.share.clone()];
        cells.extend((0..NAMES.len()).map(|at| lang.maybe(row.values.map(|values| values[at]))));
        table.rows.push(cells);
        middle += ROW;
    }
    let key = lang.pick(
        "trait : p10 à p90 ; barre : p20 à p80 ; cercle et nombre : médiane",
        "line: p10 to p90; bar: p20 to p80; circle and number: median",
    );
    drawing.text((20.0, bottom + 2.0 * LINE + 1.0), Anchor::Start, GREY, key);
    let svg = drawing.finish(bottom + 2.0 * LINE + 4.0);
    Plot { caption, svg, table }
}
