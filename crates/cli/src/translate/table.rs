//! A table of codes gets what each is on another day. Nothing is dropped: a row without a code stays, marked `unknown`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Write as _};
use std::path::Path;

use anyhow::{Context as _, anyhow};
use csv::{ByteRecord, ReaderBuilder, StringRecord, WriterBuilder};
use desserte_model::CommuneCode;
use desserte_territory::{Day, Relation, Territory};

use super::{FIRST_DAY, TranslateArguments, words};
use crate::arguments::Lang;
use crate::locate::columns::delimiter;
use crate::out::{Failure, Outcome, note, part_of};

/// Octets looked at to find the delimiter: longer than any header line of the official tables.
const HEAD: usize = 64 * 1024;

/// The columns that are added.
const ADDED: [&str; 4] = ["commune", "status", "effective", "candidates"];

/// Rows by what became of their codes.
#[derive(Default)]
struct Counts {
    rows: usize,
    by_status: [usize; 3],
    restored: usize,
    without_code: usize,
    without_day: usize,
}

/// What a code of a day becomes, as the cells to add.
type Cells = [String; ADDED.len()];

pub(super) fn run(
    arguments: &TranslateArguments,
    territory: &Territory,
    input: &Path,
    out: &Path,
) -> Outcome {
    let part = part_of(out)?;
    let written = translate(arguments, territory, input, &part);
    if written.is_err() {
        // Half an answer would only be taken for a whole one.
        let _ = std::fs::remove_file(&part);
    }
    let counts = written?;
    std::fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))?;
    note(&summary(&counts, arguments.lang));
    Ok(())
}

fn translate(
    arguments: &TranslateArguments,
    territory: &Territory,
    input: &Path,
    part: &Path,
) -> Result<Counts, Failure> {
    let name = input.display();
    let file = File::open(input).with_context(|| format!("cannot read {name}"))?;
    let packed = input.extension().is_some_and(|ending| ending == "gz");
    let mut file: Box<dyn Read> =
        if packed { Box::new(flate2::read::MultiGzDecoder::new(file)) } else { Box::new(file) };
    let mut head = Vec::new();
    (&mut file).take(HEAD as u64).read_to_end(&mut head).with_context(|| format!("cannot read {name}"))?;
    let delimiter = delimiter(&head);
    let mut reader = ReaderBuilder::new().delimiter(delimiter).from_reader(head.as_slice().chain(file));
    let header = reader.byte_headers().with_context(|| format!("cannot read the header of {name}"))?.clone();
    let columns =
        Columns::find(&header, arguments).map_err(|error| Failure::usage(anyhow!("{name}: {error}")))?;
    let written = || format!("cannot write {}", part.display());
    let out = File::create(part).with_context(written)?;
    let mut writer = WriterBuilder::new().delimiter(delimiter).from_writer(BufWriter::new(out));
    let added = ADDED.iter().map(|added| format!("{}{added}", arguments.prefix)).collect::<StringRecord>();
    let whole: ByteRecord = header.iter().chain(added.as_byte_record()).collect();
    writer.write_byte_record(&whole).with_context(written)?;

    let mut counts = Counts::default();
    let mut known: HashMap<(CommuneCode, Option<Day>), (Relation, Cells)> = HashMap::new();
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).with_context(|| format!("{name}: cannot read a row"))? {
        counts.rows += 1;
        let asked = columns.asked(&row, arguments.from, &mut counts);
        let cells = asked.map(|(code, from)| {
            let (relation, cells) =
                known.entry((code, from)).or_insert_with(|| answer(territory, code, from, arguments.to));
            counts.by_status[usize::from(*relation != Relation::Same) + usize::from(cells[0].is_empty())] +=
                1;
            &*cells
        });
        match cells {
            Some(cells) => cells.iter().for_each(|cell| row.push_field(cell.as_bytes())),
            None => ["", "unknown", "", ""].iter().for_each(|cell| row.push_field(cell.as_bytes())),
        }
        writer.write_byte_record(&row).with_context(written)?;
    }
    let mut file = writer.into_inner().map_err(|error| anyhow!("{}: {error}", written()))?;
    file.flush().and_then(|()| file.get_ref().sync_all()).with_context(written)?;
    Ok(counts)
}

