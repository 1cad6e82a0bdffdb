//! A dossier's words in order, as they are set: what `desserte-typeset` reads.

use serde::{Deserialize, Serialize};

use crate::request::Lang;

/// Names the form of [`Document`].
pub const DOCUMENT_SCHEMA: &str = "desserte-document/1";

/// What is to be set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// [`DOCUMENT_SCHEMA`].
    pub schema: String,
    /// Language of every text.
    pub lang: Lang,
    /// Title.
    pub title: String,
    /// What stands below it.
    pub subtitle: String,
    /// At the foot of each page, before its number.
    pub foot: String,
    /// The PDF's date: the last day of the period, for a PDF must have one and the day of making is no fact of the case.
    pub date: String,
    /// What is told, in order.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "block", rename_all = "snake_case", deny_unknown_fields)]
pub enum Block {
    /// A heading; 1 is the highest.
    Heading {
        /// 1 to 3.
        level: u8,
        /// Its text.
        text: String,
    },
    /// A paragraph.
    Paragraph {
        /// Its text.
        text: String,
    },
    /// A paragraph in a frame.
    Notice {
        /// Its text.
        text: String,
    },
    /// Questions with their answers, side by side on wide pages.
    Answers {
        /// Question and answers.
        items: Vec<Item>,
    },
    /// A list.
    List {
        /// Its items.
        items: Vec<String>,
    },
    /// Names with their values.
    Facts {
        /// Name and value.
        items: Vec<Fact>,
    },
    /// A table.
    Table {
        /// What it shows.
        caption: String,
        /// Heads of its columns.
        columns: Vec<String>,
        /// Its rows, a cell for each column.
        rows: Vec<Vec<String>>,
        /// Shares of the width; as many as columns.
        widths: Vec<u8>,
        /// What stands below it.
        legend: Option<String>,
    },
    /// A drawing.
    Figure {
        /// Its part in the bundle; the drawing has its title within it.
        part: String,
        /// What it shows, for who cannot see it.
        description: String,
    },
    /// What follows begins on a page.
    Page,
}

/// A question with its answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The question.
    pub question: String,
    /// Its answers, a sentence or two each.
    pub answers: Vec<String>,
}

/// A name with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}
