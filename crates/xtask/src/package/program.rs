//! The functions that ship.

use crate::package::architecture::Architecture;

/// A function, by the name of its program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    /// The one that evaluates, and can only read.
    Bootstrap,
    /// The one that the runbook invokes.
    Remediation,
}

impl Program {
    pub(super) const ALL: [Self; 2] = [Self::Bootstrap, Self::Remediation];

    /// The name of the program that cargo builds.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Remediation => "remediation",
        }
    }

    /// The package that has it.
    pub(super) fn package(self) -> &'static str {
        match self {
            Self::Bootstrap => "trailseal-lambda",
            Self::Remediation => "trailseal-remediation",
        }
    }

    /// Its archive; within it the program is `bootstrap`, as Lambda wants it.
    pub(super) fn archive(self, architecture: Architecture) -> String {
        format!("{}-{}.zip", self.name(), architecture.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deployment_finds_the_archives_by_these_names() {
        let names = Program::ALL.map(|program| program.archive(Architecture::Arm64));
        assert_eq!(names, ["bootstrap-arm64.zip", "remediation-arm64.zip"]);
    }
}
