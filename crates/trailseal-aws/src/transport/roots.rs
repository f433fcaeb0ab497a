//! The root certificates that the client trusts: Amazon's own, then those of the system.
//!
//! The certificates of AWS services are issued by Amazon Trust Services. Its five roots are
//! compiled in, so that a cold start does not read the system's certificates, more than a hundred.
//! They are read when the first certificate of another issuer is verified. If `SSL_CERT_FILE` or
//! `SSL_CERT_DIR` is set, only the certificates there are trusted.

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

/// Verifies against a set of roots; `None` if none of them is usable.
type RootVerifier = Option<Arc<WebPkiServerVerifier>>;

/// Verifies certificates against Amazon's roots and then the system's, or only the system's.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    amazon: RootVerifier,
    system: OnceLock<RootVerifier>,
}

impl Verifier {
    fn new(provider: Arc<CryptoProvider>) -> Self {
        let is_configured =
            ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(env::var_os).iter().any(Option::is_some);
        let amazon = if is_configured {
            None
        } else {
            root_verifier(AMAZON.map(CertificateDer::from), &provider)
        };
        Self { provider, amazon, system: OnceLock::new() }
    }

    fn system(&self) -> &RootVerifier {
        self.system.get_or_init(|| {
            root_verifier(rustls_native_certs::load_native_certs().certs, &self.provider)
        })
    }
}

fn root_verifier(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> RootVerifier {
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
        let verify = |root_verifier: &RootVerifier| match root_verifier {
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
