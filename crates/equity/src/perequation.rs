//! Péréquation: what each territory would get, or give, under a scenario. Never a measurement, never current law.
//!
//! Needs are of three kinds, of operation, coverage and connections, told apart and then paid from one envelope. [`allocate_years`]
//! goes on from year to year, [`sensitivity()`] says which assumption moves amounts most.
//!
//! A [`Scenario`] says the rule and its parameters; [`allocate`] makes amounts from what is declared of territories. A territory whose
//! cost or count is missing gets no amount, and is listed so; the others share the envelope. Amounts are whole
//! cents, and add up to the envelope to the cent: what rounding leaves goes to the largest remainders. Every amount carries
//! the inputs and factors that it was made from.
//!
//! There is no ranking here, and amounts come in the order of codes.

mod allocation;
mod cents;
mod needs;
mod scenario;
mod sensitivity;
mod years;

pub use allocation::{Allocation, Amount, Bound, Share, allocate};
pub use needs::{Declared, Kind, Need};
pub use scenario::{Assumption, Faulty, Rule, Scenario, Territory};
pub use sensitivity::{End, Outcome, Swing, sensitivity};
pub use years::allocate_years;
