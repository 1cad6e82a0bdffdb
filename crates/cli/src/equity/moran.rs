//! `desserte equity moran`: whether neighbours are alike.

mod places;
mod words;

use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;
use desserte_equity::{Local, Moran, Parameters, Shuffles, discoveries, moran};
use desserte_territory::Day;
use serde_json::{Value, json};

use crate::arguments::Lang;
use crate::out::{Failure, Outcome, line};
use places::Places;

/// Most shuffles: those of a country take minutes then.
const SHUFFLES_MAX: u32 = 99_999;

/// Options of `desserte equity moran`.
#[derive(Debug, Args)]
#[command(
    after_help = "Neighbours have a border of some length in common; those that meet in single points are none. A place weighs its \
    neighbours equally.\n\
    A place without a value, or without a neighbour that has one (islands), is left out and listed.\n\
    With too few places, or too many left out, nothing is said."
)]
pub(crate) struct MoranArguments {
    /// Table to read: CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "TABLE")]
    pub(crate) file: PathBuf,
    /// Name of the column of values.
    #[arg(long, value_name = "COLUMN")]
    pub(crate) value: String,
    /// Name of the column of places; none may come twice.
    #[arg(long, value_name = "COLUMN", default_value = "code")]
    pub(crate) key: String,
    /// Territory file made by `desserte-geodata import`: places are its communes, and it knows neighbours.
    #[arg(long, value_name = "FILE", required_unless_present = "neighbours", conflicts_with = "neighbours")]
    pub(crate) territory: Option<PathBuf>,
    /// Day that the codes were used on, 2018-06-30, or a year for its 1 January, if they are not the territory's.
    #[arg(long, value_name = "DATE|YEAR", requires = "territory")]
    pub(crate) from: Option<Day>,
    /// Table of neighbours instead: two columns, a pair of places in each row, in one direction or in both.
    #[arg(long, value_name = "FILE")]
    pub(crate) neighbours: Option<PathBuf>,
    /// How often values are shuffled over places.
    #[arg(long, value_name = "COUNT", default_value_t = 999)]
    pub(crate) shuffles: u32,
    /// Seed of the shuffles: the same gives the same, on any machine.
    #[arg(long)]
    pub(crate) seed: u64,
    /// Print one JSON object, with every place.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of texts.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// What may be said of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Alike,
    Unlike,
    /// Shuffles give as much.
    AsChance,
}

/// What was found, or why nothing is said.
struct Found<'a> {
    arguments: &'a MoranArguments,
    parameters: &'a Parameters,
    places: &'a Places,
    kept: usize,
    /// `None` if there is not enough data.
    told: Option<Told>,
}

struct Told {
    moran: Moran,
    said: Said,
    /// Which places stand out, of all of them.
    out: Vec<bool>,
}

pub(crate) fn run(arguments: &MoranArguments) -> Outcome {
    let parameters = Parameters::built_in();
    let rule = parameters.neighbours.value;
    if !(rule.shuffles_min..=SHUFFLES_MAX).contains(&arguments.shuffles) {
        let (given, fewest) = (arguments.shuffles, rule.shuffles_min);
        return Err(Failure::usage(anyhow!("--shuffles {given}: give {fewest} to {SHUFFLES_MAX}")));
    }
    let places = Places::read(arguments)?;
    let kept = places.kept();
    let enough = kept >= rule.places_min as usize && share(kept, places.names.len()) >= rule.known_share;
    let shuffles = Shuffles { count: arguments.shuffles, seed: arguments.seed };
    let moran = if enough { moran(&places.values, &places.around, shuffles) } else { None };
    let told = moran.map(|moran| {
        let p_values: Vec<Option<f64>> = moran.local.iter().map(|local| local.as_ref()?.p_value).collect();
        let rare = moran.p_value.is_some_and(|p| p <= rule.significance);
        let said = match (rare, moran.index > moran.expected) {
            (true, true) => Said::Alike,
            (true, false) => Said::Unlike,
            (false, _) => Said::AsChance,
        };
        Told { said, out: discoveries(&p_values, rule.discovery_rate), moran }
    });
    let found = Found { arguments, parameters: &parameters, places: &places, kept, told };
    if arguments.json {
        line(&found.json().to_string())
    } else {
        words::of(&found).iter().try_for_each(|text| line(text))
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of places")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// Where a place and its neighbours lie, as it is usually named.
fn quadrant(local: &Local) -> &'static str {
    match (local.high, local.high_around) {
        (true, true) => "high_high",
        (false, false) => "low_low",
        (true, false) => "high_low",
        (false, true) => "low_high",
    }
}

impl Found<'_> {
    fn json(&self) -> Value {
        let (arguments, places) = (self.arguments, self.places);
        let told = self.told.as_ref();
        json!({
            "value": arguments.value,
            "places": places.names.len(),
            "places_used": self.kept,
            "without_value": places.without_value(),
            "without_neighbour": places.islands(),
            "translated": places.translated.iter().map(|(from, to)| json!({ "from": from, "to": to })).collect::<Vec<_>>(),
            "neighbours": "common border of some length; equal weights, adding up to one for each place",
            "neighbours_from": places.source,
            "parameters": self.parameters.set,
            "shuffles": arguments.shuffles,
            "seed": arguments.seed,
            "verdict": match told.map(|told| told.said) {
                None => "not_enough_data",
                Some(Said::Alike) => "alike",
                Some(Said::Unlike) => "unlike",
                Some(Said::AsChance) => "as_chance",
            },
            "moran": told.map(|told| told.moran.index),
            "expected": told.map(|told| told.moran.expected),
            "p_value": told.and_then(|told| told.moran.p_value),
            "local": told.map(|told| self.local(told)),
        })
    }

    fn local(&self, told: &Told) -> Vec<Value> {
        let places = self.places.names.iter().zip(&told.moran.local).zip(&told.out);
        places
            .map(|((name, local), out)| match local {
                None => json!({ "place": name, "index": null }),
                Some(local) => json!({
                    "place": name,
                    "index": local.index,
                    "quadrant": quadrant(local),
                    "p_value": local.p_value,
                    "stands_out": out,
                }),
            })
            .collect()
    }
}
