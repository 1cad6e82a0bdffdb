//! `desserte probe invite` and `withdraw`: one-time codes for sites.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use clap::Args;
use desserte_collector::{META_ADDRESS, SiteFault, invitation_qr};
use desserte_model::{CommuneCode, LonLat, ProbeId};
use desserte_signing::{InvitationCode, InvitationLink};
use desserte_store::{COMMAND, NewInvitation, Store};
use desserte_territory::Territory;
use desserte_units::Timestamp;

use super::{open_existing, qr, words};
use crate::arguments::{DataArguments, Lang};
use crate::clock;
use crate::lake::runtime;
use crate::out::{Failure, Outcome, line, written_whole};
use crate::registry;

/// Longest that a code may be good for: a sheet that lies about for longer is better printed again.
const VALID_MAX: Duration = Duration::from_secs(90 * 86_400);

/// Where the package's collector has its territory, beside its data.
const TERRITORY_FILE: &str = "territoire.dst";

/// Options of `desserte probe invite`.
#[derive(Debug, Args)]
pub(crate) struct InviteArguments {
    #[command(flatten)]
    data: DataArguments,
    /// What you call the probe, such as "Mairie de Cluny"; shown to whoever uses the code, never published.
    #[arg(long)]
    name: String,
    /// The site it is for, such as "salle du conseil"; shown likewise, never published.
    #[arg(long, value_name = "PLACE")]
    site: Option<String>,
    /// INSEE code of the site's commune; shown likewise.
    #[arg(long, value_name = "CODE")]
    commune: Option<CommuneCode>,
    /// Longitude and latitude of the building in degrees, as 1.8705,46.1585; without them whoever installs the probe is asked.
    #[arg(long, value_name = "LON,LAT", value_parser = position, allow_hyphen_values = true)]
    position: Option<LonLat>,
    /// The territory file that commune and position are checked with; by default the one in the data directory, if there is one.
    #[arg(long, value_name = "FILE")]
    territory: Option<PathBuf>,
    /// How long the code is good for, in days or hours: 14d, 36h.
    #[arg(long, value_name = "TIME", value_parser = duration, default_value = "14d")]
    valid: Duration,
    /// The collector's address as probes reach it, as <https://desserte.exemple.fr>; remembered for the next codes.
    #[arg(long, value_name = "URL")]
    collector: Option<String>,
    /// Let the new probe take the place of this one, which is taken out of service then: another machine, or a new key.
    #[arg(long, value_name = "PROBE")]
    replaces: Option<ProbeId>,
    /// Write a QR code of the address as an SVG file; on a terminal it is drawn as well.
    #[arg(long, value_name = "FILE")]
    qr: Option<PathBuf>,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// Options of `desserte probe withdraw`.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArguments {
    #[command(flatten)]
    data: DataArguments,
    /// Number of the invitation, as `desserte probe list` shows it.
    #[arg(value_name = "NUMBER")]
    number: i64,
}

pub(crate) fn invite(arguments: &InviteArguments) -> Outcome {
    let store = open_existing(&arguments.data)?;
    let collector = address(&store, arguments.collector.as_deref())?;
    let mut octets = [0; 7];
    getrandom::fill(&mut octets).context("the system gives no random octets")?;
    let code = InvitationCode::from_octets(octets);
    let link = InvitationLink { collector: Some(collector), code };
    // Read back as a probe will: an address that no probe can use must not be printed.
    if InvitationLink::parse(&link.to_text()) != Ok(link.clone()) {
        return Err(Failure::usage(anyhow!(
            "--collector is to be an address such as https://desserte.exemple.fr"
        )));
    }
    if let Some(fault) = misplaced(arguments)? {
        return Err(Failure::usage(anyhow!("no code was made: {fault}")));
    }
    let created = clock::now();
    let valid_us = i64::try_from(arguments.valid.as_micros()).unwrap_or(i64::MAX);
    let expires = Timestamp::from_unix_micros(created.as_unix_micros().saturating_add(valid_us));
    let made = NewInvitation {
        public_key: code.key().public().to_string(),
        name: arguments.name.clone(),
        site: arguments.site.clone(),
        commune: arguments.commune,
        position: arguments.position,
        replaces: arguments.replaces.clone(),
        created,
        expires,
    };
    let runtime = runtime()?;
    let register = registry::of_data(&arguments.data.data, runtime.handle().clone())?;
    let number = register.invite(&store, made, COMMAND)?;
    if let Some(address) = &link.collector {
        store.set_meta(META_ADDRESS, address)?;
    }
    for text in words::sheet(number, &arguments.name, &link, &clock::text(expires), arguments.lang) {
        line(&text)?;
    }
    if let Some(out) = &arguments.qr {
        let svg = invitation_qr(&link.to_text()).context("the address is too long for a QR code")?;
        written_whole(out, |file| Ok(file.write_all(svg.as_bytes())?))?;
    }
    if std::io::stdout().is_terminal() {
        line(&qr::terminal(&link.to_text())?)?;
    }
    Ok(())
}

