//! Mobile sites as figures: how many of each operator stand in each commune.

use std::collections::{BTreeMap, BTreeSet};

use desserte_model::CommuneCode;
use desserte_territory::{FigureValue, Territory};

use super::RawFigure;
use crate::sites::Site;
use crate::{Finding, FindingKind};

/// Operators of metropolitan France and the names of their figures; others go by their code.
const OPERATORS: [(&str, &str); 4] =
    [("20801", "orange"), ("20810", "sfr"), ("20815", "free"), ("20820", "bouygues")];

/// Counts the sites of each operator, all of them and those with 4G and 5G, as `name_operator` and `name_operator_4g`.
///
/// # Missing data
/// A commune without a site has none, zero, where the file has any site in its département; of other départements the
/// file says nothing. Sites that repeat another to the letter are counted once.
pub(crate) fn site_figures(
    name: &str,
    sites: &[Site],
    territory: &Territory,
    findings: &mut Vec<Finding>,
) -> Vec<RawFigure> {
    let mut counts: BTreeMap<String, BTreeMap<CommuneCode, u32>> = BTreeMap::new();
    let mut covered: BTreeSet<&str> = BTreeSet::new();
    for site in sites.iter().filter(|site| !site.repeats) {
        let Some(position) = site.position else { continue };
        let operator = OPERATORS.iter().find(|(code, _)| *code == site.operator).map(|(_, name)| *name);
        let operator = operator.unwrap_or(&site.operator);
        let Some(commune) = territory.locate(position).commune() else {
            let detail = format!("{name}: line {}, {position}", site.line);
            findings.push(Finding::new(FindingKind::SiteOutside, &site.operator, detail));
            continue;
        };
        covered.insert(&commune.departement);
        let [.., fourth, fifth] = site.technologies;
        for (key, carries) in [("", Some(true)), ("_4g", fourth), ("_5g", fifth)] {
            if let Some(carries) = carries {
                let count = counts.entry(format!("{name}_{operator}{key}")).or_default();
                *count.entry(commune.code).or_default() += u32::from(carries);
            }
        }
    }
    let within: Vec<CommuneCode> = territory
        .communes()
        .filter(|commune| covered.contains(commune.departement.as_str()))
        .map(|commune| commune.code)
        .collect();
    let figure = |(name, count): (String, BTreeMap<CommuneCode, u32>)| RawFigure {
        name,
        unit: "sites".to_owned(),
        period: None,
        additive: true,
        values: within
            .iter()
            .map(|code| (*code, FigureValue::Known(count.get(code).copied().unwrap_or(0).into())))
            .collect(),
    };
    counts.into_iter().map(figure).collect()
}
