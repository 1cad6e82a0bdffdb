//! Where a run on the way went: placed by the collector when the record comes, and kept as it was placed.

use std::collections::BTreeSet;

use desserte_model::{CogVintage, CommuneCode};
use desserte_units::Monotonic;
use rusqlite::types::Type;
use rusqlite::{Row, Transaction, params};

use crate::StoreError;
use crate::probes::text;

/// What a passage says of its run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PassageRole {
    /// The record's own position: the place that the run counts for.
    Position,
    /// A moment of its transfer.
    During,
    /// A moment before or after it, in which the modem answered.
    Around,
}

impl PassageRole {
    const ALL: [Self; 3] = [Self::Position, Self::During, Self::Around];

    const fn code(self) -> &'static str {
        match self {
            Self::Position => "position",
            Self::During => "during",
            Self::Around => "around",
        }
    }
}

/// A place that a probe passed. Positions themselves are nowhere but in the record.
#[derive(Debug, Clone, PartialEq)]
pub struct Passage {
    /// What it says of the run.
    pub role: PassageRole,
    /// When, by the monotonic clock of the record's boot.
    pub at: Monotonic,
    /// The commune that holds the position.
    pub commune: CommuneCode,
    /// The list that its code belongs to.
    pub vintage: CogVintage,
    /// The H3 cell of the position, as its hexadecimal number.
    pub h3: String,
    /// Radius in metres that holds the true position with 95 % probability; `None` when the receiver did not tell.
    pub uncertainty_m: Option<f64>,
    /// Whether that radius reaches another commune or the outside; `None` without a radius.
    pub border: Option<bool>,
}

/// What the passages of a run say of the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) h3: String,
    pub(crate) border: Option<bool>,
    /// Cells that the transfer touched, as far as it was placed; `None` when no moment of a transfer was.
    pub(crate) cells: Option<i64>,
    /// Communes, alike.
    pub(crate) communes: Option<i64>,
}

impl Way {
    /// `None` for a run that was on no way.
    pub(crate) fn of(passages: &[Passage]) -> Option<Self> {
        let own = passages.iter().find(|passage| passage.role == PassageRole::Position)?;
        let during: Vec<&Passage> =
            passages.iter().filter(|passage| passage.role == PassageRole::During).collect();
        let touched = || during.iter().copied().chain([own]);
        let count =
            |distinct: usize| (!during.is_empty()).then(|| i64::try_from(distinct).unwrap_or(i64::MAX));
        Some(Self {
            h3: own.h3.clone(),
            border: own.border,
            cells: count(touched().map(|passage| &passage.h3).collect::<BTreeSet<_>>().len()),
            communes: count(touched().map(|passage| passage.commune).collect::<BTreeSet<_>>().len()),
        })
    }
}

pub(crate) fn insert(
    transaction: &Transaction<'_>,
    record: i64,
    passages: &[Passage],
) -> Result<(), StoreError> {
    for passage in passages {
        transaction
            .prepare_cached(include_str!("../sql/insert-passage.sql"))
            .and_then(|mut statement| {
                statement.execute(params![
                    record,
                    passage.role.code(),
                    i64::try_from(passage.at.as_micros()).unwrap_or(i64::MAX),
                    passage.commune.as_str(),
                    passage.vintage.as_year(),
                    passage.h3,
                    passage.uncertainty_m,
                    passage.border,
                ])
            })
            .map_err(StoreError::database("keeping where a run went"))?;
    }
    Ok(())
}

/// The passages of a record, in the order of their roles and moments.
pub(crate) fn of_record(transaction: &Transaction<'_>, record: i64) -> Result<Vec<Passage>, StoreError> {
    transaction
        .prepare_cached(
            "SELECT role, at_us, commune, vintage, h3, uncertainty_m, border FROM passage WHERE record = ?1",
        )
        .and_then(|mut statement| statement.query_map([record], passage)?.collect())
        .map_err(StoreError::database("reading where a run went"))
}

fn passage(row: &Row<'_>) -> rusqlite::Result<Passage> {
    let code: String = row.get(0)?;
    let role = PassageRole::ALL.into_iter().find(|role| role.code() == code);
    let at: i64 = row.get(1)?;
    Ok(Passage {
        role: role.ok_or_else(|| rusqlite::Error::InvalidColumnType(0, code, Type::Text))?,
        at: Monotonic::from_micros(at.unsigned_abs()),
        commune: text(row, 2)?,
        vintage: CogVintage::from_year(row.get(3)?),
        h3: row.get(4)?,
        uncertainty_m: row.get(5)?,
        border: row.get(6)?,
    })
}
