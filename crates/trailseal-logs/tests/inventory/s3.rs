//! Reports in a bucket, and S3 that fails.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use trailseal_aws::{Connection, RetryPolicy, Session};
use trailseal_logs::inventory::{self, Outcome, S3Files};
use trailseal_rule::{AccountId, BucketName, Region};

use super::synthetic::{BUCKET, Object};
use super::{FORMATS, OPTIONS, counts, key, report};

const MANIFEST: &str = "inventory/trail-logs/all/2026-11-28T01-00Z/manifest.json";

/// What S3 answers to a request for a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Right,
    Status(u16),
    /// The connection is closed in the middle of the part, or before it.
    Cut,
    Closed,
    /// The header `Range` is ignored.
    Whole,
    OtherPart,
    OtherTag,
    NoTag,
    Longer,
}

/// The key of a request, its part, and the tag that it expects.
type Asked = (String, String, Option<String>);

/// A bucket on loopback.
struct Store {
    objects: BTreeMap<String, Vec<u8>>,
    asked: Mutex<Vec<Asked>>,
    answer: Box<Answers>,
}

/// Takes the key and the number of the request for it.
type Answers = dyn Fn(&str, usize) -> Answer + Send + Sync;

impl Store {
    /// The report of a folder.
    fn of(folder: &Path, answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let mut objects = BTreeMap::new();
        for name in ["manifest.json", "manifest.checksum"] {
            let key = MANIFEST.replace("manifest.json", name);
            objects.insert(key, fs::read(folder.join(name)).unwrap());
        }
        for file in fs::read_dir(folder.join("data")).unwrap() {
            let file = file.unwrap();
            let key = format!("inventory/{BUCKET}/all/data/{}", file.file_name().display());
            objects.insert(key, fs::read(file.path()).unwrap());
        }
        Self { objects, asked: Mutex::default(), answer: Box::new(answer) }
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        let head = String::from_utf8(head).unwrap();
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            let found = lines.find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.to_owned())
        };
        if head.starts_with("HEAD ") {
            let answer = "HTTP/1.1 403 Forbidden\r\nx-amz-bucket-region: eu-central-1\r\n";
            let end = "content-length: 0\r\nconnection: close\r\n\r\n";
            return stream.write_all(format!("{answer}{end}").as_bytes()).await;
        }
        let path = head.split(['?', ' ']).nth(1).unwrap();
        let key = path.strip_prefix("/reports/").unwrap_or("outside").to_owned();
        let range = header("range").unwrap();
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push((key.clone(), range.clone(), header("if-match")));
            asked.iter().filter(|(known, ..)| *known == key).count()
        };
        stream.write_all(&self.answered(&key, &range, number)).await
    }

    fn answered(&self, key: &str, range: &str, number: usize) -> Vec<u8> {
        let empty = |status: u16| {
            format!("HTTP/1.1 {status} Status\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                .into_bytes()
        };
        let answer = (self.answer)(key, number);
        let Some(content) = self.objects.get(key) else { return empty(404) };
        let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let first: usize = first.parse().unwrap();
        let last = last.parse::<usize>().unwrap().min(content.len() - 1);
        let (mut part, mut status, mut named) = (&content[first..=last], 206, first);
        let mut tag = "etag: \"1\"\r\n";
        match answer {
            Answer::Right | Answer::Cut | Answer::Longer => {}
            Answer::Status(status) => return empty(status),
            Answer::Closed => return Vec::new(),
            Answer::Whole => (part, status) = (content, 200),
            Answer::OtherPart => named += 1,
            Answer::OtherTag => tag = "etag: \"2\"\r\n",
            Answer::NoTag => tag = "",
        }
        let mut body = part.to_vec();
        let mut length = body.len();
        match answer {
            Answer::Cut => body.truncate(length / 2),
            Answer::Longer => {
                body.push(0);
                length += 1;
            }
            Answer::Right
            | Answer::Status(_)
            | Answer::Closed
            | Answer::Whole
            | Answer::OtherPart
            | Answer::OtherTag
            | Answer::NoTag => {}
        }
        let of = content.len();
        let range = match status {
            206 => format!("content-range: bytes {named}-{last}/{of}\r\n"),
            _ => String::new(),
        };
        let head = format!(
            "HTTP/1.1 {status} Status\r\n{tag}{range}content-length: {length}\r\n\
             connection: close\r\n\r\n"
        );
        [head.into_bytes(), body].concat()
    }

    /// Reads the report.
    async fn read(self) -> (Result<Outcome, String>, Vec<Asked>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let store = Arc::new(self);
        let served = Arc::clone(&store);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let store = Arc::clone(&served);
                tokio::spawn(async move { store.serve(stream).await });
            }
        });
        let bucket = BucketName::parse("reports").unwrap();
        let files = S3Files::of(&session(url), &bucket, MANIFEST).await.unwrap();
        let outcome = tokio::task::block_in_place(|| {
            let manifest = inventory::read_manifest(&files).map_err(|error| error.to_string())?;
            Ok(inventory::read(&files, manifest, &OPTIONS))
        });
        let asked = store.asked.lock().unwrap().clone();
        (outcome, asked)
    }
}

