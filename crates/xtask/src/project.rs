//! Where things are.

use std::env;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folders of the repository, all absolute.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    root: PathBuf,
    target: PathBuf,
}

impl Project {
    /// Finds the repository that `cargo xtask` was called in.
    pub(crate) fn locate() -> Result<Self, Failure> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let root = manifest.as_deref().and_then(Path::parent).and_then(Path::parent);
        let root = root.ok_or_else(|| {
            Failure::task("`CARGO_MANIFEST_DIR` is not set; run the tasks as `cargo xtask TASK`")
        })?;
        let target = env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        Ok(Self { root: root.to_owned(), target: root.join(target) })
    }

    /// A repository in another folder, which builds within itself.
    pub(crate) fn at(root: PathBuf) -> Self {
        Self { target: root.join("target"), root }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where cargo builds.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// A program of the `release` profile.
    pub(crate) fn release(&self, program: &str) -> PathBuf {
        self.target.join("release").join(program)
    }

    /// What the tasks install, ignored by git.
    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    /// A program that `cargo install` put into the tools.
    pub(crate) fn tool(&self, program: &str) -> PathBuf {
        self.tools().join("bin").join(program)
    }

    /// The Python that has the tests' packages.
    pub(crate) fn python(&self) -> PathBuf {
        self.python_program("python")
    }

    /// A program that came with the tests' Python packages.
    pub(crate) fn python_program(&self, program: &str) -> PathBuf {
        self.tools().join("python/bin").join(program)
    }

    pub(crate) fn cdk(&self) -> PathBuf {
        self.root.join("cdk")
    }

    /// What looks at the HTML report in a browser.
    pub(crate) fn browser_tests(&self) -> PathBuf {
        self.root.join("tests/browser")
    }

    /// The folder of the tasks themselves.
    pub(crate) fn xtask(&self) -> PathBuf {
        self.root.join("crates/xtask")
    }

    pub(crate) fn fuzz(&self) -> PathBuf {
        self.root.join("crates/trailseal-rule/fuzz")
    }
}
