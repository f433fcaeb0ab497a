//! Whether two builds gave the same bytes.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// What two folders do not have in common, a line for each file; an error where one is unreadable.
pub(super) fn differences(first: &Path, second: &Path) -> Result<Vec<String>, Failure> {
    let (here, there) = (names(first)?, names(second)?);
    let mut found = Vec::new();
    for name in here.union(&there) {
        if !there.contains(name) {
            found.push(format!("{name}: only the first build made it"));
        } else if !here.contains(name) {
            found.push(format!("{name}: only the second build made it"));
        } else {
            let difference = first_difference(&first.join(name), &second.join(name))?;
            found.extend(difference.map(|difference| format!("{name}: {difference}")));
        }
    }
    Ok(found)
}

/// The names of a folder's files, sorted.
pub(super) fn names(folder: &Path) -> Result<BTreeSet<String>, Failure> {
    let failed = |error| Failure::file("read", folder, &error);
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.insert(name.to_string_lossy().into_owned());
    }
    Ok(names)
}

fn first_difference(first: &Path, second: &Path) -> Result<Option<String>, Failure> {
    let read = |path| fs::read(path).map_err(|error| Failure::file("read", path, &error));
    let (here, there) = (read(first)?, read(second)?);
    if here == there {
        return Ok(None);
    }
    let same = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
    Ok(Some(format!(
        "{} bytes and {} bytes, the same for the first {same}",
        here.len(),
        there.len()
    )))
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::path::PathBuf;

    use super::*;

    fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
        let folder = env::temp_dir().join(format!("trailseal-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (name, text) in files {
            fs::write(folder.join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn whatever_differs_is_listed() {
        let first = folder("first", &[("a", "same"), ("b", "1234"), ("c", ""), ("e", "12")]);
        let second = folder("second", &[("a", "same"), ("b", "1254"), ("d", ""), ("e", "123")]);
        let found = differences(&first, &second).unwrap();
        let none = differences(&first, &first).unwrap();
        fs::remove_dir_all(&first).unwrap();
        fs::remove_dir_all(&second).unwrap();
        assert_eq!(
            found,
            [
                "b: 4 bytes and 4 bytes, the same for the first 2",
                "c: only the first build made it",
                "d: only the second build made it",
                "e: 2 bytes and 3 bytes, the same for the first 2",
            ]
        );
        assert!(none.is_empty());
    }

    #[test]
    fn a_folder_that_is_missing_is_an_error_and_not_equal() {
        let nowhere = Path::new("/nowhere/at/all");
        let failure = differences(nowhere, nowhere).unwrap_err();
        assert!(failure.message().unwrap().contains("`/nowhere/at/all`"));
    }
}
