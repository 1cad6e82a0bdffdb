//! The history over PostgreSQL's protocol: beside a running collector, and what its configuration needs.

use std::io::BufRead as _;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_sql::{Running, SALT_BYTES, Source, SqlConfig, Verifier, random};
use desserte_store::{Store, StoreOptions};
use desserte_territory::Locator;

use crate::out::{Failure, Outcome, line, note};

/// Letters of a password that is made up: 20 of 32 kinds are a hundred bits.
const PASSWORD_LETTERS: usize = 20;

/// Letters and digits that are not mistaken for one another.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz123456789";

/// What to do for those who ask in SQL.
#[derive(Debug, Subcommand)]
pub(crate) enum SqlCommand {
    /// Read a password from standard input and print what the collector's configuration keeps of it.
    Password(PasswordArguments),
}

/// Options of `desserte sql password`.
#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    /// Make a password up, and print it before.
    #[arg(long)]
    generate: bool,
}

pub(crate) fn run(command: &SqlCommand) -> Outcome {
    match command {
        SqlCommand::Password(arguments) => password(arguments),
    }
}

fn password(arguments: &PasswordArguments) -> Outcome {
    let password = if arguments.generate {
        // 256 is a multiple of 32: each letter is as likely as another.
        let letter = |octet: u8| char::from(ALPHABET[usize::from(octet) % ALPHABET.len()]);
        let password: String = random::<PASSWORD_LETTERS>()?.into_iter().map(letter).collect();
        line(&password)?;
        password
    } else {
        note("the password, and Enter:");
        let mut text = String::new();
        std::io::stdin().lock().read_line(&mut text).context("cannot read the password")?;
        text.trim_end_matches(['\r', '\n']).to_owned()
    };
    if password.is_empty() {
        return Err(Failure::usage(anyhow!("the password is empty")));
    }
    line(&Verifier::of(&password, random::<SALT_BYTES>()?).to_string())
}

/// Serves the history beside a collector.
pub(crate) fn start(config: SqlConfig, data: &Path, territory: &Path) -> Result<Running, Failure> {
    if config.users.is_empty() {
        return Err(Failure::usage(anyhow!("sql.listen is set, but nobody may connect: add [[sql.users]]")));
    }
    let store = Arc::new(Store::open(data, StoreOptions::default()).context("cannot open the store")?);
    let territory =
        Locator::open(territory).with_context(|| format!("cannot use territory {}", territory.display()))?;
    let source = Source { data: data.to_owned(), store, territory: Some(Arc::new(territory)) };
    let running = desserte_sql::start(config, source).map_err(Failure::usage)?;
    for address in running.addresses() {
        tracing::info!(%address, "the history answers PostgreSQL's protocol");
        line(&format!("postgresql://{address}/desserte"))?;
    }
    Ok(running)
}
