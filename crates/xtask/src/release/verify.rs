//! Checks a release from the outside.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::release::artifacts::{SUMS, sums};
use crate::release::version::VERSION;

/// Checks the sums, and opens every archive.
pub(super) fn verify(project: &Project, folder: &Path) -> Result<()> {
    let listed = project.shell().read_file(folder.join(SUMS))?;
    ensure!(listed == sums(project, folder)?, "`{SUMS}` is wrong");
    let host = Architecture::host().map_or("none", Architecture::name);
    project
        .program("python3", "crates/xtask/src/release/verify.py")
        .arg(folder)
        .args([VERSION, "Cargo.lock", host])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()
        .context("the release is not correct; see above")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_of_a_release_are_found() {
        let project = Project::locate().unwrap();
        let _in_folder = project.shell().push_dir("crates/xtask/src/release");
        project
            .program("python3", "-m unittest --quiet verify_test")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .run()
            .unwrap();
    }
}
