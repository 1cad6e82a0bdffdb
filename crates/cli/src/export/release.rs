//! Which figures may leave: those of public buildings, and those of enough homes together.
//!
//! Every contribution (what one probe gave in one commune) is in one released cell at the most, so that no two released figures
//! can be subtracted from each other.

use std::collections::{BTreeMap, BTreeSet};

use desserte_equity::ReleaseRules;

/// What one probe gave in one commune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contribution {
    pub(super) probe: String,
    pub(super) place: Place,
    /// Whether it stands in a public building whose owner agreed.
    pub(super) public: bool,
    pub(super) minutes: u64,
    pub(super) runs: u64,
}

/// A commune by its code and the list that the code belongs to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) commune: String,
    pub(super) vintage: i32,
}

/// What a commune belongs to; `None` where the territory does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parents {
    pub(super) epci: Option<String>,
    pub(super) departement: Option<String>,
}

/// What figures are of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Zone {
    Commune(Place),
    /// Homes of communes of an intercommunality that could not be released by commune.
    Epci(String),
    /// Homes of a département that could not be released by intercommunality.
    Departement(String),
}

/// Contributions that are released together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cell {
    /// By their place in the list that was decided on.
    pub(super) members: Vec<usize>,
    /// Whether homes are among them: figures are coarse then, and told by month only.
    pub(super) protected: bool,
}

/// What becomes of a commune that something was measured in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// All of it is in the commune's own figures.
    Released,
    /// Homes are not in them: they are in the zone named, or in none.
    Partly(Option<Zone>),
    /// The commune has no figures: they are in the zone named, or in none.
    Withheld(Option<Zone>),
}

/// What may leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) cells: BTreeMap<Zone, Cell>,
    pub(super) communes: BTreeMap<Place, Fate>,
}

/// Decides on the contributions of a period; `parents` says what a commune belongs to.
pub(super) fn decide(
    contributions: &[Contribution],
    parents: impl Fn(&Place) -> Parents,
    rules: &ReleaseRules,
) -> Decision {
    let mut decision = Decision::default();
    let mut by_place: BTreeMap<&Place, Vec<usize>> = BTreeMap::new();
    for (index, contribution) in contributions.iter().enumerate() {
        by_place.entry(&contribution.place).or_default().push(index);
    }
    let mut by_epci: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_departement: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (place, members) in by_place {
        let (public, homes): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|&&member| contributions[member].public);
        let protected = !homes.is_empty();
        let whole = !protected || enough(contributions, &homes, rules);
        let own = if whole { members } else { public };
        let fate = match (whole, own.is_empty()) {
            (true, _) => Fate::Released,
            (false, false) => Fate::Partly(None),
            (false, true) => Fate::Withheld(None),
        };
        if !own.is_empty() {
            let cell = Cell { members: own, protected: whole && protected };
            decision.cells.insert(Zone::Commune(place.clone()), cell);
        }
        decision.communes.insert(place.clone(), fate);
        if !whole {
            let Parents { epci, departement } = parents(place);
            match (epci, departement) {
                (Some(epci), _) => by_epci.entry(epci).or_default().extend(homes),
                (None, Some(departement)) => by_departement.entry(departement).or_default().extend(homes),
                (None, None) => {}
            }
        }
    }
    for (epci, homes) in by_epci {
        if enough(contributions, &homes, rules) {
            decision.release(Zone::Epci(epci), homes, contributions);
            continue;
        }
        for home in homes {
            // An intercommunality may lie in two départements: its homes part there.
            if let Some(departement) = parents(&contributions[home].place).departement {
                by_departement.entry(departement).or_default().push(home);
            }
        }
    }
    for (departement, homes) in by_departement {
        if enough(contributions, &homes, rules) {
            decision.release(Zone::Departement(departement), homes, contributions);
        }
    }
    decision
}

impl Decision {
    fn release(&mut self, zone: Zone, members: Vec<usize>, contributions: &[Contribution]) {
        for &member in &members {
            match self.communes.get_mut(&contributions[member].place) {
                Some(Fate::Partly(moved) | Fate::Withheld(moved)) => *moved = Some(zone.clone()),
                Some(Fate::Released) | None => {}
            }
        }
        self.cells.insert(zone, Cell { members, protected: true });
    }
}

