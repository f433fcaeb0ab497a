//! A correct release, and releases with one fault each.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde_json::{Value, json};
use xshell::TempDir;

use super::*;
use crate::archive;
use crate::package::FUNCTIONS;

const LOCK: &str = "
[[package]]
name = \"trailseal-x\"
version = \"1.2.3\"

[[package]]
name = \"serde\"
version = \"1.0.0\"

[[package]]
name = \"syn\"
version = \"2.0.0\"
";

const COMMAND: &str = "trailseal-1.2.3-arm64-linux";

fn dependencies() -> Value {
    json!([
        {"name": "serde", "version": "1.0.0", "source": "crates.io"},
        {"name": "syn", "version": "2.0.0", "source": "crates.io", "kind": "build"},
        {"name": "trailseal-x", "version": "1.2.3", "dependencies": [0], "root": true},
    ])
}

fn bill() -> Value {
    json!({
        "bomFormat": "CycloneDX",
        "metadata": {"component": {"name": "x", "version": "1.2.3"}},
        "components": [{"name": "serde", "version": "1.0.0"}],
    })
}

/// An ELF file with only a section of dependencies and the section of names.
fn program(packages: Option<&Value>) -> Vec<u8> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::default());
    data.write_all(json!({"packages": packages}).to_string().as_bytes()).unwrap();
    let data = data.finish().unwrap();
    let names = b"\0.shstrtab\0.dep-v0\0";
    let name_of_data = if packages.is_some() { 11 } else { 1 };
    let start = 64 + 3 * 64;
    let sections = [
        (0, 0, 0, 0),
        (1, 3, start, names.len()),
        (name_of_data, 1, start + names.len(), data.len()),
    ];
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(64, 0);
    file[40] = 64;
    file[52] = 64;
    file[58..64].copy_from_slice(&[64, 0, 3, 0, 1, 0]);
    for (name, kind, offset, size) in sections {
        let mut header = [0; 64];
        header[..4].copy_from_slice(&u32::try_from(name).unwrap().to_le_bytes());
        header[4] = kind;
        header[24..32].copy_from_slice(&u64::try_from(offset).unwrap().to_le_bytes());
        header[32..40].copy_from_slice(&u64::try_from(size).unwrap().to_le_bytes());
        file.extend(header);
    }
    [file, names.to_vec(), data].concat()
}

/// A folder with a release for one architecture.
struct Files {
    shell: Shell,
    folder: TempDir,
}

impl Files {
    fn new() -> Self {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        let files = Self { shell, folder };
        for (name, _) in FUNCTIONS {
            files.function(&format!("{name}-arm64"), Some(&dependencies()));
        }
        files.bill(COMMAND, &bill());
        files.command(&["trailseal.1", "trailseal-audit.1"]);
        files.archive(
            "trailseal-1.2.3-templates",
            &[("templates/a.yaml", ""), ("packs/b.yaml", ""), ("schema/c.json", "")],
            None,
        );
        files.npm_package(r#"{"version": "1.2.3"}"#);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("release").join(name)
    }

    fn function(&self, name: &str, packages: Option<&Value>) {
        let archive = archive::function(&program(packages)).unwrap();
        self.shell.write_file(self.path(&format!("{name}.zip")), archive).unwrap();
        self.bill(name, &bill());
    }

    fn bill(&self, name: &str, bill: &Value) {
        self.shell.write_file(self.path(&format!("{name}.cdx.json")), bill.to_string()).unwrap();
    }

    fn command(&self, pages: &[&str]) {
        let page = "\n.TP\ntrailseal\\-audit(1)\nJudges\n";
        let mut files = vec![("LICENSE", ""), ("README.md", ""), ("CHANGELOG.md", "")];
        let others: Vec<String> = pages
            .iter()
            .map(|name| format!("man/man1/{name}"))
            .chain(COMPLETIONS.iter().map(|(_, name)| format!("completions/{name}")))
            .collect();
        files.extend(others.iter().map(|name| (name.as_str(), page)));
        self.archive(COMMAND, &files, Some(&program(Some(&dependencies()))));
    }

    fn archive(&self, name: &str, files: &[(&str, &str)], program: Option<&[u8]>) {
        let stage = self.folder.path().join("stage").join(name);
        self.shell.remove_path(&stage).unwrap();
        for (file, text) in files {
            self.shell.write_file(stage.join(file), text).unwrap();
        }
        if let Some(program) = program {
            self.shell.write_file(stage.join("trailseal"), program).unwrap();
        }
        let archive = archive::folder(&self.shell, &stage, 86_400, Some("trailseal")).unwrap();
        self.shell.write_file(self.path(&format!("{name}.tar.gz")), archive).unwrap();
    }

    fn npm_package(&self, manifest: &str) {
        let stage = self.folder.path().join("stage/package");
        for file in ["dist/lib/index.js", "dist/lib/index.d.ts", "LICENSE", "README.md"] {
            self.shell.write_file(stage.join(file), "").unwrap();
        }
        self.shell.write_file(stage.join("package.json"), manifest).unwrap();
        let archive = archive::folder(&self.shell, &stage, 86_400, None).unwrap();
        self.shell.write_file(self.path("trailseal-cdk-1.2.3.tgz"), archive).unwrap();
    }

    /// All faults on a machine with another architecture.
    fn faults(&self) -> String {
        let folder = self.path("");
        if !self.path(SUMS).exists() {
            self.shell.write_file(self.path(SUMS), sums(&self.shell, &folder).unwrap()).unwrap();
        }
        let release = Release {
            shell: &self.shell,
            folder: &folder,
            version: "1.2.3",
            locked: program::locked(LOCK),
            host: Some(Architecture::X86_64),
        };
        let outcomes = release.check().unwrap();
        let fault = |(name, outcome): (String, Result<String>)| Some((name, outcome.err()?));
        outcomes
            .into_iter()
            .filter_map(fault)
            .map(|(name, it)| format!("{name}: {it:#}\n"))
            .collect()
    }
}

#[test]
fn a_correct_release_has_no_fault() {
    assert_eq!(Files::new().faults(), "");
}

#[test]
fn a_function_that_cannot_be_executed_is_a_fault() {
    let files = Files::new();
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o644);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", options).unwrap();
    archive.write_all(&program(Some(&dependencies()))).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    files.shell.write_file(files.path("bootstrap-arm64.zip"), archive).unwrap();
    assert_eq!(files.faults(), "bootstrap-arm64.zip: `bootstrap` cannot be executed\n");
}

