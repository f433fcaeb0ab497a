//! The chart: accounts and Regions by months, each field with the share of encrypted log files.
//!
//! Each field has its share as text, so that color is never the only difference.

use std::collections::{BTreeMap, BTreeSet};

use trailseal_logs::{Month, Version};

use crate::logs::history::{Seal, seal};
use crate::logs::report::{BucketLogs, FilesLogs, FolderLogs, TrailLogs};
use crate::output::html::{Column, Grid, TrailStatus, counted, shortened};

/// The most rows; the table has every folder.
const ROWS_MAX: usize = 60;

/// The most columns: the latest five years.
const COLUMNS_MAX: usize = 60;

const GRID: Grid = Grid { head_height: 62, pitch: 28, overhang: 40 };

pub(super) struct Chart {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
    /// What the chart does not show, if anything.
    pub(super) left_out: Option<String>,
}

/// An account and Region.
pub(super) struct Row {
    pub(super) y: usize,
    pub(super) account: String,
    pub(super) region: String,
    pub(super) fields: Vec<Field>,
}

/// The log files of an account and Region in one month.
pub(super) struct Field {
    pub(super) x: usize,
    pub(super) y: usize,
    pub(super) kind: &'static str,
    pub(super) mark: String,
    pub(super) title: String,
}

/// The number of log files by what their encryption is worth.
#[derive(Clone, Copy, Default)]
struct Share {
    /// With the key of their trail.
    sealed: u64,
    /// With any KMS key, where no trail of the command line delivers.
    with_kms: u64,
    other: u64,
    unknown: u64,
}

impl Chart {
    pub(super) fn of(bucket: &BucketLogs, trails: &[TrailLogs]) -> Self {
        let mut places: BTreeMap<(&str, &str), BTreeMap<Month, Share>> = BTreeMap::new();
        let is_shown = |(folder, files): &(&FolderLogs, &FilesLogs)| {
            !folder.digests && files.version == Version::Current
        };
        for (folder, files) in bucket.all_files().filter(is_shown) {
            let place = (folder.folder.account.as_str(), folder.folder.region.as_str());
            let share = places.entry(place).or_default().entry(files.month).or_default();
            let count = match seal(trails, folder, files) {
                Seal::Sealed if folder.trails.is_empty() => &mut share.with_kms,
                Seal::Sealed => &mut share.sealed,
                Seal::Other => &mut share.other,
                Seal::Unknown => &mut share.unknown,
            };
            *count = count.saturating_add(files.totals.files);
        }
        let months: BTreeSet<Month> =
            places.values().flat_map(|months| months.keys().copied()).collect();
        let first = months.len().saturating_sub(COLUMNS_MAX);
        let shown: Vec<Month> = months.iter().copied().skip(first).collect();
        let rows: Vec<Row> = places
            .iter()
            .take(ROWS_MAX)
            .enumerate()
            .map(|(index, (place, months))| row(index, *place, months, &shown))
            .collect();
        Self {
            width: GRID.width(shown.len()),
            height: GRID.height(rows.len()),
            columns: GRID.columns(shown.iter().map(Month::to_string)),
            left_out: left_out(places.len().saturating_sub(ROWS_MAX), first),
            rows,
        }
    }
}

fn left_out(rows: usize, months: usize) -> Option<String> {
    let rows = (rows > 0).then(|| counted(rows, "further row"));
    let months = (months > 0).then(|| counted(months, "earlier month"));
    let parts: Vec<String> = [rows, months].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" and "))
}

fn row(
    index: usize,
    (account, region): (&str, &str),
    months: &BTreeMap<Month, Share>,
    shown: &[Month],
) -> Row {
    let y = GRID.y(index);
    let field = |(column, month): (usize, &Month)| {
        let share = months.get(month)?;
        Some(Field {
            x: GRID.x(column),
            y,
            kind: share.status().slug(),
            mark: share.mark(),
            title: format!("{account} {region} {month}: {}", share.words()),
        })
    };
    Row {
        y,
        account: account.to_owned(),
        region: shortened(region, 18),
        fields: shown.iter().enumerate().filter_map(field).collect(),
    }
}

impl Share {
    /// Any file without the key is worse than one that is not known.
    fn status(&self) -> TrailStatus {
        match (self.other, self.unknown) {
            (0, 0) => TrailStatus::Compliant,
            (0, _) => TrailStatus::Unverified,
            _ => TrailStatus::Failing,
        }
    }

    /// The percentage, rounded down, so that only all files are 100; `?` if nothing else is wrong
    /// than that files are not known.
    fn mark(&self) -> String {
        let encrypted = u128::from(self.sealed) + u128::from(self.with_kms);
        let all = encrypted + u128::from(self.other) + u128::from(self.unknown);
        match self.status() {
            TrailStatus::Unverified => "?".to_owned(),
            TrailStatus::Failing
            | TrailStatus::NotEvaluated
            | TrailStatus::Compliant
            | TrailStatus::NotApplicable => {
                (encrypted * 100).checked_div(all).unwrap_or_default().to_string()
            }
        }
    }

    fn words(&self) -> String {
        let Self { sealed, with_kms, other, unknown } = *self;
        let encrypted = match (sealed, with_kms) {
            (_, 0) => format!("{sealed} encrypted with the key"),
            (0, _) => format!("{with_kms} encrypted with a KMS key"),
            _ => format!(
                "{sealed} encrypted with the key of their trail, {with_kms} with a KMS key where no \
                 named trail delivers"
            ),
        };
        format!("{encrypted}, {other} not, {unknown} not known")
    }
}
