//! What operators declare of a commune's premises, beside what is measured there: figures of the territory file, none of ours.

use desserte_model::CommuneCode;
use desserte_territory::Territory;

/// Ends of the names of figures that count premises declared to be able to get a download rate (Ma connexion internet, Arcep), and
/// the rate in Mbit/s.
const ELIGIBLE: [(&str, &str); 3] = [("_elig_bhd8", "8"), ("_elig_thd30", "30"), ("_elig_thd100", "100")];

/// End of the name of the figure of the same table that counts all premises.
const PREMISES: &str = "_locaux";

/// A share of a commune's premises.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Declared<'a> {
    /// The table, as the operator of the collector named it.
    pub(super) table: &'a str,
    /// Download rate, Mbit/s.
    pub(super) rate: &'static str,
    pub(super) share: f64,
}

/// What is declared of a commune, for each table that the territory has.
///
/// # Missing data
/// A share that the source does not tell, that has no premises to be of, or whose licence forbids that it is passed on is not there.
pub(super) fn declared(territory: &Territory, commune: CommuneCode) -> Vec<Declared<'_>> {
    let mut found = Vec::new();
    for figure in territory.figures() {
        if figure.source.is_some_and(|source| !source.may_be_exported()) {
            continue;
        }
        let ending =
            ELIGIBLE.iter().find_map(|(ending, rate)| Some((figure.name.strip_suffix(ending)?, *rate)));
        let Some((table, rate)) = ending else { continue };
        let number = |name: &str| territory.figure(name, commune)?.known();
        let (some, all) = (number(figure.name), number(&format!("{table}{PREMISES}")));
        if let (Some(some), Some(all)) = (some, all.filter(|all| *all > 0.0)) {
            found.push(Declared { table, rate, share: some / all });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use desserte_territory::synthetic;

    use super::*;

    #[test]
    fn shares_are_told_where_the_source_tells_them_and_nowhere_else() {
        let territory = synthetic::declared(1);
        let communes: Vec<CommuneCode> = territory.communes().map(|commune| commune.code).collect();
        let told: Vec<_> = communes.iter().map(|code| declared(&territory, *code)).collect();
        assert!(told.iter().flatten().all(|one| one.table == "mci" && (0.0..=1.0).contains(&one.share)));
        assert_eq!(told.iter().filter(|shares| shares.is_empty()).count(), 1, "one commune has none");
        assert_eq!(told[0].iter().map(|one| one.rate).collect::<Vec<_>>(), ["8", "100", "30"]);
        assert_eq!(declared(&synthetic::territory(1), communes[0]), []);
    }
}
