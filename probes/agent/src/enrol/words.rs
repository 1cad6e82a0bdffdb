//! What `enrol` says.

use std::path::Path;

use desserte_model::EnrolmentAnswer;
use desserte_signing::{MalformedInvitation, ProbeKey};

use super::file::ConfigurationFile;
use crate::collector::Trouble;
use crate::config::DEFAULT_PATH;
use crate::status::Language;

#[expect(clippy::print_stderr, reason = "a program's complaints go to standard error")]
pub(super) fn complain(text: &str) {
    eprintln!("desserte-probe: {text}");
}

pub(super) fn malformed(wrong: MalformedInvitation, language: Language) -> String {
    if language == Language::En {
        return wrong.to_string();
    }
    match wrong {
        MalformedInvitation::Length(found) => {
            format!("un code a 12 lettres et chiffres, comme ABCD-EFGH-JK23 ; celui-ci en a {found}")
        }
        MalformedInvitation::Symbol(symbol) => format!(
            "« {symbol} » n’est dans aucun code : un code n’a que des lettres et les chiffres de 2 à 9, sans I ni O"
        ),
        MalformedInvitation::Check => {
            "le code comporte une faute de frappe : comparez-le à la feuille, signe par signe".to_owned()
        }
        MalformedInvitation::Address => {
            "l’adresse d’une invitation commence par https:// ou http:// et finit par # et le code".to_owned()
        }
    }
}

pub(super) fn no_collector(language: Language) -> String {
    language
        .choose(
            "l’adresse du collecteur manque : donnez l’adresse entière de la feuille (entre apostrophes), ou ajoutez \
             --collector https://…",
            "the collector's address is missing: give the whole address on the sheet (in quotes), or add \
             --collector https://…",
        )
        .to_owned()
}

pub(super) fn other_collector(known: &str, asked: &str, path: &Path, language: Language) -> String {
    let path = path.display();
    match language {
        Language::Fr => format!(
            "{path} nomme un autre collecteur ({known}) que le code ({asked}) ; si la sonde doit en changer, corrigez \
             « collector » dans ce fichier, puis refaites la même commande"
        ),
        Language::En => format!(
            "{path} names another collector ({known}) than the code ({asked}); if the probe is to change, correct \
             `collector` in that file and give the same command again"
        ),
    }
}

/// "Mairie de Cluny, salle du conseil (Cluny, 71137)".
fn site_name(site: &EnrolmentAnswer) -> String {
    let mut text = site.name.clone();
    if let Some(place) = site.site.as_ref().filter(|place| **place != site.name) {
        text = format!("{text}, {place}");
    }
    match (&site.commune_name, &site.commune) {
        (Some(name), Some(code)) => format!("{text} ({name}, {code})"),
        (None, Some(code)) => format!("{text} ({code})"),
        _ => text,
    }
}

pub(super) fn is_it_here(site: &EnrolmentAnswer, language: Language) -> String {
    let site = site_name(site);
    match language {
        Language::Fr => format!("Cette sonde est attendue à : {site}.\nC’est bien ici ? [o/N]"),
        Language::En => format!("This probe is expected at: {site}.\nIs it here? [y/N]"),
    }
}

pub(super) fn declined(language: Language) -> String {
    language
        .choose(
            "rien n’a été fait et le code reste valable ; demandez le bon code à la personne qui gère le collecteur \
             (sans clavier, --yes répond oui)",
            "nothing was done and the code is still good; ask the collector's operator for the right one (without a \
             keyboard, --yes says yes)",
        )
        .to_owned()
}

pub(super) fn enrolled(
    site: &EnrolmentAnswer,
    key: &ProbeKey,
    file: &ConfigurationFile,
    language: Language,
) -> String {
    let (probe, name, path) = (key.id(), site_name(site), file.path().display());
    let with =
        if file.path() == Path::new(DEFAULT_PATH) { String::new() } else { format!(" --config {path}") };
    let done = match language {
        Language::Fr => format!("La sonde {probe} est enrôlée : {name}.\nSes réglages sont dans {path}."),
        Language::En => format!("Probe {probe} is enrolled: {name}.\nIts settings are in {path}."),
    };
    let next = match (file.missing(), language) {
        (Some(fault), Language::Fr) => format!(
            "Avant de la démarrer, {}\nVérifiez ensuite : desserte-probe check-config{with}\nPuis démarrez-la : sudo \
             systemctl enable --now desserte-probe",
            fault.describe(language)
        ),
        (Some(fault), Language::En) => format!(
            "Before it is started, {}\nThen check: desserte-probe check-config{with}\nThen start it: sudo systemctl \
             enable --now desserte-probe",
            fault.describe(language)
        ),
        (None, Language::Fr) => format!(
            "Démarrez-la : sudo systemctl enable --now desserte-probe\nDans deux minutes, vérifiez : desserte-probe \
             status{with}"
        ),
        (None, Language::En) => format!(
            "Start it: sudo systemctl enable --now desserte-probe\nTwo minutes later, check: desserte-probe status{with}"
        ),
    };
    format!("{done}\n{next}")
}

