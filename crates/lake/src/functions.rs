//! Functions for the field, beside those of SQL: docs/spec/sql.md.

mod commune;
mod local_time;

use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use desserte_territory::Locator;

/// The functions; without a territory, `commune_at` says that there is none.
pub(crate) fn scalars(territory: Option<Arc<Locator>>) -> Vec<ScalarUDF> {
    vec![commune::commune_at(territory), local_time::local_hour(), local_time::peak_hour()]
}
