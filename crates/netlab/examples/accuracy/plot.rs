//! The plot: a column for each rate, a lane for each tool, a point for each reading.

use std::fmt::Write as _;

use crate::report::{TOOLS, axes, same};
use crate::table::Row;

const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 520.0;
const LEFT: f64 = 70.0;
const TOP: f64 = 60.0;
const BOTTOM: f64 = 60.0;
/// One colour and one mark each, told apart without colour too.
const COLOURS: [&str; 5] = ["#00695c", "#2a78b8", "#c75000", "#7b3fa0", "#4a5568"];

/// Error at which the scale turns from straight to logarithmic, and the ends of the scale.
const LINEAR: f64 = 0.01;
const END: f64 = 3.0;
const TICKS: [f64; 11] = [-1.0, -0.3, -0.1, -0.03, -0.01, 0.0, 0.01, 0.03, 0.1, 0.3, 1.0];

/// Draws the readings.
pub(crate) fn draw(rows: &[Row]) -> String {
    let (rates, _) = axes(rows);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Error of each reading by rate of the line</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n"
    );
    let _ = writeln!(
        svg,
        "<rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#e6f2ef\"/>",
        y(0.03),
        WIDTH - LEFT - 10.0,
        y(-0.03) - y(0.03)
    );
    for tick in TICKS {
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#cccccc\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{} %</text>",
            WIDTH - 10.0,
            LEFT - 6.0,
            y(tick) + 4.0,
            percent(tick),
            at = y(tick)
        );
    }
    let column = (WIDTH - LEFT - 10.0) / count(rates.len().max(1));
    for (index, rate) in rates.iter().enumerate() {
        let start = LEFT + column * count(index);
        let _ = writeln!(
            svg,
            "<line x1=\"{start:.1}\" x2=\"{start:.1}\" y1=\"{TOP}\" y2=\"{:.1}\" stroke=\"#eeeeee\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{rate}</text>",
            HEIGHT - BOTTOM,
            start + column / 2.0,
            HEIGHT - BOTTOM + 18.0
        );
        for (lane, (tool, _, _)) in TOOLS.iter().enumerate() {
            let of: Vec<f64> = rows
                .iter()
                .filter(|row| row.tool == *tool && same(row.rate_mbit, *rate))
                .filter_map(Row::error)
                .collect();
            let width = column / count(TOOLS.len());
            for (place, error) in of.iter().enumerate() {
                let across = (count(place) + 0.5) / count(of.len());
                let x = start + width * (count(lane) + 0.15 + 0.7 * across);
                svg.push_str(&mark(lane, x, y(*error)));
            }
        }
    }
    for (lane, (_, _, name)) in TOOLS.iter().enumerate() {
        let x = LEFT + 180.0 * count(lane);
        svg.push_str(&mark(lane, x + 4.0, 22.0));
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"26\" font-size=\"11\">{name}</text>", x + 12.0);
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">rate of the line, Mbit/s of IP; all round trips, directions and \
         seeds; shaded: within 3 %</text>\n<text x=\"{LEFT}\" y=\"50\">error against what the line delivered</text>\n</svg>",
        WIDTH / 2.0,
        HEIGHT - 14.0
    );
    svg
}

fn percent(share: f64) -> String {
    if share.abs() < 1e-9 { "0".to_owned() } else { format!("{:+.0}", share * 100.0) }
}

/// Straight within one per cent, logarithmic beyond.
fn y(error: f64) -> f64 {
    let scale = |size: f64| if size <= LINEAR { size / LINEAR } else { 1.0 + (size / LINEAR).log10() };
    let size = error.abs().min(END);
    let share = scale(size) / scale(END) * error.signum();
    let middle = f64::midpoint(TOP, HEIGHT - BOTTOM);
    middle - share * (middle - TOP)
}

fn mark(lane: usize, x: f64, y: f64) -> String {
    let colour = COLOURS[lane % COLOURS.len()];
    match lane {
        0 | 1 => format!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.6\" fill=\"{colour}\"/>\n"),
        2 => format!(
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"4.4\" height=\"4.4\" fill=\"{colour}\"/>\n",
            x - 2.2,
            y - 2.2
        ),
        3 => format!("<path d=\"M{x:.1} {:.1}l3 5.4h-6z\" fill=\"{colour}\"/>\n", y - 3.0),
        _ => format!(
            "<path d=\"M{:.1} {:.1}l5 5m0 -5l-5 5\" stroke=\"{colour}\" fill=\"none\"/>\n",
            x - 2.5,
            y - 2.5
        ),
    }
}

#[expect(clippy::cast_precision_loss, reason = "few")]
fn count(number: usize) -> f64 {
    number as f64
}
