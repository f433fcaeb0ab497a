//! Replays the seeds and findings of fuzzing templates without a fuzzer.

#![cfg(test)]

#[path = "../../trailseal-rule/fuzz/checks/template.rs"]
mod template;

use std::fs;
use std::path::Path;

#[test]
fn every_text_of_the_corpus_is_a_template_or_refused() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../trailseal-rule/fuzz/corpus/template");
    let mut templates = 0;
    for entry in fs::read_dir(folder).unwrap() {
        // The fuzzer passes text only and skips other input.
        if let Ok(text) = fs::read_to_string(entry.unwrap().path()) {
            template::check(&text);
            templates += 1;
        }
    }
    assert!(templates > 25, "only {templates} templates were found");
}
