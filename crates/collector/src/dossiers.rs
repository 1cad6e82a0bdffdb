//! Dossiers that anyone may ask for on a commune's page (docs/spec/dossier.md, section 9).
//!
//! The collector queues what is asked for and has it made by its own program, one at a time, with the lowest priority and within limits. What
//! may be in a public dossier is decided there (`desserte dossier build --public`), from the same store and by the same rules whoever asks.

mod asked;
mod desk;
mod worker;

pub(crate) use asked::Asked;
pub(crate) use desk::{Desk, Full, Standing, Step};
pub(crate) use worker::keep;

/// What can be downloaded: file, media type.
pub(crate) const FILES: [(&str, &str); 2] =
    [("dossier.pdf", "application/pdf"), ("dossier.zip", "application/zip")];
