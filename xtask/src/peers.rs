//! Points in communes by ours and by other programs, on the same points in one run (tests/interop/geos).

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;
use crate::{interop, shell};

const SCRIPTS: &str = "tests/interop/geos";

/// Sets of points that are hard in different ways, as `points.py` makes them.
const SETS: [&str; 4] = ["uniform", "centres", "borders", "lattice"];

/// Compares every answer with GEOS, then times ours beside the others.
pub(crate) fn run(workspace: &Workspace, arguments: &[String]) -> Result<()> {
    let [outlines, territory, more @ ..] = arguments else {
        bail!("peers OUTLINES TERRITORY [PEER…]: GeoJSON of communes, and the territory file made from it");
    };
    let python = interop::environment(workspace, "geos", &format!("{SCRIPTS}/requirements.txt"), &[])?;
    let build = ["build", "--release", "--package", "desserte-territory", "--example", "measure"];
    shell::run(&mut workspace.cargo(&build))?;
    let measure = workspace.target.join("release/examples/measure");
    let folder = workspace.cache.join("peers");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let script = |name: &str| {
        let mut command = Command::new(&python);
        command.arg(workspace.root.join(SCRIPTS).join(name)).arg(outlines);
        command
    };
    shell::run(script("points.py").arg(&folder))?;
    let of = |set: &str, ending: &str| folder.join(Path::new(set).with_extension(ending));
    let mut compare = script("compare.py");
    for set in SETS {
        let (points, answers) = (of(set, "f64"), of(set, "u32"));
        shell::run(Command::new(&measure).arg(territory).arg(&points).arg("--answers").arg(&answers))?;
        compare.arg(points).arg(answers);
    }
    shell::run(&mut compare)?;
    let mut peers = script("peers.py");
    peers.arg(territory).arg(of("centres", "f64")).arg("--measure").arg(&measure).args(more);
    shell::run(peers.arg("--report").arg(folder.join("report.md")))
}
