//! What is declared of sites, as a table.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::ByteRecord;
use desserte_model::ProbeId;
use desserte_service::Declared;

use crate::arguments::Lang;
use crate::locate::columns::column;
use crate::out::Failure;
use crate::sheet::{Fault, Faults, Sheet, is_missing};

/// Reads `probe`, `class_a` and `public_building`.
pub(crate) fn read(path: &Path, lang: Lang) -> Result<BTreeMap<ProbeId, Declared>, Failure> {
    let name = path.display();
    let Sheet { mut reader, names, .. } = Sheet::open(path)?;
    let place = |wanted: &str| {
        column(&names, wanted, "--sites").map_err(|error| Failure::usage(anyhow!("{name}: {error}")))
    };
    let columns = ["class_a", "public_building"];
    let (probe, flags) = (place("probe")?, [place(columns[0])?, place(columns[1])?]);
    let (mut faults, mut found, mut lines) = (Faults::default(), BTreeMap::new(), BTreeMap::new());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        let at = row.position().map_or(0, csv::Position::line);
        let cell =
            |column: usize| String::from_utf8_lossy(row.get(column).unwrap_or_default()).trim().to_owned();
        let mut flag = |which: usize| match cell(flags[which]).as_str() {
            "1" => Some(true),
            "0" => Some(false),
            text if is_missing(text) => None,
            text => {
                faults.add(at, Fault::NoFlag { column: columns[which].to_owned(), text: text.to_owned() });
                None
            }
        };
        let declared = Declared { class_a: flag(0), public_building: flag(1) };
        let key = cell(probe);
        let id: ProbeId =
            key.parse().map_err(|_| anyhow!("{name}:{at}: {key:?} is no probe's identifier"))?;
        match lines.insert(id.clone(), at) {
            Some(first) => faults.add(at, Fault::Twice { key, first }),
            None => _ = found.insert(id, declared),
        }
    }
    faults.end(path, lang)?;
    Ok(found)
}
