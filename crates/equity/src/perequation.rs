//! Péréquation: what each territory would get, or give, under a scenario. Never a measurement, never current law.
//!
//! A [`Scenario`] says the rule and its parameters; [`allocate`] makes amounts from what is declared of territories. A territory whose
//! cost or count is missing gets no amount, and is listed so; the others share the envelope. Amounts are whole
//! cents, and add up to the envelope to the cent: what rounding leaves goes to the largest remainders. Every amount carries
//! the inputs and factors that it was made from.
//!
//! There is no ranking here, and amounts come in the order of codes.

mod allocation;
mod cents;
mod scenario;

pub use allocation::{Allocation, Amount, Bound, Share, allocate};
pub use scenario::{Faulty, Rule, Scenario, Territory};
