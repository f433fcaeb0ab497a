//! The dependencies of a program: in the program itself, in its bill of materials, in `Cargo.lock`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use flate2::read::ZlibDecoder;
use serde_json::Value;

use crate::package::elf;

/// The section in which cargo-auditable embeds the list of dependencies.
const DEPENDENCIES: &str = ".dep-v0";

/// A name and a version.
pub(super) type Package = (String, String);

/// Compares the list in a program with its bill of materials and with the locked packages.
pub(super) fn check(program: &[u8], bill: &str, locked: &BTreeSet<Package>) -> Result<String> {
    let section = elf::section(program, DEPENDENCIES)?;
    let section = section.context("the program has no list of its dependencies")?;
    let list: Value = serde_json::from_reader(ZlibDecoder::new(section))?;
    let entries = array(at(&list, "/packages"));
    let roots: Vec<&Value> = entries.iter().filter(|it| at(it, "/root") == true).collect();
    let [root] = roots.as_slice() else {
        anyhow::bail!("the list of dependencies has {} roots, not one", roots.len());
    };
    let listed = packages(entries);
    require_subset("packages that are not locked", &listed, locked)?;

    let document: Value = serde_json::from_str(bill)?;
    ensure!(at(&document, "/bomFormat") == "CycloneDX", "the bill of materials is not CycloneDX");
    ensure!(at(&document, "/serialNumber").is_null(), "the bill of materials has a random number");
    let has_path = bill.replace("path+file:///trailseal/", "").contains("file:///");
    ensure!(!has_path, "the bill of materials has a path of this machine");
    let version = at(&document, "/metadata/component/version");
    ensure!(version == at(root, "/version"), "the bill of materials is for version {version}");
    let billed = packages(array(at(&document, "/components")));
    require_subset("packages in the bill that are not locked", &billed, locked)?;
    let is_runtime =
        |entry: &&Value| at(entry, "/kind").is_null() || at(entry, "/kind") == "runtime";
    let mut runtime: BTreeSet<Package> =
        entries.iter().filter(is_runtime).filter_map(package).collect();
    runtime.remove(&package(root).context("the root has no name or version")?);
    require_subset("packages that are not in the bill", &runtime, &billed)?;
    let direct = direct_dependencies(root, entries);
    ensure!(!direct.is_empty(), "the list of dependencies names none for its root");
    require_subset("direct dependencies that are not in the bill", &direct, &billed)?;
    Ok(format!("{} packages in the program, {} in its bill", listed.len(), billed.len()))
}

pub(super) fn locked(lock: &str) -> BTreeSet<Package> {
    let value = |line: &str, key: &str| {
        line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"').map(str::to_owned)
    };
    let lines = lock.lines().zip(lock.lines().skip(1));
    lines
        .filter_map(|(name, version)| Some((value(name, "name")?, value(version, "version")?)))
        .collect()
}

fn require_subset(fault: &str, packages: &BTreeSet<Package>, of: &BTreeSet<Package>) -> Result<()> {
    let others: Vec<_> = packages.difference(of).collect();
    ensure!(others.is_empty(), "{fault}: {others:?}");
    Ok(())
}

fn direct_dependencies(root: &Value, entries: &[Value]) -> BTreeSet<Package> {
    array(at(root, "/dependencies"))
        .iter()
        .filter_map(|index| entries.get(usize::try_from(index.as_u64()?).ok()?))
        .filter_map(package)
        .collect()
}

fn packages(entries: &[Value]) -> BTreeSet<Package> {
    entries.iter().filter_map(package).collect()
}

fn package(entry: &Value) -> Option<Package> {
    Some((at(entry, "/name").as_str()?.to_owned(), at(entry, "/version").as_str()?.to_owned()))
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The value that a JSON pointer names, or null.
fn at<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or(&Value::Null)
}
