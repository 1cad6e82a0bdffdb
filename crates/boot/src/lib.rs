//! Process start-up shared by the programs: configuration, logs, signals, build information.
//!
//! It knows nothing of measurements. Environment and arguments are handed in, so that tests never set them.

pub mod build;
pub mod config;
pub mod exit;
pub mod logging;
pub mod signals;
