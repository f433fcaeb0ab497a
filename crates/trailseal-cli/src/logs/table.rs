//! The report for people: the trails with their verdicts, then a line for each folder and kind of
//! encryption.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Write};

use anstyle::Style;
use trailseal_logs::Month;
use trailseal_logs::live::Mode;
use trailseal_rule::KeyArn;

use super::confirmation::Confirmation;
use super::history::{FIRST_STEPS, Seal, seal, unencrypted};
use super::report::{
    BucketLogs, FilesLogs, FolderLogs, LogsReport, OwnerLogs, Resumed, SourceKind, TrailLogs,
};
use crate::output::columns::{Columns, cut, wrapped, write_lines};
use crate::output::{Screen, counted, shown, write_capped, write_details};
use crate::report::TrailReport;

/// The columns before the encryption.
const HEADER: [&str; 4] = ["ACCOUNT", "REGION", "KIND", "FILES"];

pub(super) fn write(report: &LogsReport, screen: Screen, out: &mut dyn Write) -> io::Result<()> {
    let failed = screen.table.failed;
    let trails: Vec<TrailReport> = report
        .trails
        .iter()
        .filter(|trail| !failed || trail.is_open())
        .map(TrailLogs::finding)
        .collect();
    write_details(&trails.iter().collect::<Vec<_>>(), "", screen, out)?;
    for bucket in &report.buckets {
        write_bucket(bucket, &report.trails, screen, out)?;
    }
    let mut below = Vec::new();
    for trail in &report.trails {
        write_trail(trail, &mut below)?;
    }
    for bucket in &report.buckets {
        write_remarks(bucket, &mut below)?;
    }
    let problems = report.problems.iter();
    let problems = problems.map(|one| format!("{}: {}", shown(&one.source), shown(&one.message)));
    write_capped("NOT READ", problems.collect(), &mut below)?;
    if let Some(files) = unencrypted(report) {
        writeln!(below, "HISTORY: {files}. {FIRST_STEPS}")?;
    }
    writeln!(below, "{}", summary(report))?;
    write_lines(&below, screen, out)
}

/// One line of the table.
pub(super) struct Line<'a> {
    pub(super) folder: &'a FolderLogs,
    /// The first of its files.
    example: &'a FilesLogs,
    /// How the files are encrypted, without the key.
    status: String,
    key: Option<&'a KeyArn>,
    first: Month,
    last: Month,
    pub(super) files: u64,
}

fn write_bucket(
    bucket: &BucketLogs,
    trails: &[TrailLogs],
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let title = title(bucket);
    match screen.columns {
        Some(columns) => writeln!(out, "{}", wrapped(&title, columns, 0))?,
        None => writeln!(out, "{title}")?,
    }
    let mut lines = lines(bucket, screen.table.full);
    if screen.table.failed {
        lines.retain(|line| line.seal(trails) != Seal::Sealed);
    }
    let keys = Keys::of(&lines);
    let rows: Vec<[String; 4]> = lines.iter().map(cells).collect();
    let columns = Columns::of(HEADER, &rows, screen);
    let mut root = None;
    for (line, row) in lines.iter().zip(&rows) {
        let here = line.folder.folder.root();
        let is_first = root.is_none();
        if root.as_ref() != Some(&here) {
            writeln!(out, "{}", shown(&here))?;
            root = Some(here);
        }
        let encryption = keys.encryption(line);
        if columns.are_too_wide() {
            write_stacked(line, &encryption, screen, out)?;
            continue;
        }
        if is_first {
            writeln!(out, "{}ENCRYPTION", columns.line(HEADER, Style::new()))?;
        }
        let cells = columns.line(row.each_ref().map(String::as_str), Style::new());
        writeln!(out, "{cells}{}", cut(&encryption, columns.rest()))?;
    }
    let named: Vec<String> = keys.named(trails).collect();
    write_lines(named.join("\n").as_bytes(), screen, out)?;
    writeln!(out)
}

