//! Source files to one territory file, with a report of everything that was repaired, dropped or missing.
//!
//! The one crate of the project that links GDAL. It reads commune outlines in any vector format of GDAL
//! (`outlines`), the lists of the statistical office as text tables (`tables`), joins them by commune code (`join`)
//! and hands the result to `desserte-territory`, which knows nothing of where it came from.
//!
//! A bad row never stops the others: it becomes a [`Finding`]. What stops the import ([`ImportError`]) is input that
//! would make every answer wrong: no or a wrong reference system, mixed vintages, no usable field.

mod carry;
pub mod fetch;
mod finding;
mod from_dir;
mod import;
mod input;
mod join;
mod layers;
mod manifest;
mod outlines;
mod overlaps;
mod overlay;
mod plan;
mod report;
pub mod sites;
mod summary;
mod tables;

pub use finding::{Finding, FindingKind};
pub use from_dir::{NotALayout, add_classes_in, find_in};
pub use import::{ImportError, Imported, import};
pub use input::Unreadable;
pub use manifest::{Manifest, ManifestError, Passing, built_in_manifests};
pub use outlines::OutlinesError;
pub use overlay::{OverlayAsked, OverlayError, import_overlay};
pub use plan::{ImportPlan, NamedFile};
pub use report::{Counts, Report};
pub use summary::{Language, import_summary, territory_summary};
pub use tables::TableError;
