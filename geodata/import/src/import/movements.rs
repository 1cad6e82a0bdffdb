//! Whether movements and the lists of communes speak of the same year.

use std::collections::BTreeSet;

use desserte_model::CommuneCode;
use desserte_territory::{Contents, Day, History};

use super::ImportError;
use crate::tables::Cog;
use crate::{Finding, FindingKind};

/// Above this share of outlines that are no communes in the stated year, the year is wrong.
const NOT_IN_FORCE: f64 = 0.01;

/// Reports codes on which movements and lists disagree, and refuses a year that the movements contradict as a whole.
pub(super) fn compare(
    contents: &Contents,
    cog: Option<&Cog>,
    findings: &mut Vec<Finding>,
) -> Result<(), ImportError> {
    let history = History::new(contents.lineage.clone())?;
    let vintage = contents.vintage.as_year();
    let day = Day::first_of(vintage);
    let codes = contents.communes.iter().map(|row| row.commune.code);
    let strangers: Vec<CommuneCode> =
        codes.clone().filter(|code| history.in_force(*code, day) == Some(false)).collect();
    #[expect(clippy::cast_precision_loss, reason = "counts of communes")]
    let share = strangers.len() as f64 / contents.communes.len().max(1) as f64;
    if share > NOT_IN_FORCE {
        return Err(ImportError::NotOfThatYear {
            strangers: strangers.len(),
            communes: contents.communes.len(),
            examples: strangers.iter().take(5).map(CommuneCode::as_str).collect::<Vec<_>>().join(", "),
            vintage,
        });
    }
    let reported =
        |code: CommuneCode, detail: String| Finding::new(FindingKind::NotAsMovements, code, detail);
    let stranger = |code| reported(code, format!("has an outline, but is no commune on {day}"));
    findings.extend(strangers.into_iter().map(stranger));
    let Some(cog) = cog else { return Ok(()) };
    let departements: BTreeSet<&str> =
        contents.communes.iter().map(|row| row.commune.code.departement()).collect();
    let after: BTreeSet<CommuneCode> = history.lineage().successions.iter().map(|row| row.to).collect();
    let lacking = after.into_iter().filter(|code| {
        departements.contains(code.departement())
            && !cog.contains_key(code)
            && history.in_force(*code, day) == Some(true)
    });
    findings.extend(
        lacking.map(|code| reported(code, format!("is a commune on {day}, but not in the official list"))),
    );
    Ok(())
}
