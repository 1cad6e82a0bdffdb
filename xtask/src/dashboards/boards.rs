//! The dashboards.

mod collecteur;
mod commune;
mod empreinte;
mod mobile;
mod parc;
mod territoire;

use super::describe::{Board, Steps};

/// Classes of the regulator's statistics of fixed lines: below 8, 8 to 30, 30 to 100, 100 Mbit/s and more.
const RATES: Steps = Steps {
    set: "fr-fixed-classes",
    colours: &[
        ("dark-orange", None),
        ("light-orange", Some(8e6)),
        ("light-blue", Some(30e6)),
        ("dark-blue", Some(100e6)),
    ],
};

/// Every dashboard, in the order in which an operator meets them.
pub(super) fn all() -> Vec<Board> {
    vec![
        territoire::board(),
        parc::board(),
        commune::board(),
        mobile::board(),
        empreinte::board(),
        collecteur::board(),
    ]
}
