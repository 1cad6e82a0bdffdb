//! What is in files at one moment: all that several machines can read alike.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use desserte_store::{HandoverTable, Store};
use futures_util::future::try_join_all;

use super::{Held, Moment};
use crate::rollup::view::KeptRollup;
use crate::schema::table_schema;
use crate::{CollectorNumber, Lake, LakeError, LakeFile, LakeOptions, Rollup, State, Work, table};

impl Moment {
    /// The tables of `data` as far as they are in files, up to the state that every table has them to; with `as_of`,
    /// up to that one. What waits in a store is not among them.
    ///
    /// # Errors
    /// When a table cannot be read, `as_of` is a state that the files do not reach, or nothing says how far they reach.
    pub fn filed<'a>(
        store: &'a Arc<Store>,
        data: &'a Path,
        options: &'a LakeOptions,
        as_of: Option<State>,
    ) -> Work<'a, Self> {
        Box::pin(Self::read_filed(store, data, options, as_of))
    }

    async fn read_filed(
        store: &Arc<Store>,
        data: &Path,
        options: &LakeOptions,
        asked: Option<State>,
    ) -> Result<Self, LakeError> {
        let lake = Lake::of_store(store, data, options).await?;
        let (own, collectors) = (lake.place().collector(), lake.collectors().await?);
        // Rollups first: what they add up is then among the rows. Then custody, which is written last: up to its numbers every table
        // has every row, whatever is being written meanwhile.
        let reading = Rollup::ALL.map(|rollup| KeptRollup::read(&lake, rollup, &collectors));
        let rollups: BTreeMap<_, _> = Rollup::ALL.into_iter().zip(try_join_all(reading).await?).collect();
        let custody = table::open(&lake, HandoverTable::Custody).await?;
        let reading = HandoverTable::ALL.map(|table| filed(&lake, table, &collectors));
        let read = try_join_all(reading).await?;
        let complete = match &custody {
            Some(custody) => custody.state(&collectors).await?,
            None if read.iter().all(|(_, state)| state.is_empty()) => State::default(),
            None => return Err(LakeError::NoCustody { path: lake.root().to_owned() }),
        };
        let complete = complete.naming(&[own]);
        for (collector, number) in asked.iter().flat_map(State::numbers) {
            let filed = complete.of(collector).unwrap_or(collector.base());
            if number > filed {
                return Err(LakeError::NotFiled { asked: number, filed });
            }
        }
        let cited = asked.as_ref().map_or_else(|| complete.clone(), |asked| asked.within(&complete));
        let others = collectors.len() > 1;
        // Rows are told apart by their numbers only where there may be some above: to read the numbers takes time.
        let bounded = others || !read.iter().all(|(_, state)| cited.includes(state));
        // Rollups add up no more than custody had when they were kept.
        let as_of = asked.filter(|_| cited != complete);
        let tables = HandoverTable::ALL.into_iter().zip(read);
        let nothing = |table| RecordBatch::new_empty(table_schema(table));
        let held = |(table, (files, _))| (table, Held { files, waiting: nothing(table) });
        let tables = tables.map(held).collect();
        let number = cited.of(own).unwrap_or(own.base());
        let (data, generation, issued) = (data.to_owned(), lake.generation(), number - own.base());
        let place = lake.place().clone();
        Ok(Self { data, place, generation, number, issued, cited, bounded, as_of, others, tables, rollups })
    }
}

/// The files of a table, and how far they have the rows of each collector.
async fn filed(
    lake: &Lake,
    table: HandoverTable,
    collectors: &[CollectorNumber],
) -> Result<(Vec<LakeFile>, State), LakeError> {
    match table::open(lake, table).await? {
        Some(open) => Ok((open.files()?, open.state(collectors).await?)),
        None => Ok((Vec::new(), State::default())),
    }
}
