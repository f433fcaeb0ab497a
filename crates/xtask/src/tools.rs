//! What the tasks need beyond Rust, Python 3 and Node, installed into ignored folders.
//!
//! Everything is pinned to exact versions, and nothing is installed again while its pins stand.

mod stamp;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::project::Project;
use crate::step::Step;
use crate::tools::stamp::Stamp;

const REGISTRIES: &str = "see the errors above; the package registries must be reachable";

const PYTHON: &str = "install Python 3.10 or later with its `venv` module (Debian: `apt-get install \
                      python3 python3-venv`)";

const NODE: &str = "install Node 20 or later with npm; the npm registry must be reachable";

const BROWSERS: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// A program from crates.io.
#[derive(Debug)]
pub(crate) struct CargoTool {
    name: &'static str,
    version: &'static str,
}

/// Looks at the dependencies' licences, sources and bans.
pub(crate) const DENY: CargoTool = CargoTool { name: "cargo-deny", version: "0.20.2" };

/// Writes into each program the list of what it was compiled of.
pub(crate) const AUDITABLE: CargoTool = CargoTool { name: "cargo-auditable", version: "0.7.7" };

/// Writes what a program is compiled of into a file beside it.
pub(crate) const CYCLONEDX: CargoTool = CargoTool { name: "cargo-cyclonedx", version: "0.5.9" };

/// Changes code to see whether a test notices.
pub(crate) const MUTANTS: CargoTool = CargoTool { name: "cargo-mutants", version: "27.1.0" };

/// Feeds made-up input to a function.
pub(crate) const FUZZ: CargoTool = CargoTool { name: "cargo-fuzz", version: "0.13.2" };

/// Installs a program from crates.io into `.tools/bin`, as its own lock file wants it.
///
/// It is built without optimisation: it builds in half the time and has little to do.
pub(crate) fn cargo_tool(project: &Project, tool: &CargoTool) -> Result<(), Failure> {
    let inputs = format!("{} {}\n", tool.name, tool.version);
    let stamp = Stamp::new(project.tools().join(format!("{}.stamp", tool.name)), inputs);
    if stamp.is_current() && project.tool(tool.name).is_file() {
        return Ok(());
    }
    let build = project.tools().join("build");
    Step::cargo(project, "install --quiet --locked --debug --version", REGISTRIES)
        .arg(tool.version)
        .arg("--root")
        .arg(project.tools())
        .arg("--target-dir")
        .arg(&build)
        .arg(tool.name)
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .run()?;
    remove_folder(&build)?;
    stamp.set()
}

/// Installs the tests' Python packages into `.tools/python`.
pub(crate) fn python(project: &Project) -> Result<(), Failure> {
    let requirements =
        [project.xtask().join("requirements/test.txt"), project.cdk().join("requirements.txt")];
    let requirements: Vec<&Path> = requirements.iter().map(AsRef::as_ref).collect();
    virtual_environment(project, "python", &requirements)
}

/// Installs what the Python rule that the function is measured against needs into
/// `.tools/python-rule`.
pub(crate) fn python_rule(project: &Project) -> Result<(), Failure> {
    let requirements = project.xtask().join("requirements/python-rule.txt");
    virtual_environment(project, "python-rule", &[&requirements])
}

/// Installs the zig toolchain and cargo-zigbuild into `.tools/zig`.
pub(crate) fn zig(project: &Project) -> Result<(), Failure> {
    virtual_environment(project, "zig", &[&project.xtask().join("requirements/zig.txt")])
}

/// Installs the packages of the deployment's code into `cdk/node_modules`, as its lock file says.
pub(crate) fn node(project: &Project) -> Result<(), Failure> {
    node_packages(project, &project.cdk())
}

/// Installs what drives a browser into `tests/browser/node_modules`, as its lock file says.
pub(crate) fn browser_packages(project: &Project) -> Result<(), Failure> {
    node_packages(project, &project.browser_tests())
}

fn node_packages(project: &Project, folder: &Path) -> Result<(), Failure> {
    let version = Step::new(project, "node", NODE).arg("--version").output()?;
    let lock = read(&folder.join("package-lock.json"))?;
    let manifest = read(&folder.join("package.json"))?;
    let path = folder.join("node_modules/.trailseal.stamp");
    let stamp = Stamp::new(path, format!("{version}{manifest}{lock}"));
    if stamp.is_current() {
        return Ok(());
    }
    Step::new(project, "npm", NODE).words("ci --no-audit --no-fund").within(folder).run()?;
    stamp.set()
}

/// The browser that is installed here, if one is: `TRAILSEAL_CHROMIUM`, or one of the usual names.
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

fn virtual_environment(
    project: &Project,
    name: &str,
    requirements: &[&Path],
) -> Result<(), Failure> {
    let mut inputs = Step::new(project, "python3", PYTHON).arg("--version").output()?;
    for path in requirements {
        inputs.push_str(&read(path)?);
    }
    let folder = project.tools().join(name);
    let stamp = Stamp::new(folder.join("trailseal.stamp"), inputs);
    if stamp.is_current() {
        return Ok(());
    }
    remove_folder(&folder)?;
    Step::new(project, "python3", PYTHON).words("-m venv").arg(&folder).run()?;
    let mut install = Step::new(project, folder.join("bin/python"), REGISTRIES)
        .words("-m pip install --quiet --disable-pip-version-check");
    for path in requirements {
        install = install.arg("--requirement").arg(path);
    }
    install.run()?;
    stamp.set()
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))
}

fn remove_folder(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    fs::remove_dir_all(path).map_err(|error| Failure::file("remove", path, &error))
}
