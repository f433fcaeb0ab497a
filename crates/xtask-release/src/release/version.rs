//! The version of `Cargo.toml`, and the other files that repeat it.

use anyhow::{Result, ensure};

use xtask::project::Project;

/// Cargo gives every package the workspace's version; a test checks that each one inherits it.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The other files: a name, and the text before the version.
///
/// The deployment's templates repeat it as well: they are generated, and their tests compare them.
const ELSEWHERE: [(&str, &str); 16] = [
    ("cdk/package.json", r#""name": "trailseal-cdk", "version": ""#),
    ("cdk/package-lock.json", r#""name": "trailseal-cdk", "version": ""#),
    ("tests/browser/package.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("tests/browser/package-lock.json", r#""name": "trailseal-browser-tests", "version": ""#),
    ("cdk/README.md", "trailseal/"),
    ("cdk/ORGANIZATION.md", "trailseal/"),
    ("cdk/WAVES.md", "trailseal/"),
    ("cdk/HOOK.md", "trailseal/"),
    ("cdk/REMEDIATION.md", "trailseal/"),
    ("cdk/SECURITY-HUB.md", "trailseal/"),
    ("docs/PREVIEW.md", "ref: v"),
    ("terraform/README.md", "?ref=v"),
    ("terraform/README.md", "trailseal/"),
    ("terraform/modules/account/README.md", "?ref=v"),
    ("terraform/modules/organization/README.md", "?ref=v"),
    ("terraform/examples/organization/main.tf", "trailseal/"),
];

/// Checks that every other file names the version of the workspace.
pub(super) fn check(project: &Project) -> Result<()> {
    let mut faults = Vec::new();
    for (name, before) in ELSEWHERE {
        let outcome = check_file(&project.shell().read_file(name)?, before, VERSION);
        faults.extend(outcome.err().map(|fault| format!("`{name}`: {fault}")));
    }
    ensure!(faults.is_empty(), "expected the version {VERSION}; {}", faults.join("; "));
    Ok(())
}

/// Checks every version after this text in a file, however the file wraps its lines.
fn check_file(text: &str, before: &str, version: &str) -> Result<()> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_version = |rest: &&str| rest.starts_with(|first: char| first.is_ascii_digit());
    let found: Vec<&str> = text
        .split(before)
        .skip(1)
        .filter(is_version)
        .filter_map(|rest| rest.split(['"', '/', '`', ' ', ',']).next())
        .collect();
    let is_right = !found.is_empty() && found.iter().all(|found| *found == version);
    ensure!(is_right, "after `{before}` it has {found:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_names_the_version_of_the_workspace() {
        check(&Project::locate().unwrap()).unwrap();
    }

    #[test]
    fn every_crate_inherits_the_version_of_the_workspace() {
        let project = Project::locate().unwrap();
        let folders = project.shell().read_dir("crates").unwrap();
        for folder in &folders {
            let manifest = project.shell().read_file(folder.join("Cargo.toml")).unwrap();
            assert!(manifest.contains("\nversion.workspace = true\n"), "{manifest}");
        }
        assert!(folders.len() > 5, "{folders:?}");
    }

    #[test]
    fn another_version_in_a_file_is_an_error() {
        let before = r#""name": "a", "version": ""#;
        let json = "{\n  \"name\": \"a\",\n  \"version\": \"1.2.3\",\n";
        assert!(check_file(json, before, "1.2.3").is_ok());
        assert!(check_file(json, before, "1.3.0").is_err());
        let page = "put it under `trailseal/1.2.3/a.zip`, trailseal/x or trailseal/1.3.0/b.zip";
        let error = check_file(page, "trailseal/", "1.3.0").unwrap_err();
        assert_eq!(error.to_string(), r#"after `trailseal/` it has ["1.2.3", "1.3.0"]"#);
        assert!(check_file("nothing", "trailseal/", "1.3.0").is_err());
    }
}
