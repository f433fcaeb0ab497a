//! Prints the JSON Schema of the rule's parameters; `cargo xtask schema` writes it to its file.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let schema = serde_json::to_string_pretty(&trailseal_rule::parameters_schema())?;
    writeln!(io::stdout(), "{schema}")
}
