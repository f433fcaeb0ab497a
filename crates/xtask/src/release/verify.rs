//! Looks at a release as those who get it would.

use std::path::Path;

use crate::failure::Failure;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::release::artefacts::SUMS;
use crate::step::Step;

const REMEDY: &str = "the release is not fit to be given away; see above";

/// Checks the sums, and opens every archive: what is in it, of what its programs are compiled,
/// and, where this machine can, that the command starts.
pub(super) fn verify(project: &Project, folder: &Path, version: &str) -> Result<(), Failure> {
    Step::new(project, "sha256sum", REMEDY)
        .words("--check --strict --quiet")
        .arg(SUMS)
        .within(folder)
        .run()?;
    let host = Architecture::ALL.into_iter().find(|architecture| architecture.is_hosts());
    Step::new(project, "python3", REMEDY)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .arg(project.xtask().join("src/release/verify.py"))
        .arg(folder)
        .arg(version)
        .arg(project.root().join("Cargo.lock"))
        .arg(host.map_or("none", Architecture::name))
        .run()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::PYTHON;

    #[test]
    fn faults_of_a_release_are_found() {
        let project = Project::locate().unwrap();
        Step::new(&project, "python3", PYTHON)
            .words("-m unittest --quiet verify_test")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .within(&project.xtask().join("src/release"))
            .run()
            .unwrap();
    }
}
