//! This program was built without the feature `cluster`.

use std::sync::Arc;

use anyhow::anyhow;
use desserte_lake::arrow::array::RecordBatch;
use desserte_lake::arrow::datatypes::Schema;

use super::{ClusterAddress, ClusterCommand};
use crate::out::{Failure, Outcome};
use crate::query::QueryArguments;

/// No answer, since nothing can be asked.
pub(crate) enum Answer {}

impl Answer {
    pub(crate) fn schema(&self) -> Arc<Schema> {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "as with the feature")]
    pub(crate) async fn next_rows(&mut self) -> anyhow::Result<Option<RecordBatch>> {
        match *self {}
    }
}

pub(crate) fn run(_: &ClusterCommand) -> Outcome {
    Err(missing())
}

pub(crate) fn ask(_: &QueryArguments, _: &std::path::Path, _: &ClusterAddress) -> Outcome {
    Err(missing())
}

fn missing() -> Failure {
    Failure::usage(anyhow!(
        "this program was built without clusters, which make it larger; build one with \
         `cargo build --release --package desserte-cli --features cluster` (docs/spec/cluster.md)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_without_clusters_says_how_to_get_one_with() {
        let Failure { error, code } = missing();
        assert_eq!(code, desserte_boot::exit::USAGE);
        assert!(error.to_string().contains("--features cluster"), "{error}");
    }
}
