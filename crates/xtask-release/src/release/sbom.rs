//! The bill of materials of each program, as CycloneDX.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::package::architecture::Architecture;
use xtask::project::Project;
use xtask::tools;

/// The suffix of the files that `cargo cyclonedx` writes next to the manifests.
const SUFFIX: &str = ".cdx.json";

/// Writes the bills of materials of programs for one architecture.
///
/// `programs` are a package, a program in it, and the file to write. One run of
/// `cargo cyclonedx` writes all of them into the packages' folders, and this removes them there.
pub(super) fn write(
    project: &Project,
    architecture: Architecture,
    date_seconds: u64,
    programs: &[(&str, &str, PathBuf)],
) -> Result<()> {
    tools::cargo_tool(project, tools::CYCLONEDX)?;
    let cyclonedx = "cyclonedx --quiet --format json --spec-version 1.5 --describe binaries";
    let outcome = project
        .program(project.tool("cargo-cyclonedx"), cyclonedx)
        .args(["--target", architecture.triple()])
        // This variable sets the time, and turns off the random serial number.
        .env("SOURCE_DATE_EPOCH", date_seconds.to_string())
        .run()
        .map_err(Into::into)
        .and_then(|()| programs.iter().try_for_each(|program| copy(project, program)));
    remove_generated(project)?;
    outcome
}

fn copy(project: &Project, (package, program, to): &(&str, &str, PathBuf)) -> Result<()> {
    let text = project.shell().read_file(format!("crates/{package}/{program}_bin{SUFFIX}"))?;
    Ok(project.shell().write_file(to, without_root(&text, project.root()))?)
}

/// Removes the repository's path, which differs between machines, from the names of our packages.
fn without_root(text: &str, root: &Path) -> String {
    text.replace(&format!("path+file://{}", root.display()), "path+file:///trailseal")
}

fn remove_generated(project: &Project) -> Result<()> {
    let shell = project.shell();
    let mut folders = shell.read_dir("crates")?;
    folders.push(project.root().join("tests"));
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for path in shell.read_dir(folder)? {
            if path.to_string_lossy().ends_with(SUFFIX) {
                shell.remove_path(path)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_the_folder_of_the_repository() {
        let text = r#"{"bom-ref": "path+file:///home/me/it/crates/a#0.1.0"}"#;
        let removed = without_root(text, Path::new("/home/me/it"));
        assert_eq!(removed, r#"{"bom-ref": "path+file:///trailseal/crates/a#0.1.0"}"#);
    }
}
