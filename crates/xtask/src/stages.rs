//! The stages of `cargo xtask test`, in the order in which they run.
//!
//! Each stage sets up everything that it needs, so that it can run alone.

use std::env;

use anyhow::{Context, Result, bail};

use crate::build;
use xtask::project::{Project, print};
use xtask::tools;

#[derive(Debug)]
pub(crate) struct Stage {
    /// Its name on the command line.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) about: &'static str,
    pub(crate) run: fn(&Project) -> Result<()>,
}

/// Every stage, quick ones first.
pub(crate) const STAGES: [Stage; 13] = [
    Stage { name: "tools", about: "installs pinned Python, Node and cargo tools", run: set_up },
    Stage { name: "fmt", about: "the code is formatted", run: format },
    Stage { name: "clippy", about: "no warnings of the compiler or of clippy", run: clippy },
    Stage { name: "doc", about: "the documentation builds without warnings", run: document },
    Stage { name: "deny", about: "bans, licences and sources of all dependencies", run: deny },
    Stage {
        name: "build",
        about: "the function, the lab and all other programs",
        run: build::programs,
    },
    Stage { name: "tests", about: "all tests in Rust, acceptance tests included", run: test },
    Stage { name: "contract", about: "the lab follows AWS's service models", run: contract },
    Stage {
        name: "cdk",
        about: "constructs, apps and templates of the deployment",
        run: deployment,
    },
    Stage {
        name: "paths",
        about: "the commands of the deployment pages, with the AWS CLI against moto",
        run: paths,
    },
    Stage {
        name: "terraform",
        about: "the Terraform modules, with the schema of the AWS provider",
        run: terraform,
    },
    Stage {
        name: "checkov",
        about: "findings in templates, Terraform modules and workflows",
        run: checkov,
    },
    Stage { name: "browser", about: "the HTML report in a real browser", run: browser },
];

fn set_up(project: &Project) -> Result<()> {
    tools::python(project)?;
    tools::node_packages(project, "cdk")?;
    tools::node_packages(project, "tests/browser")?;
    tools::terraform(project)?;
    tools::checkov(project)?;
    tools::aws_cli(project)?;
    tools::cargo_tool(project, tools::DENY)
}

fn format(project: &Project) -> Result<()> {
    project.cargo("fmt --all --check").run().context("run `cargo fmt --all`")
}

fn clippy(project: &Project) -> Result<()> {
    Ok(project.cargo("clippy --release --workspace --all-targets -- -D warnings").run()?)
}

fn document(project: &Project) -> Result<()> {
    let doc = project.cargo("doc --release --workspace --no-deps");
    Ok(doc.env("RUSTDOCFLAGS", "-D warnings").run()?)
}

/// Excludes advisories: their database comes from the network and changes independently.
fn deny(project: &Project) -> Result<()> {
    tools::cargo_tool(project, tools::DENY)?;
    project.cargo("fetch --locked").run()?;
    let check = "--offline check bans licenses sources";
    let deny = project.program(project.tool("cargo-deny"), check).run();
    deny.context("`deny.toml` gives the reason for each rule")
}

fn test(project: &Project) -> Result<()> {
    tools::python(project)?;
    build::programs(project)?;
    project
        .cargo("test --release --workspace")
        .env("TRAILSEAL_BOOTSTRAP", project.release("bootstrap"))
        .env("TRAILSEAL_REMEDIATION", project.release("remediation"))
        .env("TRAILSEAL_HOOK", project.release("hook"))
        .env("TRAILSEAL_FINDINGS", project.release("findings"))
        .env("TRAILSEAL_PYTHON", project.python())
        .run()?;
    Ok(())
}

fn contract(project: &Project) -> Result<()> {
    tools::python(project)?;
    build::programs(project)?;
    let folder = project.shell().create_dir(project.target().join("contract"))?;
    let transcript = folder.join("transcript.jsonl");
    let lab = project.program(project.release("trailseal-lab"), "--transcript");
    lab.arg(&transcript).run()?;
    let validate = project.program(project.python(), "tests/contract/validate.py");
    validate.arg(&transcript).run().context("the lab does not follow AWS's service models")
}

fn deployment(project: &Project) -> Result<()> {
    tools::python(project)?;
    tools::node_packages(project, "cdk")?;
    let _in_folder = project.shell().push_dir("cdk");
    for script in ["test", "run synth", "run lint:templates"] {
        project
            .program("npm", script)
            .env("CFN_LINT", project.python().with_file_name("cfn-lint"))
            .env("TRAILSEAL_PYTHON", project.python())
            .run()?;
    }
    let deploy = project.program(project.python(), "test/moto_deploy.py").run();
    deploy.context("moto rejected a template")?;
    let _in_folder = project.shell().push_dir("deploy");
    let tests = project.program(project.python(), "-B -m unittest --verbose").run();
    tests.context("`cargo xtask deploy` does not do in moto what it should")
}

/// Runs the AWS CLI of `.tools`, never an installed one.
fn paths(project: &Project) -> Result<()> {
    tools::python(project)?;
    tools::node_packages(project, "cdk")?;
    tools::aws_cli(project)?;
    let follow = project.program(project.python(), "-B tests/paths/follow.py");
    let commands = follow.arg(tools::aws_cli_folder(project)).run();
    commands.context("correct the command of the page, or what the page shows")
}

/// Runs the Terraform of `.tools`, never an installed one.
fn terraform(project: &Project) -> Result<()> {
    tools::terraform(project)?;
    let _in_folder = project.shell().push_dir("terraform/scripts");
    let tests = project.program(tools::terraform_python(project), "-B -m unittest --verbose").run();
    tests.context("`terraform/README.md` says what is tested")
}

/// Reads the templates of `npm run synth` as well, if the stage `cdk` ran.
fn checkov(project: &Project) -> Result<()> {
    tools::checkov(project)?;
    let scan = project.program(tools::checkov_python(project), "-B tests/checkov/scan.py").run();
    scan.context("fix each finding, or acknowledge it in the file with a reason")
}

/// Without a browser this is not run: if `TRAILSEAL_BROWSER=required`, as in continuous
/// integration, it fails; otherwise it prints a message.
fn browser(project: &Project) -> Result<()> {
    let Some(chromium) = tools::chromium() else {
        return no_browser(env::var_os("TRAILSEAL_BROWSER").is_some_and(|word| word == "required"));
    };
    tools::node_packages(project, "tests/browser")?;
    project.cargo("build --release --workspace --bins --example synthetic_report").run()?;
    let _in_folder = project.shell().push_dir("tests/browser");
    project
        .program("npm", "test")
        .env("TRAILSEAL_CHROMIUM", chromium)
        .env("TRAILSEAL_PROGRAMS", project.target().join("release"))
        .run()?;
    Ok(())
}

fn no_browser(is_required: bool) -> Result<()> {
    const FIX: &str = "Chromium is not installed: install it (Debian: `apt-get install chromium`), \
                       or name it in `TRAILSEAL_CHROMIUM`";
    if is_required {
        bail!(FIX);
    }
    print(&format!("THE BROWSER TESTS DID NOT RUN: {FIX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_browser_only_continuous_integration_fails() {
        assert!(no_browser(false).is_ok());
        let error = no_browser(true).unwrap_err();
        assert!(error.to_string().contains("apt-get install chromium"));
    }
}
