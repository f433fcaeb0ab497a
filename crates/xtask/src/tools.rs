//! Installs into ignored folders everything that the tasks need besides Rust, Python 3 and Node.
//!
//! Every version is pinned, and nothing is installed again until its pins change.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xshell::Shell;

use crate::project::Project;

const PYTHON: &str = "install Python 3.11 or later with its `venv` module (Debian: `apt-get install \
                      python3 python3-venv`)";

const NODE: &str = "install Node 20 or later with npm";

const REGISTRIES: &str = "the package registries must be reachable";

const TESTS: &str = "crates/xtask/requirements/test.txt";

const DEPLOYMENT: &str = "crates/xtask/requirements/deploy.txt";

/// An npm package, by name and version, and the file that `npm pack` makes of it: the types of the
/// Terraform provider for AWS, without the provider.
const PROVIDER_SCHEMA: [&str; 2] =
    ["@cdktf/provider-aws@21.22.1", "cdktf-provider-aws-21.22.1.tgz"];

const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// A program from crates.io, by name and version: it checks the licences, sources and bans of the
/// dependencies.
pub const DENY: [&str; 2] = ["cargo-deny", "0.20.2"];

/// Embeds the list of its dependencies in each program.
pub const AUDITABLE: [&str; 2] = ["cargo-auditable", "0.7.7"];

/// Writes a bill of materials for each program.
pub const CYCLONEDX: [&str; 2] = ["cargo-cyclonedx", "0.5.9"];

/// Changes code and runs the tests.
pub const MUTANTS: [&str; 2] = ["cargo-mutants", "27.1.0"];

/// Runs random input through a function.
pub const FUZZ: [&str; 2] = ["cargo-fuzz", "0.13.2"];

/// Installs a program from crates.io into `.tools/bin`, with the versions of its own lock file.
///
/// It is built without optimization, which takes half the time; the tools have little work.
pub fn cargo_tool(project: &Project, [name, version]: [&str; 2]) -> Result<()> {
    let stamp = project.tools().join(format!("{name}.stamp"));
    if !project.tool(name).is_file() {
        project.shell().remove_path(&stamp)?;
    }
    unless_current(project.shell(), &stamp, &format!("{name} {version}\n"), || {
        let build = project.tools().join("build");
        project
            .cargo("install --quiet --locked --debug --version")
            .arg(version)
            .arg("--root")
            .arg(project.tools())
            .arg("--target-dir")
            .arg(&build)
            .arg(name)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .run()
            .context(REGISTRIES)?;
        Ok(project.shell().remove_path(&build)?)
    })
}

/// Installs the tests' Python packages into `.tools/python`.
pub fn python(project: &Project) -> Result<()> {
    let requirements = [TESTS, "cdk/requirements.txt"];
    virtual_environment(project, "python", &requirements)
}

/// Installs AWS's SDK for Python, with which `cargo xtask deploy` calls AWS, into `.tools/deploy`.
pub fn deployment(project: &Project) -> Result<()> {
    virtual_environment(project, "deploy", &[DEPLOYMENT])
}

/// The Python with AWS's SDK and nothing else.
pub fn deployment_python(project: &Project) -> PathBuf {
    project.tools().join("deploy/bin/python")
}

/// Installs Terraform, from a Python package, into `.tools/terraform`, and the provider's schema.
pub fn terraform(project: &Project) -> Result<()> {
    virtual_environment(project, "terraform", &["terraform/scripts/requirements.txt"])?;
    let [package, file] = PROVIDER_SCHEMA;
    let stamp = project.tools().join("provider-schema.stamp");
    if !project.tools().join(file).is_file() {
        project.shell().remove_path(&stamp)?;
    }
    // The package stays packed: it has 4,000 files, of which the tests read 20.
    unless_current(project.shell(), &stamp, package, || {
        let pack = project.program("npm", "pack --silent --pack-destination").arg(project.tools());
        pack.arg(package).ignore_stdout().run().context(REGISTRIES)
    })
}

/// Installs checkov, whose dependencies differ from those of the tests, into `.tools/checkov`.
pub fn checkov(project: &Project) -> Result<()> {
    virtual_environment(project, "checkov", &["tests/checkov/requirements.txt"])
}

