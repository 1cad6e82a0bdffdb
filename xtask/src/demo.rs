//! The main job on this machine: a server, a collector and three probes behind emulated lines.

mod certificate;
mod houses;
mod process;
mod territory;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use desserte_netlab::Lab;

use crate::workspace::Workspace;
use crate::{map_library, packages, shell};
use houses::House;
use process::Processes;

/// Where the page is served unless `--listen` says otherwise: to this machine only.
const DEFAULT_LISTEN: &str = "127.0.0.1:8080";
const MEASUREMENT_PORT: u16 = 4443;
const LAB_NAME: &str = "desdem";
const LAB_SUBNET: u8 = 250;
/// When the slowest line is cut, and for how long, so that an outage can be seen.
const CUT_AFTER: Duration = Duration::from_secs(240);
const CUT_FOR: Duration = Duration::from_secs(150);

struct Options {
    geodata: Option<PathBuf>,
    listen: SocketAddr,
    /// Ends by itself after this time; for tests.
    seconds: Option<u64>,
}

/// Builds, starts everything, waits for Ctrl-C, and removes all it made.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let options = Options::parse(arguments)?;
    packages::ensure(&[packages::BUILD, packages::DEMO])?;
    let started = Instant::now();
    workspace.build_programs()?;
    shell::say(&format!("Construit en {} s.", started.elapsed().as_secs()));

    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stop)).context("cannot listen to Ctrl-C")?;
    }
    let folder = Folder::new(workspace)?;
    let outcome = measure(workspace, &options, &folder.path, &stop);
    shell::say("Arrêt : programmes, lignes émulées et données de démonstration sont retirés.");
    outcome
}

fn measure(workspace: &Workspace, options: &Options, folder: &Path, stop: &AtomicBool) -> Result<()> {
    let territory = territory::prepare(workspace, options.geodata.as_deref(), folder)?;
    let mut lab = lab();
    let server = match &mut lab {
        Some(lab) => lab.beyond(1)?,
        None => Ipv4Addr::LOCALHOST,
    };
    let second_target = match &mut lab {
        Some(lab) => lab.beyond(2)?,
        None => Ipv4Addr::new(127, 0, 0, 2),
    };
    let site =
        houses::Beyond { server, second_target, port: MEASUREMENT_PORT, collector: options.listen.port() };

    // Declared after the lab, so that the programs end before their lines are taken away.
    let mut processes = Processes::new(folder, workspace.programs());
    let certificate = certificate::make(folder, server)?;
    let measurement = SocketAddr::from((server, MEASUREMENT_PORT)).to_string();
    processes.start(
        "desserte-server",
        None,
        &[
            "--id",
            "demonstration",
            "--listen-tls",
            &measurement,
            "--tls-cert",
            &certificate.server,
            "--tls-key",
            &certificate.key,
            "--capacity-mbit",
            "1000",
        ],
    )?;
    let data = folder.join("collector");
    fs::create_dir_all(&data)?;
    let configuration = folder.join("collector.toml");
    let map = zoomable(workspace, &processes, &territory.file, folder);
    fs::write(&configuration, format!("{COLLECTOR_CONFIGURATION}{}", map.unwrap_or_default()))?;
    let (data, territory_file) = (text(&data)?, text(&territory.file)?);
    let listen = options.listen.to_string();
    let for_probes = SocketAddr::from((server, options.listen.port())).to_string();
    let mut words =
        vec!["collector", "--config", text(&configuration)?, "--data", data, "--territory", territory_file];
    words.extend(["--listen", &listen]);
    if for_probes != listen {
        words.extend(["--listen", &for_probes]);
    }
    processes.start("desserte", Some("collector"), &words)?;
    processes.wait_until_ready(options.listen, stop)?;

    let mut slowest = None;
    for house in House::three(&territory) {
        let line = match &mut lab {
            Some(lab) => Some(lab.line(house.short, house.download, house.upload)?),
            None => None,
        };
        let configuration = house.write(folder, &site, &certificate.authority)?;
        let told = processes.output("desserte-probe", &["key", "--config", text(&configuration)?])?;
        let key = told.lines().find_map(|line| line.strip_prefix("public-key "));
        let key = key.context("desserte-probe key shows no public key")?;
        processes.output(
            "desserte",
            &[
                "probe",
                "add",
                "--data",
                data,
                "--public-key",
                key.trim(),
                "--name",
                house.short,
                "--site",
                house.place,
            ],
        )?;
        processes.start_in(
            line.as_ref(),
            "desserte-probe",
            house.short,
            &["run", "--config", text(&configuration)?],
        )?;
        slowest = slowest.or(line);
    }
    announce(options, &territory, lab.is_some());

    let begun = Instant::now();
    let mut cut = false;
    while !stop.load(Ordering::Relaxed) && options.seconds.is_none_or(|s| begun.elapsed().as_secs() < s) {
        processes.check()?;
        std::thread::sleep(Duration::from_millis(200));
        let within = (CUT_AFTER..CUT_AFTER + CUT_FOR).contains(&begun.elapsed());
        if let Some(line) = slowest.as_ref().filter(|_| within != cut) {
            if within {
                line.cut()?
            } else {
                line.restore()?
            }
            shell::say(if within {
                "La ligne ADSL est coupée (exprès)."
            } else {
                "La ligne ADSL est rétablie."
            });
            cut = within;
        }
    }
    Ok(())
}

