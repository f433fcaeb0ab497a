//! What a program's ELF file says about itself.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context, Result, ensure};
use object::LittleEndian;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection};

use crate::package::architecture::Architecture;

/// The glibc of Amazon Linux 2023, and so of the runtime `provided.al2023`.
pub(crate) const GLIBC_OF_LAMBDA: GlibcVersion = GlibcVersion { major: 2, minor: 34, patch: 0 };

/// A version of glibc; later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GlibcVersion {
    major: u32,
    minor: u32,
    patch: u32,
}

impl GlibcVersion {
    /// Reads the name of a symbol version, such as `GLIBC_2.2.5`; others have no number.
    fn parse(name: &str) -> Option<Self> {
        let mut numbers = name.strip_prefix("GLIBC_")?.split('.').map(str::parse);
        let major = numbers.next()?.ok()?;
        let minor = numbers.next()?.ok()?;
        let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
        if numbers.next().is_some() { None } else { Some(Self { major, minor, patch }) }
    }
}

impl Display for GlibcVersion {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(formatter, ".{}", self.patch) }
    }
}

fn elf(program: &[u8]) -> Result<ElfFile64<'_, LittleEndian>> {
    ElfFile64::parse(program).context("not a 64-bit little-endian ELF file")
}

/// An error if AWS Lambda could not start the program; returns the glibc that it needs.
pub(super) fn require_lambda(program: &[u8], architecture: Architecture) -> Result<GlibcVersion> {
    let elf = elf(program)?;
    let machine = elf.elf_header().e_machine.get(LittleEndian);
    ensure!(machine == architecture.elf_machine(), "not a program for {}", architecture.name());
    let highest = needed_versions(&elf)
        .context("the symbol versions are unreadable")?
        .iter()
        .filter_map(|name| GlibcVersion::parse(name))
        .max()
        .context("the program does not say which glibc it needs")?;
    ensure!(
        highest <= GLIBC_OF_LAMBDA,
        "the program needs glibc {highest}, but the runtime `provided.al2023` has \
         {GLIBC_OF_LAMBDA}: build on an older system (Debian 12, Ubuntu 22.04)"
    );
    Ok(highest)
}

/// The names of the symbol versions that a program needs from its libraries.
fn needed_versions(elf: &ElfFile64<'_, LittleEndian>) -> Result<Vec<String>> {
    let (sections, data) = (elf.elf_section_table(), elf.data());
    let mut names = Vec::new();
    let Some((mut libraries, link)) = sections.gnu_verneed(LittleEndian, data)? else {
        return Ok(names);
    };
    let strings = sections.strings(LittleEndian, data, link)?;
    while let Some((_, mut versions)) = libraries.next()? {
        while let Some(version) = versions.next()? {
            let name = version.name(LittleEndian, strings)?;
            names.push(String::from_utf8_lossy(name).into_owned());
        }
    }
    Ok(names)
}

/// The content of a section; `None` if the program has no such section.
pub(crate) fn section<'a>(program: &'a [u8], name: &str) -> Result<Option<&'a [u8]>> {
    let elf = elf(program)?;
    Ok(elf.section_by_name(name).map(|section| section.data()).transpose()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn this_program() -> Vec<u8> {
        std::fs::read(std::env::current_exe().unwrap()).unwrap()
    }

    #[test]
    fn a_program_needs_symbol_versions_and_has_sections() {
        let program = this_program();
        let names = needed_versions(&elf(&program).unwrap()).unwrap();
        assert!(names.iter().any(|name| name.starts_with("GLIBC_2.")), "{names:?}");
        assert!(!section(&program, ".text").unwrap().unwrap().is_empty());
        assert_eq!(section(&program, ".no-such-section").unwrap(), None);
    }

    #[test]
    fn a_program_for_another_architecture_is_an_error() {
        let other = Architecture::ALL.into_iter().find(|architecture| !architecture.is_host());
        let error = require_lambda(&this_program(), other.unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("not a program for "), "{error}");
    }

    #[test]
    fn a_truncated_program_is_an_error() {
        let program = this_program();
        for length in [0, 6, 63, 64, program.len() / 2, program.len() - 1] {
            let error = require_lambda(&program[..length], Architecture::host().unwrap());
            assert!(error.is_err(), "the first {length} bytes");
        }
    }

    #[test]
    fn other_files_are_errors() {
        let other = [&b"#!/bin/sh\n"[..], b"\x7fELF\x01\x01\x01", b"\x7fELF\x02\x02\x01"];
        for bytes in other {
            let error = require_lambda(bytes, Architecture::X86_64).unwrap_err();
            assert_eq!(error.to_string(), "not a 64-bit little-endian ELF file");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        let version = |name| GlibcVersion::parse(name).unwrap();
        assert!(version("GLIBC_2.4") < version("GLIBC_2.34"));
        assert!(version("GLIBC_2.34") == GLIBC_OF_LAMBDA);
        assert!(version("GLIBC_2.35") > GLIBC_OF_LAMBDA);
        assert!(version("GLIBC_2.2.5") > version("GLIBC_2.2"));
        assert_eq!(version("GLIBC_2.2.5").to_string(), "2.2.5");
        assert_eq!(GLIBC_OF_LAMBDA.to_string(), "2.34");
        for name in ["GCC_3.0", "GLIBC_PRIVATE", "GLIBC_2", "GLIBC_2.2.5.1", "GLIBC_2.x", ""] {
            assert_eq!(GlibcVersion::parse(name), None, "{name}");
        }
    }
}
