//! The processors that AWS Lambda offers.

use std::env::consts;

/// A processor, by the name that AWS Lambda gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Architecture {
    /// 64-bit Arm: AWS Graviton.
    Arm64,
    /// 64-bit x86.
    X86_64,
}

impl Architecture {
    pub(crate) const ALL: [Self; 2] = [Self::Arm64, Self::X86_64];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|architecture| architecture.name() == name)
    }

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

    /// The machine's number in an ELF header.
    pub(crate) fn elf_machine(self) -> u16 {
        match self {
            Self::Arm64 => 183,
            Self::X86_64 => 62,
        }
    }

    /// Whether this machine builds for it without a cross compiler.
    pub(crate) fn is_hosts(self) -> bool {
        consts::OS == "linux"
            && match self {
                Self::Arm64 => consts::ARCH == "aarch64",
                Self::X86_64 => consts::ARCH == "x86_64",
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_architecture_is_found_by_its_name() {
        for architecture in Architecture::ALL {
            assert_eq!(Architecture::named(architecture.name()), Some(architecture));
        }
        assert_eq!(Architecture::named("aarch64"), None);
    }
}
