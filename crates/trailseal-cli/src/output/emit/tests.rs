use std::fs;
use std::path::Path;

use trailseal_rule::Timestamp;

use super::*;
use crate::output::tests::{full, trail, written};
use crate::testing::Folder;

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

#[cfg(unix)]
#[test]
fn a_link_to_a_file_that_does_not_exist_yet_is_kept() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("new-target");
    let [file, link, second] =
        ["today.csv", "link.csv", "second.csv"].map(|name| folder.0.join(name));
    symlink("today.csv", &link).unwrap();
    symlink(&link, &second).unwrap();
    let twice = [to(Format::Csv, &second), to(Format::Json, &file)];
    let faults = outputs(&twice, TableOptions::default()).unwrap_err();
    assert!(faults[0].contains("is given as the file of two outputs"), "{faults:?}");
    let inputs = || std::iter::once(file.as_path());
    assert!(refuse_to_overwrite(inputs(), &[to(Format::Csv, &second)]).is_err());
    to_file(&full(), Format::Csv, SCREEN, &second).unwrap();
    for path in [&link, &second] {
        assert!(fs::symlink_metadata(path).unwrap().is_symlink(), "{}", path.display());
    }
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(fs::read(&file).unwrap(), written(&full(), Format::Csv));
}

/// As in `-o json=/dev/stdout | jq`.
#[cfg(target_os = "linux")]
#[test]
fn the_link_of_an_open_pipe_is_written_to() {
    use std::io::Read as _;
    use std::os::fd::AsRawFd;
    let (mut reader, writer) = io::pipe().unwrap();
    let path = PathBuf::from(format!("/proc/self/fd/{}", writer.as_raw_fd()));
    to_file(&full(), Format::Csv, SCREEN, &path).unwrap();
    drop(writer);
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, written(&full(), Format::Csv));
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_to_no_file_is_refused() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new("no-target");
    let [astray, around] = ["astray.csv", "around.csv"].map(|name| folder.0.join(name));
    symlink("missing/today.csv", &astray).unwrap();
    let faults = outputs(&[to(Format::Csv, &astray)], TableOptions::default()).unwrap_err();
    assert!(faults[0].contains("missing` of the output"), "{faults:?}");
    symlink("around.csv", &around).unwrap();
    assert!(to_file(&full(), Format::Csv, SCREEN, &around).is_err());
    assert_eq!(folder.names(), ["around.csv", "astray.csv"]);
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
