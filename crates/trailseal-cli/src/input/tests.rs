use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;
use crate::testing::Folder;

fn snapshot(names: &[&str]) -> Vec<u8> {
    let item = |name: &&str| {
        json!({
            "resourceType": "AWS::CloudTrail::Trail", "resourceId": name,
            "awsAccountId": "111122223333", "awsRegion": "eu-central-1",
            "configurationItemStatus": "ResourceDeleted",
            "configurationItemCaptureTime": "2026-11-23T10:00:00.000Z",
        })
    };
    let items: Vec<_> = names.iter().map(item).collect();
    json!({ "configurationItems": items }).to_string().into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn read_paths(paths: &[&Path]) -> (Vec<String>, Vec<(String, String)>, Sources, usize) {
    let mut sources = Sources::default();
    for path in paths {
        sources.add(path, Role::Judged);
    }
    assert!(sources.errors.is_empty(), "{:?}", sources.errors);
    let content = read_all(&sources, EventParameters::Own, false);
    let mut names: Vec<String> = content
        .inventory
        .trails
        .iter()
        .map(|(_, _, trail)| trail.resource_id.to_string())
        .collect();
    names.sort();
    let file = |source: usize| match &sources.list[source].origin {
        Origin::File(path) => path.file_name().unwrap().to_string_lossy().into_owned(),
        Origin::StandardInput => panic!("no standard input here"),
    };
    let problems = content.inventory.problems.iter();
    let problems = problems.map(|one| (file(one.source), one.message.clone())).collect();
    (names, problems, sources, content.files_of_other_kinds)
}

#[test]
fn uses_files_completely_or_not_at_all() {
    let folder = Folder::new("kinds");
    let both = snapshot(&["cut-1", "cut-2"]);
    let (half, _) = both.split_at(both.len() - 2);
    let deflated = gzip(&snapshot(&["short-1"]));
    let (short, _) = deflated.split_at(deflated.len() - 4);
    let mut flipped = gzip(&snapshot(&["flipped-1"]));
    let place = flipped.len() - 6;
    flipped[place] ^= 1;
    folder.write("plain.json", &snapshot(&["plain"]));
    folder.write("deflated.json", &gzip(&snapshot(&["deflated"])));
    folder.write("lines.ndjson.gz", &gzip(&snapshot(&["lines"])));
    folder.write("other.log.gz", &gzip(b"not opened"));
    folder.write("cut.json", half);
    folder.write("short.json.gz", short);
    folder.write("flipped.json.gz", &flipped);
    folder.write("within/Deeper.Json.GZ", &gzip(&snapshot(&["deeper"])));
    folder.write("other.json", b"{\"Records\":[]}");
    folder.write("notes.txt", b"nothing");
    folder.write("empty.json", b"");
    folder.write("x_ConfigHistory_AWS::EC2::Instance_1.json.gz", b"not opened");
    let (names, problems, sources, other_kinds) = read_paths(&[&folder.0]);
    assert_eq!(names, ["deeper", "deflated", "lines", "plain"]);
    assert_eq!((sources.list.len(), sources.skipped.len(), other_kinds), (9, 3, 1));
    let files: Vec<&str> = problems.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(files, ["cut.json", "empty.json", "flipped.json.gz", "short.json.gz"]);
    let words: Vec<&str> = problems.iter().map(|(_, words)| words.as_str()).collect();
    assert!(words[0].starts_with("is incomplete: it ends within a document"), "{}", words[0]);
    assert_eq!(words[1], "is empty");
    assert!(words[2].starts_with("is not complete gzip: "), "{}", words[2]);
    assert!(words[3].starts_with("is not complete gzip: "), "{}", words[3]);
    // A file that the command line names must contain something usable.
    let (_, problems, _, other_kinds) = read_paths(&[&folder.0.join("other.json")]);
    assert_eq!((problems.len(), other_kinds), (1, 0));
    assert!(problems[0].1.starts_with("contains nothing that can be judged"), "{problems:?}");
}

#[test]
fn reads_gzip_of_several_members_as_one_text() {
    let folder = Folder::new("members");
    let text = snapshot(&["first", "second"]);
    let (head, tail) = text.split_at(text.len() / 2);
    let members = [gzip(head), gzip(tail)].concat();
    let path = folder.write("members.json.gz", &members);
    let (names, problems, ..) = read_paths(&[&path]);
    assert_eq!(
        (names.as_slice(), problems.len()),
        (["first".into(), "second".into()].as_slice(), 0)
    );
}

/// The file is larger than one thread reads; the corrupt one continues long after its fault.
#[test]
fn reads_a_large_gzip_file_to_its_end_or_its_fault() {
    let folder = Folder::new("large");
    let blanks = vec![b' '; 12 << 20];
    let mut right = snapshot(&["first", "last"]);
    let place = right.len() - 2;
    right.splice(place..place, blanks.clone());
    let mut wrong = right.clone();
    wrong[place + (6 << 20)] = b'x';
    folder.write("right.json.gz", &gzip(&right));
    folder.write("wrong.json.gz", &gzip(&wrong));
    let (names, problems, ..) = read_paths(&[&folder.0]);
    assert_eq!(names, ["first", "last"]);
    let position = place + (6 << 20);
    let words = format!(
        "is corrupt: `configurationItems` contains something other than an object (byte {position})"
    );
    assert_eq!(problems, [("wrong.json.gz".to_owned(), words)]);
}

/// 400 megabytes of blanks, which deflate to a thousandth.
#[test]
fn a_gzip_bomb_is_not_inflated_to_its_end() {
    const BLOCK: usize = 1 << 20;
    let folder = Folder::new("bomb");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"{\"configurationItems\":[").unwrap();
    for _ in 0..400 {
        encoder.write_all(&vec![b' '; BLOCK]).unwrap();
    }
    let path = folder.write("bomb.json.gz", &encoder.finish().unwrap());
    let (_, problems, ..) = read_paths(&[&path]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].1.starts_with("inflates to more than 250 times its size"), "{problems:?}");
}

#[test]
fn reading_many_files_is_deterministic() {
    let folder = Folder::new("many");
    for index in 0..40 {
        let name = format!("trail-{index}");
        folder.write(&format!("{index}.json"), &snapshot(&["shared", &name]));
    }
    let trails = |content: Content| {
        let mut seen: Vec<(String, usize)> = content
            .inventory
            .trails
            .iter()
            .map(|(_, seen, trail)| (trail.resource_id.to_string(), seen.source))
            .collect();
        seen.sort();
        seen
    };
    let mut found = Sources::default();
    found.add(&folder.0, Role::Judged);
    let first = trails(read_all(&found, EventParameters::Own, false));
    assert_eq!(first.len(), 41);
    assert_eq!(first[0], ("shared".to_owned(), 39));
    for _ in 0..5 {
        assert_eq!(trails(read_all(&found, EventParameters::Own, false)), first);
    }
}
