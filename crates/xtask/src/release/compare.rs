//! Whether two builds gave the same bytes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use xshell::Shell;

/// The differences between the files of two folders, one line for each file.
pub(super) fn differences(shell: &Shell, first: &Path, second: &Path) -> Result<Vec<String>> {
    let (ours, theirs) = (names(shell, first)?, names(shell, second)?);
    let mut found = Vec::new();
    for name in ours.union(&theirs) {
        if !theirs.contains(name) {
            found.push(format!("{name}: only the first build has it"));
        } else if !ours.contains(name) {
            found.push(format!("{name}: only the second build has it"));
        } else {
            let difference = first_difference(shell, &first.join(name), &second.join(name))?;
            found.extend(difference.map(|difference| format!("{name}: {difference}")));
        }
    }
    Ok(found)
}

/// The names of a folder's files, sorted.
pub(super) fn names(shell: &Shell, folder: &Path) -> Result<BTreeSet<String>> {
    let paths = shell.read_dir(folder)?;
    let name = |path: &PathBuf| Some(path.file_name()?.to_string_lossy().into_owned());
    Ok(paths.iter().filter_map(name).collect())
}

fn first_difference(shell: &Shell, first: &Path, second: &Path) -> Result<Option<String>> {
    let (first, second) = (shell.read_binary_file(first)?, shell.read_binary_file(second)?);
    if first == second {
        return Ok(None);
    }
    let same = first.iter().zip(&second).take_while(|(one, other)| one == other).count();
    let (first, second) = (first.len(), second.len());
    Ok(Some(format!("{first} bytes and {second} bytes, the same for the first {same}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> xshell::TempDir {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        for (name, text) in files {
            shell.write_file(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn every_difference_is_listed() {
        let shell = Shell::new().unwrap();
        let first = folder(&[("a", "same"), ("b", "1234"), ("c", ""), ("e", "12")]);
        let second = folder(&[("a", "same"), ("b", "1254"), ("d", ""), ("e", "123")]);
        assert_eq!(
            differences(&shell, first.path(), second.path()).unwrap(),
            [
                "b: 4 bytes and 4 bytes, the same for the first 2",
                "c: only the first build has it",
                "d: only the second build has it",
                "e: 2 bytes and 3 bytes, the same for the first 2",
            ]
        );
        assert!(differences(&shell, first.path(), first.path()).unwrap().is_empty());
    }

    #[test]
    fn a_missing_folder_is_an_error_and_not_equal() {
        let missing = Path::new("/nowhere/at/all");
        let error = differences(&Shell::new().unwrap(), missing, missing).unwrap_err();
        assert!(error.to_string().contains("`/nowhere/at/all`"), "{error}");
    }
}
