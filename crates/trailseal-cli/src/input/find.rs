//! Finds the files of the command line's paths.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use super::{Origin, Source, Sources};
use crate::inventory::Role;
use crate::report::Problem;
use crate::scan::WANTED_TYPES;

/// Precedes the resource type in the name of a history file (AWS Config Developer Guide, "Viewing
/// configuration history"): `…_ConfigHistory_AWS::EC2::Instance_…json.gz`.
const HISTORY: &str = "_ConfigHistory_";

/// The endings of the files in a folder that are read. `.gz` may follow.
const ENDINGS: [&str; 3] = [".json", ".ndjson", ".jsonl"];

impl Sources {
    /// Adds a path of the command line. A folder stands for all its files, in the order of their
    /// names. A folder without a file to read is listed in `unread`, unless its files
    /// are all histories of other resource types.
    pub(crate) fn add(&mut self, path: &Path, role: Role) {
        if path.as_os_str() == "-" {
            let origin = Origin::StandardInput;
            self.list.push(Source { origin, role, is_named: true, subject: None });
            return;
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                self.folders.push(path.to_owned());
                let before = (self.list.len(), self.errors.len());
                let skipped = self.skipped.len();
                self.add_folder(path, role);
                let skipped = self.skipped.get(skipped..).unwrap_or_default().to_vec();
                let is_unread = (self.list.len(), self.errors.len()) == before;
                let is_other_history = |path: &PathBuf| is_history_of_another_type(&name(path));
                if is_unread && (skipped.is_empty() || !skipped.iter().all(is_other_history)) {
                    self.unread.push(no_file_in(path, &skipped));
                }
            }
            Ok(_) => self.add_file(path.to_owned(), role, true),
            Err(error) => self.add_error(path, &error),
        }
    }

    /// Lists the links to folders with content that is not read. A link to a folder within a folder of
    /// the command line hides nothing, and one to a folder around it forms a loop.
    pub(crate) fn refuse_links(&mut self) {
        let folders: Vec<PathBuf> =
            self.folders.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        let links = self.skipped.iter().filter(|path| is_link_to_folder(path));
        let leads_out = |link: &&PathBuf| {
            link.canonicalize().is_ok_and(|target| {
                !folders.iter().any(|read| target.starts_with(read) || read.starts_with(&target))
            })
        };
        let message = "is a link to a folder, which is not followed: name that folder as well";
        let problems = links.filter(leads_out).map(|link| Problem {
            source: link.display().to_string(),
            message: message.to_owned(),
        });
        let problems: Vec<Problem> = problems.collect();
        self.errors.extend(problems);
    }

    fn add_error(&mut self, path: &Path, error: &io::Error) {
        let message = format!("cannot be opened: {error}");
        self.errors.push(Problem { source: path.display().to_string(), message });
    }

    /// Adds the files of a folder and its subfolders, but follows no links to folders: these can
    /// form a loop.
    fn add_folder(&mut self, folder: &Path, role: Role) {
        let mut folders = vec![folder.to_owned()];
        while let Some(folder) = folders.pop() {
            let entries = match entries(&folder) {
                Ok(entries) => entries,
                Err(error) => {
                    self.add_error(&folder, &error);
                    continue;
                }
            };
            let first = folders.len();
            for (path, kind) in entries {
                if kind.is_dir() {
                    folders.insert(first, path);
                } else if kind.is_file() || (kind.is_symlink() && may_lead_to_a_file(&path)) {
                    self.add_file(path, role, false);
                } else {
                    self.skipped.push(path);
                }
            }
        }
    }

    fn add_file(&mut self, path: PathBuf, role: Role, is_named: bool) {
        let name = name(&path);
        if is_history_of_another_type(&name) || !(is_named || may_be_json(&name)) {
            self.skipped.push(path);
        } else {
            let origin = Origin::File(path);
            self.list.push(Source { origin, role, is_named, subject: None });
        }
    }
}

/// An input without a file to read is a problem, not a clean result.
pub(crate) fn no_file_in(path: &Path, skipped: &[PathBuf]) -> Problem {
    let endings = ENDINGS.join(", ");
    let mut message =
        format!("contains no file to read, which ends with {endings}, or .gz after these");
    if let Some(first) = skipped.first() {
        message.push_str(&format!("; skipped `{}`", first.display()));
    }
    if skipped.len() > 1 {
        message.push_str(&format!(" and {} more", skipped.len() - 1));
    }
    Problem { source: path.display().to_string(), message }
}

/// Why a file of a folder was skipped.
pub(crate) fn why_skipped(path: &Path) -> &'static str {
    if is_link_to_folder(path) {
        "a link to a folder"
    } else if is_history_of_another_type(&name(path)) {
        "a history of another resource type"
    } else {
        "not a JSON file by its name"
    }
}

fn is_link_to_folder(path: &Path) -> bool {
    path.is_symlink() && path.is_dir()
}

fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, FileType)>> {
    let entries = fs::read_dir(folder)?.map(|entry| {
        let entry = entry?;
        Ok((entry.path(), entry.file_type()?))
    });
    let mut entries: Vec<_> = entries.collect::<io::Result<_>>()?;
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(entries)
}

/// A broken link counts as a file, so that opening it reports the error.
fn may_lead_to_a_file(link: &Path) -> bool {
    fs::metadata(link).map_or(true, |found| found.is_file())
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn may_be_json(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    ENDINGS.iter().any(|end| name.ends_with(end))
}

/// A name without a complete type proves nothing: some file systems do not allow colons.
fn is_history_of_another_type(name: &str) -> bool {
    let Some((_, rest)) = name.split_once(HISTORY) else {
        return false;
    };
    let kind = rest.split('_').next().unwrap_or_default();
    kind.matches("::").count() == 2 && !WANTED_TYPES.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_history_file_shows_its_type() {
        let name = |kind: &str| {
            format!(
                "111122223333_Config_eu-central-1_ConfigHistory_{kind}_20261123T1_20261123T2_1.json.gz"
            )
        };
        assert!(is_history_of_another_type(&name("AWS::EC2::Instance")));
        assert!(is_history_of_another_type(&name("AWS::CloudTrail::EventDataStore")));
        for opened in
            ["AWS::CloudTrail::Trail", "AWS::KMS::Key", "AWS::S3::Bucket", "AWS-EC2-Instance"]
        {
            assert!(!is_history_of_another_type(&name(opened)), "{opened}");
        }
        let snapshot = "111122223333_Config_eu-central-1_ConfigSnapshot_20261123T1_x.json.gz";
        assert!(!is_history_of_another_type(snapshot));
    }
}
