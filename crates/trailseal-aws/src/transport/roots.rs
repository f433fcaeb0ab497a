//! Whom the client trusts: Amazon's own roots first, then those of the system.
//!
//! The services of AWS have certificates of Amazon Trust Services. Its five roots are compiled in,
//! so that a cold start need not read the hundred and more of the system. A certificate that they
//! do not vouch for is held against the system's roots, which are read then. Where `SSL_CERT_FILE`
//! or `SSL_CERT_DIR` says whom to trust, nobody else is trusted.

use std::env;
use std::sync::{Arc, OnceLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// Amazon Root CA 1 to 4, and Starfield Services Root Certificate Authority - G2.
/// <https://www.amazontrust.com/repository/>
const AMAZON: [&[u8]; 5] = [
    include_bytes!("../../roots/amazon-root-ca-1.der"),
    include_bytes!("../../roots/amazon-root-ca-2.der"),
    include_bytes!("../../roots/amazon-root-ca-3.der"),
    include_bytes!("../../roots/amazon-root-ca-4.der"),
    include_bytes!("../../roots/starfield-services-root-ca-g2.der"),
];

/// TLS 1.2 and 1.3 by ring.
pub(crate) fn client_config() -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Verifier::new(Arc::clone(&provider));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    Ok(builder.with_no_client_auth())
}

/// What vouches for a certificate; nothing where there is no usable root.
type Vouching = Option<Arc<WebPkiServerVerifier>>;

/// Holds certificates against Amazon's roots and then the system's, or against the system's alone.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    amazon: Vouching,
    system: OnceLock<Vouching>,
}

impl Verifier {
    fn new(provider: Arc<CryptoProvider>) -> Self {
        let is_told =
            ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(env::var_os).iter().any(Option::is_some);
        let amazon =
            if is_told { None } else { vouching(AMAZON.map(CertificateDer::from), &provider) };
        Self { provider, amazon, system: OnceLock::new() }
    }

    fn system(&self) -> &Vouching {
        self.system.get_or_init(|| {
            vouching(rustls_native_certs::load_native_certs().certs, &self.provider)
        })
    }
}

fn vouching(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Vouching {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(roots);
    let provider = Arc::clone(provider);
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider).build().ok()
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verify = |vouching: &Vouching| match vouching {
            Some(roots) => {
                roots.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            }
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        };
        match verify(&self.amazon) {
            Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {
                verify(self.system())
            }
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_root_of_amazon_can_be_used() {
        let mut store = RootCertStore::empty();
        assert_eq!(store.add_parsable_certificates(AMAZON.map(CertificateDer::from)), (5, 0));
    }
}
