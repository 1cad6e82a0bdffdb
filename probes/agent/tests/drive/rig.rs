//! What a kit meets on the road, replayed on one machine.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener as Port;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use desserte_model::{RadioSample, RadioTechnology, Record};
use desserte_net::CongestionAlgorithm;
use desserte_net::ndt7::server::{
    Decision, Gate, Health, ServerConfig, SessionRequest, Waiting, serve_connection,
};
use desserte_netlab::Lab;
use desserte_netlab::link::spec;
use desserte_units::Monotonic;
use serde_json::{Value, json};

/// Third octet of this test's addresses.
const SUBNET: u8 = 71;

/// A drive of the data set with a hand-over in its second minute, 6 Mbit/s in the mean of it.
const DRIVE: &str = "traces/irish-5g/driving/B_2020.02.14_09.38.22.csv.gz";

/// Where the road begins, near Guéret, and how fast it is driven eastwards: 130 km/h.
const ROAD: (f64, f64) = (1.8715, 46.1717);
const METRES_PER_SECOND: f64 = 36.1;

/// Seconds after the beginning between which no satellite is seen.
const NO_FIX: [u32; 2] = [25, 32];

/// Physical identities go round after so many seconds.
const IDENTITIES: u64 = 504;

/// A child that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) struct Rig {
    folder: tempfile::TempDir,
    rows: Vec<Value>,
    began: Monotonic,
    bus: String,
    line: desserte_netlab::EmulatedLine,
    modem_manager: Option<Running>,
    _others: Vec<Running>,
    _server: tokio::runtime::Runtime,
    _lab: Lab,
}

/// What a drive has kept of itself.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) passes: usize,
    pub(crate) used: u64,
    pub(crate) open: u64,
}

struct Open;

impl Gate for Open {
    fn admit(&self, _: &SessionRequest) -> Decision {
        Decision::Admit { load_ratio: 0.0, permit: Box::new(()) }
    }

