//! Finds files in the folder of an account, kind and Region by their times.
//!
//! The keys of a folder are in the order of their days, and those of a day in the order of their
//! times, so that a list that starts at a day finds the first file of that day or later. Only the
//! names of digests begin with a trail's name.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use trailseal_aws::AwsError;
use trailseal_rule::Timestamp;

use super::range::{Day, Range};
use super::s3::{List, Listed, Objects, PAGE_MAX};
use crate::coverage::Folder;
use crate::key::{Parsed, parse};
use crate::month::Month;

/// Objects in the first answer, of which the first file is usually the first: the rest are
/// the objects that the S3 console creates for folders.
const FIRST_FEW: u16 = 10;

/// Hours at which the list of a long day starts, until it contains a file.
const LATE_HOURS: [u8; 5] = [23, 22, 20, 16, 8];

/// Objects with other names that are kept, at most.
const UNRECOGNIZED_MAX: usize = 1000;

/// A month that has a folder, and the days that are listed with it: up to the next such month. The
/// first month also has the days before it, and the last month all later days, so that each key in
/// the folder of a Region belongs to one month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MonthPart {
    month: Month,
    folders: Range,
}

/// The days of a folder that are read.
#[derive(Debug)]
pub(super) struct Place<'p> {
    objects: &'p Objects,
    folder: &'p Folder,
    path: String,
    month: Option<Month>,
    /// The days of the names of files.
    range: Range,
    /// The days of the folders that are listed.
    folders: Range,
    unrecognized: Mutex<Unrecognized>,
}

/// The objects in a folder that were seen and have no name that CloudTrail gives.
#[derive(Debug, Default)]
pub(super) struct Unrecognized {
    /// The greatest keys, since those may be newer than the newest file.
    pub(super) keys: BTreeSet<String>,
    /// The one that was written last.
    pub(super) last_written: Option<Written>,
}

/// When an object was written, in milliseconds since 1970, and its key. The time is that of the end
/// of time if the list does not say it.
pub(super) type Written = (i64, String);

/// A day of which the newest file is searched.
#[derive(Debug)]
struct DaySearch {
    day: Day,
    folder: String,
    /// The key from which everything was listed before and no file counts.
    listed_from: Option<String>,
}

/// A listed file of CloudTrail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    pub(super) listed: Listed,
    /// The day of its folder.
    pub(super) day: Day,
    /// The time in its name.
    pub(super) time: Timestamp,
}

/// What a listed object is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Classified {
    /// A file in the range.
    File(File),
    /// An object of another day, or a file that was delivered after the end of the list.
    Outside,
    /// The object that the S3 console creates for a folder.
    FolderObject,
    /// The key is not one of CloudTrail's.
    Unrecognized(Listed),
}

impl File {
    pub(super) fn key(&self) -> &str {
        &self.listed.key
    }

    /// When S3 received it, in milliseconds since 1970, if the list says it.
    pub(super) fn written_millis(&self) -> Option<i64> {
        self.listed.content.as_ref().map(|content| content.modified_millis)
    }

    fn order(&self) -> (Timestamp, &str) {
        (self.time, self.key())
    }
}

impl<'p> Place<'p> {
    /// The days of a range, those of one month or all.
    pub(super) fn new(
        objects: &'p Objects,
        folder: &'p Folder,
        part: Option<MonthPart>,
        range: &Range,
    ) -> Self {
        let folders = part.map_or_else(|| range.of_folders(), |part| part.folders);
        let month = part.map(|part| part.month);
        let (path, range) = (folder.to_string(), *range);
        Self { objects, folder, path, month, range, folders, unrecognized: Mutex::default() }
    }

    /// The key of the folder, with a slash at its end.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Where the list of its days starts.
    pub(super) fn start(&self) -> String {
        let start = self.folders.start(&self.path);
        match (self.folders.since, self.range.since) {
            (Some(first), Some(since)) if first < since => self.names_since(&start, since),
            _ => start,
        }
    }

    /// A key in the folder of a day that precedes the files with names of another day or later.
    /// Names of digests begin with that of a trail, so that it precedes all of them.
    fn names_since(&self, day_folder: &str, day: Day) -> String {
        if self.folder.has_digests() {
            return day_folder.to_owned();
        }
        let Folder { account, kind, region, .. } = self.folder;
        let date = day.to_string().replace('-', "");
        format!("{day_folder}{account}_{kind}_{region}_{date}")
    }

    /// Takes the objects that were seen and are not of CloudTrail.
    pub(super) fn take_unrecognized(&self) -> Unrecognized {
        self.odd(std::mem::take)
    }

