//! A bucket on loopback whose answers a test can replace.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use bytes::Bytes;
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tokio::net::TcpListener;
use trailseal_aws::{Connection, RetryPolicy, Session};
use trailseal_rule::{AccountId, Region};

pub(crate) type Answer = Response<Full<Bytes>>;

/// The operation, the key or prefix, and the number of the request of this operation.
pub(crate) type Intercept = dyn Fn(&str, &str, usize) -> Option<Answer> + Send + Sync;

/// The name under which [`Headers`] have the ETag that lists show, if it is not the usual one.
pub(crate) const LISTED_ETAG: &str = "x-listed-etag";

/// The same for the time of the object.
pub(crate) const LISTED_MODIFIED: &str = "x-listed-modified";

/// The same for the owner; none if it is empty.
pub(crate) const LISTED_OWNER: &str = "x-listed-owner";

/// The canonical user ID of the bucket's account.
pub(crate) const OWNER: &str = "75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a";

/// The headers of an object.
pub(crate) type Headers = Vec<(&'static str, String)>;

pub(crate) struct Bucket {
    objects: BTreeMap<String, Headers>,
    calls: Mutex<BTreeMap<String, Vec<String>>>,
    intercept: Box<Intercept>,
    page_max: usize,
    url: String,
}

pub(crate) fn status(status: u16) -> Answer {
    Response::builder().status(status).body(Full::default()).unwrap()
}

pub(crate) fn text(status: u16, text: &str) -> Answer {
    Response::builder().status(status).body(Full::from(text.to_owned())).unwrap()
}

impl Bucket {
    pub(crate) async fn start(
        objects: impl IntoIterator<Item = (String, Headers)>,
        page_max: usize,
        intercept: impl Fn(&str, &str, usize) -> Option<Answer> + Send + Sync + 'static,
    ) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bucket = Arc::new(Self {
            objects: objects.into_iter().collect(),
            calls: Mutex::default(),
            intercept: Box::new(intercept),
            page_max,
            url: format!("http://{}", listener.local_addr().unwrap()),
        });
        let served = Arc::clone(&bucket);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                stream.set_nodelay(true).unwrap();
                let bucket = Arc::clone(&served);
                let service = service_fn(move |request: Request<_>| {
                    let answer = bucket.answer(request.method(), request.uri());
                    async move { Ok::<_, Infallible>(answer) }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        bucket
    }

    /// A session that never waits before a retry.
    pub(crate) fn session(&self) -> Session {
        let retry = RetryPolicy {
            attempts_max: 2,
            backoff_first: std::time::Duration::from_millis(1),
            backoff_max: std::time::Duration::from_millis(1),
            attempt: std::time::Duration::from_secs(2),
            ..RetryPolicy::default()
        };
        Session::new(
            Connection::at(Some(self.url.clone()).into(), retry),
            AccountId::parse("111122223333").unwrap(),
            Region::parse("eu-central-1").unwrap(),
            SharedCredentialsProvider::new(Credentials::new(
                "AKIDEXAMPLE",
                "secret",
                None,
                None,
                "test",
            )),
        )
    }

    /// The keys, prefixes or buckets of the requests of an operation.
    pub(crate) fn calls(&self, operation: &str) -> Vec<String> {
        self.calls.lock().unwrap().get(operation).cloned().unwrap_or_default()
    }

    fn answer(&self, method: &Method, uri: &Uri) -> Answer {
        let path = percent_decode_str(uri.path()).decode_utf8().unwrap().into_owned();
        let (_, key) = path.trim_start_matches('/').split_once('/').unwrap_or((&path, ""));
        let query: BTreeMap<String, String> = uri
            .query()
            .unwrap_or_default()
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| {
                (name.to_owned(), percent_decode_str(value).decode_utf8().unwrap().into_owned())
            })
            .collect();
        let operation = match (method.as_str(), key) {
            ("HEAD", "") => "HeadBucket",
            ("HEAD", _) => "HeadObject",
            _ if uri.query().is_some_and(|query| query.split('&').any(|it| it == "versions")) => {
                "ListObjectVersions"
            }
            _ if uri.query().is_some_and(|query| query.split('&').any(|it| it == "acl")) => {
                "GetBucketAcl"
            }
            _ => "ListObjectsV2",
        };
        let prefix = query.get("prefix").map_or("", String::as_str);
        let about = if key.is_empty() { prefix } else { key };
        let number = {
            let mut calls = self.calls.lock().unwrap();
            let calls = calls.entry(operation.to_owned()).or_default();
            calls.push(about.to_owned());
            calls.len()
        };
        if let Some(answer) = (self.intercept)(operation, about, number) {
            return answer;
        }
        match operation {
            "HeadBucket" => Response::builder()
                .status(403)
                .header("x-amz-bucket-region", "eu-central-1")
                .body(Full::default())
                .unwrap(),
            "HeadObject" => self.head(key),
            "GetBucketAcl" => {
                let owner = format!("<Owner><ID>{OWNER}</ID></Owner>");
                text(200, &format!("<AccessControlPolicy>{owner}</AccessControlPolicy>"))
            }
            _ => self.list(prefix, &query),
        }
    }

    fn head(&self, key: &str) -> Answer {
        let Some(headers) = self.objects.get(key) else { return status(404) };
        let mut answer = Response::builder()
            .header("etag", "\"0\"")
            .header("last-modified", "Wed, 21 Oct 2015 07:28:00 GMT");
        for (name, value) in headers {
            answer = answer.header(*name, value);
        }
        answer.body(Full::default()).unwrap()
    }

    fn listed_etag(&self, key: &str) -> &str {
        let header = self.objects[key].iter().find(|(name, _)| *name == LISTED_ETAG);
        header.map_or("0", |(_, etag)| etag)
    }

    fn listed_modified(&self, key: &str) -> &str {
        let header = self.objects[key].iter().find(|(name, _)| *name == LISTED_MODIFIED);
        header.map_or("2015-10-21T07:28:00.000Z", |(_, time)| time)
    }

    fn listed_owner(&self, key: &str) -> String {
        let header = self.objects[key].iter().find(|(name, _)| *name == LISTED_OWNER);
        match header.map_or(OWNER, |(_, owner)| owner) {
            "" => String::new(),
            owner => format!("<Owner><ID>{owner}</ID></Owner>"),
        }
    }

    /// As S3 lists: keys in the order of their bytes, folders once each.
    fn list(&self, prefix: &str, query: &BTreeMap<String, String>) -> Answer {
        let get = |name: &str| query.get(name).cloned().unwrap_or_default();
        let has_delimiter = query.get("delimiter").is_some_and(|it| !it.is_empty());
        let page_max = get("max-keys").parse().unwrap_or(1000).min(self.page_max);
        let after = query.get("continuation-token").cloned().unwrap_or_else(|| get("start-after"));
        let mut entries: Vec<(String, bool)> = Vec::new();
        let mut is_truncated = false;
        for key in self.objects.keys().filter(|key| key.starts_with(prefix)) {
            let rest = key.strip_prefix(prefix).unwrap();
            let (entry, is_folder) = match rest.split_once('/').filter(|_| has_delimiter) {
                Some((folder, _)) => (format!("{prefix}{folder}/"), true),
                None => (key.clone(), false),
            };
            if entry <= after || entries.last().is_some_and(|(last, _)| *last == entry) {
                continue;
            }
            if entries.len() == page_max {
                is_truncated = true;
                break;
            }
            entries.push((entry, is_folder));
        }
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut xml = format!(
            "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{is_truncated}</IsTruncated>"
        );
        if let (true, Some((last, _))) = (is_truncated, entries.last()) {
            xml += &format!("<NextContinuationToken>{last}</NextContinuationToken>");
        }
        for (entry, is_folder) in entries {
            xml += &if is_folder {
                format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", encoded(&entry))
            } else {
                format!(
                    "<Contents><Key>{}</Key><LastModified>{}</LastModified><ETag>{}</ETag>\
                     <Size>10</Size>{}</Contents>",
                    encoded(&entry),
                    self.listed_modified(&entry),
                    self.listed_etag(&entry),
                    self.listed_owner(&entry)
                )
            };
        }
        text(200, &(xml + "</ListBucketResult>"))
    }
}
