//! Which statements of the bucket's policy deny deliveries because of their encryption?

use std::iter;

use resource_policy::{
    CallerSet, ContextValue, Effect, Hole, Match, PolicyError, Request, Shape, Statement,
    StatementRef, Steps,
};

use crate::arn::{KeyArn, TrailArn};
use crate::bucket_policy::{bucket_arn, parse};
use crate::key_policy::question::{CLOUDTRAIL, TrailAndKey, cloudtrail_for, known_or_pending};
use crate::trail::BucketName;

/// Where a trail delivers its log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeliveryLocation<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// The trail's `S3KeyPrefix`, empty without one.
    pub prefix: &'a str,
    /// Whether the trail is an organization trail, which delivers to a folder of each member.
    pub is_of_organization: bool,
}

/// The Deny statements that match deliveries because of their encryption.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionDenies {
    /// Those that match all deliveries of log files.
    pub certain: Vec<StatementRef>,
    /// Those that may match deliveries, or match some of them. A trail may deliver no files but log
    /// files, so a match of others is only possible.
    pub possible: Vec<StatementRef>,
}

/// The Deny statements of a bucket policy that match the trail's deliveries with the key, and with
/// each of the other keys: all are stand-ins for a key that does not exist yet.
///
/// CloudTrail names the encryption and the key in each request, and lets the bucket's owner control
/// the object ("CloudTrail User Guide, Amazon S3 bucket policy for CloudTrail"). Who owns the bucket
/// is not known. A Deny without a condition on the encryption is left out: another key changes
/// nothing for it.
///
/// # Errors
///
/// As for [`resource_policy::PolicyDocument::parse`].
pub fn encryption_denies(
    policy: &str,
    trail: &TrailArn,
    key: &KeyArn,
    others: &[KeyArn],
    location: DeliveryLocation<'_>,
) -> Result<EncryptionDenies, PolicyError> {
    let policy = parse(policy)?;
    let requests = |folder: &str| -> Vec<Request> {
        let objects = location.objects(trail, folder);
        let of_key = |key| objects.iter().map(move |objects| delivery(trail, key, objects.clone()));
        iter::once(key).chain(others).flat_map(of_key).collect()
    };
    let (log_files, other_files) = (requests(LOG_FILES), requests(OTHER_FILES));
    let mut denies = EncryptionDenies::default();
    let considered =
        policy.statements().filter(|one| one.effect == Effect::Deny && depends_on_encryption(one));
    for statement in considered {
        let matches = |request| matches(statement, request);
        if Match::all(log_files.iter().map(matches)) == Match::Always {
            denies.certain.push(statement.reference.clone());
        } else if Match::any(log_files.iter().chain(&other_files).map(matches)) != Match::Never {
            denies.possible.push(statement.reference.clone());
        }
    }
    Ok(denies)
}

fn delivery(trail: &TrailArn, key: &KeyArn, objects: Shape) -> Request {
    let context = cloudtrail_for(&TrailAndKey { trail, key: Some(key) })
        .with("aws:ResourceAccount", ContextValue::Unknown)
        .with("s3:x-amz-acl", ContextValue::known("bucket-owner-full-control"))
        .with(ENCRYPTION, ContextValue::known("aws:kms"))
        .with(&format!("{ENCRYPTION}-aws-kms-key-id"), known_or_pending(key.as_str()))
        // Only requests with keys of the customer (SSE-C) have it, and they have no key in KMS.
        .with(SSE_C, ContextValue::Absent);
    Request {
        caller: CallerSet::Service(CLOUDTRAIL.to_owned()),
        action: "s3:PutObject".to_owned(),
        resource: Some(objects),
        context,
    }
}

/// How the condition keys begin that are about the encryption of an object.
const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";
const SSE_C: &str = "s3:x-amz-server-side-encryption-customer-algorithm";

/// A condition that is not understood has no key, and may be about the encryption.
fn depends_on_encryption(statement: &Statement) -> bool {
    statement.keys().any(|key| key.is_empty() || key.starts_with(ENCRYPTION))
}

fn matches(statement: &Statement, request: &Request) -> Match {
    let steps = Steps::default();
    let caller = statement.matches_caller(&request.caller, &steps);
    let action = statement.matches_action(&request.action, &steps);
    statement.matches(caller.and(action), request, &steps)
}

/// How the folder of log files begins, below the account's.
const LOG_FILES: &str = "/CloudTrail/";

/// How the folders of other files begin: digests, Insights events, and what AWS may add.
const OTHER_FILES: &str = "/CloudTrail-";

