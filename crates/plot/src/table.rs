//! The table that stands beside each drawing.

use std::fmt::Write as _;

use crate::svg::escaped;

/// Rows of texts under headings, numbers as people read them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The headings; the first column names the row.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new<const N: usize>(columns: [&str; N]) -> Self {
        Self { columns: columns.into_iter().map(str::to_owned).collect(), rows: Vec::new() }
    }

    /// The table as HTML.
    #[must_use]
    pub fn html(&self, caption: &str) -> String {
        let mut text = format!("<table>\n<caption>{}</caption>\n<thead><tr>", escaped(caption));
        for column in &self.columns {
            let _ = write!(text, "<th scope=\"col\">{}</th>", escaped(column));
        }
        text.push_str("</tr></thead>\n<tbody>\n");
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                let (open, close) = match at {
                    0 => ("<tr><th scope=\"row\">", "</th>"),
                    _ => ("<td>", "</td>"),
                };
                let _ = write!(text, "{open}{}{close}", escaped(cell));
            }
            text.push_str("</tr>\n");
        }
        text.push_str("</tbody>\n</table>\n");
        text
    }

    /// The table as CSV, delimited by semicolons since French numbers have commas.
    #[must_use]
    pub fn csv(&self) -> String {
        let cell = |text: &String| {
            if text.contains([';', '"', '\n']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text.clone()
            }
        };
        let lines = std::iter::once(&self.columns).chain(&self.rows);
        lines.map(|row| row.iter().map(cell).collect::<Vec<_>>().join(";") + "\n").collect()
    }
}
