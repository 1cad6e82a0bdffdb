//! The command line.

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::locate::overlays::AskedOverlay;

/// Codes with which the program ends, for `--help`.
const EXIT_CODES: &str = "Exit codes:\n   \
    0  done, or ended by a signal after finishing the requests under way\n   \
    1  something could not be done; the message says what and what to do\n   \
    2  the answer is no (no such probe)\n  \
    64  the command line or the configuration is wrong";

/// Measures what users of a territory's networks really get, and shows it commune by commune.
#[derive(Debug, Parser)]
#[command(name = "desserte", version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take in what probes send; serve pages, API and metrics.
    Collector(CollectorArguments),
    /// Register probes and look at them.
    #[command(subcommand)]
    Probe(ProbeCommand),
    /// Write a demonstration store, the same octets for the same seed, labelled as such everywhere.
    DemoData(DemoDataArguments),
    /// Write a made-up history of any number of probes and days, for trying questions and measuring them.
    DemoHistory(crate::demo_data::year::YearArguments),
    /// Compute every derived row again from the records kept, with this program's methods; a collector on the same
    /// directory takes nothing in meanwhile.
    Rebuild(DataArguments),
    /// Ask the history and what was just received, as one, a question in SQL; nothing can be changed by it. Tables and
    /// columns: docs/spec/lake.md.
    Query(crate::query::QueryArguments),
    /// Ask the history on several machines: a scheduler and any number of executors. Only in a program built for it.
    #[command(subcommand)]
    Cluster(crate::cluster::ClusterCommand),
    /// Share probes and one-time codes with the other collectors that write the same history, in PostgreSQL.
    #[command(subcommand)]
    Registry(crate::registry::RegistryCommand),
    /// Keep the history.
    #[command(subcommand)]
    Lake(LakeCommand),
    /// Seal what was received day by day, note what happens to probes, prove and check.
    #[command(subcommand)]
    Custody(crate::custody::CustodyCommand),
    /// Make the dossier of a place and a period, a PDF and the bundle that proves it; check one, or make it again.
    #[command(subcommand)]
    Dossier(crate::dossier::DossierCommand),
    /// Write open data: figures by commune and month with dictionary, catalogue and checksums; only what may be released.
    Export(crate::export::OpenDataArguments),
    /// Copy the store and its history, as they belong together, while a collector may run.
    Backup(crate::backup::BackupArguments),
    /// Make a data directory of a backup, after checking every octet of it.
    Restore(crate::backup::RestoreArguments),
    /// Send what came since the last time to a store that takes Prometheus remote write, each sample at its true time.
    RemoteWrite(crate::remote_write::RemoteWriteArguments),
    /// Let people and programs ask the history over PostgreSQL's protocol (docs/spec/sql.md).
    #[command(subcommand)]
    Sql(crate::sql::SqlCommand),
    /// Add to a table of positions the commune of each.
    Locate(LocateArguments),
    /// Look into a territory file.
    #[command(subcommand)]
    Territory(TerritoryCommand),
    /// Say how unequally something is spread, and how sure that is.
    #[command(subcommand)]
    Equity(EquityCommand),
    /// Say what the lines of a place allowed their users to do, hour by hour, and how sure that is.
    Service(crate::service::ServiceArguments),
    /// Make a month's service and equity indicators, and keep them for the API and the tables.
    Indicators(crate::indicators::IndicatorsArguments),
    /// Say what each territory would get, or give, under a scenario of péréquation.
    Perequation(crate::perequation::PerequationArguments),
    /// Look at what others measured or declared, beside ours.
    #[command(subcommand)]
    Ledger(crate::ledger::LedgerCommand),
    /// Say where tests contradict declared coverage, cell by cell, and where there are not enough of them to say anything.
    Contradiction(crate::contradiction::ContradictionArguments),
    /// Say who may log in to the pages of the administration (docs/spec/roles.md).
    #[command(subcommand)]
    Account(crate::account::AccountCommand),
    /// Say who may use the administration interface (docs/spec/roles.md).
    #[command(subcommand)]
    Token(crate::token::TokenCommand),
    /// List the pages kept for permanent links, and withdraw one.
    #[command(subcommand)]
    Edition(crate::edition::EditionCommand),
    /// Show who asked what of the administration: codes made and used, probes added, moved and retired, and every refusal.
    Audit(crate::audit::AuditArguments),
    /// Say what measuring itself costs: octets, processor time, electricity, manufacture, traffic (docs/spec/footprint.md).
    Footprint(crate::footprint::FootprintArguments),
    /// Print the register of what is kept: of whom, what for and for how long (docs/spec/retention.md).
    Register(crate::register::RegisterArguments),
    /// Plan a campaign of tests on one line, and check it against its rules.
    #[command(subcommand)]
    Campaign(crate::campaign::CampaignCommand),
    /// Print the version.
    Version,
}

