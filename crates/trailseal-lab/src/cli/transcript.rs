//! Writing the transcript for the contract test.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use trailseal_lab::{State, transcript};

use super::Failure;

/// Writes one exchange a line.
pub(super) fn write(path: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::of(format!("{}: {error}", path.display()));
    let state = State::default_state().map_err(|error| Failure::of(error.to_string()))?;
    let mut file = BufWriter::new(File::create(path).map_err(failed)?);
    for exchange in transcript(state) {
        let line = serde_json::to_string(&exchange).map_err(|error| failed(error.into()))?;
        writeln!(file, "{line}").map_err(failed)?;
    }
    file.flush().map_err(failed)
}
