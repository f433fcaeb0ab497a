//! The second build: of a copy of the sources in another folder, from scratch.

use std::os::unix::fs::symlink;

use anyhow::{Context, Result};

use crate::package::architecture::Architecture;
use crate::project::Project;

/// The files that git tracks, relative to the repository's root: what others build.
pub(super) fn tracked_files(project: &Project) -> Result<Vec<String>> {
    let list = project.program("git", "ls-files -z").quiet().read();
    let list = list.context("`--check` copies the files that git tracks; it needs git")?;
    Ok(list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Builds the release in a fresh copy; returns the copy.
///
/// Only tools that do not end up in a program are shared. Path, time zone and language differ.
pub(super) fn build(
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
    fn the_second_build_gets_what_git_tracks() {
        let files = tracked_files(&Project::locate().unwrap()).unwrap();
        let has = |name: &str| files.iter().any(|file| file == name);
        assert!(has("Cargo.toml") && has(".cargo/config.toml") && has("cdk/package-lock.json"));
        assert!(!files.iter().any(|file| file.starts_with("target/") || file.contains("/assets/")));
    }
}
