//! The lower limit for a warm function: it takes an event, replays the recorded calls of a change
//! in order over one connection, and responds. It reads and decides nothing.

use std::env;
use std::error::Error;
use std::fs;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Debug, Default, Deserialize)]
struct Call {
    method: String,
    path: String,
    headers: Map<String, Value>,
    body: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let runtime_host = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let mut runtime = plain(&runtime_host).await?;
    let address = env::var("BARE_ADDRESS")?;
    let (_, host) = address.split_once("://").ok_or("no address")?;
    let mut services = connected(&address, host).await?;
    let calls: Vec<Call> = serde_json::from_slice(&fs::read(env::var("BARE_CALLS")?)?)?;
    let next = Call {
        method: "GET".to_owned(),
        path: "/2018-06-01/runtime/invocation/next".to_owned(),
        ..Call::default()
    };
    loop {
        let event = ask(&mut runtime, &next, &runtime_host).await?;
        let id = event.headers().get("lambda-runtime-aws-request-id").ok_or("no request id")?;
        let path = format!("/2018-06-01/runtime/invocation/{}/response", id.to_str()?);
        for call in &calls {
            ask(&mut services, call, host).await?;
        }
        let answer = Call {
            method: "POST".to_owned(),
            path,
            body: "{\"accepted\":1}".to_owned(),
            ..Call::default()
        };
        ask(&mut runtime, &answer, &runtime_host).await?;
    }
}

async fn ask(
    connection: &mut SendRequest<Full<Bytes>>,
    call: &Call,
    host: &str,
) -> Result<Response<Bytes>, Failure> {
    let mut request =
        Request::builder().method(call.method.as_str()).uri(&call.path).header("host", host);
    for (name, value) in &call.headers {
        request = request.header(name, value.as_str().unwrap_or_default());
    }
    connection.ready().await?;
    let response = connection.send_request(request.body(Full::from(call.body.clone()))?).await?;
    let (head, body) = response.into_parts();
    Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
}

async fn connected(address: &str, host: &str) -> Result<SendRequest<Full<Bytes>>, Failure> {
    if !address.starts_with("https:") {
        return plain(host).await;
    }
    let mut roots = RootCertStore::empty();
    for root in CertificateDer::pem_file_iter(env::var("BARE_ROOTS")?)? {
        roots.add(root?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host.split(':').next().unwrap_or_default().to_owned();
    let stream = opened(host).await?;
    let connector = TlsConnector::from(Arc::new(config));
    begun(connector.connect(ServerName::try_from(name)?, stream).await?).await
}

async fn plain(host: &str) -> Result<SendRequest<Full<Bytes>>, Failure> {
    begun(opened(host).await?).await
}

async fn opened(host: &str) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(host).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn begun<S>(stream: S) -> Result<SendRequest<Full<Bytes>>, Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}
