//! French typography: no line begins with a mark that belongs to the word before it.

use crate::document::{Block, Document};

/// Space that no line is broken at.
const WIDE: &str = "\u{a0}";
/// The same, narrow.
const NARROW: &str = "\u{202f}";

/// Sets the spaces that French puts before marks and units.
pub(super) fn french(mut document: Document) -> Document {
    for text in [&mut document.title, &mut document.subtitle, &mut document.foot] {
        *text = set(text);
    }
    document.blocks.iter_mut().for_each(block);
    document
}

fn block(block: &mut Block) {
    let each = |texts: &mut Vec<String>| texts.iter_mut().for_each(|text| *text = set(text));
    match block {
        Block::Heading { text, .. } | Block::Paragraph { text } | Block::Notice { text } => *text = set(text),
        Block::List { items } => each(items),
        Block::Answers { items } => {
            for item in items {
                item.question = set(&item.question);
                each(&mut item.answers);
            }
        }
        Block::Facts { items } => {
            for item in items {
                (item.name, item.value) = (set(&item.name), set(&item.value));
            }
        }
        Block::Table { caption, columns, rows, legend, .. } => {
            *caption = set(caption);
            each(columns);
            rows.iter_mut().for_each(each);
            if let Some(legend) = legend {
                *legend = set(legend);
            }
        }
        Block::Figure { description, .. } => *description = set(description),
        Block::Page => {}
    }
}

fn set(text: &str) -> String {
    let mut set = text.to_owned();
    for mark in [";", "!", "?", "%"] {
        set = set.replace(&format!(" {mark}"), &format!("{NARROW}{mark}"));
    }
    set = set
        .replace(" :", &format!("{WIDE}:"))
        .replace("« ", &format!("«{WIDE}"))
        .replace(" »", &format!("{WIDE}»"));
    for unit in ["Mbit/s", "ms"] {
        set = set.replace(&format!(" {unit}"), &format!("{WIDE}{unit}"));
    }
    set
}