/// What the library of certificates says of one whose issuer it does not know.
const UNKNOWN_ISSUER: &str = "UnknownIssuer";

pub(super) fn trouble(trouble: &Trouble, collector: &str, language: Language) -> String {
    match trouble {
        Trouble::Refused { kind, retry_after, .. } if kind == "too-many-requests" => {
            let minutes = retry_after.map_or(60, |wait| wait.as_secs().div_ceil(60));
            match language {
                Language::Fr => {
                    format!(
                        "trop de codes ont été refusés ; réessayez dans {minutes} minutes avec la même commande"
                    )
                }
                Language::En => {
                    format!("too many codes were refused; give the same command again in {minutes} minutes")
                }
            }
        }
        Trouble::Refused { kind, detail, .. } => match french(kind).filter(|_| language == Language::Fr) {
            Some(text) => text.to_owned(),
            None => detail.clone(),
        },
        Trouble::Unreachable(why) if why.contains(UNKNOWN_ISSUER) => match language {
            Language::Fr => format!(
                "aucune autorité publique ne garantit le certificat de {collector} : si c’est bien celui du département, enregistrez le certificat \
                 de son autorité, lancez desserte-probe init, nommez ce fichier dans « ca_file », puis refaites la même commande"
            ),
            Language::En => format!(
                "no public authority vouches for the certificate of {collector}: if it is the département's own, store its authority's \
                 certificate, run desserte-probe init, name that file in `ca_file`, then give the same command again"
            ),
        },
        other => match language {
            Language::Fr => format!(
                "{collector} ne répond pas ({other}) : vérifiez l’adresse et la ligne, puis refaites la même commande ; le code \
                 reste valable et la clé est gardée"
            ),
            Language::En => format!(
                "{collector} does not answer ({other}): check the address and the line, then give the same command again; the \
                 code is still good and the key is kept"
            ),
        },
    }
}

/// What the collector's refusals say, in French; `None` for one that is not about the code.
fn french(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "unknown-code" => {
            "le collecteur ne connaît pas ce code : comparez-le à la feuille, ainsi que l’adresse du collecteur"
        }
        "code-expired" => "ce code n’est plus valable : demandez-en un autre",
        "code-used" => {
            "ce code a déjà servi à une autre sonde : demandez-en un autre, et dites-le si ce n’était pas vous"
        }
        "code-withdrawn" => "ce code a été retiré : demandez-en un autre",
        "already-enrolled" => "cette sonde est déjà enrôlée : elle n’a pas besoin de code",
        "probe-retired" => {
            "cette sonde a été mise hors service ; il lui faut une nouvelle clé : supprimez son dossier d’état, et demandez un \
             autre code"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_named_as_people_name_it() {
        let mut site = EnrolmentAnswer {
            schema: String::new(),
            name: "Mairie de Cluny".to_owned(),
            site: Some("salle du conseil".to_owned()),
            commune: Some("71137".to_owned()),
            commune_name: Some("Cluny".to_owned()),
            enrolled: false,
            position: None,
            servers: vec![],
            targets: vec![],
        };
        let asked = is_it_here(&site, Language::Fr);
        assert!(
            asked.contains("Mairie de Cluny, salle du conseil (Cluny, 71137).\nC’est bien ici ?"),
            "{asked}"
        );
        (site.site, site.commune_name) = (None, None);
        assert!(is_it_here(&site, Language::En).contains("at: Mairie de Cluny (71137)."));
    }

    #[test]
    fn every_refusal_of_a_code_is_said_in_french_too() {
        for kind in [
            "unknown-code",
            "code-expired",
            "code-used",
            "code-withdrawn",
            "already-enrolled",
            "probe-retired",
        ] {
            assert!(french(kind).is_some(), "{kind}");
        }
    }
}