/// `bucket trail-logs in eu-central-1, a sample of its log files:`
pub(super) fn title(bucket: &BucketLogs) -> String {
    let region = bucket.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    let prefix = match bucket.prefix.as_str() {
        "" => String::new(),
        prefix => format!(", prefix {}", shown(prefix)),
    };
    let what = match (bucket.source.kind, bucket.source.mode) {
        (SourceKind::Live, Mode::Sample) => "a sample of its files".to_owned(),
        (SourceKind::Live, Mode::Monthly) => "a sample of its files in each month".to_owned(),
        (SourceKind::Live, Mode::All) => "all its files".to_owned(),
        (SourceKind::Inventory, _) => as_of("its files by S3 Inventory", bucket),
        (SourceKind::Athena, _) => as_of("its files by a query in Athena", bucket),
    };
    let none = if bucket.folders.is_empty() { ": no file of CloudTrail was read" } else { "" };
    format!("Bucket {}{region}{prefix}, {what}{none}", bucket.bucket)
}

fn as_of(what: &str, bucket: &BucketLogs) -> String {
    match bucket.source.as_of {
        Some(time) => format!("{what} of {time}"),
        None => what.to_owned(),
    }
}

/// The lines of a bucket; with `by_month`, one for each month.
pub(super) fn lines(bucket: &BucketLogs, by_month: bool) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for folder in &bucket.folders {
        let mut places = HashMap::new();
        for files in &folder.files {
            let (status, key) = (files.status(), files.key.as_ref());
            let month = by_month.then_some(files.month);
            let place = places.entry((status.clone(), key, files.owner, month));
            let place = *place.or_insert(lines.len());
            match lines.get_mut(place) {
                Some(line) => line.add(files),
                None => lines.push(Line {
                    folder,
                    example: files,
                    status,
                    key,
                    first: files.month,
                    last: files.month,
                    files: files.totals.files,
                }),
            }
        }
    }
    lines
}

impl Line<'_> {
    fn seal(&self, trails: &[TrailLogs]) -> Seal {
        seal(trails, self.folder, self.example)
    }

    fn add(&mut self, files: &FilesLogs) {
        self.first = self.first.min(files.month);
        self.last = self.last.max(files.month);
        self.files = self.files.saturating_add(files.totals.files);
    }

    fn months(&self) -> String {
        if self.first == self.last {
            self.first.to_string()
        } else {
            format!("{}–{}", self.first, self.last)
        }
    }
}

fn cells(line: &Line<'_>) -> [String; 4] {
    let folder = &line.folder.folder;
    [folder.account.to_string(), folder.region.to_string(), kind(line), line.files.to_string()]
}

/// The kind without the word that all kinds begin with, except the kind that is that word.
pub(super) fn kind(line: &Line<'_>) -> String {
    let kind = line.folder.folder.kind.as_str();
    shown(kind.strip_prefix("CloudTrail-").unwrap_or(kind))
}

/// The account and Region, the kind, and the encryption.
fn write_stacked(
    line: &Line<'_>,
    encryption: &str,
    screen: Screen,
    out: &mut dyn Write,
) -> io::Result<()> {
    let columns = screen.columns.unwrap_or(usize::MAX);
    let folder = &line.folder.folder;
    writeln!(out, "{} {}", folder.account, folder.region)?;
    let files = counted(usize::try_from(line.files).unwrap_or(usize::MAX), "file");
    let text = format!("{}, {files}: {encryption}", kind(line));
    writeln!(out, "{}", wrapped(&text, columns, 2))
}