/// Whether homes are enough, and none of them gave most of what there is.
fn enough(contributions: &[Contribution], homes: &[usize], rules: &ReleaseRules) -> bool {
    let probes: BTreeSet<&str> = homes.iter().map(|&home| contributions[home].probe.as_str()).collect();
    let within = |of: fn(&Contribution) -> u64| {
        let mut given: BTreeMap<&str, u64> = BTreeMap::new();
        for &home in homes {
            *given.entry(&contributions[home].probe).or_default() += of(&contributions[home]);
        }
        let total: u64 = given.values().sum();
        let most = given.values().copied().max().unwrap_or(0);
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let bound = rules.dominance_max.value * total as f64;
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
        let most = most as f64;
        most <= bound
    };
    probes.len() >= rules.contributors_min.value
        && within(|contribution| contribution.minutes)
        && within(|contribution| contribution.runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(commune: &str) -> Place {
        Place { commune: commune.to_owned(), vintage: 2026 }
    }

    fn homes(commune: &str, count: usize) -> impl Iterator<Item = Contribution> {
        (0..count).map(move |number| Contribution {
            probe: format!("{commune}-{number}"),
            place: place(commune),
            public: false,
            minutes: 100,
            runs: 10,
        })
    }

    fn public(commune: &str) -> Contribution {
        let probe = format!("{commune}-mairie");
        Contribution { probe, place: place(commune), public: true, minutes: 100, runs: 10 }
    }

    /// Communes `a…` belong to intercommunality `A` of département `23`, all others to `B` of it.
    fn parents(place: &Place) -> Parents {
        let epci = if place.commune.starts_with('a') { "A" } else { "B" };
        Parents { epci: Some(epci.to_owned()), departement: Some("23".to_owned()) }
    }

    fn decided(contributions: &[Contribution]) -> Decision {
        let decision = decide(contributions, parents, &ReleaseRules::built_in());
        let mut seen = BTreeSet::new();
        for member in decision.cells.values().flat_map(|cell| &cell.members) {
            assert!(seen.insert(member), "a contribution is in two cells");
        }
        decision
    }

    #[test]
    fn a_public_building_may_stand_alone_and_a_home_may_not() {
        let decision = decided(&[public("a1"), homes("a2", 1).next().unwrap()]);
        assert_eq!(decision.communes[&place("a1")], Fate::Released);
        assert_eq!(decision.communes[&place("a2")], Fate::Withheld(None));
        assert_eq!(decision.cells.len(), 1);
        assert!(!decision.cells[&Zone::Commune(place("a1"))].protected);
    }

    #[test]
    fn ten_homes_are_too_few_and_eleven_are_enough() {
        let ten: Vec<_> = homes("a1", 10).collect();
        assert!(decided(&ten).cells.is_empty());
        let eleven: Vec<_> = homes("a1", 11).chain([public("a1")]).collect();
        let decision = decided(&eleven);
        assert_eq!(decision.communes[&place("a1")], Fate::Released);
        let cell = &decision.cells[&Zone::Commune(place("a1"))];
        assert_eq!((cell.members.len(), cell.protected), (12, true));
    }

    #[test]
    fn a_home_that_gave_most_of_it_keeps_a_cell_back() {
        for of in [0, 1] {
            let mut homes: Vec<_> = homes("a1", 11).collect();
            let of = if of == 0 { &mut homes[3].minutes } else { &mut homes[3].runs };
            *of = 1_000_000;
            assert!(decided(&homes).cells.is_empty());
        }
        let mut without_runs: Vec<_> = homes("a1", 11).collect();
        without_runs.iter_mut().for_each(|home| home.runs = 0);
        assert_eq!(decided(&without_runs).cells.len(), 1, "nothing of a kind has no largest share");
    }

    #[test]
    fn homes_of_small_communes_are_told_together() {
        let few: Vec<_> = homes("a1", 6).chain(homes("a2", 5)).chain([public("a2")]).collect();
        let decision = decided(&few);
        let zone = Zone::Epci("A".to_owned());
        assert_eq!(decision.communes[&place("a1")], Fate::Withheld(Some(zone.clone())));
        assert_eq!(decision.communes[&place("a2")], Fate::Partly(Some(zone.clone())));
        assert_eq!(decision.cells[&zone].members.len(), 11);
        assert_eq!(decision.cells[&Zone::Commune(place("a2"))].members, [11], "the public building alone");
    }

    #[test]
    fn what_an_intercommunality_cannot_tell_the_departement_may() {
        let few: Vec<_> = homes("a1", 6).chain(homes("b1", 6)).chain(homes("b2", 12)).collect();
        let decision = decided(&few);
        let zone = Zone::Departement("23".to_owned());
        assert_eq!(decision.cells[&zone].members.len(), 12);
        assert_eq!(decision.communes[&place("b1")], Fate::Withheld(Some(zone)));
        assert_eq!(decision.communes[&place("b2")], Fate::Released);
    }
}
