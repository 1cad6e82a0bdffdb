//! Lorenz curves: which share of the whole the worst-off share has.

use crate::svg::{Anchor, BLUE, Drawing, FAINT, GREEN, GREY, INK, LINE, ORANGE, PURPLE};
use crate::{Caption, Lang, Plot, Table};

/// One distribution.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// Whose it is.
    pub label: String,
    /// Shares of the population and of the whole, both 0 to 1 and rising, from (0, 0) to (1, 1).
    pub points: Vec<(f64, f64)>,
    /// The Gini index, if it is defined.
    pub gini: Option<f64>,
}

/// Line styles in turn: colour and dashes differ.
const STYLES: [(&str, &str); 5] =
    [(BLUE, ""), (ORANGE, "8 4"), (GREEN, "2 3"), (PURPLE, "12 3 2 3"), (INK, "5 2 1 2")];

/// Side of the square.
const SIDE: f64 = 380.0;

/// Left edge of the square.
const LEFT: f64 = 70.0;

/// Shares at which the table tells the curves.
const TENTHS: u8 = 10;

/// Draws curves in a square with the line of equality; those beyond the fifth are in the table alone.
#[must_use]
pub fn lorenz(caption: Caption, curves: &[Curve], lang: Lang) -> Plot {
    let mut drawing = Drawing::new(&caption, lang);
    let (top, bottom) = (drawing.top, drawing.top + SIDE);
    let place = |(x, y): (f64, f64)| (LEFT + x * SIDE, bottom - y * SIDE);
    for fifth in 0..=5_u8 {
        let share = f64::from(fifth) / 5.0;
        drawing.line(place((share, 0.0)), place((share, 1.0)), FAINT, 1.0, "");
        drawing.line(place((0.0, share)), place((1.0, share)), FAINT, 1.0, "");
        let told = format!("{} %", lang.number(100.0 * share, 0));
        let (x, y) = place((share, 0.0));
        drawing.text((x, y + LINE), Anchor::Middle, GREY, &told);
        let (x, y) = place((0.0, share));
        drawing.text((x - 6.0, y + 4.0), Anchor::End, GREY, &told);
    }
    let below = lang.pick(
        "part de la population, des moins bien aux mieux servis",
        "share of the population, worst served first",
    );
    drawing.text((LEFT + SIDE / 2.0, bottom + 2.0 * LINE + 4.0), Anchor::Middle, INK, below);
    drawing.line(place((0.0, 0.0)), place((1.0, 1.0)), GREY, 1.0, "4 4");
    drawing.text(
        (LEFT + 8.0, top + 14.0),
        Anchor::Start,
        INK,
        lang.pick("part du total reçue", "share of the whole received"),
    );
    let legend = LEFT + SIDE + 24.0;
    let mut at = top + LINE;
    drawing.line((legend, at - 4.0), (legend + 34.0, at - 4.0), GREY, 1.0, "4 4");
    drawing.text((legend + 42.0, at), Anchor::Start, INK, lang.pick("égalité parfaite", "perfect equality"));
    for (curve, (colour, dash)) in curves.iter().zip(STYLES) {
        let points: Vec<_> = curve.points.iter().copied().map(place).collect();
        drawing.curve(&points, colour, dash);
        at += 1.6 * LINE;
        drawing.line((legend, at - 4.0), (legend + 34.0, at - 4.0), colour, 2.0, dash);
        drawing.text((legend + 42.0, at), Anchor::Start, INK, &curve.label);
        at += LINE;
        let gini = format!("Gini{}{}", lang.colon(), lang.maybe(curve.gini));
        drawing.text((legend + 42.0, at), Anchor::Start, GREY, &gini);
    }
    let mut table = Table::new([lang.pick("part de la population", "share of the population")]);
    table.columns.extend(curves.iter().map(|curve| curve.label.clone()));
    for tenth in 0..=TENTHS {
        let share = f64::from(tenth) / f64::from(TENTHS);
        let percent = |value: f64| format!("{} %", lang.number(100.0 * value, 1));
        let mut row = vec![format!("{} %", lang.number(100.0 * share, 0))];
        row.extend(
            curves
                .iter()
                .map(|curve| height(&curve.points, share).map_or_else(|| lang.unknown().to_owned(), percent)),
        );
        table.rows.push(row);
    }
    let gini = std::iter::once("Gini".to_owned()).chain(curves.iter().map(|curve| lang.maybe(curve.gini)));
    table.rows.push(gini.collect());
    let svg = drawing.finish(bottom + 2.0 * LINE + 6.0);
    Plot { caption, svg, table }
}

/// The height of a curve at a share, on the straight line between its points.
fn height(points: &[(f64, f64)], share: f64) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let inside = x0 <= share + 1e-12 && share <= x1 + 1e-12 && x1 > x0;
        inside.then(|| y0 + (share - x0) / (x1 - x0) * (y1 - y0))
    })
}
