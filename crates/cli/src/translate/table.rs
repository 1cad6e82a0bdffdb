//! A table of codes gets what each is on another day. Nothing is dropped: a row without a code stays, marked `unknown`.

mod columnar;
mod text;

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use desserte_model::CommuneCode;
use desserte_territory::{Day, Relation, Territory};

use super::{FIRST_DAY, TranslateArguments, words};
use crate::arguments::Lang;
use crate::locate::{is_named_parquet, is_parquet};
use crate::out::{Failure, Outcome, note, part_of};

/// The columns that are added.
const ADDED: [&str; 4] = ["commune", "status", "effective", "candidates"];

/// Where in [`ADDED`] a column stands that never is empty, and the one that holds days.
const STATUS: usize = 1;
const EFFECTIVE: usize = 2;

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
    let columns = is_parquet(input)?;
    if columns != is_named_parquet(out) {
        let advice = "a Parquet table gives a Parquet table, CSV gives CSV; name --out so";
        return Err(Failure::usage(anyhow!("{}: {advice}", out.display())));
    }
    let part = part_of(out)?;
    let mut answers = Answers::new(arguments, territory);
    let written = if columns {
        columnar::translate(&mut answers, input, &part)
    } else {
        text::translate(&mut answers, input, &part)
    };
    if written.is_err() {
        // Half an answer would only be taken for a whole one.
        let _ = std::fs::remove_file(&part);
    }
    written?;
    std::fs::rename(&part, out).with_context(|| format!("cannot write {}", out.display()))?;
    note(&summary(&answers.counts, arguments.lang));
    Ok(())
}

/// Answers row after row, and keeps the answers: tables name the same codes over and over.
struct Answers<'a> {
    arguments: &'a TranslateArguments,
    territory: &'a Territory,
    counts: Counts,
    known: HashMap<(CommuneCode, Option<Day>), (Relation, Cells)>,
    /// What is said where a code or a day cannot be read.
    unreadable: Cells,
}

impl<'a> Answers<'a> {
    fn new(arguments: &'a TranslateArguments, territory: &'a Territory) -> Self {
        let mut unreadable = Cells::default();
        words::status(Relation::Unknown).clone_into(&mut unreadable[STATUS]);
        Self { arguments, territory, counts: Counts::default(), known: HashMap::new(), unreadable }
    }

    /// The cells to add to a row, from its cell with the code and, where there is such a column, the one with the day.
    fn of(&mut self, code: &str, day: Option<&str>) -> &Cells {
        self.counts.rows += 1;
        let Some((code, from)) = self.asked(code, day) else { return &self.unreadable };
        let (territory, to) = (self.territory, self.arguments.to);
        let known = self.known.entry((code, from));
        let (relation, cells) = known.or_insert_with(|| answer(territory, code, from, to));
        let unclear = usize::from(cells[0].is_empty());
        self.counts.by_status[usize::from(*relation != Relation::Same) + unclear] += 1;
        cells
    }

    /// The code of a row and the day that it was used on; `None` where one of them cannot be read.
    fn asked(&mut self, code: &str, day: Option<&str>) -> Option<(CommuneCode, Option<Day>)> {
        let text = code.trim().to_ascii_uppercase();
        // Four digits can only be a code of départements 01 to 09 that a spreadsheet took the zero from.
        let restored =
            text.len() == 4 && text.bytes().all(|octet| octet.is_ascii_digit()) && !text.starts_with('0');
        let code = if restored { format!("0{text}").parse() } else { text.parse() };
        let Ok(code) = code else {
            self.counts.without_code += 1;
            return None;
        };
        let day = match day {
            None => self.arguments.from,
            // The hour of a time stamp does not matter.
            Some(text) => match text.trim().split(['T', 't', ' ']).next().unwrap_or_default().parse() {
                Ok(day) if day >= FIRST_DAY => Some(day),
                _ => {
                    self.counts.without_day += 1;
                    return None;
                }
            },
        };
        self.counts.restored += usize::from(restored);
        Some((code, day))
    }
}

fn answer(territory: &Territory, code: CommuneCode, from: Option<Day>, to: Option<Day>) -> (Relation, Cells) {
    let found = territory.translate(code, from, to);
    let candidates: Vec<&str> = found.communes.iter().map(CommuneCode::as_str).collect();
    let only = found.only().map_or_else(String::new, |code| code.to_string());
    let candidates = if only.is_empty() { candidates.join(" ") } else { String::new() };
    let effective = found.effective().map_or_else(String::new, |day| day.to_string());
    (found.relation, [only, words::status(found.relation).to_owned(), effective, candidates])
}

/// The columns to read, and the names of those to add.
struct Columns {
    code: usize,
    day: Option<usize>,
    added: [String; ADDED.len()],
}

impl Columns {
    /// Finds the columns by name. The text of a refusal says what there is and what to do.
    fn find(names: &[String], arguments: &TranslateArguments) -> Result<Self, String> {
        let find = |wanted: &str, option: &str| {
            names.iter().position(|name| name == wanted).ok_or_else(|| {
                format!(
                    "no column is named {wanted:?}; there are {}; name the right one with {option}",
                    names.join(", ")
                )
            })
        };
        let added = ADDED.map(|added| format!("{}{added}", arguments.prefix));
        if let Some(taken) = added.iter().find(|name| names.contains(name)) {
            return Err(format!("it has a column {taken:?} already; name the new ones with --prefix"));
        }
        let day = arguments.date_column.as_deref().map(|name| find(name, "--date-column")).transpose()?;
        Ok(Self { code: find(&arguments.column, "--column")?, day, added })
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
