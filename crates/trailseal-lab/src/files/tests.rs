//! Pages compared with a list that is made by sorting all keys.

use std::collections::BTreeSet;

use serde_json::json;

use super::listing::Ask;
use super::{Objects, log_file};
use crate::state::State;

/// Few files, near each other in order: with and without prefix, in a versioned bucket.
fn state() -> State {
    let files = |prefix: Option<&str>, kind: &str, a_day: u32| {
        json!({
            "bucket": "b",
            "prefix": prefix,
            "accounts": ["111122223333", "444455556666"],
            "kind": kind,
            "regions": ["us-east-1", "eu-west-1"],
            "from": "2025-12-31T22:40:10.000Z",
            "to": "2026-01-01T01:10:00.000Z",
            "filesPerDay": a_day,
            "trail": "arn:aws:cloudtrail:us-east-1:111122223333:trail/main_trail.x",
        })
    };
    let object = |key: &str, deleted: bool| {
        json!({ "bucket": "b", "key": key, "lastModified": "2026-01-01T00:00:00Z",
                "versionId": if deleted { "2" } else { "1" }, "deleteMarker": deleted })
    };
    let mut state = json!({
        "trailsealLab": 1,
        "buckets": [{ "name": "b", "account": "111122223333", "region": "us-east-1",
                      "versioned": true }],
        "logFiles": [
            files(None, "CloudTrail", 48),
            files(Some("a/AWSLogs"), "CloudTrail", 24),
            files(None, "CloudTrail-Digest", 24),
            files(Some("busy"), "CloudTrail", 2880),
        ],
        "objects": [object("AWSLogs/", false), object("AWSLogs/x/y", false),
                    object("AWSLogs/x/y", true), object("z", false), object("\u{e9}/é", false)],
    });
    // Hides all files of one day, and one of another day.
    let all = State::from_value("state", &state).unwrap();
    let all = keys(&all, &ask("AWSLogs/444455556666/CloudTrail/us-east-1/", "", None, 9999));
    let hidden = all.iter().filter(|key| key.contains("/2025/12/31/") || key.contains("T0010Z"));
    let hidden: Vec<_> = hidden.map(|key| object(key, true)).collect();
    assert_eq!(hidden.len(), 4);
    state["objects"].as_array_mut().unwrap().extend(hidden);
    State::from_value("state", &state).unwrap()
}

fn ask<'a>(prefix: &'a str, delimiter: &'a str, after: Option<&str>, limit: usize) -> Ask<'a> {
    Ask { prefix, delimiter, after: after.map(|after| after.as_bytes().to_vec()), limit }
}

fn objects(state: &State) -> Objects<'_> {
    Objects::of(state, &state.buckets[0])
}

/// The keys and common prefixes of one page, in their order.
fn keys(state: &State, ask: &Ask<'_>) -> Vec<String> {
    let page = objects(state).list(ask);
    let files = page.files.into_iter().map(|file| file.key.into_owned());
    let mut keys: Vec<String> = files.chain(page.common_prefixes).collect();
    keys.sort();
    keys
}

/// All pages of a size one after the other.
fn all_pages(state: &State, mut ask: Ask<'_>) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let next = objects(state).list(&ask).next;
        let page = keys(state, &ask);
        assert!(next.is_none() || page.len() == ask.limit, "{page:?}");
        all.extend(page);
        match next {
            Some(next) => ask.after = Some(next),
            None => return all,
        }
    }
}

