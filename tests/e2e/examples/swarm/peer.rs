//! PostgreSQL as Debian has it, with the same rows from the same number of clients.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use desserte_e2e::free_port;
use tokio::sync::{Mutex, Semaphore};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::figures::Outcome;
use crate::fleet::Fleet;

/// Connections: PostgreSQL has a process for each and 100 by default, so that clients go through a pool, as they would there.
const CONNECTIONS: usize = 64;

/// The raw tables of ours, with the same keys. Nothing is verified or derived.
const TABLES: &str = "
    CREATE TABLE batch (no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id UUID NOT NULL, probe INT NOT NULL,
        received_us BIGINT NOT NULL, body BYTEA NOT NULL);
    CREATE TABLE record (no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id UUID NOT NULL UNIQUE, batch BIGINT NOT NULL REFERENCES batch (no),
        probe INT NOT NULL, sequence BIGINT NOT NULL, line BYTEA NOT NULL);
    CREATE INDEX record_in_chain ON record (probe, sequence);";

/// A running server with a data folder of its own.
pub(crate) struct Postgres {
    process: std::process::Child,
    pool: Vec<Arc<Mutex<Client>>>,
    _folder: PathBuf,
}

impl Postgres {
    pub(crate) async fn start(folder: &Path) -> Self {
        let data = folder.join("postgres");
        std::fs::create_dir(&data).unwrap();
        // It refuses to run as root; the folder of this run must let its user through.
        for path in [folder, &data] {
            assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
        }
        let port = free_port();
        let bin = "/usr/lib/postgresql/15/bin";
        let as_user = |program: &str| {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", "postgres", "--regid", "postgres", "--clear-groups"]);
            command.arg(format!("{bin}/{program}")).arg("-D").arg(&data).stdout(Stdio::null());
            command
        };
        assert!(as_user("initdb").args(["-A", "trust"]).status().unwrap().success());
        let process = as_user("postgres")
            .args(["-p", &port.to_string(), "-c", "synchronous_commit=on", "-c", "unix_socket_directories="])
            .args(["-c", "listen_addresses=127.0.0.1"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pool = Vec::new();
        while pool.len() < CONNECTIONS {
            let text = format!("host=127.0.0.1 port={port} user=postgres dbname=postgres");
            match tokio_postgres::connect(&text, NoTls).await {
                Ok((client, connection)) => {
                    tokio::spawn(connection);
                    pool.push(Arc::new(Mutex::new(client)));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        pool[0].lock().await.batch_execute(TABLES).await.unwrap();
        Self { process, pool, _folder: data }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Every probe's backlog, at the same moments as before.
    pub(crate) async fn storm(&self, fleet: &Arc<Fleet>, records: usize, within: Duration) -> Vec<Outcome> {
        let begun = Instant::now();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let tasks: Vec<_> = (0..fleet.len())
            .map(|number| {
                let (fleet, places) = (Arc::clone(fleet), Arc::clone(&places));
                let client = Arc::clone(&self.pool[number % CONNECTIONS]);
                // Evenly instead of at random: the sum is the same.
                let due = begun + within.mul_f64(number as f64 / fleet.len() as f64);
                tokio::spawn(async move {
                    tokio::time::sleep_until(due.into()).await;
                    let lines = fleet.records(number, records);
                    let wanted = Instant::now();
                    let mut outcome = Outcome::new(number, records as u64, wanted - begun);
                    let _place = places.acquire().await.unwrap();
                    insert(&mut *client.lock().await, number, &lines).await;
                    outcome.waited = wanted.elapsed();
                    outcome
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.unwrap());
        }
        outcomes
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One batch as PostgreSQL likes it best: two statements, one commit.
async fn insert(client: &mut Client, probe: usize, lines: &[Vec<u8>]) {
    let transaction = client.transaction().await.unwrap();
    let probe = probe as i32;
    let body: Vec<u8> = lines.concat();
    let text =
        "INSERT INTO batch (id, probe, received_us, body) VALUES ($1::text::uuid, $2, $3, $4) RETURNING no";
    let id = Uuid::new_v4().to_string();
    let batch: i64 = transaction.query_one(text, &[&id, &probe, &0_i64, &body]).await.unwrap().get(0);
    let ids: Vec<String> = lines.iter().map(|_| Uuid::new_v4().to_string()).collect();
    let sequences: Vec<i64> = (0..lines.len() as i64).collect();
    let text = "INSERT INTO record (id, batch, probe, sequence, line) SELECT i::uuid, $2, $3, s, l \
                FROM unnest($1::text[], $4::bigint[], $5::bytea[]) AS t (i, s, l) ON CONFLICT (id) DO NOTHING";
    let lines = lines.to_vec();
    transaction.execute(text, &[&ids, &batch, &probe, &sequences, &lines]).await.unwrap();
    transaction.commit().await.unwrap();
}
