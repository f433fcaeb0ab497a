//! The manual pages and the completions for shells, generated from the command line's definition.

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::arguments::Arguments;
use crate::console::Failure;
use crate::output::clean;

/// The manual page of a subcommand or of the whole command, as roff.
///
/// # Errors
///
/// The subcommand does not exist.
pub(crate) fn manual_page(subcommand: Option<&str>) -> Result<String, Failure> {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let selected = match subcommand {
        None => Some(&command),
        Some(name) => command.find_subcommand(name),
    };
    let Some(selected) = selected.cloned() else {
        let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        return Err(Failure::NotStarted(vec![format!(
            "there is no command `{}`: expected one of `{}`",
            clean(subcommand.unwrap_or_default()),
            known.join("`, `")
        )]));
    };
    let source = format!("trailseal {}", env!("CARGO_PKG_VERSION"));
    let mut page = Vec::new();
    // Writing to a `Vec` cannot fail.
    let _ = Man::new(selected).source(source).manual("Trailseal").render(&mut page);
    Ok(String::from_utf8_lossy(&page).into_owned())
}

pub(crate) fn completions(shell: Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "trailseal", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
