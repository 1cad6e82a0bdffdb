//! Which places may be told to anyone: those behind which there are enough homes, none of which outweighs the others.
//!
//! Communes are within départements, and these within the whole. What is left of a département without the communes that are told
//! could be had by subtraction; so a département is told only if nothing is left of it, or enough homes, and likewise the whole.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::ReleaseRules;
use desserte_model::CommuneCode;

/// What one site gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contribution<'a> {
    pub(crate) commune: CommuneCode,
    /// The département, as the territory says.
    pub(crate) departement: &'a str,
    pub(crate) probe: &'a str,
    pub(crate) minutes: usize,
    pub(crate) runs: usize,
}

/// The places that may be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Released<'a> {
    pub(crate) communes: BTreeSet<CommuneCode>,
    pub(crate) departements: BTreeSet<&'a str>,
    pub(crate) all: bool,
}

/// What one home gave.
#[derive(Debug, Clone, Copy, Default)]
struct Gave {
    minutes: usize,
    runs: usize,
}

/// What each probe gave to a place. A probe is one home, wherever it stood.
type Given<'a> = BTreeMap<&'a str, Gave>;

/// Decides on the contributions of a month; every probe counts as standing in a home.
pub(crate) fn decide<'a>(contributions: &[Contribution<'a>], rules: &ReleaseRules) -> Released<'a> {
    let mut communes: BTreeMap<(&'a str, CommuneCode), Given<'a>> = BTreeMap::new();
    for one in contributions {
        let own = communes.entry((one.departement, one.commune)).or_default();
        let gave = own.entry(one.probe).or_default();
        gave.minutes += one.minutes;
        gave.runs += one.runs;
    }
    let mut released = Released::default();
    let mut departements: BTreeMap<&'a str, (Given<'a>, Given<'a>)> = BTreeMap::new();
    for ((departement, commune), given) in communes {
        let (whole, rest) = departements.entry(departement).or_default();
        add(whole, &given);
        if enough(&given, rules) {
            released.communes.insert(commune);
        } else {
            add(rest, &given);
        }
    }
    let (mut whole, mut rest) = (Given::new(), Given::new());
    for (departement, (own, own_rest)) in departements {
        add(&mut whole, &own);
        if enough(&own, rules) && safe(&own_rest, rules) {
            released.departements.insert(departement);
        } else {
            add(&mut rest, &own_rest);
        }
    }
    released.all = enough(&whole, rules) && safe(&rest, rules);
    released
}

fn add<'a>(to: &mut Given<'a>, given: &Given<'a>) {
    for (probe, gave) in given {
        let sum = to.entry(probe).or_default();
        sum.minutes += gave.minutes;
        sum.runs += gave.runs;
    }
}

/// Whether a place may be told by itself.
fn enough(given: &Given<'_>, rules: &ReleaseRules) -> bool {
    let share_max = rules.dominance_max.value;
    let dominated = |of: fn(&Gave) -> usize| {
        let (sum, most) = given
            .values()
            .map(of)
            .fold((0, 0), |(sum, most): (usize, usize), gave| (sum + gave, most.max(gave)));
        crate::figures::number(most) > share_max * crate::figures::number(sum)
    };
    given.len() >= rules.contributors_min.value
        && !dominated(|gave| gave.minutes)
        && !dominated(|gave| gave.runs)
}

/// Whether what is left may be had by subtraction.
fn safe(rest: &Given<'_>, rules: &ReleaseRules) -> bool {
    rest.is_empty() || enough(rest, rules)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(sites: &[(&'static str, &'static str, usize)]) -> Released<'static> {
        // Probes are named by their number; leaked texts are a test's.
        let mut number = 0;
        let contributions: Vec<Contribution<'static>> = sites
            .iter()
            .flat_map(|(commune, departement, count)| (0..*count).map(move |_| (*commune, *departement)))
            .map(|(commune, departement)| {
                number += 1;
                let probe: &'static str = Box::leak(format!("{number:03}").into_boxed_str());
                Contribution { commune: commune.parse().unwrap(), departement, probe, minutes: 100, runs: 10 }
            })
            .collect();
        decide(&contributions, &ReleaseRules::built_in())
    }

    #[test]
    fn eleven_homes_are_told_and_ten_are_not() {
        let found = released(&[("23001", "23", 11), ("87001", "87", 10)]);
        assert_eq!(found.communes, ["23001".parse().unwrap()].into());
        assert_eq!(found.departements, ["23"].into());
        // The ten could be had by subtracting the département from the whole.
        assert!(!found.all);
    }

    #[test]
    fn nothing_can_be_had_by_subtraction() {
        let found = released(&[("23001", "23", 12), ("23002", "23", 3)]);
        assert_eq!((found.communes.len(), found.departements.len(), found.all), (1, 0, false));
        let found = released(&[("23001", "23", 12), ("23002", "23", 6), ("23003", "23", 5)]);
        assert_eq!((found.communes.len(), found.departements.len(), found.all), (1, 1, true));
        // Eight are left of one département and three of the other: together they are enough, and only together told.
        let found = released(&[("23001", "23", 11), ("23002", "23", 8), ("87001", "87", 3)]);
        assert_eq!((found.communes.len(), found.departements.len(), found.all), (1, 0, true));
    }

    #[test]
    fn one_that_gave_nearly_everything_is_not_hidden_by_ten_others() {
        let probes: Vec<String> = (0..12).map(|number| format!("{number}")).collect();
        let of = |most: usize| {
            let contributions: Vec<Contribution<'_>> = probes
                .iter()
                .map(|probe| Contribution {
                    commune: "23001".parse().unwrap(),
                    departement: "23",
                    probe,
                    minutes: if probe == "0" { most } else { 10 },
                    runs: 1,
                })
                .collect();
            decide(&contributions, &ReleaseRules::built_in()).all
        };
        assert!(of(600) && !of(700));
    }
}
