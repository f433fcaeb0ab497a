//! The reasons and notes of trails without a finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::standing::Standing;
use super::words::Count;
use crate::report::TrailReport;

/// The most frequent remarks that are listed.
const REMARKS_MAX: usize = 100;

/// A reason or note, and the number of trails that have it.
pub(super) struct Remark<'a> {
    pub(super) standing: Standing,
    pub(super) words: &'a str,
    pub(super) trails: Count,
}

/// The remarks, the most frequent first.
pub(super) fn remarks(trails: &[TrailReport]) -> Vec<Remark<'_>> {
    let mut counts: BTreeMap<(Standing, &str), usize> = BTreeMap::new();
    for trail in trails {
        let standing = Standing::of(trail);
        if standing >= Standing::Compliant {
            for words in trail.reason.iter().chain(&trail.notes) {
                *counts.entry((standing, words)).or_default() += 1;
            }
        }
    }
    let mut remarks: Vec<_> = counts.into_iter().collect();
    remarks.sort_by_key(|((standing, _), count)| (Reverse(*standing), Reverse(*count)));
    remarks
        .into_iter()
        .take(REMARKS_MAX)
        .map(|((standing, words), count)| Remark { standing, words, trails: Count(count) })
        .collect()
}
