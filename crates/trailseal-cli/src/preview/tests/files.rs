//! The files that `preview` reads and writes.

use std::path::Path;

use serde_json::json;

use super::{cases, plan, preview, verdict};
use crate::Exit;
use crate::testing::Folder;

#[test]
fn an_output_never_overwrites_a_file_of_a_folder_that_is_read() {
    let folder = Folder::new("preview-overwrite");
    let copy = |from: &Path, name: &str| {
        let to = folder.0.join(name);
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap().map(|file| file.unwrap().path()) {
            if file.is_file() {
                std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
            }
        }
        to
    };
    let source = copy(Path::new(&plan("source/t16-key-rsa")), "source");
    let assembly = copy(&cases().join("cdk.out"), "assembly");
    let (with_source, file) = (plan("t16-key-rsa.json"), source.join("main.tf"));
    let source = ["--source", source.to_str().unwrap()];
    let template = std::fs::read_dir(&assembly).unwrap().map(|file| file.unwrap().path());
    let template = template
        .into_iter()
        .find(|file| file.to_str().unwrap().ends_with(".template.json"))
        .unwrap();
    for (words, file) in [
        ([&[with_source.as_str()][..], &source].concat(), file),
        (vec![assembly.to_str().unwrap()], template),
    ] {
        let before = std::fs::read(&file).unwrap();
        let output = format!("json={}", file.display());
        let refused = preview(&[&words[..], &["-o", &output]].concat());
        assert_eq!(refused.exit, Exit::NotStarted, "{}", refused.err);
        assert!(refused.err.contains("is an input"), "{}", refused.err);
        assert_eq!(std::fs::read(&file).unwrap(), before);
    }
}

#[test]
fn a_source_cannot_lead_to_other_files() {
    let folder = Folder::new("preview-source");
    let outside = folder.write("outside.tf", b"resource \"aws_kms_key\" \"k\" {}");
    let source = folder.0.join("source");
    std::fs::create_dir(&source).unwrap();
    std::os::unix::fs::symlink(&outside, source.join("main.tf")).unwrap();
    let judge = || {
        let words = [&plan("t16-key-rsa.json"), "--source", source.to_str().unwrap(), "-o", "json"];
        preview(&words)
    };
    let linked = judge();
    assert_eq!(verdict(&linked).2, json!(true));
    assert!(linked.out.contains("is outside of the folder"), "{}", linked.out);
    std::fs::remove_file(source.join("main.tf")).unwrap();
    let large = format!("# {}", " ".repeat(5 << 20));
    std::fs::write(source.join("main.tf"), large).unwrap();
    let large = judge();
    assert!(large.out.contains("is larger than any configuration"), "{}", large.out);
}

#[test]
fn a_cloud_assembly_cannot_lead_to_other_files() {
    let folder = Folder::new("preview-assembly");
    let template = br#"{"Resources": {"T": {"Type": "AWS::CloudTrail::Trail"}}}"#;
    let outside = folder.write("t.json", template);
    let assembly = folder.0.join("cdk.out");
    std::fs::create_dir(&assembly).unwrap();
    let manifest = r#"{"artifacts": {"A": {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}}}"#;
    std::fs::write(assembly.join("manifest.json"), manifest).unwrap();
    std::os::unix::fs::symlink(&outside, assembly.join("t.json")).unwrap();
    let linked = preview(&[assembly.to_str().unwrap(), "-o", "json"]);
    assert_eq!((linked.exit, &linked.report()["trails"]), (Exit::Failure, &json!([])));
    assert!(linked.err.contains("`t.json` is outside of the folder"), "{}", linked.err);
}

/// Programs of Windows write it.
#[test]
fn a_plan_may_start_with_a_byte_order_mark() {
    let folder = Folder::new("preview-mark");
    let text = std::fs::read(plan("t16-key-rsa.json")).unwrap();
    let marked = folder.write("plan.json", &[b"\xef\xbb\xbf".as_slice(), &text].concat());
    let read = preview(&[marked.to_str().unwrap(), "-o", "json"]);
    let plain = preview(&[&plan("t16-key-rsa.json"), "-o", "json"]);
    assert_eq!(verdict(&read), verdict(&plain));
    assert_eq!(read.exit, Exit::Findings, "{}", read.err);
}
