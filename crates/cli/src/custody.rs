//! `desserte custody`: the daily seal, notes about probes, proofs and their check.

mod arguments;
mod proof;
mod stamp;

use anyhow::{Context as _, anyhow};
pub(crate) use arguments::CustodyCommand;
use arguments::{NoteArguments, SealArguments, StatementArguments};
use desserte_custody::{Day, Statement};
use desserte_store::{NewNote, Store};
use desserte_units::Timestamp;

use crate::arguments::DataArguments;
use crate::clock;
use crate::out::{Failure, Outcome, line};
use crate::probe::open_existing;

pub(crate) fn run(command: &CustodyCommand) -> Outcome {
    match command {
        CustodyCommand::Seal(arguments) => seal(arguments),
        CustodyCommand::List(arguments) => list(arguments),
        CustodyCommand::Check(arguments) => check(arguments),
        CustodyCommand::Statement(arguments) => statement(arguments),
        CustodyCommand::Note(arguments) => note(arguments),
        CustodyCommand::Notes(arguments) => notes(arguments),
        CustodyCommand::Prove(arguments) => proof::prove(arguments),
        CustodyCommand::Verify(arguments) => proof::verify(arguments),
        CustodyCommand::StampRequest(arguments) => stamp::request(arguments),
        CustodyCommand::StampKeep(arguments) => stamp::keep(arguments),
    }
}

/// The last day that is over.
fn last_day(now: Timestamp) -> Result<Day, Failure> {
    let yesterday = Day::of(now).and_then(Day::yesterday);
    Ok(yesterday.context("the machine's clock is beyond the calendar: set it first")?)
}

fn seal(arguments: &SealArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    let now = clock::now();
    let last = last_day(now)?;
    let through = arguments.through.unwrap_or(last);
    if through > last {
        return Err(Failure::usage(anyhow!(
            "{through} is not over by this machine's clock (UTC): the last day that can be sealed is {last}"
        )));
    }
    let sealed = store.seal_through(through, now)?;
    if sealed.is_empty() {
        return line(&format!("nothing up to {through} waits to be sealed"));
    }
    sealed.iter().try_for_each(|day| print(&day.statement))
}

fn print(Statement { day, size, root }: &Statement) -> Outcome {
    line(&format!("{day}  {size:>8}  {root}"))
}

fn list(arguments: &DataArguments) -> Outcome {
    let store = open_existing(arguments)?;
    let stamps = store.stamps()?;
    for day in store.seals()? {
        print(&day.statement)?;
        for stamp in stamps.iter().filter(|stamp| stamp.day == day.statement.day) {
            let said = desserte_custody::read_stamp(&day.statement, None, &stamp.response)
                .map_or_else(|error| error.to_string(), |read| clock::text(read.time));
            line(&format!("            {said}  {}", stamp.authority))?;
        }
    }
    Ok(())
}

fn check(arguments: &DataArguments) -> Outcome {
    let store = open_existing(arguments)?;
    let (seals, broken) = (store.seals()?.len(), store.check_seals()?);
    if broken.is_empty() {
        return line(&format!("{seals} sealed days: what is kept gives the same roots"));
    }
    for day in &broken {
        line(&format!(
            "{}: sealed with {} entries as {}, what is kept now gives {} entries and {}",
            day.sealed.day, day.sealed.size, day.sealed.root, day.found.size, day.found.root
        ))?;
    }
    Err(Failure::no(anyhow!(
        "{} of {seals} sealed days were changed after their seal: put back a copy of the store that was made before",
        broken.len()
    )))
}

/// The seal of a day.
fn sealed(store: &Store, day: Day) -> Result<Statement, Failure> {
    let found = store.seals()?.into_iter().find(|sealed| sealed.statement.day == day);
    let missing =
        || Failure::no(anyhow!("{day} is not sealed: `desserte custody seal` does it once the day is over"));
    Ok(found.ok_or_else(missing)?.statement)
}

fn statement(arguments: &StatementArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    // These octets are what a time-stamp is over: `line` adds the last line feed.
    line(sealed(&store, arguments.day)?.text().trim_end())
}

fn note(arguments: &NoteArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    let noted = clock::now();
    let happened = match arguments.at {
        Some(at) => Timestamp::from_unix_micros(at.as_microsecond()),
        None => noted,
    };
    let number = store.note(NewNote {
        kind: arguments.kind,
        probe: arguments.probe.clone(),
        happened,
        noted,
        text: arguments.text.clone(),
    })?;
    line(&format!("note {number} is kept"))
}

fn notes(arguments: &DataArguments) -> Outcome {
    for kept in open_existing(arguments)?.notes()? {
        let note = kept.note;
        let probe = note.probe.map_or_else(|| "-".to_owned(), |probe| probe.to_string());
        let happened = clock::text(note.happened);
        line(&format!(
            "{:>6}  {happened:<20}  {:<11}  {probe:<32}  {}",
            kept.number,
            note.kind.as_str(),
            note.text
        ))?;
    }
    Ok(())
}
