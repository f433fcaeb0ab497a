//! The permitted dependencies between the crates (see ARCHITECTURE) and between their modules.

#![expect(clippy::string_slice, reason = "every index is the place of an ASCII match")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The crates in the order of ARCHITECTURE, each with its permitted dependencies.
fn listed() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(repository().join("ARCHITECTURE.md")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    rows.map(|row| {
        let (name, rest) = row.split_once("` | ").unwrap();
        let (_, allowed) = rest.rsplit_once(" | ").unwrap();
        let allowed = allowed.split(", ").filter(|name| *name != "–");
        (name.to_owned(), allowed.map(|name| name.trim_matches('`').to_owned()).collect())
    })
    .collect()
}

/// The packages that a crate's manifest lists under `[dependencies]`, optional ones included.
fn dependencies(package: &str) -> Vec<String> {
    let manifest = repository().join("crates").join(package).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap();
    assert!(!manifest.contains("[dependencies.") && !manifest.contains("build-dependencies"));
    manifest
        .split("\n[")
        .filter(|section| section.starts_with("dependencies") || section.contains(".dependencies]"))
        .flat_map(|section| section.lines().skip(1))
        .map(|line| line.split(['=', '.']).next().unwrap_or_default().trim().to_owned())
        .filter(|name| !name.is_empty() && !name.starts_with('#'))
        .collect()
}

#[test]
fn crates_depend_only_on_those_that_architecture_allows() {
    let listed = listed();
    let names: Vec<&str> = listed.iter().map(|(name, _)| name.as_str()).collect();
    let folders = fs::read_dir(repository().join("crates")).unwrap();
    let found: BTreeSet<String> =
        folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), found);
    for (index, (name, allowed)) in listed.iter().enumerate() {
        let above = &names[..index];
        assert!(
            allowed.iter().all(|one| above.contains(&one.as_str())),
            "ARCHITECTURE lists {name} before a crate that it depends on"
        );
        let ours = dependencies(name).into_iter().filter(|one| names.contains(&one.as_str()));
        assert_eq!(
            ours.collect::<BTreeSet<_>>(),
            allowed.iter().cloned().collect(),
            "the dependencies of {name} are not those that ARCHITECTURE lists"
        );
    }
}

#[test]
fn pure_crates_depend_on_few_packages() {
    for (package, external) in [
        ("resource-policy", &["serde", "serde_json", "thiserror"][..]),
        ("config-rule", &["serde", "serde_json", "thiserror", "time"]),
        ("trailseal-rule", &["serde", "serde_json", "strum", "time"]),
        ("trailseal-findings", &["serde", "serde_json"]),
        ("trailseal-template", &["granit-parser", "hcl-edit", "serde", "serde_json"]),
        ("trailseal-plan", &["serde", "serde_json", "similar", "strum", "thiserror"]),
    ] {
        let listed = listed();
        let is_ours = |name: &String| listed.iter().any(|(listed, _)| listed == name);
        let found: Vec<String> =
            dependencies(package).into_iter().filter(|name| !is_ours(name)).collect();
        assert_eq!(found, external, "{package}");
    }
}

#[test]
fn the_command_does_not_link_the_lambda_runtime_and_the_rule_function_cannot_write() {
    for (package, forbidden) in [
        ("trailseal-cli", "lambda_runtime"),
        ("trailseal-remediation", "lambda_runtime"),
        ("trailseal-lambda", "trailseal-remediation"),
        ("trailseal-hook", "trailseal-remediation"),
        ("trailseal-security-hub", "trailseal-remediation"),
    ] {
        let mut reached = vec![package.to_owned()];
        let mut next = 0;
        while let Some(name) = reached.get(next).cloned() {
            next += 1;
            if repository().join("crates").join(&name).exists() {
                reached.extend(dependencies(&name));
            }
        }
        assert!(reached.len() > 10, "{package}: {reached:?}");
        assert!(!reached.iter().any(|name| name == forbidden), "{package} depends on {forbidden}");
    }
}

