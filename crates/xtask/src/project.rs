//! The repository's folders, and the programs that run in it.

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result};
use xshell::{Cmd, Shell};

/// The folders of the repository, all absolute, and a shell in its root.
#[derive(Debug)]
pub struct Project {
    shell: Shell,
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// The repository in which `cargo xtask` runs.
    pub fn locate() -> Result<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = manifest.as_deref().and_then(Path::parent).and_then(Path::parent);
        let root = root
            .context("`CARGO_MANIFEST_DIR` is not set; run the tasks as `cargo xtask TASK`")?
            .to_owned();
        let target = root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()));
        Self::new(root, target)
    }

    /// A repository in another folder, with its own target folder.
    pub fn at(root: PathBuf) -> Result<Self> {
        let target = root.join("target");
        Self::new(root, target)
    }

    fn new(root: PathBuf, target: PathBuf) -> Result<Self> {
        let shell = Shell::new()?;
        shell.change_dir(&root);
        Ok(Self { shell, root, target })
    }

    /// Runs programs, reads and writes files; relative paths start at the root.
    pub fn shell(&self) -> &Shell {
        &self.shell
    }

    /// The root of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The target folder of cargo.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A program of the profile `release`.
    pub fn release(&self, program: &str) -> PathBuf {
        self.target.join("release").join(program)
    }

    /// The folder with tools that tasks install; git ignores it.
    pub fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// A program that `cargo install` installed.
    pub fn tool(&self, program: &str) -> PathBuf {
        self.tools().join("bin").join(program)
    }

    /// The Python with the tests' packages.
    pub fn python(&self) -> PathBuf {
        self.tools().join("python/bin/python")
    }

    /// The cargo that runs this task, with arguments separated by spaces.
    pub fn cargo(&self, arguments: &str) -> Cmd<'_> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        self.program(cargo, arguments)
    }

    /// A program, with arguments separated by spaces.
    ///
    /// The program does not get the variables that cargo sets to describe xtask: build scripts that
    /// read these would run again, and cargo would recompile everything that depends on them.
    pub fn program(&self, program: impl AsRef<OsStr>, arguments: &str) -> Cmd<'_> {
        let program = self.shell.cmd(program.as_ref()).args(arguments.split_whitespace());
        env::vars_os()
            .map(|(name, _)| name)
            .filter(|name| describes_xtask(&name.to_string_lossy()))
            .fold(program, Cmd::env_remove)
    }
}

fn describes_xtask(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        || matches!(name, "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE")
}

/// Runs a program that prints its own errors; returns its exit code.
pub fn exit_code(program: Cmd<'_>) -> Result<ExitCode> {
    let shown = program.to_string();
    let status = Command::from(program).status().with_context(|| format!("`{shown}`"))?;
    let code = status.code().with_context(|| format!("`{shown}` ended by {status}"))?;
    Ok(ExitCode::from(u8::try_from(code).unwrap_or(1)))
}

/// Writes a line to standard output at once, because other programs write there, too.
pub fn print(line: &str) -> Result<()> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).context("could not write standard output")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_does_not_get_the_variables_of_xtask() {
        let project = Project::locate().unwrap();
        let shell = project.program("sh", "-c").arg("echo \"[$CARGO_PKG_NAME]\"");
        assert_eq!(shell.read().unwrap(), "[]");
    }

    #[test]
    fn passes_on_the_exit_code_of_a_program() {
        let project = Project::locate().unwrap();
        let code = exit_code(project.program("sh", "-c").arg("exit 7")).unwrap();
        assert_eq!(code, ExitCode::from(7));
        let error = exit_code(project.program("/nowhere/no-such-program", "")).unwrap_err();
        assert_eq!(error.to_string(), "`/nowhere/no-such-program`");
    }
}
