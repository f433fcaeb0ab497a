//! Reads one source to its end: plain or gzip, told apart by content, in constant memory.

use std::cell::Cell;
use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::Origin;
use crate::scan::{Piece, ScanError, Scanner};

/// Bytes that are read at once: large enough that system calls cost nothing, small enough for the
/// caches of the processor.
const CHUNK_BYTES: usize = 256 << 10;

/// What a gzip file may inflate to without a question.
const INFLATED_BYTES_FREE: u64 = 256 << 20;

/// How many times its size a larger gzip file may inflate to: what AWS Config delivers stays far
/// below, and a bomb reaches a thousand.
const INFLATION_MAX: u64 = 250;

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];

/// Why a source tells nothing.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    /// It cannot be opened.
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    /// Reading broke off.
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// It begins like gzip and goes on otherwise, or ends too soon.
    #[error("is not whole gzip")]
    Gzip(#[source] io::Error),
    /// It inflates beyond all that AWS writes.
    #[error(
        "inflates to more than {INFLATION_MAX} times its size, which nothing that AWS Config writes does"
    )]
    Bomb,
    /// Its text cannot be used.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

impl ReadError {
    /// The error with its causes.
    pub(crate) fn in_one_line(&self) -> String {
        let mut line = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            line.push_str(": ");
            line.push_str(&error.to_string());
            cause = error.source();
        }
        line
    }
}

/// Counts the bytes that pass.
struct Counted<R> {
    inner: R,
    bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        Ok(count)
    }
}

pub(crate) fn buffer() -> Vec<u8> {
    vec![0; CHUNK_BYTES]
}

/// Reads a source and hands on its pieces.
///
/// # Errors
///
/// The source cannot be read to its end; what was handed on before must not be used.
pub(crate) fn read(
    origin: &Origin,
    buffer: &mut [u8],
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<(), ReadError> {
    match origin {
        Origin::File(path) => read_from(File::open(path).map_err(ReadError::Open)?, buffer, take),
        Origin::StandardInput => read_from(io::stdin().lock(), buffer, take),
    }
}

fn read_from(
    mut input: impl Read,
    buffer: &mut [u8],
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<(), ReadError> {
    let first = fill(&mut input, buffer).map_err(ReadError::Read)?;
    let first = buffer.get(..first).unwrap_or_default();
    if first.starts_with(&GZIP_MAGIC) {
        let first = io::Cursor::new(first.to_vec());
        return inflate(first.chain(input), buffer, take);
    }
    let mut scanner = Scanner::new();
    scanner.push(first, take)?;
    while let Some(chunk) = next_chunk(&mut input, buffer).map_err(ReadError::Read)? {
        scanner.push(chunk, take)?;
    }
    Ok(scanner.finish()?)
}

/// Reads until the buffer is full or the input ends, so that files are read on at whole pages.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match next_chunk(input, rest)? {
            Some(chunk) => filled += chunk.len(),
            None => break,
        }
    }
    Ok(filled)
}

fn inflate(
    input: impl Read,
    buffer: &mut [u8],
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<(), ReadError> {
    let deflated = Rc::new(Cell::new(0));
    let input = Counted { inner: input, bytes: Rc::clone(&deflated) };
    let mut input = MultiGzDecoder::new(BufReader::with_capacity(CHUNK_BYTES, input));
    let mut scanner = Scanner::new();
    let mut inflated: u64 = 0;
    while let Some(chunk) = next_chunk(&mut input, buffer).map_err(ReadError::Gzip)? {
        inflated += chunk.len() as u64;
        if inflated > INFLATED_BYTES_FREE && inflated / INFLATION_MAX > deflated.get() {
            return Err(ReadError::Bomb);
        }
        scanner.push(chunk, take)?;
    }
    Ok(scanner.finish()?)
}

/// The next bytes, or nothing at the end.
fn next_chunk<'b>(input: &mut impl Read, buffer: &'b mut [u8]) -> io::Result<Option<&'b [u8]>> {
    loop {
        match input.read(buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => return Ok(buffer.get(..count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
