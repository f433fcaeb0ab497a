//! `cargo xtask package`: the functions as AWS Lambda requires them.
//!
//! The same sources give the same bytes in any folder: paths are mapped, times are fixed, and
//! `Cargo.lock` fixes the version of everything that is compiled, including the compressor.

pub(crate) mod architecture;
pub(crate) mod elf;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::Cmd;

use crate::archive::{self, sha256};
use crate::package::architecture::Architecture;
pub(crate) use crate::package::architecture::Architectures;
use crate::package::elf::GLIBC_OF_LAMBDA;
use xtask::project::{Project, print};
use xtask::tools;

/// 1980-01-01, the earliest time in a zip archive: no program contains the time of its build.
const SOURCE_DATE_EPOCH: &str = "315532800";

const RULE: (&str, &str) = ("bootstrap", "trailseal-lambda");
const HOOK: (&str, &str) = ("hook", "trailseal-hook");

/// The functions that ship: the name of the program, and its package, whose folder has its name.
pub(crate) const FUNCTIONS: [(&str, &str); 4] =
    [RULE, ("remediation", "trailseal-runbook"), HOOK, ("findings", "trailseal-security-hub")];

/// Builds and packs each function for each architecture.
pub(crate) fn run(project: &Project, architectures: &Architectures) -> Result<()> {
    for architecture in architectures.installed(project)? {
        functions(project, architecture)?;
    }
    Ok(())
}

/// Builds and packs each function for an architecture; returns the archives.
pub(crate) fn functions(project: &Project, architecture: Architecture) -> Result<Vec<PathBuf>> {
    FUNCTIONS.into_iter().map(|program| function(project, architecture, program)).collect()
}

/// Builds and packs the rule's function for an architecture; returns the archive.
pub(crate) fn rule_function(project: &Project, architecture: Architecture) -> Result<PathBuf> {
    function(project, architecture, RULE)
}

/// Builds and packs the function of the Hook for an architecture; returns the archive.
pub(crate) fn hook_function(project: &Project, architecture: Architecture) -> Result<PathBuf> {
    function(project, architecture, HOOK)
}

fn function(
    project: &Project,
    architecture: Architecture,
    (name, package): (&str, &str),
) -> Result<PathBuf> {
    let built = build(project, architecture, &format!("{package} --bin {name}"))?.join(name);
    let glibc = require_lambda(&built, architecture)?;
    let name = format!("cdk/assets/{name}-{}.zip", architecture.name());
    let path = project.root().join(&name);
    let packed = archive::function(&project.shell().read_binary_file(built)?)?;
    project.shell().write_file(&path, &packed)?;
    let (bytes, sum) = (packed.len(), sha256(&packed));
    print(&format!("{name}: {bytes} bytes, SHA-256 {sum}, needs glibc {glibc}"))?;
    Ok(path)
}

/// Builds the command for an architecture; returns it, and the oldest glibc with which it runs.
///
/// The limit is that of the functions: every maintained distribution since 2022 has glibc 2.34. A
/// static build with musl would also run on older ones, but would resolve names without the
/// system's configuration, and would be a second way to build.
pub(crate) fn command(project: &Project, architecture: Architecture) -> Result<(PathBuf, String)> {
    let folder = build(project, architecture, "trailseal-cli --bin trailseal")?;
    let built = folder.join("trailseal");
    let glibc = require_lambda(&built, architecture)?;
    Ok((built, glibc))
}

/// Builds targets of one package in the profile `dist`; returns their folder.
///
/// Builds one package at a time, so that no other package adds features to the program.
pub(crate) fn build(
    project: &Project,
    architecture: Architecture,
    targets: &str,
) -> Result<PathBuf> {
    let triple = architecture.triple();
    let arguments = format!("--locked --profile dist --package {targets} --target {triple}");
    let mut folders = vec![project.tools().join("bin")];
    let cargo = if architecture.is_host() {
        project.cargo(&format!("build {arguments}"))
    } else {
        tools::virtual_environment(project, "zig", &["crates/xtask/requirements/zig.txt"])?;
        folders.push(project.tools().join("zig/bin"));
        // The suffix is the oldest glibc with which the program must run.
        project.cargo(&format!("zigbuild {arguments}.{GLIBC_OF_LAMBDA}"))
    };
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(folders.into_iter().chain(env::split_paths(&path)))
        .context("the repository's folder cannot be in `PATH`; move the repository")?;
    reproducible(project, auditable(project, cargo)?)?.env("PATH", path).run()?;
    Ok(project.target().join(triple).join("dist"))
}

/// Embeds the list of its dependencies in each program.
///
/// This does what `cargo auditable build --locked` does, except for the name of the wrapper: cargo
/// hashes it into the symbols of the workspace's crates, and with the path that `cargo auditable`
/// gives, the bytes would depend on the repository's folder. `PATH` resolves the bare name.
fn auditable<'a>(project: &Project, cargo: Cmd<'a>) -> Result<Cmd<'a>> {
    tools::cargo_tool(project, tools::AUDITABLE)?;
    Ok(cargo.env("RUSTC_WORKSPACE_WRAPPER", "cargo-auditable").env(
        "CARGO_AUDITABLE_ORIG_ARGS",
        r#"{"offline":false,"locked":true,"frozen":false,"config":[]}"#,
    ))
}

/// Keeps this machine's folders and the build time out of the program.
fn reproducible<'a>(project: &Project, cargo: Cmd<'a>) -> Result<Cmd<'a>> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    let home = home.context("the home folder is unknown: set `CARGO_HOME`")?;
    let maps = [
        (project.root(), "/trailseal"),
        (project.target(), "/trailseal/target"),
        (home.as_path(), "/cargo"),
    ];
    let options = |option: &str, separator: &str| {
        maps.map(|(from, to)| format!("{option}={}={to}", from.display())).join(separator)
    };
    Ok(cargo
        .env("CARGO_ENCODED_RUSTFLAGS", options("--remap-path-prefix", "\u{1f}"))
        .env("CFLAGS", options("-ffile-prefix-map", " "))
        .env("SOURCE_DATE_EPOCH", SOURCE_DATE_EPOCH))
}

fn require_lambda(program: &Path, architecture: Architecture) -> Result<String> {
    let path = || format!("`{}`", program.display());
    let bytes = std::fs::read(program).with_context(path)?;
    elf::require_lambda(&bytes, architecture).with_context(path)
}