/// The KMS keys of a bucket's files, numbered.
pub(super) struct Keys<'a> {
    keys: Vec<&'a KeyArn>,
    /// From 1.
    numbers: HashMap<&'a KeyArn, usize>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(lines: &[Line<'a>]) -> Self {
        let (mut keys, mut numbers) = (Vec::new(), HashMap::new());
        for key in lines.iter().filter_map(|line| line.key) {
            numbers.entry(key).or_insert_with(|| {
                keys.push(key);
                keys.len()
            });
        }
        Self { keys, numbers }
    }

    /// `SSE-KMS key 1, 2024-05–2026-11`.
    pub(super) fn encryption(&self, line: &Line<'_>) -> String {
        let number = line.key.and_then(|key| self.numbers.get(key));
        let key = number.map(|number| format!(" key {number}")).unwrap_or_default();
        shown(&format!("{}{key}{}, {}", line.status, line.example.owner_note(), line.months()))
    }

    /// `key 1 (the key of trail main): arn:aws:kms:…`.
    pub(super) fn named(&self, trails: &[TrailLogs]) -> impl Iterator<Item = String> {
        self.keys.iter().enumerate().map(|(index, key)| {
            let is_of = |trail: &&TrailLogs| trail.key.as_deref() == Some(key.as_str());
            let names: Vec<String> =
                trails.iter().filter(is_of).map(|trail| shown(trail.arn.name())).collect();
            let of = match names.as_slice() {
                [] => String::new(),
                names => format!(" (the key of trail {})", names.join(", ")),
            };
            format!("key {}{of}: {key}", index + 1)
        })
    }
}

/// What the folders of a trail show beside its verdict.
fn write_trail(trail: &TrailLogs, out: &mut dyn Write) -> io::Result<()> {
    let name = shown(trail.arn.name());
    if let Some(first) = &trail.first_encrypted {
        writeln!(out, "FIRST ENCRYPTED: {name}: {}, {}", first.time, shown(&first.key))?;
    }
    let idle = trail.no_delivery_since.iter().map(|folder| format!("{name}: {}", shown(folder)));
    write_capped("NO DELIVERY SINCE", idle.collect(), out)?;
    let mut shared: BTreeMap<String, usize> = BTreeMap::new();
    for folder in &trail.shared {
        let others: Vec<String> = folder.trails.iter().map(|arn| shown(arn.as_str())).collect();
        *shared.entry(others.join(", ")).or_default() += 1;
    }
    let shared = shared.into_iter().map(|(others, folders)| {
        let folders = counted(folders, "folder");
        format!("{name}: the files of {folders} may be those of {others}, so they decide nothing")
    });
    write_capped("SHARED", shared.collect(), out)?;
    write_capped("NOTE", trail.notes.iter().map(|note| shown(note)).collect(), out)
}

/// What the reader of the counts of a bucket must know.
fn write_remarks(bucket: &BucketLogs, out: &mut dyn Write) -> io::Result<()> {
    let name = &bucket.bucket;
    for remark in remarks(bucket) {
        writeln!(out, "NOTE: {name}: {}", shown(&remark))?;
    }
    if bucket.unrecognized > 0 {
        let example = bucket.unrecognized_examples.first().map(|key| shown(key));
        writeln!(
            out,
            "NOT COUNTED: {name}: {} with a name that CloudTrail does not give, such as {}",
            counted(usize::try_from(bucket.unrecognized).unwrap_or(usize::MAX), "object"),
            example.unwrap_or_default()
        )?;
    }
    Ok(())
}