/// What to say of inequality.
#[derive(Debug, Subcommand)]
pub(crate) enum EquityCommand {
    /// Indices of inequality and of want of a column of any table, weighted, and parted between and within groups.
    Index(crate::equity::IndexArguments),
    /// An external ledger over a whole territory: distributions, what lies between and within classes of communes, and which
    /// differences are more than chance.
    National(crate::national::NationalArguments),
    /// Whether neighbours are alike: Moran's index of a column, of the whole and of each place, with how rare it is.
    Moran(crate::equity::MoranArguments),
}

/// Options of `desserte locate`.
#[derive(Debug, Args)]
pub(crate) struct LocateArguments {
    /// Territory file made by `desserte-geodata import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: PathBuf,
    /// Name of the column of longitudes, WGS 84 degrees.
    #[arg(long, value_name = "COLUMN", default_value = "lon")]
    pub(crate) lon: String,
    /// Name of the column of latitudes, WGS 84 degrees.
    #[arg(long, value_name = "COLUMN", default_value = "lat")]
    pub(crate) lat: String,
    /// Table to read: Parquet, or CSV with a header, delimited by comma, semicolon or tab; also gzip.
    #[arg(value_name = "IN")]
    pub(crate) input: PathBuf,
    /// Table to write, Parquet if its name ends so, else CSV: the same rows in the same order, with commune, status
    /// and distance_m added.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Give a point in no commune the nearest one within so many metres; across a land border too.
    #[arg(long, value_name = "METRES", default_value_t = 0.0)]
    pub(crate) nearest_within: f64,
    /// Error of the positions in metres: where it reaches several communes, the status is `border` and a column
    /// `candidates` names them.
    #[arg(long, value_name = "METRES", default_value_t = 0.0)]
    pub(crate) error: f64,
    /// Add a column with the code of the area that holds each point: an overlay of the territory by its name, or one of a
    /// file (.dso) that `desserte-geodata overlay` made; repeatable. Where several areas hold a point, the first in the
    /// overlay's order is named.
    #[arg(long, value_name = "NAME|NAME=FILE")]
    pub(crate) overlay: Vec<AskedOverlay>,
    /// Take overlays whose licence forbids passing them on as well: the table is then for your own use alone.
    #[arg(long, requires = "overlay")]
    pub(crate) own_use: bool,
    /// What the names of the added columns begin with, if the table has some of these already.
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) prefix: String,
    /// Threads to use; by default as many as the machine runs at once.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
    /// Language of the summary.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// A language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Lang {
    /// Français
    Fr,
    /// English
    En,
}

/// What to do with a territory file.
#[derive(Debug, Subcommand)]
pub(crate) enum TerritoryCommand {
    /// Say what the file holds, from where, and how large its parts are.
    Info(InfoArguments),
    /// Check the file against its checksums and its fingerprint, and every look-up against the outlines.
    Check(TerritoryArguments),
    /// Table of communes by classes (initiative, density, mountain, coast, overseas, incomes…), each with its source.
    Classes(crate::territory::ClassesArguments),
    /// Follow commune codes from one year's list to another's.
    Translate(crate::translate::TranslateArguments),
    /// Write communes with all that is known of them, or the areas of an overlay, for other programs.
    Export(ExportArguments),
    /// Write vector tiles of the communes, départements and regions, for maps on the web, as one PMTiles file.
    Tiles(TilesArguments),
    /// Write outlines as one SVG file, for pages and for print.
    Svg(SvgArguments),
}

