//! Profiles, endpoints, the caller, and endless lists.

use trailseal_lab::{Fault, FaultKind, Operation, Position};

use super::support::{ACCOUNT, KEY, REGION, TRAIL, command, folder, key_of, lab, run, run_of};

const SEAL: &[&str] = &["audit", "--key", KEY, "--apply", "--yes", "--wait", "0"];

const CAUSE: &str = "cannot be read to its end: the service repeats the token of a page";

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_profile_changes_nothing_in_the_account_of_the_environment() {
    let lab = lab().await;
    let folder = folder("no-such-profile");
    for (variable, arguments) in [
        (Some("AWS_PROFILE"), SEAL),
        (Some("AWS_DEFAULT_PROFILE"), SEAL),
        (None, &[SEAL, &["--profile", "nosuch"]].concat()),
    ] {
        let mut command = command(&lab, &folder, arguments);
        if let Some(variable) = variable {
            command.env(variable, "nosuch");
        }
        let ended = run_of(&mut command).expect(3);
        let named_by = variable.unwrap_or("--profile");
        let text = format!("error: the profile `nosuch` that {named_by} names does not exist");
        assert!(ended.err.starts_with(&text), "{}", ended.err);
        assert_eq!(lab.take_calls().len(), 0);
    }
    assert_eq!(key_of(&lab.state(), TRAIL), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_the_caller_first() {
    let lab = lab().await;
    let ended = run(&lab, &folder("caller"), SEAL).expect(0);
    let text = format!(
        "caller: arn:aws:sts::{ACCOUNT}:assumed-role/trailseal-function/trailseal of account \
         {ACCOUNT}, Region {REGION}\n"
    );
    assert!(ended.err.starts_with(&text), "{}", ended.err);
    assert_eq!(lab.take_calls()[0].operation, "sts:GetCallerIdentity");
    let other = self::lab().await;
    let quiet = run(&other, &folder("quiet"), &[SEAL, &["--quiet"]].concat()).expect(0);
    assert_eq!((quiet.err.as_str(), quiet.out.is_empty()), ("", false));
}

#[tokio::test(flavor = "multi_thread")]
async fn follows_the_endpoint_variables() {
    for (service, operation) in [
        ("CLOUDTRAIL", "cloudtrail:"),
        ("KMS", "kms:"),
        ("S3", "s3:HeadBucket"),
        ("STS", "sts:GetCallerIdentity"),
    ] {
        let lab = lab().await;
        let folder = folder(&format!("endpoint-{service}"));
        // Nothing listens there.
        let mut nowhere = command(&lab, &folder, SEAL);
        nowhere.env(format!("AWS_ENDPOINT_URL_{service}"), "http://127.0.0.1:9");
        // Without an answer of STS the run cannot start.
        let code = if service == "STS" { 3 } else { 2 };
        let ended = run_of(nowhere.env("AWS_MAX_ATTEMPTS", "1")).expect(code);
        let text = format!("{}{}", ended.out, ended.err);
        assert!(text.contains(operation), "{service}: {text}");
        let calls = lab.take_calls();
        assert!(calls.iter().all(|call| !call.operation.starts_with(operation)), "{calls:?}");
        assert_eq!(key_of(&lab.state(), TRAIL), None);
    }
    let lab = lab().await;
    let mut each = command(&lab, &folder("endpoints"), SEAL);
    each.env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    for service in ["CLOUDTRAIL", "CONFIG_SERVICE", "KMS", "S3", "STS"] {
        each.env(format!("AWS_ENDPOINT_URL_{service}"), lab.url());
    }
    run_of(&mut each).expect(0);
    assert_eq!(key_of(&lab.state(), TRAIL).as_deref(), Some(KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_changes_nothing() {
    let lab = lab().await;
    lab.inject(Fault::of(Operation::ListTags, Position::Every, FaultKind::RepeatedToken));
    let ended = run(&lab, &folder("endless-tags"), SEAL).expect(2);
    assert!(ended.err.contains(&format!("cloudtrail:ListTags in {REGION} {CAUSE}")), "{ended:?}");
    assert_eq!(key_of(&lab.state(), TRAIL), None);
}

/// A created key is found through the list of keys and their tags. If the list is endless, the key
/// may exist.
#[tokio::test(flavor = "multi_thread")]
async fn an_endless_list_of_keys_creates_no_second_key() {
    const NEW: &[&str] = &["audit", "--create-key", "--apply", "--yes", "--wait", "0"];
    for operation in [Operation::ListKeys, Operation::ListResourceTags] {
        let lab = lab().await;
        lab.inject(Fault::of(Operation::CreateKey, Position::First, FaultKind::ConnectionReset));
        lab.inject(Fault::of(operation, Position::Every, FaultKind::RepeatedToken));
        let folder = folder(&format!("endless-{}", operation.name()));
        let ended = run(&lab, &folder, NEW).expect(2);
        let text = format!("{} in {REGION} {CAUSE}", operation.iam());
        assert!(ended.out.contains(&text), "{ended:?}");
        assert_eq!(lab.call_counts().get("kms:CreateKey"), Some(&1));
        assert_eq!(key_of(&lab.state(), TRAIL), None);
    }
}
