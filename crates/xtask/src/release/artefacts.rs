//! The files of a release.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::package;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::release::compare;
use crate::release::sbom;
use crate::release::{Release, say};
use crate::step::Step;
use crate::tools;

/// The list of checksums, in the form that `sha256sum --check` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

const SEE_ABOVE: &str = "see the errors above";

/// Where a release lies.
pub(super) fn folder(project: &Project, release: &Release) -> PathBuf {
    project.target().join(format!("trailseal-{}", release.version))
}

/// Makes every file of a release; gives their folder, which holds nothing else.
pub(super) fn make(
    project: &Project,
    release: &Release,
    architectures: &[Architecture],
    out: &mut dyn Write,
) -> Result<PathBuf, Failure> {
    let folder = folder(project, release);
    make_anew(&folder)?;
    // What takes minutes comes last.
    write(&folder.join("NOTES.md"), &release.notes.text)?;
    templates(project, release, &folder)?;
    for architecture in architectures {
        bills(project, release, *architecture, &folder)?;
    }
    for architecture in architectures {
        programs(project, release, *architecture, &folder, out)?;
    }
    sums(project, &folder)?;
    Ok(folder)
}

/// What each program for one architecture is compiled of.
fn bills(
    project: &Project,
    release: &Release,
    architecture: Architecture,
    folder: &Path,
) -> Result<(), Failure> {
    let arch = architecture.name();
    let bill = |name: String| folder.join(format!("{name}.cdx.json"));
    let programs = [
        ("crates/trailseal-lambda", "bootstrap", bill(format!("bootstrap-{arch}"))),
        ("crates/trailseal-remediation", "remediation", bill(format!("remediation-{arch}"))),
        ("crates/trailseal-cli", "trailseal", bill(command_name(release, architecture))),
    ];
    sbom::write(project, architecture, release.notes.date_seconds, &programs)
}

/// The functions and the command for one architecture.
fn programs(
    project: &Project,
    release: &Release,
    architecture: Architecture,
    folder: &Path,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    for archive in package::functions(project, architecture, out)? {
        if let Some(name) = archive.file_name() {
            copy(&archive, &folder.join(name))?;
        }
    }
    let (program, glibc) = package::command(project, architecture)?;
    let name = command_name(release, architecture);
    command(project, release, &program, &name, folder)?;
    say(out, &format!("{name}.tar.gz: needs glibc {glibc}"))
}

fn command_name(release: &Release, architecture: Architecture) -> String {
    format!("trailseal-{}-{}-linux", release.version, architecture.name())
}

/// The command with its manual pages and completions, which a test holds equal to it.
fn command(
    project: &Project,
    release: &Release,
    program: &Path,
    name: &str,
    folder: &Path,
) -> Result<(), Failure> {
    let stage = stage(project, name)?;
    let package = project.root().join("crates/trailseal-cli");
    copy(program, &stage.join("trailseal"))?;
    for file in ["LICENSE", "README.md", "CHANGELOG.md"] {
        copy(&project.root().join(file), &stage.join(file))?;
    }
    copy_all(&package.join("man"), &stage.join("man/man1"))?;
    copy_all(&package.join("completions"), &stage.join("completions"))?;
    tarball(project, release, &stage, folder)
}

/// The deployment without CDK, made anew from the constructs.
fn templates(project: &Project, release: &Release, folder: &Path) -> Result<(), Failure> {
    tools::node(project)?;
    let stage = stage(project, &format!("trailseal-{}-templates", release.version))?;
    let made = project.target().join("release-stage/generated");
    make_anew(&made)?;
    Step::new(project, "npm", SEE_ABOVE)
        .words("run --silent generate --")
        .arg(&made)
        .within(&project.cdk())
        .run()?;
    for part in ["templates", "packs"] {
        copy_all(&made.join(part), &stage.join(part))?;
    }
    copy_all(&project.cdk().join("schema"), &stage.join("schema"))?;
    copy(&project.cdk().join("README.md"), &stage.join("README.md"))?;
    copy(&project.root().join("LICENSE"), &stage.join("LICENSE"))?;
    tarball(project, release, &stage, folder)
}

/// An empty folder for what goes into an archive of that name.
fn stage(project: &Project, name: &str) -> Result<PathBuf, Failure> {
    let folder = project.target().join("release-stage").join(name);
    make_anew(&folder)?;
    Ok(folder)
}

fn tarball(
    project: &Project,
    release: &Release,
    stage: &Path,
    folder: &Path,
) -> Result<(), Failure> {
    Step::new(project, "python3", package::PYTHON)
        .arg(project.xtask().join("src/release/tarball.py"))
        .args([stage, folder])
        .arg(release.notes.date_seconds.to_string())
        .run()
}

fn sums(project: &Project, folder: &Path) -> Result<(), Failure> {
    let names = compare::names(folder)?;
    let sums = Step::new(project, "sha256sum", "install coreutils")
        .arg("--")
        .args(names)
        .within(folder)
        .output()?;
    write(&folder.join(SUMS), &sums)
}

fn make_anew(folder: &Path) -> Result<(), Failure> {
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| Failure::file("remove", folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))
}

/// Copies the files of a folder that has no folders in it.
fn copy_all(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir_all(to).map_err(|error| Failure::file("create", to, &error))?;
    compare::names(from)?.iter().try_for_each(|name| copy(&from.join(name), &to.join(name)))
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map_err(|error| Failure::file("copy", from, &error))?;
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
