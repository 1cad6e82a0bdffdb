//! Running one question within its limits.

use std::sync::Arc;

use arrow_pg::datatypes::{arrow_schema_to_pg_fields, encode_recordbatch};
use datafusion::arrow::array::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use desserte_lake::{Bounded, Engine, QueryLimits, State, Stopped, deadline, within};
use futures_util::stream;
use pgwire::api::portal::Format;
use pgwire::api::results::{FieldInfo, QueryResponse};
use pgwire::error::{PgWireError, PgWireResult};
use pgwire::messages::data::DataRow;
use pgwire::types::format::FormatOptions;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::fault::{self, advise, code, error};
use crate::server::Shared;
use crate::slots::Cancel;

/// Batches between the engine and the connection: while one is written, the next is computed.
const BATCHES_AHEAD: usize = 1;

/// Octets of a row's message beside its values.
const ROW_HEAD_BYTES: u64 = 7;

/// A question, and how it is asked.
pub(crate) struct Ask<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) engine: &'a Engine,
    pub(crate) plan: LogicalPlan,
    pub(crate) reads_history: bool,
    pub(crate) limits: QueryLimits,
    pub(crate) as_of: Option<State>,
    pub(crate) cancel: Cancel,
    pub(crate) format: &'a Format,
    pub(crate) options: Arc<FormatOptions>,
}

/// Names and kinds of the columns of an answer.
pub(crate) fn fields(
    plan: &LogicalPlan,
    format: &Format,
    options: Option<Arc<FormatOptions>>,
) -> PgWireResult<Vec<FieldInfo>> {
    let schema = plan.schema().as_arrow();
    if let Format::Individual(codes) = format
        && codes.len() < schema.fields().len()
    {
        return Err(error(
            code::PROTOCOL,
            "bind message has fewer result formats than the answer has columns",
        ));
    }
    arrow_schema_to_pg_fields(schema, format, options)
}

/// Starts a question, and gives its answer to be read.
pub(crate) async fn run(ask: Ask<'_>) -> PgWireResult<QueryResponse> {
    let deadline = deadline(&ask.limits);
    let fields = Arc::new(fields(&ask.plan, ask.format, Some(ask.options.clone()))?);
    let (limits, mut cancel) = (ask.limits.clone(), ask.cancel.clone());
    let answer_bytes = ask.shared.config.answer_bytes();
    // Wishes of before are not for this statement.
    cancel.mark_unchanged();
    let (permit, rows) = tokio::select! {
        () = cancelled(&mut cancel) => return Err(canceled()),
        started = within(deadline, limits.time, start(ask)) => started.map_err(|why| fault::stopped(&why))??,
    };
    let (sender, receiver) = channel(BATCHES_AHEAD);
    let rows = Bounded::new(rows, limits.clone(), deadline);
    tokio::spawn(async move {
        let produced = produce(rows, &sender, &limits, deadline, cancel).await;
        drop(permit);
        if let Err(why) = produced {
            // Nobody reads any more when this fails.
            let _ = sender.send(Err(why)).await;
        }
    });
    let reading = Reading { receiver, fields: fields.clone(), encoded: None, given: 0, limit: answer_bytes };
    Ok(QueryResponse::new(fields, stream::unfold(reading, Reading::next)))
}

type Started = (OwnedSemaphorePermit, datafusion::physical_plan::SendableRecordBatchStream);

async fn start(ask: Ask<'_>) -> PgWireResult<Started> {
    let Ask { shared, engine, plan, .. } = ask;
    let permit = Semaphore::acquire_owned(shared.running.clone())
        .await
        .map_err(|_| fault::fatal(code::SHUTDOWN, "the server is stopping"))?;
    let moment = if ask.reads_history {
        Some(shared.moments.now(ask.as_of.clone()).await.map_err(|failed| fault::lake(&failed))?)
    } else {
        None
    };
    let session = engine.at(moment, &ask.limits).map_err(|failed| fault::lake(&failed))?;
    let failed = |error| fault::stopped(&Stopped::from_engine(error, &ask.limits));
    let frame = session.execute_logical_plan(plan).await.map_err(failed)?;
    Ok((permit, frame.execute_stream().await.map_err(failed)?))
}

/// Computes batch after batch, until the answer is whole, nobody reads it, or it must end. Memory and files of the question are
/// free when this returns, however slowly the client reads what was computed.
async fn produce(
    mut rows: Bounded,
    sender: &tokio::sync::mpsc::Sender<PgWireResult<RecordBatch>>,
    limits: &QueryLimits,
    deadline: Option<Instant>,
    mut cancel: Cancel,
) -> PgWireResult<()> {
    loop {
        let next = tokio::select! {
            () = sender.closed() => return Ok(()),
            () = cancelled(&mut cancel) => return Err(canceled()),
            next = rows.next_rows() => next.map_err(|why| fault::stopped(&why))?,
        };
        let Some(batch) = next else { return Ok(()) };
        let room = tokio::select! {
            () = cancelled(&mut cancel) => return Err(canceled()),
            room = within(deadline, limits.time, sender.reserve()) => room.map_err(|why| fault::stopped(&why))?,
        };
        match room {
            Ok(room) => room.send(Ok(batch)),
            Err(_) => return Ok(()),
        }
    }
}

/// Waits for a wish to cancel.
async fn cancelled(cancel: &mut Cancel) {
    if cancel.changed().await.is_err() {
        // The connection is gone, and with it the wish; whoever waits beside this one notices.
        std::future::pending::<()>().await;
    }
}

fn canceled() -> PgWireError {
    error(code::CANCELED, "canceling statement due to user request")
}

/// An answer as it is read: rows of the batch at hand, then the next batch.
struct Reading {
    receiver: Receiver<PgWireResult<RecordBatch>>,
    fields: Arc<Vec<FieldInfo>>,
    encoded: Option<Box<dyn Iterator<Item = PgWireResult<DataRow>> + Send + Sync>>,
    given: u64,
    limit: u64,
}

impl Reading {
    async fn next(mut self) -> Option<(PgWireResult<DataRow>, Self)> {
        loop {
            if let Some(row) = self.encoded.as_mut().and_then(Iterator::next) {
                let row = row.and_then(|row| self.weigh(row));
                return Some((row, self));
            }
            match self.receiver.recv().await? {
                Ok(batch) => self.encoded = Some(encode_recordbatch(self.fields.clone(), batch)),
                Err(why) => return Some((Err(why), self)),
            }
        }
    }

    fn weigh(&mut self, row: DataRow) -> PgWireResult<DataRow> {
        self.given += row.data.len() as u64 + ROW_HEAD_BYTES;
        if self.given > self.limit {
            return Err(advise(
                code::LIMIT_EXCEEDED,
                format!(
                    "the query was stopped: its answer is larger than {} bytes, the most that one may be",
                    self.limit
                ),
                "name fewer columns, aggregate, or ask in parts; or have sql.answer_mib raised",
            ));
        }
        Ok(row)
    }
}
