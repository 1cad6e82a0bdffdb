//! The Pareto chart: octets used against error, as SVG.

use std::fmt::Write as _;

use crate::report::{BANDS, Tried, is_keeping, is_trace, outcome};
use crate::rules::RULES;

const PANEL: (f64, f64) = (300.0, 240.0);
const MARGIN: (f64, f64) = (64.0, 70.0);
const GAP: f64 = 72.0;
/// Errors are drawn from 0.1 % to 1000 %, on a logarithmic scale; what is smaller stands on the lower edge.
const ERRORS: (f64, f64) = (0.001, 10.0);
/// Colours that stay apart for colour-blind readers (Okabe and Ito).
const COLOURS: [&str; 6] = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
/// Targets of the measurement plan: share of octets for each band, 95th percentile of the error.
const TARGET_SHARE: [Option<f64>; 3] = [Some(0.35), None, Some(0.15)];
const TARGET_ERROR: f64 = 0.05;

/// Which runs a row of panels is made of.
type Pick = fn(&Tried) -> bool;

pub(crate) fn pareto(tried: &[Tried]) -> String {
    let width = MARGIN.0 + 3.0 * (PANEL.0 + GAP);
    let height = MARGIN.1 + 2.0 * (PANEL.1 + MARGIN.1);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n\
         <title>Octets used and error of stop rules</title>\n\
         <desc>Six panels: two sets of lines by three bands of rates. Across, octets as a share of the full runs'; upwards, the 95th percentile of the distance from the full run's steady goodput.</desc>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"
    );
    let sets: [(&str, Pick); 2] = [
        ("lines that keep their rate or waver around it", is_keeping),
        ("all drawn lines", |tried| !is_trace(tried)),
    ];
    for (row, (set, pick)) in sets.iter().enumerate() {
        for (band, (name, ..)) in BANDS.iter().enumerate() {
            let runs: Vec<&Tried> = tried.iter().filter(|tried| pick(tried) && tried.is_in(band)).collect();
            let origin =
                (MARGIN.0 + band as f64 * (PANEL.0 + GAP), MARGIN.1 + row as f64 * (PANEL.1 + MARGIN.1));
            panel(&mut svg, origin, &format!("{name}: {set} ({})", runs.len()), band, &runs);
        }
    }
    legend(&mut svg, height);
    svg + "</svg>\n"
}

fn panel(svg: &mut String, (left, top): (f64, f64), title: &str, band: usize, runs: &[&Tried]) {
    let bottom = top + PANEL.1;
    let across = |share: f64| left + share.min(1.0) * PANEL.0;
    let up = |error: f64| {
        let (low, high) = ERRORS;
        bottom - (error.clamp(low, high) / low).ln() / (high / low).ln() * PANEL.1
    };
    let _ = writeln!(svg, "<text x=\"{left}\" y=\"{}\" font-size=\"11\">{title}</text>", top - 8.0);
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#888\"/>",
        PANEL.0, PANEL.1
    );
    if let Some(share) = TARGET_SHARE[band] {
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill=\"#009E73\" fill-opacity=\"0.15\"/>",
            up(TARGET_ERROR),
            across(share) - left,
            bottom - up(TARGET_ERROR)
        );
    }
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{:.0} %</text>",
            across(share),
            bottom + 16.0,
            share * 100.0
        );
    }
    for (error, label) in [(0.001, "≤ 0.1 %"), (0.01, "1 %"), (0.1, "10 %"), (1.0, "100 %"), (10.0, "1000 %")]
    {
        let y = up(error);
        let _ = writeln!(svg, "<path d=\"M{left} {y:.1}h{}\" stroke=\"#ddd\"/>", PANEL.0);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{label}</text>",
            left - 6.0,
            y + 4.0
        );
    }
    for (rule, colour) in COLOURS.iter().enumerate() {
        let found = outcome(runs, rule);
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"{}\" fill=\"{colour}\" stroke=\"#333\"><title>{}: {:.1} % of octets, p95 {:.1} %</title></circle>",
            across(found.octets),
            up(found.error_p95),
            if rule == 0 { 8 } else { 5 },
            RULES[rule].name,
            found.octets * 100.0,
            found.error_p95 * 100.0
        );
    }
}

fn legend(svg: &mut String, height: f64) {
    let y = height - 18.0;
    for (rule, colour) in COLOURS.iter().enumerate() {
        let x = MARGIN.0 + rule as f64 * 140.0;
        let _ = writeln!(
            svg,
            "<circle cx=\"{x}\" cy=\"{}\" r=\"5\" fill=\"{colour}\" stroke=\"#333\"/>",
            y - 4.0
        );
        let _ = writeln!(svg, "<text x=\"{}\" y=\"{y}\">{}</text>", x + 10.0, RULES[rule].name);
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"24\" font-size=\"14\">Across: octets as a share of full runs of 10 s. Upwards: 95th percentile of the distance from the full run. Green: target.</text>",
        MARGIN.0
    );
}
