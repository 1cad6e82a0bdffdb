//! Verdicts that are brought to a dossier: read, judged again, and held against its place and period.

use std::path::Path;

use anyhow::anyhow;
use desserte_dossier::{
    Case, ContradictionTold, Lang, Place, PlaceKind, Span, Study, VerdictError, Verdicts, fits, limits, part,
    read_study,
};
use desserte_evidence::{CampaignStudy, ContradictionStudy};
use desserte_model::CommuneCode;
use desserte_territory::Territory;

use super::arguments::BuildArguments;
use super::check;
use super::evidence::Brought;
use super::place::Found;
use crate::out::Failure;

/// The verdicts of the command line. What can be told to be wrong is, before anything long is done.
pub(super) fn read(
    arguments: &BuildArguments,
    found: &Found,
    territory: &Territory,
    lang: Lang,
) -> Result<Brought, Failure> {
    let last = arguments.to.yesterday().map_err(Failure::usage)?;
    let period = Span { from: arguments.from.to_string(), last: last.to_string(), days: 0 };
    let place = Where { place: &found.place, territory, sites: None };
    Ok(Brought {
        contradiction: one::<ContradictionStudy>(
            arguments.contradiction.as_deref(),
            part::CONTRADICTION,
            &period,
            &place,
            lang,
        )?,
        campaign: one::<CampaignStudy>(arguments.campaign.as_deref(), part::CAMPAIGN, &period, &place, lang)?,
    })
}

/// What the facts tell of verdicts, when all else is known.
pub(super) fn told(brought: &Brought, case: &Case, territory: &Territory) -> anyhow::Result<Verdicts> {
    let sites: Vec<&str> = case.sites.iter().map(|site| site.commune.as_str()).collect();
    let place = Where { place: &case.place, territory, sites: Some(&sites) };
    let problem = |name: &'static str| move |error| anyhow!("{name}: {}", problem(&error, case.lang));
    let contradiction = brought.contradiction.as_deref().map(|octets| {
        let study: ContradictionStudy = read_study(octets)?;
        let here = fits(&study, &case.period, |commune| place.has(commune))?;
        Ok(ContradictionTold::of(&study, here))
    });
    let campaign = brought.campaign.as_deref().map(|octets| {
        let study: CampaignStudy = read_study(octets)?;
        fits(&study, &case.period, |commune| place.has(commune))?;
        Ok(study)
    });
    Ok(Verdicts {
        contradiction: contradiction.transpose().map_err(problem(part::CONTRADICTION))?,
        campaign: campaign.transpose().map_err(problem(part::CAMPAIGN))?,
    })
}

/// Where a dossier is of.
struct Where<'a> {
    place: &'a Place,
    territory: &'a Territory,
    /// Communes of its sites; `None` while they are not known.
    sites: Option<&'a [&'a str]>,
}

impl Where<'_> {
    fn has(&self, commune: &str) -> bool {
        let code = &self.place.code;
        let known =
            || commune.parse::<CommuneCode>().ok().and_then(|commune| self.territory.commune(commune));
        match self.place.kind {
            PlaceKind::Commune => commune == code,
            PlaceKind::Epci => known().is_some_and(|found| found.epci.as_deref() == Some(code)),
            PlaceKind::Departement => known().is_some_and(|found| found.departement == *code),
            // Which communes a probe stood in, its records say.
            PlaceKind::Site => self.sites.is_none_or(|sites| sites.contains(&commune)),
        }
    }
}

fn one<S: Study>(
    path: Option<&Path>,
    part: &str,
    period: &Span,
    place: &Where<'_>,
    lang: Lang,
) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = path else { return Ok(None) };
    let octets = check::read(path, limits::octets_max(part))?;
    let study = read_study::<S>(&octets).and_then(|study| fits(&study, period, |commune| place.has(commune)));
    match study {
        Ok(_) => Ok(Some(octets)),
        Err(error) => Err(Failure::usage(anyhow!("{}: {}", path.display(), problem(&error, lang)))),
    }
}

/// What is wrong, and what to do.
fn problem(error: &VerdictError, lang: Lang) -> String {
    match (error, lang) {
        (VerdictError::Unreadable(error), Lang::Fr) => format!(
            "ce n’est pas un verdict tel que l’écrivent « desserte contradiction … --json » et « desserte campaign check … --json » ({error})"
        ),
        (VerdictError::Unreadable(error), Lang::En) => format!(
            "this is no verdict as `desserte contradiction … --json` and `desserte campaign check … --json` print it ({error})"
        ),
        (VerdictError::Study(fault), Lang::Fr) => {
            format!("ce verdict ne tient pas, refaites-le à partir de la table des essais : {fault}")
        }
        (VerdictError::Study(fault), Lang::En) => {
            format!("this verdict does not hold, make it again from the table of tests: {fault}")
        }
        (VerdictError::Nowhere, Lang::Fr) => {
            "ce verdict ne dit pas de quelles communes et de quels jours sont ses essais : refaites-le avec --commune (et --day pour une couverture déclarée)"
                .to_owned()
        }
        (VerdictError::Nowhere, Lang::En) => {
            "this verdict does not say of which communes and days its tests are: make it again with --commune (and --day for declared coverage)"
                .to_owned()
        }
        (VerdictError::OtherDays(days), Lang::Fr) => format!(
            "ses essais vont du {} au {}, hors de la période du dossier : changez --from et --to, ou refaites le verdict avec les seuls essais de la période",
            days.first, days.last
        ),
        (VerdictError::OtherDays(days), Lang::En) => format!(
            "its tests are of {} to {}, not within the dossier's period: change --from and --to, or make the verdict again with tests of the period alone",
            days.first, days.last
        ),
        (VerdictError::OtherPlace(communes), Lang::Fr) => format!(
            "ses essais sont d’ailleurs ({}) : ce verdict est celui d’un autre lieu que le dossier",
            communes.join(", ")
        ),
        (VerdictError::OtherPlace(communes), Lang::En) => {
            format!("its tests are from elsewhere ({}): this is the verdict of another place", communes.join(", "))
        }
    }
}
