//! What was counted, as a file and as tables.

use std::fmt::Write as _;

use super::trial::{COMPARED, FIGURES, OURS, WAYS};

/// What became of the intervals of one figure, made in one way, in worlds of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) kind: String,
    pub(crate) probes: u32,
    pub(crate) worlds: u64,
    pub draws: u64,
    pub way: String,
    pub figure: String,
    pub holds: u64,
    pub above: u64,
    pub below: u64,
    pub withheld: u64,
    /// Worlds in which the program would have said that a zone's mean is higher.
    pub first_higher: u64,
    pub second_higher: u64,
}

const HEAD: &str =
    "kind,probes,worlds,draws,way,figure,holds,above,below,withheld,first_higher,second_higher";

impl Row {
    /// Reads what [`Self::write`] wrote; other lines are passed over.
    pub(crate) fn read(text: &str) -> Vec<Self> {
        text.lines().filter_map(Self::of_line).collect()
    }

    fn of_line(line: &str) -> Option<Self> {
        // Names of ways have a comma.
        let cells: Vec<&str> = line.split(';').collect();
        let [kind, probes, worlds, draws, way, figure, rest @ ..] = cells.as_slice() else { return None };
        let counts: Vec<u64> = rest.iter().map(|cell| cell.parse().ok()).collect::<Option<_>>()?;
        let [holds, above, below, withheld, first_higher, second_higher] = *counts.as_slice() else {
            return None;
        };
        Some(Self {
            kind: (*kind).to_owned(),
            probes: probes.parse().ok()?,
            worlds: worlds.parse().ok()?,
            draws: draws.parse().ok()?,
            way: (*way).to_owned(),
            figure: (*figure).to_owned(),
            holds,
            above,
            below,
            withheld,
            first_higher,
            second_higher,
        })
    }

    /// All rows as a file, delimited by semicolons.
    pub(crate) fn write(rows: &[Self]) -> String {
        let mut text = HEAD.replace(',', ";") + "\n";
        for row in rows {
            let Self { kind, probes, worlds, draws, way, figure, holds, above, below, withheld, .. } = row;
            let _ = writeln!(
                text,
                "{kind};{probes};{worlds};{draws};{way};{figure};{holds};{above};{below};{withheld};{};{}",
                row.first_higher, row.second_higher
            );
        }
        text
    }

    /// Adds what another thread counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.holds += other.holds;
        self.above += other.above;
        self.below += other.below;
        self.withheld += other.withheld;
        self.first_higher += other.first_higher;
        self.second_higher += other.second_higher;
    }

    /// Percentage of the intervals given that hold the truth; `None` if none was given.
    pub(crate) fn coverage(&self) -> Option<f64> {
        let given = self.holds + self.above + self.below;
        (given > 0).then(|| 100.0 * share(self.holds, given))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of worlds")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

/// The row of a figure in worlds of a kind.
pub(crate) fn find<'a>(rows: &'a [Row], kind: &str, probes: u32, way: &str, figure: &str) -> Option<&'a Row> {
    rows.iter().find(|row| row.kind == kind && row.probes == probes && row.way == way && row.figure == figure)
}

/// The kinds of worlds in a file, in its order.
fn kinds(rows: &[Row]) -> Vec<(&str, u32)> {
    let mut kinds: Vec<(&str, u32)> = rows.iter().map(|row| (row.kind.as_str(), row.probes)).collect();
    kinds.dedup();
    kinds
}

/// Tables of coverage, one for each way: what the program tells first, levels tried last.
pub(crate) fn tables(rows: &[Row]) -> String {
    let (mut text, figures) = (String::new(), FIGURES.map(|(name, _)| name));
    let (compared, levels) = WAYS.split_at(COMPARED);
    for way in compared.iter().rev().chain(levels) {
        let _ = writeln!(text, "### {way}\n\n| worlds | probes | {} |", figures.join(" | "));
        let _ = writeln!(text, "| --- | ---: |{}", " ---: |".repeat(FIGURES.len()));
        for (kind, probes) in kinds(rows) {
            let cells = figures.map(|figure| {
                find(rows, kind, probes, way, figure).map_or_else(String::new, |row| {
                    // A difference that is there is no difference of zero, and the truth of the whole is another.
                    let told = row.coverage().filter(|_| kind != "public zone better");
                    told.map_or_else(|| "–".to_owned(), |coverage| format!("{coverage:.1}"))
                })
            });
            if kind != "public zone better" {
                let _ = writeln!(text, "| {kind} | {probes} | {} |", cells.join(" | "));
            }
        }
        text.push('\n');
    }
    let _ = writeln!(
        text,
        "### What is said of the zones' means\n\n| worlds | probes | public higher | private higher | ex æquo |"
    );
    let _ = writeln!(text, "| --- | ---: | ---: | ---: | ---: |");
    for (kind, probes) in kinds(rows) {
        if let Some(row) = find(rows, kind, probes, WAYS[OURS], figures[0]) {
            let difference = find(rows, kind, probes, WAYS[OURS], "difference of means");
            if difference.and_then(Row::coverage).is_none() {
                let _ = writeln!(text, "| {kind} | {probes} | – | – | – |");
                continue;
            }
            let percent = |part| 100.0 * share(part, row.worlds);
            let (second, first) = (percent(row.second_higher), percent(row.first_higher));
            let _ = writeln!(
                text,
                "| {kind} | {probes} | {second:.1} | {first:.1} | {:.1} |",
                100.0 - second - first
            );
        }
    }
    text
}
