//! Where the probes stand: a département, the place's communes darker, a mark for each commune with a probe.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use desserte_dossier::{Case, Lang, Site};
use desserte_plot::Caption;
use desserte_store::Scope;
use desserte_territory::Territory;
use desserte_territory::drawing::departement_map;
use desserte_tiles::About;

use super::super::place::Found;
use super::labels::{Mark, places};

/// Width of the drawing and of the map in it; the rest is for the list of probes.
const WIDTH: f64 = 760.0;
const MAP: f64 = 340.0;
/// Highest map: what page one has room for.
const HEIGHT_MAX: f64 = 240.0;
/// Letters of the credit in a line.
const LETTERS: usize = 140;
/// Probes listed beside the map one by one; of more, communes are.
const LISTED: usize = 12;
/// Communes in a column beside the map, and its columns.
const COLUMN: usize = 16;
const COLUMNS: [f64; 2] = [384.0, 574.0];

/// The map; `None` where there is no département to draw, or its borders may not leave the territory file.
pub(super) fn of(case: &Case, found: &Found, territory: &Territory) -> Option<(Caption, String)> {
    let exportable = territory.exportable().ok()?;
    let attribution = About::of(territory, &exportable, (0, 0)).attribution;
    let departement = found.departement.as_deref()?;
    let map = departement_map(territory, departement, 600)?;
    let french = case.lang == Lang::Fr;
    let caption = Caption {
        name: "map".to_owned(),
        title: if french { "Où sont les sondes".to_owned() } else { "Where the probes are".to_owned() },
        description: if french {
            format!(
                "Carte des communes du département {departement} : le lieu du dossier est foncé, chaque commune équipée porte une marque."
            )
        } else {
            format!(
                "Map of the communes of département {departement}: the place of the dossier is dark, each commune with a probe has a mark."
            )
        },
        source: attribution,
    };
    let mut marks: BTreeMap<&str, Vec<&Site>> = BTreeMap::new();
    for site in &case.sites {
        marks.entry(site.commune.as_str()).or_default().push(site);
    }
    let own: BTreeSet<String> = found
        .scopes
        .iter()
        .filter_map(|scope| match scope {
            Scope::Commune(code) => Some(code.to_string()),
            Scope::Departement(_) | Scope::All => None,
        })
        .collect();
    let (width, height) = (f64::from(map.view_width), f64::from(map.view_height));
    let scale = (MAP / width).min(HEIGHT_MAX / height);
    let top = 34.0;
    let mut body = String::new();
    let mut shapes = String::new();
    let mut seen = Vec::new();
    for path in &map.communes {
        let code = path.code.to_string();
        let fill = if own.contains(&code) { "#7fb2d6" } else { "#eef1f3" };
        let _ = write!(shapes, "<path d=\"{}\" fill=\"{fill}\"/>", path.d);
        if let (Some(sites), Some((x, y))) = (marks.get(code.as_str()), middle(&path.d)) {
            seen.push(Mark { at: (20.0 + x * scale, top + y * scale), label: labels(sites, &case.sites) });
        }
    }
    let signs = signs(&seen);
    let _ = write!(
        body,
        "<text x=\"20\" y=\"20\" font-size=\"16\" font-weight=\"bold\">{}</text>\
         <g transform=\"translate(20 {top}) scale({scale:.5})\" stroke=\"#7b8790\" stroke-width=\"1.2\" fill-rule=\"evenodd\">{shapes}</g>{signs}",
        escaped(&caption.title)
    );
    let (list, at) = if case.sites.len() <= LISTED {
        one_by_one(&case.sites, top, french)
    } else {
        by_commune(&case.sites, &marks, top, french)
    };
    body.push_str(&list);
    let mut bottom = (top + height * scale).max(at) + 4.0;
    for line in lines(&caption.source) {
        bottom += 12.0;
        let _ = write!(
            body,
            "<text x=\"20\" y=\"{bottom:.1}\" font-size=\"10\" fill=\"#5f5f5f\">{}</text>",
            escaped(&line)
        );
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {:.0}\" width=\"{WIDTH}\" height=\"{:.0}\" \
         font-family=\"'Liberation Sans', Arial, Helvetica, sans-serif\" font-size=\"12\" fill=\"#1a1a1a\" role=\"img\">\n\
         <title>{}</title><desc>{}</desc>\n{body}</svg>\n",
        bottom + 8.0,
        bottom + 8.0,
        escaped(&caption.title),
        escaped(&caption.description)
    );
    Some((caption, svg))
}

