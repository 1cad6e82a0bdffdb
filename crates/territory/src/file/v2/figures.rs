//! The sections of figures: a list, a column of numbers for each, and a column that says why numbers are missing.
//!
//! Later than version 2 itself, so they are only there if there is a figure.

use std::ops::Range;

use desserte_model::CommuneCode;
use serde::{Deserialize, Serialize};

use super::*;
use crate::{Contents, Figure, FigureValue};

const LIST: Name = *b"figlist\0";
const NUMBERS: Name = *b"figures\0";
const REASONS: Name = *b"figwhy\0\0";

const KNOWN: u8 = 0;
const SECRET: u8 = 1;
const UNAVAILABLE: u8 = 2;
const NOT_GIVEN: u8 = 3;

/// As postcard writes it: field order is the format.
#[derive(Debug, Serialize, Deserialize)]
struct FigureMeta {
    name: String,
    title: Option<String>,
    unit: String,
    period: Option<String>,
    source: Option<u32>,
    /// Code, reason and number of communes that are not in the territory.
    elsewhere: Vec<([u8; 5], u8, f64)>,
}

/// The figures of a file.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    list: Vec<FigureMeta>,
    numbers: Range<usize>,
    reasons: Range<usize>,
}

pub(super) fn add(file: &mut Writer, contents: &Contents) {
    if contents.figures.is_empty() {
        return;
    }
    let row = |code: &CommuneCode| contents.communes.binary_search_by(|row| row.commune.code.cmp(code)).ok();
    let count = contents.communes.len();
    let mut numbers = vec![0.0; contents.figures.len() * count];
    let mut reasons = vec![NOT_GIVEN; numbers.len()];
    let mut list = Vec::new();
    for (figure, (numbers, reasons)) in
        contents.figures.iter().zip(numbers.chunks_exact_mut(count).zip(reasons.chunks_exact_mut(count)))
    {
        let mut elsewhere = Vec::new();
        for (code, value) in &figure.values {
            let (reason, number) = written(*value);
            match row(code) {
                Some(row) => (reasons[row], numbers[row]) = (reason, number),
                None => elsewhere.push((history::letters(*code), reason, number)),
            }
        }
        list.push(FigureMeta {
            name: figure.name.clone(),
            title: figure.title.clone(),
            unit: figure.unit.clone(),
            period: figure.period.clone(),
            source: figure.source,
            elsewhere,
        });
    }
    file.add(LIST, &postcard::to_stdvec(&list).expect("lists in memory always encode"));
    file.add(NUMBERS, &numbers);
    file.add(REASONS, &reasons);
}

const fn written(value: FigureValue) -> (u8, f64) {
    match value {
        FigureValue::Known(number) => (KNOWN, number),
        FigureValue::Secret => (SECRET, 0.0),
        FigureValue::Unavailable => (UNAVAILABLE, 0.0),
    }
}

const fn value(reason: u8, number: f64) -> Option<FigureValue> {
    match reason {
        KNOWN => Some(FigureValue::Known(number)),
        SECRET => Some(FigureValue::Secret),
        UNAVAILABLE => Some(FigureValue::Unavailable),
        _ => None,
    }
}

impl Figures {
    /// Finds and checks the sections; a file without them has no figure.
    pub(super) fn read(
        image: &Image,
        sections: &Sections,
        communes: usize,
        sources: usize,
    ) -> Result<Self, FormatError> {
        let Some(list) = sections.find(LIST) else { return Ok(Self::default()) };
        let malformed = |what: String| FormatError::Malformed(what);
        let list: Vec<FigureMeta> = rights::whole(&image.octets()[list]).map_err(malformed)?;
        let figures = Self { numbers: sections.need(NUMBERS)?, reasons: sections.need(REASONS)?, list };
        figures.check(image, communes, sources).map_err(|what| malformed(what.to_owned()))?;
        Ok(figures)
    }

