//! The processor architectures of AWS Lambda.

use std::env::consts;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use object::elf::{EM_AARCH64, EM_X86_64, Machine};

use xtask::project::Project;

/// A processor architecture, by AWS Lambda's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Architecture {
    /// 64-bit Arm (AWS Graviton)
    Arm64,
    /// 64-bit x86
    #[value(name = "x86_64")]
    X86_64,
}

impl Architecture {
    pub(crate) const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86_64 => "x86_64",
        }
    }

    /// Rust's name of the target.
    pub(crate) fn triple(self) -> &'static str {
        match self {
            Self::Arm64 => "aarch64-unknown-linux-gnu",
            Self::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    pub(crate) fn elf_machine(self) -> Machine {
        match self {
            Self::Arm64 => EM_AARCH64,
            Self::X86_64 => EM_X86_64,
        }
    }

    /// Whether this machine builds for it without a cross compiler.
    pub(crate) fn is_host(self) -> bool {
        consts::OS == "linux"
            && match self {
                Self::Arm64 => consts::ARCH == "aarch64",
                Self::X86_64 => consts::ARCH == "x86_64",
            }
    }

    pub(crate) fn host() -> Result<Self> {
        let host = Self::ALL.into_iter().find(|architecture| architecture.is_host());
        host.context("this needs Linux on arm64 or x86_64")
    }

    /// Whether the toolchain has the target's standard library.
    pub(crate) fn is_installed(self, project: &Project) -> Result<bool> {
        let rustc = project.program("rustc", "--print target-libdir --target").arg(self.triple());
        Ok(project.shell().path_exists(rustc.quiet().read()?))
    }
}

/// The architectures that a command line names.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Architectures {
    /// Only this architecture; can be given more than once
    #[arg(long, value_name = "ARCH")]
    arch: Vec<Architecture>,
}

impl Architectures {
    /// The named architectures, or all; an error if the toolchain cannot build one of them.
    pub(crate) fn installed(&self, project: &Project) -> Result<Vec<Architecture>> {
        let is_selected =
            |architecture: &Architecture| self.arch.is_empty() || self.arch.contains(architecture);
        let selected: Vec<_> = Architecture::ALL.into_iter().filter(is_selected).collect();
        for architecture in &selected {
            let triple = architecture.triple();
            ensure!(
                architecture.is_installed(project)?,
                "the toolchain has no standard library for `{triple}`: run `rustup target add \
                 {triple}` here, or make the other architecture only with `--arch`"
            );
        }
        Ok(selected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_uses_the_names_of_aws_lambda() {
        for architecture in Architecture::ALL {
            assert_eq!(Architecture::from_str(architecture.name(), false), Ok(architecture));
        }
        assert!(Architecture::from_str("aarch64", false).is_err());
    }

    #[test]
    fn all_architectures_are_built_unless_one_is_named() {
        let project = Project::locate().unwrap();
        let host = Architecture::host().unwrap();
        let one = Architectures { arch: vec![host, host] };
        assert_eq!(one.installed(&project).unwrap(), [host]);
        let all = Architectures { arch: Vec::new() }.installed(&project);
        match all {
            Ok(all) => assert_eq!(all, Architecture::ALL),
            Err(error) => assert!(error.to_string().contains("`rustup target add "), "{error}"),
        }
    }
}
