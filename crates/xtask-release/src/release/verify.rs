//! Opens a release as users do and checks its content.

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Cursor, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use flate2::read::GzDecoder;
use xshell::Shell;

use crate::package::FUNCTIONS;
use crate::package::architecture::Architecture;
use crate::release::artifacts::{COMPLETIONS, SUMS, command_name, subcommands, sums};
use crate::release::version::VERSION;
use xtask::project::{Project, print};

const EXECUTABLE: u32 = 0o100_755;

/// A file of a `.tar.gz` archive.
struct Packed {
    content: Vec<u8>,
    mode: u32,
}

struct Release<'a> {
    shell: &'a Shell,
    folder: &'a Path,
    version: &'a str,
    locked: BTreeSet<program::Package>,
    /// The architecture of this machine, which can start that command.
    host: Option<Architecture>,
}

/// Checks the checksums, opens every archive, compares the dependencies of each program, and starts
/// the command if this machine can.
pub(super) fn verify(project: &Project, folder: &Path) -> Result<()> {
    let lock = project.shell().read_file("Cargo.lock")?;
    let release = Release {
        shell: project.shell(),
        folder,
        version: VERSION,
        locked: program::locked(&lock),
        host: Architecture::host().ok(),
    };
    let mut faults = Vec::new();
    for (name, outcome) in release.check()? {
        match outcome {
            Ok(summary) => print(&format!("{name}: {summary}"))?,
            Err(fault) => faults.push(format!("{name}: {fault:#}")),
        }
    }
    ensure!(faults.is_empty(), "the release is not correct:\n{}", faults.join("\n"));
    Ok(())
}

