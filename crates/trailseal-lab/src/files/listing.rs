//! The keys of a bucket in the order of their bytes, page by page.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::generated::Folder;
use super::{File, Objects};
use crate::state::Object;

/// Which keys of a bucket are listed.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) prefix: &'a str,
    /// Keys with this text after the prefix are listed as one common prefix; empty for none.
    pub(crate) delimiter: &'a str,
    /// Only keys after this one are listed.
    pub(crate) after: Option<Vec<u8>>,
    /// The most files and common prefixes that a page has.
    pub(crate) limit: usize,
}

/// The keys and common prefixes of a page.
#[derive(Debug, Default)]
pub(crate) struct Page<'a> {
    pub(crate) files: Vec<File<'a>>,
    pub(crate) common_prefixes: Vec<String>,
    /// [`Ask::after`] of the next page, if there is one.
    pub(crate) next: Option<Vec<u8>>,
}

impl Page<'_> {
    pub(crate) fn len(&self) -> usize {
        self.files.len() + self.common_prefixes.len()
    }
}

/// The versions and common prefixes of a page.
#[derive(Debug, Default)]
pub(crate) struct VersionPage<'a> {
    /// Each with whether it is the current version.
    pub(crate) versions: Vec<(File<'a>, bool)>,
    pub(crate) common_prefixes: Vec<String>,
    /// The key and the version ID after which the next page begins, if there is one; a common
    /// prefix has no version ID.
    pub(crate) next: Option<(String, Option<String>)>,
}

impl<'a> Objects<'a> {
    /// Lists the current version of each key.
    pub(crate) fn list(self, ask: &Ask<'_>) -> Page<'a> {
        let mut keys = Keys::of(self, ask);
        let mut page = Page::default();
        let mut last = None;
        while let Some(key) = keys.peek().map(str::to_owned) {
            let common = common_prefix(&key, ask);
            // A listed version can hide a generated one.
            let current = if common.is_some() { None } else { keys.take().into_iter().next() };
            if common.is_none() && current.as_ref().is_none_or(|file| file.is_delete_marker) {
                continue;
            }
            if page.len() >= ask.limit {
                page.next = last;
                break;
            }
            if let Some(common) = common {
                let common = common.to_owned();
                let end = [common.as_bytes(), &[0xff]].concat();
                if keys.skip_before(&end) {
                    page.common_prefixes.push(common);
                }
                last = Some(end);
            } else {
                last = Some(key.into_bytes());
                page.files.extend(current);
            }
        }
        page
    }
}

impl<'a> Objects<'a> {
    /// Lists all versions, those of a key from the newest to the oldest; after a key and, if
    /// `version` is given, after that version of the key.
    pub(crate) fn list_versions(self, ask: &Ask<'_>, version: Option<&str>) -> VersionPage<'a> {
        let mut page = VersionPage::default();
        let mut last = None;
        let is_full =
            |page: &VersionPage<'_>| page.versions.len() + page.common_prefixes.len() >= ask.limit;
        let marked = ask.after.as_deref().and_then(|key| std::str::from_utf8(key).ok());
        let rest = version.and(marked).map(|key| (key.to_owned(), self.versions(key)));
        let mut keys = Keys::of(self, ask);
        let mut pending = rest.into_iter().map(|(key, versions)| {
            let begun = versions.iter().position(|file| is_version(file, version));
            (key, versions, begun.map_or(0, |at| at + 1))
        });
        loop {
            let (key, versions, begun) = match pending.next() {
                Some(pending) => pending,
                None => {
                    let Some(key) = keys.peek().map(str::to_owned) else { break };
                    if let Some(common) = common_prefix(&key, ask) {
                        if is_full(&page) {
                            page.next = last;
                            break;
                        }
                        page.common_prefixes.push(common.to_owned());
                        keys.skip_before(&[common.as_bytes(), &[0xff]].concat());
                        last = Some((common.to_owned(), None));
                        continue;
                    }
                    (key, keys.take(), 0)
                }
            };
            for (number, file) in versions.into_iter().enumerate().skip(begun) {
                if is_full(&page) {
                    page.next = last;
                    return page;
                }
                last = Some((key.clone(), Some(file.version_id().to_owned())));
                page.versions.push((file, number == 0));
            }
        }
        page
    }
}

fn is_version(file: &File<'_>, version: Option<&str>) -> bool {
    version == Some(file.version_id())
}

/// The part of a key up to the delimiter after the prefix.
fn common_prefix<'k>(key: &'k str, ask: &Ask<'_>) -> Option<&'k str> {
    if ask.delimiter.is_empty() {
        return None;
    }
    let rest = key.get(ask.prefix.len()..)?;
    let end = ask.prefix.len() + rest.find(ask.delimiter)? + ask.delimiter.len();
    key.get(..end)
}

/// The keys that begin with a prefix, of all sources together.
struct Keys<'a, 'p> {
    objects: Objects<'a>,
    prefix: &'p str,
    listed: BTreeMap<&'a str, Vec<&'a Object>>,
    folders: Vec<Cursor<'a>>,
    /// The next key of each source that has one.
    heads: BinaryHeap<Reverse<(String, Source)>>,
}

/// The sources of keys; listed objects come first, because they are the later versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Listed,
    Folder(usize),
}

/// A place in a folder of generated files.
struct Cursor<'a> {
    folder: Folder<'a>,
    next: i64,
    count: i64,
}

