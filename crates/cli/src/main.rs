//! `desserte`: the collector and every operator's command.

mod account;
mod arguments;
mod audit;
mod backup;
mod campaign;
mod clock;
mod cluster;
mod collector;
mod contradiction;
mod custody;
mod demo_data;
mod disk;
mod dossier;
mod edition;
mod equity;
mod export;
mod footprint;
mod history;
mod indicators;
mod lake;
mod ledger;
mod locate;
mod national;
mod out;
mod perequation;
mod plots;
mod probe;
mod query;
mod rebuild;
mod register;
mod registry;
mod remote_write;
mod service;
mod sheet;
mod sql;
mod territory;
mod token;
mod translate;
mod vintage;

use std::process::ExitCode;

use clap::Parser as _;
use desserte_boot::exit;

use arguments::{Arguments, Command, EquityCommand, ProbeCommand, TerritoryCommand};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let code = if error.use_stderr() { exit::usage() } else { ExitCode::SUCCESS };
            // Nothing can be said about a terminal that does not take text.
            let _ = error.print();
            return code;
        }
    };
    let result = match arguments.command {
        Command::Collector(arguments) => collector::run(&arguments),
        Command::Probe(ProbeCommand::Invite(arguments)) => probe::invite::invite(&arguments),
        Command::Probe(ProbeCommand::Withdraw(arguments)) => probe::invite::withdraw(&arguments),
        Command::Probe(ProbeCommand::Move(arguments)) => probe::relocate(&arguments),
        Command::Probe(ProbeCommand::Add(arguments)) => probe::add(&arguments),
        Command::Probe(ProbeCommand::List(arguments)) => probe::list(&arguments),
        Command::Probe(ProbeCommand::Host(arguments)) => probe::host(&arguments),
        Command::Probe(ProbeCommand::Retire(arguments)) => probe::retire(&arguments),
        Command::Probe(ProbeCommand::Erase(arguments)) => probe::erase::run(&arguments),
        Command::DemoData(arguments) => demo_data::run(&arguments),
        Command::DemoHistory(arguments) => demo_data::year::run(&arguments),
        Command::Rebuild(arguments) => rebuild::run(&arguments),
        Command::Query(arguments) => query::run(&arguments),
        Command::Cluster(command) => cluster::run(&command),
        Command::Backup(arguments) => backup::make(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Export(arguments) => export::run(&arguments),
        Command::Lake(command) => lake::run(&command),
        Command::Custody(command) => custody::run(&command),
        Command::Dossier(command) => dossier::run(&command),
        Command::RemoteWrite(arguments) => remote_write::run(&arguments),
        Command::Sql(command) => sql::run(&command),
        Command::Locate(arguments) => locate::run(&arguments),
        Command::Territory(TerritoryCommand::Info(arguments)) => territory::info(&arguments),
        Command::Territory(TerritoryCommand::Check(arguments)) => territory::check(&arguments),
        Command::Territory(TerritoryCommand::Export(arguments)) => territory::export(&arguments),
        Command::Territory(TerritoryCommand::Tiles(arguments)) => territory::tiles(&arguments),
        Command::Territory(TerritoryCommand::Svg(arguments)) => territory::svg(&arguments),
        Command::Territory(TerritoryCommand::Classes(arguments)) => territory::classes(&arguments),
        Command::Territory(TerritoryCommand::Translate(arguments)) => translate::run(&arguments),
        Command::Equity(EquityCommand::Index(arguments)) => equity::index(&arguments),
        Command::Equity(EquityCommand::National(arguments)) => national::run(&arguments),
        Command::Ledger(command) => ledger::run(&command),
        Command::Equity(EquityCommand::Moran(arguments)) => equity::moran(&arguments),
        Command::Service(arguments) => service::run(&arguments),
        Command::Indicators(arguments) => indicators::run(&arguments),
        Command::Perequation(arguments) => perequation::run(&arguments),
        Command::Contradiction(arguments) => contradiction::run(&arguments),
        Command::Account(command) => account::run(&command),
        Command::Token(command) => token::run(&command),
        Command::Edition(command) => edition::run(&command),
        Command::Audit(arguments) => audit::run(&arguments),
        Command::Footprint(arguments) => footprint::run(&arguments),
        Command::Register(arguments) => register::run(&arguments),
        Command::Registry(command) => registry::run(&command),
        Command::Campaign(command) => campaign::run(&command),
        Command::Version => out::line(&format!("desserte {}", env!("CARGO_PKG_VERSION"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::complain(&failure.error);
            ExitCode::from(failure.code)
        }
    }
}
