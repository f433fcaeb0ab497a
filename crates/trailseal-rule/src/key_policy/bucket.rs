//! Who can read the log files, according to the bucket's policy, and does it deny their delivery?
//!
//! The list of readers must be complete, so it contains every principal that *may* match: Deny
//! statements and conditions are ignored. Readers other than accounts, roles and users are
//! described in words. IAM policies, access points and ACLs can give access to others, and are not
//! read here.

use std::collections::BTreeSet;

use config_rule::{AccountId, Arn};
use resource_policy::{
    CallerSet, Context, ContextValue, Effect, Hole, Listed, Match, PolicyDocument, PolicyError,
    PolicyFormat, Principal, Request, Shape, Statement, StatementRef, Steps,
};

use super::question::{CLOUDTRAIL, TrailAndKey, cloudtrail_for, known_or_pending};
use crate::arn::{KeyArn, TrailArn};
use crate::trail::BucketName;

/// The maximum size of a policy in bytes. Amazon S3 allows less.
const POLICY_BYTES_MAX: usize = 32_768;

/// The actions that read an object or a version of it ("Service Authorization Reference,
/// Actions, resources, and condition keys for Amazon S3").
const READS: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];

/// The principals that a bucket policy lets read objects.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BucketReaders {
    /// The ARNs of the accounts (by their roots), roles and users that it names.
    pub named: BTreeSet<String>,
    /// Descriptions of other principals that it may let read, each with the statement.
    pub others: BTreeSet<String>,
}

/// The principals that the policy of a bucket in this partition lets read its objects.
///
/// # Errors
///
/// As for [`PolicyDocument::parse`].
pub fn bucket_readers(
    policy: &str,
    partition: &str,
    bucket: &BucketName,
) -> Result<BucketReaders, PolicyError> {
    let policy = parse(policy)?;
    let objects = objects(partition, bucket);
    let mut readers = BucketReaders::default();
    let allows = policy.statements().filter(|one| one.effect == Effect::Allow);
    for statement in allows.filter(|statement| lets_read(statement, &objects)) {
        readers.add(statement, partition);
    }
    Ok(readers)
}

/// Where a trail delivers its log files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// The bucket.
    pub bucket: &'a BucketName,
    /// The trail's `S3KeyPrefix`, empty without one; `None` if it is not known.
    pub prefix: Option<&'a str>,
    /// Whether the trail is an organization trail, which delivers to a folder of each member.
    pub is_of_organization: bool,
}

/// The Deny statements that match deliveries because of their encryption.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EncryptionDenies {
    /// Those that match all deliveries.
    pub certain: Vec<StatementRef>,
    /// Those that may match deliveries, or match some of them.
    pub possible: Vec<StatementRef>,
}

