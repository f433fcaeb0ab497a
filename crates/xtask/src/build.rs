//! Builds the programs that tasks and tests run, in the profile `release`.
//!
//! Every build selects the whole workspace, because cargo unifies features over the selected
//! packages: with another selection it would compile the AWS SDK a second time. Only `package` and
//! `release` build a program by itself, so that it has no unneeded features.

use anyhow::Result;

use xtask::project::Project;

/// Builds every program of the workspace.
pub(crate) fn programs(project: &Project) -> Result<()> {
    Ok(project.cargo("build --release --workspace --bins").run()?)
}

/// Builds only the functions that the lab runs, and the lab, with the same features as [`programs`].
pub(crate) fn functions_and_lab(project: &Project) -> Result<()> {
    let build = "build --release --workspace --bin bootstrap --bin hook --bin trailseal-lab";
    Ok(project.cargo(build).run()?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The packages that cargo compiles, each with a set of features; some have more than one.
    fn packages(edges: &str) -> BTreeSet<(String, String)> {
        let tree = "tree --workspace --locked --prefix none --format {p}|{f} --edges";
        let tree = Project::locate().unwrap().cargo(tree).arg(edges).read().unwrap();
        let package = |line: &str| {
            let (name, features) = line.split_once('|').unwrap();
            (name.to_owned(), features.trim_end_matches(" (*)").to_owned())
        };
        tree.lines().filter(|line| !line.is_empty()).map(package).collect()
    }

    #[test]
    fn dev_dependencies_add_no_feature_to_dependencies_of_programs() {
        let of_programs = packages("normal,build");
        let names: BTreeSet<&String> = of_programs.iter().map(|(name, _)| name).collect();
        let of_tests = packages("normal,build,dev");
        let compiled_again: Vec<_> =
            of_tests.difference(&of_programs).filter(|(name, _)| names.contains(name)).collect();
        assert!(names.len() > 200, "{}", names.len());
        assert!(
            compiled_again.is_empty(),
            "dev-dependencies add features to these packages, which cargo then compiles twice; \
             name the dev-dependency in `tests/Cargo.toml` too: {compiled_again:?}"
        );
    }
}
