//! The binary `trailseal`; the library implements it.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use trailseal_aws::now;
use trailseal_cli::{Console, run};

fn main() -> ExitCode {
    let mut console = Console {
        out: &mut anstream::stdout(),
        err: &mut anstream::stderr(),
        out_is_terminal: io::stdout().is_terminal(),
        now: now(),
        clock: now,
    };
    run(std::env::args_os(), &mut console).into()
}
