//! Releases of the probe and the repository that gives them out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::program;

/// What the workspace's programs say of themselves.
pub const PACKAGED: &str = env!("CARGO_PKG_VERSION");

/// A publisher with its keys and its repository, in a folder.
#[derive(Debug)]
pub struct Publisher {
    folder: PathBuf,
}

impl Publisher {
    /// Makes keys and an empty repository in `folder`.
    ///
    /// # Panics
    /// When they cannot be made.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let own = Self { folder: folder.to_owned() };
        own.publish(&["init"]);
        own
    }

    /// The files to be given out.
    #[must_use]
    pub fn repository(&self) -> PathBuf {
        self.folder.join("repository")
    }

    /// Publishes with all keys.
    ///
    /// # Panics
    /// When the publisher's program refuses.
    pub fn publish(&self, arguments: &[&str]) {
        let output = self.publish_with(&self.keys(), arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// The folder of all keys.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// Publishes with the keys of a folder, and gives what came of it.
    ///
    /// # Panics
    /// When there is no Python with python-tuf (`DESSERTE_UPDATE_PYTHON`).
    #[must_use]
    pub fn publish_with(&self, keys: &Path, arguments: &[&str]) -> Output {
        let (command, rest) = arguments.split_first().expect("a command");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/update/publish.py");
        let mut publish = Command::new(update_python().expect("Python with python-tuf"));
        publish.arg(script).arg(command).arg(self.repository()).arg("--keys").arg(keys).args(rest);
        publish.output().expect("Python starts")
    }

    /// The words that add a program as a release for so many probes in a thousand.
    #[must_use]
    pub fn adding<'a>(program: &'a Path, version: &'a str, share: &'a str) -> Vec<&'a str> {
        let program = program.to_str().expect("a path of text");
        let architecture = std::env::consts::ARCH;
        let about =
            ["--version", version, "--architecture", architecture, "--from", PACKAGED, "--share", share];
        [&["add", "--program", program], about.as_slice()].concat()
    }

    /// Adds a release for so many probes in a thousand.
    ///
    /// # Panics
    /// As [`Self::publish`].
    pub fn add(&self, program: &Path, version: &str, share: &str) {
        self.publish(&Self::adding(program, version, share));
    }

    /// The probe's program without what only debuggers read: the length of a release is limited.
    ///
    /// # Panics
    /// When `strip` fails.
    #[must_use]
    pub fn packaged(&self) -> PathBuf {
        let path = self.folder.join("desserte-probe");
        if !path.exists() {
            let strip = Command::new("strip").arg("-o").arg(&path).arg(program("desserte-probe")).status();
            assert!(strip.expect("strip starts").success());
        }
        path
    }

    /// The same program under another version of the same length: the text of the version is replaced wherever it stands.
    ///
    /// # Panics
    /// When the length differs.
    #[must_use]
    pub fn real(&self, version: &str) -> PathBuf {
        assert_eq!(version.len(), PACKAGED.len());
        let mut octets = fs::read(self.packaged()).expect("the program");
        let places: Vec<usize> = octets
            .windows(PACKAGED.len())
            .enumerate()
            .filter(|(_, window)| *window == PACKAGED.as_bytes())
            .map(|(at, _)| at)
            .collect();
        assert!(!places.is_empty());
        for at in places {
            octets[at..at + version.len()].copy_from_slice(version.as_bytes());
        }
        self.written(&format!("probe-{version}"), &octets)
    }

    /// A program that says it is `version`, takes the configuration, and does something else when it runs.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn script(&self, version: &str, run: &str) -> PathBuf {
        let text =
            format!("#!/bin/sh\ncase $1 in --version) echo desserte-probe {version};; run) {run};; esac\n");
        self.written(&format!("script-{version}"), text.as_bytes())
    }

    /// A program of these octets.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn written(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, octets).expect("a program is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it may be run");
        path
    }
}

/// Python with python-tuf, where there is one.
#[must_use]
pub fn update_python() -> Option<PathBuf> {
    std::env::var_os("DESSERTE_UPDATE_PYTHON").map(PathBuf::from)
}

/// What Python is to do to give files out over TLS: folder, port, certificate and key follow as arguments.
pub const SERVE_OVER_TLS: &str = "import functools, http.server, ssl, sys\n\
     server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[2])), functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1]))\n\
     context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)\n\
     context.load_cert_chain(sys.argv[3], sys.argv[4])\n\
     server.socket = context.wrap_socket(server.socket, server_side=True)\n\
     server.serve_forever()";
