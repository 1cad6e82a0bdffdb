//! `desserte token`: who may use the administration interface.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::{Args, Subcommand};
use desserte_collector::token_sha256;
use desserte_model::CommuneCode;
use desserte_store::{NewToken, Role};
use desserte_units::Timestamp;

use crate::arguments::DataArguments;
use crate::clock;
use crate::out::{Failure, Outcome, line, note};
use crate::probe::open_existing;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and show it, once.
    Add(AddArguments),
    /// List the tokens; none is shown.
    List(DataArguments),
    /// Refuse a token from now on.
    Revoke(RevokeArguments),
}

/// Options of `desserte token add`.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Whose it is.
    #[arg(long)]
    name: String,
    /// What it allows: association, commune, departement, administrator.
    #[arg(long)]
    role: Role,
    /// INSEE code of the commune or département, for these two roles.
    #[arg(long, value_name = "CODE")]
    territory: Option<String>,
    /// How long it is good for, in days or hours: 90d, 36h.
    #[arg(long, value_name = "TIME", value_parser = crate::probe::invite::duration, default_value = "90d")]
    valid: Duration,
}

/// Options of `desserte token revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Number of the token, as `desserte token list` shows it.
    #[arg(value_name = "NUMBER")]
    number: i64,
}

pub(crate) fn run(command: &TokenCommand) -> Outcome {
    match command {
        TokenCommand::Add(arguments) => add(arguments),
        TokenCommand::List(arguments) => list(arguments),
        TokenCommand::Revoke(arguments) => revoke(arguments),
    }
}

fn add(arguments: &AddArguments) -> Outcome {
    check_territory(arguments.role, arguments.territory.as_deref())?;
    let store = open_existing(&arguments.data)?;
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).context("the system gives no random octets")?;
    // The beginning lets a search for secrets that slipped into files find it.
    let token = format!("desserte_{}", hex::encode(octets));
    let created = clock::now();
    let valid_us = i64::try_from(arguments.valid.as_micros()).unwrap_or(i64::MAX);
    let number = store.add_token(NewToken {
        sha256: token_sha256(&token),
        name: arguments.name.clone(),
        role: arguments.role,
        territory: arguments.territory.clone(),
        created,
        expires: Timestamp::from_unix_micros(created.as_unix_micros().saturating_add(valid_us)),
    })?;
    note(&format!("token {number} ({:?}): write it down now, it is kept nowhere", arguments.name));
    line(&token)
}

/// What a commune may do is for one commune, a département for one département, the others for none.
pub(crate) fn check_territory(role: Role, territory: Option<&str>) -> Result<(), Failure> {
    let wrong = |text: &str| Err(Failure::usage(anyhow!("{text}")));
    match (role, territory) {
        (Role::Commune, Some(code)) => code.parse::<CommuneCode>().map(drop).map_err(Failure::usage),
        (Role::Departement, Some(code)) => {
            // As the communes' codes have it: a commune of it shows whether it is one.
            let commune = format!("{code}{}", &"00100"[..5_usize.saturating_sub(code.len())]);
            match commune.parse::<CommuneCode>() {
                Ok(commune) if commune.departement() == code => Ok(()),
                _ => wrong("--territory is to be the code of a département, such as 23, 2A or 974"),
            }
        }
        (Role::Commune | Role::Departement, None) => {
            wrong("this role is for a territory: name it with --territory CODE")
        }
        (_, Some(_)) => wrong("this role has no territory: leave --territory out"),
        (_, None) => Ok(()),
    }
}

fn list(arguments: &DataArguments) -> Outcome {
    let (tokens, now) = (open_existing(arguments)?.tokens()?, clock::now());
    if tokens.is_empty() {
        return line("there are no tokens; make one with `desserte token add`");
    }
    line(&format!(
        "{:>6}  {:<13}  {:<9}  {:<7}  {:<20}  name",
        "number", "role", "territory", "state", "until"
    ))?;
    for token in tokens {
        let state = match (&token.revoked, token.is_good(now)) {
            (Some(_), _) => "revoked",
            (None, true) => "good",
            (None, false) => "expired",
        };
        let (role, territory) = (token.made.role.as_str(), token.made.territory.as_deref().unwrap_or("-"));
        let until = clock::text(token.made.expires);
        line(&format!(
            "{:>6}  {role:<13}  {territory:<9}  {state:<7}  {until:<20}  {}",
            token.number, token.made.name
        ))?;
    }
    Ok(())
}

fn revoke(arguments: &RevokeArguments) -> Outcome {
    let (store, number) = (open_existing(&arguments.data)?, arguments.number);
    if store.revoke_token(number, clock::now())? {
        line(&format!("token {number} is revoked"))
    } else {
        Err(Failure::no(anyhow!(
            "no token {number} is there to be revoked: `desserte token list` shows them"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_territory_goes_with_its_role() {
        let good = |role, territory| check_territory(role, territory).is_ok();
        assert!(good(Role::Departement, Some("23")) && good(Role::Departement, Some("2A")));
        assert!(good(Role::Departement, Some("974")) && good(Role::Commune, Some("23096")));
        assert!(good(Role::Administrator, None) && good(Role::Association, None));
        for (role, territory) in [
            (Role::Departement, None),
            (Role::Departement, Some("23096")),
            (Role::Departement, Some("")),
            (Role::Departement, Some("é")),
            (Role::Commune, Some("23")),
            (Role::Administrator, Some("23")),
        ] {
            assert!(!good(role, territory), "{role:?} {territory:?}");
        }
    }
}
