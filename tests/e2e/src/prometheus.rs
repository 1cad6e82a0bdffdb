//! A real Prometheus (Debian's) that scrapes a collector.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Program, client, free_port};

/// A running Prometheus with a store of its own.
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    client: reqwest::Client,
    process: Program,
}

impl Prometheus {
    /// Starts one that scrapes `/metrics` and the départements that the collector names, every second.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn start(folder: &Path, collector: SocketAddr) -> Self {
        let text = format!(
            "global: {{scrape_interval: 1s}}\nscrape_configs:\n\
             - {{job_name: desserte, static_configs: [{{targets: ['{collector}']}}]}}\n\
             - {{job_name: desserte-territoire, \
             http_sd_configs: [{{url: 'http://{collector}/metrics/targets', refresh_interval: 1s}}]}}\n"
        );
        Self::launch(folder, &text, &[]).await
    }

    /// Starts one that takes remote write, and late samples within `window`, in a folder of its own.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn receive(folder: &Path, window: &str) -> Self {
        std::fs::create_dir_all(folder).expect("a folder");
        let text = format!("storage: {{tsdb: {{out_of_order_time_window: {window}}}}}\n");
        Self::launch(folder, &text, &["--web.enable-remote-write-receiver"]).await
    }

    async fn launch(folder: &Path, text: &str, more: &[&str]) -> Self {
        let configuration = folder.join("prometheus.yml");
        std::fs::write(&configuration, text).expect("a configuration file");
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()));
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", configuration.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("prometheus").display()));
        command.arg(format!("--web.listen-address={address}")).args(more);
        let process = Program::start(&mut command, &folder.join("prometheus.log"));
        let prometheus = Self { address, client: client(), process };
        let begun = Instant::now();
        while prometheus.query("vector(1)").await.is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "no Prometheus: {}", prometheus.process.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        prometheus
    }

    /// Where it takes remote write.
    #[must_use]
    pub fn write_url(&self) -> String {
        format!("http://{}/api/v1/write", self.address)
    }

    /// The first series' value of an instant query, once it is `expected` or five seconds have passed.
    ///
    /// # Panics
    /// When there is no series.
    pub async fn value(&self, query: &str, expected: f64) -> f64 {
        let begun = Instant::now();
        loop {
            let value = self.query(query).await.and_then(|result| {
                let first = result.get(0)?["value"].get(1)?;
                first.as_str()?.parse::<f64>().ok()
            });
            match value {
                Some(value) if (value - expected).abs() < 1.0 || begun.elapsed() > Duration::from_secs(5) => {
                    return value;
                }
                None => assert!(begun.elapsed() < Duration::from_secs(10), "no series for {query}"),
                Some(_) => {}
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// The result of an instant query; `None` when it was refused or not answered.
    pub async fn query(&self, query: &str) -> Option<Value> {
        let url = format!("http://{}/api/v1/query", self.address);
        let answer = self.client.get(url).query(&[("query", query)]).send().await.ok()?;
        let body: Value = serde_json::from_str(&answer.text().await.ok()?).ok()?;
        (body["status"] == "success").then(|| body["data"]["result"].clone())
    }
}
