//! The stages of `cargo xtask test`, in the order in which they run.
//!
//! Each stage sets up by itself what it needs, so that it can be run alone.

use std::env;
use std::fs;
use std::io::{self, Write};

use crate::build;
use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;
use crate::tools;

/// A stage of the tests.
#[derive(Debug)]
pub(crate) struct Stage {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) about: &'static str,
    /// Does it.
    pub(crate) run: fn(&Project) -> Result<(), Failure>,
}

/// Every stage, the quick ones and those that others stand on first.
pub(crate) const STAGES: [Stage; 10] = [
    Stage { name: "tools", about: "set-up of Python, Node and cargo-deny, pinned", run: set_up },
    Stage { name: "fmt", about: "the code is formatted", run: format },
    Stage { name: "clippy", about: "no warning of the compiler or of clippy", run: clippy },
    Stage { name: "doc", about: "the documentation builds without a warning", run: document },
    Stage { name: "deny", about: "bans, licences and sources of all dependencies", run: deny },
    Stage {
        name: "build",
        about: "the function, the lab and all other programs",
        run: build::programs,
    },
    Stage { name: "tests", about: "all tests in Rust, acceptance tests included", run: test },
    Stage { name: "contract", about: "the lab against AWS's own service models", run: contract },
    Stage {
        name: "cdk",
        about: "constructs, apps and templates of the deployment",
        run: deployment,
    },
    Stage { name: "browser", about: "the HTML report in a real browser", run: browser },
];

const SEE_ABOVE: &str = "see the errors above";

fn set_up(project: &Project) -> Result<(), Failure> {
    tools::python(project)?;
    tools::node(project)?;
    tools::browser_packages(project)?;
    tools::cargo_tool(project, &tools::DENY)
}

fn format(project: &Project) -> Result<(), Failure> {
    Step::cargo(project, "fmt --all --check", "run `cargo fmt --all`").run()
}

fn clippy(project: &Project) -> Result<(), Failure> {
    Step::cargo(project, "clippy --release --workspace --all-targets -- -D warnings", SEE_ABOVE)
        .run()
}

fn document(project: &Project) -> Result<(), Failure> {
    Step::cargo(project, "doc --release --workspace --no-deps", SEE_ABOVE)
        .env("RUSTDOCFLAGS", "-D warnings")
        .run()
}

/// Advisories are left out: their database is fetched from the network, and what it says on a day
/// has nothing to do with the change under test.
fn deny(project: &Project) -> Result<(), Failure> {
    tools::cargo_tool(project, &tools::DENY)?;
    Step::cargo(project, "fetch --locked", "the registry of crates must be reachable").run()?;
    Step::new(project, project.tool("cargo-deny"), "see deny.toml, which gives the reasons")
        .words("--offline check bans licenses sources")
        .run()
}

fn test(project: &Project) -> Result<(), Failure> {
    tools::python(project)?;
    build::programs(project)?;
    Step::cargo(project, "test --release --workspace", SEE_ABOVE)
        .env("TRAILSEAL_BOOTSTRAP", project.release("bootstrap"))
        .env("TRAILSEAL_REMEDIATION", project.release("remediation"))
        .env("TRAILSEAL_PYTHON", project.python())
        .run()
}

fn contract(project: &Project) -> Result<(), Failure> {
    tools::python(project)?;
    build::programs(project)?;
    let folder = project.target().join("contract");
    fs::create_dir_all(&folder).map_err(|error| Failure::file("create", &folder, &error))?;
    let transcript = folder.join("transcript.jsonl");
    Step::new(project, project.release("trailseal-lab"), SEE_ABOVE)
        .arg("--transcript")
        .arg(&transcript)
        .run()?;
    Step::new(project, project.python(), "the lab does not speak as AWS's models say; see above")
        .arg("tests/contract/validate.py")
        .arg(&transcript)
        .run()
}

fn deployment(project: &Project) -> Result<(), Failure> {
    tools::python(project)?;
    tools::node(project)?;
    for script in ["test", "run synth", "run lint:templates"] {
        Step::new(project, "npm", SEE_ABOVE)
            .words(script)
            .within(&project.cdk())
            .env("CFN_LINT", project.python_program("cfn-lint"))
            .env("TRAILSEAL_PYTHON", project.python())
            .run()?;
    }
    Step::new(project, project.python(), "moto did not take a template; see above")
        .words("test/moto_deploy.py")
        .within(&project.cdk())
        .run()
}

/// Without a browser there is nothing to run this in, and that is said, not failed; where
/// `TRAILSEAL_BROWSER=required`, as in continuous integration, it is a failure.
fn browser(project: &Project) -> Result<(), Failure> {
    let Some(chromium) = tools::chromium() else {
        return no_browser(env::var_os("TRAILSEAL_BROWSER").is_some_and(|word| word == "required"));
    };
    tools::browser_packages(project)?;
    Step::cargo(
        project,
        "build --release --workspace --bins --example synthetic_report",
        SEE_ABOVE,
    )
    .run()?;
    Step::new(project, "npm", SEE_ABOVE)
        .words("test")
        .within(&project.browser_tests())
        .env("TRAILSEAL_CHROMIUM", chromium)
        .env("TRAILSEAL_PROGRAMS", project.target().join("release"))
        .run()
}

fn no_browser(is_required: bool) -> Result<(), Failure> {
    const WHAT: &str = "no Chromium is found: install it (Debian: `apt-get install chromium`), or \
                        name it in `TRAILSEAL_CHROMIUM`";
    if is_required {
        return Err(Failure::task(WHAT));
    }
    writeln!(io::stderr(), "THE BROWSER TESTS DID NOT RUN: {WHAT}").map_err(Failure::output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_browser_only_continuous_integration_fails() {
        assert!(no_browser(false).is_ok());
        let failure = no_browser(true).unwrap_err();
        assert!(failure.message().unwrap().contains("apt-get install chromium"));
    }
}
