//! What the commands say, in French and in English.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use desserte_update::clock::Untrusted;
use desserte_update::config::Config;
use desserte_update::release::Passed;
use desserte_update::state::{Failure, State};
use desserte_update::update::{Outcome, Postponed, Wrong};
use semver::Version;

use crate::cli::Language;

impl Language {
    fn choose<'t>(self, french: &'t str, english: &'t str) -> &'t str {
        match self {
            Self::Fr => french,
            Self::En => english,
        }
    }
}

/// How a look, or an update, ended.
pub(crate) fn outcome(outcome: &Outcome, language: Language) -> String {
    let fr = language == Language::Fr;
    match outcome {
        Outcome::UpToDate => language
            .choose("Le programme de la sonde est à jour.", "The program of the probe is up to date.")
            .to_owned(),
        Outcome::Available(version) if fr => {
            format!(
                "La version {version} est prête pour cette sonde ; pour la prendre : desserte-update apply"
            )
        }
        Outcome::Available(version) => {
            format!("Version {version} is ready for this probe; to take it: desserte-update apply")
        }
        Outcome::Installed(version) if fr => {
            format!("La version {version} est en service : le collecteur a reçu ses relevés.")
        }
        Outcome::Installed(version) => {
            format!("Version {version} is in service: the collector has acknowledged its records.")
        }
        Outcome::Undone(version, why) if fr => format!(
            "La version {version} a échoué ({}) ; la précédente est revenue et celle-ci ne sera plus essayée.",
            failure(*why, language)
        ),
        Outcome::Undone(version, why) => format!(
            "Version {version} failed ({}); the earlier one is back and this one will not be tried again.",
            failure(*why, language)
        ),
        Outcome::Passed(version, why) => passed(version, *why, language),
        Outcome::Postponed(why) => postponed(*why, language),
    }
}

fn passed(version: &Version, why: Passed, language: Language) -> String {
    let reason = match why {
        Passed::NotNewer => language.choose("elle n’est pas plus récente", "it is not newer"),
        Passed::TooFar => language.choose(
            "elle demande d’abord une version intermédiaire, qui n’est pas proposée",
            "it asks for a version in between first, which is not offered",
        ),
        Passed::NotYet => language.choose(
            "elle est distribuée par étapes et n’est pas encore arrivée à cette sonde, ou elle est suspendue",
            "it is given out in stages and has not reached this probe yet, or it is halted",
        ),
        Passed::Failed(why) => {
            return match language {
                Language::Fr => {
                    format!("La version {version} n’est pas reprise : {}.", failure(why, language))
                }
                Language::En => format!("Version {version} is not taken again: {}.", failure(why, language)),
            };
        }
    };
    match language {
        Language::Fr => format!("La version {version} existe, mais {reason}."),
        Language::En => format!("There is version {version}, but {reason}."),
    }
}

fn postponed(why: Postponed, language: Language) -> String {
    match (why, language) {
        (Postponed::Clock(Untrusted::Off { off_s }), Language::Fr) => format!(
            "Remis à plus tard : l’horloge de cette machine est décalée de {off_s} s. Réglez-la, par exemple avec un service de temps."
        ),
        (Postponed::Clock(why), Language::Fr) => {
            let reason = match why {
                Untrusted::NobodyKnows => "la sonde n’a pas encore tourné depuis le démarrage de cette machine",
                _ => "ni un service de temps ni le collecteur n’ont encore donné l’heure",
            };
            format!("Remis à plus tard : {reason}, la date n’est donc pas sûre.")
        }
        (Postponed::Clock(why), Language::En) => format!("Put off: {why}."),
        (Postponed::NotReporting, _) => language
            .choose(
                "Remis à plus tard : les relevés de la sonde n’arrivent pas au collecteur (desserte-probe status), un nouveau programme ne pourrait \
                 pas faire ses preuves. Pour passer outre : desserte-update apply --anyway",
                "Put off: the probe's records do not arrive at the collector (desserte-probe status), so a new program could not prove itself. To \
                 go on all the same: desserte-update apply --anyway",
            )
            .to_owned(),
        (Postponed::NoProbe, _) => language
            .choose(
                "Remis à plus tard : la sonde n’a pas encore tourné ici (desserte-probe status).",
                "Put off: the probe has not run here yet (desserte-probe status).",
            )
            .to_owned(),
    }
}

fn failure(why: Failure, language: Language) -> &'static str {
    let (french, english) = match why {
        Failure::NeverCameUp => ("elle n’a pas démarré", "it did not come up"),
        Failure::KeptEnding => ("elle s’arrêtait sans cesse", "it kept ending"),
        Failure::FellSilent => ("elle ne donnait plus signe de vie", "it fell silent"),
        Failure::NeverAcknowledged => {
            ("le collecteur n’a reçu aucun de ses relevés", "the collector acknowledged none of its records")
        }
        Failure::Interrupted => {
            ("son essai a été interrompu trop souvent", "its trial was cut short too often")
        }
        Failure::DoesNotStart => (
            "elle ne marche pas sur cette machine, ou refuse la configuration",
            "it does not start on this machine, or refuses the configuration",
        ),
        Failure::ByHand => ("quelqu’un l’a refusée", "somebody refused it"),
    };
    language.choose(french, english)
}

