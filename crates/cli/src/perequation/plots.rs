//! Which assumption moves amounts most, as a drawing.

use desserte_equity::perequation::{End, Scenario, Swing};
use desserte_plot::{Caption, Plot, tornado};

use super::PerequationArguments;
use crate::arguments::Lang;

/// Cents in a euro.
const CENTS: f64 = 100.0;

pub(super) fn sensitivity(arguments: &PerequationArguments, scenario: &Scenario, swings: &[Swing]) -> Plot {
    let french = arguments.lang == Lang::Fr;
    let t = |fr: &'static str, en: &'static str| if french { fr } else { en };
    let moved = |end: &Option<End>| Some(euros(end.as_ref()?.outcome.as_ref()?.moved_cents));
    let value = |end: &Option<End>| {
        let text = end.as_ref().map_or_else(|| "-".to_owned(), |end| end.value.to_string());
        if french { text.replace('.', ",") } else { text }
    };
    let rows: Vec<desserte_plot::Swing> = swings
        .iter()
        .map(|swing| desserte_plot::Swing {
            label: swing.assumption.to_owned(),
            ends: (value(&swing.low), value(&swing.high)),
            results: (moved(&swing.low), moved(&swing.high)),
        })
        .collect();
    let description = t(
        "Euros qui iraient ailleurs si une hypothèse était à un bout de sa plage, les autres inchangées, la première année. \
         Scénario : ce n'est pas le droit en vigueur. Une hypothèse sans plage n'est pas ici ; elle n'en est pas plus sûre.",
        "Euros that would go elsewhere if one assumption were at an end of its range, the others as they are, in the first year. A \
         scenario: not current law. An assumption without a range is not here; it is none the surer.",
    );
    let caption = Caption {
        name: "sensibilite".to_owned(),
        title: format!("{} : {}", t("Sensibilité du scénario", "Sensitivity of the scenario"), scenario.name),
        description: description.to_owned(),
        source: format!("{} ; {}", arguments.scenario.display(), arguments.table.display()),
    };
    tornado(caption, 0.0, &rows, t("euros déplacés", "euros moved"), arguments.lang.into())
}

#[expect(clippy::cast_precision_loss, reason = "a drawing shows no cents of thousands of millions")]
fn euros(cents: i64) -> f64 {
    cents as f64 / CENTS
}
