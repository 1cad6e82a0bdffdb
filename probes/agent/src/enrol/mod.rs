//! `desserte-probe enrol`: from a one-time code to a probe that the collector knows and that has its configuration.
//!
//! The key is made here and stays here. What the collector hands out fills the places of the configuration file that still hold
//! the example's values; whatever a person wrote stays.

#![expect(clippy::print_stdout, reason = "a program's answers go to standard output")]

mod file;
mod words;

use std::io::{self, BufRead as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use desserte_boot::exit;
use desserte_model::{EnrolmentAnswer, EnrolmentStep};
use desserte_signing::{InvitationLink, apply};

use crate::cli::EnrolArgs;
use crate::clock::{Clock, Linux};
use crate::collector::{Collector, Trouble};
use crate::config::Given;
use crate::identity;
use crate::status::Language;
use crate::tls::{self, CertificateClock};
use file::ConfigurationFile;

pub(crate) fn enrol(args: &EnrolArgs, language: Language) -> anyhow::Result<ExitCode> {
    let link = match InvitationLink::parse(&args.code) {
        Ok(link) => link,
        Err(wrong) => {
            words::complain(&words::malformed(wrong, language));
            return Ok(exit::usage());
        }
    };
    let asked = link.collector.as_ref().or(args.collector.as_ref());
    let asked = asked.map(|address| address.trim_end_matches('/').to_owned());
    let mut file = ConfigurationFile::open(&args.config.config)?;
    let Some(collector) = asked.or_else(|| file.collector()) else {
        words::complain(&words::no_collector(language));
        return Ok(exit::usage());
    };
    if let Some(other) = file.collector().filter(|known| *known != collector) {
        words::complain(&words::other_collector(&other, &collector, file.path(), language));
        return Ok(exit::failure());
    }
    let state_dir = args.config.state_dir.clone().unwrap_or_else(|| file.state_dir());
    let key = identity::load_or_create(&state_dir)?;

    let connection = connect(&collector, &file, &state_dir)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2)
        .build()
        .context("starting the runtime")?;
    // On purpose it takes a moment: that is what makes codes dear to guess.
    let invitation = link.code.key();
    let request = |step| runtime.block_on(connection.enrol(&apply(step, &invitation, &key)));

    let site = match request(EnrolmentStep::Ask) {
        Ok(site) => site,
        Err(trouble) => return Ok(refused(&trouble, &collector, language)),
    };
    if !args.yes && !confirmed(&site, language)? {
        words::complain(&words::declined(language));
        return Ok(exit::not_well());
    }
    // Before the code is used up: a file that cannot be written must not cost it.
    let given = Given {
        collector: &collector,
        name: site.site.as_deref().unwrap_or(&site.name),
        position: args.position().or(site.position.map(|at| (at.lon, at.lat))),
        servers: &site.servers,
        targets: &site.targets,
    };
    file.complete(&given)?;
    match request(EnrolmentStep::Take) {
        Ok(site) => {
            println!("{}", words::enrolled(&site, &key, &file, language));
            Ok(ExitCode::SUCCESS)
        }
        Err(trouble) => Ok(refused(&trouble, &collector, language)),
    }
}

/// A connection to the collector, with the certificates and the time that the agent would judge them by.
fn connect(
    collector: &str,
    file: &ConfigurationFile,
    state_dir: &std::path::Path,
) -> anyhow::Result<Collector> {
    let machine = Linux::open(None).context("reading the clock")?;
    let certificates = Arc::new(CertificateClock::default());
    certificates.set(Clock::open(Box::new(machine), state_dir).for_certificates());
    let ca_file = file.ca_file();
    let ca = tls::read_ca(ca_file.as_deref())?;
    let authority = ca_file.as_deref().zip(ca.as_deref());
    Ok(Collector::new(collector, tls::client_config(authority, &certificates)?)?)
}

/// Shows the site and asks whether it is this one. Without an answer it is not.
fn confirmed(site: &EnrolmentAnswer, language: Language) -> io::Result<bool> {
    print!("{} ", words::is_it_here(site, language));
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    println!();
    Ok(matches!(answer.trim().to_lowercase().as_str(), "o" | "oui" | "y" | "yes"))
}

fn refused(trouble: &Trouble, collector: &str, language: Language) -> ExitCode {
    words::complain(&words::trouble(trouble, collector, language));
    match trouble {
        Trouble::Refused { .. } => exit::not_well(),
        _ => exit::failure(),
    }
}
