//! A folder to run the program in.

use std::path::PathBuf;
use std::process::{Command, Output};

use desserte_territory::synthetic;
use tempfile::TempDir;

/// A folder with the made-up département and a table.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn with(table: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.dst"), synthetic::territory(1).to_bytes()).unwrap();
        std::fs::write(dir.path().join("in.csv"), table).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_desserte"))
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Locates from one table into another.
    pub(crate) fn locate_from(&self, input: &str, out: &str, more: &[&str]) -> Output {
        self.run(&[&["locate", "--territory", "t.dst", input, "--out", out], more].concat())
    }

    pub(crate) fn locate(&self, more: &[&str]) -> Output {
        self.locate_from("in.csv", "out.csv", more)
    }

    pub(crate) fn written(&self) -> String {
        std::fs::read_to_string(self.path("out.csv")).unwrap()
    }
}

/// What a program said beside its result.
pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