/// The Deny statements of a bucket policy that match the trail's deliveries with each of the keys.
/// Several keys are stand-ins for a key that does not exist yet.
///
/// CloudTrail names the encryption and the key in each request, and lets the bucket's owner control
/// the object ("CloudTrail User Guide, Amazon S3 bucket policy for CloudTrail"). Who owns the bucket
/// is not known. A Deny without a condition on the encryption is left out: another key changes
/// nothing for it.
///
/// # Errors
///
/// As for [`PolicyDocument::parse`].
pub fn encryption_denies(
    policy: &str,
    trail: &TrailArn,
    keys: &[KeyArn],
    place: Place<'_>,
) -> Result<EncryptionDenies, PolicyError> {
    let policy = parse(policy)?;
    let objects = place.log_files(trail);
    let requests: Vec<Request> = keys
        .iter()
        .flat_map(|key| objects.iter().map(|objects| delivery(trail, key, objects.clone())))
        .collect();
    let mut denies = EncryptionDenies::default();
    let considered =
        policy.statements().filter(|one| one.effect == Effect::Deny && depends_on_encryption(one));
    for statement in considered {
        let matches = || requests.iter().map(|request| matches(statement, request));
        if Match::all(matches()) == Match::Always {
            denies.certain.push(statement.reference.clone());
        } else if Match::any(matches()) != Match::Never {
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

impl Place<'_> {
    /// The ARNs of the trail's log files ("CloudTrail User Guide, Finding your CloudTrail log
    /// files"). AWS does not say whether CloudTrail keeps a slash at the end of `S3KeyPrefix`.
    fn log_files(&self, trail: &TrailArn) -> Vec<Shape> {
        let bucket = bucket_arn(trail.partition(), self.bucket);
        let starts = match self.prefix {
            None => vec![bucket + Hole::Anything],
            Some("") => vec![bucket],
            Some(prefix) if prefix.ends_with('/') => {
                vec![bucket.clone() + prefix, bucket + prefix + "/"]
            }
            Some(prefix) => vec![bucket + prefix + "/"],
        };
        let files = |start: Shape| {
            let folder = start + "AWSLogs/";
            let account = if self.is_of_organization {
                folder + "o-" + Hole::Segment + "/" + Hole::Segment
            } else {
                folder + trail.owner().as_str()
            };
            account + "/CloudTrail/" + Hole::Anything
        };
        starts.into_iter().map(files).collect()
    }
}

fn parse(policy: &str) -> Result<PolicyDocument, PolicyError> {
    // Only for key policies does AWS document that a statement without `Resource` has no effect.
    let format = PolicyFormat { bytes_max: POLICY_BYTES_MAX, ignores_incomplete_statements: false };
    PolicyDocument::parse(policy, format)
}

fn objects(partition: &str, bucket: &BucketName) -> Shape {
    bucket_arn(partition, bucket) + Hole::Anything
}

fn bucket_arn(partition: &str, bucket: &BucketName) -> Shape {
    Shape::text(&format!("arn:{partition}:s3:::{bucket}/"))
}

/// The context is empty, so that a variable can have any value.
fn lets_read(statement: &Statement, objects: &Shape) -> bool {
    let reads = READS.map(|action| {
        statement.matches_operation(&Request {
            caller: CallerSet::Stranger,
            action: action.to_owned(),
            resource: Some(objects.clone()),
            context: Context::default(),
        })
    });
    Match::any(reads) != Match::Never
}

impl BucketReaders {
    fn add(&mut self, statement: &Statement, partition: &str) {
        let of = &statement.reference;
        match &statement.principals {
            Listed::Only(principals) => {
                for principal in principals {
                    self.add_principal(statement, principal, partition);
                }
            }
            Listed::Except(_) => {
                self.others.insert(format!("{of} lets everybody read but those whom it names"));
            }
            Listed::Unclear => {
                self.others.insert(format!("it is not clear whom {of} lets read"));
            }
        }
    }

    fn add_principal(&mut self, statement: &Statement, principal: &Principal, partition: &str) {
        let of = &statement.reference;
        let words = match principal {
            Principal::Named(name) => match reader(name, partition) {
                Some(arn) => {
                    self.named.insert(arn);
                    return;
                }
                None => format!("{of} names somebody who is no account, role or user"),
            },
            Principal::Everyone if !statement.is_conditional() => {
                format!("{of} lets everybody read")
            }
            Principal::Everyone => format!("{of} lets everybody read who meets its conditions"),
            Principal::Service(_) => format!("{of} lets an AWS service read"),
            Principal::Federated => format!("{of} lets federated users read"),
            Principal::Unclear => format!("it is not clear whom {of} lets read"),
        };
        self.others.insert(words);
    }
}

/// The ARN of an account's root, a role or a user. An account is named by its id or by its root
/// ("IAM User Guide, AWS JSON policy elements: Principal", *AWS account principals*). Names have no
/// blanks and no control characters.
fn reader(name: &str, partition: &str) -> Option<String> {
    if AccountId::parse(name).is_ok() {
        return Some(format!("arn:{partition}:iam::{name}:root"));
    }
    let Arn { service, account, resource, .. } = Arn::split(name)?;
    let is_of_account = service == "iam" && AccountId::parse(account).is_ok();
    let is_known = resource == "root"
        || ["role/", "user/"]
            .iter()
            .any(|kind| resource.strip_prefix(kind).is_some_and(|rest| !rest.is_empty()));
    let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic()) && !resource.contains(':');
    (is_of_account && is_known && is_plain).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ROLE: &str = "arn:aws:iam::444455556666:role/path/siem";
    const OBJECTS: &str = "arn:aws:s3:::trail-logs/*";

    fn readers(statement: Value) -> (Vec<String>, Vec<String>) {
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let bucket = BucketName::parse("trail-logs").unwrap();
        let found = bucket_readers(&text, "aws", &bucket).unwrap();
        (found.named.into_iter().collect(), found.others.into_iter().collect())
    }

    fn allow(action: Value, resource: Value, principal: Value) -> Value {
        json!({
            "Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource,
        })
    }

    #[test]
    fn every_principal_that_can_read_objects_is_listed() {
        let check = |action: Value, resource: Value, is_reader: bool| {
            let statement = allow(action, resource, json!({ "AWS": ROLE }));
            let (named, others) = readers(statement.clone());
            assert_eq!(named.contains(&ROLE.to_owned()), is_reader, "{statement}");
            assert_eq!((named.len(), others.len()), (usize::from(is_reader), 0), "{statement}");
        };
        for action in
            ["s3:GetObject", "S3:getobject", "s3:GetObjectVersion", "s3:Get*", "s3:*", "*"]
        {
            check(json!(action), json!(OBJECTS), true);
        }
        check(json!(["s3:PutObject", "s3:GetObject"]), json!(OBJECTS), true);
        check(json!(7), json!(OBJECTS), true);
        for action in ["s3:PutObject", "s3:ListBucket", "s3:GetBucketAcl", "s3:GetObjectAcl"] {
            check(json!(action), json!(OBJECTS), false);
        }
        for resource in [
            "*",
            "arn:aws:s3:::*",
            "arn:aws:s3:::trail-logs/AWSLogs/111122223333/*",
            "arn:aws:s3:::trail-logs/one",
            "arn:*:s3:::trail*",
            "*trail-logs/AWSLogs/*",
            "arn:aws:s3:::trail-logs/${aws:PrincipalAccount}/*",
            "arn:aws:s3:::${aws:PrincipalTag/bucket}/*",
        ] {
            check(json!("s3:GetObject"), json!(resource), true);
        }
        check(json!("s3:GetObject"), json!(["arn:aws:s3:::other/*", OBJECTS]), true);
        for resource in ["arn:aws:s3:::trail-logs", "arn:aws:s3:::other/*", "arn:aws:s3:::trail/*"]
        {
            check(json!("s3:GetObject"), json!(resource), false);
        }
    }

    #[test]
    fn excluded_principals_leave_all_others_listed() {
        let mut statement = allow(Value::Null, json!(OBJECTS), json!({ "AWS": ROLE }));
        let members = statement.as_object_mut().unwrap();
        members.remove("Action");
        members.insert("NotAction".to_owned(), json!("s3:Delete*"));
        assert_eq!(readers(statement.clone()).0, [ROLE]);
        statement["NotAction"] = json!(["s3:Get*"]);
        assert_eq!(readers(statement.clone()).0, [""; 0]);
        let mut statement = allow(json!("s3:*"), Value::Null, json!({ "AWS": ROLE }));
        statement.as_object_mut().unwrap().remove("Resource");
        statement["NotResource"] = json!("arn:aws:s3:::trail-logs/private/*");
        assert_eq!(readers(statement).0, [ROLE]);
    }

    #[test]
    fn accounts_roles_and_users_are_named_and_other_principals_described() {
        let check = |principal: Value, named: &[&str], others: &[&str]| {
            let mut statement = allow(json!("s3:GetObject"), json!(OBJECTS), principal.clone());
            statement["Sid"] = json!("Read");
            let found = readers(statement);
            let expected = |words: &[&str]| -> Vec<String> {
                words.iter().map(|words| (*words).to_owned()).collect()
            };
            assert_eq!(found, (expected(named), expected(others)), "{principal}");
        };
        let root = "arn:aws:iam::444455556666:root";
        let user = "arn:aws:iam::444455556666:user/ann";
        check(json!({ "AWS": [user, "444455556666", ROLE] }), &[ROLE, root, user], &[]);
        check(json!({ "AWS": [user, "444455556666", root] }), &[root, user], &[]);
        let nobody = "statement `Read` names somebody who is no account, role or user";
        for name in [
            "arn:aws:sts::444455556666:assumed-role/siem/me",
            "arn:aws:sts::444455556666:role/siem",
            "arn:aws:iam::everybody:role/siem",
            "arn::iam::444455556666:role/siem",
            "urn:aws:iam::444455556666:role/siem",
            "arn:aws:iam::444455556666:role/",
            "arn:aws:iam::444455556666:role/\u{1b}[31mred",
            "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1",
            "arn:aws:iam::444455556666:group/all",
            "arn:aws:iam::444455556666:role/siem:more",
            "AROAEXAMPLE",
        ] {
            check(json!({ "AWS": name }), &[], &[nobody]);
        }
        check(json!({ "CanonicalUser": "79a59df900b949e5" }), &[], &[nobody]);
        check(json!("*"), &[], &["statement `Read` lets everybody read"]);
        check(json!({ "AWS": "*" }), &[], &["statement `Read` lets everybody read"]);
        let service = json!({ "Service": "config.amazonaws.com", "AWS": ROLE });
        check(service, &[ROLE], &["statement `Read` lets an AWS service read"]);
        let federated = "statement `Read` lets federated users read";
        check(json!({ "Federated": "cognito-identity.amazonaws.com" }), &[], &[federated]);
        let unclear = "it is not clear whom statement `Read` lets read";
        check(json!({ "AWS": "arn:aws:iam::*:root" }), &[], &[unclear]);
        check(json!({ "Robot": "x" }), &[], &[unclear]);
        check(json!(7), &[], &[unclear]);
    }

    #[test]
    fn conditions_and_denies_remove_nobody_from_the_list() {
        let mut conditional = allow(json!("s3:GetObject"), json!(OBJECTS), json!({ "AWS": ROLE }));
        conditional["Condition"] = json!({ "Bool": { "aws:SecureTransport": "false" } });
        let mut denied = allow(json!("s3:*"), json!(OBJECTS), json!({ "AWS": ROLE }));
        denied["Effect"] = json!("Deny");
        assert_eq!(readers(json!([conditional, denied])).0, [ROLE]);
        assert_eq!(readers(json!([denied])), (Vec::new(), Vec::new()));
        let mut everybody = allow(json!("s3:GetObject"), json!(OBJECTS), json!("*"));
        everybody["Condition"] = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } });
        let words = "statement 1 lets everybody read who meets its conditions";
        assert_eq!(readers(json!([everybody])), (Vec::new(), vec![words.to_owned()]));
        let mut but = allow(json!("s3:GetObject"), json!(OBJECTS), Value::Null);
        but.as_object_mut().unwrap().remove("Principal");
        but["NotPrincipal"] = json!({ "AWS": ROLE });
        let words = "statement 1 lets everybody read but those whom it names";
        assert_eq!(readers(json!([but])), (Vec::new(), vec![words.to_owned()]));
    }

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";
    const KEY_ID: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";

    fn deny(resource: &str, condition: &Value, keys: &[&str], place: Place<'_>) -> Match {
        let statement = json!({
            "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": resource,
            "Condition": condition,
        });
        let text = json!({ "Version": "2012-10-17", "Statement": statement }).to_string();
        let trail = TrailArn::parse("arn:aws:cloudtrail:eu-west-1:111122223333:trail/t").unwrap();
        let keys: Vec<KeyArn> = keys.iter().map(|key| KeyArn::parse(key).unwrap()).collect();
        let found = encryption_denies(&text, &trail, &keys, place).unwrap();
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
        let place = Place { bucket: &bucket, prefix: Some(""), is_of_organization: false };
        let check = |condition: Value, expected: Match| {
            assert_eq!(deny(OBJECTS, &condition, &[KEY], place), expected, "{condition}");
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
        let place = Place { bucket: &bucket, prefix: None, is_of_organization: true };
        for condition in [
            json!({}),
            json!({ "NumericLessThan": { "s3:TlsVersion": "1.2" } }),
            json!({ "Bool": { "aws:SecureTransport": "false" } }),
            json!({ "BoolIfExists": { "aws:SecureTransport": "false" } }),
            json!({ "StringNotEquals": { "aws:SourceOrgID": "o-1" } }),
            json!({ "StringNotEquals": { "aws:ResourceAccount": "111122223333" } }),
        ] {
            assert_eq!(deny(OBJECTS, &condition, &[KEY], place), Match::Never, "{condition}");
        }
    }

    #[test]
    fn a_deny_counts_where_the_trail_delivers() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let condition = json!({ "StringNotEquals": { KEY_ID: KEY.replace("1234", "5678") } });
        let (never, sometimes, always) = (Match::Never, Match::Sometimes, Match::Always);
        for (folder, expected) in [
            // No prefix, an unknown one, one, one with a slash at its end; an organization.
            ("*", [always, always, always, always, always]),
            ("AWSLogs/*", [always, sometimes, never, never, always]),
            ("AWSLogs/111122223333/*", [always, sometimes, never, never, never]),
            ("AWSLogs/111122223333/CloudTrail/*", [always, sometimes, never, never, never]),
            ("AWSLogs/o-1/*", [never, sometimes, never, never, sometimes]),
            ("AWSLogs/*/111122223333/*", [sometimes, sometimes, never, never, sometimes]),
            ("AWSLogs/444455556666/*", [never, sometimes, never, never, never]),
            ("AWSLogs/111122223333/Config/*", [never, sometimes, never, never, never]),
            ("team/*", [never, sometimes, always, always, never]),
            ("team/AWSLogs/*", [never, sometimes, always, sometimes, never]),
            ("inventory/*", [never, sometimes, never, never, never]),
        ] {
            let resource = format!("arn:aws:s3:::trail-logs/{folder}");
            let places = [(Some(""), false), (None, false), (Some("team"), false)];
            let places = places.into_iter().chain([(Some("team/"), false), (Some(""), true)]);
            let found = places.map(|(prefix, is_of_organization)| {
                let place = Place { bucket: &bucket, prefix, is_of_organization };
                deny(&resource, &condition, &[KEY], place)
            });
            assert_eq!(found.collect::<Vec<_>>(), expected, "{folder}");
        }
    }

    #[test]
    fn a_deny_counts_for_a_key_that_does_not_exist_yet() {
        let bucket = BucketName::parse("trail-logs").unwrap();
        let place = Place { bucket: &bucket, prefix: Some(""), is_of_organization: false };
        let stand_ins = [&*KEY.replace("1234", "0000"), &*KEY.replace("1234", "ffff")];
        for (pattern, expected) in [
            (KEY.to_owned(), Match::Always),
            (KEY.replace("1234", "*"), Match::Never),
            (KEY.replace("1234", "0*"), Match::Sometimes),
        ] {
            let condition = json!({ "StringNotLike": { KEY_ID: pattern } });
            assert_eq!(deny(OBJECTS, &condition, &stand_ins, place), expected, "{condition}");
        }
    }
}
