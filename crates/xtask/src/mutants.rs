//! `cargo xtask mutants`: changes the pure crates of the rule in small ways and lists the changes
//! that no test detects.
//!
//! `.cargo/mutants.toml` says how mutants are built and which tests they run.

use anyhow::{Context, Result};

use crate::project::Project;
use crate::tools;

/// Runs cargo-mutants over these crates, or over a part of them.
pub(crate) fn run(project: &Project, shard: Option<&str>) -> Result<()> {
    tools::cargo_tool(project, &tools::MUTANTS)?;
    let mutants = "mutants --package config-rule --package resource-policy \
                   --package trailseal-rule --jobs 2 --output";
    let mut mutants = project.program(project.tool("cargo-mutants"), mutants).arg(project.target());
    if let Some(shard) = shard {
        mutants = mutants.args(["--shard", shard]);
    }
    mutants.run().context("add a test for each missed mutant; `target/mutants.out` lists them")
}

/// Checks the form K/N, with K below N.
pub(crate) fn shard(text: &str) -> Result<String, &'static str> {
    let numbers = text.split_once('/').map(|(k, n)| (k.parse::<u32>(), n.parse::<u32>()));
    match numbers {
        Some((Ok(k), Ok(n))) if k < n => Ok(text.to_owned()),
        _ => Err("expected K/N with K below N, such as 0/8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_a_part_of_a_whole() {
        assert!(shard("0/8").is_ok() && shard("7/8").is_ok());
        for wrong in ["8/8", "1", "a/b", "1/0", ""] {
            assert!(shard(wrong).is_err(), "{wrong}");
        }
    }
}
