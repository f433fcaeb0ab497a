//! Placeholder.
use std::path::Path;

use super::Failure;

pub(super) fn write(_path: &Path) -> Result<(), Failure> {
    Err(Failure::of("none"))
}
