//! Replays the seeds and findings of fuzzing without a fuzzer.

#![cfg(test)]

#[path = "../fuzz/checks/event.rs"]
mod event;
#[path = "../fuzz/checks/key_policy.rs"]
mod key_policy;

use std::fs;
use std::path::PathBuf;

fn replay(target: &str, check: impl Fn(&[u8])) -> usize {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| check(&fs::read(path).unwrap())).count()
}

#[test]
fn every_event_of_the_corpus_is_an_event_or_an_error() {
    let events = replay("event", event::check);
    assert!(events > 15, "only {events} events were found");
}

#[test]
fn every_text_of_the_corpus_is_a_policy_or_unreadable() {
    // The fuzzer passes text only and skips other input.
    let policies = replay("key_policy", |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            key_policy::check(text);
        }
    });
    assert!(policies > 60, "only {policies} policies were found");
}