/// The Python with checkov.
pub fn checkov_python(project: &Project) -> PathBuf {
    project.tools().join("checkov/bin/python")
}

/// Installs the AWS CLI, whose dependencies differ from those of the tests, into `.tools/awscli`.
pub fn aws_cli(project: &Project) -> Result<()> {
    virtual_environment(project, "awscli", &["tests/paths/requirements.txt"])
}

/// The folder with the AWS CLI.
pub fn aws_cli_folder(project: &Project) -> PathBuf {
    project.tools().join("awscli/bin")
}

/// The Python with Terraform.
pub fn terraform_python(project: &Project) -> PathBuf {
    project.tools().join("terraform/bin/python")
}

/// Installs the packages of a folder into its `node_modules`.
pub fn node_packages(project: &Project, folder: &str) -> Result<()> {
    let (shell, folder) = (project.shell(), project.root().join(folder));
    let mut inputs = project.program("node", "--version").read().context(NODE)?;
    for file in ["package.json", "package-lock.json"] {
        inputs.push_str(&shell.read_file(folder.join(file))?);
    }
    unless_current(shell, &folder.join("node_modules/.trailseal.stamp"), &inputs, || {
        let _in_folder = shell.push_dir(&folder);
        project.program("npm", "ci --no-audit --no-fund").run().context(REGISTRIES)
    })
}

/// The installed browser, if there is one: `TRAILSEAL_CHROMIUM`, or one of the usual names.
pub fn chromium() -> Option<PathBuf> {
    let given = env::var_os("TRAILSEAL_CHROMIUM").filter(|path| !path.is_empty());
    given.map(PathBuf::from).or_else(|| BROWSERS.into_iter().find_map(on_path))
}

/// An installed program.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Installs Python packages into a virtual environment in `.tools`.
pub fn virtual_environment(project: &Project, name: &str, requirements: &[&str]) -> Result<()> {
    let shell = project.shell();
    let mut inputs = project.program("python3", "--version").read().context(PYTHON)?;
    for path in requirements {
        inputs.push_str(&shell.read_file(path)?);
    }
    let folder = project.tools().join(name);
    unless_current(shell, &folder.join("trailseal.stamp"), &inputs, || {
        shell.remove_path(&folder)?;
        project.program("python3", "-m venv").arg(&folder).run().context(PYTHON)?;
        // Python compiles a module at its first use; most are never used.
        let pip = "-m pip install --quiet --disable-pip-version-check --no-compile";
        let pip = project.program(folder.join("bin/python"), pip);
        let requirements = requirements.iter().flat_map(|path| ["--requirement", path]);
        pip.args(requirements).run().context(REGISTRIES)
    })
}

/// Runs a setup unless `stamp`, which has the inputs of the last successful one, has these.
fn unless_current(
    shell: &Shell,
    stamp: &Path,
    inputs: &str,
    set_up: impl FnOnce() -> Result<()>,
) -> Result<()> {
    if shell.read_file(stamp).is_ok_and(|former| former == inputs) {
        return Ok(());
    }
    set_up()?;
    Ok(shell.write_file(stamp, inputs)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployment_is_tested_with_the_packages_that_it_runs_with() {
        let project = Project::locate().unwrap();
        let pins = |path: &str| -> Vec<String> {
            let text = project.shell().read_file(path).unwrap();
            text.lines().filter(|line| line.contains("==")).map(str::to_owned).collect()
        };
        let tested = pins(TESTS);
        let deployed = pins(DEPLOYMENT);
        assert!(deployed.iter().any(|pin| pin.starts_with("boto3==")), "{deployed:?}");
        assert!(deployed.iter().all(|pin| tested.contains(pin)), "{deployed:?} {tested:?}");
    }

    #[test]
    fn setup_runs_again_only_if_it_failed_or_an_input_changed() {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        let stamp = folder.path().join("stamp");
        let runs = |inputs: &str, outcome: Result<()>| {
            let mut has_run = false;
            let set_up = || {
                has_run = true;
                outcome
            };
            let _failed = unless_current(&shell, &stamp, inputs, set_up);
            has_run
        };
        assert!(runs("a 1.0", Err(anyhow::anyhow!("no network"))));
        assert!(runs("a 1.0", Ok(())) && !runs("a 1.0", Ok(())));
        assert!(runs("a 1.1", Ok(())));
    }
}
