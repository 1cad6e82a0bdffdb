//! A collector under test.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{Program, free_port, program};

/// A running `desserte collector` on a folder of its own.
#[derive(Debug)]
pub struct Collector {
    /// Where it listens.
    pub address: SocketAddr,
    /// Its data folder.
    pub data: PathBuf,
    /// The process.
    pub process: Program,
    command: Vec<String>,
    log: PathBuf,
    client: reqwest::Client,
}

impl Collector {
    /// Starts one on `127.0.0.1` with its data below `folder`, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(folder: &Path, territory: &Path, more: &[&str]) -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), folder, territory, more).await
    }

    /// Starts one at `ip`.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start_at(ip: IpAddr, folder: &Path, territory: &Path, more: &[&str]) -> Self {
        let address = SocketAddr::new(ip, free_port());
        let data = folder.join("collector");
        std::fs::create_dir_all(&data).expect("a data folder");
        let text = |path: &Path| path.to_str().expect("a path of text").to_owned();
        let mut words = vec!["collector".to_owned(), "--data".to_owned(), text(&data)];
        words.extend(["--territory".to_owned(), text(territory), "--listen".to_owned(), address.to_string()]);
        words.extend(more.iter().map(|&word| word.to_owned()));
        let log = folder.join("collector.log");
        let process = Program::start(Command::new(program("desserte")).args(&words), &log);
        let mut collector = Self { address, data, process, command: words, log, client: crate::client() };
        collector.wait_until_ready().await;
        collector
    }

    /// Starts it again after it was ended.
    pub async fn restart(&mut self) {
        self.process = Program::start(Command::new(program("desserte")).args(&self.command), &self.log);
        self.wait_until_ready().await;
    }

    async fn wait_until_ready(&mut self) {
        let begun = Instant::now();
        while self.get("/readyz").await.is_err() {
            assert!(self.process.runs(), "the collector ended: {}", self.process.log());
            assert!(begun.elapsed() < Duration::from_secs(30), "not ready: {}", self.process.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Makes a probe's key known.
    ///
    /// # Panics
    /// When the command fails.
    pub fn register(&self, public_key: &str, name: &str) {
        let output = Command::new(program("desserte"))
            .args(["probe", "add", "--public-key", public_key, "--name", name, "--data"])
            .arg(&self.data)
            .output()
            .expect("desserte starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The body of a successful answer.
    ///
    /// # Errors
    /// When there is no answer or not a good one.
    pub async fn get(&self, path: &str) -> Result<String> {
        let url = format!("http://{}{path}", self.address);
        let answer = self.client.get(&url).send().await.with_context(|| url.clone())?.error_for_status()?;
        Ok(answer.text().await?)
    }

    /// The JSON of a successful answer.
    ///
    /// # Errors
    /// When there is no answer, not a good one, or not JSON.
    pub async fn json(&self, path: &str) -> Result<Value> {
        serde_json::from_str(&self.get(path).await?).with_context(|| format!("{path} is not JSON"))
    }
}
