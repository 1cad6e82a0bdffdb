//! What is said of each finding, in French and in English: what it is, then what to do.

use super::Finding;
use super::reasons::{parenthesis, remedy};
use crate::board::Board;

/// The language of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// French.
    Fr,
    /// English.
    En,
}

impl Language {
    /// The language of the session: the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that is set. French unless it asks
    /// for English: the product's readers are French first.
    pub(crate) fn of_session(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
        match ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(set) {
            Some(value) if value.starts_with("en") => Self::En,
            _ => Self::Fr,
        }
    }

    /// The phrase of this language.
    pub(crate) const fn choose<T: Copy>(self, french: T, english: T) -> T {
        match self {
            Self::Fr => french,
            Self::En => english,
        }
    }
}

/// What is the matter, in one sentence.
pub(crate) fn headline(finding: &Finding, language: Language) -> String {
    let say = |french: &str, english: &str| language.choose(french, english).to_owned();
    let with = |french: &str, english: &str, reason: &str| {
        format!("{}{}.", language.choose(french, english), parenthesis(reason, language))
    };
    match finding {
        Finding::NeverStarted => {
            say("La sonde n’a encore jamais démarré ici.", "The probe has never been started here.")
        }
        Finding::NoRights { folder, user } => match language {
            Language::Fr => format!(
                "L’utilisateur « {user} » n’a pas accès au dossier d’état {folder} : la sonde ne peut pas y démarrer sous ce nom."
            ),
            Language::En => format!(
                "The user {user} has no access to the state folder {folder}: the probe cannot start there as this user."
            ),
        },
        Finding::NotRunning => say("La sonde est arrêtée.", "The probe is not running."),
        Finding::Hangs { .. } => say(
            "La sonde a un souci : elle tourne mais ne fait plus rien.",
            "The probe has a problem: it runs but does nothing.",
        ),
        Finding::LineDown => say("La ligne ne répond pas.", "The line does not answer."),
        Finding::NoLink => say(
            "La sonde n’est pas reliée : câble débranché ou Wi-Fi coupé.",
            "The probe is not connected: cable out or Wi-Fi off.",
        ),
        Finding::NoGateway => say(
            "La box (ou le routeur) du site ne répond pas : la panne est sur place, avant la ligne.",
            "The router on the site does not answer: the fault is here, before the line.",
        ),
        Finding::CannotSend { reason } => with(
            "La sonde a un souci : elle ne peut pas mesurer",
            "The probe has a problem: it cannot measure",
            reason,
        ),
        Finding::OldMeasurement { .. } => say(
            "La sonde a un souci : aucune mesure utilisable depuis longtemps.",
            "The probe has a problem: no usable measurement for a long time.",
        ),
        Finding::SecondTarget { targets: 0 } => say(
            "Aucune cible n’est configurée : ni latence ni coupure ne sont mesurées.",
            "No target is configured: neither latency nor outages are measured.",
        ),
        Finding::SecondTarget { .. } => say(
            "Une seule cible est mesurée : une panne de la ligne ne pourra pas être reconnue.",
            "Only one target is measured: an outage of the line cannot be recognised.",
        ),
        Finding::NoServer { servers } if servers.is_empty() => say(
            "Aucun serveur de mesure n’est configuré : le débit n’est pas mesuré (latence et coupures le restent).",
            "No measurement server is configured: throughput is not measured (latency and outages are).",
        ),
        Finding::NoServer { .. } => say(
            "Aucun serveur de mesure ne répond : le débit n’est pas mesuré (latence et coupures le restent).",
            "No measurement server answers: throughput is not measured (latency and outages are).",
        ),
        Finding::Degraded => say(
            "La ligne répond mal : beaucoup de paquets se perdent.",
            "The line answers badly: many packets are lost.",
        ),
        Finding::UnknownProbe => {
            say("Le collecteur ne connaît pas cette sonde.", "The collector does not know this probe.")
        }
        Finding::Retired => {
            say("Le collecteur a retiré cette sonde du service.", "The collector has retired this probe.")
        }
        Finding::RecordsRefused { reason, .. } => {
            say(
                "Le collecteur refuse les mesures de cette sonde : ",
                "The collector refuses this probe's records: ",
            ) + refusal(reason, language).0
                + "."
        }
        Finding::CollectorUnreachable { reason, ever_answered: false, .. } => {
            with("Le collecteur n’a encore jamais répondu", "The collector has never answered so far", reason)
        }
        Finding::CollectorUnreachable { reason, line_answers: true, .. } => with(
            "La ligne répond, mais le collecteur est injoignable",
            "The line answers, but the collector cannot be reached",
            reason,
        ),
        Finding::CollectorUnreachable { reason, .. } => {
            with("Le collecteur est injoignable", "The collector cannot be reached", reason)
        }
        Finding::CollectorBusy => say(
            "Le collecteur est plein ou surchargé pour le moment.",
            "The collector is full or overloaded at the moment.",
        ),
        Finding::CollectorRefuses { .. } => say(
            "L’adresse du collecteur répond autre chose qu’un collecteur.",
            "The collector's address answers something else than a collector.",
        ),
        Finding::Clock => say(
            "L’horloge de la sonde n’est pas à l’heure du collecteur.",
            "The probe's clock does not agree with the collector's.",
        ),
        Finding::Disk { reason } => {
            with("Le disque de la sonde refuse d’écrire", "The probe's disk refuses to write", reason)
        }
        Finding::Dropped { records } => match language {
            Language::Fr if *records == 1 => {
                "Une mesure a été perdue, faute de place ou trop ancienne.".to_owned()
            }
            Language::Fr => format!("{records} mesures ont été perdues, faute de place ou trop anciennes."),
            Language::En if *records == 1 => {
                "One record was lost for want of room or because of its age.".to_owned()
            }
            Language::En => format!("{records} records were lost for want of room or because of their age."),
        },
        Finding::BudgetSpent => say(
            "Le forfait de données du mois ne permet plus de mesure de débit.",
            "This month's data budget allows no further throughput run.",
        ),
    }
}

