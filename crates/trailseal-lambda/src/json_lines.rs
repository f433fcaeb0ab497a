//! A log of JSON lines.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// Where a function writes its log: Lambda collects it from the standard output.
pub struct JsonLines(Mutex<Box<dyn Write + Send>>);

impl JsonLines {
    /// Writes to `out`.
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self(Mutex::new(Box::new(out)))
    }

    /// Writes a line and flushes it.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, line: &Value) -> io::Result<()> {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(format!("{line}\n").as_bytes())?;
        out.flush()
    }
}

impl fmt::Debug for JsonLines {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JsonLines")
    }
}
