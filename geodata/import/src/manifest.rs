//! Descriptions of source files: what they are, who publishes them under which licence, and how to know them.

use desserte_territory::Redistribution;
use serde::Deserialize;

/// One source file, as `geodata/sources/*.toml` describes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The title under which the file is credited.
    pub title: String,
    /// Who publishes it.
    pub publisher: String,
    /// Its licence.
    pub licence: String,
    /// The date or year that the data describe.
    pub vintage: String,
    /// The year of the list of communes that its codes belong to, where it has commune codes.
    pub cog_vintage: Option<u16>,
    /// The name to give the file.
    pub file: String,
    /// Where to download it; absent for files that are not published at one address.
    pub url: Option<String>,
    /// SHA-256, 64 hexadecimal digits; absent where the file was not at hand. It is then known by its name.
    pub sha256: Option<String>,
    /// Whether the licence allows that it is passed on; `forbidden` keeps it out of every export.
    #[serde(default)]
    pub redistribution: Passing,
    /// The reference system, for outlines.
    pub crs: Option<String>,
    /// What one should know before using it.
    pub notes: Option<String>,
}

/// Whether a file may be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Passing {
    /// It may, with the credit that its licence asks for.
    #[default]
    Allowed,
    /// It must not.
    Forbidden,
}

impl From<Passing> for Redistribution {
    fn from(passing: Passing) -> Self {
        match passing {
            Passing::Allowed => Self::Allowed,
            Passing::Forbidden => Self::Forbidden,
        }
    }
}

/// A manifest that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It is not TOML, or lacks a field, or has one that is not known.
    #[error("reading manifest {name}")]
    Syntax {
        /// Which one.
        name: String,
        /// What is wrong, with line and column.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A field holds nonsense.
    #[error("manifest {name}: {what}")]
    Field {
        /// Which one.
        name: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    /// When a field is missing or unknown, the checksum is none, or the file name leads out of its folder.
    pub fn parse(name: &str, text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)
            .map_err(|source| ManifestError::Syntax { name: name.to_owned(), source: Box::new(source) })?;
        let wrong = |what| ManifestError::Field { name: name.to_owned(), what };
        let is_sum = |sum: &String| sum.len() == 64 && hex::decode(sum).is_ok();
        if !manifest.sha256.as_ref().is_none_or(is_sum) {
            return Err(wrong("sha256 is not 64 hexadecimal digits"));
        }
        if manifest.file.is_empty() || manifest.file.starts_with('.') || manifest.file.contains(['/', '\\']) {
            return Err(wrong("file is to be a plain file name"));
        }
        Ok(manifest)
    }
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../sources/", $name)))),*]
    };
}

/// The manifests that came with the program, so that known files are credited wherever they are imported.
///
/// # Panics
/// Never: a test parses them all.
#[must_use]
pub fn built_in_manifests() -> Vec<Manifest> {
    built_in![
        "communes-23-2018.toml",
        "communes-23-derived.toml",
        "communes-2018.toml",
        "communes-2026-derived.toml",
        "cog-communes-2026.toml",
        "cog-arrondissements-2026.toml",
        "cog-departements-2026.toml",
        "cog-mouvements-2026.toml",
        "cog-passage-2025.toml",
        "cog-regions-2026.toml",
        "epci-2025.toml",
        "epci-names-2025.toml",
        "populations-2023.toml",
        "populations-2017-mayotte.toml",
        "arcep-fixed-2026t2-creuse.toml",
        "arcep-ftth-2018t1-communes.toml",
        "arcep-ftth-2018t1-deploiement.toml",
        "copper-closure-technical-2024.toml",
        "density-grid-2024.toml",
        "filosofi-2021.toml",
        "frr-2025-07.toml",
        "insee-zonages-2025.toml",
        "mobile-sites-2018.toml",
        "mobile-sites-2023t4-normandie-orange.toml",
        "mobile-sites-2026t1.toml",
        "ookla-fixed-2023q2-creuse.toml",
        "ookla-fixed-2023q2-drom.toml",
        "ookla-fixed-2023q2-metropole.toml",
        "qpv-2014-occitanie.toml",
        "qpv-2024.toml",
        "postcodes-2026.toml",
        "zonage-abc.toml",
        "zrr-2019.toml",
        "zrr-2021.toml",
    ]
    .iter()
    .map(|(name, text)| Manifest::parse(name, text).expect("built-in manifests are tested"))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_manifests_are_sound_and_distinct() {
        let manifests = built_in_manifests();
        let known = |manifest: &Manifest| manifest.sha256.clone().unwrap_or_else(|| manifest.file.clone());
        let mut sums: Vec<_> = manifests.iter().map(known).collect();
        sums.sort_unstable();
        sums.dedup();
        assert_eq!(sums.len(), manifests.len());
        for manifest in &manifests {
            let tied = manifest.licence.contains("-NC");
            assert_eq!(manifest.redistribution == Passing::Forbidden, tied, "{}", manifest.title);
        }
    }

    #[test]
    fn a_manifest_cannot_write_outside_its_folder_or_hide_a_typing_error() {
        let text = |file: &str, extra: &str| {
            let sum = "0".repeat(64);
            format!(
                "title='t'\npublisher='p'\nlicence='l'\nvintage='v'\nsha256='{sum}'\nfile='{file}'\n{extra}"
            )
        };
        assert!(Manifest::parse("m", &text("a.geojson", "")).is_ok());
        for file in ["../a", "/etc/a", ".hidden", ""] {
            assert!(Manifest::parse("m", &text(file, "")).is_err(), "{file}");
        }
        let error = Manifest::parse("m", &text("a", "urll='x'")).unwrap_err();
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("urll"));
    }
}
