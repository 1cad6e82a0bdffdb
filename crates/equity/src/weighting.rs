//! Weights that make a sample count as the population does, and whether probes stand where they were easy to place.

/// A stratum: what was sampled of it, and what there is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratum {
    /// Weight of the sample's units, their number as a rule.
    pub sample: f64,
    /// Population: inhabitants, premises, places. `None` where it is not known.
    pub population: Option<f64>,
}

/// What a stratum counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StratumWeight {
    /// Its share of the sample, 0 to 1.
    pub sample_share: f64,
    /// Its share of the population, 0 to 1.
    pub population_share: f64,
    /// By what the weight of each of its units is multiplied; 1 on average over the sample. Zero where nothing was sampled.
    pub factor: f64,
    /// Whether the factor is held at the cap: the stratum counts less than its share.
    pub capped: bool,
}

/// Weights of all strata.
#[derive(Debug, Clone, PartialEq)]
pub struct Weighting {
    /// In the order of the strata given.
    pub strata: Vec<StratumWeight>,
    /// Share of the population in strata of which nothing was sampled: for it the sample says nothing.
    pub unseen_share: f64,
}

/// Why there are no weights.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoWeighting {
    /// A number of a stratum is negative or not finite.
    #[error("a number of stratum {0} is negative or not finite")]
    Number(usize),
    /// Something was sampled of a stratum whose population is not known, or is zero: what it stands for cannot be said.
    #[error("the population of stratum {0} is not known or zero, and something was sampled of it")]
    Population(usize),
    /// Nothing was sampled.
    #[error("nothing was sampled")]
    Empty,
    /// A cap that all weights would have to be under.
    #[error("the cap is {0}; weights are 1 on average, so it is above 1")]
    Cap(f64),
}

/// Weighs strata by their population: each factor is the share of the population over the share of the sample, but none is above `cap`.
/// What the cap takes goes to the other strata in proportion, so that the sample counts as much as before.
///
/// # Missing data
/// A stratum of which nothing was sampled has no weight, and is told in [`Weighting::unseen_share`]; others do not stand in for it.
///
/// # Errors
/// See [`NoWeighting`].
///
/// # Source
/// Holt and Smith, Journal of the Royal Statistical Society A 142, 1979 (post-stratification); the cap is usual practice against few units
/// that decide everything.
pub fn post_stratify(strata: &[Stratum], cap: f64) -> Result<Weighting, NoWeighting> {
    if !(cap > 1.0 && cap.is_finite()) {
        return Err(NoWeighting::Cap(cap));
    }
    let fits = |number: f64| number.is_finite() && number >= 0.0;
    for (at, stratum) in strata.iter().enumerate() {
        if !fits(stratum.sample) || !stratum.population.is_none_or(fits) {
            return Err(NoWeighting::Number(at));
        }
        if stratum.sample > 0.0 && stratum.population.is_none_or(|population| population <= 0.0) {
            return Err(NoWeighting::Population(at));
        }
    }
    let sample: f64 = strata.iter().map(|stratum| stratum.sample).sum();
    let known = |stratum: &Stratum| stratum.population.unwrap_or(0.0);
    let population: f64 = strata.iter().map(known).sum();
    let seen: f64 = strata.iter().filter(|stratum| stratum.sample > 0.0).map(known).sum();
    if sample <= 0.0 {
        return Err(NoWeighting::Empty);
    }
    let mut found: Vec<StratumWeight> = strata
        .iter()
        .map(|stratum| {
            let sample_share = stratum.sample / sample;
            let factor = if sample_share > 0.0 { known(stratum) / seen / sample_share } else { 0.0 };
            StratumWeight {
                sample_share,
                population_share: known(stratum) / population,
                factor,
                capped: false,
            }
        })
        .collect();
    hold(&mut found, cap);
    Ok(Weighting { strata: found, unseen_share: 1.0 - seen / population })
}

/// Holds factors at the cap and shares what that takes among the others, until none is above it.
fn hold(strata: &mut [StratumWeight], cap: f64) {
    // Each round caps one stratum or more.
    for _ in 0..strata.len() {
        let mut over = false;
        for of in strata.iter_mut().filter(|of| !of.capped && of.factor > cap) {
            (of.capped, of.factor, over) = (true, cap, true);
        }
        if !over {
            return;
        }
        let held: f64 = strata.iter().filter(|of| of.capped).map(|of| of.sample_share * of.factor).sum();
        let free: f64 = strata.iter().filter(|of| !of.capped).map(|of| of.sample_share * of.factor).sum();
        if free <= 0.0 {
            return;
        }
        for of in strata.iter_mut().filter(|of| !of.capped) {
            of.factor *= (1.0 - held) / free;
        }
    }
}

