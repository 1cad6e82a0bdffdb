//! Numbers in the hand-over when several collectors write the same tables.
//!
//! Each collector counts for itself. In the tables its own number stands in the high bits, so that no two rows have the same, and a state
//! of the history is a number for each collector.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, Int64Array, RecordBatch};
use datafusion::arrow::datatypes::Int64Type;
use datafusion::arrow::error::ArrowError;
use datafusion::prelude::{Expr, col, lit};

use crate::schema::HANDOVER;

/// Bits of a collector's own count: more records than all of them can keep.
const COUNT_BITS: u32 = 48;

/// Highest number of a collector. Their counts then stay below 2^53, so that programs that hold numbers as doubles hold them whole.
pub const COLLECTORS_MAX: u8 = 32;

/// Which of several collectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CollectorNumber(u8);

impl CollectorNumber {
    /// The only one, as long as there is one. Its numbers are those that its store counts.
    pub const FIRST: Self = Self(1);

    /// From 1 to [`COLLECTORS_MAX`].
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= COLLECTORS_MAX { Some(Self(number)) } else { None }
    }

    /// The number itself.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Whose a number in the tables is.
    fn of(number: i64) -> Option<Self> {
        u8::try_from(number >> COUNT_BITS).ok().and_then(|above| Self::new(above.checked_add(1)?))
    }

    /// What is added to the store's own count.
    pub(crate) const fn base(self) -> i64 {
        ((self.0 - 1) as i64) << COUNT_BITS
    }

    /// The name under which logs keep something of this collector.
    pub(crate) fn application(self, name: &str) -> String {
        match self {
            Self::FIRST => name.to_owned(),
            Self(number) => format!("{name}-{number}"),
        }
    }
}

impl fmt::Display for CollectorNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A state of the history: of each collector the number up to which rows are seen. Of a collector that it does not name, none are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State(BTreeMap<CollectorNumber, i64>);

impl State {
    pub(crate) fn set(&mut self, collector: CollectorNumber, number: i64) {
        self.0.insert(collector, number);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of a collector.
    pub(crate) fn of(&self, collector: CollectorNumber) -> Option<i64> {
        self.0.get(&collector).copied()
    }

    pub(crate) fn numbers(&self) -> impl Iterator<Item = (CollectorNumber, i64)> {
        self.0.iter().map(|(collector, number)| (*collector, *number))
    }

    /// The same, with nothing of those of some collectors that it does not name.
    #[must_use]
    pub(crate) fn naming(mut self, collectors: &[CollectorNumber]) -> Self {
        for collector in collectors {
            self.0.entry(*collector).or_insert(collector.base());
        }
        self
    }

    /// Whether nothing is in another state that is not in this one.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        other.numbers().all(|(collector, number)| self.of(collector).is_some_and(|own| own >= number))
    }

    /// What is in both.
    #[must_use]
    pub(crate) fn within(&self, other: &Self) -> Self {
        let both = |(collector, number): (_, i64)| Some((collector, number.min(other.of(collector)?)));
        Self(self.numbers().filter_map(both).collect())
    }

    /// Lowest and highest number of each collector's rows.
    fn ranges(&self) -> impl Iterator<Item = (i64, i64)> {
        self.numbers().map(|(collector, number)| (collector.base(), number))
    }

    /// True of the rows that are in it.
    pub(crate) fn condition(&self) -> Expr {
        self.ranges()
            .map(|(above, to)| {
                let to = col(HANDOVER).lt_eq(lit(to));
                if above == 0 { to } else { col(HANDOVER).gt(lit(above)).and(to) }
            })
            .reduce(Expr::or)
            .unwrap_or_else(|| lit(false))
    }

    /// The same as text.
    pub(crate) fn sql(&self) -> String {
        let one = |(above, to)| match above {
            0 => format!("{HANDOVER} <= {to}"),
            above => format!("({HANDOVER} > {above} AND {HANDOVER} <= {to})"),
        };
        let any = self.ranges().map(one).collect::<Vec<_>>().join(" OR ");
        if any.is_empty() { "false".to_owned() } else { format!("({any})") }
    }
}

/// The state that one number names: rows of its collector alone.
impl From<i64> for State {
    fn from(number: i64) -> Self {
        Self(CollectorNumber::of(number).map(|collector| (collector, number)).into_iter().collect())
    }
}

/// Numbers with commas between them, one for each collector.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, number) in self.0.values().enumerate() {
            if place > 0 {
                f.write_str(",")?;
            }
            number.fmt(f)?;
        }
        Ok(())
    }
}

/// What a text of numbers should have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not numbers of the hand-over, one for each collector, with commas between them")]
pub struct NotAState;

impl FromStr for State {
    type Err = NotAState;

    fn from_str(text: &str) -> Result<Self, NotAState> {
        let mut state = Self::default();
        for number in text.split(',') {
            let number: i64 = number.trim().parse().map_err(|_| NotAState)?;
            let collector = CollectorNumber::of(number).ok_or(NotAState)?;
            if state.0.insert(collector, number).is_some() {
                return Err(NotAState);
            }
        }
        Ok(state)
    }
}

/// Rows with the numbers that a store counts, as they stand in the tables.
pub(crate) fn numbered(rows: RecordBatch, collector: CollectorNumber) -> Result<RecordBatch, ArrowError> {
    if collector == CollectorNumber::FIRST {
        return Ok(rows);
    }
    let place = rows.schema().index_of(HANDOVER)?;
    let counted = rows.column(place).as_primitive::<Int64Type>();
    let numbers: Int64Array =
        counted.iter().map(|count| count.map(|count| count + collector.base())).collect();
    let mut columns = rows.columns().to_vec();
    columns[place] = Arc::new(numbers);
    RecordBatch::try_new(rows.schema(), columns)
}