/// What an error means, where its own text is for developers.
pub(crate) fn wrong(wrong: &Wrong, language: Language) -> Option<String> {
    let (french, english) = match wrong {
        Wrong::Repository(_) => (
            "rien n’a été changé : les versions publiées ne peuvent pas être lues, ou leurs signatures ne conviennent pas",
            "nothing was changed: the published releases cannot be read, or their signatures do not fit",
        ),
        Wrong::Data(_) => (
            "rien n’a été téléchargé : les données du mois pour les mises à jour sont épuisées",
            "nothing was fetched: the month's data for updates is used up",
        ),
        Wrong::Busy => ("une autre mise à jour est en cours", "another update is under way"),
        Wrong::Folder(..) => (
            "le dossier des mises à jour n’est pas accessible : lancez la commande avec sudo",
            "the folder of updates cannot be used: run the command with sudo",
        ),
        _ => return None,
    };
    Some(language.choose(french, english).to_owned())
}

pub(crate) fn off(path: &Path, language: Language) -> String {
    let path = path.display();
    match language {
        Language::Fr => format!("Les mises à jour automatiques sont désactivées ({path} n’existe pas)."),
        Language::En => format!("Automatic updates are off ({path} does not exist)."),
    }
}

pub(crate) fn written(path: &Path, language: Language) -> String {
    let path = path.display();
    match language {
        Language::Fr => format!("{path} est écrit ; complétez-le, puis : desserte-update check"),
        Language::En => format!("{path} is written; fill it in, then: desserte-update check"),
    }
}

pub(crate) fn exists(path: &Path, language: Language) -> String {
    let path = path.display();
    match language {
        Language::Fr => format!("{path} existe déjà et est gardé"),
        Language::En => format!("{path} exists already and is kept"),
    }
}

pub(crate) fn unwritable(path: &Path, error: &io::Error, language: Language) -> String {
    let path = path.display();
    match language {
        Language::Fr => format!("{path} ne peut pas être écrit : {error}"),
        Language::En => format!("{path} cannot be written: {error}"),
    }
}

pub(crate) fn rolled_back(left: &Version, packaged: &Version, language: Language) -> String {
    match language {
        Language::Fr => format!(
            "La version {left} est quittée pour celle du paquet, {packaged}, et ne sera plus essayée."
        ),
        Language::En => {
            format!("Version {left} is left for the packaged one, {packaged}, and will not be tried again.")
        }
    }
}

pub(crate) fn nothing_kept(packaged: &Version, language: Language) -> String {
    match language {
        Language::Fr => format!("La version du paquet, {packaged}, est déjà en service."),
        Language::En => format!("The packaged version, {packaged}, is in service already."),
    }
}

/// What is kept.
pub(crate) fn status(state: &State, config: &Config, packaged: &Version, language: Language) -> String {
    let mut text = String::new();
    // Writing to a text cannot fail.
    let mut line = |french: String, english: String| {
        let _ = writeln!(text, "{}", language.choose(&french, &english));
    };
    let kept = state.confirmed.as_ref().filter(|held| held.version > *packaged);
    match kept {
        Some(held) => line(
            format!("En service : version {} (celle du paquet : {packaged})", held.version),
            format!("In service: version {} (the packaged one: {packaged})", held.version),
        ),
        None => line(
            format!("En service : version {packaged}, celle du paquet"),
            format!("In service: version {packaged}, the packaged one"),
        ),
    }
    if let Some(trial) = &state.trial {
        line(
            format!("À l’essai : version {}", trial.held.version),
            format!("On trial: version {}", trial.held.version),
        );
    }
    for refused in &state.refused {
        let why = failure(refused.why, language);
        line(
            format!("Refusée : version {}, {why}", refused.version),
            format!("Refused: version {}, {why}", refused.version),
        );
    }
    line(
        format!("Versions suivies : {} ({})", config.channel, config.repository),
        format!("Releases followed: {} ({})", config.channel, config.repository),
    );
    let month = state.traffic.month.as_deref().unwrap_or("-");
    let (used, limit) = (megabytes(state.traffic.bytes), config.data_limit() / 1_000_000);
    line(
        format!(
            "Données de {month} : {} Mo sur {limit} Mo, en plus du budget de la sonde",
            used.replace('.', ",")
        ),
        format!("Data of {month}: {used} MB of {limit} MB, beside the budget of the probe"),
    );
    match &state.last {
        Some(last) => {
            let when = jiff::Timestamp::from_second(last.unix_s)
                .map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
            let when = when.unwrap_or_else(|_| "-".to_owned());
            // Why a version was refused stands above, in words; why nothing could be done stands nowhere else.
            let about = match (&last.version, &last.detail) {
                (Some(version), _) => format!(" ({version})"),
                (None, Some(detail)) if last.outcome == "failed" => format!(" ({detail})"),
                _ => String::new(),
            };
            line(
                format!("Dernier passage : {when}, {}{about}", word(&last.outcome, language)),
                format!("Last look: {when}, {}{about}", word(&last.outcome, language)),
            );
        }
        None => line("Dernier passage : aucun".to_owned(), "Last look: none".to_owned()),
    }
    text
}

fn word(outcome: &str, language: Language) -> &str {
    match outcome {
        "up_to_date" => language.choose("à jour", "up to date"),
        "passed" => language.choose("version laissée de côté", "a release was passed by"),
        "available" => language.choose("version prête", "a release is ready"),
        "postponed" => language.choose("remis à plus tard", "put off"),
        "installed" => language.choose("version mise en service", "a release was taken into service"),
        "undone" => language.choose("version échouée", "a release failed"),
        "failed" => language.choose("impossible", "could not be done"),
        other => other,
    }
}

/// Megabytes with one place, rounded up: nothing that was used is shown as nothing.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{}", tenths / 10, tenths % 10)
}
