//! Inventories, and what is missing in them.

use super::*;

/// A folder with the inventory of `tests/inputs/inventory`.
fn inventory(name: &str) -> (Folder, std::path::PathBuf) {
    let folder = Folder::new(name);
    let inputs = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/inventory");
    for file in [
        "2026-11-22T01-00Z/manifest.json",
        "2026-11-22T01-00Z/manifest.checksum",
        "data/0f1e2d3c-0000-4000-8000-000000000001.csv.gz",
    ] {
        folder.write(file, &std::fs::read(inputs.join(file)).unwrap());
    }
    let manifest = folder.0.join("2026-11-22T01-00Z/manifest.json");
    (folder, manifest)
}

fn count_inventory(manifest: &std::path::Path, arguments: &[&str]) -> Checked {
    let mut words: Vec<std::ffi::OsString> = vec!["--inventory".into(), manifest.into()];
    words.extend(arguments.iter().map(Into::into));
    Checked::of("logs", words)
}

#[test]
fn an_inventory_is_counted_and_says_that_it_names_no_key() {
    let (_folder, manifest) = inventory("logs-inventory");
    let run = count_inventory(&manifest, &[]);
    assert_eq!(run.exit, Exit::Clean, "{}", run.err);
    for part in [
        "Bucket trail-logs, its files by S3 Inventory of 2026-11-22T01:00:00.000Z",
        "SSE-KMS, key not named",
        "S3 Inventory names no key",
        "NOT COUNTED: trail-logs: 1 object ",
        "16 files read: 8 SSE-KMS, key not named; 8 SSE-S3",
    ] {
        assert!(run.out.contains(part), "{part}: {}", run.out);
    }
    let run = count_inventory(&manifest, &["--region", "us-east-1", "--until", "2025-02-11"]);
    assert!(run.out.contains("4 files read: 4 SSE-S3"), "{}", run.out);
}

#[test]
fn an_inventory_that_is_not_whole_is_partial() {
    let (folder, manifest) = inventory("logs-damaged");
    let data = "data/0f1e2d3c-0000-4000-8000-000000000001.csv.gz";
    let mut bytes = std::fs::read(folder.0.join(data)).unwrap();
    bytes.pop();
    folder.write(data, &bytes);
    let run = count_inventory(&manifest, &["-o", "json"]);
    assert_eq!(run.exit, Exit::Failure, "{}", run.err);
    let report: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&report["complete"], &report["buckets"][0]["folders"]),
        (&json!(false), &json!([]))
    );
    assert!(run.err.contains("trail-logs/all/data/"), "{}", run.err);
    // Without its manifest nothing starts.
    folder.write("2026-11-22T01-00Z/manifest.checksum", b"0");
    let run = count_inventory(&manifest, &[]);
    assert_eq!((run.exit, run.out.as_str()), (Exit::NotStarted, ""));
    assert!(run.err.contains("--inventory `"), "{}", run.err);
    for (path, what) in [
        (folder.0.clone(), "`: is a folder: name its `manifest.json`"),
        (folder.0.join("nope"), "/nope`: does not exist"),
    ] {
        let run = count_inventory(&path, &[]);
        assert_eq!((run.exit, run.out.as_str()), (Exit::NotStarted, ""));
        assert!(run.err.contains(what), "{}", run.err);
    }
}

/// Opening a pipe waits for its other end.
#[cfg(unix)]
#[test]
fn a_manifest_or_checksum_that_is_a_pipe_is_refused() {
    for name in ["manifest.json", "manifest.checksum"] {
        let (_folder, manifest) = inventory(&format!("logs-pipe-{name}"));
        let pipe = manifest.with_file_name(name);
        std::fs::remove_file(&pipe).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let run = count_inventory(&manifest, &[]);
            sender.send((run.exit, run.err)).unwrap();
        });
        let (exit, err) = receiver.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
        assert_eq!(exit, Exit::NotStarted, "{err}");
        assert!(err.contains(&format!("`{name}`: it is not a regular file")), "{err}");
    }
}

#[test]
fn a_failure_by_history_takes_a_trail() {
    let (_folder, manifest) = inventory("logs-history");
    let of_inventory = count_inventory(&manifest, &["--history", "fail"]);
    let words = ["s3://trail-logs", "--history", "fail"];
    let of_bucket = Checked::of("logs", words.map(Into::into));
    for run in [of_inventory, of_bucket] {
        assert_eq!((run.exit, run.out.as_str()), (Exit::NotStarted, ""));
        assert!(run.err.contains("--history fail takes a trail"), "{}", run.err);
    }
}

#[test]
fn every_conflict_of_options_is_named_before_anything_is_read() {
    let words = [
        ["s3://trail-logs", "--all", "--resume", "answers.jsonl"].as_slice(),
        &["--history", "fail", "--since", "2026-11-02", "--until", "2026-11-01"],
    ];
    let run = Checked::of("logs", words.concat().iter().map(Into::into));
    assert_eq!((run.exit, run.out.as_str()), (Exit::NotStarted, ""));
    for conflict in [
        "--history fail takes a trail",
        "--history fail cannot be used with --resume",
        "--since 2026-11-02 is after --until 2026-11-01",
    ] {
        assert!(run.err.contains(conflict), "{}", run.err);
    }
}