pub(crate) fn withdraw(arguments: &WithdrawArguments) -> Outcome {
    let (store, number, runtime) = (open_existing(&arguments.data)?, arguments.number, runtime()?);
    let register = registry::of_data(&arguments.data.data, runtime.handle().clone())?;
    if register.withdraw(&store, number, COMMAND, clock::now())? {
        line(&format!("invitation {number} is withdrawn"))
    } else {
        Err(Failure::no(anyhow!(
            "no invitation {number} can still be used: `desserte probe list` shows those that can"
        )))
    }
}

/// What does not fit with where the site is said to be, as far as a territory tells.
fn misplaced(arguments: &InviteArguments) -> Result<Option<SiteFault>, Failure> {
    let beside = arguments.data.data.join(TERRITORY_FILE);
    let Some(path) = arguments.territory.clone().or_else(|| beside.is_file().then_some(beside)) else {
        return Ok(None);
    };
    let territory = Territory::open(&path).with_context(|| format!("opening {}", path.display()))?;
    Ok(SiteFault::of(&territory, arguments.commune, arguments.position))
}

/// The address that was given, else the one that was given last.
fn address(store: &Store, given: Option<&str>) -> Result<String, Failure> {
    match given {
        Some(given) => Ok(given.trim_end_matches('/').to_owned()),
        None => Ok(store.meta(META_ADDRESS)?.ok_or_else(|| {
            Failure::usage(anyhow!(
                "name the collector's address as probes reach it with --collector https://…; it is remembered for the next codes"
            ))
        })?),
    }
}

fn position(text: &str) -> Result<LonLat, String> {
    let wrong =
        || format!("{text:?} is not a position such as 1.8705,46.1585 (longitude first, decimal points)");
    let (lon, lat) = text.split_once(',').ok_or_else(wrong)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
    LonLat::new(number(lon)?, number(lat)?).map_err(|error| error.to_string())
}

/// A time of 90 days at the most, as `14d` or `36h`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a time such as 14d or 36h, of 90 days at the most");
    let (count, unit_s) = match (text.strip_suffix('d'), text.strip_suffix('h')) {
        (Some(days), _) => (days, 86_400),
        (_, Some(hours)) => (hours, 3_600),
        _ => return Err(wrong()),
    };
    let seconds = count.parse::<u64>().ok().and_then(|count| count.checked_mul(unit_s)).ok_or_else(wrong)?;
    let duration = Duration::from_secs(seconds);
    if seconds == 0 || duration > VALID_MAX { Err(wrong()) } else { Ok(duration) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_positions_are_read_or_said_to_be_wrong() {
        assert_eq!(duration("14d"), Ok(Duration::from_secs(14 * 86_400)));
        assert_eq!(duration("36h"), Ok(Duration::from_secs(36 * 3_600)));
        for wrong in ["", "d", "0d", "14", "91d", "-1h", "14j", "99999999999999999999d"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(position("-1.5, 46").map(|at| (at.lon(), at.lat())), Ok((-1.5, 46.0)));
        for wrong in ["", "1.8", "1,8;46", "200,46"] {
            assert!(position(wrong).is_err(), "{wrong}");
        }
    }
}