/// The marks, each with its label.
fn signs(marks: &[Mark]) -> String {
    let mut svg = String::new();
    for (Mark { at: (x, y), label }, (left, base)) in marks.iter().zip(places(marks)) {
        let _ = write!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.4\" fill=\"#d55e00\" stroke=\"#1a1a1a\" stroke-width=\"0.8\"/>\
             <text x=\"{left:.1}\" y=\"{base:.1}\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\">{label}</text>"
        );
    }
    svg
}

/// Labels of a commune's probes: `P3–P5` where they follow each other.
fn labels(of: &[&Site], all: &[Site]) -> String {
    let place = |site: &Site| all.iter().position(|other| other.label == site.label);
    if let [first, .., last] = of {
        let apart = place(last).zip(place(first)).map(|(last, first)| last - first);
        if of.len() > 2 && apart == Some(of.len() - 1) {
            return format!("{}–{}", first.label, last.label);
        }
    }
    of.iter().map(|site| site.label.as_str()).collect::<Vec<_>>().join(", ")
}

/// Each probe in a line; and where the next line would be.
fn one_by_one(sites: &[Site], top: f64, french: bool) -> (String, f64) {
    let (mut svg, mut at) = (String::new(), top + 12.0);
    for site in sites {
        let (class, name) = (if french { "classe" } else { "class" }, escaped(&site.name));
        let _ = write!(
            svg,
            "<text x=\"430\" y=\"{at:.1}\">{} – {name} ({}), {class} {:?}</text>",
            site.label, site.commune, site.class
        );
        at += 17.0;
    }
    (svg, at)
}

/// Each commune with its probes in a line, in columns; and where the line below them would be.
fn by_commune(all: &[Site], marks: &BTreeMap<&str, Vec<&Site>>, top: f64, french: bool) -> (String, f64) {
    let mut lines: Vec<(usize, String)> = marks
        .values()
        .filter_map(|sites| {
            let first = sites.first()?;
            let place = all.iter().position(|site| site.label == first.label)?;
            Some((place, format!("{} – {} ({})", labels(sites, all), escaped(&first.name), first.commune)))
        })
        .collect();
    lines.sort();
    let room = COLUMN * COLUMNS.len();
    if lines.len() > room {
        let more = lines.split_off(room - 1).len();
        let told =
            if french { format!("et {more} autres communes") } else { format!("and {more} more communes") };
        lines.push((usize::MAX, told));
    }
    let (mut svg, mut lowest) = (String::new(), top);
    for (column, x) in lines.chunks(COLUMN).zip(COLUMNS) {
        let mut at = top + 10.0;
        for (_, text) in column {
            let _ = write!(svg, "<text x=\"{x:.0}\" y=\"{at:.1}\" font-size=\"10\">{text}</text>");
            at += 14.5;
        }
        lowest = lowest.max(at);
    }
    (svg, lowest)
}

/// The middle of the box around a path of moves, lines and closings; `None` for a path that has anything else.
fn middle(d: &str) -> Option<(f64, f64)> {
    let (mut at, mut low, mut high) =
        ((0.0, 0.0), (f64::INFINITY, f64::INFINITY), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    let spaced: String = d
        .chars()
        .flat_map(|letter| match letter {
            'M' | 'm' | 'L' | 'l' | 'Z' | 'z' | 'H' | 'h' | 'V' | 'v' => vec![' ', letter, ' '],
            '-' => vec![' ', '-'],
            ',' => vec![' '],
            other => vec![other],
        })
        .collect();
    let mut words = spaced.split_whitespace().peekable();
    let mut command = "M";
    while let Some(word) = words.peek() {
        if word.len() == 1 && word.chars().all(char::is_alphabetic) {
            command = words.next()?;
            continue;
        }
        let mut number = || words.next()?.parse::<f64>().ok();
        match command {
            "M" | "L" => at = (number()?, number()?),
            "m" | "l" => at = (at.0 + number()?, at.1 + number()?),
            "H" => at.0 = number()?,
            "h" => at.0 += number()?,
            "V" => at.1 = number()?,
            "v" => at.1 += number()?,
            _ => return None,
        }
        low = (low.0.min(at.0), low.1.min(at.1));
        high = (high.0.max(at.0), high.1.max(at.1));
    }
    low.0.is_finite().then(|| (f64::midpoint(low.0, high.0), f64::midpoint(low.1, high.1)))
}

/// The credit, cut into lines at spaces.
fn lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].chars().count() + word.chars().count() > LETTERS {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn the_middle_of_a_path_is_that_of_its_box() {
        assert_eq!(middle("M10 20l10 0 0-10z"), Some((15.0, 15.0)));
        assert_eq!(middle("M0,0h4v6H0Z"), Some((2.0, 3.0)));
        assert_eq!(middle("M0 0C1 1 2 2 3 3"), None);
    }
}
