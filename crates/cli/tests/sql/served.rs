//! A collector on demonstration data whose history can be asked over PostgreSQL's protocol.

use std::fs;
use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tempfile::TempDir;
use tokio_postgres::{Client, Config, NoTls};

/// Password of everyone here.
pub(crate) const PASSWORD: &str = "un mot de passe";

/// A collector that serves until it is dropped.
pub(crate) struct Served {
    _folder: TempDir,
    child: Child,
    /// What it goes on to print: it must not find the other end closed.
    _output: Lines<BufReader<ChildStdout>>,
    pub(crate) data: PathBuf,
    pub(crate) address: SocketAddr,
}

impl Served {
    /// Makes demonstration data and serves it; `limits` are lines of the section `[sql]`.
    pub(crate) fn start(limits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("données");
        run(&["demo-data", "--out", data.to_str().unwrap()], "");
        // Rows that wait are read for every statement.
        run(&["lake", "flush", "--data", data.to_str().unwrap()], "");
        let verifier = run(&["sql", "password"], &format!("{PASSWORD}\n"));
        let users: String = [("analyse", "all"), ("public", "public")]
            .iter()
            .map(|(name, role)| {
                let verifier = verifier.trim();
                format!("[[sql.users]]\nname = \"{name}\"\nrole = \"{role}\"\nverifier = \"{verifier}\"\n")
            })
            .collect();
        let config = folder.path().join("collector.toml");
        let text = format!("[log]\nfilter = \"warn\"\n[sql]\nlisten = [\"127.0.0.1:0\"]\n{limits}\n{users}");
        fs::write(&config, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_desserte"))
            .args(["collector", "--listen", "127.0.0.1:0", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(&data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = lines.by_ref().find_map(|line| {
            let line = line.unwrap();
            line.strip_prefix("postgresql://").map(|rest| rest.trim_end_matches("/desserte").to_owned())
        });
        let address = told.expect("an address is told").parse().unwrap();
        Self { _folder: folder, child, _output: lines, data, address }
    }

    /// How to connect as someone.
    pub(crate) fn config(&self, user: &str, password: &str) -> Config {
        let mut config = Config::new();
        config.host(self.address.ip().to_string()).port(self.address.port());
        config.user(user).password(password).dbname("desserte");
        config
    }

    /// A connection of someone.
    pub(crate) async fn connect(&self, user: &str) -> Client {
        let (client, connection) = self.config(user, PASSWORD).connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command prints that ends well.
pub(crate) fn run(words: &[&str], input: &str) -> String {
    let mut child = Command::new(env!("CARGO_BIN_EXE_desserte"))
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The answer of `desserte query` to the same question, as CSV without its header.
pub(crate) fn asked(data: &Path, sql: &str) -> String {
    let answer = run(&["query", sql, "--data", data.to_str().unwrap(), "--format", "csv"], "");
    answer.split_once('\n').unwrap().1.trim_end().to_owned()
}
