//! What each program is compiled of, as CycloneDX, in a file beside it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

/// How `cargo cyclonedx` ends the names of the files that it writes beside the manifests.
const ENDING: &str = ".cdx.json";

/// Writes the bills of materials of some programs for one architecture.
///
/// `programs` are the folder of the package, the program in it, and the file to be written. All of
/// them come of one run, which writes a file into each package's folder; none stays there.
pub(super) fn write(
    project: &Project,
    architecture: Architecture,
    date_seconds: u64,
    programs: &[(&str, &str, PathBuf)],
) -> Result<(), Failure> {
    tools::cargo_tool(project, &tools::CYCLONEDX)?;
    let outcome = generate(project, architecture, date_seconds)
        .and_then(|()| programs.iter().try_for_each(|program| take(project, program)));
    remove_generated(project)?;
    outcome
}

fn generate(
    project: &Project,
    architecture: Architecture,
    date_seconds: u64,
) -> Result<(), Failure> {
    Step::new(project, project.tool("cargo-cyclonedx"), "see the errors above")
        .words("cyclonedx --quiet --format json --spec-version 1.5 --describe binaries --target")
        .arg(architecture.triple())
        // With it there is no random serial number, and the time is this.
        .env("SOURCE_DATE_EPOCH", date_seconds.to_string())
        .run()
}

fn take(project: &Project, (folder, program, to): &(&str, &str, PathBuf)) -> Result<(), Failure> {
    let from = project.root().join(folder).join(format!("{program}_bin{ENDING}"));
    let text = fs::read_to_string(&from).map_err(|error| Failure::file("read", &from, &error))?;
    let text = without_place(&text, project.root());
    fs::write(to, text).map_err(|error| Failure::file("write", to, &error))
}

/// Our own packages are named by their path, which is nobody's business and differs by machine.
fn without_place(text: &str, root: &Path) -> String {
    text.replace(&format!("path+file://{}", root.display()), "path+file:///trailseal")
}

fn remove_generated(project: &Project) -> Result<(), Failure> {
    let crates = project.root().join("crates");
    let failed = |path: &Path, error| Failure::file("read", path, &error);
    let mut folders = vec![project.root().join("tests")];
    for entry in fs::read_dir(&crates).map_err(|error| failed(&crates, error))? {
        folders.push(entry.map_err(|error| failed(&crates, error))?.path());
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let path = entry.map_err(|error| failed(folder, error))?.path();
            if path.to_string_lossy().ends_with(ENDING) {
                fs::remove_file(&path).map_err(|error| Failure::file("remove", &path, &error))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_the_repository_is_not_told() {
        let text = r#"{"bom-ref": "path+file:///home/me/it/crates/a#0.1.0"}"#;
        let told = without_place(text, Path::new("/home/me/it"));
        assert_eq!(told, r#"{"bom-ref": "path+file:///trailseal/crates/a#0.1.0"}"#);
    }
}