impl<'a, 'p> Keys<'a, 'p> {
    fn of(objects: Objects<'a>, ask: &Ask<'p>) -> Self {
        let mut listed: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
        for object in objects.listed().filter(|object| object.key.starts_with(ask.prefix)) {
            listed.entry(object.key.as_str()).or_default().push(object);
        }
        let folders = objects.generated().flat_map(|files| Folder::all(files, ask.prefix));
        let cursor = |folder: Folder<'a>| Cursor { next: 0, count: folder.count(), folder };
        let folders: Vec<Cursor<'_>> = folders.map(cursor).collect();
        let sources: Vec<Source> = (0..folders.len()).map(Source::Folder).collect();
        let heads = BinaryHeap::new();
        let mut keys = Self { objects, prefix: ask.prefix, listed, folders, heads };
        // After a common prefix, the list goes on with the next one.
        let is_common = |after: &[u8]| {
            let key = std::str::from_utf8(after).ok();
            key.is_some_and(|key| {
                key.starts_with(ask.prefix) && common_prefix(key, ask) == Some(key)
            })
        };
        let after = ask.after.as_deref();
        let after = after.map(|after| [after, &[if is_common(after) { 0xff } else { 0 }]].concat());
        let from = after.unwrap_or_default().max(ask.prefix.as_bytes().to_vec());
        keys.seek(Source::Listed, &from);
        for source in sources {
            keys.seek(source, &from);
        }
        keys
    }

    fn peek(&self) -> Option<&str> {
        self.heads.peek().map(|Reverse((key, _))| key.as_str())
    }

    /// Moves a source to its first key that is not before `from`.
    fn seek(&mut self, source: Source, from: &[u8]) {
        match source {
            Source::Listed => self.listed.retain(|key, _| key.as_bytes() >= from),
            Source::Folder(number) => {
                if let Some(cursor) = self.folders.get_mut(number) {
                    cursor.next = cursor.folder.first_from(from);
                }
            }
        }
        self.push_head(source);
    }

    fn push_head(&mut self, source: Source) {
        let key = match source {
            Source::Listed => self.listed.first_key_value().map(|(key, _)| (*key).to_owned()),
            Source::Folder(number) => {
                let cursor = self.folders.get(number);
                let cursor = cursor.filter(|cursor| cursor.next < cursor.count);
                cursor.map(|cursor| cursor.folder.key(cursor.next))
            }
        };
        // Keys with the prefix are next to each other, so a source ends where they end.
        let key = key.filter(|key| key.starts_with(self.prefix));
        self.heads.extend(key.map(|key| Reverse((key, source))));
    }

    /// Takes all versions of the next key, the current one first.
    fn take(&mut self) -> Vec<File<'a>> {
        let Some(key) = self.peek().map(str::to_owned) else { return Vec::new() };
        let (mut listed, mut generated) = (Vec::new(), None);
        while let Some(source) = self.pop_before(&[key.as_bytes(), &[0]].concat()) {
            match source {
                Source::Listed => {
                    listed.extend(self.listed.remove(key.as_str()).unwrap_or_default())
                }
                Source::Folder(number) => {
                    if let Some(cursor) = self.folders.get_mut(number) {
                        generated = Some(cursor.folder.file(cursor.next, self.objects.bucket));
                        cursor.next += 1;
                    }
                }
            }
            self.push_head(source);
        }
        self.objects.history(&listed, generated)
    }

    fn pop_before(&mut self, end: &[u8]) -> Option<Source> {
        let Reverse((key, _)) = self.heads.peek()?;
        if key.as_bytes() >= end {
            return None;
        }
        self.heads.pop().map(|Reverse((_, source))| source)
    }

    /// Skips the keys before `end`; returns whether any of them has a current version.
    fn skip_before(&mut self, end: &[u8]) -> bool {
        let skipped = self.listed.iter().filter(|(key, _)| key.as_bytes() < end);
        let is_deleted =
            |versions: &[&Object]| versions.last().is_some_and(|one| one.delete_marker);
        let (deleted, current): (Vec<_>, Vec<_>) = skipped
            .map(|(key, versions)| (*key, is_deleted(versions)))
            .partition(|(_, gone)| *gone);
        let mut has_file = !current.is_empty();
        while let Some(source) = self.pop_before(end) {
            if let Source::Folder(number) = source
                && let Some(Cursor { folder, next, .. }) = self.folders.get(number)
            {
                let files = *next..folder.first_from(end);
                let hidden = deleted.iter().filter_map(|(key, _)| folder.index_of(key));
                let hidden = hidden.filter(|index| files.contains(index)).count();
                has_file |=
                    i64::try_from(hidden).is_ok_and(|hidden| files.end - files.start > hidden);
            }
            self.seek(source, end);
        }
        has_file
    }
}
