//! Replays the seeds and findings of fuzzing data files in Parquet without a fuzzer.

#[path = "../../../trailseal-rule/fuzz/checks/parquet.rs"]
mod parquet;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

#[test]
fn every_file_of_the_corpus_is_read_whole_or_not_at_all() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../trailseal-rule/fuzz/corpus/parquet");
    let mut rows = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        rows.insert(name, parquet::check(&fs::read(path).unwrap()));
    }
    for (name, expected) in [
        ("all-columns", Some(4)),
        ("version-1-dictionary", Some(2)),
        ("version-1-plain", Some(2)),
        ("version-2-dictionary", Some(2)),
        ("version-2-plain", Some(2)),
        ("slow-list-of-booleans", None),
    ] {
        assert_eq!(rows.get(name), Some(&expected), "{name}");
    }
}
