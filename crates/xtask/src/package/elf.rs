//! Reads from an ELF file which versions of its libraries it needs.
//!
//! The layout is that of the System V ABI and of the Linux Standard Base, "Symbol Versioning".

use std::ops::Range;

/// The sections' type of needed versions, `SHT_GNU_verneed`.
const SECTION_OF_NEEDED_VERSIONS: u32 = 0x6fff_fffe;

const SECTION_HEADER_SIZE: u64 = 64;

/// A 64-bit little-endian ELF file.
#[derive(Debug)]
pub(super) struct Elf<'a> {
    bytes: &'a [u8],
}

/// Where a section lies.
#[derive(Debug)]
struct Section {
    kind: u32,
    offset: u64,
    size: u64,
    /// The section of its names.
    link: u32,
    /// How many entries it has.
    info: u32,
}

impl<'a> Elf<'a> {
    /// Recognises a file; `None` for any other.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        // The magic number, then: 64 bits, little-endian, version 1.
        bytes.starts_with(b"\x7fELF\x02\x01\x01").then_some(Self { bytes })
    }

    /// The machine's number; 0 (no machine) where the header is cut.
    pub(super) fn machine(&self) -> u16 {
        self.half(18).unwrap_or(0)
    }

    /// The names of all versions needed; `None` where the file is cut or contradicts itself.
    pub(super) fn needed_versions(&self) -> Option<Vec<&'a str>> {
        let count = u64::from(self.half(60)?);
        let mut names = Vec::new();
        for index in 0..count {
            let section = self.section(index)?;
            if section.kind == SECTION_OF_NEEDED_VERSIONS {
                let strings = self.section(u64::from(section.link))?;
                self.read_needs(&section, &strings, &mut names)?;
            }
        }
        Some(names)
    }

    fn section(&self, index: u64) -> Option<Section> {
        let start = self.long(40)?.checked_add(index.checked_mul(SECTION_HEADER_SIZE)?)?;
        Some(Section {
            kind: self.word(start.checked_add(4)?)?,
            offset: self.long(start.checked_add(24)?)?,
            size: self.long(start.checked_add(32)?)?,
            link: self.word(start.checked_add(40)?)?,
            info: self.word(start.checked_add(44)?)?,
        })
    }

    /// One entry per library, each with a chain of versions.
    fn read_needs(
        &self,
        needs: &Section,
        strings: &Section,
        names: &mut Vec<&'a str>,
    ) -> Option<()> {
        let mut library = needs.offset;
        for _ in 0..needs.info {
            let versions = self.half(library.checked_add(2)?)?;
            let mut version =
                library.checked_add(u64::from(self.word(library.checked_add(8)?)?))?;
            for _ in 0..versions {
                names.push(self.name(strings, self.word(version.checked_add(8)?)?)?);
                version = version.checked_add(u64::from(self.word(version.checked_add(12)?)?))?;
            }
            library = library.checked_add(u64::from(self.word(library.checked_add(12)?)?))?;
        }
        Some(())
    }

    fn name(&self, strings: &Section, offset: u32) -> Option<&'a str> {
        let start = strings.offset.checked_add(u64::from(offset))?;
        let end = strings.offset.checked_add(strings.size)?;
        let text = self.bytes.get(range(start, end)?)?;
        let text = text.split(|byte| *byte == 0).next()?;
        std::str::from_utf8(text).ok()
    }

    fn half(&self, offset: u64) -> Option<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    fn word(&self, offset: u64) -> Option<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    fn long(&self, offset: u64) -> Option<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }

    fn array<const N: usize>(&self, offset: u64) -> Option<[u8; N]> {
        let end = offset.checked_add(u64::try_from(N).ok()?)?;
        self.bytes.get(range(offset, end)?)?.try_into().ok()
    }
}

fn range(start: u64, end: u64) -> Option<Range<usize>> {
    Some(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRINGS: &[u8] = b"\0libc.so.6\0GLIBC_2.2.5\0GLIBC_2.34\0libgcc_s.so.1\0GCC_3.0\0";

    fn offset_of(name: &str) -> u32 {
        let text = String::from_utf8(STRINGS.to_vec()).unwrap();
        u32::try_from(text.find(name).unwrap()).unwrap()
    }

    fn put(bytes: &mut Vec<u8>, words: &[u32]) {
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
    }

    /// A library's entry: version 1 and the count in one word, file, first version, next library.
    fn library(bytes: &mut Vec<u8>, name: &str, versions: &[&str], is_last: bool) {
        let count = u32::try_from(versions.len()).unwrap();
        let next = if is_last { 0 } else { 16 + 16 * count };
        put(bytes, &[1 | (count << 16), offset_of(name), 16, next]);
        for (index, version) in versions.iter().enumerate() {
            let next = if index + 1 == versions.len() { 0 } else { 16 };
            put(bytes, &[0, 0, offset_of(version), next]);
        }
    }

    fn section(bytes: &mut Vec<u8>, kind: u32, offset: u32, size: usize, link: u32, info: u32) {
        let size = u32::try_from(size).unwrap();
        put(bytes, &[0, kind, 0, 0, 0, 0, offset, 0, size, 0, link, info, 0, 0, 0, 0]);
    }

    /// A file with two libraries, three versions, and no more than a reader needs.
    fn small_file() -> Vec<u8> {
        let mut needs = Vec::new();
        library(&mut needs, "libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"], false);
        library(&mut needs, "libgcc_s.so.1", &["GCC_3.0"], true);
        let mut sections = Vec::new();
        let strings_at = 64 + 3 * 64;
        let needs_at = strings_at + u32::try_from(STRINGS.len()).unwrap();
        section(&mut sections, 0, 0, 0, 0, 0);
        section(&mut sections, 3, strings_at, STRINGS.len(), 0, 0);
        section(&mut sections, SECTION_OF_NEEDED_VERSIONS, needs_at, needs.len(), 1, 2);
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[18] = 183;
        bytes[40] = 64;
        bytes[60] = 3;
        [bytes, sections, STRINGS.to_vec(), needs].concat()
    }

    #[test]
    fn the_needed_versions_of_all_libraries_are_read() {
        let bytes = small_file();
        let elf = Elf::read(&bytes).unwrap();
        assert_eq!(elf.machine(), 183);
        assert_eq!(elf.needed_versions().unwrap(), ["GLIBC_2.2.5", "GLIBC_2.34", "GCC_3.0"]);
    }

    #[test]
    fn a_cut_file_is_unreadable_rather_than_without_needs() {
        let bytes = small_file();
        for length in 7..bytes.len() {
            let elf = Elf::read(&bytes[..length]).unwrap();
            assert_eq!(elf.needed_versions(), None, "cut after {length} bytes");
        }
    }

    #[test]
    fn offsets_beyond_all_numbers_are_unreadable() {
        let mut bytes = small_file();
        bytes[40..48].fill(0xff);
        assert_eq!(Elf::read(&bytes).unwrap().needed_versions(), None);
    }

    #[test]
    fn other_files_are_not_recognised() {
        assert!(Elf::read(b"").is_none());
        assert!(Elf::read(b"#!/bin/sh\n").is_none());
        assert!(Elf::read(b"\x7fELF\x01\x01\x01").is_none(), "32 bits");
        assert!(Elf::read(b"\x7fELF\x02\x02\x01").is_none(), "big-endian");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_test_itself_needs_a_c_library() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needed = Elf::read(&bytes).unwrap().needed_versions().unwrap();
        assert!(needed.iter().any(|name| name.starts_with("GLIBC_2.")), "{needed:?}");
    }
}
