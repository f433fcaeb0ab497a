//! Reads the ELF file of a program.

use anyhow::{Context, Result, ensure};
use object::LittleEndian;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection};

use crate::package::architecture::Architecture;

/// The glibc of Amazon Linux 2023, and so of the runtime `provided.al2023`.
pub(crate) const GLIBC_OF_LAMBDA: &str = "2.34";

/// The numbers of a glibc version such as `2.2.5`; later versions are greater.
fn version(text: &str) -> Option<Vec<u32>> {
    let numbers: Option<Vec<u32>> = text.split('.').map(|number| number.parse().ok()).collect();
    numbers.filter(|numbers| (2..=3).contains(&numbers.len()))
}

fn elf(program: &[u8]) -> Result<ElfFile64<'_, LittleEndian>> {
    ElfFile64::parse(program).context("not a 64-bit little-endian ELF file")
}

/// Fails if AWS Lambda could not start the program; returns the glibc that it needs.
pub(super) fn require_lambda(program: &[u8], architecture: Architecture) -> Result<String> {
    let elf = elf(program)?;
    let machine = elf.elf_header().e_machine.get(LittleEndian);
    ensure!(machine == architecture.elf_machine(), "not a program for {}", architecture.name());
    // Other symbol versions, such as `GLIBC_PRIVATE`, have no number.
    let (numbers, highest) = needed_versions(&elf)
        .context("the symbol versions are unreadable")?
        .iter()
        .filter_map(|name| name.strip_prefix("GLIBC_"))
        .filter_map(|text| Some((version(text)?, text.to_owned())))
        .max()
        .context("the program does not say which glibc it needs")?;
    ensure!(
        Some(numbers) <= version(GLIBC_OF_LAMBDA),
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
        let order =
            ["2.2", "2.2.5", "2.4", GLIBC_OF_LAMBDA, "2.35"].map(|text| version(text).unwrap());
        assert!(order.is_sorted(), "{order:?}");
        for text in ["PRIVATE", "2", "2.2.5.1", "2.x", ""] {
            assert_eq!(version(text), None, "{text}");
        }
    }
}
