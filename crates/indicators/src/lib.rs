//! From what a store holds to the indicators of places: the one computation that commands, API and tables tell.
//!
//! [`sites`] reads what service indicators are made of, [`figures`] tells them one by one, [`study`] says how unequally something is
//! spread over the rows of a table. [`Kept`] is a month of both, made once, freed of what would tell of a single home, and kept in a
//! file: whoever asks, however often, costs no computation.
//!
//! What an indicator means is in `desserte-service` and `desserte-equity`; nothing is decided twice here.

pub mod figures;
mod kept;
mod make;
mod month;
mod release;
pub mod scenarios;
mod set;
pub mod sites;
mod spread;
pub mod study;

pub use kept::{FORMAT, Kept, KeptError, Place, months};
pub use make::{Rules, make};
pub use month::Month;
pub use set::SpreadSet;
pub use spread::Measure;