/// A session that never waits before a retry.
fn session(url: String) -> Session {
    let retry = RetryPolicy {
        attempts_max: 2,
        backoff_first: Duration::from_millis(1),
        backoff_max: Duration::from_millis(1),
        ..RetryPolicy::default()
    };
    Session::new(
        Connection::at(Some(url).into(), retry),
        AccountId::parse("111122223333").unwrap(),
        Region::parse("eu-central-1").unwrap(),
        SharedCredentialsProvider::new(Credentials::new("AKIDEXAMPLE", "s", None, None, "test")),
    )
}

/// Two data files; the first is larger than one part.
fn two_files(format: &str) -> tempfile::TempDir {
    let large = (0..120_000).map(|number| {
        let key = key(number % 60).replace("Ab3dEf6hIj9kLm2n", &format!("{number:016}"));
        let status = if number % 3 == 0 { "SSE-S3" } else { "SSE-KMS" };
        Object::new(&key, status)
    });
    report(format, &[large.collect(), vec![Object::new(&key(1), "SSE-KMS")]])
}

fn name(format: &str) -> &'static str {
    if format == "CSV" { "all/data/0.csv.gz" } else { "all/data/0.parquet" }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_in_a_bucket_is_read_in_parts_of_one_object() {
    for format in FORMATS {
        let folder = two_files(format);
        let local = super::read(folder.path());
        let (outcome, asked) = Store::of(folder.path(), |_, _| Answer::Right).read().await;
        let outcome = outcome.unwrap();
        assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
        assert_eq!((outcome.rows, &outcome.coverage), (120_001, &local.coverage), "{format}");
        let of_file = asked.iter().filter(|(key, ..)| key.ends_with(name(format)));
        let tags: Vec<Option<&str>> = of_file.map(|(.., tag)| tag.as_deref()).collect();
        assert!(tags.len() > 1, "{format}: {asked:?}");
        assert_eq!(tags[0], None);
        assert!(tags.iter().skip(1).all(|tag| *tag == Some("\"1\"")), "{format}: {tags:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_data_file_that_s3_does_not_serve_whole_is_not_counted() {
    let cases = [
        (Answer::Status(403), "s3:GetObject in eu-central-1"),
        (Answer::Status(404), "s3:GetObject in eu-central-1"),
        (Answer::Status(503), "s3:GetObject in eu-central-1"),
        (Answer::Status(412), "it was replaced after it was opened"),
        (Answer::Status(416), "it is empty"),
        (Answer::Cut, "ended early"),
        (Answer::Closed, "s3:GetObject in eu-central-1"),
        (Answer::Whole, "`Content-Range`"),
        (Answer::OtherPart, "another part"),
        (Answer::NoTag, "`ETag`"),
        (Answer::Longer, "more than the"),
    ];
    let of_later = [(Answer::OtherTag, "it was replaced after it was opened")];
    for format in FORMATS {
        let folder = two_files(format);
        for first in [1, 2] {
            let later = of_later.iter().filter(|_| first == 2);
            for &(answer, reason) in cases.iter().chain(later) {
                let is_hit =
                    move |key: &str, number| key.ends_with(name(format)) && number >= first;
                let store = Store::of(folder.path(), move |key, number| {
                    if is_hit(key, number) { answer } else { Answer::Right }
                });
                let outcome = store.read().await.0.unwrap();
                let what = format!("{format} {answer:?} from {first}: {:?}", outcome.unread);
                assert!(!outcome.is_complete() && outcome.unread.len() == 1, "{what}");
                assert!(outcome.unread[0].key.ends_with(name(format)), "{what}");
                assert!(outcome.unread[0].reason.contains(reason), "{what}");
                let files: u64 = counts(&outcome).iter().map(|(_, files)| files).sum();
                assert_eq!((outcome.rows, files), (1, 1), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_ends_early_once_is_requested_again() {
    for format in FORMATS {
        let folder = two_files(format);
        let store = Store::of(folder.path(), |_, number| match number {
            1 => Answer::Cut,
            2 => Answer::Right,
            3 => Answer::Closed,
            _ => Answer::Right,
        });
        let outcome = store.read().await.0.unwrap();
        assert!(outcome.is_complete(), "{format}: {:?}", outcome.unread);
        assert_eq!(outcome.coverage, super::read(folder.path()).coverage);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_leaves_the_bucket_is_not_requested() {
    for wrong in ["../other/x", "a/../../other/x", "./x", ".."] {
        let folder = report("CSV", &[vec![Object::new(&key(0), "SSE-S3")]]);
        let path = folder.path().join("manifest.json");
        let json = fs::read_to_string(&path).unwrap();
        let json = json.replace("inventory/trail-logs/all/data/0.csv.gz", wrong);
        let md5 = u128::from_be_bytes(<md5::Md5 as md5::Digest>::digest(&json).into());
        fs::write(folder.path().join("manifest.checksum"), format!("{md5:032x}")).unwrap();
        fs::write(&path, json).unwrap();
        let (outcome, asked) = Store::of(folder.path(), |_, _| Answer::Right).read().await;
        assert_eq!(outcome.unwrap().unread[0].reason, "its key is not a path below a folder");
        assert_eq!(asked.len(), 2, "{asked:?}");
    }
}
