//! `desserte territory svg`: outlines as one SVG file, for pages and for print.

use std::fmt::Write as _;

use anyhow::{Context as _, anyhow};
use desserte_territory::Territory;
use desserte_territory::drawing::{Detail, departement_map, national_map};
use desserte_tiles::About;

use crate::arguments::{SvgArguments, SvgDetail};
use crate::out::{Failure, Outcome, note, part_of};

/// One path of the file: code, name, path data.
type Shape = (String, Option<String>, String);

pub(crate) fn run(arguments: &SvgArguments) -> Outcome {
    let territory = Territory::open(&arguments.file)?;
    let about = About::of(&territory, &territory.exportable()?, (0, 0));
    let (size, shapes) = match &arguments.departement {
        Some(departement) => {
            let map = departement_map(&territory, departement, arguments.width).ok_or_else(|| {
                Failure::no(anyhow!("the territory has no commune of département {departement}"))
            })?;
            let name = |code| territory.commune(code).map(|commune| commune.name.clone());
            let shapes =
                map.communes.into_iter().map(|path| (path.code.to_string(), name(path.code), path.d));
            ((map.view_width, map.view_height), shapes.collect())
        }
        None => {
            let detail = match arguments.detail {
                SvgDetail::Communes => Detail::Communes,
                SvgDetail::Departements => Detail::Departements,
            };
            let map = national_map(&territory, detail, arguments.width);
            let markers = map.shapes.iter().filter(|shape| shape.is_marker).count();
            note(&format!("{markers} carrés/squares ; {} défauts/faults", map.faults.count()));
            let shapes = map.shapes.into_iter().map(|shape| (shape.code, shape.name, shape.d));
            ((map.view_width, map.view_height), shapes.collect::<Vec<Shape>>())
        }
    };
    let text = document(&about, arguments.width, size, &shapes);
    let part = part_of(&arguments.out)?;
    let written = std::fs::write(&part, &text).and_then(|()| std::fs::rename(&part, &arguments.out));
    if written.is_err() {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
    }
    written.with_context(|| format!("cannot write {}", arguments.out.display()))?;
    note(&format!(
        "{} contours/outlines ; {} octets ; COG {}",
        shapes.len(),
        text.len(),
        territory.vintage()
    ));
    Ok(())
}

fn document(about: &About, width: u32, (view_width, view_height): (u32, u32), shapes: &[Shape]) -> String {
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" viewBox=\"0 0 {view_width} {view_height}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n\
         <g fill=\"#e8edf0\" stroke=\"#5a6872\" stroke-width=\"0.6\" stroke-linejoin=\"round\" fill-rule=\"evenodd\">\n",
        escaped(&about.description),
        escaped(&about.attribution),
    );
    for (code, name, d) in shapes {
        let title = name.as_deref().map_or_else(|| code.clone(), |name| format!("{name} ({code})"));
        writeln!(text, "<path id=\"c{code}\" d=\"{d}\"><title>{}</title></path>", escaped(&title))
            .expect("writing to a string does not fail");
    }
    text.push_str("</g>\n</svg>\n");
    text
}

/// Text between the tags of XML.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_the_text_they_stand_in() {
        let about = About {
            attribution: "A & B".to_owned(),
            zooms: (0, 0),
            bounds: [0.0; 4],
            description: "communes".to_owned(),
        };
        let shapes = [("01001".to_owned(), Some("</title><x>".to_owned()), "M0 0l1 0 0 1z".to_owned())];
        let text = document(&about, 100, (200, 300), &shapes);
        assert!(text.contains("<desc>A &amp; B</desc>") && text.contains("viewBox=\"0 0 200 300\""));
        assert!(text.contains(
            "<path id=\"c01001\" d=\"M0 0l1 0 0 1z\"><title>&lt;/title&gt;&lt;x&gt; (01001)</title>"
        ));
    }
}