impl DeliveryLocation<'_> {
    /// The ARNs of the trail's files in folders that begin like this ("CloudTrail User Guide,
    /// Finding your CloudTrail log files"). AWS does not say whether CloudTrail keeps a slash at the
    /// end of `S3KeyPrefix`.
    fn objects(&self, trail: &TrailArn, folder: &str) -> Vec<Shape> {
        let bucket = bucket_arn(trail.partition(), self.bucket);
        let starts = match self.prefix {
            "" => vec![bucket],
            prefix if prefix.ends_with('/') => {
                vec![bucket.clone() + prefix, bucket + prefix + "/"]
            }
            prefix => vec![bucket + prefix + "/"],
        };
        let files = |start: Shape| {
            let logs = start + "AWSLogs/";
            let account = if self.is_of_organization {
                logs + "o-" + Hole::Segment + "/" + Hole::Segment
            } else {
                logs + trail.owner().as_str()
            };
            account + folder + Hole::Anything
        };
        starts.into_iter().map(files).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const OBJECTS: &str = "arn:aws:s3:::trail-logs/*";
    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    const KEY_ID: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

    fn deny(
        resource: &str,
        condition: &Value,
        keys: &[&str],
        location: DeliveryLocation<'_>,
    ) -> Match {
        let statement = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource,
            "Condition": condition,
        });
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let trail = TrailArn::parse("arn:aws:cloudtrail:eu-west-1:111122223333:trail/t").unwrap();
        let keys: Vec<KeyArn> = keys.iter().map(|key| KeyArn::parse(key).unwrap()).collect();
        let found = encryption_denies(&text, &trail, &keys[0], &keys[1..], location).unwrap();
        match (found.certain.len(), found.possible.len()) {
            (0, 0) => Match::Never,
            (0, 1) => Match::Sometimes,
            (1, 0) => Match::Always,
            _ => panic!("{found:?}"),
        }
    }

    #[test]
    fn a_deny_of_the_encryption_denies_the_delivery() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let location = DeliveryLocation { bucket: &bucket, prefix: "", is_of_organization: false };
        let check = |condition: Value, expected: Match| {
            assert_eq!(deny(OBJECTS, &condition, &[KEY], location), expected, "{condition}");
        };
        let unless = |operator: &str, key: &str, value: &str| json!({ operator: { key: value } });
        let other = KEY.replace("1234", "5678");
        for operator in ["StringNotEquals", "StringNotEqualsIfExists"] {
            check(unless(operator, KEY_ID, KEY), Match::Never);
            check(unless(operator, KEY_ID, &other), Match::Always);
        }
        check(unless("StringNotEquals", ENCRYPTION, "aws:kms"), Match::Never);
        check(unless("StringNotEquals", ENCRYPTION, "AES256"), Match::Always);
        check(
            unless("StringNotEquals", "S3:X-Amz-Server-Side-Encryption", "AES256"),
            Match::Always,
        );
        check(unless("Null", KEY_ID, "true"), Match::Never);
        check(unless("Null", SSE_C, "false"), Match::Never);
        let also = json!({ "StringNotEquals": { KEY_ID: other, "aws:ResourceAccount": "1" } });
        check(also, Match::Sometimes);
        check(json!({ "StringMatches": { KEY_ID: other } }), Match::Sometimes);
        check(json!("unclear"), Match::Sometimes);
    }

    #[test]
    fn a_deny_that_does_not_depend_on_the_encryption_is_left_out() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let location = DeliveryLocation { bucket: &bucket, prefix: "", is_of_organization: true };
        for condition in [
            json!({}),
            json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
            json!({ "Bool": { "aws:SecureTransport": "false" } }),
            json!({ "BoolIfExists": { "aws:SecureTransport": "false" } }),
            json!({ "StringNotEquals": { "aws:SourceOrgID": "o-1" } }),
            json!({ "StringNotEquals": { "aws:ResourceAccount": "111122223333" } }),
        ] {
            assert_eq!(deny(OBJECTS, &condition, &[KEY], location), Match::Never, "{condition}");
        }
    }

    #[test]
    fn a_deny_counts_where_the_trail_delivers() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let condition = json!({ "StringNotEquals": { KEY_ID: KEY.replace("1234", "5678") } });
        let (never, sometimes, always) = (Match::Never, Match::Sometimes, Match::Always);
        for (folder, expected) in [
            // No prefix, one, one with a slash at its end; an organization.
            ("*", [always, always, always, always]),
            ("AWSLogs/*", [always, never, never, always]),
            ("AWSLogs/111122223333/*", [always, never, never, never]),
            ("AWSLogs/111122223333/CloudTrail/*", [always, never, never, never]),
            ("AWSLogs/o-1/*", [never, never, never, sometimes]),
            ("AWSLogs/*/111122223333/*", [sometimes, never, never, sometimes]),
            ("AWSLogs/444455556666/*", [never, never, never, never]),
            ("AWSLogs/111122223333/CloudTrail-Digest/*", [sometimes, never, never, never]),
            ("AWSLogs/*/CloudTrail-Insight/*", [sometimes, never, never, sometimes]),
            ("AWSLogs/111122223333/CloudTrail*", [always, never, never, never]),
            ("AWSLogs/111122223333/Config/*", [never, never, never, never]),
            ("team/*", [never, always, always, never]),
            ("team/AWSLogs/*", [never, always, sometimes, never]),
            ("inventory/*", [never, never, never, never]),
        ] {
            let resource = format!("arn:aws:s3:::trail-logs/{folder}");
            let locations = [("", false), ("team", false), ("team/", false), ("", true)];
            let found = locations.map(|(prefix, is_of_organization)| {
                let location = DeliveryLocation { bucket: &bucket, prefix, is_of_organization };
                deny(&resource, &condition, &[KEY], location)
            });
            assert_eq!(found, expected, "{folder}");
        }
    }

    #[test]
    fn a_deny_counts_for_a_key_that_does_not_exist_yet() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let location = DeliveryLocation { bucket: &bucket, prefix: "", is_of_organization: false };
        let stand_ins = [&*KEY.replace("1234", "0000"), &*KEY.replace("1234", "ffff")];
        for (pattern, expected) in [
            (KEY.to_owned(), Match::Always),
            (KEY.replace("1234", "*"), Match::Never),
            (KEY.replace("1234", "0*"), Match::Sometimes),
        ] {
            let condition = json!({ "StringNotLike": { KEY_ID: pattern } });
            assert_eq!(deny(OBJECTS, &condition, &stand_ins, location), expected, "{condition}");
        }
    }
}