impl Release<'_> {
    /// Checks every archive and the checksums; each gives a summary or a fault.
    fn check(&self) -> Result<Vec<(String, Result<String>)>> {
        let mut outcomes = vec![(SUMS.to_owned(), self.check_sums())];
        let paths = self.shell.read_dir(self.folder)?;
        let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into();
        let names: BTreeSet<String> = paths.iter().map(name).collect();
        outcomes.extend(self.missing(&names));
        for name in names {
            let architecture = Architecture::ALL.into_iter().find(|it| {
                let arch = it.name();
                name.ends_with(&format!("-{arch}.zip"))
                    || name.ends_with(&format!("-{arch}-linux.tar.gz"))
            });
            let outcome = match architecture {
                Some(_) if name.ends_with(".zip") => self.check_function(&name),
                Some(architecture) => self.check_command(&name, architecture),
                None if name.ends_with(".tar.gz") => self.check_templates(&name),
                None if name.ends_with(".tgz") => self.check_library(&name),
                None => continue,
            };
            outcomes.push((name, outcome));
        }
        Ok(outcomes)
    }

    /// The archives that are missing, as faults: the programs of each architecture that has one, the
    /// templates and the library.
    fn missing(&self, names: &BTreeSet<String>) -> Vec<(String, Result<String>)> {
        let fault = |name: &str, what: &'static str| (name.to_owned(), Err(anyhow!(what)));
        let mut missing = Vec::new();
        let mut has_programs = false;
        for architecture in Architecture::ALL {
            let function = |(name, _)| format!("{name}-{}.zip", architecture.name());
            let command = format!("{}.tar.gz", command_name(self.version, architecture));
            let (there, absent): (Vec<String>, Vec<String>) = FUNCTIONS
                .into_iter()
                .map(function)
                .chain([command])
                .partition(|name| names.contains(name));
            if !there.is_empty() {
                has_programs = true;
                missing.extend(absent.iter().map(|name| fault(name, "it is missing")));
            }
        }
        if !has_programs {
            missing.push(fault("programs", "there are none"));
        }
        let others = ["trailseal-VERSION-templates.tar.gz", "trailseal-cdk-VERSION.tgz"];
        let others = others.map(|name| name.replace("VERSION", self.version));
        let absent = others.iter().filter(|name| !names.contains(*name));
        missing.extend(absent.map(|name| fault(name, "it is missing")));
        missing
    }

    fn read(&self, name: &str) -> Result<Vec<u8>> {
        Ok(self.shell.read_binary_file(self.folder.join(name))?)
    }

    fn check_sums(&self) -> Result<String> {
        let listed = self.shell.read_file(self.folder.join(SUMS))?;
        let sums = sums(self.shell, self.folder)?;
        ensure!(listed == sums, "it lists\n{listed}but the files are\n{sums}");
        Ok(format!("lists all {} other files", sums.lines().count()))
    }

    fn check_function(&self, name: &str) -> Result<String> {
        let mut archive = zip::ZipArchive::new(Cursor::new(self.read(name)?))?;
        ensure!(archive.len() == 1, "it has {} files, not one", archive.len());
        let mut entry = archive.by_index(0)?;
        ensure!(entry.name()? == "bootstrap", "its file is not `bootstrap`");
        ensure!(entry.unix_mode() == Some(EXECUTABLE), "`bootstrap` cannot be executed");
        let mut program = Vec::new();
        entry.read_to_end(&mut program)?;
        self.check_program(&program, name.trim_end_matches(".zip"))
    }

    fn check_command(&self, name: &str, architecture: Architecture) -> Result<String> {
        let root = name.trim_end_matches(".tar.gz");
        let files = self.unpack(name)?;
        let page =
            files.get("man/man1/trailseal.1").context("`man/man1/trailseal.1` is missing")?;
        let expected = ["trailseal", "LICENSE", "README.md", "CHANGELOG.md"].map(str::to_owned);
        let completions = COMPLETIONS.iter().map(|(_, file)| format!("completions/{file}"));
        let expected: BTreeSet<String> =
            expected.into_iter().chain(completions).chain(pages(&page.content)).collect();
        let found: BTreeSet<String> = files.keys().cloned().collect();
        let differences: Vec<_> = expected.symmetric_difference(&found).collect();
        ensure!(differences.is_empty(), "missing or unexpected: {differences:?}");
        let executable: Vec<_> =
            files.iter().filter(|(_, file)| file.mode & 0o111 != 0).map(|(name, _)| name).collect();
        ensure!(executable == ["trailseal"], "{executable:?} can be executed");
        let program = files.get("trailseal").context("`trailseal` is missing")?;
        let summary = self.check_program(&program.content, root)?;
        if self.host != Some(architecture) {
            return Ok(format!("{summary}; not started: it is for another machine"));
        }
        self.check_running(&files).map(|version| format!("{summary}; it starts as {version}"))
    }

    /// Starts the command, and compares what it generates with the files next to it.
    fn check_running(&self, files: &BTreeMap<String, Packed>) -> Result<String> {
        let folder = self.shell.create_temp_dir()?;
        let path = folder.path().join("trailseal");
        let content = |name: &str| files.get(name).map(|file| file.content.as_slice());
        self.shell.write_file(&path, content("trailseal").unwrap_or_default())?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        let run = |words: &[&str]| -> Result<Vec<u8>> {
            Ok(self.shell.cmd(&path).args(words).quiet().output()?.stdout)
        };
        let version = String::from_utf8(run(&["--version"])?)?.trim().to_owned();
        ensure!(version == format!("trailseal {}", self.version), "`--version` is `{version}`");
        for (shell, file) in COMPLETIONS {
            let script = run(&["completions", shell])?;
            let packed = content(&format!("completions/{file}"));
            ensure!(packed == Some(script.as_slice()), "`completions/{file}` is outdated");
        }
        let packed = content("man/man1/trailseal.1");
        ensure!(packed == Some(run(&["man"])?.as_slice()), "`trailseal.1` is outdated");
        Ok(version)
    }

    fn check_templates(&self, name: &str) -> Result<String> {
        let files = self.unpack(name)?;
        for folder in ["templates/", "packs/", "schema/"] {
            ensure!(files.keys().any(|name| name.starts_with(folder)), "`{folder}` is missing");
        }
        ensure!(files.values().all(|file| file.mode & 0o111 == 0), "a file can be executed");
        Ok(format!("{} files", files.len()))
    }

    fn check_library(&self, name: &str) -> Result<String> {
        let files = self.unpack_from(name, "package/")?;
        for file in ["dist/lib/index.js", "dist/lib/index.d.ts", "LICENSE", "README.md"] {
            ensure!(files.contains_key(file), "`{file}` is missing");
        }
        let manifest = files.get("package.json").context("`package.json` is missing")?;
        let manifest: serde_json::Value = serde_json::from_slice(&manifest.content)?;
        let version = manifest.get("version").and_then(serde_json::Value::as_str);
        ensure!(version == Some(self.version), "its version is {version:?}");
        ensure!(manifest.get("private").is_none(), "it cannot be published");
        Ok(format!("{} files", files.len()))
    }

    fn check_program(&self, program: &[u8], name: &str) -> Result<String> {
        let bill = self.folder.join(format!("{name}.cdx.json"));
        program::check(program, &self.shell.read_file(bill)?, &self.locked)
    }

    /// The files of an archive, by their paths in its only folder; anything else is a fault.
    fn unpack(&self, name: &str) -> Result<BTreeMap<String, Packed>> {
        self.unpack_from(name, &format!("{}/", name.trim_end_matches(".tar.gz")))
    }

    /// The files of an archive, by their paths in the folder `root`.
    fn unpack_from(&self, name: &str, root: &str) -> Result<BTreeMap<String, Packed>> {
        let mut files = BTreeMap::new();
        let packed = self.read(name)?;
        for entry in tar::Archive::new(GzDecoder::new(packed.as_slice())).entries()? {
            let mut entry = entry?;
            let path = entry.path()?.to_string_lossy().into_owned();
            let is_file = entry.header().entry_type() == tar::EntryType::Regular;
            ensure!(is_file, "`{path}` is not a regular file");
            let inner = path.strip_prefix(root);
            let inner =
                inner.with_context(|| format!("`{path}` is outside of `{root}`"))?.to_owned();
            let mut file = Packed { content: Vec::new(), mode: entry.header().mode()? };
            entry.read_to_end(&mut file.content)?;
            ensure!(files.insert(inner, file).is_none(), "`{path}` is in it twice");
        }
        Ok(files)
    }
}

/// The page of the command, and one for each subcommand that the page names.
fn pages(page: &[u8]) -> Vec<String> {
    let names = subcommands(page).into_iter();
    let pages = names.map(|name| format!("man/man1/trailseal-{name}.1"));
    pages.chain(["man/man1/trailseal.1".to_owned()]).collect()
}

#[cfg(test)]
mod tests;
