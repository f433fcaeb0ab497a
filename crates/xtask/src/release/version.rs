//! The version, which `Cargo.toml` gives, and the other places that repeat it.

use std::fs;

use crate::failure::Failure;
use crate::project::Project;

/// Where else it stands: a file, and the words before it.
///
/// The templates of the deployment and the manual pages repeat it too; they are generated, and
/// tests of their own hold them.
const ELSEWHERE: [(&str, &str); 5] = [
    ("cdk/package.json", r#""name": "trailseal-cdk", "version": ""#),
    ("cdk/package-lock.json", r#""name": "trailseal-cdk", "version": ""#),
    ("tests/browser/package.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("tests/browser/package-lock.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("cdk/README.md", "trailseal/"),
];

/// The version of the workspace; an error where another place gives another one.
pub(super) fn read(project: &Project) -> Result<String, Failure> {
    let manifest = text(project, "Cargo.toml")?;
    let version = of_workspace(&manifest)
        .ok_or_else(|| Failure::task("`Cargo.toml` gives no `version` in `[workspace.package]`"))?;
    let mut faults = Vec::new();
    for (name, before) in ELSEWHERE {
        faults.extend(fault(name, &text(project, name)?, before, version));
    }
    if faults.is_empty() { Ok(version.to_owned()) } else { Err(Failure::task(faults.join("; "))) }
}

fn of_workspace(manifest: &str) -> Option<&str> {
    let (_, section) = manifest.split_once("[workspace.package]\n")?;
    let section = section.split("\n[").next()?;
    let line = section.lines().find_map(|line| line.strip_prefix("version = \""))?;
    line.strip_suffix('"')
}

/// What is wrong with the versions that a file names behind some words, however it is wrapped.
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
        [] => Some(format!("`{name}` no longer names the version behind `{before}`")),
        _ => Some(format!(
            "`{name}` names the version `{}`, `Cargo.toml` the version `{version}`: make them equal",
            found.join("`, `")
        )),
    }
}

fn text(project: &Project, name: &str) -> Result<String, Failure> {
    let path = project.root().join(name);
    fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_names_the_version_of_the_workspace() {
        let version = read(&Project::locate().unwrap()).unwrap();
        assert_eq!(version, env!("CARGO_PKG_VERSION"));
    }

    #[test]
    fn every_crate_takes_the_version_of_the_workspace() {
        let project = Project::locate().unwrap();
        let mut crates = 0;
        for entry in fs::read_dir(project.root().join("crates")).unwrap() {
            let manifest = fs::read_to_string(entry.unwrap().path().join("Cargo.toml")).unwrap();
            assert!(manifest.contains("\nversion.workspace = true\n"), "{manifest}");
            crates += 1;
        }
        assert!(crates > 5, "{crates}");
    }

    #[test]
    fn only_the_section_of_the_workspace_counts() {
        let manifest = "[workspace.package]\nedition = \"2024\"\nversion = \"1.2.3\"\n\n[other]\n";
        assert_eq!(of_workspace(manifest), Some("1.2.3"));
        assert_eq!(of_workspace("[workspace.package]\n\n[other]\nversion = \"1.2.3\"\n"), None);
        assert_eq!(of_workspace("version = \"1.2.3\"\n"), None);
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
            "`a.md` no longer names the version behind `trailseal/`"
        );
    }
}
