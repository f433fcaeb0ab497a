//! A report in its bucket, read with GetObject.
//!
//! A file is read in parts of a fixed size, so that no connection stays open while rows are counted,
//! and nothing is stored. Each part is of the object that was opened first (`If-Match`).
//!
//! INVARIANT (one bucket): the keys of a manifest are read in the bucket of the manifest only.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tokio::time::timeout;
use trailseal_aws::{Session, failed};
use trailseal_rule::{BucketName, Region};

use super::files::{Content, Files, Name};
use crate::client::client;
use crate::live::{Cause, region_of};

/// The IAM action of GetObject.
const GET: &str = "s3:GetObject";

/// The size of a part.
const PART_BYTES: usize = 1 << 20;

/// How often a part is requested whose answer ends early. S3 is asked again by the SDK itself if it
/// does not answer.
const ATTEMPTS_MAX: u32 = 3;

/// The time in which the body of a part must be there.
const BODY_TIMEOUT: Duration = Duration::from_secs(60);

/// A report in a bucket.
#[derive(Clone, Debug)]
pub struct S3Files {
    bucket: Arc<Bucket>,
    manifest: String,
}

#[derive(Debug)]
struct Bucket {
    client: Client,
    name: BucketName,
    region: Region,
    /// The threads that read files wait for its requests.
    runtime: Handle,
}

impl S3Files {
    /// The report whose `manifest.json` has this key. Its files are opened and read outside of
    /// asynchronous code, while the current runtime runs.
    ///
    /// # Errors
    ///
    /// The bucket does not exist, or S3 does not say in which Region it is.
    pub async fn of(session: &Session, name: &BucketName, manifest: &str) -> Result<Self, Cause> {
        let region = region_of(session, name).await?;
        let bucket = Bucket {
            client: client(session, &region),
            name: name.clone(),
            region,
            runtime: Handle::current(),
        };
        Ok(Self { bucket: Arc::new(bucket), manifest: manifest.to_owned() })
    }

    /// About how many requests a file of this size takes, if it is read once.
    pub fn requests(bytes: u64) -> u64 {
        bytes.div_ceil(PART_BYTES as u64).max(1)
    }
}

impl Files for S3Files {
    fn open(&self, file: Name<'_>) -> Result<Box<dyn Content>, String> {
        let key = match file {
            Name::Manifest => self.manifest.clone(),
            Name::Checksum => match self.manifest.rsplit_once('/') {
                Some((folder, _)) => format!("{folder}/manifest.checksum"),
                None => "manifest.checksum".to_owned(),
            },
            // The path of a request could lead out of the bucket.
            Name::Data(key) if key.split('/').any(|part| part == "." || part == "..") => {
                return Err("its key is not a path below a folder".to_owned());
            }
            Name::Data(key) => key.to_owned(),
        };
        let part = self.bucket.read(&key, 0, PART_BYTES, None)?;
        let bucket = Arc::clone(&self.bucket);
        let Part { content, bytes, e_tag } = part;
        Ok(Box::new(Object { bucket, key, bytes, e_tag, first: content }))
    }
}

/// An object that was opened.
struct Object {
    bucket: Arc<Bucket>,
    key: String,
    bytes: u64,
    e_tag: String,
    /// Its first part.
    first: Bytes,
}

impl Content for Object {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_at(&self, start: u64, bytes: usize) -> io::Result<Bytes> {
        let rest = usize::try_from(self.bytes.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = bytes.min(rest);
        if bytes == 0 {
            return Ok(Bytes::new());
        }
        let within =
            usize::try_from(start).ok().and_then(|start| Some(start..start.checked_add(bytes)?));
        if let Some(within) = within.filter(|within| within.end <= self.first.len()) {
            return Ok(self.first.slice(within));
        }
        let part = self.bucket.read(&self.key, start, bytes, Some(&self.e_tag));
        Ok(part.map_err(io::Error::other)?.content)
    }

