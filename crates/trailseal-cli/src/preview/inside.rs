//! Which files a folder of the user has.

use std::fs;
use std::path::Path;

/// Refuses what is outside of a folder, also what a symbolic link leads to. `root` is the folder
/// without symbolic links.
pub(super) fn refuse_outside(root: &Path, path: &Path) -> Result<(), String> {
    let real = fs::canonicalize(path).map_err(|error| format!("cannot be read: {error}"))?;
    if real.starts_with(root) { Ok(()) } else { Err("is outside of the folder".to_owned()) }
}
