//! The real function over TLS: which certificates it trusts.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use trailseal_lab::{Authority, Function, FunctionSettings, Lab, Listener, Outcome};

use super::case::{Case, all};
use super::harness::{ACCOUNT, REGION, RULE, TIME, bootstrap_path, lab};

/// A case of the usual account and Region that calls KMS, S3 and AWS Config once each.
fn case() -> Case {
    let is_usual = |case: &Case| {
        case.place() == (ACCOUNT, REGION)
            && case.expected.calls.len() == 3
            && case.expected.evaluations.iter().any(|one| one.compliance == "COMPLIANT")
    };
    all().into_iter().find(is_usual).unwrap()
}

/// Each service at its own address, and a function that trusts the certificates in a file.
async fn function(lab: &Lab, authority: &Authority, trusted: &str) -> (Function, Vec<Listener>) {
    let mut listeners = Vec::new();
    let mut settings = FunctionSettings::new(ACCOUNT, REGION);
    for (host, service) in (1..).zip(["KMS", "S3", "CONFIG_SERVICE"]) {
        let listener = lab.open(Ipv4Addr::new(127, 0, 0, host), Some(authority)).await.unwrap();
        settings.environment.push((format!("AWS_ENDPOINT_URL_{service}"), listener.url()));
        listeners.push(listener);
    }
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("trailseal-root-{}-{number}.pem", process::id());
    let file = env::temp_dir().join(name);
    fs::write(&file, trusted).unwrap();
    for (name, value) in [
        ("SSL_CERT_FILE", file.to_str().unwrap()),
        ("TRAILSEAL_BACKOFF_MILLISECONDS", "1"),
        ("TRAILSEAL_ATTEMPT_TIMEOUT_MILLISECONDS", "2000"),
    ] {
        settings.environment.push((name.to_owned(), value.to_owned()));
    }
    (Function::rest(&bootstrap_path(), lab, settings).await.unwrap(), listeners)
}

#[tokio::test]
async fn calls_each_service_over_tls_at_its_own_address() {
    let (case, authority) = (case(), Authority::new().unwrap());
    let lab = lab(&case.state()).await;
    let event = case.event(&lab.issue_token(ACCOUNT, REGION, RULE));
    let trusted = authority.certificate().to_owned();
    let (mut function, _doors) = function(&lab, &authority, &trusted).await;
    let first = function.first_response(&event, TIME).await.unwrap();
    assert!(matches!(first.outcome, Outcome::Response(_)), "{first:?}");
    assert!(first.until_ready <= first.duration);
    let again = function.invoke(&event, TIME).await.unwrap();
    assert!(matches!(again.outcome, Outcome::Response(_)), "{again:?}");
    let put = lab.take_put_evaluations();
    assert_eq!(put.len(), 2, "{put:?}");
    assert!(put.iter().all(|one| one.compliance_type == "COMPLIANT"), "{put:?}");
    // Connections that are opened early carry no request.
    assert_eq!(lab.take_calls().len(), 6);
    assert_eq!(function.starts(), 1);
}

/// The function sends nothing to an untrusted server, and the failure names the cause.
#[tokio::test]
async fn rejects_a_certificate_that_no_trusted_root_verifies() {
    let other = Authority::new().unwrap().certificate().to_owned();
    for (trusted, cause) in [
        (other, "invalid peer certificate"),
        (String::new(), "failed to load the system's root certificates"),
    ] {
        let (case, authority) = (case(), Authority::new().unwrap());
        let lab = lab(&case.state()).await;
        let event = case.event(&lab.issue_token(ACCOUNT, REGION, RULE));
        let (mut function, _doors) = function(&lab, &authority, &trusted).await;
        let first = function.first_response(&event, TIME).await.unwrap();
        let Outcome::Failed { error_type, message, .. } = first.outcome else {
            panic!("{first:?}");
        };
        assert_eq!(error_type, "AwsBreakdown");
        assert!(message.contains(cause), "{message}");
        assert!(lab.take_calls().is_empty() && lab.take_put_evaluations().is_empty());
    }
}
