//! The one thread that writes, and the commit that many requests share.

use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread::JoinHandle;

use desserte_model::Receipt;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::StoreError;
use crate::ingest::{self, Prepared};

/// Requests that may wait for the writer. Beyond it a request is told to come back: an unbounded queue would only
/// turn overload into memory and time-outs.
const QUEUE_LENGTH: usize = 1_024;

/// Records in one commit at the most, so that the first request of a group does not wait for ever.
const GROUP_RECORDS: usize = 20_000;

pub(crate) type Reply = Box<dyn FnOnce(Result<Receipt, StoreError>) + Send>;
type Task = Box<dyn FnOnce(&mut Connection) + Send>;

enum Job {
    Ingest(Box<Prepared>, Reply),
    Task(Task),
}

/// The writing thread's handle. Dropping it ends the thread after the jobs already queued.
pub(crate) struct Writer {
    jobs: Mutex<Option<SyncSender<Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(connection: Connection) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(QUEUE_LENGTH);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, &receiver))
            .map_err(|error| StoreError::Database {
                doing: "starting the writer",
                message: error.to_string(),
            })?;
        Ok(Self { jobs: Mutex::new(Some(sender)), thread: Some(thread) })
    }

    /// Queues a batch; `reply` is called once, from the writer's thread or at once when the queue refuses.
    pub(crate) fn ingest(&self, batch: Box<Prepared>, reply: Reply) {
        let Some(jobs) = self.sender() else { return reply(Err(StoreError::Closed)) };
        match jobs.try_send(Job::Ingest(batch, reply)) {
            Ok(()) => {}
            Err(TrySendError::Full(Job::Ingest(_, reply))) => reply(Err(StoreError::Busy(QUEUE_LENGTH))),
            Err(TrySendError::Disconnected(Job::Ingest(_, reply))) => reply(Err(StoreError::Closed)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
        }
    }

    /// Runs `work` in a transaction of its own and waits for its commit.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let task: Task = Box::new(move |connection| {
            drop(sender.send(in_transaction(connection, work)));
        });
        let jobs = self.sender().ok_or(StoreError::Closed)?;
        jobs.send(Job::Task(task)).map_err(|_| StoreError::Closed)?;
        receiver.recv().unwrap_or(Err(StoreError::Closed))
    }

    /// Writes the whole database anew and empties the log: neither holds anything that is in no row any more. Takes as much room
    /// again as the database meanwhile.
    pub(crate) fn write_anew(&self) -> Result<(), StoreError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let task: Task = Box::new(move |connection| {
            let busy = connection
                .execute_batch("VACUUM")
                .and_then(|()| {
                    connection.query_row("PRAGMA wal_checkpoint (TRUNCATE)", [], |row| row.get::<_, bool>(0))
                })
                .map_err(StoreError::database("writing the store anew"));
            drop(sender.send(busy));
        });
        let jobs = self.sender().ok_or(StoreError::Closed)?;
        jobs.send(Job::Task(task)).map_err(|_| StoreError::Closed)?;
        if receiver.recv().unwrap_or(Err(StoreError::Closed))? {
            let message = "another program reads the store; end it and erase again".to_owned();
            return Err(StoreError::Database { doing: "writing the store anew", message });
        }
        Ok(())
    }

    fn sender(&self) -> Option<SyncSender<Job>> {
        self.jobs.lock().ok().and_then(|jobs| jobs.clone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Ok(mut jobs) = self.jobs.lock() {
            jobs.take();
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended in a panic");
        }
    }
}

fn run(mut connection: Connection, jobs: &Receiver<Job>) {
    let mut next = jobs.recv().ok();
    while let Some(job) = next.take() {
        match job {
            Job::Task(task) => task(&mut connection),
            Job::Ingest(batch, reply) => next = ingest_group(&mut connection, (batch, reply), jobs),
        }
        if next.is_none() {
            next = jobs.recv().ok();
        }
    }
}

/// Commits `first` together with the batches that are already waiting; gives back a job that is not a batch.
///
/// # Errors
/// Each batch's own refusals go to its own reply. When the commit fails, every batch of the group gets the error and
/// nothing of the group is kept: no receipt leaves before the commit.
fn ingest_group(
    connection: &mut Connection,
    first: (Box<Prepared>, Reply),
    jobs: &Receiver<Job>,
) -> Option<Job> {
    let mut records = first.0.len();
    let mut group = vec![first];
    let mut other = None;
    while records < GROUP_RECORDS {
        match jobs.try_recv() {
            Ok(Job::Ingest(batch, reply)) => {
                records += batch.len();
                group.push((batch, reply));
            }
            Ok(task) => {
                other = Some(task);
                break;
            }
            Err(_) => break,
        }
    }
    let (batches, replies): (Vec<_>, Vec<_>) = group.into_iter().unzip();
    let result = in_transaction(connection, |transaction| {
        batches.iter().map(|batch| ingest_one(transaction, batch)).collect::<Result<Vec<_>, _>>()
    });
    match result {
        Ok(receipts) => replies.into_iter().zip(receipts).for_each(|(reply, receipt)| reply(receipt)),
        Err(error) => {
            tracing::error!(%error, batches = replies.len(), "a commit failed; nothing was acknowledged");
            replies.into_iter().for_each(|reply| reply(Err(error.clone())));
        }
    }
    other
}

/// The outer error ends the whole group (the disk is full, the database fails), the inner one concerns this batch alone:
/// what it wrote is taken back, and the batches beside it are kept.
fn ingest_one(
    transaction: &Transaction<'_>,
    batch: &Prepared,
) -> Result<Result<Receipt, StoreError>, StoreError> {
    let run = |statement: &'static str| {
        transaction.execute_batch(statement).map_err(StoreError::database("marking a batch"))
    };
    run("SAVEPOINT batch")?;
    match ingest::write(transaction, batch) {
        Ok(receipt) => run("RELEASE batch").map(|()| Ok(receipt)),
        Err(error @ StoreError::Full(_)) => Err(error),
        Err(error) => {
            run("ROLLBACK TO batch; RELEASE batch")?;
            if !matches!(error, StoreError::UnknownProbe(_)) {
                tracing::error!(%error, "a batch could not be written; those beside it are kept");
            }
            Ok(Err(error))
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(StoreError::database("beginning a transaction"))?;
    // On an error the transaction is dropped, which rolls it back.
    let value = work(&transaction)?;
    transaction.commit().map_err(StoreError::database("committing"))?;
    Ok(value)
}
