//! Reads one source to its end: plain or gzip, told apart by content, in constant memory.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::mpsc;
use std::thread;

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::Origin;
use crate::scan::{Piece, ScanError, Scanner};

/// Bytes that are read at once: large enough that system calls cost nothing, small enough for the
/// caches of the processor.
const CHUNK_BYTES: usize = 256 << 10;

/// Chunks of a gzip file that are inflated and scanned by turns: a thread pays for large files only.
const CHUNKS_BY_TURNS: usize = 16;

/// Chunks that may be inflated before they are scanned.
const CHUNKS_AHEAD: usize = 3;

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
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes += count as u64;
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
        Origin::StandardInput => read_from(io::stdin(), buffer, take),
    }
}

fn read_from(
    mut input: impl Read + Send,
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

/// Inflates and scans by turns, and of a large file both at once: inflating is most of the work.
fn inflate(
    input: impl Read + Send,
    buffer: &mut [u8],
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<(), ReadError> {
    let input = Counted { inner: input, bytes: 0 };
    let input = BufReader::with_capacity(CHUNK_BYTES, input);
    let mut inflating = Inflating { decoder: MultiGzDecoder::new(input), inflated: 0 };
    let mut scanner = Scanner::new();
    for _ in 0..CHUNKS_BY_TURNS {
        match inflating.next(buffer)? {
            Some(chunk) => scanner.push(chunk, take)?,
            None => return Ok(scanner.finish()?),
        }
    }
    inflate_at_once(inflating, scanner, take)
}

/// A thread of its own inflates, never more than [`CHUNKS_AHEAD`] ahead.
fn inflate_at_once<R: Read + Send>(
    mut inflating: Inflating<R>,
    mut scanner: Scanner,
    take: &mut dyn FnMut(Piece<'_>),
) -> Result<(), ReadError> {
    let (give_back, empty) = mpsc::channel::<Vec<u8>>();
    let (hand_over, full) = mpsc::channel();
    // The scope owns its ends of the channels, so that they go away before it waits.
    thread::scope(move |scope| {
        scope.spawn(move || {
            while let Ok(mut buffer) = empty.recv() {
                let read: Result<Option<usize>, ReadError> =
                    inflating.next(&mut buffer).map(|chunk| chunk.map(<[u8]>::len));
                if hand_over.send((read, buffer)).is_err() {
                    return;
                }
            }
        });
        for _ in 0..CHUNKS_AHEAD {
            let _has_ended = give_back.send(self::buffer());
        }
        for (read, buffer) in full {
            let Some(length) = read? else {
                break;
            };
            scanner.push(buffer.get(..length).unwrap_or_default(), take)?;
            let _has_ended = give_back.send(buffer);
        }
        Ok(scanner.finish()?)
    })
}

/// A gzip file on its way, held against a bomb.
struct Inflating<R> {
    decoder: MultiGzDecoder<BufReader<Counted<R>>>,
    inflated: u64,
}

impl<R: Read> Inflating<R> {
    fn next<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Option<&'b [u8]>, ReadError> {
        let chunk = next_chunk(&mut self.decoder, buffer).map_err(ReadError::Gzip)?;
        self.inflated += chunk.map_or(0, <[u8]>::len) as u64;
        let deflated = self.decoder.get_ref().get_ref().bytes;
        if self.inflated > INFLATED_BYTES_FREE && self.inflated / INFLATION_MAX > deflated {
            return Err(ReadError::Bomb);
        }
        Ok(chunk)
    }
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
