//! What is found for each row.

use std::num::NonZeroUsize;

use desserte_model::{CommuneCode, LonLat};
use desserte_territory::{Answer, Place, Question};

use super::block::Block;
use super::flaws::Flaws;
use super::lookup::Lookup;
use super::overlays::Column;
use crate::arguments::LocateArguments;

/// What the added columns say of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Finding {
    pub(super) commune: Option<CommuneCode>,
    /// `inside`, `border`, `near`, `outside` or `no_position`.
    pub(super) status: &'static str,
    /// Metres from the commune named, or from the nearest candidate.
    pub(super) metres: Option<f64>,
}

/// Finds communes for blocks of rows, and keeps what was found for the last one.
pub(super) struct Finder<'a> {
    threads: NonZeroUsize,
    question: Question,
    places: Vec<Place>,
    pub(super) findings: Vec<Finding>,
    /// Where positions are inexact, the codes of the candidates of each row.
    pub(super) candidates: Option<Vec<String>>,
    /// The areas of overlays.
    pub(super) overlays: Vec<Column<'a>>,
}

impl<'a> Finder<'a> {
    pub(super) fn new(arguments: &LocateArguments, overlays: Vec<Column<'a>>) -> Self {
        let threads = arguments.threads.or_else(|| std::thread::available_parallelism().ok());
        Self {
            threads: threads.unwrap_or(NonZeroUsize::MIN),
            question: Question { nearest_within_m: arguments.nearest_within, error_m: arguments.error },
            places: Vec::new(),
            findings: Vec::new(),
            candidates: (arguments.error > 0.0).then(Vec::new),
            overlays,
        }
    }

    pub(super) fn find(&mut self, lookup: &Lookup, block: &Block, flaws: &mut Flaws) -> anyhow::Result<()> {
        self.places.clear();
        self.places.resize(block.lon.len(), Place::default());
        flaws.placed += lookup.locate_columns(&block.lon, &block.lat, &mut self.places, self.threads)?;
        for overlay in &mut self.overlays {
            overlay.place(block, self.threads);
        }
        self.findings.clear();
        if let Some(candidates) = &mut self.candidates {
            candidates.clear();
            candidates.resize(block.lon.len(), String::new());
        }
        for (number, place) in self.places.iter().enumerate() {
            // A point that is inside needs a second look only if its position is said to be inexact.
            let unsure = place.is_position()
                && (self.question.error_m > 0.0
                    || (place.row().is_none() && self.question.nearest_within_m > 0.0));
            let point = if unsure { LonLat::new(block.lon[number], block.lat[number]).ok() } else { None };
            // Distances are only asked of a file that was opened for them.
            let (Some(point), Some(territory)) = (point, lookup.territory()) else {
                self.findings.push(at_once(lookup, *place));
                continue;
            };
            let answer = territory.answer(point, self.question);
            flaws.answered(&answer);
            self.findings.push(of_answer(&answer));
            if let (Answer::Border(near), Some(candidates)) = (&answer, &mut self.candidates) {
                let codes: Vec<&str> = near.iter().map(|candidate| candidate.commune.code.as_str()).collect();
                candidates[number] = codes.join(" ");
            }
        }
        Ok(())
    }
}

fn at_once(lookup: &Lookup, place: Place) -> Finding {
    let commune = place.row().and_then(|row| lookup.code_at(row));
    let (status, metres) = match (place.is_position(), commune) {
        (false, _) => ("no_position", None),
        (true, None) => ("outside", None),
        (true, Some(_)) => ("inside", Some(0.0)),
    };
    Finding { commune, status, metres }
}

fn of_answer(answer: &Answer<'_>) -> Finding {
    let (commune, status, metres) = match answer {
        Answer::Inside(commune) => (Some(*commune), "inside", Some(0.0)),
        // The position as given may lie in no commune: then none is claimed for it.
        Answer::Border(candidates) => match candidates.first() {
            Some(first) if first.metres <= 0.0 => (Some(first.commune), "border", Some(0.0)),
            first => (None, "border", first.map(|first| first.metres)),
        },
        Answer::Near(near) => (Some(near.commune), "near", Some(near.metres)),
        Answer::Outside => (None, "outside", None),
    };
    Finding { commune: commune.map(|commune| commune.code), status, metres }
}
