//! Charts as SVG: pure functions from numbers to text.
//!
//! A [`Plot`] is a drawing and its table. The drawing has a title and a description that screen readers tell, no script, no font of its
//! own and nothing from elsewhere; nothing in it is said by colour alone. The table has every number that is drawn, so that whoever
//! cannot see the drawing, or wants to check it, loses nothing. The same numbers give the same octets.
//!
//! # Missing data
//! What is not known is `None`: it is not drawn, and the table says so in words. It is never drawn as zero.

mod axis;
mod days;
mod differences;
mod lorenz;
mod number;
mod page;
mod parts;
mod quantiles;
mod runs;
mod svg;
mod table;
#[cfg(test)]
mod tests;
mod tornado;
mod weeks;

pub use days::{DayRow, Quarter, days};
pub use differences::{Difference, differences};
pub use lorenz::{Curve, lorenz};
pub use number::Lang;
pub use page::page;
pub use parts::{Parts, parts};
pub use quantiles::{QuantileRow, quantiles};
pub use runs::{RunMark, runs};
pub use table::Table;
pub use tornado::{Swing, tornado};
pub use weeks::{WeekRow, weeks};

/// What is said around a drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caption {
    /// Name of the drawing's file and of its elements: small letters, digits, `-`.
    pub name: String,
    /// What is shown.
    pub title: String,
    /// What one should know to read it; told by screen readers too.
    pub description: String,
    /// Where the numbers come from, and their licence.
    pub source: String,
}

/// A drawing and its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plot {
    /// What is said around it.
    pub caption: Caption,
    /// The drawing, a whole SVG document.
    pub svg: String,
    /// Every number of the drawing.
    pub table: Table,
}