/// Sentences about how a bucket was read.
pub(super) fn remarks(bucket: &BucketLogs) -> Vec<String> {
    let source = &bucket.source;
    let mut remarks = Vec::new();
    if source.is_sample() {
        remarks.push(
            "a sample: the files between those that were counted were not read; --all reads every \
             file"
                .to_owned(),
        );
    }
    if let Some(Resumed { files, since }) = source.resumed {
        let files = counted(usize::try_from(files).unwrap_or(usize::MAX), "file");
        remarks.push(format!(
            "the encryption of {files} is what earlier runs since {since} wrote to the file of \
             --resume, which is not trusted; S3 still lists them unchanged, and the files that decide \
             about a trail were read again"
        ));
    }
    match source.kind {
        SourceKind::Live if source.versions => remarks.push(
            "noncurrent versions and deleted files are counted only; their encryption was not read"
                .to_owned(),
        ),
        SourceKind::Live => remarks.push(
            "only current versions were read; --versions counts noncurrent versions and deleted files"
                .to_owned(),
        ),
        SourceKind::Inventory => remarks.push(format!(
            "S3 Inventory names no key: it proves SSE-KMS, but not with which key; a run without \
             --inventory reads the keys{}",
            match bucket.confirmation {
                Some(_) => "",
                None => ", and --confirm N those of a sample",
            }
        )),
        SourceKind::Athena if !source.names_keys => remarks.push(
            "the table does not name the key of each file: where it is not named, SSE-KMS is proved, \
             but not with which key; a run without --athena-results reads the keys"
                .to_owned(),
        ),
        SourceKind::Athena => {}
    }
    if source.kind != SourceKind::Live {
        remarks.push(
            "the owners of the files were not read: a file of another account than the bucket's is \
             counted like the others"
                .to_owned(),
        );
    }
    remarks.extend(bucket.confirmation.as_ref().map(Confirmation::sentence));
    match (source.kind, source.as_of) {
        (SourceKind::Live, _) => {}
        (SourceKind::Inventory | SourceKind::Athena, Some(time)) => remarks.push(format!(
            "the inventory is of {time}: what was delivered or changed later is not in it, and S3 can \
             leave out an object that was new"
        )),
        (SourceKind::Inventory | SourceKind::Athena, None) => {
            let ran = source.queried_at.map_or_else(
                || "the result does not say when the query ran".to_owned(),
                |time| format!("the query ran at {time}"),
            );
            remarks.push(format!(
                "{ran}, and S3 updates its table within about an hour: what was delivered or changed \
                 later is not in it"
            ));
        }
    }
    if bucket.folders.iter().any(|folder| folder.digests) {
        remarks.push(
            "digest files are counted and not judged: before 22 May 2025 CloudTrail delivered all of \
             them with SSE-S3"
                .to_owned(),
        );
    }
    remarks.extend(bucket.folders.iter().filter_map(owners));
    remarks
}

/// A sentence about the owners of the files of a folder, if they are not all the bucket's account.
fn owners(folder: &FolderLogs) -> Option<String> {
    const SHOWN_MAX: usize = 3;
    let owners = &folder.owners;
    let each = |one: &OwnerLogs| {
        let whose = match one.of_bucket {
            Some(true) => "the bucket's account ",
            Some(false) | None => "",
        };
        format!("{whose}{} has {}", one.owner, one.files)
    };
    let shown: Vec<String> = owners.iter().take(SHOWN_MAX).map(each).collect();
    let more = match owners.len().saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!(", and {more} more have the others"),
    };
    (!owners.is_empty()).then(|| {
        format!(
            "{}: not only the bucket's account owns the files that were read: {}{more}; a file of \
             another account does not prove that the trail's files are encrypted",
            folder.name,
            shown.join(", ")
        )
    })
}

fn summary(report: &LogsReport) -> String {
    let files = counted(usize::try_from(report.files()).unwrap_or(usize::MAX), "file");
    let sampled = report.buckets.iter().any(|bucket| bucket.source.is_sample());
    let sampled = if sampled { " (a sample)" } else { "" };
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for (_, files) in report.buckets.iter().flat_map(BucketLogs::all_files) {
        let status = format!("{}{}", files.status(), files.owner_note());
        let count = counts.entry(status).or_default();
        *count = count.saturating_add(files.totals.files);
    }
    let counts: Vec<String> =
        counts.iter().map(|(status, count)| format!("{count} {status}")).collect();
    let counts = if counts.is_empty() { String::new() } else { format!(": {}", counts.join("; ")) };
    let partial = if report.complete { "" } else { ". PARTIAL: not everything was read" };
    format!("{files} read{sampled}{counts}{partial}")
}