/// Where a probe stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Site {
    /// Whether it is a public building, such as a town hall or a library; `None` where it is not known.
    pub public_building: Option<bool>,
    /// What the probe counts.
    pub weight: f64,
}

/// How much of what was measured comes from public buildings. They stand in centres, where lines are short: people at home can have
/// less.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublicBuildings {
    /// Share of the weight in public buildings.
    pub share: f64,
    /// Share of which it is not known.
    pub unknown_share: f64,
    /// Whether the figure has to say so: the two shares together are above the limit.
    pub flagged: bool,
}

/// Says whether probes in public buildings weigh so much that a figure has to be marked for it; not knowing counts as one.
///
/// # Missing data
/// `None` without probes, or if weights are no weights.
#[must_use]
pub fn public_buildings(sites: &[Site], share_max: f64) -> Option<PublicBuildings> {
    let sum = |of: Option<bool>| -> f64 {
        sites.iter().filter(|site| site.public_building == of).map(|site| site.weight).sum()
    };
    let (public, unknown) = (sum(Some(true)), sum(None));
    let all = public + unknown + sum(Some(false));
    let fits = all > 0.0 && all.is_finite() && sites.iter().all(|site| site.weight >= 0.0);
    fits.then(|| PublicBuildings {
        share: public / all,
        unknown_share: unknown / all,
        flagged: (public + unknown) / all > share_max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stratum(sample: f64, population: f64) -> Stratum {
        Stratum { sample, population: Some(population) }
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found}, {expected}");
    }

    #[test]
    fn strata_count_as_their_population_does() {
        // Eight of ten probes stand where one inhabitant of four lives.
        let found = post_stratify(&[stratum(8.0, 250.0), stratum(2.0, 750.0)], 10.0).unwrap();
        near(found.strata[0].factor, 0.25 / 0.8);
        near(found.strata[1].factor, 0.75 / 0.2);
        near(found.strata.iter().map(|of| of.sample_share * of.factor).sum(), 1.0);
        near(found.unseen_share, 0.0);
    }

    #[test]
    fn a_cap_holds_and_says_so_and_the_sample_counts_as_before() {
        let strata = [stratum(8.0, 250.0), stratum(1.0, 500.0), stratum(1.0, 250.0)];
        let found = post_stratify(&strata, 2.0).unwrap();
        near(found.strata[1].factor, 2.0);
        assert_eq!(found.strata.iter().map(|of| of.capped).collect::<Vec<_>>(), [false, true, true]);
        near(found.strata.iter().map(|of| of.sample_share * of.factor).sum(), 1.0);
        assert_eq!(post_stratify(&strata, 1.0), Err(NoWeighting::Cap(1.0)));
    }

    #[test]
    fn what_was_not_seen_is_told_and_what_is_not_known_is_refused() {
        let found = post_stratify(&[stratum(5.0, 300.0), stratum(0.0, 100.0)], 3.0).unwrap();
        near(found.unseen_share, 0.25);
        near(found.strata[0].factor, 1.0);
        near(found.strata[1].factor, 0.0);
        let unknown = Stratum { sample: 1.0, population: None };
        assert_eq!(post_stratify(&[stratum(1.0, 1.0), unknown], 3.0), Err(NoWeighting::Population(1)));
        assert_eq!(post_stratify(&[stratum(-1.0, 1.0)], 3.0), Err(NoWeighting::Number(0)));
        assert_eq!(post_stratify(&[stratum(0.0, 1.0)], 3.0), Err(NoWeighting::Empty));
    }

    #[test]
    fn probes_in_town_halls_flag_a_figure_and_so_do_probes_nobody_knows_the_place_of() {
        let site = |public_building| Site { public_building, weight: 1.0 };
        let flagged = |sites: &[Site]| public_buildings(sites, 0.5).unwrap().flagged;
        assert!(flagged(&[site(Some(true)), site(Some(true)), site(Some(false))]));
        assert!(!flagged(&[site(Some(true)), site(Some(false))]));
        assert!(flagged(&[site(None), site(Some(true)), site(Some(false))]));
        assert_eq!(public_buildings(&[], 0.5), None);
    }
}
