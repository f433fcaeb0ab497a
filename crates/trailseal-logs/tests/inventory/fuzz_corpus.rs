//! Replays the seeds and findings of fuzzing data files in Parquet without a fuzzer.

#[path = "../../../trailseal-rule/fuzz/checks/parquet.rs"]
mod parquet;

use std::fs;
use std::path::Path;

#[test]
fn every_file_of_the_corpus_is_read_whole_or_not_at_all() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../trailseal-rule/fuzz/corpus/parquet");
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        parquet::check(&fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 4, "only {files} files were found");
}
