//! The reasons and notes of trails without a finding.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::status::TrailStatus;
use super::text::Count;
use crate::report::TrailReport;

/// The most frequent remarks that are listed.
const REMARKS_MAX: usize = 100;

/// A reason or note, and the number of trails that have it.
pub(super) struct Remark<'a> {
    pub(super) status: TrailStatus,
    pub(super) text: &'a str,
    pub(super) trails: Count,
}

/// The remarks, the most frequent first.
pub(super) fn remarks(trails: &[TrailReport]) -> Vec<Remark<'_>> {
    let mut counts: BTreeMap<(TrailStatus, &str), usize> = BTreeMap::new();
    for trail in trails {
        let status = TrailStatus::of(trail);
        if status >= TrailStatus::Compliant {
            for text in trail.reason.iter().chain(&trail.notes) {
                *counts.entry((status, text)).or_default() += 1;
            }
        }
    }
    let mut remarks: Vec<_> = counts.into_iter().collect();
    remarks.sort_by_key(|((status, _), count)| (Reverse(*status), Reverse(*count)));
    remarks
        .into_iter()
        .take(REMARKS_MAX)
        .map(|((status, text), count)| Remark { status, text, trails: Count(count) })
        .collect()
}
