//! The command line.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use desserte_geodata::{Language, NamedFile};

/// Makes and describes territory files.
#[derive(Debug, Parser)]
#[command(
    name = "desserte-geodata",
    version,
    about = "Boundary and population files to one territory file (.dst)\n\
             En français : importe les contours de communes, les populations et les rattachements en un seul fichier",
    after_help = "Exit codes: 0 done; 1 could not be done, the message says why and what to do; 64 wrong command line."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Imports outlines and lists into a territory file, and reports what was repaired, dropped or missing
    Import(Box<ImportArgs>),
    /// Makes a file of its own of a polygon layer, for large ones such as declared coverage
    Overlay(OverlayArgs),
    /// Says what a territory file holds
    Info {
        /// The territory file
        file: PathBuf,
        /// Language of the text
        #[arg(long, value_enum, default_value_t = Lang::Fr)]
        lang: Lang,
    },
    /// Writes a made-up département, labelled as such, for demonstrations without real outlines
    Synthetic {
        /// Where to write the territory file
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Number that the département is made from; the same number gives the same file
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Downloads the file that a manifest describes, and keeps it only if its checksum is right
    Fetch {
        /// The manifest, a TOML file as in geodata/sources
        manifest: PathBuf,
        /// Folder to put the file into
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Folder of a mirror to download from instead of the manifest's address
        #[arg(long, value_name = "URL")]
        base_url: Option<String>,
    },
}

/// Inputs and outputs of an import.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// Commune outlines, in any vector format of GDAL, also gzip or zip; repeat for one file per territory
    #[arg(long, value_name = "FILE", required_unless_present = "from_dir")]
    pub(crate) communes: Vec<PathBuf>,
    /// Folder to find all inputs in (boundaries/, cog/); files given by name win
    #[arg(long, value_name = "DIR")]
    pub(crate) from_dir: Option<PathBuf>,
    /// Take from the folder the official tables too that classes of communes are read from (zones of fibre, density, ZRR, FRR,
    /// coast, incomes, priority neighbourhoods…), as far as it holds them
    #[arg(long, requires = "from_dir")]
    pub(crate) classes: bool,
    /// Municipal populations (INSEE), CSV, also gzip; repeatable, the first that knows a commune decides
    #[arg(long, value_name = "FILE", visible_alias = "mayotte-populations")]
    pub(crate) populations: Vec<PathBuf>,
    /// Official list of communes (INSEE COG), with delegated and associated communes and arrondissements where it has them
    #[arg(long, value_name = "FILE")]
    pub(crate) cog: Option<PathBuf>,
    /// Movements of communes since 1943 (INSEE v_mvt_commune, any year), CSV, also gzip: codes of other years are then
    /// followed, and tables of other years carried over
    #[arg(long, value_name = "FILE")]
    pub(crate) movements: Option<PathBuf>,
    /// EPCI: members, names or both; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) epci: Vec<PathBuf>,
    /// Official list of départements
    #[arg(long, value_name = "FILE")]
    pub(crate) departements: Option<PathBuf>,
    /// Official list of regions
    #[arg(long, value_name = "FILE")]
    pub(crate) regions: Option<PathBuf>,
    /// Zonings by commune, under a name: CSV or spreadsheet of a known layout, or a table of codes and values; repeatable
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) zoning: Vec<NamedFile>,
    /// Figures by commune, under a name: incomes, premises by technology or bit rate; repeatable
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) figures: Vec<NamedFile>,
    /// Arcep's mobile sites, counted by commune and operator under a name; repeatable
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) sites: Vec<NamedFile>,
    /// Areas that are no communes (priority neighbourhoods, closure of copper), a polygon layer under a name; repeatable
    #[arg(long, value_name = "NAME=FILE")]
    pub(crate) overlay: Vec<NamedFile>,
    /// Manifest that describes an input (title, licence, whether it may be passed on), as in geodata/sources; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// Official list of arrondissements, for their names
    #[arg(long, value_name = "FILE")]
    pub(crate) arrondissements: Option<PathBuf>,
    /// Year of the list of communes (COG of 1 January), if no file name says it
    #[arg(long, value_name = "YEAR", value_parser = clap::value_parser!(u16).range(1999..=2100))]
    pub(crate) vintage: Option<u16>,
    /// Layer of the communes, if a file has several of unknown names
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,
    /// Reference system of the outlines, if the file states none or a wrong one, such as EPSG:2154
    #[arg(long, value_name = "CRS")]
    pub(crate) crs: Option<String>,
    /// Where to write the territory file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where to write the report as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Language of the summary
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Input and output of an overlay in a file of its own.
#[derive(Debug, ClapArgs)]
pub(crate) struct OverlayArgs {
    /// The polygon layer, under the name to give it
    #[arg(value_name = "NAME=FILE")]
    pub(crate) areas: NamedFile,
    /// Layer to read, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(crate) layer: Option<String>,
    /// Reference system, if the file states none or a wrong one, such as EPSG:2154
    #[arg(long, value_name = "CRS")]
    pub(crate) crs: Option<String>,
    /// Manifest that describes the file; repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Vec<PathBuf>,
    /// Where to write the overlay (.dso)
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where to write the findings as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Français
    Fr,
    /// English
    En,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Fr => Self::French,
            Lang::En => Self::English,
        }
    }
}
