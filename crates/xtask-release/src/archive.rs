//! Archives with the same bytes for the same files: order, times, owners and modes are fixed.

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use sha2::{Digest, Sha256};
use xshell::Shell;
use zip::write::{SimpleFileOptions, ZipWriter};
use zip::{CompressionMethod, DateTime, System};

const EXECUTABLE: u32 = 0o755;
const OTHER: u32 = 0o644;

/// A zip archive with one program, `bootstrap`, as AWS Lambda requires it.
pub(crate) fn function(program: &[u8]) -> Result<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        .last_modified_time(DateTime::default())
        .system(System::Unix)
        .unix_permissions(EXECUTABLE);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", options)?;
    archive.write_all(program)?;
    Ok(archive.finish()?.into_inner())
}

/// A folder as `.tar.gz`, its files in the order of their paths.
///
/// Every file has the time `seconds` since 1970. Files belong to root, and only the program with
/// the name `executable` can be executed.
pub(crate) fn folder(
    shell: &Shell,
    folder: &Path,
    seconds: u64,
    executable: Option<&str>,
) -> Result<Vec<u8>> {
    let root = folder.file_name().map(PathBuf::from).unwrap_or_default();
    let mtime = u32::try_from(seconds)?;
    let gzip = GzBuilder::new().mtime(mtime).write(Vec::new(), Compression::best());
    let mut archive = tar::Builder::new(gzip);
    for path in files(shell, folder)? {
        let content = shell.read_binary_file(&path)?;
        let inner = path.strip_prefix(folder)?;
        let is_executable = executable.is_some_and(|name| inner == Path::new(name));
        let mut header = tar::Header::new_ustar();
        header.set_size(u64::try_from(content.len())?);
        header.set_mtime(seconds);
        header.set_mode(if is_executable { EXECUTABLE } else { OTHER });
        header.set_uid(0);
        header.set_gid(0);
        archive.append_data(&mut header, root.join(inner), content.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// Every file below a folder, sorted by its path.
fn files(shell: &Shell, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in shell.read_dir(folder)? {
        if path.is_dir() {
            files.extend(self::files(shell, &path)?);
        } else {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The SHA-256 in hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_program_gives_the_same_archive() {
        let program = "the same bytes ".repeat(1000);
        let archive = function(program.as_bytes()).unwrap();
        assert_eq!(archive, function(program.as_bytes()).unwrap());
        assert!(archive.len() < 1000, "{} bytes are not compressed", archive.len());
        let mut archive = zip::ZipArchive::new(Cursor::new(archive)).unwrap();
        let mut entry = archive.by_index(0).unwrap();
        assert_eq!(entry.name().unwrap(), "bootstrap");
        assert_eq!(entry.unix_mode(), Some(0o100_755));
        assert_eq!(entry.last_modified().unwrap().to_string(), "1980-01-01 00:00:00");
        let mut unpacked = String::new();
        entry.read_to_string(&mut unpacked).unwrap();
        assert_eq!(unpacked, program);
    }

    #[test]
    fn the_same_files_give_the_same_archive_in_any_order() {
        let shell = Shell::new().unwrap();
        let mut archives = Vec::new();
        for order in [["it/b/c", "it/a", "it/tool"], ["it/tool", "it/a", "it/b/c"]] {
            let folder = shell.create_temp_dir().unwrap();
            for name in order {
                shell.write_file(folder.path().join(name), name).unwrap();
            }
            let folder = folder.path().join("it");
            archives.push(super::folder(&shell, &folder, 86_400, Some("tool")).unwrap());
        }
        assert_eq!(archives[0], archives[1]);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&archives[0][..]));
        let modes: BTreeMap<String, u32> = archive
            .entries()
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| {
                let header = entry.header();
                assert_eq!((header.mtime().unwrap(), header.uid().unwrap()), (86_400, 0));
                (entry.path().unwrap().display().to_string(), header.mode().unwrap())
            })
            .collect();
        let expected = [("it/a", 0o644), ("it/b/c", 0o644), ("it/tool", 0o755)];
        assert_eq!(modes, expected.map(|(name, mode)| (name.to_owned(), mode)).into());
    }
}
