//! The binary `trailseal`; the library implements it.

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use trailseal_cli::{Console, run};
use trailseal_rule::Timestamp;

fn main() -> ExitCode {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = i64::try_from(since_1970.as_millis()).unwrap_or(i64::MAX);
    let mut console = Console {
        out: &mut anstream::stdout(),
        err: &mut anstream::stderr(),
        out_is_terminal: io::stdout().is_terminal(),
        now: Timestamp::from_epoch_millis(millis),
    };
    run(std::env::args_os(), &mut console).into()
}
