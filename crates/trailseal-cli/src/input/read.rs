//! Reads one source to its end: plain or gzip, told apart by content, in constant memory.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::mpsc;
use std::thread;

use flate2::bufread::MultiGzDecoder;
use thiserror::Error;

use super::{Origin, utf16};
use crate::scan::{Document, ScanError, Scanner};

/// Bytes that are read at once: large enough that neither system calls nor handing over from thread
/// to thread costs much, small enough for the caches of the processor.
const CHUNK_BYTES: usize = 512 << 10;

/// Bytes of a file that tell what it is, and that are read of a gzip file at once.
const INPUT_BYTES: usize = 64 << 10;

/// Chunks that are read and scanned by turns: a thread pays for large files only.
const CHUNKS_BY_TURNS: usize = 8;

/// Chunks that may be read, and inflated, before they are scanned.
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
    /// It begins like UTF-16 and goes on otherwise.
    #[error("is not whole UTF-16")]
    Utf16(#[source] io::Error),
    /// It inflates beyond all that AWS writes.
    #[error(
        "inflates to more than {INFLATION_MAX} times its size, which nothing that AWS Config writes does"
    )]
    Bomb,
    /// Its text cannot be used.
    #[error(transparent)]
    Scan(#[from] ScanError),
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

fn buffer() -> Vec<u8> {
    vec![0; CHUNK_BYTES]
}

/// Reads a source and hands on its pieces. The buffer is for one source after the other; empty, it is
/// made anew.
///
/// # Errors
///
/// The source cannot be read to its end; what was handed on before must not be used.
pub(crate) fn read(
    origin: &Origin,
    buffer: &mut Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    match origin {
        Origin::File(path) => read_from(File::open(path).map_err(ReadError::Open)?, buffer, take),
        Origin::StandardInput => read_from(io::stdin(), buffer, take),
    }
}

fn read_from(
    mut input: impl Read + Send,
    buffer: &mut Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    buffer.resize(CHUNK_BYTES, 0);
    let first = buffer.get_mut(..INPUT_BYTES).unwrap_or_default();
    let length = fill(&mut input, first).map_err(ReadError::Read)?;
    let first = buffer.get(..length).unwrap_or_default();
    let mut scanner = Scanner::new();
    if first.starts_with(&GZIP_MAGIC) {
        let input = io::Cursor::new(first.to_vec()).chain(input);
        let input = BufReader::with_capacity(INPUT_BYTES, Counted { inner: input, bytes: 0 });
        let mut inflating = Inflating { decoder: MultiGzDecoder::new(input), inflated: 0 };
        return scan(move |buffer| inflating.next(buffer), scanner, buffer, take);
    }
    if let Some(order) = utf16::ByteOrder::of(first) {
        let input = io::Cursor::new(first.to_vec()).chain(input);
        let mut decoder = utf16::Decoder::new(input, order);
        let next =
            move |buffer: &mut [u8]| next_chunk(&mut decoder, buffer).map_err(ReadError::Utf16);
        return scan(next, scanner, buffer, take);
    }
    scanner.push(first, take)?;
    let next = move |buffer: &mut [u8]| next_chunk(&mut input, buffer).map_err(ReadError::Read);
    scan(next, scanner, buffer, take)
}

/// Reads until the buffer is full or the input ends, so that files are read on at whole pages.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match next_chunk(input, rest)? {
            Some(length) => filled += length,
            None => break,
        }
    }
    Ok(filled)
}

/// Gets the next chunk and scans it by turns, and of a large file does both at once.
fn scan(
    mut next: impl FnMut(&mut [u8]) -> Result<Option<usize>, ReadError> + Send,
    mut scanner: Scanner,
    buffer: &mut Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    for _ in 0..CHUNKS_BY_TURNS {
        let Some(length) = next(buffer)? else {
            return Ok(scanner.finish()?);
        };
        scanner.push(buffer.get(..length).unwrap_or_default(), take)?;
    }
    scan_at_once(next, scanner, std::mem::take(buffer), take)
}

/// A thread of its own gets the chunks, never more than [`CHUNKS_AHEAD`] ahead.
fn scan_at_once(
    mut next: impl FnMut(&mut [u8]) -> Result<Option<usize>, ReadError> + Send,
    mut scanner: Scanner,
    first: Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    let (give_back, empty) = mpsc::channel::<Vec<u8>>();
    let (hand_over, full) = mpsc::channel();
    // The scope owns its ends of the channels, so that they go away before it waits.
    thread::scope(move |scope| {
        scope.spawn(move || {
            while let Ok(mut buffer) = empty.recv() {
                if hand_over.send((next(&mut buffer), buffer)).is_err() {
                    return;
                }
            }
        });
        let more = std::iter::repeat_with(self::buffer);
        for buffer in std::iter::once(first).chain(more).take(CHUNKS_AHEAD) {
            let _has_ended = give_back.send(buffer);
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
    fn next(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, ReadError> {
        let length = next_chunk(&mut self.decoder, buffer).map_err(ReadError::Gzip)?;
        self.inflated += length.unwrap_or_default() as u64;
        let deflated = self.decoder.get_ref().get_ref().bytes;
        if self.inflated > INFLATED_BYTES_FREE && self.inflated / INFLATION_MAX > deflated {
            return Err(ReadError::Bomb);
        }
        Ok(length)
    }
}

/// How many bytes come next, or nothing at the end.
fn next_chunk(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    loop {
        match input.read(buffer) {
            Ok(0) => return Ok(None),
            Ok(count) => return Ok(Some(count)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
