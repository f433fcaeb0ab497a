//! What the tasks need beyond Rust, Python 3 and Node, installed into ignored folders.
//!
//! Every version is pinned, and nothing is installed again until its pins change.

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result};
use xshell::Shell;

use crate::project::Project;

const PYTHON: &str = "install Python 3.10 or later with its `venv` module (Debian: `apt-get install \
                      python3 python3-venv`)";

const NODE: &str = "install Node 20 or later with npm";

const REGISTRIES: &str = "the package registries must be reachable";

const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// A program from crates.io.
#[derive(Debug)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

/// Checks the licences, sources and bans of the dependencies.
pub(crate) const DENY: CargoTool = CargoTool { name: "cargo-deny", version: "0.20.2" };

/// Writes the list of its dependencies into each program.
pub(crate) const AUDITABLE: CargoTool = CargoTool { name: "cargo-auditable", version: "0.7.7" };

/// Writes a bill of materials for each program.
pub(crate) const CYCLONEDX: CargoTool = CargoTool { name: "cargo-cyclonedx", version: "0.5.9" };

/// Changes code and runs the tests.
pub(crate) const MUTANTS: CargoTool = CargoTool { name: "cargo-mutants", version: "27.1.0" };

/// Runs random input through a function.
pub(crate) const FUZZ: CargoTool = CargoTool { name: "cargo-fuzz", version: "0.13.2" };

/// Installs a program from crates.io into `.tools/bin`, with the versions of its own lock file.
///
/// It is built without optimization, which takes half the time; the tools have little to do.
pub(crate) fn cargo_tool(project: &Project, tool: &CargoTool) -> Result<()> {
    let stamp = Stamp {
        path: project.tools().join(format!("{}.stamp", tool.name)),
        inputs: format!("{} {}\n", tool.name, tool.version),
    };
    if stamp.is_current(project.shell()) && project.tool(tool.name).is_file() {
        return Ok(());
    }
    let build = project.tools().join("build");
    project
        .cargo("install --quiet --locked --debug --version")
        .arg(tool.version)
        .arg("--root")
        .arg(project.tools())
        .arg("--target-dir")
        .arg(&build)
        .arg(tool.name)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()
        .context(REGISTRIES)?;
    project.shell().remove_path(&build)?;
    stamp.set(project.shell())
}

/// Installs the tests' Python packages into `.tools/python`.
pub(crate) fn python(project: &Project) -> Result<()> {
    let requirements = ["crates/xtask/requirements/test.txt", "cdk/requirements.txt"];
    virtual_environment(project, "python", &requirements)
}

/// Installs the packages of the Python rule with which `bench` compares the function.
pub(crate) fn python_rule(project: &Project) -> Result<()> {
    let requirements = ["crates/xtask/requirements/python-rule.txt"];
    virtual_environment(project, "python-rule", &requirements)
}

/// Installs the zig toolchain and cargo-zigbuild into `.tools/zig`.
pub(crate) fn zig(project: &Project) -> Result<()> {
    virtual_environment(project, "zig", &["crates/xtask/requirements/zig.txt"])
}

/// Installs the packages of the deployment's code into `cdk/node_modules`.
pub(crate) fn node(project: &Project) -> Result<()> {
    node_packages(project, "cdk")
}

/// Installs the packages of the browser tests into `tests/browser/node_modules`.
pub(crate) fn browser_packages(project: &Project) -> Result<()> {
    node_packages(project, "tests/browser")
}

fn node_packages(project: &Project, folder: &str) -> Result<()> {
    let (shell, folder) = (project.shell(), project.root().join(folder));
    let mut inputs = project.program("node", "--version").read().context(NODE)?;
    for file in ["package.json", "package-lock.json"] {
        inputs.push_str(&shell.read_file(folder.join(file))?);
    }
    let stamp = Stamp { path: folder.join("node_modules/.trailseal.stamp"), inputs };
    if stamp.is_current(shell) {
        return Ok(());
    }
    let _in_folder = shell.push_dir(&folder);
    project.program("npm", "ci --no-audit --no-fund").run().context(REGISTRIES)?;
    stamp.set(shell)
}

/// The installed browser, if there is one: `TRAILSEAL_CHROMIUM`, or one of the usual names.
pub(crate) fn chromium() -> Option<PathBuf> {
    let given = env::var_os("TRAILSEAL_CHROMIUM").filter(|path| !path.is_empty());
    given.map(PathBuf::from).or_else(|| {
        let path = env::var_os("PATH")?;
        BROWSERS
            .iter()
            .flat_map(|name| env::split_paths(&path).map(move |folder| folder.join(name)))
            .find(|program| program.is_file())
    })
}

fn virtual_environment(project: &Project, name: &str, requirements: &[&str]) -> Result<()> {
    let shell = project.shell();
    let mut inputs = project.program("python3", "--version").read().context(PYTHON)?;
    for path in requirements {
        inputs.push_str(&shell.read_file(path)?);
    }
    let folder = project.tools().join(name);
    let stamp = Stamp { path: folder.join("trailseal.stamp"), inputs };
    if stamp.is_current(shell) {
        return Ok(());
    }
    shell.remove_path(&folder)?;
    project.program("python3", "-m venv").arg(&folder).run().context(PYTHON)?;
    // Python compiles a module when it is first used; most of these never are.
    let pip = "-m pip install --quiet --disable-pip-version-check --no-compile";
    let mut pip = project.program(folder.join("bin/python"), pip);
    for path in requirements {
        pip = pip.arg("--requirement").arg(path);
    }
    pip.run().context(REGISTRIES)?;
    stamp.set(shell)
}

/// A file with the inputs of the last set-up that succeeded.
#[derive(Debug)]
struct Stamp {
    path: PathBuf,
    inputs: String,
}

impl Stamp {
    /// Whether the last set-up had these inputs; `false` if the file is unreadable.
    fn is_current(&self, shell: &Shell) -> bool {
        shell.read_file(&self.path).is_ok_and(|former| former == self.inputs)
    }

    /// Records that the set-up succeeded.
    fn set(&self, shell: &Shell) -> Result<()> {
        Ok(shell.write_file(&self.path, &self.inputs)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_current_until_an_input_changes() {
        let shell = Shell::new().unwrap();
        let folder = shell.create_temp_dir().unwrap();
        let path = folder.path().join("stamp");
        let stamp = Stamp { path: path.clone(), inputs: "a 1.0\n".to_owned() };
        assert!(!stamp.is_current(&shell));
        stamp.set(&shell).unwrap();
        assert!(stamp.is_current(&shell));
        assert!(!Stamp { path, inputs: "a 1.1\n".to_owned() }.is_current(&shell));
    }
}
