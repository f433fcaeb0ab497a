//! The manual pages and completions that ship with the command, kept as files.
//!
//! They are made here and not by the command, which would carry what makes them, and not at a
//! release, which may build the command for a processor that cannot run it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

use clap::CommandFactory;
use clap_complete::Shell;
use clap_mangen::Man;

use crate::arguments::Arguments;

/// Every page and script, by its path in this package.
fn files() -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let commands: Vec<clap::Command> = command.get_subcommands().cloned().collect();
    for command in commands.into_iter().chain([command]) {
        let page = Man::new(command).source(source()).manual("Trailseal");
        let mut text = Vec::new();
        page.render(&mut text).unwrap();
        files.insert(Path::new("man").join(page.get_filename()), text_of(text));
    }
    for (shell, name) in [
        (Shell::Bash, "trailseal.bash"),
        (Shell::Zsh, "_trailseal"),
        (Shell::Fish, "trailseal.fish"),
    ] {
        let mut text = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "trailseal", &mut text);
        files.insert(Path::new("completions").join(name), text_of(text));
    }
    files
}

/// What the foot of every page says.
fn source() -> String {
    format!("trailseal {}", env!("CARGO_PKG_VERSION"))
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The files that are kept, all of them.
fn kept(package: &Path) -> BTreeMap<PathBuf, String> {
    let mut kept = BTreeMap::new();
    for folder in ["man", "completions"].map(PathBuf::from) {
        let Ok(entries) = fs::read_dir(package.join(&folder)) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let name = folder.join(path.file_name().unwrap());
            kept.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
    kept
}

#[test]
fn the_manual_pages_and_completions_are_those_of_the_command() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wanted = files();
    if env::var_os("UPDATE_DOCS").is_some() {
        for (name, text) in &wanted {
            fs::create_dir_all(package.join(name).parent().unwrap()).unwrap();
            fs::write(package.join(name), text).unwrap();
        }
    }
    let kept = kept(package);
    let stale: Vec<&PathBuf> = wanted
        .iter()
        .filter(|(name, text)| kept.get(*name) != Some(text))
        .map(|(name, _)| name)
        .chain(kept.keys().filter(|name| !wanted.contains_key(*name)))
        .collect();
    assert!(stale.is_empty(), "not those of the command; UPDATE_DOCS=1 writes them: {stale:?}");
}

#[test]
fn every_subcommand_has_a_page_that_names_the_version() {
    let files = files();
    let pages =
        ["", "-audit", "-check", "-completions", "-explain", "-remediate", "-render", "-schema"];
    for page in pages.map(|name| format!("man/trailseal{name}.1")) {
        assert!(files.contains_key(Path::new(&page)), "{page}");
    }
    assert_eq!(files.len(), pages.len() + 3);
    let manual = files.iter().filter(|(name, _)| name.starts_with("man"));
    for (name, text) in manual {
        assert!(text.contains(&format!(" \"{}\" ", source())), "{}", name.display());
    }
}