    fn health(&self) -> Health {
        Health { ok: true, text: "ok".into() }
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn shared(path: &str) -> PathBuf {
    std::env::var_os("DESSERTE_SHARED")
        .map_or_else(|| repository().join("../shared"), PathBuf::from)
        .join(path)
}

fn since_boot() -> Monotonic {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Monotonic::from_micros(u64::try_from(now.tv_sec * 1_000_000 + now.tv_nsec / 1000).unwrap())
}

fn free_port() -> u16 {
    Port::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn started(command: &mut Command) -> Running {
    Running(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// The rows of the drive as the template of ModemManager reads them.
fn rows(drive: &[u8]) -> Vec<Value> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(drive).read_to_string(&mut text).unwrap();
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let cell = |name: &str| cells[names.iter().position(|one| *one == name).unwrap()];
            let number = |name| cell(name).parse::<f64>().ok();
            let identity: u64 = cell("RAWCELLID").parse().unwrap_or(1);
            json!({
                "rsrp": number("RSRP"), "rsrq": number("RSRQ"), "snr": number("SNR"),
                "cell": format!("{identity:X}"), "area": cell("LACHEX"), "nr": cell("NetworkMode") == "5G",
            })
        })
        .collect()
}

impl Rig {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let drive = fs::read(shared(DRIVE)).expect("the shared traces");
        let rows = rows(&drive);
        let trace = folder.path().join("rows.json");
        fs::write(&trace, serde_json::to_vec(&rows).unwrap()).unwrap();

        let mut bus = Command::new("dbus-daemon");
        bus.args(["--session", "--nofork", "--nopidfile", "--print-address=1"]).stdout(Stdio::piped());
        let mut bus = Running(bus.stderr(Stdio::null()).spawn().unwrap());
        let mut address = String::new();
        BufReader::new(bus.0.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let bus_address = address.trim().to_owned();

        let mut lab = Lab::new("dsdrv", SUBNET).unwrap();
        let open = |_: &str| Ok(drive.clone());
        let down = spec::parse("trace=drive,delay=25ms,queue=300ms", false, &open).unwrap();
        let up = spec::parse("3mbit,delay=25ms,queue=300ms", true, &open).unwrap();
        let line = lab.emulated_line("kit", &down, &up, 1).unwrap();
        let began = since_boot();
        let began_unix_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();

        let server =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let port = server.block_on(serve(line.gateway.into()));

        let (feed, gpsd) = (free_port(), free_port());
        let receiver = repository().join("tests/interop/mobile/receiver.py");
        let words =
            [ROAD.0, ROAD.1, METRES_PER_SECOND, began_unix_s, f64::from(NO_FIX[0]), f64::from(NO_FIX[1])];
        let mut receiving = line.command("python3");
        receiving.arg(receiver).arg(feed.to_string()).args(words.map(|word| format!("{word:.6}")));
        let receiving = started(&mut receiving);
        std::thread::sleep(Duration::from_millis(500));
        let mut reading = line.command("gpsd");
        reading.args(["-N", "-n", "-S", &gpsd.to_string(), &format!("tcp://127.0.0.1:{feed}")]);
        let reading = started(&mut reading);

        configure(folder.path(), &format!("ws://{}:{port}", line.gateway), gpsd);
        let mut rig = Self {
            rows,
            began,
            bus: bus_address,
            line,
            modem_manager: None,
            _others: vec![bus, receiving, reading],
            _server: server,
            _lab: lab,
            folder,
        };
        rig.start_modem_manager(&trace);
        rig
    }

    fn start_modem_manager(&mut self, trace: &Path) {
        let parameters = json!({
            "trace": trace, "began_us": self.began.as_micros().to_string(),
            "rate_log": self.folder.path().join("rates"),
        });
        let mut mock = Command::new("/usr/bin/python3");
        mock.args(["-m", "dbusmock", "--system", "--template"]);
        mock.arg(repository().join("tests/interop/mobile/modemmanager.py"));
        mock.args(["--parameters", &parameters.to_string()]).env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus);
        self.modem_manager = Some(started(&mut mock));
        std::thread::sleep(Duration::from_secs(2));
    }

    pub(crate) fn stop_modem_manager(&mut self) {
        self.modem_manager = None;
    }

    /// Drives for a time, then loses power. What was said on the screen is given.
    pub(crate) fn drive(&self, time: Duration) -> String {
        let said = self.folder.path().join("said");
        let mut command = self.line.command(env!("CARGO_BIN_EXE_desserte-probe"));
        command.arg("drive").arg("--plan").arg(self.folder.path().join("drive.toml"));
        command.arg("--config").arg(self.folder.path().join("probe.toml")).args(["--lang", "en"]);
        command.env("DBUS_SYSTEM_BUS_ADDRESS", &self.bus).stdin(Stdio::null());
        let file = fs::File::create(&said).unwrap();
        command.stdout(file.try_clone().unwrap()).stderr(file);
        let driving = Running(command.spawn().unwrap());
        std::thread::sleep(time);
        drop(driving);
        fs::read_to_string(&said).unwrap()
    }

    /// Every record that waits in the spool.
    pub(crate) fn records(&self) -> Vec<Record> {
        const HEAD: &[u8] = b"{\"schema\":\"desserte-record/1\"";
        let mut records = Vec::new();
        for entry in fs::read_dir(self.folder.path().join("state/spool")).unwrap() {
            let octets = fs::read(entry.unwrap().path()).unwrap();
            let heads = octets.windows(HEAD.len()).enumerate().filter(|(_, window)| *window == HEAD);
            for (place, _) in heads {
                let mut texts = serde_json::Deserializer::from_slice(&octets[place..]).into_iter();
                records.push(texts.next().unwrap().unwrap());
            }
        }
        records
    }

    pub(crate) fn progress(&self) -> Kept {
        let text = fs::read(self.folder.path().join("state/drive-essai.json")).unwrap();
        let kept: Value = serde_json::from_slice(&text).unwrap();
        let made = |cell: &Value| {
            ["download", "upload"].iter().map(|one| cell[one]["made"].as_u64().unwrap()).sum::<u64>()
        };
        let passes = kept["cells"].as_object().unwrap().values().map(made).sum::<u64>();
        let number = |name: &str| kept[name].as_u64().unwrap();
        Kept { passes: usize::try_from(passes).unwrap(), used: number("used"), open: number("open") }
    }

    /// Refresh rates that the modem was asked for, in order.
    pub(crate) fn rates(&self) -> Vec<u32> {
        let text = fs::read_to_string(self.folder.path().join("rates")).unwrap_or_default();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }

    /// For what a test makes of it.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the vehicle was at a moment.
    pub(crate) fn truth(&self, moment: Monotonic) -> (f64, f64) {
        let elapsed = moment.since(self.began).as_secs_f64();
        (ROAD.0 + elapsed * METRES_PER_SECOND / metres_a_degree(), ROAD.1)
    }

    /// The second, since boot, that an answer was true of.
    pub(crate) fn second_of(&self, sample: &RadioSample) -> (u64, u64) {
        let identity = u64::from(sample.cells[0].physical_cell.unwrap());
        let elapsed_s = sample.at_us.since(self.began).as_secs();
        let round = elapsed_s / IDENTITIES - u64::from(elapsed_s % IDENTITIES < identity);
        let from = self.began.as_micros() + (round * IDENTITIES + identity) * 1_000_000;
        (from, from + 1_000_000)
    }

    /// Holds an answer against the row that it is of.
    pub(crate) fn is_as_replayed(&self, sample: &RadioSample) {
        let (from, _) = self.second_of(sample);
        let number = usize::try_from((from - self.began.as_micros()) / 1_000_000).unwrap();
        let row = &self.rows[number % self.rows.len()];
        let cell = &sample.cells[0];
        let identity = cell.cell.map(|identity| format!("{identity:X}"));
        assert_eq!(identity.as_deref(), row["cell"].as_str());
        assert_eq!(cell.rsrp_dbm, row["rsrp"].as_f64());
        assert_eq!((cell.channel, cell.operator.as_deref()), (Some(6300), Some("20801")));
        assert!(sample.access.contains(&RadioTechnology::Lte));
    }
}

async fn serve(address: std::net::IpAddr) -> u16 {
    let config = ServerConfig {
        id: "road".parse().unwrap(),
        software: "desserte-test-server 0".into(),
        congestion_control: CongestionAlgorithm::Cubic,
        gate: Arc::new(Open),
        librespeed: None,
    };
    let listener = tokio::net::TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, peer)) = listener.accept().await {
            let config = config.clone();
            tokio::spawn(async move { serve_connection(tcp, peer, None, &config, Waiting::default()).await });
        }
    });
    port
}

fn configure(folder: &Path, server: &str, gpsd: u16) {
    let state = folder.join("state");
    let probe = format!(
        "collector = \"http://127.0.0.1:9\"\nstate_dir = \"{}\"\n[site]\nname = \"kit\"\nlon = {}\nlat = {}\n\
         [[servers]]\nurl = \"{server}\"\n[budget]\nmegabytes = 100000\n\
         [mobile]\nmodem = true\ngpsd = \"127.0.0.1:{gpsd}\"\n",
        state.display(),
        ROAD.0,
        ROAD.1
    );
    fs::write(folder.join("probe.toml"), probe).unwrap();
    let plan =
        "name = \"essai\"\nmegabytes = 500\nrun_megabytes = 10\nrun_s = 3.0\npasses = 1\nresolution = 9\n";
    fs::write(folder.join("drive.toml"), plan).unwrap();
}

fn metres_a_degree() -> f64 {
    111_320.0 * ROAD.1.to_radians().cos()
}

/// Between two places of a road that is short against the earth.
pub(crate) fn metres(one: (f64, f64), other: (f64, f64)) -> f64 {
    ((one.0 - other.0) * metres_a_degree()).hypot((one.1 - other.1) * 111_320.0)
}
