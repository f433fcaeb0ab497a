//! `cargo xtask mutants`: changes the rule in small ways and reports what no test notices.
//!
//! How mutants are built and which tests they meet is in `.cargo/mutants.toml`.

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

/// Runs cargo-mutants over the rule, or over a part of it (`--shard K/N`, counted from 0).
pub(crate) fn run(project: &Project, arguments: &[String]) -> Result<(), Failure> {
    let shard = match arguments {
        [] => None,
        [flag, shard] if flag == "--shard" && is_shard(shard) => Some(shard),
        [flag, shard, ..] if flag == "--shard" && !is_shard(shard) => {
            return Err(Failure::usage(format!(
                "`{shard}` is no shard; expected K/N with K below N, such as 0/8"
            )));
        }
        [flag] if flag == "--shard" => return Err(Failure::usage("`--shard` needs K/N")),
        [.., last] => return Err(Failure::argument("mutants", last)),
    };
    tools::cargo_tool(project, &tools::MUTANTS)?;
    let remedy = "a missed mutant wants a test; the list is in `target/mutants.out`";
    let mut step = Step::new(project, project.tool("cargo-mutants"), remedy)
        .words("mutants --package trailseal-rule --jobs 2 --output")
        .arg(project.target());
    if let Some(shard) = shard {
        step = step.arg("--shard").arg(shard);
    }
    step.run()
}

fn is_shard(text: &str) -> bool {
    let numbers = text.split_once('/').map(|(k, n)| (k.parse::<u32>(), n.parse::<u32>()));
    matches!(numbers, Some((Ok(k), Ok(n))) if k < n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_part_of_a_whole() {
        assert!(is_shard("0/8") && is_shard("7/8"));
        assert!(!is_shard("8/8") && !is_shard("1") && !is_shard("a/b") && !is_shard("1/0"));
    }

    #[test]
    fn wrong_arguments_are_told_before_anything_is_installed() {
        let project = Project::locate().unwrap();
        let words = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        for wrong in [&["--shard"][..], &["--shard", "9/8"], &["--frob"], &["--shard", "0/8", "x"]]
        {
            let failure = run(&project, &words(wrong)).unwrap_err();
            assert_eq!(failure.exit_code(), 2, "{wrong:?}");
        }
    }
}
