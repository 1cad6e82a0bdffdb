//! Which place a dossier is of.

use anyhow::anyhow;
use desserte_dossier::{Lang, Place, PlaceKind};
use desserte_model::{CommuneCode, ProbeId};
use desserte_store::Scope;
use desserte_territory::Territory;

use crate::out::Failure;

/// A place, and where its records are.
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) scopes: Vec<Scope>,
    pub(super) probe: Option<ProbeId>,
    /// Département to draw; `None` for one probe, wherever it stood.
    pub(super) departement: Option<String>,
}

/// Finds a place in the territory.
///
/// # Errors
/// When there is none of this code: the text names the commune's successor if the territory knows one.
pub(super) fn find(territory: &Territory, kind: PlaceKind, code: &str, lang: Lang) -> Result<Found, Failure> {
    let inhabitants = |communes: Vec<Option<u32>>| {
        communes.into_iter().try_fold(0_u64, |sum, population| Some(sum + u64::from(population?)))
    };
    let found =
        |name: &str, population| Place { kind, code: code.to_owned(), name: name.to_owned(), population };
    let unknown = |fr: &str, en: &str| {
        let what = if lang == Lang::Fr { fr } else { en };
        Failure::usage(match lang {
            Lang::Fr => {
                anyhow!("{code:?} n’est pas {what} de ce territoire (liste de {})", territory.vintage())
            }
            Lang::En => anyhow!("{code:?} is no {what} of this territory (list of {})", territory.vintage()),
        })
    };
    Ok(match kind {
        PlaceKind::Commune => {
            let key: CommuneCode = code.trim().to_ascii_uppercase().parse().map_err(|_| {
                unknown(
                    "le code INSEE d’une commune (cinq caractères, 23096)",
                    "INSEE code of a commune (five characters, 23096)",
                )
            })?;
            let commune = territory.commune(key).ok_or_else(|| {
                successor(territory, key, lang).unwrap_or_else(|| unknown("une commune", "commune"))
            })?;
            Found {
                place: found(&commune.name, commune.population.map(u64::from)),
                scopes: vec![Scope::Commune(key)],
                probe: None,
                departement: Some(commune.departement.clone()),
            }
        }
        PlaceKind::Epci => {
            let epci =
                territory.epci(code).ok_or_else(|| unknown("une intercommunalité", "intercommunality"))?;
            let communes = || territory.communes_of_epci(code);
            Found {
                place: found(
                    epci.label(),
                    inhabitants(communes().map(|commune| commune.population).collect()),
                ),
                scopes: communes().map(|commune| Scope::Commune(commune.code)).collect(),
                probe: None,
                departement: communes().next().map(|commune| commune.departement.clone()),
            }
        }
        PlaceKind::Departement => {
            let departement =
                territory.departement(code).ok_or_else(|| unknown("un département", "département"))?;
            let communes = territory.communes_of_departement(code).map(|commune| commune.population);
            Found {
                place: found(departement.label(), inhabitants(communes.collect())),
                scopes: vec![Scope::Departement(code.to_owned())],
                probe: None,
                departement: Some(code.to_owned()),
            }
        }
        PlaceKind::Site => {
            let probe: ProbeId =
                code.parse().map_err(|_| unknown("l’identifiant d’une sonde", "identifier of a probe"))?;
            Found {
                place: found(code, None),
                scopes: vec![Scope::All],
                probe: Some(probe),
                departement: None,
            }
        }
    })
}

/// What became of a commune that the territory no longer lists; `None` if it does not know.
fn successor(territory: &Territory, code: CommuneCode, lang: Lang) -> Option<Failure> {
    let translation = territory.translate(code, None, None);
    let now: Vec<String> = translation
        .communes
        .iter()
        .filter_map(|code| territory.commune(*code))
        .map(|commune| format!("{} ({})", commune.name, commune.code))
        .collect();
    if now.is_empty() {
        return None;
    }
    let (now, first) = (now.join(", "), translation.communes[0]);
    let year = territory.vintage();
    Some(Failure::usage(match lang {
        Lang::Fr => anyhow!(
            "la commune {code} n’existe plus dans la liste de {year} ; elle est aujourd’hui dans {now} : demandez --commune {first}"
        ),
        Lang::En => anyhow!(
            "commune {code} is no longer in the list of {year}; it is now in {now}: ask for --commune {first}"
        ),
    }))
}
