//! The binary `trailseal`; the library implements it.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use anstream::ColorChoice;
use trailseal_aws::now;
use trailseal_cli::{Console, run};

fn main() -> ExitCode {
    // Errors in the arguments are printed as well, so this comes before they are parsed.
    if std::env::args_os().any(|argument| argument == "--no-color") {
        ColorChoice::Never.write_global();
    }
    let mut console = Console {
        out: &mut anstream::stdout(),
        err: &mut anstream::stderr(),
        out_is_terminal: io::stdout().is_terminal(),
        now: now(),
        clock: now,
    };
    run(std::env::args_os(), &mut console).into()
}
