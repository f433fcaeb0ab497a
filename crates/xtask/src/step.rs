//! One call of another program.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use crate::failure::Failure;
use crate::project::Project;

/// One call of another program: what fails names itself and says what to do.
#[derive(Debug)]
pub(crate) struct Step {
    command: Command,
    remedy: &'static str,
}

impl Step {
    /// A program in the repository's root; `remedy` says what to do when it fails.
    pub(crate) fn new(project: &Project, program: impl AsRef<OsStr>, remedy: &'static str) -> Self {
        let mut command = Command::new(program);
        command.current_dir(project.root());
        for (name, _) in env::vars_os() {
            if is_of_this_run(&name) {
                command.env_remove(name);
            }
        }
        Self { command, remedy }
    }

    /// The cargo that runs this task.
    pub(crate) fn cargo(project: &Project, arguments: &str, remedy: &'static str) -> Self {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Self::new(project, cargo, remedy).words(arguments)
    }

    /// Arguments separated by blanks.
    pub(crate) fn words(mut self, arguments: &str) -> Self {
        self.command.args(arguments.split_whitespace());
        self
    }

    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Puts folders before all others in which programs are looked for.
    pub(crate) fn path_first(self, folders: &[PathBuf]) -> Result<Self, Failure> {
        let path = env::var_os("PATH").unwrap_or_default();
        let all = folders.iter().cloned().chain(env::split_paths(&path));
        let path = env::join_paths(all).map_err(|_| {
            let shown: Vec<String> = folders.iter().map(|it| it.display().to_string()).collect();
            Failure::task(format!(
                "the folder `{}` cannot be in `PATH`; move the repository",
                shown.join("`, `")
            ))
        })?;
        Ok(self.env("PATH", path))
    }

    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Runs it, with this task's own input and output.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        if status.success() { Ok(()) } else { Err(self.failed(status)) }
    }

    /// Runs a program that tells people itself what is wrong, and passes its exit code on.
    pub(crate) fn hand_over(mut self) -> Result<(), Failure> {
        let status = self.command.status().map_err(|error| self.not_started(&error))?;
        match status.code() {
            Some(0) => Ok(()),
            Some(code) => Err(Failure::Told(u8::try_from(code).unwrap_or(1))),
            None => Err(self.failed(status)),
        }
    }

    /// Runs it and returns what it wrote to standard output.
    pub(crate) fn output(mut self) -> Result<String, Failure> {
        self.command.stderr(Stdio::inherit());
        let output = self.command.output().map_err(|error| self.not_started(&error))?;
        if !output.status.success() {
            return Err(self.failed(output.status));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Failure::task(format!("{} wrote what is not UTF-8", self.line())))
    }

    fn not_started(&self, error: &std::io::Error) -> Failure {
        Failure::task(format!("{} could not be started ({error}): {}", self.line(), self.remedy))
    }

    fn failed(&self, status: ExitStatus) -> Failure {
        Failure::task(format!("{} failed ({status}): {}", self.line(), self.remedy))
    }

    /// The command as a person would type it, its program without the folder.
    fn line(&self) -> String {
        let program = Path::new(self.command.get_program());
        let mut words = vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy()];
        words.extend(self.command.get_args().map(OsStr::to_string_lossy));
        format!("`{}`", words.join(" "))
    }
}

/// Whether a variable describes the run of this very program. Passed on, it would make build
/// scripts that look at it run anew, and everything above them be compiled anew.
fn is_of_this_run(name: &OsString) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_")
        || name == "CARGO_CRATE_NAME"
        || name == "CARGO_PRIMARY_PACKAGE"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> Project {
        Project::locate().unwrap()
    }

    #[test]
    fn a_failed_program_names_itself_and_the_remedy() {
        let step = Step::new(&project(), "sh", "do the other thing").arg("-c").arg("exit 7");
        let failure = step.run().unwrap_err();
        assert_eq!(failure.exit_code(), 1);
        assert_eq!(
            failure.message(),
            Some("`sh -c exit 7` failed (exit status: 7): do the other thing")
        );
    }

    #[test]
    fn a_missing_program_names_itself_and_the_remedy() {
        let step = Step::new(&project(), "/nowhere/no-such-program", "install it").words("--all");
        let failure = step.run().unwrap_err();
        let message = failure.message().unwrap();
        assert!(message.starts_with("`no-such-program --all` could not be started ("), "{message}");
        assert!(message.ends_with("): install it"), "{message}");
    }

    #[test]
    fn a_program_that_speaks_for_itself_passes_its_exit_code_on() {
        let step = Step::new(&project(), "sh", "").arg("-c").arg("exit 2");
        let failure = step.hand_over().unwrap_err();
        assert_eq!(failure.exit_code(), 2);
        assert_eq!(failure.message(), None);
    }

    #[test]
    fn output_is_returned_and_what_describes_this_run_is_not_passed_on() {
        let step = Step::new(&project(), "sh", "").arg("-c").arg("echo \"[$CARGO_PKG_NAME]\"");
        assert_eq!(step.output().unwrap(), "[]\n");
    }

    #[test]
    fn folders_can_come_first_in_the_path() {
        let folders = [PathBuf::from("/first"), PathBuf::from("/second")];
        let step = Step::new(&project(), "sh", "").path_first(&folders).unwrap();
        let path = step.arg("-c").arg("echo $PATH").output().unwrap();
        assert!(path.starts_with("/first:/second:"), "{path}");
    }
}
