//! What `check-config` says of a configuration that can be used.

use std::fmt::Write as _;
use std::path::Path;

use desserte_measure::BudgetRules;
use desserte_units::ByteCount;

use crate::book;
use crate::config::{Config, MeasurementServer, Target};
use crate::status::Language;

/// The whole text.
pub(crate) fn of(path: &Path, config: &Config, rules: &BudgetRules, language: Language) -> String {
    let path = path.display();
    let mb = |bytes: ByteCount| bytes.as_bytes() / 1_000_000;
    let (limit, rest) = (mb(rules.limit), mb(rules.throughput_share()));
    let (echoes, reports) = (mb(rules.latency_reserve), mb(rules.control_reserve));
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = match language {
        Language::Fr => writeln!(
            out,
            "{path} est une configuration valable\n\
             données : {limit} Mo par mois, dont {echoes} Mo gardés pour les échos et {reports} Mo pour les envois ; \
             {rest} Mo restent pour les essais de débit"
        ),
        Language::En => writeln!(
            out,
            "{path} is a valid configuration\n\
             data: {limit} MB a month, of which {echoes} MB are kept for echoes and {reports} MB for reports; \
             {rest} MB remain for throughput runs"
        ),
    };
    let servers: Vec<_> = config.servers.iter().map(server).collect();
    let targets: Vec<_> = config.targets.iter().map(target).collect();
    for (label, names) in [
        (language.choose("serveurs de mesure", "measurement servers"), servers),
        (language.choose("cibles", "targets"), targets),
    ] {
        let none = || language.choose("aucun", "none").to_owned();
        let names = if names.is_empty() { none() } else { names.join(", ") };
        let _ = writeln!(out, "{label}{}{names}", language.choose(" : ", ": "));
    }
    let mut advice = config.advice(language);
    let ceiling = book::run_ceiling(rules, config);
    if ceiling < config.run.max_bytes {
        let ceiling = mb(ceiling);
        advice.push(match language {
            Language::Fr => format!("avec ce forfait, un essai de débit est arrêté à {ceiling} Mo"),
            Language::En => format!("with this budget a run is cut at {ceiling} MB"),
        });
    }
    for advice in advice {
        let _ = writeln!(out, "{}{advice}", language.choose("conseil : ", "advice: "));
    }
    out
}

fn server(server: &MeasurementServer) -> String {
    let network = server.network.as_ref().map_or(String::new(), |name| format!(" ({name})"));
    format!("{}{network}", server.url.authority())
}

fn target(target: &Target) -> String {
    format!("{} ({})", target.id, target.host)
}
