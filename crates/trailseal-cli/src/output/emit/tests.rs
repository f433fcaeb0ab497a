use std::fs;
use std::path::{Path, PathBuf};

use trailseal_rule::Timestamp;

use super::*;
use crate::output::tests::{full, trail, written};

/// A temporary folder, removed at the end of the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("trailseal-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _stays = fs::remove_dir_all(&self.0);
    }
}

fn to(format: Format, file: &Path) -> Output {
    Output { format, file: Some(file.to_owned()) }
}

fn emitted(outputs: &[Output]) -> (Result<(), Failure>, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        out_is_terminal: false,
        now: Timestamp::from_epoch_millis(0),
        clock: || Timestamp::from_epoch_millis(0),
    };
    let outcome = emit(&full(), outputs, TableOptions::default(), &mut console);
    (outcome, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

const SCREEN: Screen =
    Screen { columns: None, is_styled: false, table: TableOptions { full: false, failed: false } };

fn requested(requested: &[Output]) -> Vec<Output> {
    outputs(requested, TableOptions::default()).unwrap()
}

#[test]
fn options_of_the_table_need_a_table() {
    for table in
        [TableOptions { full: true, failed: false }, TableOptions { full: false, failed: true }]
    {
        let json = Output { format: Format::Json, file: None };
        let faults = outputs(&[json], table).unwrap_err();
        assert!(faults[0].contains("no output is a table"), "{faults:?}");
        assert!(outputs(&[], table).is_ok());
    }
}

#[test]
fn files_and_standard_output_are_written_in_one_run() {
    let folder = Folder::new("several");
    let outputs = requested(&[
        to(Format::Json, &folder.0.join("a.json")),
        to(Format::Junit, &folder.0.join("b.xml")),
    ]);
    let (outcome, out, _) = emitted(&outputs);
    assert!(outcome.is_ok() && out.contains("VERDICT"), "{out}");
    assert_eq!(folder.names(), ["a.json", "b.xml"]);
    assert_eq!(fs::read(folder.0.join("a.json")).unwrap(), written(&full(), Format::Json));
}

#[test]
fn a_failed_output_does_not_prevent_the_others() {
    let folder = Folder::new("broken");
    let missing = folder.0.join("missing/a.json");
    // The folder disappears after the command line was read.
    fs::create_dir(folder.0.join("missing")).unwrap();
    let outputs =
        requested(&[to(Format::Json, &missing), to(Format::Csv, &folder.0.join("b.csv"))]);
    fs::remove_dir(folder.0.join("missing")).unwrap();
    let (outcome, out, err) = emitted(&outputs);
    assert!(matches!(outcome, Err(Failure::Reported)), "{outcome:?}");
    assert!(err.contains("missing/a.json") && err.contains("cannot write"), "{err}");
    assert!(out.contains("VERDICT"));
    assert_eq!(folder.names(), ["b.csv"]);
}

/// `/dev/full` stands for a full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_file_keeps_its_content_until_the_new_one_is_complete() {
    let folder = Folder::new("whole");
    let file = folder.0.join("report.json");
    fs::write(&file, "old").unwrap();
    let report = crate::output::tests::report(vec![trail("t"); 3]);
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    assert!(write_out(&report, Format::Json, SCREEN, full).is_err());
    assert!(to_file(&report, Format::Json, SCREEN, Path::new("/dev/full")).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    to_file(&report, Format::Json, SCREEN, &file).unwrap();
    assert_eq!(fs::read(&file).unwrap(), written(&report, Format::Json));
    assert_eq!(folder.names(), ["report.json"]);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_are_kept() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Folder::new("link");
    let (file, link) = (folder.0.join("file.csv"), folder.0.join("link.csv"));
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    symlink("file.csv", &link).unwrap();
    to_file(&full(), Format::Csv, SCREEN, &link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), written(&full(), Format::Csv));
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn refuses_an_output_that_is_an_input_or_another_output() {
    let folder = Folder::new("twice");
    let file = folder.0.join("a.json");
    let same = folder.0.join(".").join("a.json");
    let faults = |of: &[Output]| outputs(of, TableOptions::default()).unwrap_err();
    let twice = faults(&[to(Format::Json, &file), to(Format::Csv, &same)]);
    assert_eq!(twice.len(), 1, "{twice:?}");
    let again = faults(&[to(Format::Json, &folder.0)]);
    assert!(again[0].contains("is a folder"), "{again:?}");
    let requested = [to(Format::Json, &same)];
    assert!(refuse_to_overwrite(std::iter::once(file.as_path()), &requested).is_err());
    assert!(refuse_to_overwrite(std::iter::once(Path::new("other.json")), &requested).is_ok());
}
