//! The commands: this is the place that prints.
#![expect(clippy::print_stderr, reason = "the program's complaints")]

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use desserte_boot::exit;
use desserte_geodata::{
    ImportError, ImportPlan, Language, Manifest, NotALayout, OverlayAsked, add_classes_in,
    built_in_manifests, fetch, find_in, import, import_overlay, import_summary, territory_summary,
};
use desserte_territory::{Territory, synthetic};
use indicatif::{ProgressBar, ProgressStyle};

use crate::args::{Command, ImportArgs, OverlayArgs};

/// Runs a command.
pub(crate) fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Import(args) => run_import(*args),
        Command::Overlay(args) => run_overlay(&args),
        Command::Info { file, lang } => {
            let territory = Territory::open(file)?;
            say(&territory_summary(&territory, lang.into()))
        }
        Command::Synthetic { out, seed } => {
            let territory = synthetic::territory(seed);
            write_whole(&out, &territory.to_bytes())?;
            say(&territory_summary(&territory, Language::French))
        }
        Command::Fetch { manifest, out, base_url } => run_fetch(&manifest, &out, base_url.as_deref()),
    }
}

/// Prints an error with its causes on one line each.
pub(crate) fn complain(error: &anyhow::Error) {
    eprintln!("desserte-geodata: {error}");
    for cause in error.chain().skip(1) {
        eprintln!("  {cause}");
    }
}

/// 64 where the command line is at fault, 1 where the world is.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    let usage = error.is::<NotALayout>()
        || matches!(error.downcast_ref(), Some(ImportError::NoVintage | ImportError::NothingToImport));
    if usage { exit::usage() } else { exit::failure() }
}

fn run_import(args: ImportArgs) -> anyhow::Result<()> {
    let (out, report_file) = (args.out.clone(), args.report.clone());
    let language = Language::from(args.lang);
    let plan = plan(args)?;
    let progress = progress_bar();
    let imported = import(&plan, &progress)?;
    progress.set_message("write");
    write_whole(&out, &imported.territory.to_bytes())?;
    if let Some(file) = report_file {
        let mut json = serde_json::to_vec_pretty(&imported.report).context("writing the report")?;
        json.push(b'\n');
        write_whole(&file, &json)?;
    }
    progress.finish_and_clear();
    let written = match language {
        Language::French => "Écrit",
        Language::English => "Written",
    };
    let summary = import_summary(&imported.report, &imported.territory, language);
    say(&format!("{summary}{written} : {}\n", out.display()))
}

fn read_manifest(path: &Path) -> anyhow::Result<Manifest> {
    let text = std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(Manifest::parse(&path.display().to_string(), &text)?)
}

fn plan(args: ImportArgs) -> anyhow::Result<ImportPlan> {
    let manifests = manifests(&args.manifest)?;
    let found = args.from_dir.as_deref().map(find_in).transpose()?.unwrap_or_default();
    let given = |given: Vec<PathBuf>, found: Vec<PathBuf>| if given.is_empty() { found } else { given };
    let mut plan = ImportPlan {
        communes: given(args.communes, found.communes),
        populations: given(args.populations, found.populations),
        epci: given(args.epci, found.epci),
        cog: args.cog.or(found.cog),
        movements: args.movements.or(found.movements),
        arrondissements: args.arrondissements.or(found.arrondissements),
        departements: args.departements.or(found.departements),
        regions: args.regions.or(found.regions),
        layer: args.layer,
        crs: args.crs,
        vintage: args.vintage,
        zonings: args.zoning,
        figures: args.figures,
        sites: args.sites,
        overlays: args.overlay,
        manifests,
    };
    if let Some(dir) = args.from_dir.as_deref().filter(|_| args.classes) {
        add_classes_in(dir, &mut plan);
    }
    Ok(plan)
}

/// Manifests given by hand come first, so that they win over those built in.
fn manifests(given: &[PathBuf]) -> anyhow::Result<Vec<Manifest>> {
    let mut manifests: Vec<Manifest> =
        given.iter().map(|path| read_manifest(path)).collect::<Result<_, _>>()?;
    manifests.extend(built_in_manifests());
    Ok(manifests)
}

fn run_overlay(args: &OverlayArgs) -> anyhow::Result<()> {
    let manifests = manifests(&args.manifest)?;
    let asked = OverlayAsked {
        areas: &args.areas,
        layer: args.layer.as_deref(),
        crs: args.crs.as_deref(),
        manifests: &manifests,
    };
    let (overlay, findings) = import_overlay(asked)?;
    write_whole(&args.out, &overlay.to_bytes())?;
    if let Some(file) = &args.report {
        let mut json = serde_json::to_vec_pretty(&findings).context("writing the report")?;
        json.push(b'\n');
        write_whole(file, &json)?;
    }
    let mut text = format!("{} : {} aires / areas\n", overlay.name(), overlay.areas().len());
    for finding in &findings {
        text.push_str(&format!("  {} : {} ({})\n", finding.kind.french(), finding.code, finding.detail));
    }
    say(&format!("{text}Écrit / written : {}\n", args.out.display()))
}

fn run_fetch(manifest: &Path, out: &Path, base_url: Option<&str>) -> anyhow::Result<()> {
    let manifest = read_manifest(manifest)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the downloader")?;
    let path = runtime.block_on(fetch::fetch(&manifest, out, base_url))?;
    let Manifest { title, publisher, licence, .. } = manifest;
    say(&format!("{title} ; {publisher} ; {licence}\n{}\n", path.display()))
}

/// Prints the answer; a reader that has seen enough and closed its end is no error.
fn say(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context("writing the answer"),
        _ => Ok(()),
    }
}

/// Writes beside the target first, so that a reader never meets half a file, and leaves nothing half written.
fn write_whole(path: &Path, octets: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().context("the output has no file name")?.to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    std::fs::write(&part, octets).and_then(|()| std::fs::rename(&part, path)).map_err(|error| {
        // The disk may be full: what was written would only be in the way.
        let _ = std::fs::remove_file(&part);
        anyhow::Error::new(error).context(format!("writing {}", path.display()))
    })
}

fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    // The template is fixed, so it can only fail in a test of this line.
    if let Ok(style) = ProgressStyle::with_template("{msg:>10} {bar:30} {pos}/{len} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
