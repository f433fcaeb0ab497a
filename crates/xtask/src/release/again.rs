//! The second build: of a copy of the sources, in another folder, with nothing built before.

use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::step::Step;

/// The files that git keeps, relative to the repository's root: what others build.
pub(super) fn tracked_files(project: &Project) -> Result<Vec<String>, Failure> {
    let remedy = "`--check` copies the files that git tracks, and needs git and its folder";
    let list = Step::new(project, "git", remedy).words("ls-files -z").output()?;
    Ok(list.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}

/// Builds the release in a fresh copy; gives the copy.
///
/// Only the tools that make no part of a program are shared. Path, time zone and language differ.
pub(super) fn build(
    project: &Project,
    sources: &[String],
    architectures: &[Architecture],
) -> Result<Project, Failure> {
    let copy = Project::at(project.target().join("release-again"));
    remove(&copy)?;
    for name in sources {
        copy_file(&project.root().join(name), &copy.root().join(name))?;
    }
    Step::new(project, "ln", "see the error above")
        .words("-s")
        .args([project.tools(), copy.tools()])
        .run()?;
    let mut step = Step::cargo(&copy, "xtask release", "see the errors above")
        .env("CARGO_TARGET_DIR", copy.target())
        .env("TZ", "Asia/Kathmandu")
        .env("LC_ALL", "C");
    for architecture in architectures {
        step = step.args(["--arch", architecture.name()]);
    }
    step.run()?;
    Ok(copy)
}

/// Removes a copy, where there is one.
pub(super) fn remove(copy: &Project) -> Result<(), Failure> {
    let folder = copy.root();
    if !folder.exists() {
        return Ok(());
    }
    fs::remove_dir_all(folder).map_err(|error| Failure::file("remove", folder, &error))
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|error| Failure::file("create", folder, &error))?;
    }
    fs::copy(from, to).map_err(|error| Failure::file("copy", from, &error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_again_is_what_git_tracks() {
        let files = tracked_files(&Project::locate().unwrap()).unwrap();
        let has = |name: &str| files.iter().any(|file| file == name);
        assert!(has("Cargo.toml") && has(".cargo/config.toml") && has("cdk/package-lock.json"));
        assert!(!files.iter().any(|file| file.starts_with("target/") || file.contains("/assets/")));
    }
}
