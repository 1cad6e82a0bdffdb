//! `desserte remote-write`: samples at their true times to a store that speaks Prometheus remote write.
//!
//! What is sent, and what happens to records that come late: docs/spec/remote-write.md.

mod progress;
mod series;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_lake::arrow::array::{Array as _, AsArray as _};
use desserte_lake::arrow::datatypes::Int64Type;
use desserte_lake::{History, Lake, LakeOptions, State};
use desserte_remote_write::{Destination, SendError, Sender, Series};
use desserte_store::Store;

use crate::arguments::DataArguments;
use crate::clock;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;
use progress::{Plan, Progress};
use series::{Packer, filled};

/// Records looked at in one step, between two notes of the progress: their samples are sorted in memory.
const STEP_RECORDS: i64 = 200_000;

/// An hour of a commune is sent when it has been over for so long: a probe on line has sent it by then, and few hours need a
/// second sample.
const SETTLED_US: i64 = 15 * 60_000_000;

const HOUR_US: i64 = 3_600_000_000;

/// Options of `desserte remote-write`.
#[derive(Debug, Args)]
pub(crate) struct RemoteWriteArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Address that takes remote write 1.0, such as <http://localhost:9090/api/v1/write>.
    #[arg(long, value_name = "URL")]
    url: String,
    /// Leave out what was observed before this moment (RFC 3339, or a date): a store takes nothing that is older than its window.
    #[arg(long, value_name = "MOMENT")]
    from: Option<String>,
    /// File with a bearer token.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Go on when the store refuses samples, which are then never sent again to it.
    #[arg(long)]
    skip_refused: bool,
}

/// What is sent, to whom, and what was sent already.
struct Work<'a> {
    store: Arc<Store>,
    arguments: &'a RemoteWriteArguments,
    from_us: i64,
    sender: Sender,
    progress: Progress,
    done: Done,
}

#[derive(Debug, Default)]
struct Done {
    samples: usize,
    requests: usize,
    refused: usize,
}

pub(crate) fn run(arguments: &RemoteWriteArguments) -> Outcome {
    let store = Arc::new(open_existing(&DataArguments { data: arguments.data.clone() })?);
    let from_us = arguments.from.as_deref().map(moment_us).transpose()?.unwrap_or(0);
    let bearer_token = arguments
        .token_file
        .as_ref()
        .map(|path| std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display())))
        .transpose()?
        .map(|token| token.trim().to_owned());
    let sender = Sender::new(Destination { url: arguments.url.clone(), bearer_token })?;
    let progress = Progress::load(&arguments.data, &arguments.url, store.history_generation()?)?;
    let runtime = runtime()?;
    let lake = runtime.block_on(Lake::of_store(&store, &arguments.data, &LakeOptions::default()))?;
    if !runtime.block_on(lake.others())?.is_empty() {
        return Err(Failure::usage(anyhow!(
            "several collectors write {}, and what was sent is kept by one number: ask in SQL instead (docs/spec/sql.md)",
            lake.place()
        )));
    }
    let mut work = Work { store, arguments, from_us, sender, progress, done: Done::default() };
    let ended = runtime.block_on(async {
        work.sites().await?;
        work.communes().await
    });
    let Done { samples, requests, refused } = work.done;
    let number = work.progress.number;
    line(&format!(
        "{samples} samples in {requests} requests sent, {refused} requests refused; up to number {number}"
    ))?;
    ended
}

fn moment_us(text: &str) -> Result<i64, Failure> {
    let full = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let moment: jiff::Timestamp =
        full.parse().map_err(|error| Failure::usage(anyhow!("--from {text:?} is no moment: {error}")))?;
    Ok(moment.as_microsecond())
}

