//! `cargo xtask release`: all files of a version, in one folder.
//!
//! `Cargo.toml` has the version, `CHANGELOG.md` its notes and date. With `--check`, a second build
//! of a copy in another folder must give the same bytes.

mod artifacts;
mod notes;
mod sbom;
mod verify;
mod version;

use std::os::unix::fs::symlink;

use anyhow::{Context, Result};

use crate::package::Architectures;
use crate::package::architecture::Architecture;
use crate::release::notes::Notes;
use crate::release::version::VERSION;
use xtask::project::{Project, print};

/// Makes the release for all architectures, or for the named ones.
pub(crate) fn run(project: &Project, architectures: &Architectures, check: bool) -> Result<()> {
    // Checks first everything that can be checked before the first build, which takes minutes.
    let architectures = architectures.installed(project)?;
    version::check(project)?;
    let notes = Notes::of(&project.shell().read_file("CHANGELOG.md")?, VERSION)?;
    let sources = if check { tracked_files(project)? } else { Vec::new() };

    let folder = artifacts::make(project, &notes, &architectures)?;
    verify::verify(project, &folder)?;
    if check {
        let copy = build_copy(project, &sources, &architectures)?;
        let second = artifacts::folder(&copy);
        let diff = project.program("diff", "--recursive --brief").args([&folder, &second]).run();
        diff.context("two builds of the same sources differ")?;
        print("two builds gave the same bytes")?;
        project.shell().remove_path(copy.root())?;
    }
    print(&format!("trailseal {VERSION} is in {}", folder.display()))
}

/// The files that git tracks, relative to the repository's root: the sources that others build.
fn tracked_files(project: &Project) -> Result<Vec<String>> {
    let list = project.program("git", "ls-files -z").quiet().read();
    let list = list.context("`--check` copies the files that git tracks; it needs git")?;
    Ok(list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Builds the release in a fresh copy; returns the copy.
///
/// The copy shares only tools that are not part of a program. Path, time zone and language differ.
fn build_copy(
    project: &Project,
    sources: &[String],
    architectures: &[Architecture],
) -> Result<Project> {
    let copy = Project::at(project.target().join("second-build"))?;
    copy.shell().remove_path(copy.root())?;
    for name in sources {
        let to = copy.root().join(name);
        copy.shell().create_dir(to.parent().unwrap_or(&to))?;
        copy.shell().copy_file(project.root().join(name), to)?;
    }
    symlink(project.tools(), copy.tools()).context("could not link `.tools`")?;
    let mut release = copy
        .cargo("xtask release")
        .env("CARGO_TARGET_DIR", copy.target())
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "C");
    for architecture in architectures {
        release = release.args(["--arch", architecture.name()]);
    }
    release.run()?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_version_can_be_released() {
        let changelog = Project::locate().unwrap().shell().read_file("CHANGELOG.md").unwrap();
        let notes = Notes::of(&changelog, VERSION).unwrap();
        assert!(notes.text.contains("### Migrating from 0.1.0\n"));
    }

    #[test]
    fn workflows_run_the_documented_tasks_and_pin_actions_by_hash() {
        let project = Project::locate().unwrap();
        for (name, commands) in [
            ("ci.yml", &["run: .ci/run\n"][..]),
            ("release.yml", &["run: .ci/run\n", "run: cargo xtask release --check\n"]),
        ] {
            let text = project.shell().read_file(format!(".github/workflows/{name}")).unwrap();
            assert!(commands.iter().all(|command| text.contains(command)), "{name}");
            let uses: Vec<&str> = text
                .lines()
                .filter_map(|line| line.split_once("uses: "))
                .map(|(_, it)| it)
                .collect();
            assert!(!uses.is_empty(), "{name}");
            for action in uses {
                let (_, hash) = action.split_once('@').unwrap();
                let (hash, version) = hash.split_once(" # v").unwrap();
                assert!(
                    hash.len() == 40 && hash.bytes().all(|it| it.is_ascii_hexdigit()),
                    "{action}"
                );
                assert!(version.starts_with(|it: char| it.is_ascii_digit()), "{action}");
            }
        }
    }

    #[test]
    fn the_second_build_uses_the_files_that_git_tracks() {
        let files = tracked_files(&Project::locate().unwrap()).unwrap();
        let has = |name: &str| files.iter().any(|file| file == name);
        assert!(has("Cargo.toml") && has(".cargo/config.toml") && has("cdk/package-lock.json"));
        assert!(!files.iter().any(|file| file.starts_with("target/") || file.contains("/assets/")));
    }
}
