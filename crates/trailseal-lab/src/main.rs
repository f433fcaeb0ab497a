//! The command `trailseal-lab`; see `cli`.

mod cli;

use std::io;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    cli::main(std::env::args().skip(1), &mut io::stdout(), &mut io::stderr()).await
}