/// Options of `desserte territory check`.
#[derive(Debug, Args)]
pub(crate) struct TerritoryArguments {
    /// The territory file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Options of `desserte territory info`.
#[derive(Debug, Args)]
pub(crate) struct InfoArguments {
    /// The territory file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
    /// Language of the text.
    #[arg(long, value_enum, default_value_t = Lang::Fr)]
    pub(crate) lang: Lang,
}

/// Options of `desserte territory export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The territory file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to write.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// Format; by default the one that the name of OUT ends with: .geojson, .parquet or .fgb.
    #[arg(long, value_enum)]
    pub(crate) format: Option<ExportFormat>,
    /// Write the areas of this overlay instead of communes.
    #[arg(long, value_name = "NAME")]
    pub(crate) overlay: Option<String>,
    /// How wrong the outlines may be, in metres; by default they are exact. Neighbours keep their common borders.
    #[arg(long, value_name = "METRES", default_value_t = 0.0, conflicts_with = "overlay")]
    pub(crate) tolerance: f64,
}

/// A format that communes are exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// `GeoJSON` (RFC 7946)
    #[value(name = "geojson")]
    GeoJson,
    /// `GeoParquet` 1.1, outlines as WKB
    #[value(name = "geoparquet")]
    GeoParquet,
    /// `FlatGeobuf` 3, with its index
    #[value(name = "flatgeobuf")]
    FlatGeobuf,
}

/// Options of `desserte territory tiles`.
#[derive(Debug, Args)]
pub(crate) struct TilesArguments {
    /// The territory file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to write.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// First and last zoom.
    #[arg(long, value_name = "FIRST-LAST", default_value = "0-11")]
    pub(crate) zoom: String,
    /// Threads to use; by default as many as the machine runs at once.
    #[arg(long, value_name = "COUNT")]
    pub(crate) threads: Option<NonZeroUsize>,
}

/// Options of `desserte territory svg`.
#[derive(Debug, Args)]
pub(crate) struct SvgArguments {
    /// The territory file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Where to write.
    #[arg(long, value_name = "OUT")]
    pub(crate) out: PathBuf,
    /// The communes of one département, instead of all of the territory.
    #[arg(long, value_name = "CODE")]
    pub(crate) departement: Option<String>,
    /// What a map of all of the territory shows.
    #[arg(long, value_enum, default_value = "communes", conflicts_with = "departement")]
    pub(crate) detail: SvgDetail,
    /// Width in pixels, 64 to 4096; borders are as exact as it takes.
    #[arg(long, value_name = "PIXELS", default_value_t = 1_000)]
    pub(crate) width: u32,
}

/// What a map of all of the territory shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SvgDetail {
    /// Every commune.
    Communes,
    /// Every département.
    Departements,
}

/// Options of `desserte collector`.
#[derive(Debug, Args)]
pub(crate) struct CollectorArguments {
    /// Directory of the store, created if missing.
    #[arg(long, value_name = "DIR", required_unless_present = "print_config")]
    pub(crate) data: Option<PathBuf>,
    /// Territory file made by `desserte-geodata import`; by default the one in DIR, as `demo-data` puts it there.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: Option<PathBuf>,
    /// Address to listen on; may be repeated. Plain HTTP: put a proxy that speaks TLS in front of it before others can reach it.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub(crate) listen: Vec<SocketAddr>,
    /// Configuration file (TOML); see `--print-config`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Label everything shown as a demonstration.
    #[arg(long)]
    pub(crate) demonstration: bool,
    /// Hand over what came in to the history every so many seconds, and keep the history once an hour; by default `desserte
    /// lake` does both when it is run.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) flush_every: Option<u64>,
    /// Print the commented default configuration and end.
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// What to do with probes.
#[derive(Debug, Subcommand)]
pub(crate) enum ProbeCommand {
    /// Make a one-time code for a site: whoever installs the probe there gives it to `desserte-probe enrol`.
    Invite(crate::probe::invite::InviteArguments),
    /// Take back a code that was not used yet.
    Withdraw(crate::probe::invite::WithdrawArguments),
    /// Register a probe's public key. A collector on the same directory knows it at once.
    Add(ProbeAddArguments),
    /// List the probes, how each stands (waiting, active, silent, retired), and the codes that can still be used.
    List(DataArguments),
    /// Name another site for a probe that was carried there; a note tells from where to where.
    Move(ProbeMoveArguments),
    /// Declare where a probe stands, which decides what of its figures may be published (docs/spec/open-data.md).
    Host(ProbeHostArguments),
    /// Refuse a probe's batches from now on; what it sent stays.
    Retire(ProbeRetireArguments),
    /// Erase everything that a probe out of service measured, so that what was sealed can still be checked (docs/spec/erasure.md). Stop
    /// the collector meanwhile: probes keep what they measure.
    Erase(crate::probe::erase::ProbeEraseArguments),
}

/// Options of `desserte probe add`.
#[derive(Debug, Args)]
pub(crate) struct ProbeAddArguments {
    /// Directory of the store, the one the collector is started with.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Create the store when there is none yet.
    #[arg(long)]
    pub(crate) create: bool,
    /// The key as `desserte-probe key` prints it.
    #[arg(long, value_name = "BASE64")]
    pub(crate) public_key: String,
    /// What you call the probe; never published.
    #[arg(long)]
    pub(crate) name: String,
    /// The site it stands at; never published.
    #[arg(long)]
    pub(crate) site: Option<String>,
    /// Take it over from the collector it belongs to, where it is out of service, or which is gone.
    #[arg(long)]
    pub(crate) take_over: bool,
}

/// Options of `desserte probe move`.
#[derive(Debug, Args)]
pub(crate) struct ProbeMoveArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The probe's identifier, as `desserte probe list` shows it.
    #[arg(value_name = "PROBE")]
    pub(crate) probe: String,
    /// Where it stands from now on; never published. The position in its own configuration is what its records say.
    #[arg(value_name = "PLACE")]
    pub(crate) site: String,
}

