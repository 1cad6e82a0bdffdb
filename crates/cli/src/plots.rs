//! Drawings in a directory: each as SVG with its table as CSV, and one page with all of them.

use std::path::Path;

use anyhow::Context as _;
use desserte_plot::{Plot, page};

use crate::arguments::Lang;
use crate::out::{Outcome, written_whole};

/// The page.
const PAGE: &str = "index.html";

impl From<Lang> for desserte_plot::Lang {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Fr => Self::Fr,
            Lang::En => Self::En,
        }
    }
}

/// Writes drawings; the directory is made if it is not there.
pub(crate) fn write(dir: &Path, title: &str, plots: &[Plot], lang: Lang) -> Outcome {
    std::fs::create_dir_all(dir).with_context(|| format!("cannot make {}", dir.display()))?;
    let file =
        |name: &str, text: &str| written_whole(&dir.join(name), |file| Ok(file.write_all(text.as_bytes())?));
    for plot in plots {
        file(&format!("{}.svg", plot.caption.name), &plot.svg)?;
        file(&format!("{}.csv", plot.caption.name), &plot.table.csv())?;
    }
    file(PAGE, &page(title, plots, lang.into()))
}
