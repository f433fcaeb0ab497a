//! Facts of the repository: ids, tables, dependencies, file sizes, the published schema.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::Value;
use trailseal_rule::{CHECKS, Check, PARAMETERS, Profile, parameters_schema};

use super::case::{read, sorted};
use super::harness::{bootstrap_path, hook_path, lab_path};

const LINES_MAX: usize = 500;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

#[test]
fn check_ids_never_change() {
    let ids: Vec<&str> = CHECKS.iter().map(|check| check.id.as_str()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(unique.len(), ids.len());
    let of_kebab_case = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
    assert!(ids.iter().all(|id| id.bytes().all(of_kebab_case)), "{ids:?}");
    insta::assert_snapshot!(ids.join("\n"));
}

#[test]
fn parameter_names_never_change() {
    let names: Vec<&str> = PARAMETERS.iter().map(|spec| spec.name).collect();
    let unique: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len());
    insta::assert_snapshot!(names.join("\n"));
}

#[test]
fn the_docs_list_all_checks_and_parameters() {
    let rows = CHECKS.iter().map(|check| {
        let cells = [check.title, &on_in(check), check.evidence, check.fails_when];
        format!("| `{}` | {} |", check.id, cells.join(" | "))
    });
    let head = "| check | compliant when | on in | evidence | fails when |\n|---|---|---|---|---|";
    check_table("checks", head, rows);
    let rows = PARAMETERS.iter().map(|spec| {
        let default = spec.default.map_or("–".to_owned(), |default| format!("`{default}`"));
        format!("| `{}` | {} | {} | {default} |", spec.name, spec.about, spec.expected())
    });
    check_table("parameters", "| name | about | values | default |\n|---|---|---|---|", rows);
    let runbook = read(&repository().join("docs/REMEDIATION.md"));
    let has_no_fix = |check: &&Check| !runbook.contains(&format!("\n| `{}` | ", check.id));
    assert_eq!(CHECKS.iter().copied().find(has_no_fix).map(|check| check.id), None);
}

/// The profiles that enable a check, and the parameters that enable it in every profile.
fn on_in(check: &Check) -> String {
    let enables = |profile: &Profile| check.profile.is_some_and(|first| *profile >= first);
    let profiles = Profile::ALL.into_iter().filter(enables);
    let profiles = profiles.map(|profile| profile.as_str().to_owned());
    let settings = check.switches.iter().map(|setting| format!("`{}`", setting.parameter()));
    let settings = settings.collect::<Vec<_>>().join(" or ");
    let settings = (!settings.is_empty()).then(|| format!("with {settings}"));
    profiles.chain(settings).collect::<Vec<_>>().join(", ")
}

