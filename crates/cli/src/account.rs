//! `desserte account`: who may log in to the pages of the administration.

use std::io::Read as _;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_login::{openid, password};
use desserte_store::{NewAccount, Role};

use crate::arguments::DataArguments;
use crate::clock;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;
use crate::token::check_territory;

/// Characters of a login: an address of mail fits.
const LOGIN_CHARS_MAX: usize = 128;

/// Symbols of a password that is made here, without those that look alike; each is worth five bits.
const SYMBOLS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// How many of them: a hundred bits.
const MADE_SYMBOLS: usize = 20;

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Make an account and show its password, once.
    Add(AddArguments),
    /// List the accounts; no password is shown.
    List(DataArguments),
    /// Give an account another password, and end its sessions.
    Password(PasswordArguments),
    /// End an account and its sessions.
    End(EndArguments),
}

/// Options of `desserte account add`.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArguments,
    /// What is typed to log in, such as an address of mail.
    #[arg(long, value_name = "NAME")]
    login: String,
    /// What it allows: association, commune, departement, administrator.
    #[arg(long)]
    role: Role,
    /// INSEE code of the commune or département, for these two roles.
    #[arg(long, value_name = "CODE")]
    territory: Option<String>,
    /// Log in through the OpenID provider of the collector's configuration, as this person (its `claim` says as what); without a password.
    #[arg(long, value_name = "PERSON", conflicts_with = "password_stdin")]
    openid: Option<String>,
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
}

/// Options of `desserte account password`.
#[derive(Debug, Args)]
pub(crate) struct PasswordArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Login of the account, as `desserte account list` shows it.
    #[arg(value_name = "LOGIN")]
    login: String,
    /// Read the password from standard input instead of making one.
    #[arg(long)]
    password_stdin: bool,
}

/// Options of `desserte account end`.
#[derive(Debug, Args)]
pub(crate) struct EndArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Login of the account, as `desserte account list` shows it.
    #[arg(value_name = "LOGIN")]
    login: String,
}

pub(crate) fn run(command: &AccountCommand) -> Outcome {
    match command {
        AccountCommand::Add(arguments) => add(arguments),
        AccountCommand::List(arguments) => list(arguments),
        AccountCommand::Password(arguments) => change(arguments),
        AccountCommand::End(arguments) => end(arguments),
    }
}

fn add(arguments: &AddArguments) -> Outcome {
    check_territory(arguments.role, arguments.territory.as_deref())?;
    let login = checked(&arguments.login)?;
    let store = open_existing(&arguments.data)?;
    let password = match &arguments.openid {
        Some(_) => None,
        None => Some(Password::new(arguments.password_stdin)?),
    };
    let number = store.add_account(NewAccount {
        login: login.clone(),
        role: arguments.role,
        territory: arguments.territory.clone(),
        password: password.as_ref().map(|password| password.kept.clone()),
        openid: arguments.openid.as_deref().map(openid::comparable),
        made: clock::now(),
    })?;
    match password {
        Some(password) => password.show(&format!("account {number} ({login})")),
        None => line(&format!("account {number} ({login}) logs in through the OpenID provider")),
    }
}

fn change(arguments: &PasswordArguments) -> Outcome {
    let (store, login) = (open_existing(&arguments.data)?, checked(&arguments.login)?);
    let password = Password::new(arguments.password_stdin)?;
    if store.set_password(&login, password.kept.clone(), clock::now())? {
        password.show(&login)
    } else {
        Err(no_such(&login))
    }
}

fn end(arguments: &EndArguments) -> Outcome {
    let (store, login) = (open_existing(&arguments.data)?, checked(&arguments.login)?);
    if store.end_account(&login, clock::now())? {
        line(&format!("{login}: the account has ended, and its sessions with it"))
    } else {
        Err(no_such(&login))
    }
}

fn list(arguments: &DataArguments) -> Outcome {
    let accounts = open_existing(arguments)?.accounts()?;
    if accounts.is_empty() {
        return line("there are no accounts; make one with `desserte account add`");
    }
    line(&format!(
        "{:>6}  {:<13}  {:<9}  {:<8}  {:<20}  login",
        "number", "role", "territory", "by", "ended"
    ))?;
    for account in accounts {
        let made = &account.made;
        let by = match (&made.password, &made.openid) {
            (Some(_), None) => "password",
            (None, Some(_)) => "openid",
            (Some(_), Some(_)) => "both",
            (None, None) => "-",
        };
        let ended = account.ended.map_or_else(|| "-".to_owned(), clock::text);
        let (role, territory) = (made.role.as_str(), made.territory.as_deref().unwrap_or("-"));
        line(&format!(
            "{:>6}  {role:<13}  {territory:<9}  {by:<8}  {ended:<20}  {}",
            account.number, made.login
        ))?;
    }
    Ok(())
}

fn no_such(login: &str) -> Failure {
    Failure::no(anyhow!(
        "no account {login:?} is there that has not ended: `desserte account list` shows them"
    ))
}

/// A login as it is compared.
fn checked(login: &str) -> Result<String, Failure> {
    let login = login.trim().to_lowercase();
    let wrong = login.is_empty()
        || login.chars().count() > LOGIN_CHARS_MAX
        || login.chars().any(|sign| sign.is_whitespace() || sign.is_control());
    if wrong {
        return Err(Failure::usage(anyhow!(
            "a login is one word of {LOGIN_CHARS_MAX} characters at the most, such as prenom.nom or an address of mail"
        )));
    }
    Ok(login)
}

/// A password, and what is kept of it.
struct Password {
    /// To be shown, if it was made here.
    made: Option<String>,
    kept: String,
}

impl Password {
    fn new(from_stdin: bool) -> Result<Self, Failure> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).context("the system gives no random octets")?;
        let (made, text) =
            if from_stdin { (None, read()?) } else { made().map(|made| (Some(made.clone()), made))? };
        let kept = password::hash(&text, salt).map_err(Failure::usage)?;
        Ok(Self { made, kept })
    }

    fn show(&self, whose: &str) -> Outcome {
        let Some(made) = &self.made else { return line(&format!("{whose}: the password is set")) };
        note(&format!(
            "{whose}: hand this password on by a way that only its owner reads; it is kept nowhere"
        ));
        line(made)
    }
}

/// A password of chance, in groups that can be read aloud.
fn made() -> Result<String, Failure> {
    let mut octets = [0; MADE_SYMBOLS];
    getrandom::fill(&mut octets).context("the system gives no random octets")?;
    let symbols: Vec<char> =
        octets.iter().map(|octet| char::from(SYMBOLS[usize::from(octet % 32)])).collect();
    let groups: Vec<String> = symbols.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// The first line of standard input.
fn read() -> Result<String, Failure> {
    let mut text = String::new();
    let most = u64::try_from(password::OCTETS_MAX).unwrap_or(u64::MAX) + 2;
    std::io::stdin().take(most).read_to_string(&mut text).context("cannot read the password")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_are_one_word_whatever_their_case() {
        assert_eq!(
            checked(" Jeanne.Dupont@Mairie.example ").ok().as_deref(),
            Some("jeanne.dupont@mairie.example")
        );
        for wrong in ["", "  ", "jeanne dupont", "a\u{7}", &"a".repeat(129)] {
            assert!(checked(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_made_password_is_long_enough_and_never_the_same() {
        let (one, other) = (made().ok().unwrap(), made().ok().unwrap());
        assert_ne!(one, other);
        assert_eq!(one.len(), MADE_SYMBOLS + 4);
        assert!(password::hash(&one, [0; 16]).is_ok());
    }
}
