//! `cargo xtask release`: everything that a version consists of, in one folder.
//!
//! The version is that of `Cargo.toml`, its notes and its day are those of `CHANGELOG.md`, and
//! with `--check` a second build, of a copy elsewhere, must give the same bytes.

mod again;
mod artefacts;
mod compare;
mod notes;
mod sbom;
mod verify;
mod version;

use std::fs;
use std::io::Write;

use crate::failure::Failure;
use crate::package;
use crate::package::architecture::Architecture;
use crate::project::Project;
use crate::release::notes::Notes;

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
struct Arguments {
    is_checked: bool,
    architectures: Vec<Architecture>,
}

/// The version to be made.
#[derive(Debug)]
struct Release {
    version: String,
    notes: Notes,
}

/// Makes the release of this machine's architectures, or of those that are named.
pub(crate) fn run(
    project: &Project,
    arguments: &[String],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    // All that can be wrong is told before minutes go into the first build.
    let arguments = parse(arguments)?;
    let release = Release::read(project)?;
    package::require_targets(project, &arguments.architectures)?;
    let sources = if arguments.is_checked { again::tracked_files(project)? } else { Vec::new() };

    let folder = artefacts::make(project, &release, &arguments.architectures, out)?;
    verify::verify(project, &folder, &release.version)?;
    if arguments.is_checked {
        let copy = again::build(project, &sources, &arguments.architectures)?;
        let second = artefacts::folder(&copy, &release);
        let differences = compare::differences(&folder, &second)?;
        if !differences.is_empty() {
            return Err(Failure::task(format!(
                "two builds of the same sources differ (the second is kept in `{}`):\n{}",
                second.display(),
                differences.join("\n")
            )));
        }
        let count = compare::names(&folder)?.len();
        say(out, &format!("two builds, the same bytes: all {count} files"))?;
        again::remove(&copy)?;
    }
    say(out, &format!("trailseal {} is in {}", release.version, folder.display()))
}

impl Release {
    fn read(project: &Project) -> Result<Self, Failure> {
        let version = version::read(project)?;
        let path = project.root().join("CHANGELOG.md");
        let changelog =
            fs::read_to_string(&path).map_err(|error| Failure::file("read", &path, &error))?;
        let notes = Notes::of(&changelog, &version)?;
        Ok(Self { version, notes })
    }
}

fn parse(words: &[String]) -> Result<Arguments, Failure> {
    let is_check = |word: &&String| word.as_str() == "--check";
    let rest: Vec<String> = words.iter().filter(|word| !is_check(word)).cloned().collect();
    let architectures = package::parse("release", &rest)?;
    Ok(Arguments { is_checked: words.iter().any(|word| is_check(&word)), architectures })
}

/// Writes at once: the programs that run in between write to the same place.
fn say(out: &mut dyn Write, line: &str) -> Result<(), Failure> {
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::output)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn both_architectures_are_made_unless_one_is_named() {
        let all = parse(&[]).unwrap();
        let wanted = Arguments { is_checked: false, architectures: Architecture::ALL.to_vec() };
        assert_eq!(all, wanted);
        let one = Arguments { is_checked: true, architectures: vec![Architecture::X86_64] };
        for order in [&["--check", "--arch", "x86_64"][..], &["--arch", "x86_64", "--check"]] {
            assert_eq!(parse(&words(order)).unwrap(), one);
        }
    }

    #[test]
    fn wrong_arguments_are_refused() {
        for wrong in [&["--arch"][..], &["--arch", "--check"], &["x86_64"], &["--checks"]] {
            let failure = parse(&words(wrong)).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{wrong:?}");
        }
        let failure = parse(&words(&["now"])).unwrap_err();
        let message = "`cargo xtask release` does not know `now`; see `cargo xtask help`";
        assert_eq!(failure.message(), Some(message));
    }

    #[test]
    fn this_version_can_be_released() {
        let release = Release::read(&Project::locate().unwrap()).unwrap();
        assert_eq!(release.version, env!("CARGO_PKG_VERSION"));
        assert!(release.notes.text.contains("- The Lambda function of the AWS Config rule"));
    }

    #[test]
    fn workflows_run_what_people_run_and_pin_every_action_by_its_hash() {
        let folder = Project::locate().unwrap().root().join(".github/workflows");
        for (name, commands) in [
            ("ci.yml", &["run: .ci/run\n"][..]),
            ("release.yml", &["run: .ci/run\n", "run: cargo xtask release --check\n"]),
        ] {
            let text = fs::read_to_string(folder.join(name)).unwrap();
            assert!(commands.iter().all(|command| text.contains(command)), "{name}");
            let uses: Vec<&str> = text
                .lines()
                .filter_map(|line| line.split_once("uses: "))
                .map(|(_, it)| it)
                .collect();
            assert!(!uses.is_empty(), "{name}");
            for action in uses {
                let (_, hash) = action.split_once('@').unwrap();
                let (hash, version) = hash.split_once(" # v").unwrap();
                assert!(
                    hash.len() == 40 && hash.bytes().all(|it| it.is_ascii_hexdigit()),
                    "{action}"
                );
                assert!(version.starts_with(|it: char| it.is_ascii_digit()), "{action}");
            }
        }
    }
}