    fn read_bytes(&self) -> usize {
        PART_BYTES
    }
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    content: Bytes,
    /// The bytes of the whole object.
    bytes: u64,
    e_tag: String,
}

/// Why a part was not read.
enum Fault {
    /// Another request would fare the same.
    Final(String),
    /// The answer ended early.
    Early(String),
}

impl Bucket {
    fn read(
        &self,
        key: &str,
        start: u64,
        bytes: usize,
        e_tag: Option<&str>,
    ) -> Result<Part, String> {
        self.runtime.block_on(async {
            let mut attempt = 1;
            loop {
                match self.get(key, start, bytes, e_tag).boxed().await {
                    Ok(part) => return Ok(part),
                    Err(Fault::Early(_)) if attempt < ATTEMPTS_MAX => attempt += 1,
                    Err(Fault::Early(reason) | Fault::Final(reason)) => return Err(reason),
                }
            }
        })
    }

    async fn get(
        &self,
        key: &str,
        start: u64,
        bytes: usize,
        e_tag: Option<&str>,
    ) -> Result<Part, Fault> {
        let last = start.saturating_add(bytes.saturating_sub(1) as u64);
        let call = self.client.get_object().bucket(self.name.as_str()).key(key);
        let call =
            call.range(format!("bytes={start}-{last}")).set_if_match(e_tag.map(str::to_owned));
        let answer = call.send().boxed().await.map_err(|error| {
            let status = error.raw_response().map(|response| response.status().as_u16());
            Fault::Final(match status {
                Some(412) => "it was replaced after it was opened".to_owned(),
                Some(416) => "it is empty".to_owned(),
                _ => failed(GET, &self.region, &error).to_string(),
            })
        })?;
        let bad = |what: &str| Fault::Final(format!("{GET} in {} failed: {what}", self.region));
        let ContentRange { first, last, bytes: of } = answer
            .content_range
            .as_deref()
            .and_then(content_range)
            .ok_or_else(|| bad("the answer does not say which part it is (`Content-Range`)"))?;
        let expected = (bytes as u64).min(of.saturating_sub(start));
        if first != start || last.checked_sub(first).map(|span| span + 1) != Some(expected) {
            return Err(bad("the answer is another part"));
        }
        let answered = answer.e_tag.clone().filter(|tag| !tag.is_empty());
        let answered = answered.ok_or_else(|| bad("the answer has no `ETag`"))?;
        if e_tag.is_some_and(|e_tag| e_tag != answered) {
            return Err(Fault::Final("it was replaced after it was opened".to_owned()));
        }
        let content = timeout(BODY_TIMEOUT, body(answer, expected)).await;
        let content = content.unwrap_or_else(|_| Err("it takes more than a minute".to_owned()));
        let early = |cause| Fault::Early(format!("{GET} in {} failed: {cause}", self.region));
        Ok(Part { content: content.map_err(early)?, bytes: of, e_tag: answered })
    }
}

/// The body of an answer, of exactly this many bytes.
async fn body(mut answer: GetObjectOutput, bytes: u64) -> Result<Bytes, String> {
    let size = usize::try_from(bytes).map_err(|error| error.to_string())?;
    let mut content = Vec::with_capacity(size);
    while let Some(chunk) = answer.body.next().await {
        let chunk = chunk.map_err(|error| format!("the answer ended early: {error}"))?;
        if chunk.len() > size - content.len() {
            return Err(format!("the answer has more than the {size} bytes that it announced"));
        }
        content.extend_from_slice(&chunk);
    }
    if content.len() < size {
        return Err(format!("the answer ended early: {} of {size} bytes", content.len()));
    }
    Ok(Bytes::from(content))
}

/// The header `Content-Range`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ContentRange {
    first: u64,
    last: u64,
    /// The bytes of the whole object.
    bytes: u64,
}

/// Reads `bytes FIRST-LAST/BYTES` (RFC 9110, section 14.4).
fn content_range(header: &str) -> Option<ContentRange> {
    let (range, bytes) = header.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let range = ContentRange {
        first: first.parse().ok()?,
        last: last.parse().ok()?,
        bytes: bytes.parse().ok()?,
    };
    (range.first <= range.last && range.last < range.bytes).then_some(range)
}
