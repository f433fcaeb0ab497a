//! Remembers for what inputs something was set up.

use std::fs;
use std::path::PathBuf;

use crate::failure::Failure;

/// A file that holds the very inputs of the last set-up that succeeded.
#[derive(Debug)]
pub(super) struct Stamp {
    path: PathBuf,
    inputs: String,
}

impl Stamp {
    pub(super) fn new(path: PathBuf, inputs: String) -> Self {
        Self { path, inputs }
    }

    /// Whether the set-up is the one for these inputs; an unreadable stamp is no set-up.
    pub(super) fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|former| former == self.inputs)
    }

    /// Notes that the set-up succeeded.
    pub(super) fn set(&self) -> Result<(), Failure> {
        fs::write(&self.path, &self.inputs)
            .map_err(|error| Failure::file("write", &self.path, &error))
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process;

    use super::*;

    #[test]
    fn a_stamp_is_current_until_an_input_changes() {
        let path = env::temp_dir().join(format!("trailseal-stamp-{}", process::id()));
        let stamp = Stamp::new(path.clone(), "a 1.0\n".to_owned());
        assert!(!stamp.is_current());
        stamp.set().unwrap();
        assert!(stamp.is_current());
        assert!(!Stamp::new(path.clone(), "a 1.1\n".to_owned()).is_current());
        fs::remove_file(&path).unwrap();
        assert!(!stamp.is_current());
    }

    #[test]
    fn a_stamp_that_cannot_be_written_names_the_file() {
        let stamp = Stamp::new(PathBuf::from("/nowhere/at/all.stamp"), String::new());
        let failure = stamp.set().unwrap_err();
        assert!(failure.message().unwrap().contains("`/nowhere/at/all.stamp`"));
    }
}