/// The functions neither list buckets nor read files.
#[test]
fn the_functions_do_not_link_the_readers_of_log_files() {
    for package in
        ["trailseal-lambda", "trailseal-runbook", "trailseal-hook", "trailseal-security-hub"]
    {
        let arguments =
            ["--offline", "--locked", "-e", "normal", "--prefix", "none", "-p", package];
        let mut tree = Command::new(env!("CARGO"));
        let tree = tree.arg("tree").args(arguments).current_dir(repository()).output().unwrap();
        let tree = String::from_utf8(tree.stdout).unwrap();
        let linked: BTreeSet<&str> =
            tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert!(linked.contains("aws-sdk-kms"), "{package}: {tree}");
        for forbidden in ["trailseal-logs", "aws-sdk-s3", "parquet", "snap", "csv", "flate2"] {
            assert!(!linked.contains(forbidden), "{package} depends on {forbidden}");
        }
    }
}

#[test]
fn no_import_cycle_joins_modules_other_than_parent_and_child() {
    let mut cycles = Vec::new();
    for entry in fs::read_dir(repository().join("crates")).unwrap() {
        let root = entry.unwrap().path();
        let mut modules = BTreeMap::new();
        add_modules(&root.join("src"), "crate", &mut modules);
        let imports: BTreeMap<&str, BTreeSet<&str>> = modules
            .iter()
            .map(|(name, text)| (name.as_str(), imported_modules(name, text, &modules)))
            .collect();
        let package = root.file_name().unwrap().to_str().unwrap().to_owned();
        let in_cycles = imports.keys().filter(|name| reachable(name, &imports).contains(*name));
        cycles.extend(in_cycles.map(|name| format!("{package}: {name}")));
    }
    assert!(cycles.is_empty(), "these modules import each other: {cycles:#?}");
}

/// The text of each module without its tests, by path: `crate::checks::key_usable`.
fn add_modules(folder: &Path, module: &str, modules: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let name = format!("{module}::{stem}");
        if path.is_dir() {
            add_modules(&path, &name, modules);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            modules.insert(name, lines.collect::<Vec<_>>().join("\n"));
        }
    }
}

/// The modules that a module names, except itself, its parents and its children.
fn imported_modules<'a>(
    name: &str,
    text: &str,
    modules: &'a BTreeMap<String, String>,
) -> BTreeSet<&'a str> {
    let parent = name.rsplit_once("::").map_or("crate", |(parent, _)| parent);
    let mut paths = Vec::new();
    for (start, base) in [("crate::", "crate"), ("super::", parent)] {
        for (at, _) in text.match_indices(start) {
            let is_start =
                !text[..at].ends_with(|c: char| c.is_alphanumeric() || ":_$".contains(c));
            if is_start {
                add_paths(base.to_owned(), &text[at + start.len()..], &mut paths);
            }
        }
    }
    let is_family = |one: &str| {
        let below = |one: &str, other: &str| format!("{one}::").starts_with(&format!("{other}::"));
        below(one, name) || below(name, one)
    };
    paths
        .iter()
        .filter_map(|path| {
            let prefixes = path.match_indices("::").map(|(end, _)| &path[..end]).chain([&path[..]]);
            let (found, _) = prefixes.filter_map(|one| modules.get_key_value(one)).last()?;
            Some(found.as_str()).filter(|found| !is_family(found))
        })
        .collect()
}

/// Adds the paths that begin with `base` and continue with the text: `a::{b, c::D}` is two.
fn add_paths(base: String, text: &str, paths: &mut Vec<String>) -> usize {
    let end = text.find(|c: char| !c.is_alphanumeric() && !"_:".contains(c)).unwrap_or(text.len());
    let name = text[..end].trim_end_matches("::");
    let path = match name.strip_prefix("super") {
        _ if name.is_empty() => base,
        Some(rest) if rest.is_empty() || rest.starts_with("::") => {
            let parent = base.rsplit_once("::").map_or("crate", |(parent, _)| parent);
            format!("{parent}{rest}")
        }
        _ => format!("{base}::{name}"),
    };
    if !text[..end].ends_with("::") && end > 0 || !text[end..].starts_with('{') {
        paths.push(path);
        return end;
    }
    let mut at = end + 1;
    while let Some(next) = text[at..].find(|c: char| !c.is_whitespace() && c != ',') {
        at += next;
        if text[at..].starts_with('}') {
            return at + 1;
        }
        at += add_paths(path.clone(), &text[at..], paths).max(1);
    }
    at
}

fn reachable<'a>(from: &str, imports: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    let mut next: Vec<&str> = imports.get(from).into_iter().flatten().copied().collect();
    while let Some(name) = next.pop() {
        if found.insert(name) {
            next.extend(imports.get(name).into_iter().flatten());
        }
    }
    found
}
