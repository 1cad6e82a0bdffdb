//! The section of rights: which sources must not be passed on, and which zoning came from which source.
//!
//! Later than version 2 itself, so it is only there where it has something to say.

use serde::{Deserialize, Serialize};

use super::*;
use crate::{Contents, Redistribution};

const RIGHTS: Name = *b"rights\0\0";

/// As postcard writes it: field order is the format.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Rights {
    /// Places in the list of sources of those that must not be passed on, rising.
    restricted: Vec<u32>,
    /// For each zoning its source's place in the list of sources.
    zonings: Vec<Option<u32>>,
}

pub(super) fn add(file: &mut Writer, contents: &Contents) {
    let restricted: Vec<u32> = (0..)
        .zip(&contents.sources)
        .filter(|(_, source)| source.redistribution == Redistribution::Forbidden)
        .map(|(number, _)| number)
        .collect();
    let zonings: Vec<Option<u32>> = contents.zonings.iter().map(|zoning| zoning.source).collect();
    if restricted.is_empty() && zonings.iter().all(Option::is_none) {
        return;
    }
    let section = postcard::to_stdvec(&Rights { restricted, zonings });
    file.add(RIGHTS, &section.expect("lists in memory always encode"));
}

/// Reads the section into the lists; a file without it restricts nothing.
pub(super) fn read(image: &Image, sections: &Sections, lists: &mut Lists) -> Result<(), String> {
    let Some(range) = sections.find(RIGHTS) else { return Ok(()) };
    let Rights { restricted, zonings } = whole(&image.octets()[range])?;
    for number in restricted {
        let source = lists.sources.get_mut(number as usize).ok_or("its rights name an unknown source")?;
        source.redistribution = Redistribution::Forbidden;
    }
    let sources = lists.sources.len();
    let known = |source: &Option<u32>| source.is_none_or(|number| (number as usize) < sources);
    if zonings.len() != lists.zoning_names().len() || !zonings.iter().all(known) {
        return Err("its rights name an unknown source or zoning".to_owned());
    }
    lists.zoning_sources = zonings;
    Ok(())
}

/// Decodes a section that postcard wrote, and nothing after it.
pub(super) fn whole<T: serde::de::DeserializeOwned>(octets: &[u8]) -> Result<T, String> {
    let (value, rest) = postcard::take_from_bytes::<T>(octets).map_err(|error| error.to_string())?;
    if rest.is_empty() { Ok(value) } else { Err(format!("{} octets after the lists", rest.len())) }
}
