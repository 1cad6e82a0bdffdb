//! Advice about a configuration that works, but not as well as it could.

use std::net::IpAddr;
use std::time::Duration;

use super::Config;
use super::territory::{Look, look};
use crate::status::Language;

impl Config {
    /// Advice in the reader's language.
    pub(crate) fn advice(&self, language: Language) -> Vec<String> {
        let say = |french: &str, english: &str| language.choose(french, english).to_owned();
        let mut advice = Vec::new();
        match look(self.site.point) {
            Look::Inside => {}
            Look::Exchanged => advice.push(say(
                "« site.lon » et « site.lat » semblent inversés : échangés, ils désignent un lieu en France",
                "`site.lon` and `site.lat` seem to be exchanged: the other way round they are a place in France",
            )),
            Look::Outside => advice.push(say(
                "la position (« site.lon », « site.lat ») est hors de France ; un collecteur français refuserait les mesures",
                "the position (`site.lon`, `site.lat`) is outside France; a French collector would refuse the records",
            )),
        }
        if self.servers.is_empty() {
            advice.push(say(
                "aucun serveur de mesure ([[servers]]) : le débit ne sera pas mesuré",
                "no measurement server ([[servers]]): throughput will not be measured",
            ));
        }
        if self.targets.len() < 2 {
            advice.push(say(
                "avec moins de deux cibles ([[targets]]), une panne de la ligne ne peut pas être reconnue",
                "with fewer than two targets ([[targets]]) the line is never called down",
            ));
        }
        let named = self.targets.iter().filter(|target| target.host.parse::<IpAddr>().is_err());
        for target in named {
            let id = &target.id;
            advice.push(match language {
                Language::Fr => {
                    format!(
                        "la cible {id} est un nom : s’il ne peut pas être résolu, sa dernière adresse sert"
                    )
                }
                Language::En => {
                    format!("target {id} is a name: while it cannot be resolved, its last address is used")
                }
            });
        }
        if self.collector.starts_with("http://") {
            advice.push(say(
                "le collecteur est joint sans TLS : les mesures sont signées mais lisibles en chemin",
                "the collector is reached without TLS: records are signed but can be read",
            ));
        }
        if self.window != Duration::from_secs(60) {
            advice.push(say(
                "« latency.window_s » n’est pas 60 : les minutes ne se comparent pas à celles des autres sondes",
                "`latency.window_s` is not 60: the minutes are not comparable with others'",
            ));
        }
        advice
    }
}