    fn check(&self, image: &Image, communes: usize, sources: usize) -> Result<(), &'static str> {
        let items = self.list.len() * communes;
        if self.numbers.len() != items * 8 || self.reasons.len() != items {
            return Err("figures and communes differ in number");
        }
        if !self.list.windows(2).all(|pair| pair[0].name < pair[1].name) {
            return Err("a list is not in the order of its codes");
        }
        let (numbers, reasons): (&[f64], &[u8]) = (image.array(&self.numbers), image.array(&self.reasons));
        let sound = |reason: u8, number: f64| match reason {
            KNOWN => number.is_finite(),
            SECRET | UNAVAILABLE | NOT_GIVEN => number.to_bits() == 0,
            _ => false,
        };
        let is_code = |letters: &[u8; 5]| {
            std::str::from_utf8(letters).is_ok_and(|text| text.parse::<CommuneCode>().is_ok())
        };
        let here = reasons.iter().zip(numbers).all(|(reason, number)| sound(*reason, *number));
        let elsewhere =
            self.list.iter().flat_map(|figure| &figure.elsewhere).all(|(letters, reason, number)| {
                is_code(letters) && *reason != NOT_GIVEN && sound(*reason, *number)
            });
        let known = self.list.iter().all(|figure| figure.source.is_none_or(|at| (at as usize) < sources));
        if here && elsewhere && known {
            Ok(())
        } else {
            Err("a figure is no number, or its source is not listed")
        }
    }

    fn columns<'a>(&self, image: &'a Image, number: usize, communes: usize) -> (&'a [u8], &'a [f64]) {
        let column = number * communes..(number + 1) * communes;
        let (numbers, reasons): (&[f64], &[u8]) = (image.array(&self.numbers), image.array(&self.reasons));
        (&reasons[column.clone()], &numbers[column])
    }

    fn owned(&self, body: &Body) -> Vec<Figure> {
        let figure = |(number, meta): (usize, &FigureMeta)| {
            let (reasons, numbers) = self.columns(&body.image, number, body.communes);
            let here = reasons.iter().zip(numbers).enumerate();
            let mut values: Vec<(CommuneCode, FigureValue)> = here
                .filter_map(|(row, (reason, number))| Some((body.code(row), value(*reason, *number)?)))
                .collect();
            values.extend(meta.elsewhere.iter().filter_map(|(letters, reason, number)| {
                let code = std::str::from_utf8(letters).ok()?.parse().ok()?;
                Some((code, value(*reason, *number)?))
            }));
            values.sort_unstable_by_key(|(code, _)| *code);
            Figure {
                name: meta.name.clone(),
                title: meta.title.clone(),
                unit: meta.unit.clone(),
                period: meta.period.clone(),
                source: meta.source,
                values,
            }
        };
        self.list.iter().enumerate().map(figure).collect()
    }
}

impl Body {
    pub(crate) fn figure_count(&self) -> usize {
        self.figures.list.len()
    }

    pub(crate) fn figure_number(&self, name: &str) -> Option<usize> {
        self.figures.list.binary_search_by(|figure| figure.name.as_str().cmp(name)).ok()
    }

    pub(crate) fn figure_value(&self, number: usize, row: usize) -> Option<FigureValue> {
        let (reasons, numbers) = self.figures.columns(&self.image, number, self.communes);
        value(*reasons.get(row)?, *numbers.get(row)?)
    }

    /// The places of the figures' sources in the list of sources.
    pub(crate) fn figure_sources(&self) -> impl Iterator<Item = u32> {
        self.figures.list.iter().filter_map(|figure| figure.source)
    }

    pub(crate) fn figure_info<'a>(&'a self, lists: &'a Lists, number: usize) -> crate::FigureInfo<'a> {
        let meta = &self.figures.list[number];
        let (reasons, _) = self.figures.columns(&self.image, number, self.communes);
        let count = |wanted: u8| reasons.iter().filter(|reason| **reason == wanted).count();
        crate::FigureInfo {
            name: &meta.name,
            title: meta.title.as_deref(),
            unit: &meta.unit,
            period: meta.period.as_deref(),
            source: meta.source.and_then(|at| lists.sources.get(at as usize)),
            known: count(KNOWN),
            secret: count(SECRET),
            unavailable: count(UNAVAILABLE),
        }
    }

    pub(super) fn all_figures(&self) -> Vec<Figure> {
        self.figures.owned(self)
    }
}
