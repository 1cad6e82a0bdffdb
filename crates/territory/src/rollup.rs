//! From a commune to what it belongs to, and sums over communes.

use desserte_model::CommuneCode;

use crate::{Commune, Departement, Epci, Region, Territory};

/// A population summed over communes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PopulationSum {
    /// Inhabitants of the communes that have a figure; `None` if none has.
    pub inhabitants: Option<u64>,
    /// Communes summed over, with or without a figure.
    pub communes: usize,
    /// Communes whose population is not known. Unless this is zero, `inhabitants` is a lower bound.
    pub communes_without_figure: usize,
}

impl PopulationSum {
    /// Sums the municipal populations.
    ///
    /// # Missing data
    /// A commune without a figure adds nothing and is counted apart; it is not taken for empty.
    pub fn over<'a>(communes: impl IntoIterator<Item = &'a Commune>) -> Self {
        let mut sum = Self { inhabitants: None, communes: 0, communes_without_figure: 0 };
        for commune in communes {
            sum.communes += 1;
            match commune.population {
                Some(count) => sum.inhabitants = Some(sum.inhabitants.unwrap_or(0) + u64::from(count)),
                None => sum.communes_without_figure += 1,
            }
        }
        sum
    }
}

impl Territory {
    /// The EPCI of a commune; `None` if the commune is unknown here, is in none, or no source said which.
    #[must_use]
    pub fn epci_of(&self, code: CommuneCode) -> Option<&Epci> {
        self.epci(self.commune(code)?.epci.as_deref()?)
    }

    /// The département of a commune; `None` if the commune is unknown here.
    #[must_use]
    pub fn departement_of(&self, code: CommuneCode) -> Option<&Departement> {
        self.departement(&self.commune(code)?.departement)
    }

    /// The region of a commune; `None` if the commune is unknown here or no source said which.
    #[must_use]
    pub fn region_of(&self, code: CommuneCode) -> Option<&Region> {
        self.region(self.commune(code)?.region.as_deref()?)
    }

    /// The population of the whole territory.
    #[must_use]
    pub fn population(&self) -> PopulationSum {
        PopulationSum::over(self.communes())
    }

    /// The population of a département.
    #[must_use]
    pub fn population_of_departement(&self, departement: &str) -> PopulationSum {
        PopulationSum::over(self.communes_of_departement(departement))
    }

    /// The population of a region.
    #[must_use]
    pub fn population_of_region(&self, region: &str) -> PopulationSum {
        PopulationSum::over(self.communes().filter(|commune| commune.region.as_deref() == Some(region)))
    }

    /// The population of an arrondissement, a part of a département.
    #[must_use]
    pub fn population_of_arrondissement(&self, arrondissement: &str) -> PopulationSum {
        let here = |commune: &&Commune| commune.arrondissement.as_deref() == Some(arrondissement);
        PopulationSum::over(self.communes().filter(here))
    }

    /// The population of an EPCI.
    #[must_use]
    pub fn population_of_epci(&self, siren: &str) -> PopulationSum {
        PopulationSum::over(self.communes_of_epci(siren))
    }
}