impl Work<'_> {
    /// The history up to a number: the same whenever it is asked.
    async fn history(&self, as_of: Option<i64>) -> Result<History, Failure> {
        let as_of = as_of.map(State::from);
        Ok(History::open(&self.store, &self.arguments.data, &LakeOptions::default(), as_of).await?)
    }

    /// A sample for each record that came since the last time.
    async fn sites(&mut self) -> Outcome {
        loop {
            let history = self.history(None).await?;
            let after = self.progress.number;
            let until = history.number().min(after.saturating_add(STEP_RECORDS));
            if until <= after {
                return Ok(());
            }
            let sql = filled(
                include_str!("remote_write/site.sql"),
                &[("after", after), ("until", until)],
                &[("from", self.from_us)],
            );
            self.send(&history, &sql, 0).await?;
            self.progress.number = until;
            self.progress.save()?;
        }
    }

    /// Samples for hours that are over, and again for those that a record has come for since.
    async fn communes(&mut self) -> Outcome {
        let plan = match self.progress.plan.clone() {
            // Begun and not finished: the same samples, of the same state of the history.
            Some(plan) => plan,
            None => match self.plan().await? {
                Some(plan) => plan,
                None => return Ok(()),
            },
        };
        self.progress.plan = Some(plan.clone());
        self.progress.save()?;
        let history = self.history(Some(plan.until)).await?;
        let sql = filled(
            include_str!("remote_write/commune.sql"),
            &[("after", self.progress.hours_number)],
            &[("since", plan.since_us), ("sent", self.progress.hours_until_us), ("ended", plan.ended_us)],
        );
        self.send(&history, &sql, self.progress.later_ms()).await?;
        self.progress.finish(&plan);
        self.progress.save()
    }

    /// Which hours are due; `None` when none is.
    async fn plan(&self) -> Result<Option<Plan>, Failure> {
        let until = self.progress.number;
        let ended_us = (clock::now().as_unix_micros() - SETTLED_US).div_euclid(HOUR_US) * HOUR_US;
        let sent_us = self.progress.hours_until_us;
        let after = self.progress.hours_number;
        let history = self.history(Some(until)).await?;
        let sql = format!(
            "SELECT CAST(min(event_utc) AS BIGINT) FROM (SELECT event_utc FROM latency_minute WHERE handover > {after} \
             UNION ALL SELECT event_utc FROM throughput WHERE handover > {after})"
        );
        let newest = history.ask(&sql).await?.collect().await?;
        let first = newest.first().map(|rows| rows.column(0).as_primitive::<Int64Type>().clone());
        let first = first.filter(|column| !column.is_null(0)).map(|column| column.value(0));
        let since = match (first, sent_us > 0) {
            (Some(first), true) => first.min(sent_us),
            (Some(first), false) => first,
            (None, true) => sent_us,
            (None, false) => return Ok(None),
        };
        // An hour that began before what is asked for is left out whole.
        let from = (self.from_us + HOUR_US - 1).div_euclid(HOUR_US) * HOUR_US;
        let since_us = (since.div_euclid(HOUR_US) * HOUR_US).max(from);
        Ok((since_us < ended_us).then_some(Plan { until, since_us, ended_us }))
    }

    async fn send(&mut self, history: &History, sql: &str, later_ms: i64) -> Outcome {
        let mut answer = history.ask(sql).await?;
        let mut packer = Packer::new(later_ms);
        while let Some(rows) = answer.next_rows().await? {
            for request in packer.pack(&rows)? {
                self.request(&request).await?;
            }
        }
        match packer.rest() {
            rest if rest.is_empty() => Ok(()),
            rest => self.request(&rest).await,
        }
    }

    async fn request(&mut self, series: &[Series]) -> Outcome {
        match self.sender.send(series).await {
            Ok(()) => {}
            Err(SendError::Refused { status, said }) if self.arguments.skip_refused => {
                tracing::warn!(%status, said, "samples refused");
                self.done.refused += 1;
            }
            Err(error @ SendError::Refused { .. }) => {
                let hint = "a window for late samples is set with `out_of_order_time_window` \
                            (docs/spec/remote-write.md); --from leaves out what is older, --skip-refused goes on";
                return Err(anyhow::Error::new(error).context(hint).into());
            }
            Err(error) => return Err(error.into()),
        }
        self.done.requests += 1;
        self.done.samples += series.iter().map(Series::len).sum::<usize>();
        Ok(())
    }
}
