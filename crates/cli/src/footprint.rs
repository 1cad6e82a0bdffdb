//! `desserte footprint`: what measuring itself costs, from communes to the nation (docs/spec/footprint.md).

mod read;
mod words;

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use desserte_footprint::{Account, Footprint, Total};
use desserte_indicators::Month;
use serde_json::{Value, json};

use self::read::ProbeMonth;
use crate::arguments::{DataArguments, Lang};
use crate::out::{Outcome, line};
use crate::probe::open_existing;
use crate::service::today;

/// Options of `desserte footprint`.
#[derive(Debug, Args)]
#[command(
    after_help = "Three lines are never summed: electricity, manufacture, traffic. Each is a range with its source, and says of how many probes it is not known: a probe tells what \
    it runs on if its configuration declares a [device]."
)]
pub(crate) struct FootprintArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The month, such as 2026-10; by default the last one that is over.
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// One account for each of these, beside the one of all.
    #[arg(long, value_enum, default_value_t = Level::Departement)]
    by: Level,
    /// Write JSON.
    #[arg(long)]
    json: bool,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    lang: Lang,
}

/// How finely it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Level {
    /// Each commune.
    Commune,
    /// Each département.
    Departement,
    /// All together only.
    Nation,
}

pub(crate) fn run(arguments: &FootprintArguments) -> Outcome {
    let month = match arguments.month {
        Some(month) => month,
        None => {
            let store = open_existing(&DataArguments { data: arguments.data.clone() })?;
            Month::over_before(today(&store)?).ok_or_else(|| anyhow!("no month is over"))?
        }
    };
    let set = Footprint::built_in();
    let probes = read::probes(&arguments.data, month)?;
    let all = account(&set, &probes);
    let mut places: BTreeMap<String, Account> = BTreeMap::new();
    for probe in &probes {
        let place = match arguments.by {
            Level::Commune => probe.commune.to_string(),
            Level::Departement => probe.commune.departement().to_owned(),
            Level::Nation => continue,
        };
        places.entry(place).or_default().add(&set, &probe.usage);
    }
    if arguments.json {
        let places: BTreeMap<_, _> =
            places.iter().map(|(place, account)| (place, written(account))).collect();
        let told =
            json!({"month": month.to_string(), "set": set.set, "all": written(&all), "places": places});
        return line(&format!("{told:#}"));
    }
    let fr = arguments.lang == Lang::Fr;
    if probes.is_empty() {
        return line(&if fr {
            format!("{month} : aucune sonde n'a donné signe de vie")
        } else {
            format!("{month}: no probe gave a sign of life")
        });
    }
    line(&if fr {
        format!("Ce que coûte la mesure elle-même, {month}")
    } else {
        format!("What measuring itself costs, {month}")
    })?;
    for (place, account) in places.iter().map(|(place, account)| (place.as_str(), account)) {
        told(place, account, arguments.lang)?;
    }
    told(if fr { "ensemble" } else { "all" }, &all, arguments.lang)?;
    line(&if fr {
        format!("Ces lignes ne s'additionnent pas. Paramètres : {} (docs/spec/footprint.md)", set.set)
    } else {
        format!("These lines are not to be summed. Parameters: {} (docs/spec/footprint.md)", set.set)
    })
}

fn told(place: &str, account: &Account, lang: Lang) -> Outcome {
    words::of(place, account, lang).iter().try_for_each(|text| line(text))
}

fn account(set: &Footprint, probes: &[ProbeMonth]) -> Account {
    let mut account = Account::default();
    for probe in probes {
        account.add(set, &probe.usage);
    }
    account
}

fn written(account: &Account) -> Value {
    let total = |Total { low, high, known, unknown }: Total| {
        // Of what is known of nobody there is no sum.
        let known_of = (known > 0).then_some((low, high));
        json!({"low": known_of.map(|(low, _)| low), "high": known_of.map(|(_, high)| high), "known": known, "unknown": unknown})
    };
    json!({
        "probes": account.probes,
        "hours": total(account.hours),
        "bytes": total(account.bytes),
        "processor_s": total(account.processor_s),
        "electricity_kwh": total(account.electricity_kwh),
        "manufacture_kg": total(account.manufacture_kg),
        "mobile_traffic_allocated_kg": total(account.traffic_allocated_kg),
        "mobile_traffic_marginal_kg": total(account.traffic_marginal_kg),
        "fixed_lines": account.fixed_lines,
    })
}
