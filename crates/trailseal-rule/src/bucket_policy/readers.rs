//! Who can read the log files, according to the bucket's policy?
//!
//! The list of readers must be complete, so it contains every principal that *may* match: Deny
//! statements and conditions are ignored. Readers other than accounts, roles and users are
//! described in words. IAM policies, access points and ACLs can give access to others, and are not
//! read here.

use std::collections::BTreeSet;

use config_rule::{AccountId, Arn};
use resource_policy::{
    CallerSet, Context, Effect, Hole, Listed, Match, PolicyError, Principal, Request, Shape,
    Statement,
};

use crate::bucket_policy::{bucket_arn, parse};
use crate::trail::BucketName;

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
/// As for [`resource_policy::PolicyDocument::parse`].
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

fn objects(partition: &str, bucket: &BucketName) -> Shape {
    bucket_arn(partition, bucket) + Hole::Anything
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
                None => format!("{of} names a principal that is not an account, role or user"),
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
        let other = "statement `Read` names a principal that is not an account, role or user";
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
            check(json!({ "AWS": name }), &[], &[other]);
        }
        check(json!({ "CanonicalUser": "79a59df900b949e5" }), &[], &[other]);
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
}
