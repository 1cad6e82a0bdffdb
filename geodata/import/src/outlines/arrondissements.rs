//! Municipal arrondissements: inside their commune where it has an outline, in its place where it has none.

use std::collections::BTreeMap;

use desserte_model::CommuneCode;

use super::RawOutline;
use super::duplicates::union_of_parts;
use crate::tables::city_of_arrondissements;
use crate::{Finding, FindingKind};

/// Leaves out arrondissements whose commune is there as a whole, and makes the commune of them where it is not.
///
/// `outlines` and the result rise by code. A commune is only made of all its arrondissements: part of Lyon is not Lyon.
pub(crate) fn settle_arrondissements(
    mut outlines: Vec<RawOutline>,
    arrondissements: Vec<(RawOutline, CommuneCode)>,
    findings: &mut Vec<Finding>,
) -> Vec<RawOutline> {
    let mut by_commune: BTreeMap<CommuneCode, BTreeMap<CommuneCode, RawOutline>> = BTreeMap::new();
    for (outline, commune) in arrondissements {
        by_commune.entry(commune).or_default().entry(outline.code).or_insert(outline);
    }
    for (commune, parts) in by_commune {
        let Err(at) = outlines.binary_search_by_key(&commune, |outline| outline.code) else {
            findings
                .extend(parts.keys().map(|code| part_of(FindingKind::ArrondissementDropped, *code, commune)));
            continue;
        };
        match city_of_arrondissements(commune).filter(|(_, count)| *count == parts.len()) {
            Some((name, count)) => match united(commune, name, parts.values()) {
                Ok(city) => {
                    let detail = format!("{name}, of {count} arrondissements");
                    findings.push(Finding::new(FindingKind::ArrondissementsUnited, commune, detail));
                    outlines.insert(at, city);
                }
                Err(reason) => findings.push(Finding::new(FindingKind::EmptyOutline, commune, reason)),
            },
            None => {
                let kind = FindingKind::ArrondissementWithoutCommune;
                findings.extend(parts.keys().map(|code| part_of(kind, *code, commune)));
            }
        }
    }
    outlines
}

fn part_of(kind: FindingKind, code: CommuneCode, commune: CommuneCode) -> Finding {
    Finding::new(kind, code, format!("part of {commune}"))
}

fn united<'a>(
    code: CommuneCode,
    name: &str,
    mut parts: impl Iterator<Item = &'a RawOutline>,
) -> Result<RawOutline, String> {
    let mut city = parts.next().cloned().ok_or("no arrondissement")?;
    for part in parts {
        city.surface = union_of_parts(&city.surface, &part.surface)?;
        city.population = city.population.zip(part.population).map(|(sum, count)| sum.saturating_add(count));
    }
    Ok(RawOutline { code, name: Some(name.to_owned()), ..city })
}
