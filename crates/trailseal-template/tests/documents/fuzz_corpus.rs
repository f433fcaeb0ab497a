//! Replays the seeds and findings of fuzzing templates and plans without a fuzzer.

#[path = "../../../trailseal-rule/fuzz/checks/plan.rs"]
mod plan;
#[path = "../../../trailseal-rule/fuzz/checks/template.rs"]
mod template;

use std::fs;
use std::path::Path;

/// Runs a check on each text of a corpus; how many there are.
fn replay(corpus: &str, check: fn(&str)) -> usize {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../trailseal-rule/fuzz/corpus").join(corpus);
    let mut texts = 0;
    for entry in fs::read_dir(folder).unwrap() {
        // The fuzzer passes text only and skips other input.
        if let Ok(text) = fs::read_to_string(entry.unwrap().path()) {
            check(&text);
            texts += 1;
        }
    }
    texts
}

#[test]
fn every_text_of_the_corpus_is_a_template_or_refused() {
    let templates = replay("template", template::check);
    assert!(templates > 25, "only {templates} templates were found");
}

#[test]
fn every_text_of_the_corpus_is_a_plan_or_refused() {
    let plans = replay("plan", plan::check);
    assert!(plans > 23, "only {plans} plans were found");
}