    fn odd<T>(&self, access: impl FnOnce(&mut Unrecognized) -> T) -> T {
        access(&mut self.unrecognized.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What a listed object is.
    pub(super) fn classify(&self, listed: Listed) -> Classified {
        match (self.day_of(&listed.key), parse(&listed.key)) {
            (Some((day, true)), Parsed::File(file)) => {
                let time = file.time;
                let named = Day::containing(time);
                let is_meant = self.folders.contains_day(day)
                    && named.is_some_and(|named| self.range.contains_day(named));
                let file = File { listed, day, time };
                if is_meant && !self.range.is_for_next_run(time, file.written_millis()) {
                    Classified::File(file)
                } else {
                    Classified::Outside
                }
            }
            (Some((day, _)), _)
                if !(self.range.contains_day(day) && self.folders.contains_day(day)) =>
            {
                Classified::Outside
            }
            (None, _) if !self.has_range_around(&listed.key) => Classified::Outside,
            _ if listed.key.ends_with('/') => Classified::FolderObject,
            _ => Classified::Unrecognized(listed),
        }
    }

    /// Whether a key that names no day is between those of the range.
    fn has_range_around(&self, key: &str) -> bool {
        let Range { since, until, .. } = self.range;
        since.is_none_or(|since| since.folder(&self.path).as_str() <= key)
            && until.is_none_or(|until| key < until.plus(1).folder(&self.path).as_str())
    }

    /// The file that a listed object is. Keys that are not recognized are kept.
    pub(super) fn file(&self, listed: Listed) -> Option<File> {
        match self.classify(listed) {
            Classified::File(file) => Some(file),
            Classified::Outside | Classified::FolderObject => None,
            Classified::Unrecognized(object) => {
                self.keep_unrecognized(object);
                None
            }
        }
    }

    pub(super) fn keep_unrecognized(&self, Listed { key, content, .. }: Listed) {
        let written = content.map_or(i64::MAX, |content| content.modified_millis);
        self.odd(|odd| {
            odd.last_written = odd.last_written.take().max(Some((written, key.clone())));
            odd.keys.insert(key);
            if odd.keys.len() > UNRECOGNIZED_MAX {
                odd.keys.pop_first();
            }
        });
    }

    /// The day of the folder in which an object is, and whether it is directly in it.
    fn day_of(&self, key: &str) -> Option<(Day, bool)> {
        let mut names = key.strip_prefix(&self.path)?.split('/');
        let day = Day::of(names.next()?, names.next()?, names.next()?)?;
        names.next().map(|_| (day, names.next().is_none()))
    }

    /// Whether the list has passed the range at this key.
    pub(super) fn is_after(&self, key: &str) -> bool {
        let Some(last) = self.folders.until else { return false };
        let is_beyond = self.range.until.is_some_and(|of_names| of_names < last);
        let end = if is_beyond && !self.folder.has_digests() {
            self.names_since(&last.folder(&self.path), last)
        } else {
            last.plus(1).folder(&self.path)
        };
        key >= end.as_str()
    }

    /// The oldest file.
    pub(super) async fn oldest(&self) -> Result<Option<File>, AwsError> {
        let size = if self.folder.has_digests() { PAGE_MAX } else { FIRST_FEW };
        let mut list = List::objects(&self.path, &self.start(), size);
        while let Some(page) = self.objects.next(&mut list).await? {
            let has_passed = page.objects.last().is_some_and(|last| self.is_after(&last.key));
            let files: Vec<File> =
                page.objects.into_iter().filter_map(|listed| self.file(listed)).collect();
            let day = files.first().map(|first| first.day);
            let of_day = files.into_iter().filter(|file| Some(file.day) == day);
            let oldest = of_day.min_by(|one, other| one.order().cmp(&other.order()));
            if oldest.is_some() || has_passed {
                return Ok(oldest);
            }
            list.enlarge();
        }
        Ok(None)
    }

    /// The newest file.
    pub(super) async fn newest(&self) -> Result<Option<File>, AwsError> {
        let mut listed_from = None;
        if let Some(month) = self.month {
            return self.newest_of_month(month, &mut listed_from).await;
        }
        for year in self.names(&self.path).await?.into_iter().rev() {
            if !self.folders.contains_year(&year) {
                continue;
            }
            for month in self.months_of(&year).await?.into_iter().rev() {
                if let Some(newest) = self.newest_of_month(month, &mut listed_from).await? {
                    return Ok(Some(newest));
                }
            }
        }
        Ok(None)
    }

    /// The months that have a folder.
    pub(super) async fn months(&self) -> Result<Vec<MonthPart>, AwsError> {
        let mut months = Vec::new();
        for year in self.names(&self.path).await? {
            if self.folders.contains_year(&year) {
                months.extend(self.months_of(&year).await?);
            }
        }
        let ends = months.iter().copied().skip(1).map(Some).chain([None]);
        let parts = months.iter().copied().zip(ends).enumerate().map(|(number, (month, end))| {
            let first = (number > 0).then_some(month);
            MonthPart { month, folders: self.folders.between(first, end) }
        });
        Ok(parts.collect())
    }

    async fn months_of(&self, year: &str) -> Result<Vec<Month>, AwsError> {
        let names = self.names(&format!("{}{year}/", self.path)).await?;
        let months = names.iter().filter_map(|name| Month::parse(&format!("{year}-{name}")).ok());
        Ok(months.filter(|month| self.folders.contains_month(*month)).collect())
    }

    /// The newest file of a month. `listed_from` is the key from which everything was listed and
    /// no file counts.
    async fn newest_of_month(
        &self,
        month: Month,
        listed_from: &mut Option<String>,
    ) -> Result<Option<File>, AwsError> {
        let Some(first) = Day::first_of(month) else { return Ok(None) };
        let day_folder = first.folder(&self.path);
        let folder = day_folder.strip_suffix("01/").unwrap_or(&day_folder);
        for name in self.names(folder).await?.into_iter().rev() {
            let day = Day::parse(&format!("{month}-{name}")).ok();
            let Some(day) = day.filter(|day| self.folders.contains_day(*day)) else { continue };
            let folder = day.folder(&self.path);
            let search = DaySearch { day, folder, listed_from: listed_from.take() };
            if let Some(newest) = self.newest_of_day(&search).await? {
                return Ok(Some(newest));
            }
            *listed_from = Some(search.folder);
        }
        Ok(None)
    }

    async fn newest_of_day(&self, search: &DaySearch) -> Result<Option<File>, AwsError> {
        let DaySearch { day, folder, .. } = search;
        // What follows the newest day is listed too: it has no names that CloudTrail gives.
        let mut list = List::objects(&self.path, folder, PAGE_MAX);
        let Some(page) = self.objects.next(&mut list).await? else { return Ok(None) };
        let last = page.objects.last().map(|last| last.key.clone()).unwrap_or_default();
        let newest = self.newest_of(page.objects, None);
        if !page.goes_on || self.has_passed(&last, search) {
            return Ok(newest);
        }
        if last.starts_with(folder) && !self.folder.has_digests() {
            for hour in LATE_HOURS {
                let after = format!("{}T{hour:02}", self.names_since(folder, *day));
                let late = List::objects(&self.path, &after, PAGE_MAX);
                if let Some(newest) = self.newest_of_list(late, search, None).await? {
                    return Ok(Some(newest));
                }
            }
        }
        self.newest_of_list(list, search, newest).await
    }

    async fn newest_of_list(
        &self,
        mut list: List,
        search: &DaySearch,
        mut newest: Option<File>,
    ) -> Result<Option<File>, AwsError> {
        while let Some(page) = self.objects.next(&mut list).await? {
            let last = page.objects.last().map(|last| last.key.clone()).unwrap_or_default();
            newest = self.newest_of(page.objects, newest);
            if self.has_passed(&last, search) {
                break;
            }
        }
        Ok(newest)
    }

    /// Whether the list has passed the range at this key, reached what was listed before, or passed
    /// the day and an object behind it that may be a newer file.
    fn has_passed(&self, key: &str, search: &DaySearch) -> bool {
        let folder = search.folder.as_str();
        let is_behind = |key: &str| key > folder && !key.starts_with(folder);
        let has_odd = || self.odd(|odd| odd.keys.last().is_some_and(|last| is_behind(last)));
        let is_listed = search.listed_from.as_ref().is_some_and(|from| key >= from.as_str());
        is_listed || self.is_after(key) || (is_behind(key) && has_odd())
    }

    fn newest_of(&self, objects: Vec<Listed>, so_far: Option<File>) -> Option<File> {
        let files = objects.into_iter().filter_map(|listed| self.file(listed));
        files.chain(so_far).max_by(|one, other| one.order().cmp(&other.order()))
    }

    /// The first file after one key and before another, in the order of keys.
    pub(super) async fn first_between(
        &self,
        after: &str,
        before: &str,
    ) -> Result<Option<File>, AwsError> {
        let mut list = List::objects(&self.path, after, FIRST_FEW);
        while let Some(page) = self.objects.next(&mut list).await? {
            for listed in page.objects {
                if listed.key.as_str() >= before {
                    return Ok(None);
                }
                if let Some(file) = self.file(listed) {
                    return Ok(Some(file));
                }
            }
            list.enlarge();
        }
        Ok(None)
    }

    /// The names of the folders in a folder, in order.
    async fn names(&self, folder: &str) -> Result<Vec<String>, AwsError> {
        let mut list = List::folders(folder);
        let mut names = Vec::new();
        while let Some(page) = self.objects.next(&mut list).await? {
            for listed in page.objects {
                self.file(listed);
            }
            let inner = page.folders.iter().filter_map(|path| path.strip_prefix(folder));
            // The name of a year has four digits, which bounds their number.
            let is_date = |name: &&str| {
                matches!(name.len(), 2 | 4) && name.bytes().all(|byte| byte.is_ascii_digit())
            };
            let inner = inner.filter_map(|name| name.strip_suffix('/')).filter(is_date);
            names.extend(inner.map(str::to_owned));
        }
        Ok(names)
    }
}
