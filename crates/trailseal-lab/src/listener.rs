//! Further addresses of the lab, and the certificate authority of those over TLS.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use crate::server::Server;

/// The names that certificates are issued for.
const NAMES: [&str; 1] = ["localhost"];
const ADDRESSES: [Ipv4Addr; 4] = [
    Ipv4Addr::LOCALHOST,
    Ipv4Addr::new(127, 0, 0, 2),
    Ipv4Addr::new(127, 0, 0, 3),
    Ipv4Addr::new(127, 0, 0, 4),
];

/// A newly generated certificate authority that no system trusts; clients of the lab over TLS must
/// be configured to trust it.
#[derive(Debug)]
pub struct Authority {
    certificate: String,
    server: Arc<ServerConfig>,
}

impl Authority {
    /// Creates an authority and its certificate for 127.0.0.1 to 127.0.0.4 and `localhost`.
    ///
    /// # Errors
    ///
    /// The keys or certificates cannot be created.
    pub fn new() -> io::Result<Self> {
        let mut own = CertificateParams::new(Vec::new()).map_err(io::Error::other)?;
        own.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        own.distinguished_name.push(DnType::CommonName, "Authority of the lab");
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(own, key).map_err(io::Error::other)?;
        let names = NAMES.iter().map(ToString::to_string);
        let names: Vec<String> = names.chain(ADDRESSES.map(|ip| ip.to_string())).collect();
        let mut of_server = CertificateParams::new(names).map_err(io::Error::other)?;
        of_server.distinguished_name.push(DnType::CommonName, "the lab");
        of_server.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let certificate = of_server.signed_by(&key, &issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let server = server(certificate.der().clone(), key).map_err(io::Error::other)?;
        Ok(Self { certificate: issuer.pem(), server: Arc::new(server) })
    }

    /// The authority's certificate in PEM, for `SSL_CERT_FILE` or `AWS_CA_BUNDLE`.
    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.server))
    }
}

fn server(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth();
    config.with_single_cert(vec![certificate], key)
}

/// A further address of a lab, open until the value is dropped.
#[derive(Debug)]
pub struct Listener {
    server: Server,
    is_secret: bool,
}

impl Listener {
    pub(crate) fn new(server: Server, is_secret: bool) -> Self {
        Self { server, is_secret }
    }

    /// The endpoint, such as `https://127.0.0.2:40123`.
    pub fn url(&self) -> String {
        let scheme = if self.is_secret { "https" } else { "http" };
        format!("{scheme}://{}", self.address())
    }

    /// Its IP address and port.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }
}
