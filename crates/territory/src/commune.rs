//! Administrative units, as the official geographic code names them.

use desserte_model::CommuneCode;

/// A commune, without its outline.
///
/// # Missing data
/// `None` means that no input file said so. A population of zero is a real figure: six communes destroyed in 1916
/// have no inhabitant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commune {
    /// The official code, five characters.
    pub code: CommuneCode,
    /// The name with its article, as the official list writes it.
    pub name: String,
    /// The code of the département: `23`, `2A`, `974`.
    pub departement: String,
    /// The code of the region: `75`, `01`.
    pub region: Option<String>,
    /// The code of the arrondissement, a part of a département: `231`, `9741`.
    pub arrondissement: Option<String>,
    /// The SIREN number of the EPCI (intercommunal body with its own tax): nine digits.
    pub epci: Option<String>,
    /// The municipal population (INSEE's `PMUN`, each person counted once), of the year that the source states.
    pub population: Option<u32>,
}

/// A département.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departement {
    /// The code: `23`, `2A`, `974`.
    pub code: String,
    /// The name, if an input file gave it.
    pub name: Option<String>,
    /// The code of its region, if an input file gave it.
    pub region: Option<String>,
}

/// An arrondissement, a part of a département (not one of those of Paris, Lyon and Marseille).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrondissement {
    /// The code: `231`, `9741`.
    pub code: String,
    /// The name, if an input file gave it.
    pub name: Option<String>,
}

/// A region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The code: `75`, `01`.
    pub code: String,
    /// The name, if an input file gave it.
    pub name: Option<String>,
}

/// An intercommunal body with its own tax (établissement public de coopération intercommunale à fiscalité propre).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epci {
    /// The SIREN number, nine digits.
    pub siren: String,
    /// The name, if an input file gave it.
    pub name: Option<String>,
}

impl Departement {
    /// The name, or the code where no name is known.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.code)
    }
}

impl Region {
    /// The name, or the code where no name is known.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.code)
    }
}

impl Epci {
    /// The name, or the SIREN number where no name is known.
    #[must_use]
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.siren)
    }
}