#[test]
fn a_program_without_its_list_of_dependencies_is_a_fault() {
    let files = Files::new();
    files.function("bootstrap-arm64", None);
    let fault = "bootstrap-arm64.zip: the program has no list of its dependencies\n";
    assert_eq!(files.faults(), fault);
}

#[test]
fn a_dependency_that_is_not_locked_is_a_fault() {
    let files = Files::new();
    let mut packages = dependencies();
    packages[0]["version"] = json!("9.0.0");
    files.function("bootstrap-arm64", Some(&packages));
    let fault = "packages that are not locked: [(\"serde\", \"9.0.0\")]";
    assert!(files.faults().contains(fault), "{}", files.faults());
}

#[test]
fn a_wrong_bill_of_materials_is_a_fault() {
    let faults = [
        ("components", json!([]), "not in the bill: [(\"serde\", \"1.0.0\")]"),
        ("components", json!([{"name": "a", "version": "1"}]), "in the bill that are not locked"),
        ("serialNumber", json!("urn:uuid:1"), "has a random number"),
        ("x", json!("path+file:///home/me/x#1.2.3"), "has a path of this machine"),
        ("bomFormat", json!("SPDX"), "is not CycloneDX"),
        ("metadata", json!({"component": {"version": "1.2.4"}}), "is for version \"1.2.4\""),
    ];
    for (member, value, expected) in faults {
        let files = Files::new();
        let mut bill = bill();
        bill[member] = value;
        files.bill("remediation-arm64", &bill);
        let faults = files.faults();
        assert!(faults.starts_with("remediation-arm64.zip: "), "{faults}");
        assert!(faults.contains(expected), "{faults}");
    }
}

#[test]
fn a_library_of_another_version_or_a_private_one_is_a_fault() {
    for (manifest, expected) in [
        (r#"{"version": "1.2.4"}"#, "its version is Some(\"1.2.4\")"),
        (r#"{"version": "1.2.3", "private": true}"#, "it cannot be published"),
    ] {
        let files = Files::new();
        files.npm_package(manifest);
        assert_eq!(files.faults(), format!("trailseal-cdk-1.2.3.tgz: {expected}\n"));
    }
}

#[test]
fn a_missing_page_program_or_checksum_is_a_fault() {
    let files = Files::new();
    files.command(&["trailseal.1"]);
    assert!(files.faults().contains("unexpected: [\"man/man1/trailseal-audit.1\"]"));
    for name in [
        "findings-arm64.zip",
        "trailseal-1.2.3-arm64-linux.tar.gz",
        "trailseal-1.2.3-templates.tar.gz",
        "trailseal-cdk-1.2.3.tgz",
    ] {
        files.shell.remove_path(files.path(name)).unwrap();
        let faults = files.faults();
        assert!(faults.contains("SHA256SUMS: it lists"), "{faults}");
        assert!(faults.contains(&format!("{name}: it is missing\n")), "{faults}");
    }
}

#[test]
fn each_architecture_of_a_release_has_all_programs() {
    let files = Files::new();
    files.function("hook-x86_64", Some(&dependencies()));
    let faults = files.faults();
    assert!(faults.contains("bootstrap-x86_64.zip: it is missing\n"), "{faults}");
    assert!(!faults.contains("hook-x86_64.zip: it is missing\n"), "{faults}");
    for path in files.shell.read_dir(files.path("")).unwrap() {
        if path.extension().is_some_and(|it| it == "zip" || it == "gz") {
            files.shell.remove_path(path).unwrap();
        }
    }
    assert!(files.faults().contains("programs: there are none\n"), "{}", files.faults());
}

#[test]
fn a_file_that_differs_from_its_checksum_is_a_fault() {
    let files = Files::new();
    assert_eq!(files.faults(), "");
    files.shell.write_file(files.path("bootstrap-arm64.cdx.json"), format!("{} ", bill())).unwrap();
    assert!(files.faults().starts_with("SHA256SUMS: it lists"), "{}", files.faults());
}
