//! The command `trailseal-lab`; see `cli`.

mod cli;

use std::io;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(&mut io::stdout(), &mut io::stderr()).await
}
