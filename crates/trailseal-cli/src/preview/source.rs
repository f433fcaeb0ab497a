//! The folder of a Terraform configuration. Its content is not trusted: no file outside of the folder
//! is read, and none that is large.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use trailseal_template::SourceFile;

use super::digest;
use super::inside::refuse_outside;
use crate::report::FileDigest;

/// Bytes of a file, at most.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// Bytes of all files, at most.
const BYTES_MAX: u64 = 64 << 20;

/// Entries of a folder, at most.
const ENTRIES_MAX: usize = 10_000;

/// The manifest of the modules that `terraform init` fetched.
const MODULES: &str = ".terraform/modules/modules.json";

/// A folder with configuration.
pub(super) struct SourceFolder<'a> {
    shown: &'a Path,
    /// The folder without symbolic links.
    root: PathBuf,
    bytes: u64,
    /// The files that were read.
    pub(super) inputs: Vec<FileDigest>,
}

impl<'a> SourceFolder<'a> {
    pub(super) fn new(shown: &'a Path) -> Result<Self, String> {
        let name = shown.display();
        let root = fs::canonicalize(shown)
            .map_err(|error| format!("--source `{name}` cannot be read: {error}"))?;
        if !root.is_dir() {
            return Err(format!("--source `{name}` is not a folder"));
        }
        Ok(Self { shown, root, bytes: 0, inputs: Vec::new() })
    }

    /// The manifest of modules, if there is one.
    pub(super) fn modules(&mut self) -> Result<Option<String>, String> {
        match self.root.join(MODULES).exists() {
            true => self.text(&self.shown.join(MODULES)).map(Some),
            false => Ok(None),
        }
    }

    /// The files of a folder that are configuration.
    pub(super) fn read(&mut self, inside: &str) -> Result<Vec<SourceFile>, String> {
        let folder = self.shown.join(inside);
        let shown = folder.display().to_string();
        let failed =
            |error: std::io::Error| format!("the source `{shown}` cannot be read: {error}");
        self.check_inside(&folder)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
            if names.len() >= ENTRIES_MAX {
                return Err(format!("the source `{shown}` has more than {ENTRIES_MAX} files"));
            }
            if is_configuration(&name) {
                names.push(name);
            }
        }
        names.sort_unstable();
        let mut files = Vec::new();
        for name in names {
            let path = folder.join(&name);
            let text = if name.ends_with(".tf") { self.text(&path)? } else { String::new() };
            files.push(SourceFile { name, shown: path.display().to_string(), text });
        }
        Ok(files)
    }

    /// The text of a file in the folder.
    fn text(&mut self, path: &Path) -> Result<String, String> {
        let shown = path.display();
        let failed =
            |error: std::io::Error| format!("the source `{shown}` cannot be read: {error}");
        self.check_inside(path)?;
        if !fs::metadata(path).map_err(failed)?.is_file() {
            return Err(format!("the source `{shown}` is not a regular file"));
        }
        let mut bytes = Vec::new();
        let file = fs::File::open(path).map_err(failed)?;
        file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(size);
        if size > FILE_BYTES_MAX || self.bytes > BYTES_MAX {
            return Err(format!("the source `{shown}` is larger than any configuration"));
        }
        self.inputs.push(digest(path, &bytes));
        String::from_utf8(bytes).map_err(|_| format!("the source `{shown}` is not UTF-8 text"))
    }

    /// Refuses what a symbolic link leads to outside of the folder.
    fn check_inside(&self, path: &Path) -> Result<(), String> {
        refuse_outside(&self.root, path)
            .map_err(|what| format!("the source `{}` {what}", path.display()))
    }
}

/// Whether Terraform or OpenTofu reads a file; both leave out those of editors.
fn is_configuration(name: &str) -> bool {
    let is_of_editor = name.starts_with('.') || name.ends_with('~');
    let endings = [".tf", ".tf.json", ".tofu", ".tofu.json"];
    !is_of_editor && endings.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_files_that_terraform_leaves_out_are_left_out() {
        for name in ["main.tf", "#a_override.tf", "a.tf.json", "a.tofu", "a_override.tofu.json"] {
            assert!(is_configuration(name), "{name}");
        }
        for name in [".main.tf", "main.tf~", "#main.tf#", "README.md"] {
            assert!(!is_configuration(name), "{name}");
        }
    }
}
