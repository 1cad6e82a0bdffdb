//! The history and its open data before the programs that people read them with, none of which is ours.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use desserte_e2e::{Program, can, has_program, program};
use serde_json::Value;

const PASSWORD: &str = "un mot de passe";

/// The interpreter that has psycopg, pandas, DuckDB and deltalake, if there is one.
fn python() -> Option<OsString> {
    let python = std::env::var_os("DESSERTE_READERS_PYTHON");
    let there = can("the Python environment for readers that `cargo xtask test` makes", python.is_some());
    python.filter(|_| there)
}

/// What a program prints that ends well.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn desserte(words: &[&str]) -> String {
    run(Command::new(program("desserte")).args(words))
}

/// A script of `tests/interop/readers`.
fn script(python: &OsString, name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/readers");
    let mut command = Command::new(python);
    command.arg(folder.join(name)).env("PYTHONDONTWRITEBYTECODE", "1").env("PGPASSWORD", PASSWORD);
    command
}

/// Made-up data, handed over to the history.
fn data(folder: &Path) -> PathBuf {
    let data = folder.join("données");
    let text = data.to_str().unwrap();
    desserte(&["demo-data", "--out", text]);
    desserte(&["lake", "flush", "--data", text]);
    data
}

/// A collector whose history answers PostgreSQL's protocol; gives the port too.
fn serve(folder: &Path, data: &Path) -> (Program, String) {
    let mut password = Command::new(program("desserte"));
    password.args(["sql", "password"]).stdin(written(folder, PASSWORD));
    let verifier = run(&mut password);
    let config = folder.join("collector.toml");
    let user =
        format!("[[sql.users]]\nname = \"analyse\"\nrole = \"all\"\nverifier = \"{}\"\n", verifier.trim());
    std::fs::write(&config, format!("[sql]\nlisten = [\"127.0.0.1:0\"]\n{user}")).unwrap();
    let mut command = Command::new(program("desserte"));
    command.args(["collector", "--listen", "127.0.0.1:0", "--config"]).arg(config).arg("--data").arg(data);
    let mut process = Program::start(&mut command, &folder.join("collector.log"));
    let begun = Instant::now();
    loop {
        let log = process.log();
        let told = log.lines().find_map(|line| line.strip_prefix("postgresql://127.0.0.1:"));
        if let Some(port) = told.and_then(|rest| rest.strip_suffix("/desserte")) {
            let port = port.to_owned();
            return (process, port);
        }
        assert!(process.runs() && begun.elapsed() < Duration::from_secs(60), "not ready: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A file to be read as standard input.
fn written(folder: &Path, text: &str) -> std::fs::File {
    let path = folder.join("standard input");
    std::fs::write(&path, format!("{text}\n")).unwrap();
    std::fs::File::open(path).unwrap()
}

#[test]
fn psql_psycopg_pandas_and_deltalake_read_the_same_history() {
    let Some(python) = python() else { return };
    if !can("psql", has_program("psql")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (_collector, port) = serve(folder.path(), &data);
    let connection = format!("host=127.0.0.1 port={port} user=analyse dbname=desserte");
    let psql = |command: &str| {
        let mut psql = Command::new("psql");
        psql.args([
            "--no-psqlrc",
            "--no-align",
            "--tuples-only",
            "--set=ON_ERROR_STOP=1",
            "--command",
            command,
        ]);
        run(psql.arg(&connection).env("PGPASSWORD", PASSWORD))
    };
    let ask = |sql: &str| {
        let told = desserte(&["query", sql, "--data", data.to_str().unwrap(), "--format", "csv"]);
        told.lines().nth(1).unwrap().parse::<u64>().unwrap()
    };

    // What its own commands show of the tables.
    let listed = psql(r"\d");
    for table in ["throughput", "latency_minute", "outage", "site_hour", "commune_month_latency"] {
        assert!(listed.contains(table), "{listed}");
    }
    let columns = psql(r"\d throughput");
    assert!(columns.contains("steady_bits_per_second|double precision"), "{columns}");
    assert!(columns.contains("event_utc|timestamp with time zone"), "{columns}");

    let history = data.join("lake/1");
    let found = run(script(&python, "history.py").arg(&connection).arg(&history));
    let found: Value = serde_json::from_str(&found).unwrap();
    for table in
        ["throughput", "latency_minute", "outage", "reachability", "radio", "probe_health", "custody"]
    {
        let rows = ask(&format!("SELECT count(*) AS n FROM {table}"));
        assert_eq!(psql(&format!("SELECT count(*) FROM {table}")).trim(), rows.to_string(), "{table}");
        // A table that never had a row has no files.
        assert_eq!(found["deltalake"][table].as_u64().unwrap_or(0), rows, "{table}: {found}");
    }
    assert_eq!(found["psycopg"]["throughput"], found["pandas"]["throughput"]);
    assert_eq!(found["psycopg"]["throughput"].as_u64().unwrap(), ask("SELECT count(*) AS n FROM throughput"));
    assert_eq!(found["psycopg"]["custody"].as_u64().unwrap(), ask("SELECT count(*) AS n FROM custody"));
}

#[test]
fn pandas_pyarrow_duckdb_and_gdal_read_the_same_open_data() {
    let Some(python) = python() else { return };
    if !can("ogrinfo", has_program("ogrinfo")) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let out = folder.path().join("données ouvertes");
    desserte(&["export", "--data", data.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    let rows = run(script(&python, "open_data.py").arg(&out));
    let rows: Value = serde_json::from_str(&rows).unwrap();
    assert!(rows["communes"].as_u64().unwrap() > 0 && rows["jours"].as_u64().unwrap() > 0, "{rows}");
}
