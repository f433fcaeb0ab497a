//! The Lambda Runtime API of one function (Lambda Developer Guide, "Using the Lambda runtime API for
//! custom runtimes").

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hyper::body::Bytes;
use hyper::http::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Notify, oneshot, watch};

use crate::server::{Payload, Place, Reset, Server, plain, serve, whole};

const BASE: &str = "/2018-06-01/runtime/";

/// An event for the function.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Vec<u8>,
    /// The deadline of the function, in milliseconds since 1970.
    pub(crate) deadline: i64,
    pub(crate) function_arn: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The function returned a response.
    Response(Value),
    /// The function reported an error, and Lambda would retry.
    Failed {
        error_type: String,
        /// The error's message.
        message: String,
        /// The stack trace, if the function gave one.
        stack_trace: Vec<String>,
    },
    /// The process ended without a response.
    Exited {
        /// How it ended, such as `exit status: 1`.
        status: String,
    },
    /// The timeout passed, and the process was killed, as in Lambda.
    TimedOut,
}

/// An error as a function reports it to the Runtime API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct FunctionError {
    pub(crate) error_type: String,
    pub(crate) error_message: String,
    pub(crate) stack_trace: Vec<String>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<(String, Delivery)>,
    under_way: HashMap<String, oneshot::Sender<Outcome>>,
    delivered: u64,
    init_error: Option<FunctionError>,
}

#[derive(Debug)]
struct Inner {
    queue: Mutex<Queue>,
    arrived: Notify,
    /// The number of times the function has requested the next event.
    polls: watch::Sender<u64>,
}

/// The Runtime API of one function, on a separate port, so that several functions can run at once.
#[derive(Debug)]
pub(crate) struct RuntimeApi {
    inner: Arc<Inner>,
    server: Server,
}

impl RuntimeApi {
    pub(crate) async fn start() -> io::Result<Self> {
        let (queue, arrived) = (Mutex::default(), Notify::new());
        let inner = Arc::new(Inner { queue, arrived, polls: watch::Sender::new(0) });
        let served = Arc::clone(&inner);
        let server =
            serve(Place::plain(), move |head, body| handle(Arc::clone(&served), head, body))
                .await?;
        Ok(Self { inner, server })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Watches the number of times the function has requested the next event.
    pub(crate) fn polls(&self) -> watch::Receiver<u64> {
        self.inner.polls.subscribe()
    }

    /// The error that the function reported before it requested an event.
    pub(crate) fn take_init_error(&self) -> Option<FunctionError> {
        self.inner.lock().init_error.take()
    }

    /// Queues an event; the receiver gets the function's response.
    pub(crate) fn deliver(&self, delivery: Delivery) -> oneshot::Receiver<Outcome> {
        let (says, said) = oneshot::channel();
        let mut queue = self.inner.lock();
        queue.delivered = queue.delivered.saturating_add(1);
        let id = format!("8476a536-e9f4-4000-8000-{:012}", queue.delivered);
        queue.under_way.insert(id.clone(), says);
        queue.waiting.push_back((id, delivery));
        drop(queue);
        self.inner.arrived.notify_one();
        said
    }

    /// Drops all pending events, since the process that would have answered has ended.
    pub(crate) fn forget(&self) {
        let mut queue = self.inner.lock();
        queue.waiting.clear();
        queue.under_way.clear();
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn handle(inner: Arc<Inner>, head: Parts, body: Bytes) -> Result<Response<Payload>, Reset> {
    let Some(path) = head.uri.path().strip_prefix(BASE) else {
        return Ok(plain(StatusCode::NOT_FOUND, "{}"));
    };
    let steps: Vec<&str> = path.split('/').collect();
    Ok(match (&head.method, steps.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(&inner).await,
        (&Method::POST, ["invocation", id, "response"]) => response(&inner, id, &body),
        (&Method::POST, ["invocation", id, "error"]) => {
            let FunctionError { error_type, error_message, stack_trace } =
                function_error(&head, &body);
            let failed = Outcome::Failed { error_type, message: error_message, stack_trace };
            complete_invocation(&inner, id, failed)
        }
        (&Method::POST, ["init", "error"]) => {
            inner.lock().init_error = Some(function_error(&head, &body));
            accepted()
        }
        _ => plain(StatusCode::NOT_FOUND, "{}"),
    })
}

/// The next event, as soon as there is one.
async fn next(inner: &Inner) -> Response<Payload> {
    inner.polls.send_modify(|polls| *polls = polls.saturating_add(1));
    loop {
        let next = inner.lock().waiting.pop_front();
        if let Some((id, delivery)) = next {
            return event(&id, delivery);
        }
        inner.arrived.notified().await;
    }
}

fn event(id: &str, delivery: Delivery) -> Response<Payload> {
    let trace = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0";
    let headers = [
        ("lambda-runtime-aws-request-id", id),
        ("lambda-runtime-deadline-ms", &delivery.deadline.to_string()),
        ("lambda-runtime-invoked-function-arn", &delivery.function_arn),
        ("lambda-runtime-trace-id", trace),
        ("content-type", "application/json"),
    ];
    let mut response = Response::new(whole(delivery.event));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn response(inner: &Inner, id: &str, body: &Bytes) -> Response<Payload> {
    if body.is_empty() {
        return complete_invocation(inner, id, Outcome::Response(Value::Null));
    }
    // Lambda ignores the response to an asynchronous invocation; text is kept as text.
    let text = || Value::from(String::from_utf8_lossy(body).into_owned());
    let value = serde_json::from_slice(body).unwrap_or_else(|_| text());
    complete_invocation(inner, id, Outcome::Response(value))
}

fn complete_invocation(inner: &Inner, id: &str, said: Outcome) -> Response<Payload> {
    let Some(says) = inner.lock().under_way.remove(id) else {
        let body = r#"{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}"#;
        return plain(StatusCode::BAD_REQUEST, body);
    };
    // After a timeout nobody receives the outcome.
    let _nobody_listens = says.send(said);
    accepted()
}

fn accepted() -> Response<Payload> {
    plain(StatusCode::ACCEPTED, r#"{"status":"OK"}"#)
}

fn function_error(head: &Parts, body: &Bytes) -> FunctionError {
    let mut error: FunctionError = serde_json::from_slice(body).unwrap_or_else(|_| FunctionError {
        error_message: String::from_utf8_lossy(body).into_owned(),
        ..FunctionError::default()
    });
    if error.error_type.is_empty() {
        let header = head.headers.get("lambda-runtime-function-error-type");
        let said = header.and_then(|value| value.to_str().ok()).unwrap_or("Unknown");
        said.clone_into(&mut error.error_type);
    }
    error
}
