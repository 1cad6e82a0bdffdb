//! What residents' own tests say, in plain words (docs/spec/contributions.md).

use desserte_territory::Commune;
use desserte_units::BitRate;

use super::lang::Lang;
use super::text;
use crate::contributions::Released;
use crate::problem::ApiError;
use crate::state::Shared;

/// What residents' own tests say: of the commune, or of its département when they are too few; `None` where nobody gave one.
pub(super) fn residents(shared: &Shared, commune: &Commune, lang: Lang) -> Result<Option<String>, ApiError> {
    let found = shared.residents(&commune.departement)?;
    let (told, of_commune) = match (found.commune(commune.code.as_str()), found.departement) {
        (Released::Nothing, _) => return Ok(None),
        (Released::Told(told), _) => (told, true),
        (Released::Withheld, Released::Told(told)) => (told, false),
        (Released::Withheld, _) => {
            let words = lang.t(
                "Des habitants ont donné des tests\u{a0}; ils sont trop peu nombreux pour en dire davantage.",
                "Residents have given tests; they are too few for more to be said.",
            );
            return Ok(Some(words.to_owned()));
        }
    };
    let place = match (of_commune, lang) {
        (true, Lang::Fr) => "dans la commune",
        (true, Lang::En) => "in the commune",
        (false, Lang::Fr) => "dans le département (trop peu dans la commune)",
        (false, Lang::En) => "in the département (too few in the commune)",
    };
    let rate = |rate: Option<BitRate>| {
        rate.map_or_else(|| lang.t("non mesuré", "not measured").to_owned(), |rate| text::rate(rate, lang))
    };
    let (people, down, up) = (told.contributors, rate(told.download), rate(told.upload));
    Ok(Some(match lang {
        Lang::Fr => format!(
            "Au moins {people} habitants ont donné des tests {place} en douze mois\u{a0}: la moitié d'entre eux recevait {down} ou plus, \
             et envoyait {up} ou plus."
        ),
        Lang::En => format!(
            "At least {people} residents gave tests {place} in twelve months: half of them received {down} or more, and sent {up} or more."
        ),
    }))
}
