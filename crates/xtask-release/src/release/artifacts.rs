//! The files of a release.

use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::Shell;

use crate::archive::{self, sha256};
use crate::package;
use crate::package::architecture::Architecture;
use crate::release::notes::Notes;
use crate::release::sbom;
use crate::release::version::VERSION;
use xtask::project::{Project, print};
use xtask::tools;

/// The list of checksums, in the form that `sha256sum --check` reads.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The shells that have completions, and the names of the scripts.
pub(super) const COMPLETIONS: [(&str, &str); 3] =
    [("bash", "trailseal.bash"), ("zsh", "_trailseal"), ("fish", "trailseal.fish")];

pub(super) fn folder(project: &Project) -> PathBuf {
    project.target().join(format!("trailseal-{VERSION}"))
}

/// Makes every file of a release; returns their folder, which has no other files.
pub(super) fn make(
    project: &Project,
    notes: &Notes,
    architectures: &[Architecture],
) -> Result<PathBuf> {
    let folder = folder(project);
    make_empty(project, &folder)?;
    // The steps that take minutes come last.
    project.shell().write_file(folder.join("NOTES.md"), &notes.text)?;
    templates(project, notes, &folder)?;
    library(project, &folder)?;
    for architecture in architectures {
        bills(project, notes, *architecture, &folder)?;
    }
    for architecture in architectures {
        for archive in package::functions(project, *architecture)? {
            project.shell().copy_file(archive, &folder)?;
        }
        command(project, notes, *architecture, &folder)?;
    }
    project.shell().write_file(folder.join(SUMS), sums(project.shell(), &folder)?)?;
    Ok(folder)
}

/// The bill of materials of each program for one architecture.
fn bills(
    project: &Project,
    notes: &Notes,
    architecture: Architecture,
    folder: &Path,
) -> Result<()> {
    let arch = architecture.name();
    let bill = |name: String| folder.join(format!("{name}.cdx.json"));
    let functions = package::FUNCTIONS
        .map(|(name, package)| (package, name, bill(format!("{name}-{arch}"))))
        .into_iter();
    let command = ("trailseal-cli", "trailseal", bill(command_name(VERSION, architecture)));
    let programs: Vec<_> = functions.chain([command]).collect();
    sbom::write(project, architecture, notes.date_seconds, &programs)
}

/// The name of the archive with the command, without its extension.
pub(super) fn command_name(version: &str, architecture: Architecture) -> String {
    format!("trailseal-{version}-{}-linux", architecture.name())
}

/// The command with its manual pages and completions.
fn command(
    project: &Project,
    notes: &Notes,
    architecture: Architecture,
    folder: &Path,
) -> Result<()> {
    let (program, glibc) = package::command(project, architecture)?;
    let name = command_name(VERSION, architecture);
    let stage = stage(project, &name)?;
    for file in
        [program.as_path(), "LICENSE".as_ref(), "README.md".as_ref(), "CHANGELOG.md".as_ref()]
    {
        project.shell().copy_file(file, &stage)?;
    }
    let (host, _) = package::command(project, Architecture::host()?)?;
    pages(project.shell(), &host, &stage)?;
    tarball(project, &stage, folder, notes)?;
    print(&format!("{name}.tar.gz: needs glibc {glibc}"))
}

/// Runs a command for this machine to write its manual pages and completions.
fn pages(shell: &Shell, command: &Path, stage: &Path) -> Result<()> {
    let print = |words: &[&str]| shell.cmd(command).args(words).quiet().output();
    for (name, file) in COMPLETIONS {
        let script = print(&["completions", name])?.stdout;
        shell.write_file(stage.join("completions").join(file), script)?;
    }
    let page = print(&["man"])?.stdout;
    for name in subcommands(&page) {
        let page = print(&["man", &name])?.stdout;
        shell.write_file(stage.join(format!("man/man1/trailseal-{name}.1")), page)?;
    }
    Ok(shell.write_file(stage.join("man/man1/trailseal.1"), page)?)
}

/// The subcommands that the manual page of the command names.
pub(super) fn subcommands(page: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(page).replace("\\-", "-");
    let name = |rest: &str| rest.split_once("(1)").map(|(name, _)| name.to_owned());
    text.split("\ntrailseal-").skip(1).filter_map(name).collect()
}

/// The deployment without CDK, generated from the constructs.
fn templates(project: &Project, notes: &Notes, folder: &Path) -> Result<()> {
    tools::node_packages(project, "cdk")?;
    let stage = stage(project, &format!("trailseal-{VERSION}-templates"))?;
    let generated = project.target().join("release-stage/generated");
    make_empty(project, &generated)?;
    {
        let _in_folder = project.shell().push_dir("cdk");
        project.program("npm", "run --silent generate --").arg(&generated).run()?;
    }
    for part in ["templates", "packs"] {
        copy_files(project, generated.join(part), &stage.join(part))?;
    }
    copy_files(project, "cdk/schema", &stage.join("schema"))?;
    let is_page = |path: &&PathBuf| path.extension().is_some_and(|extension| extension == "md");
    for page in project.shell().read_dir("cdk")?.iter().filter(is_page) {
        project.shell().copy_file(page, &stage)?;
    }
    project.shell().copy_file("LICENSE", &stage)?;
    tarball(project, &stage, folder, notes)
}

/// The npm package of the constructs. `npm pack` gives every file the same time.
fn library(project: &Project, folder: &Path) -> Result<()> {
    let _in_folder = project.shell().push_dir("cdk");
    Ok(project.program("npm", "pack --silent --pack-destination").arg(folder).run()?)
}

/// Packs a folder into an archive of its name.
fn tarball(project: &Project, stage: &Path, folder: &Path, notes: &Notes) -> Result<()> {
    let mut name = stage.file_name().unwrap_or_default().to_owned();
    name.push(".tar.gz");
    let archive = archive::folder(project.shell(), stage, notes.date_seconds, Some("trailseal"))?;
    Ok(project.shell().write_file(folder.join(name), archive)?)
}

/// An empty folder for the files of an archive with that name.
fn stage(project: &Project, name: &str) -> Result<PathBuf> {
    let folder = project.target().join("release-stage").join(name);
    make_empty(project, &folder)?;
    Ok(folder)
}

fn make_empty(project: &Project, folder: &Path) -> Result<()> {
    project.shell().remove_path(folder)?;
    project.shell().create_dir(folder)?;
    Ok(())
}

/// Copies the files of a folder without subfolders.
fn copy_files(project: &Project, from: impl AsRef<Path>, to: &Path) -> Result<()> {
    let shell = project.shell();
    shell.create_dir(to)?;
    shell.read_dir(from)?.iter().try_for_each(|path| Ok(shell.copy_file(path, to)?))
}

/// The checksums of a release's files, except the list itself, sorted by name.
pub(super) fn sums(shell: &Shell, folder: &Path) -> Result<String> {
    let mut sums = String::new();
    for path in shell.read_dir(folder)?.iter().filter(|path| !path.ends_with(SUMS)) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        sums.push_str(&format!("{}  {name}\n", sha256(&shell.read_binary_file(path)?)));
    }
    Ok(sums)
}