/// What to do about it; several steps are several lines.
pub(crate) fn advice(finding: &Finding, board: Option<&Board>, language: Language) -> String {
    let say = |french: &str, english: &str| language.choose(french, english).to_owned();
    let key = board.map_or("", |board| board.public_key.as_str());
    let collector = board.map_or("", |board| board.collector.as_str());
    match finding {
        Finding::NeverStarted | Finding::NotRunning => say(
            "Démarrez-la : « sudo systemctl start desserte-probe ». Si elle s’arrête aussitôt, « journalctl -u desserte-probe » dit pourquoi.",
            "Start it: `sudo systemctl start desserte-probe`. If it stops at once, `journalctl -u desserte-probe` says why.",
        ),
        Finding::NoRights { folder, user } => match language {
            Language::Fr => format!(
                "Si la sonde doit tourner sous « {user} » : « sudo chown -R {user} {folder} ». Si c’est un service : « sudo desserte-probe status »."
            ),
            Language::En => format!(
                "If the probe is to run as {user}: `sudo chown -R {user} {folder}`. If it is a service: `sudo desserte-probe status`."
            ),
        },
        Finding::Hangs { .. } => say(
            "Redémarrez-la : « sudo systemctl restart desserte-probe ».",
            "Restart it: `sudo systemctl restart desserte-probe`.",
        ),
        Finding::LineDown => say(
            "Rien à régler sur la sonde : elle note la panne et l’enverra. Vérifiez les voyants de la box, puis signalez la panne à votre opérateur.",
            "Nothing to do on the probe: it records the outage and will report it. Check the lights of the router, then tell your operator.",
        ),
        Finding::NoLink => say(
            "Rebranchez le câble entre la sonde et la box, ou rallumez le Wi-Fi.",
            "Plug the cable between probe and router back in, or switch the Wi-Fi on.",
        ),
        Finding::NoGateway => say(
            "Vérifiez que la box est allumée ; débranchez-la dix secondes puis rebranchez-la si besoin.",
            "Check that the router is on; unplug it for ten seconds and plug it in again if need be.",
        ),
        Finding::CannotSend { .. } => say(
            "Transmettez ce message à la personne qui a installé la sonde. Pour ICMP : le service fourni donne le droit nécessaire (CAP_NET_RAW) ; sinon choisissez « method = \"tcp:443\" » pour les cibles.",
            "Pass this message on to whoever installed the probe. For ICMP: the unit supplied gives the right needed (CAP_NET_RAW); else choose `method = \"tcp:443\"` for the targets.",
        ),
        Finding::OldMeasurement { .. } => say(
            "Redémarrez la sonde ; si cela continue, prévenez la personne qui l’a installée.",
            "Restart the probe; if it goes on, tell whoever installed it.",
        ),
        Finding::SecondTarget { targets: 0 } => say(
            "Ajoutez deux cibles d’opérateurs différents dans le fichier de configuration ([[targets]]).",
            "Add two targets of different operators to the configuration file ([[targets]]).",
        ),
        Finding::SecondTarget { .. } => say(
            "Ajoutez une seconde cible d’un autre opérateur dans le fichier de configuration ([[targets]]).",
            "Add a second target of another operator to the configuration file ([[targets]]).",
        ),
        Finding::NoServer { servers } => no_server(servers, language),
        Finding::Degraded => say(
            "Si cela dure, signalez-le à votre opérateur : la sonde garde les chiffres.",
            "If it lasts, tell your operator: the probe keeps the figures.",
        ),
        Finding::UnknownProbe => match language {
            Language::Fr => format!(
                "Donnez cette clé publique à la personne qui gère {collector} :\n    {key}\n  Les mesures attendent ici et partiront dès que la clé sera enregistrée."
            ),
            Language::En => format!(
                "Give this public key to whoever runs {collector}:\n    {key}\n  Measurements wait here and go as soon as the key is registered."
            ),
        },
        Finding::Retired => say(
            "Demandez à la personne qui gère le collecteur si la sonde doit être rendue ou remise en service.",
            "Ask whoever runs the collector whether the probe is to be returned or put back into service.",
        ),
        Finding::RecordsRefused { reason, records } => {
            let advice = refusal(reason, language).1;
            match (language, *records) {
                (Language::Fr, 1) => format!("{advice} Une mesure n’a pas été retenue."),
                (Language::Fr, n) => format!("{advice} {n} mesures n’ont pas été retenues."),
                (Language::En, 1) => format!("{advice} One record was not kept."),
                (Language::En, n) => format!("{advice} {n} records were not kept."),
            }
        }
        Finding::CollectorUnreachable { reason, ever_answered: false, .. } => {
            let check = match language {
                Language::Fr => format!("Vérifiez l’adresse « collector » : {collector}."),
                Language::En => format!("Check the address `collector`: {collector}."),
            };
            [Some(check), remedy(reason, language)].into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        Finding::CollectorUnreachable { reason, .. } if remedy(reason, language).is_some() => {
            remedy(reason, language).unwrap_or_default()
        }
        Finding::CollectorUnreachable { .. } | Finding::CollectorBusy => say(
            "Rien à faire : les mesures attendent ici (30 jours au plus) et partiront d’elles-mêmes. Si cela dure un jour, prévenez la personne qui gère le collecteur.",
            "Nothing to do: measurements wait here (30 days at most) and go by themselves. If it lasts a day, tell whoever runs the collector.",
        ),
        Finding::CollectorRefuses { .. } => match language {
            Language::Fr => {
                format!("Vérifiez l’adresse « collector » du fichier de configuration : {collector}")
            }
            Language::En => format!("Check the address `collector` of the configuration file: {collector}"),
        },
        Finding::Clock => say(
            "Réglez l’heure de la machine : « sudo timedatectl set-ntp true ». Les mesures continuent et seront datées ensuite.",
            "Set the machine's clock: `sudo timedatectl set-ntp true`. Measuring goes on; records are dated afterwards.",
        ),
        Finding::Disk { .. } => say(
            "Faites de la place sur le disque, ou remplacez la carte mémoire. D’ici là les mesures récentes restent en mémoire vive.",
            "Make room on the disk, or replace the memory card. Until then recent measurements are held in memory.",
        ),
        Finding::Dropped { .. } => say(
            "Elles n’ont pas pu être envoyées à temps. Vérifiez que le collecteur est joignable ; agrandissez « spool.megabytes » si besoin.",
            "They could not be sent in time. Check that the collector can be reached; enlarge `spool.megabytes` if need be.",
        ),
        Finding::BudgetSpent => say(
            "Rien à faire : latence et pannes restent mesurées, le débit reprendra le mois prochain. « budget.megabytes » fixe la limite.",
            "Nothing to do: latency and outages go on being measured, throughput resumes next month. `budget.megabytes` sets the limit.",
        ),
    }
}

fn no_server(servers: &[String], language: Language) -> String {
    let list = servers.join(", ");
    match (language, servers.len()) {
        (Language::Fr, 0) => {
            "Ajoutez l’adresse d’un serveur de mesure dans le fichier de configuration ([[servers]])."
                .to_owned()
        }
        (Language::En, 0) => {
            "Add the address of a measurement server to the configuration file ([[servers]]).".to_owned()
        }
        (Language::Fr, 1) => format!("Prévenez la personne qui gère le serveur ; adresse : {list}"),
        (Language::Fr, _) => format!("Prévenez la personne qui gère les serveurs ; adresses : {list}"),
        (Language::En, 1) => format!("Tell whoever runs the server; address: {list}"),
        (Language::En, _) => format!("Tell whoever runs the servers; addresses: {list}"),
    }
}

/// What a reason of refusal means, and what to do about it.
fn refusal(code: &str, language: Language) -> (&'static str, &'static str) {
    match code {
        "outside-territory" => language.choose(
            (
                "la position indiquée n’est dans aucune commune de son territoire",
                "Vérifiez « lon » et « lat » dans le fichier de configuration (en France métropolitaine, lon entre -5 et 10, lat entre 41 et 51).",
            ),
            (
                "the position given lies in no commune of its territory",
                "Check `lon` and `lat` in the configuration file (in mainland France, lon from -5 to 10, lat from 41 to 51).",
            ),
        ),
        "position-not-finite" => language.choose(
            (
                "la position indiquée n’est pas un point du globe",
                "Vérifiez « lon » et « lat » dans le fichier de configuration.",
            ),
            (
                "the position given is no point of the globe",
                "Check `lon` and `lat` in the configuration file.",
            ),
        ),
        "in-the-future" => language.choose(
            (
                "l’horloge de la sonde est en avance sur celle du collecteur",
                "Réglez l’heure de la machine : « sudo timedatectl set-ntp true ».",
            ),
            (
                "the probe's clock is ahead of the collector's",
                "Set the machine's clock: `sudo timedatectl set-ntp true`.",
            ),
        ),
        "foreign-probe" | "identifier-reused" => language.choose(
            (
                "elles portent le nom d’une autre sonde, ou un numéro déjà pris",
                "Le dossier d’état a sans doute été copié d’une autre machine : videz-le pour que cette sonde reçoive sa propre clé, puis faites enregistrer cette clé.",
            ),
            (
                "they bear another probe's name, or a number already taken",
                "The state folder was probably copied from another machine: empty it so that this probe gets its own key, then have that key registered.",
            ),
        ),
        _ => language.choose(
            (
                "il ne comprend pas leur format",
                "La sonde et le collecteur n’ont sans doute pas la même version : mettez-les à jour. « refused.ndjson », dans le dossier d’état, garde les mesures refusées.",
            ),
            (
                "it does not understand their format",
                "Probe and collector are probably of different versions: update them. `refused.ndjson` in the state folder keeps the refused records.",
            ),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_session_chooses_english_and_everything_else_is_french() {
        let of = |name: &'static str, value: &'static str| {
            Language::of_session(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert_eq!(of("LANG", "en_GB.UTF-8"), Language::En);
        assert_eq!(of("LC_ALL", "en_US.UTF-8"), Language::En);
        for value in ["fr_FR.UTF-8", "C", "", "de_DE"] {
            assert_eq!(of("LANG", value), Language::Fr, "{value}");
        }
    }
}
