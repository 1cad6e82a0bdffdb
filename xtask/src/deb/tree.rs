//! The files of one package before they are packed, and the packing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// Who answers for the packages.
const MAINTAINER: &str = "Desserte <desserte@example.org>";

/// Where the project is told of.
const HOMEPAGE: &str = "https://example.org/desserte";

/// A folder that becomes a package.
pub(super) struct Tree {
    root: PathBuf,
    /// What every file is dated, seconds.
    time: String,
}

impl Tree {
    /// Begins with nothing in it.
    pub(super) fn new(root: &Path, time: String) -> Result<Self> {
        match fs::remove_dir_all(root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let root = std::path::absolute(root)?;
        fs::create_dir_all(&root)?;
        Ok(Self { root, time })
    }

    pub(super) fn copy(&mut self, from: &Path, to: &str, mode: u32) -> Result<()> {
        let octets = fs::read(from).with_context(|| format!("cannot read {}", from.display()))?;
        self.put(to, &octets, mode)
    }

    pub(super) fn write(&mut self, to: &str, text: &str, mode: u32) -> Result<()> {
        self.put(to, text.as_bytes(), mode)
    }

    fn put(&mut self, to: &str, octets: &[u8], mode: u32) -> Result<()> {
        let path = self.root.join(to);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, octets).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(fs::set_permissions(&path, fs::Permissions::from_mode(mode))?)
    }

    /// Takes out of a program what only a debugger reads.
    pub(super) fn strip(&mut self, program: &str) -> Result<()> {
        shell::output(Command::new("strip").arg("--strip-unneeded").arg(self.root.join(program))).map(drop)
    }

    pub(super) fn gzip(&mut self, file: &str) -> Result<()> {
        shell::output(Command::new("gzip").args(["-9n"]).arg(self.root.join(file))).map(drop)
    }

    /// The packages that bring the libraries a program is linked with.
    pub(super) fn libraries(&self, program: &str) -> Result<String> {
        // The tool looks for a source package around it; an empty one does.
        let beside = self.root.with_extension("shlibs");
        fs::create_dir_all(beside.join("debian"))?;
        fs::write(
            beside.join("debian/control"),
            "Source: desserte\n\nPackage: desserte\nArchitecture: any\n",
        )?;
        let told = shell::output(
            Command::new("dpkg-shlibdeps").current_dir(&beside).arg("-O").arg(self.root.join(program)),
        );
        fs::remove_dir_all(&beside)?;
        let told = told?;
        let needs = told.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
        Ok(needs.unwrap_or_default().trim().to_owned())
    }

    /// Writes what describes the package.
    pub(super) fn finish(
        mut self,
        control: &str,
        version: &str,
        architecture: &str,
        libraries: &str,
    ) -> Result<Finished> {
        let mut installed = self.files()?;
        installed.retain(|file| !file.starts_with("DEBIAN/"));
        let kilobytes = self.octets(&installed)?.div_ceil(1024);
        let (name, described) = described(control, version, architecture, libraries, kilobytes)?;
        let settings: String = installed
            .iter()
            .filter(|file| file.starts_with("etc/"))
            .map(|file| format!("/{file}\n"))
            .collect();
        let sums = shell::output(Command::new("md5sum").current_dir(&self.root).args(&installed))?;
        self.write("DEBIAN/control", &described, 0o644)?;
        self.write("DEBIAN/md5sums", &sums, 0o644)?;
        if !settings.is_empty() {
            self.write("DEBIAN/conffiles", &settings, 0o644)?;
        }
        // The mask of whoever packs is not what others should get.
        for folder in self.folders()? {
            fs::set_permissions(folder, fs::Permissions::from_mode(0o755))?;
        }
        Ok(Finished { tree: self, file: format!("{name}_{version}_{architecture}.deb") })
    }

