//! What others say of communes: [`Classes`] of the territory and external [`Ledger`]s, each with its source, vintage and
//! licence, kept beside our own measurements and never mixed with them.
//!
//! Everything here is a function of its arguments. A value that is missing is absent, never a zero and never a *no*.
//!
//! # What may leave
//! A [`Ledger`] whose licence forbids that it is passed on can be looked at and compared. What is written for others takes
//! [`Shareable`]s, and there is no other way to one than [`Ledger::shareable`], which refuses.

pub mod cells;
pub mod classes;
mod credit;
mod ledger;
pub mod mlab;

pub use classes::{ClassColumn, Classes, ClassesError, Rules};
pub use credit::Credit;
pub use ledger::{Ledger, Nature, Shareable, Withheld};
