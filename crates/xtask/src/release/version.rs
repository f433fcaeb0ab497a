//! The version of `Cargo.toml`, and the other files that repeat it.

use anyhow::{Result, ensure};

use crate::project::Project;

/// Cargo gives every package the version of the workspace; a test checks that they ask for it.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The other files: a name, and the text before the version.
///
/// The templates of the deployment repeat it too: they are generated, and their tests compare them.
const ELSEWHERE: [(&str, &str); 5] = [
    ("cdk/package.json", r#""name": "trailseal-cdk", "version": ""#),
    ("cdk/package-lock.json", r#""name": "trailseal-cdk", "version": ""#),
    ("tests/browser/package.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("tests/browser/package-lock.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("cdk/README.md", "trailseal/"),
];

/// Checks that every other file names the version of the workspace.
pub(super) fn check(project: &Project) -> Result<()> {
    let mut faults = Vec::new();
    for (name, before) in ELSEWHERE {
        faults.extend(fault(name, &project.shell().read_file(name)?, before, VERSION));
    }
    ensure!(faults.is_empty(), "{}", faults.join("; "));
    Ok(())
}

/// The fault in the versions that a file names after a text, however the file wraps its lines.
fn fault(name: &str, text: &str, before: &str, version: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut found: Vec<&str> = text
        .split(before)
        .skip(1)
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
        .filter_map(|rest| rest.split(['"', '/', '`', ' ']).next())
        .collect();
    found.dedup();
    match found.as_slice() {
        [one] if *one == version => None,
        [] => Some(format!("`{name}` no longer names the version after `{before}`")),
        _ => Some(format!(
            "`{name}` names the version `{}`, `Cargo.toml` the version `{version}`: make them equal",
            found.join("`, `")
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_the_version_of_the_workspace() {
        check(&Project::locate().unwrap()).unwrap();
    }

    #[test]
    fn every_crate_takes_the_version_of_the_workspace() {
        let project = Project::locate().unwrap();
        let folders = project.shell().read_dir("crates").unwrap();
        for folder in &folders {
            let manifest = project.shell().read_file(folder.join("Cargo.toml")).unwrap();
            assert!(manifest.contains("\nversion.workspace = true\n"), "{manifest}");
        }
        assert!(folders.len() > 5, "{folders:?}");
    }

    #[test]
    fn another_version_elsewhere_is_a_fault() {
        let before = r#""name": "a", "version": ""#;
        let json = "{\n  \"name\": \"a\",\n  \"version\": \"1.2.3\",\n";
        assert_eq!(fault("a.json", json, before, "1.2.3"), None);
        assert_eq!(
            fault("a.json", json, before, "1.3.0").unwrap(),
            "`a.json` names the version `1.2.3`, `Cargo.toml` the version `1.3.0`: make them equal"
        );
        let page = "put it under `trailseal/1.2.3/a.zip`, trailseal/x or trailseal/1.3.0/b.zip";
        assert_eq!(
            fault("a.md", page, "trailseal/", "1.3.0").unwrap(),
            "`a.md` names the version `1.2.3`, `1.3.0`, `Cargo.toml` the version `1.3.0`: make \
             them equal"
        );
        assert_eq!(
            fault("a.md", "nothing", "trailseal/", "1.3.0").unwrap(),
            "`a.md` no longer names the version after `trailseal/`"
        );
    }
}
