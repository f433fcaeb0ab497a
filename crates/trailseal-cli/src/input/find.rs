//! Which files there are: names, folders, standard input.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Origin, Source, Sources, Unread};
use crate::inventory::Role;

/// Resource types whose history files are opened.
const OPENED_TYPES: [&str; 4] =
    ["AWS::CloudTrail::Trail", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// Stands in the name of each history file before the resource type (AWS Config Developer Guide,
/// "Viewing configuration history"): `…_ConfigHistory_AWS::EC2::Instance_…json.gz`.
const HISTORY: &str = "_ConfigHistory_";

/// A path that cannot be looked into.
#[derive(Debug)]
pub(crate) struct FindError {
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

/// Adds what a path of the command line stands for; a folder stands for all its files, in the
/// order of their names. A folder of which nothing can be read is remembered as that, unless all
/// that it holds is known to be of no use.
pub(crate) fn find(path: &Path, role: Role, sources: &mut Sources, errors: &mut Vec<FindError>) {
    if path.as_os_str() == "-" {
        let origin = Origin::StandardInput;
        sources.list.push(Source { origin, role, is_named: true, subject: None });
        return;
    }
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => {
            let before = (sources.list.len(), sources.skipped.len(), errors.len());
            walk(path, role, sources, errors);
            let (listed, skipped, failed) = before;
            let skipped = sources.skipped.get(skipped..).unwrap_or_default().to_vec();
            let is_unread = sources.list.len() == listed && errors.len() == failed;
            if is_unread && (skipped.is_empty() || !skipped.iter().all(|path| is_of_no_use(path))) {
                sources.unread.push(Unread { folder: path.to_owned(), skipped });
            }
        }
        Ok(_) => add(path.to_owned(), role, true, sources),
        Err(error) => errors.push(FindError { path: path.to_owned(), error }),
    }
}

/// Folders within are entered, links to folders are not: they could lead round in a circle.
fn walk(folder: &Path, role: Role, sources: &mut Sources, errors: &mut Vec<FindError>) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        match entries(&folder) {
            Ok(entries) => {
                for path in entries.files {
                    add(path, role, false, sources);
                }
                sources.skipped.extend(entries.others);
                folders.extend(entries.folders.into_iter().rev());
            }
            Err(error) => errors.push(FindError { path: folder, error }),
        }
    }
}

/// What is in a folder, each in the order of the names.
#[derive(Default)]
struct Entries {
    files: Vec<PathBuf>,
    folders: Vec<PathBuf>,
    /// Links to folders, and what is neither file nor folder.
    others: Vec<PathBuf>,
}

fn entries(folder: &Path) -> io::Result<Entries> {
    let Entries { mut files, mut folders, mut others } = Entries::default();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            folders.push(entry.path());
        } else if kind.is_file() || (kind.is_symlink() && may_lead_to_a_file(&entry.path())) {
            files.push(entry.path());
        } else {
            others.push(entry.path());
        }
    }
    files.sort();
    folders.sort();
    others.sort();
    Ok(Entries { files, folders, others })
}

/// A link that leads nowhere is taken for a file, so that opening it says what is wrong.
fn may_lead_to_a_file(link: &Path) -> bool {
    fs::metadata(link).map_or(true, |found| found.is_file())
}

fn add(path: PathBuf, role: Role, is_named: bool, sources: &mut Sources) {
    if is_of_no_use(&path) || !(is_named || may_be_json(&name(&path))) {
        sources.skipped.push(path);
    } else {
        let origin = Origin::File(path);
        sources.list.push(Source { origin, role, is_named, subject: None });
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn is_of_no_use(path: &Path) -> bool {
    is_history_of_another_type(&name(path))
}

fn may_be_json(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".json", ".json.gz", ".ndjson", ".jsonl"].iter().any(|end| name.ends_with(end))
}

/// A name that does not spell a type in full, since some systems forbid colons, is no proof.
fn is_history_of_another_type(name: &str) -> bool {
    let Some((_, rest)) = name.split_once(HISTORY) else {
        return false;
    };
    let kind = rest.split('_').next().unwrap_or_default();
    kind.matches("::").count() == 2 && !OPENED_TYPES.contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_of_another_type_is_known_by_its_name() {
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
