//! What a line allowed its users to do: hours possible, sessions, rates, outages, by site and by territory.
//!
//! [`Sets`] are the parameters, each a dated file in `crates/service/parameters`; [`Records`] are one site's observations;
//! [`site_report`] says what follows, each figure as a verdict of `desserte-equity`: *enough*, *indicative*, or *not enough*, which has
//! no number. [`area_report`] goes from sites to territories.
//!
//! No clock, file, socket or chance: the period and the texts of files are arguments. Time zones are compiled in. What is missing
//! stays missing: it is counted, and widens bounds.
//!
//! Formulas for readers: `docs/spec/service.md`.

mod area;
mod calendar;
mod file;
mod hours;
mod iqb;
mod rates;
mod records;
mod sample;
mod session;
mod sets;
mod site;
mod slot;
mod thresholds;
mod uses;
mod voice;
mod window;

pub use area::{AreaReport, AreaUse, INTERVAL_SEED, SiteWeight, area_report};
pub use calendar::{Calendar, Calendars};
pub use file::{BadFile, NotNegative, Positive, Share};
pub use hours::Hours;
pub use iqb::{Iqb, Measured, Percentiles};
pub use records::{Declared, Minute, Page, Records, Run, SiteId, variation_us};
pub use session::Sessions;
pub use sets::Sets;
pub use site::{
    IqbFigures, OutageFigure, RateFigures, SessionFigure, SiteReport, ThresholdFigure, UseFigure,
    VoiceFigure, site_report,
};
pub use thresholds::{ThresholdSet, Thresholds};
pub use uses::{Needs, Reach, SessionRule, SlotMinutes, SlotRule, Use, Uses};
pub use voice::{VoiceModel, opinion};
pub use window::{Window, WindowRule};
