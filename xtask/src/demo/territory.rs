//! Which outlines the demonstration stands on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;
use crate::workspace::Workspace;

/// The manifest of the official outlines of Creuse.
const MANIFEST: &str = "geodata/sources/communes-23-2018.toml";

pub(crate) struct Territory {
    pub(crate) file: PathBuf,
    pub(crate) departement: &'static str,
    pub(crate) description: String,
    pub(crate) synthetic: bool,
}

/// Imports `geodata` if given; else the official outlines, downloaded and checked; else makes a département up.
pub(crate) fn prepare(workspace: &Workspace, geodata: Option<&Path>, folder: &Path) -> Result<Territory> {
    let file = folder.join("territory.dst");
    let tool = |words: &[&str]| {
        let mut command = Command::new(workspace.programs().join("desserte-geodata"));
        command.args(words);
        command
    };
    let out = file.to_str().context("the cache folder's path is not text")?;
    if let Some(geodata) = geodata {
        let from = geodata.to_str().context("the path of --geodata is not text")?;
        shell::run(&mut tool(&["import", "--from-dir", from, "--out", out]))?;
        let description = format!("les communes de {}", geodata.display());
        return Ok(Territory { file, departement: "23", description, synthetic: false });
    }
    let manifest = workspace.root.join(MANIFEST);
    let downloads = workspace.cache.join("geodata");
    let (manifest, into) =
        (manifest.to_string_lossy().into_owned(), downloads.to_string_lossy().into_owned());
    match shell::run(&mut tool(&["fetch", &manifest, "--out", &into])) {
        Ok(()) => {
            let outlines = downloads.join("communes-23-creuse.geojson");
            let outlines = outlines.to_str().context("the cache folder's path is not text")?;
            shell::run(&mut tool(&["import", "--communes", outlines, "--vintage", "2018", "--out", out]))?;
            let description =
                "les communes de la Creuse au 1er janvier 2018 (IGN Admin Express, Licence Ouverte)"
                    .to_owned();
            Ok(Territory { file, departement: "23", description, synthetic: false })
        }
        Err(error) => {
            shell::complain(&format!("Les contours officiels n'ont pas pu être téléchargés ({error:#})."));
            shell::run(&mut tool(&["synthetic", "--out", out]))?;
            let description = "un département fictif, fabriqué par le programme".to_owned();
            Ok(Territory { file, departement: "99", description, synthetic: true })
        }
    }
}
