//! The figure: coverage by number of probes in usual worlds, a line for each way.

use std::fmt::Write as _;

use super::report::{Row, find};
use super::trial::{COMPARED, WAYS};

const WIDTH: f64 = 900.0;
const PANEL: f64 = 270.0;
const LEFT: f64 = 50.0;
const TOP: f64 = 70.0;
const HEIGHT: f64 = 300.0;

/// One colour and one dash each, told apart without colour too.
const STROKES: [(&str, &str); COMPARED] = [
    ("#c75000", "2 3"),
    ("#2a78b8", "6 3"),
    ("#7b3fa0", "10 3 2 3"),
    ("#4a5568", "1 2"),
    ("#b0003a", "8 2"),
    ("#00695c", ""),
];

/// What is shown, a panel each.
const SHOWN: [&str; 3] = ["mean", "gini", "theil_t"];

/// Lowest percentage of the scale.
const LOWEST: f64 = 30.0;

/// Draws what was counted.
pub(crate) fn draw(rows: &[Row]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {:.0}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <title>Share of 95 % intervals that hold the truth, by number of probes</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n",
        TOP + HEIGHT + 50.0
    );
    for (place, way) in WAYS[..COMPARED].iter().enumerate() {
        let (colour, dash) = STROKES[place];
        let row = if place < 3 { 16.0 } else { 34.0 };
        let x = LEFT + 290.0 * count(place % 3);
        let _ = writeln!(
            svg,
            "<line x1=\"{x:.0}\" x2=\"{:.0}\" y1=\"{row:.0}\" y2=\"{row:.0}\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>\
             <text x=\"{:.0}\" y=\"{:.0}\">{way}</text>",
            x + 24.0,
            x + 28.0,
            row + 4.0
        );
    }
    let mut probes: Vec<u32> = rows.iter().filter(|row| row.kind == "usual").map(|row| row.probes).collect();
    probes.sort_unstable();
    probes.dedup();
    for (panel, figure) in SHOWN.iter().enumerate() {
        panel_of(&mut svg, rows, &probes, LEFT + (PANEL + 15.0) * count(panel), figure);
    }
    svg.push_str("</svg>\n");
    svg
}

fn panel_of(svg: &mut String, rows: &[Row], probes: &[u32], left: f64, figure: &str) {
    let x = |place: usize| left + 12.0 + (PANEL - 24.0) * count(place) / count((probes.len().max(2)) - 1);
    let y = |percent: f64| TOP + HEIGHT * (100.0 - percent.max(LOWEST)) / (100.0 - LOWEST);
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{:.1}\" width=\"{PANEL}\" height=\"{:.1}\" fill=\"#e6f2ef\"/>\
         <text x=\"{left:.1}\" y=\"{:.1}\" font-weight=\"bold\">{figure}</text>",
        y(97.0),
        y(93.0) - y(97.0),
        TOP - 10.0
    );
    for tick in [100.0, 95.0, 90.0, 80.0, 70.0, 60.0, 50.0, 40.0, 30.0] {
        let _ = writeln!(
            svg,
            "<line x1=\"{left:.1}\" x2=\"{:.1}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#dddddd\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" font-size=\"10\">{tick}</text>",
            left + PANEL,
            left - 3.0,
            y(tick) + 3.0,
            at = y(tick)
        );
    }
    for (place, probes) in probes.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" font-size=\"10\">{probes}</text>",
            x(place),
            TOP + HEIGHT + 16.0
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">probes; % of intervals that hold the truth</text>",
        left + PANEL / 2.0,
        TOP + HEIGHT + 36.0
    );
    for (way, (colour, dash)) in WAYS.iter().zip(STROKES) {
        let points: Vec<String> = probes
            .iter()
            .enumerate()
            .filter_map(|(place, probes)| {
                let coverage = find(rows, "usual", *probes, way, figure)?.coverage()?;
                Some(format!("{:.1},{:.1}", x(place), y(coverage)))
            })
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" stroke-dasharray=\"{dash}\"/>",
            points.join(" ")
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of marks")]
fn count(of: usize) -> f64 {
    of as f64
}