/// Minutes stand for weeks, so a few runs and minutes are enough to print a figure; every page says that it is a
/// demonstration.
const COLLECTOR_CONFIGURATION: &str = "\
# Written by `cargo xtask demo`.
[publication]
demonstration = true
minimum_runs = 3
minimum_known_minutes = 2
period_days = 1
";

/// What the collector's configuration says of the zoomable map, where npm can bring its library; the demonstration does without
/// otherwise.
fn zoomable(workspace: &Workspace, processes: &Processes, territory: &Path, folder: &Path) -> Option<String> {
    let made = || -> Result<String> {
        let library = map_library::install(workspace)?.join("dist");
        let tiles = folder.join("territoire.pmtiles");
        processes.output("desserte", &["territory", "tiles", text(territory)?, "--out", text(&tiles)?])?;
        Ok(format!("\n[map]\ntiles = '{}'\nlibrary = '{}'\n", tiles.display(), library.display()))
    };
    match made() {
        Ok(lines) => Some(lines),
        Err(error) => {
            shell::complain(&format!("Pas de carte à zoomer ici ({error:#}) ; tout le reste s'en passe."));
            None
        }
    }
}

/// Emulated lines, where the kernel and our rights allow them.
fn lab() -> Option<Lab> {
    match Lab::new(LAB_NAME, LAB_SUBNET) {
        Ok(lab) => Some(lab),
        Err(error) => {
            shell::complain(&format!(
                "Pas de lignes émulées ici ({error}) : les sondes mesurent la boucle locale. Relancez en root pour les avoir."
            ));
            None
        }
    }
}

fn announce(options: &Options, territory: &territory::Territory, shaped: bool) {
    let lines = if shaped {
        "Trois sondes mesurent, derrière des lignes mises en forme par le noyau :\n  \
         adsl 2 / 0,5 Mbit/s, box 4G 20 / 2 Mbit/s, fibre 300 / 50 Mbit/s."
    } else {
        "Trois sondes mesurent la boucle locale de cette machine : les débits ne disent rien d'une ligne."
    };
    shell::say(&format!(
        "\n{lines}\nTerritoire : {}.\nOuvrez  http://{}/departement/{}\nLes premiers chiffres paraissent après environ deux \
         minutes ; une coupure est provoquée à la quatrième. Ctrl-C arrête tout.\n\
         (Three probes are measuring; open the address above, add ?lang=en for English, Ctrl-C ends and cleans up.)\n",
        territory.description, options.listen, territory.departement
    ));
}

impl Options {
    fn parse(arguments: &[String]) -> Result<Self> {
        let mut options = Self { geodata: None, listen: DEFAULT_LISTEN.parse()?, seconds: None };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let mut value = || words.next().with_context(|| format!("{word} needs a value"));
            match word.as_str() {
                "--geodata" => options.geodata = Some(PathBuf::from(value()?)),
                "--listen" => {
                    let address = value()?;
                    options.listen =
                        address.parse().with_context(|| format!("{address:?} is not ADDRESS:PORT"))?;
                }
                "--seconds" => {
                    options.seconds = Some(value()?.parse().context("--seconds needs a whole number")?)
                }
                _ => bail!(
                    "unknown option {word}; usage: cargo xtask demo [--geodata DIR] [--listen ADDR] [--seconds N]"
                ),
            }
        }
        if let Some(folder) = options.geodata.as_deref().filter(|folder| !folder.is_dir()) {
            bail!("--geodata {}: there is no such folder", folder.display());
        }
        Ok(options)
    }
}

/// The demonstration's own folder, removed with everything in it at the end.
struct Folder {
    path: PathBuf,
}

impl Folder {
    fn new(workspace: &Workspace) -> Result<Self> {
        let path = workspace.cache.join(format!("demo-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

fn text(path: &Path) -> Result<&str> {
    path.to_str().with_context(|| format!("{} is not readable as text", path.display()))
}
