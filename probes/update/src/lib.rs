//! Keeps the program of a probe up to date: signed releases (TUF), taken in stages, tried, and undone when they do not work.
//!
//! Off until `/etc/desserte/update.toml` exists. What is written: docs/spec/update.md; why it is so: docs/adr/0055-self-update.md.
//!
//! Two programs in one. `apply` fetches, installs and watches a trial (`update.rs`), as a user of its own. `exec` is what the probe's
//! service starts: it picks the program to run (`pick.rs`) from what is on the disk, and becomes it. Nothing else decides.

pub mod clock;
pub mod config;
pub mod data;
pub mod disk;
pub mod exec;
pub mod install;
pub mod pick;
pub mod release;
pub mod remote;
pub mod repository;
pub mod seen;
pub mod stage;
pub mod state;
pub mod trial;
pub mod update;
