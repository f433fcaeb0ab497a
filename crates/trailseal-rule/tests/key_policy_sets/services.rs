//! Single requests of services on behalf of strangers, and of CloudTrail on behalf of the trail.

use resource_policy::Match;
use trailseal_rule::key_policy::exposure::{binds_cloudtrail, guards_decryption};
use trailseal_rule::key_policy::grants::Grant;

use crate::generated::{
    ACCOUNT, CLOUDTRAIL, KEY, TRAIL, assert_denied, concretes, policy, question, read, run,
    says_open,
};
use crate::naive::{Caller, Concrete, allowed};

const SOURCE_KEYS: [&str; 8] = [
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:PrincipalIsAWSService",
    "aws:SecureTransport",
    "aws:RequestedRegion",
    "kms:EncryptionContext:aws:cloudtrail:arn",
    "kms:EncryptionContext:Department",
];

const SOURCE_VALUES: [&str; 18] = [
    ACCOUNT,
    "1111*",
    "*",
    "o-a1b2c3d4e5",
    TRAIL,
    "arn:aws:cloudtrail:*:111122223333:trail/*",
    "arn:aws:cloudtrail:*:*:trail/*",
    "arn:aws:*:*:111122223333:*",
    "*:111122223333:*",
    "arn:aws:s3:::all-logs",
    "arn:aws:s3:::all-*",
    "arn:aws:s3:::*-111122223333",
    "arn:aws:route53:::hostedzone/*",
    "arn:aws:apigateway:us-east-1::/restapis/*",
    "HR",
    "true",
    "false",
    "us-east-1",
];

/// Requests of services on behalf of strangers: with the ARN of their resource, of a bucket, a
/// hosted zone or an API that names no account, or with none; `contexts` are the encryption contexts.
fn on_behalf_of_strangers(
    service: &str,
    arns: &[&str],
    contexts: &[Option<&str>],
) -> Vec<Concrete> {
    let one = |text: &str| Some(vec![text.to_owned()]);
    let mut requests = Vec::new();
    let sent = arns.iter().map(|arn| (one(arn), one("900000000001"), one("o-z9y8x7w6v5")));
    for (arn, account, organization) in sent.chain([(None, None, None)]) {
        let fillings = [
            vec![arn],
            vec![account],
            vec![None, organization],
            vec![one("true")],
            vec![None, one("true")],
            vec![one("us-east-1")],
            contexts.iter().map(|arn| arn.and_then(one)).collect(),
            vec![None],
        ];
        requests.extend(concretes(&SOURCE_KEYS, &fillings).into_iter().map(|context| Concrete {
            caller: Caller::Service(service.to_owned()),
            action: String::new(),
            key_arn: KEY.to_owned(),
            context,
        }));
    }
    requests
}

/// No service reads the logs for a stranger under a policy judged as guarded, and no trail or
/// event data store of a stranger encrypts under one judged as bound.
#[test]
fn no_service_works_for_strangers_under_a_policy_judged_as_guarded_and_bound() {
    let arns = [
        "arn:aws:sns:us-east-1:900000000001:topic",
        "arn:aws:logs:us-east-1:900000000001:log-group:111122223333:x",
        "arn:aws:s3:::all-theirs",
        "arn:aws:s3:::their.logs-111122223333",
        "arn:aws:route53:::hostedzone/Z1",
        "arn:aws:apigateway:us-east-1::/restapis/abc/stages/x",
    ];
    let readers = on_behalf_of_strangers("other.amazonaws.com", &arns, &[Some(TRAIL)]);
    let theirs = "arn:aws:cloudtrail:eu-west-1:900000000001:trail/x";
    let store = "arn:aws:cloudtrail:eu-west-1:900000000001:eventdatastore/1";
    let contexts = [Some(theirs), Some(store), None];
    let trails = on_behalf_of_strangers(CLOUDTRAIL, &[theirs], &contexts);
    let (mut guarded, mut bound) = (0, 0);
    run(1500, &policy(&SOURCE_KEYS, &SOURCE_VALUES), |policy| {
        let document = read(&policy);
        let guards = guards_decryption(&document, &question());
        let binds = binds_cloudtrail(&document, &question());
        for (open, requests, action, count) in [
            (&guards, &readers, "kms:Decrypt", &mut guarded),
            (&binds, &trails, "kms:GenerateDataKey", &mut bound),
        ] {
            if !says_open(open, action) {
                *count += 1;
                assert_denied(&policy, requests, action);
            }
        }
    });
    assert!(guarded > 600 && bound > 400, "only {guarded} were guarded and {bound} bound");
}

/// The other direction: if the policy is judged to admit CloudTrail, each of its requests is
/// allowed; if it is judged not to, none is.
#[test]
fn both_readers_agree_on_cloudtrail_requests_over_tls_in_the_region_of_the_key() {
    let one = |text: &str| Some(vec![text.to_owned()]);
    let fillings = [
        vec![one(TRAIL)],
        vec![one(ACCOUNT)],
        vec![None, one("o-a1b2c3d4e5"), one("o-z9y8x7w6v5")],
        vec![one("true")],
        vec![None, one("true")],
        vec![one("us-east-1")],
        vec![one(TRAIL)],
        vec![None],
    ];
    let contexts = concretes(&SOURCE_KEYS, &fillings);
    let (mut yes, mut no) = (0, 0);
    run(1500, &policy(&SOURCE_KEYS, &SOURCE_VALUES), |policy| {
        let answer = Grant::Encrypt.decide(&read(&policy), &question()).allowed;
        for context in &contexts {
            let request = Concrete {
                caller: Caller::Service(CLOUDTRAIL.to_owned()),
                action: "kms:GenerateDataKey".to_owned(),
                key_arn: KEY.to_owned(),
                context: context.clone(),
            };
            for quirk in [false, true] {
                let allowed = allowed(&policy, &request, quirk);
                assert!(answer != Match::Always || allowed, "{request:?} under {policy:#}");
                assert!(answer != Match::Never || !allowed, "{request:?} under {policy:#}");
            }
        }
        yes += u32::from(answer == Match::Always);
        no += u32::from(answer == Match::Never);
    });
    assert!(yes > 40 && no > 500, "{yes} {no}");
}
