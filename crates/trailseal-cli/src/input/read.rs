//! Reads one source to its end in constant memory: plain text, gzip or UTF-16, recognized by content.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Read, Take};
use std::sync::mpsc;
use std::thread;

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::{Origin, utf16};
use crate::scan::{Document, ScanError, Scanner};

/// Bytes of a chunk: large enough that system calls and the transfer between threads cost little,
/// small enough for the processor's caches.
const CHUNK_BYTES: usize = 256 << 10;

/// Bytes that show the format of a file, and bytes of a gzip file that are read at once.
const INPUT_BYTES: usize = 64 << 10;

/// Chunks that one thread reads and scans: a second thread pays off only for large files.
const CHUNKS_ON_ONE_THREAD: usize = 8;

/// Chunks that are in use: while one is scanned, the next ones are read and inflated. With two, each
/// thread often waits for the other, because chunks take different times; more take memory.
const CHUNKS_IN_USE: usize = 3;

/// Up to this size, a gzip file may inflate by any ratio.
const INFLATED_BYTES_FREE: u64 = 256 << 20;

/// The highest ratio for a larger gzip file: files of AWS Config stay far below, and a bomb reaches
/// a thousand.
const INFLATION_MAX: u64 = 250;

const GZIP_MAGIC: [u8; 2] = [0x1F, 0x8B];

/// The byte order mark in UTF-8.
const BYTE_ORDER_MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// Why a source cannot be used.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    #[error("cannot be opened")]
    Open(#[source] io::Error),
    #[error("cannot be read")]
    Read(#[source] io::Error),
    /// It begins like gzip, but is corrupt or truncated.
    #[error("is not complete gzip")]
    Gzip(#[source] io::Error),
    /// It begins like UTF-16, but is corrupt.
    #[error("is not valid UTF-16")]
    Utf16(#[source] io::Error),
    /// It inflates far more than any file of AWS.
    #[error(
        "inflates to more than {INFLATION_MAX} times its size, far more than any file of AWS Config"
    )]
    Bomb,
    /// Its text cannot be used.
    #[error(transparent)]
    Scan(#[from] ScanError),
}

/// Reads a source and passes its documents to `take`. The buffer is reused between sources. Returns
/// the SHA-256, if it is wanted, of the bytes as they were read, before they are inflated or decoded.
///
/// # Errors
///
/// The source cannot be read to its end; its earlier documents must not be used.
pub(crate) fn read(
    origin: &Origin,
    buffer: &mut Vec<u8>,
    digest_wanted: bool,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<Option<String>, ReadError> {
    let mut digest = digest_wanted.then(Sha256::new);
    match origin {
        Origin::File(path) => {
            let input = File::open(path).map_err(ReadError::Open)?;
            read_from(Digesting { input, digest: digest.as_mut() }, buffer, take)?;
        }
        Origin::StandardInput => {
            let input = io::stdin();
            read_from(Digesting { input, digest: digest.as_mut() }, buffer, take)?;
        }
    }
    let hex = |digest: Sha256| digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(digest.map(hex))
}

/// Digests the bytes that are read from it, which takes longer than to scan them.
struct Digesting<'a, R> {
    input: R,
    digest: Option<&'a mut Sha256>,
}

impl<R: Read> Read for Digesting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.input.read(buffer)?;
        if let Some(digest) = &mut self.digest {
            digest.update(buffer.get(..length).unwrap_or_default());
        }
        Ok(length)
    }
}

/// The text of a whole document, without a byte order mark.
///
/// # Errors
///
/// It begins like gzip or UTF-16, and is damaged.
pub(crate) fn decoded(bytes: &[u8]) -> Result<Cow<'_, [u8]>, ReadError> {
    let mut text = Vec::new();
    if bytes.starts_with(&GZIP_MAGIC) {
        let input = BufReader::with_capacity(INPUT_BYTES, bytes.take(u64::MAX));
        let mut inflating = Inflating { decoder: MultiGzDecoder::new(input), inflated: 0 };
        let mut buffer = vec![0; CHUNK_BYTES];
        while let Some(length) = inflating.next(&mut buffer)? {
            text.extend_from_slice(buffer.get(..length).unwrap_or_default());
        }
    } else if let Some(order) = utf16::ByteOrder::of(bytes) {
        utf16::Decoder::new(bytes, order).read_to_end(&mut text).map_err(ReadError::Utf16)?;
    } else {
        return Ok(bytes.strip_prefix(&BYTE_ORDER_MARK).unwrap_or(bytes).into());
    }
    if text.starts_with(&BYTE_ORDER_MARK) {
        text.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(text.into())
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
    let mut scanner = Scanner::default();
    if first.starts_with(&GZIP_MAGIC) {
        let input = io::Cursor::new(first.to_vec()).chain(input).take(u64::MAX);
        let input = BufReader::with_capacity(INPUT_BYTES, input);
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

/// Reads until the buffer is full or the input ends, so that later reads are page-aligned.
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

/// Reads and scans chunks in turn; from a large file, two threads do both at once.
fn scan(
    mut next: impl FnMut(&mut [u8]) -> Result<Option<usize>, ReadError> + Send,
    mut scanner: Scanner,
    buffer: &mut Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    for _ in 0..CHUNKS_ON_ONE_THREAD {
        let Some(length) = next(buffer)? else {
            return Ok(scanner.finish()?);
        };
        scanner.push(buffer.get(..length).unwrap_or_default(), take)?;
    }
    scan_at_once(next, scanner, std::mem::take(buffer), take)
}

/// A second thread reads the next chunks while one is scanned.
fn scan_at_once(
    mut next: impl FnMut(&mut [u8]) -> Result<Option<usize>, ReadError> + Send,
    mut scanner: Scanner,
    first: Vec<u8>,
    take: &mut dyn FnMut(Document<'_>),
) -> Result<(), ReadError> {
    let (return_empty, empty) = mpsc::channel::<Vec<u8>>();
    let (send_full, full) = mpsc::channel();
    // The scope owns its ends of the channels, so they are dropped before it waits.
    thread::scope(move |scope| {
        scope.spawn(move || {
            while let Ok(mut buffer) = empty.recv() {
                if send_full.send((next(&mut buffer), buffer)).is_err() {
                    return;
                }
            }
        });
        let more = std::iter::repeat_with(|| vec![0; CHUNK_BYTES]);
        for buffer in std::iter::once(first).chain(more).take(CHUNKS_IN_USE) {
            let _has_ended = return_empty.send(buffer);
        }
        for (read, buffer) in full {
            let Some(length) = read? else {
                break;
            };
            scanner.push(buffer.get(..length).unwrap_or_default(), take)?;
            let _has_ended = return_empty.send(buffer);
        }
        Ok(scanner.finish()?)
    })
}

/// Inflates a gzip file, and stops at a bomb.
struct Inflating<R> {
    /// `Take` counts the bytes that are read; it has no limit.
    decoder: MultiGzDecoder<BufReader<Take<R>>>,
    inflated: u64,
}

impl<R: Read> Inflating<R> {
    fn next(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, ReadError> {
        let length = next_chunk(&mut self.decoder, buffer).map_err(ReadError::Gzip)?;
        self.inflated += length.unwrap_or_default() as u64;
        let deflated = u64::MAX - self.decoder.get_ref().get_ref().limit();
        if self.inflated > INFLATED_BYTES_FREE && self.inflated / INFLATION_MAX > deflated {
            return Err(ReadError::Bomb);
        }
        Ok(length)
    }
}

/// Reads the next bytes and returns their number, or `None` at the end.
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
