//! `trailseal logs` with an output that is one of its inputs.

use std::fs;
use std::path::Path;

use super::desk::{MANAGEMENT, Run, says};
use super::logs::{KEY, desk, kms, result, state};

#[tokio::test(flavor = "multi_thread")]
async fn an_output_that_would_overwrite_an_input_is_refused_before_anything_is_read() {
    let desk = desk(&state(&kms(KEY))).await;
    let inventory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inputs/inventory");
    let (manifest, data) = ("2026-11-22T01-00Z/manifest.json", "data");
    for folder in ["2026-11-22T01-00Z", data] {
        fs::create_dir_all(desk.home().join(folder)).unwrap();
        for file in fs::read_dir(inventory.join(folder)).unwrap() {
            let file = file.unwrap().path();
            let copy = desk.home().join(folder).join(file.file_name().unwrap());
            fs::copy(&file, copy).unwrap();
        }
    }
    let data = fs::read_dir(desk.home().join(data)).unwrap().next().unwrap().unwrap().file_name();
    let data = format!("data/{}", data.to_str().unwrap());
    result(desk.home(), Some("now"));
    desk.write("answers.jsonl", "");
    for (arguments, input) in [
        (&["main", "--athena-results", "coverage.csv"][..], "coverage.csv"),
        (&["main", "--all", "--resume", "answers.jsonl"], "answers.jsonl"),
        (&["main", "--all", "--resume", "new.jsonl"], "new.jsonl"),
        (&["main", "--inventory", manifest], manifest),
        (&["main", "--inventory", manifest], "2026-11-22T01-00Z/manifest.checksum"),
        (&["main", "--inventory", manifest], &data),
    ] {
        let before = fs::read(desk.home().join(input)).ok();
        let output = format!("json=./{input}");
        let mut command =
            desk.command_of("logs", MANAGEMENT, &[arguments, &["-o", &output]].concat());
        let run = Run::of(command.current_dir(desk.home()));
        assert_eq!(run.code, 3, "{input}: {run:?}");
        says(&run.err, &[&format!("`./{input}` is an input; give the output another file")]);
        assert_eq!(fs::read(desk.home().join(input)).ok(), before, "{input}");
    }
    assert_eq!(desk.lab.call_counts().len(), 0);
}