fn answer(territory: &Territory, code: CommuneCode, from: Option<Day>, to: Option<Day>) -> (Relation, Cells) {
    let found = territory.translate(code, from, to);
    let candidates: Vec<&str> = found.communes.iter().map(CommuneCode::as_str).collect();
    let only = found.only().map_or_else(String::new, |code| code.to_string());
    let candidates = if only.is_empty() { candidates.join(" ") } else { String::new() };
    let effective = found.effective().map_or_else(String::new, |day| day.to_string());
    (found.relation, [only, words::status(found.relation).to_owned(), effective, candidates])
}

struct Columns {
    code: usize,
    day: Option<usize>,
}

impl Columns {
    fn find(header: &ByteRecord, arguments: &TranslateArguments) -> Result<Self, String> {
        let names: Vec<String> = header
            .iter()
            .map(|name| String::from_utf8_lossy(name).trim().trim_start_matches('\u{feff}').to_owned())
            .collect();
        let find = |wanted: &str, option: &str| {
            names.iter().position(|name| name == wanted).ok_or_else(|| {
                format!(
                    "no column is named {wanted:?}; there are {}; name the right one with {option}",
                    names.join(", ")
                )
            })
        };
        let taken = ADDED
            .iter()
            .map(|added| format!("{}{added}", arguments.prefix))
            .find(|name| names.contains(name));
        if let Some(taken) = taken {
            return Err(format!("it has a column {taken:?} already; name the new ones with --prefix"));
        }
        let day = arguments.date_column.as_deref().map(|name| find(name, "--date-column")).transpose()?;
        Ok(Self { code: find(&arguments.column, "--column")?, day })
    }

    /// The code of a row and the day that it was used on; `None` where one of them cannot be read.
    fn asked(
        &self,
        row: &ByteRecord,
        from: Option<Day>,
        counts: &mut Counts,
    ) -> Option<(CommuneCode, Option<Day>)> {
        let cell =
            |at: usize| String::from_utf8_lossy(row.get(at).unwrap_or_default()).trim().to_ascii_uppercase();
        let text = cell(self.code);
        // Four digits can only be a code of départements 01 to 09 that a spreadsheet took the zero from.
        let restored =
            text.len() == 4 && text.bytes().all(|octet| octet.is_ascii_digit()) && !text.starts_with('0');
        let code = if restored { format!("0{text}").parse() } else { text.parse() };
        let Ok(code) = code else {
            counts.without_code += 1;
            return None;
        };
        let day = match self.day {
            None => from,
            // The hour of a time stamp does not matter.
            Some(at) => match cell(at).split(['T', ' ']).next().unwrap_or_default().parse() {
                Ok(day) if day >= FIRST_DAY => Some(day),
                _ => {
                    counts.without_day += 1;
                    return None;
                }
            },
        };
        counts.restored += usize::from(restored);
        Some((code, day))
    }
}

fn summary(counts: &Counts, lang: Lang) -> String {
    let t = |french: &'static str, english: &'static str| if lang == Lang::Fr { french } else { english };
    let [same, other, none] = counts.by_status;
    let mut parts = vec![
        format!("{} {}", counts.rows, t("lignes", "rows")),
        format!("{} : {same}", t("même code", "same code")),
        format!("{} : {other}", t("une autre commune ou étendue", "another commune or ground")),
        format!("{} : {none}", t("sans réponse unique", "without a single answer")),
    ];
    for (count, said) in [
        (counts.restored, t("codes rétablis (zéro perdu)", "codes restored (lost zero)")),
        (counts.without_code, t("codes illisibles", "unreadable codes")),
        (counts.without_day, t("dates illisibles", "unreadable dates")),
    ] {
        if count > 0 {
            parts.push(format!("{said} : {count}"));
        }
    }
    parts.join(" ; ")
}