#[test]
fn pages_are_those_of_a_sorted_list() {
    let state = state();
    let every = all_pages(&state, ask("", "", None, 1000));
    assert!(every.is_sorted_by(|one, other| one < other));
    assert_eq!(every.len(), every.iter().collect::<BTreeSet<_>>().len());
    let digest = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/01/111122223333_\
                  CloudTrail-Digest_eu-west-1_main_trail.x_us-east-1_20260101T004010Z.json.gz";
    assert!(every.iter().any(|key| key == digest));
    let middle = every[every.len() / 2].as_str();
    for prefix in
        ["", "AWSLogs/", "AWSLogs/4444", "a/", "AWSLogs/111122223333/CloudTrail/", "none", middle]
    {
        for delimiter in ["", "/", "CloudTrail", "_"] {
            for after in [
                None,
                Some(""),
                Some("AWSLogs/111122223333/CloudTrail/us-east-1/2026/"),
                Some(middle),
                Some("~"),
            ] {
                let mut expected = BTreeSet::new();
                for key in every.iter().filter(|key| key.starts_with(prefix)) {
                    let rest = key.strip_prefix(prefix).unwrap();
                    let end = rest.find(delimiter).filter(|_| !delimiter.is_empty());
                    let end = end.map_or(key.len(), |end| prefix.len() + end + delimiter.len());
                    let is_group_of = |after: &str| end < key.len() && key.split_at(end).0 == after;
                    if after.is_none_or(|after| key.as_str() > after && !is_group_of(after)) {
                        expected.insert(key.split_at(end).0.to_owned());
                    }
                }
                for limit in [1, 2, 7, 1000] {
                    let found = all_pages(&state, ask(prefix, delimiter, after, limit));
                    assert!(
                        found.iter().eq(&expected),
                        "{prefix} {delimiter} {after:?} {limit}: {found:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn every_listed_key_is_found_and_no_other() {
    let state = state();
    let objects = objects(&state);
    for key in all_pages(&state, ask("", "", None, 1000)) {
        let versions = objects.versions(&key);
        assert!(versions.first().is_some_and(|file| file.key == key && !file.is_delete_marker));
        for other in [
            key.replace("json", "jsom"),
            key.replace("CloudTrail", "CloudTrai"),
            format!("{key}x"),
            format!("x{key}"),
        ] {
            assert!(other == key || objects.versions(&other).is_empty(), "{other}");
        }
    }
}

#[test]
fn versions_are_listed_from_the_newest_page_by_page() {
    let state = state();
    let list = |limit: usize| {
        let (mut all, mut after) = (Vec::new(), (None, None));
        loop {
            let (key, version): (Option<String>, Option<String>) = after;
            let ask = ask("AWSLogs/", "", key.as_deref(), limit);
            let page = objects(&state).list_versions(&ask, version.as_deref());
            all.extend(page.versions.iter().map(|(file, is_latest)| {
                (
                    file.key.to_string(),
                    file.version_id().to_owned(),
                    file.is_delete_marker,
                    *is_latest,
                )
            }));
            match page.next {
                Some((key, version)) => after = (Some(key), version),
                None => return all,
            }
        }
    };
    let all = list(1000);
    for limit in [1, 3, 8] {
        assert_eq!(list(limit), all);
    }
    let markers = all.iter().filter(|(_, _, marker, _)| *marker);
    assert!(markers.clone().count() == 5 && markers.clone().all(|(.., is_latest)| *is_latest));
    let history: Vec<_> = all.iter().filter(|(key, ..)| key == "AWSLogs/x/y").collect();
    let expected = [("2", true, true), ("1", false, false)];
    assert!(
        history.iter().map(|(_, id, marker, latest)| (id.as_str(), *marker, *latest)).eq(expected)
    );
    let ask = ask("", "/", None, 2);
    let page = objects(&state).list_versions(&ask, None);
    assert_eq!(page.common_prefixes, ["AWSLogs/", "a/"]);
    assert_eq!(page.next, Some(("a/".to_owned(), None)));
}

#[test]
fn a_log_file_has_its_size() {
    for size in [0, 20, 38, 39, 5000] {
        assert_eq!(log_file(size).len(), usize::try_from(size).unwrap());
    }
}

#[test]
fn the_files_of_the_default_state_are_recent() {
    let state = State::default_state().unwrap();
    let newest = state.log_files.iter().map(|files| files.to).max().unwrap();
    let age = crate::moments::now() - newest;
    assert!((0..=86_400_000).contains(&age), "{age}");
    assert!(state.log_files.iter().all(|files| files.encryption.is_sorted_by_key(|one| one.since)));
}