/// Checks the table of `docs/RULE.md` between the markers `<!-- name -->` and `<!-- /name -->`;
/// `UPDATE_DOCS=1` writes it.
fn check_table(name: &str, head: &str, rows: impl Iterator<Item = String>) {
    let path = repository().join("docs/RULE.md");
    let page = read(&path);
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let rows: Vec<String> = rows.collect();
    let table = format!("{head}\n{}\n", rows.join("\n"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| {
        rest.split_once(&end).map(|(found, after)| (before, found, after))
    });
    let Some((before, found, after)) = parts else {
        panic!("docs/RULE.md has no `{}` before `{end}`", begin.trim());
    };
    if found == table {
        return;
    }
    if env::var_os("UPDATE_DOCS").is_some() {
        return fs::write(&path, format!("{before}{begin}{table}{end}{after}")).unwrap();
    }
    panic!(
        "docs/RULE.md's table of {name} is not that of the code; UPDATE_DOCS=1 writes it. It should \
         be:\n{table}"
    );
}

/// A filter that selects no test would prove nothing, and its command would succeed.
#[test]
fn every_command_of_assurance_selects_tests() {
    let page = read(&repository().join("docs/ASSURANCE.md"));
    let filters = page.split("`acceptance ").skip(1);
    let filters = filters.filter_map(|rest| rest.split(['`', ' ']).next());
    let filters: Vec<&str> = filters.filter(|filter| *filter != "NAME").collect();
    assert!(filters.len() > 10, "{filters:?}");
    for filter in filters {
        let module = filter.replace("::", "/");
        let module = repository().join(format!("tests/acceptance/{module}.rs"));
        assert!(
            read(&module).contains("#[test]") || read(&module).contains("#[tokio::test"),
            "{filter}"
        );
    }
}

#[test]
fn readme_shows_what_the_lab_prints() {
    let mut lab = Command::new(lab_path());
    let lab = lab.arg("--bootstrap").arg(bootstrap_path()).arg("--hook").arg(hook_path());
    let lab = lab.output().unwrap();
    let page = String::from_utf8(lab.stdout).unwrap();
    let readme = read(&repository().join("README.md"));
    let blocks: Vec<&str> = readme
        .split("```text\n")
        .skip(1)
        .filter_map(|rest| Some(rest.split_once("```")?.0))
        .collect();
    assert!(!blocks.is_empty());
    let printed = with_sorted_calls(&page);
    for block in blocks {
        let is_printed = printed.contains(&with_sorted_calls(block));
        assert!(is_printed, "{block}\nis not in what the lab prints:\n{page}");
    }
}

/// The text with the calls of each line in order: those that are made at the same time arrive in any.
fn with_sorted_calls(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("    calls       ") {
        Some(calls) if !calls.ends_with(';') => {
            let mut calls: Vec<&str> = calls.split("; ").collect();
            calls.sort_unstable();
            format!("    calls       {}\n", calls.join("; "))
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_published_schema_matches_the_code() {
    let path = repository().join("cdk/schema/rule-parameters.schema.json");
    let published: Value = serde_json::from_str(&read(&path)).unwrap();
    assert_eq!(
        published,
        parameters_schema(),
        "cdk/schema/rule-parameters.schema.json is not that of the code; `cargo xtask schema` \
         writes it"
    );
}

/// Another way to read a list could end too early or never.
#[test]
fn every_list_from_aws_is_read_by_one_helper() {
    let mut files = Vec::new();
    sources(&repository().join("crates"), &mut files);
    let mut readers = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let asks =
            ["set_next_token(", "set_marker(", ".next_token(", ".marker(", "insert(\"NextToken\""];
        let asks: usize = asks.iter().map(|call| text.matches(call).count()).sum();
        let is_src = file.components().any(|part| part.as_os_str() == "src");
        if !is_src || file.ends_with("trailseal-aws/src/pages.rs") {
            continue;
        }
        assert!(!text.contains(".into_paginator()"), "{}: use Pages", file.display());
        assert_eq!(asks, text.matches("Pages::new(").count(), "{}: use Pages", file.display());
        readers += asks;
    }
    // The loop ran on real readers.
    assert!(readers >= 9, "{readers}");
}

#[test]
fn no_file_is_too_long() {
    let mut files = Vec::new();
    for place in ["crates", "tests", "cdk", "terraform"] {
        sources(&repository().join(place), &mut files);
    }
    assert!(files.len() > 100, "only {} files were found", files.len());
    let long: Vec<String> = files
        .iter()
        .map(|path| (path, read(path).lines().count()))
        .filter(|(_, lines)| *lines > LINES_MAX)
        .map(|(path, lines)| format!("{}: {lines} lines", path.display()))
        .collect();
    assert!(long.is_empty(), "at most {LINES_MAX} lines: {long:#?}");
}

/// The files of code that are not generated.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    const OF_OTHERS: [&str; 4] = ["node_modules", "target", "dist", "cdk.out"];
    const CODE: [&str; 4] = [".rs", ".ts", ".mjs", ".py"];
    for path in sorted(folder) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !OF_OTHERS.contains(&name) && !path.is_symlink() {
            sources(&path, found);
        } else if CODE.iter().any(|end| name.ends_with(end)) && !name.ends_with(".d.ts") {
            found.push(path);
        }
    }
}