    /// Packs it into `out` as `NAME.tar.gz`, in one folder of that name, and removes the folder.
    pub(super) fn archive(self, name: &str, out: &Path) -> Result<PathBuf> {
        let file = std::path::absolute(out)?.join(format!("{name}.tar.gz"));
        let parent = self.root.parent().context("a folder in a folder")?;
        shell::output(
            Command::new("tar")
                .args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--format=gnu"])
                .args([
                    &format!("--mtime=@{}", self.time),
                    "--use-compress-program=gzip -9n",
                    "--create",
                    "--file",
                ])
                .arg(&file)
                .arg("--directory")
                .arg(parent)
                .arg(name),
        )?;
        fs::remove_dir_all(&self.root)?;
        Ok(file)
    }

    /// Every file, in the order of names.
    fn files(&self) -> Result<Vec<String>> {
        let mut files = Vec::new();
        for folder in self.folders()? {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_file() {
                    files.push(path.strip_prefix(&self.root)?.to_string_lossy().into_owned());
                }
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn folders(&self) -> Result<Vec<PathBuf>> {
        let mut folders = vec![self.root.clone()];
        let mut next = 0;
        while let Some(folder) = folders.get(next).cloned() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                }
            }
            next += 1;
        }
        Ok(folders)
    }

    fn octets(&self, files: &[String]) -> Result<u64> {
        files.iter().try_fold(0, |sum, file| Ok(sum + fs::metadata(self.root.join(file))?.len()))
    }
}

/// A folder that only has to be packed.
pub(super) struct Finished {
    tree: Tree,
    /// Name of the package's file.
    file: String,
}

impl Finished {
    /// Packs it into `out` and removes the folder.
    pub(super) fn pack(self, compression: &str, out: &Path) -> Result<PathBuf> {
        let file = out.join(&self.file);
        shell::output(
            Command::new("dpkg-deb")
                .args(["--root-owner-group", &format!("-Z{compression}"), "--build"])
                .arg(&self.tree.root)
                .arg(&file)
                .env("SOURCE_DATE_EPOCH", &self.tree.time),
        )?;
        fs::remove_dir_all(&self.tree.root)?;
        Ok(file)
    }
}

/// Debian's name of this machine's processor.
pub(super) fn own_architecture() -> Result<String> {
    Ok(shell::output(Command::new("dpkg").arg("--print-architecture"))?.trim().to_owned())
}

/// The package's name, and its description as Debian's tools read it: `Needs` of ours becomes part of `Depends`.
fn described(
    control: &str,
    version: &str,
    architecture: &str,
    libraries: &str,
    kilobytes: u64,
) -> Result<(String, String)> {
    let field = |name: &str| control.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let name = field("Package:").context("packaging: a package without a name")?.to_owned();
    let depends: Vec<&str> = [libraries, field("Needs:").unwrap_or_default()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let kept: String = control
        .lines()
        .filter(|line| {
            !["Package:", "Needs:", "Description:", " "].iter().any(|start| line.starts_with(start))
        })
        .map(|line| format!("{line}\n"))
        .collect();
    let description = control.find("Description:").map(|from| &control[from..]).context("no description")?;
    let text = format!(
        "Package: {name}\nVersion: {version}\nArchitecture: {architecture}\nMaintainer: {MAINTAINER}\n\
         Installed-Size: {kilobytes}\nDepends: {}\nPriority: optional\nHomepage: {HOMEPAGE}\n{kept}{}\n",
        depends.join(", "),
        description.trim_end()
    );
    Ok((name, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_gets_what_only_packing_knows() {
        let control = "Package: p\nSection: net\nNeeds: a | b\nDescription: short\n long\n .\n more\n";
        let (name, text) = described(control, "1.2", "arm64", "libc6 (>= 2.36)", 7).unwrap();
        assert_eq!(name, "p");
        assert_eq!(
            text,
            "Package: p\nVersion: 1.2\nArchitecture: arm64\nMaintainer: Desserte <desserte@example.org>\n\
             Installed-Size: 7\nDepends: libc6 (>= 2.36), a | b\nPriority: optional\n\
             Homepage: https://example.org/desserte\nSection: net\nDescription: short\n long\n .\n more\n"
        );
    }
}
