//! STS, called with the AWS SDK, and the permissions of its sessions.

use aws_sdk_kms::Client as Kms;
use aws_sdk_sts::Client;
use trailseal_lab::{Credentials, Lab};

use super::support::{ACCOUNT, MEMBER, REGION, STRANGER, code, lab, sdk, sdk_with};

const ROLE: &str = "arn:aws:iam::444455556666:role/trailseal-member";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/55555555-0000-4000-8000-555555555555";

async fn assume(lab: &Lab) -> Credentials {
    let sts = Client::new(&sdk(lab, ACCOUNT, REGION));
    let request = sts.assume_role().role_arn(ROLE).role_session_name("trailseal");
    let answer = request.external_id("trailseal-central").send().await.unwrap();
    let user = answer.assumed_role_user().unwrap();
    assert_eq!(user.arn(), "arn:aws:sts::444455556666:assumed-role/trailseal-member/trailseal");
    let credentials = answer.credentials().unwrap();
    Credentials {
        access_key_id: credentials.access_key_id().to_owned(),
        secret_access_key: credentials.secret_access_key().to_owned(),
        session_token: credentials.session_token().to_owned(),
    }
}

#[tokio::test]
async fn the_session_of_an_assumed_role_belongs_to_the_other_account() {
    let lab = lab().await;
    let own = Client::new(&sdk(&lab, ACCOUNT, REGION)).get_caller_identity().send().await.unwrap();
    assert_eq!(own.account(), Some(ACCOUNT));
    let session = assume(&lab).await;
    let config = sdk_with(&lab, &session, REGION);
    let identity = Client::new(&config).get_caller_identity().send().await.unwrap();
    assert_eq!(identity.account(), Some(MEMBER));
    assert!(Kms::new(&config).describe_key().key_id(KEY).send().await.is_ok());
    lab.expire_sessions();
    let late = Kms::new(&config).describe_key().key_id(KEY).send().await;
    assert_eq!(code(late), "ExpiredTokenException");
    assert_eq!(code(Client::new(&config).get_caller_identity().send().await), "ExpiredToken");
}

#[tokio::test]
async fn sts_hides_whether_a_role_that_does_not_trust_the_caller_exists() {
    let lab = lab().await;
    let here = Client::new(&sdk(&lab, ACCOUNT, REGION));
    let there = Client::new(&sdk(&lab, STRANGER, REGION));
    let missing = "arn:aws:iam::444455556666:role/missing";
    for (sts, role, external_id) in [
        (&here, ROLE, None),
        (&here, ROLE, Some("another")),
        (&here, missing, Some("trailseal-central")),
        (&there, ROLE, Some("trailseal-central")),
    ] {
        let request = sts.assume_role().role_arn(role).role_session_name("trailseal");
        let answer = request.set_external_id(external_id.map(str::to_owned)).send().await;
        assert_eq!(code(answer), "AccessDenied", "{role} {external_id:?}");
    }
}

#[tokio::test]
async fn requests_out_of_bounds_are_refused() {
    let lab = lab().await;
    let sts = Client::new(&sdk(&lab, ACCOUNT, REGION));
    let request = || sts.assume_role().role_arn(ROLE).external_id("trailseal-central");
    for (session, seconds) in
        [("x", 900), ("with space", 900), ("fine", 899), ("fine", 3601), ("fine", 43_201)]
    {
        let answer = request().role_session_name(session).duration_seconds(seconds).send().await;
        assert_eq!(code(answer), "ValidationError", "{session} {seconds}");
    }
    let policy = request().role_session_name("fine").policy("{}").send().await;
    assert_eq!(code(policy), "ValidationError");
}

#[tokio::test]
async fn unknown_credentials_are_rejected() {
    let lab = lab().await;
    let forged = Credentials {
        access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
        secret_access_key: "secret".to_owned(),
        session_token: "token".to_owned(),
    };
    let own = lab.credentials(ACCOUNT);
    let wrong_token = Credentials { session_token: "other".to_owned(), ..own.clone() };
    let no_account = lab.credentials("999999999999");
    for (credentials, region) in
        [(&forged, REGION), (&wrong_token, REGION), (&no_account, REGION), (&own, "ap-south-1")]
    {
        let config = sdk_with(&lab, credentials, region);
        let key = Kms::new(&config).describe_key().key_id(KEY).send().await;
        assert_eq!(code(key), "UnrecognizedClientException", "{credentials:?} {region}");
        let identity = Client::new(&config).get_caller_identity().send().await;
        assert_eq!(code(identity), "InvalidClientTokenId", "{credentials:?} {region}");
    }
}