/// Options of `desserte probe host`.
#[derive(Debug, Args)]
pub(crate) struct ProbeHostArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The probe's identifier, as `desserte probe list` shows it.
    #[arg(value_name = "PROBE")]
    pub(crate) probe: String,
    /// Where it stands.
    #[arg(value_enum)]
    pub(crate) host: ProbeHost,
}

/// Where a probe stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProbeHost {
    /// A public building, whose owner agreed that a commune's published figures may be those of this one site
    Public,
    /// Someone's home; what is not declared is taken for this
    Person,
}

/// Options of `desserte probe retire`.
#[derive(Debug, Args)]
pub(crate) struct ProbeRetireArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// The probe's identifier, as `desserte probe list` shows it.
    #[arg(value_name = "PROBE")]
    pub(crate) probe: String,
}

/// Where made-up data go, and what they are made from.
#[derive(Debug, Args)]
pub(crate) struct DemoPlaceArguments {
    /// Directory to write into; it must hold no store yet.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Seed of everything that is made up.
    #[arg(long, default_value_t = 23)]
    pub(crate) seed: u64,
    /// Territory file; by default a made-up département.
    #[arg(long, value_name = "FILE")]
    pub(crate) territory: Option<PathBuf>,
    /// Département to put the made-up probes in; by default the first of the territory.
    #[arg(long, value_name = "CODE")]
    pub(crate) departement: Option<String>,
}

/// Options of `desserte demo-data`.
#[derive(Debug, Args)]
pub(crate) struct DemoDataArguments {
    #[command(flatten)]
    pub(crate) place: DemoPlaceArguments,
    /// Days of throughput runs, the last of which is 31 October 2026.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(2..=1_100))]
    pub(crate) days: u16,
    /// Days, counted from the end, in which every minute is recorded: minutes make nearly all the octets of a store, and
    /// two days show all there is to show.
    #[arg(long, value_name = "DAYS", default_value_t = 2)]
    pub(crate) minute_days: u16,
    /// Probes at the most; by default all 34 that a département has room for.
    #[arg(long, value_name = "PROBES")]
    pub(crate) probes: Option<usize>,
}

/// What to do with the history.
#[derive(Debug, Subcommand)]
pub(crate) enum LakeCommand {
    /// Hand over what waits in the store. It may be ended and repeated at any time, beside a running collector too.
    Flush(DataArguments),
    /// Add up what came by hour and by day (tables `site_hour` and `commune_day`); questions are answered rightly before, too, but
    /// more slowly.
    Rollup(DataArguments),
    /// Put small files together and remove those without use.
    Compact(DataArguments),
    /// Erase rows of probes at homes whose time is over, as far as the collector has erased them in the store; one that hands over by
    /// itself does this too.
    Retain(DataArguments),
    /// Read every row and count it; ends with 2 if something is wrong.
    Check(DataArguments),
}

/// The directory to work on.
#[derive(Debug, Args)]
pub(crate) struct DataArguments {
    /// Directory of the store.
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Arguments::command().debug_assert();
    }
}
