//! The three houses of the demonstration and the configuration of their probes.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use anyhow::Result;
use desserte_netlab::Shape;

use super::territory::Territory;

/// A building with a probe behind a line.
pub(crate) struct House {
    /// Name of the namespace, of the log and of the probe.
    pub(crate) short: &'static str,
    /// What people call the site.
    pub(crate) place: &'static str,
    pub(crate) download: Shape,
    pub(crate) upload: Shape,
    lon: f64,
    lat: f64,
    technology: &'static str,
    subscribed: (f64, f64),
}

/// What lies beyond the houses' routers.
pub(crate) struct Beyond {
    pub(crate) server: Ipv4Addr,
    pub(crate) second_target: Ipv4Addr,
    pub(crate) port: u16,
    pub(crate) collector: u16,
}

/// Places that surely lie in three communes: Gentioux-Pigerolles, Aubusson and Guéret, or three made-up ones.
const CREUSE: [(&str, f64, f64); 3] = [
    ("Mairie de Gentioux-Pigerolles", 2.0192, 45.7851),
    ("Mairie d'Aubusson", 2.1701, 45.9472),
    ("Mairie de Guéret", 1.8705, 46.1585),
];
const MADE_UP: [(&str, f64, f64); 3] = [
    ("Mairie fictive de l'ouest", -4.7, 45.35),
    ("Mairie fictive du milieu", -4.45, 45.5),
    ("Mairie fictive de l'est", -4.15, 45.65),
];

impl House {
    /// The slowest line first.
    pub(crate) fn three(territory: &Territory) -> [Self; 3] {
        let [slow, middle, fast] = if territory.synthetic { MADE_UP } else { CREUSE };
        let house = |short, (place, lon, lat), technology, (down, up): (u64, u64)| Self {
            short,
            place,
            download: Shape::from_kbit_per_s(down),
            upload: Shape::from_kbit_per_s(up),
            lon,
            lat,
            technology,
            #[expect(clippy::cast_precision_loss, reason = "a subscribed rate is a small number")]
            subscribed: (down as f64 / 1e3, up as f64 / 1e3),
        };
        [
            house("adsl", slow, "dsl", (2_000, 500)),
            house("box4g", middle, "4g_fixe", (20_000, 2_000)),
            house("fibre", fast, "ftth", (300_000, 50_000)),
        ]
    }

    /// Writes the probe's configuration below `folder`.
    pub(crate) fn write(&self, folder: &Path, beyond: &Beyond, authority: &str) -> Result<PathBuf> {
        let state = folder.join(format!("{}-state", self.short));
        fs::create_dir_all(&state)?;
        let Self { short, place, lon, lat, technology, subscribed: (down, up), .. } = self;
        let Beyond { server, second_target, port, collector } = beyond;
        let text = format!(
            r#"# Written by `cargo xtask demo`: intervals are short so that minutes show what takes weeks.
collector = "http://{server}:{collector}"
ca_file = "{authority}"
state_dir = "{state}"

[site]
name = "{place}"
lon = {lon:.4}
lat = {lat:.4}

[access]
operator = "demonstration"
technology = "{technology}"
download_mbit_per_s = {down:.1}
upload_mbit_per_s = {up:.1}
source = "declared"

[[servers]]
url = "wss://{server}:{port}"

[[targets]]
id = "serveur"
host = "{server}"

[[targets]]
id = "seconde-cible"
host = "{second_target}"

[latency]
window_s = 15

[budget]
megabytes = 100000

[schedule]
every_s = 25.0

[upload]
every_s = 5.0
"#,
            state = state.display(),
        );
        let path = folder.join(format!("{short}.toml"));
        fs::write(&path, text)?;
        Ok(path)
    }
}
