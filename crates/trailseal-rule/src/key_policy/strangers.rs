//! Builds the requests of strangers: callers of accounts that the policy does not name.
//!
//! For the condition keys in each request, see *Availability* in "IAM User Guide, AWS global
//! condition context keys", and in "AWS KMS Developer Guide, AWS KMS condition keys".

use resource_policy::{Context, ContextValue, Hole, Shape};

use super::question::{
    CLOUDTRAIL, SERVICE_KEYS, TrailAndKey, about_the_key, known_or_pending, named, no_ones,
    service, service_named, theirs, unnamed, without_encryption_context,
};

const CLOUDTRAIL_CONTEXT: &str = "aws:cloudtrail:arn";
const S3_CONTEXT: &str = "aws:s3:arn";

/// A user or role of an account that the policy does not name, in another organization or in none.
///
/// - Strangers control tags, user names, sessions, MFA and the service that makes the call
///   in their own account.
/// - A condition on the time or the network may or may not exclude the caller.
pub(super) fn users_and_roles(question: &TrailAndKey<'_>) -> Vec<Context> {
    let context = about_the_key(question)
        .with("aws:SecureTransport", ContextValue::known("true"))
        .with("aws:PrincipalIsAWSService", ContextValue::known("false"))
        .with_each(SERVICE_KEYS, &ContextValue::Absent)
        .with_each(&["aws:PrincipalAccount", "kms:CallerAccount"], &theirs(unnamed()))
        .with("aws:PrincipalArn", theirs(principal_arn(question)))
        .with("aws:userid", theirs(unnamed() + Hole::Anything))
        .with_each(CHOSEN_KEYS, &ContextValue::Chosen)
        .with_family("aws:PrincipalTag/", ContextValue::Chosen);
    in_and_outside_organizations(&context, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths").to_vec()
}

/// The ARN of a user, a role, a federated user (of STS) or the root user.
///
/// A path can have any character from `!` to U+007F (IAM API Reference, `CreateRole`, *Path*), so a
/// stranger can put colons and the account of somebody else after their own account.
fn principal_arn(question: &TrailAndKey<'_>) -> Shape {
    question.arn() + Hole::Name + "::" + Hole::Unnamed + ":" + Hole::Anything
}

/// A service that the policy does not name, on behalf of a stranger's resource.
///
/// The ARN of the stranger's resource contains their account or none: a bucket's has none
/// ("Amazon S3 User Guide, Policy resources for Amazon S3"), and anyone can choose any name.
/// Not every service sends `aws:SourceArn` and `aws:SourceAccount` ("IAM User Guide, AWS global
/// condition context keys").
pub(super) fn services(question: &TrailAndKey<'_>) -> Vec<Context> {
    let name = theirs(unnamed() + ".amazonaws.com");
    let service_keys = ["aws:PrincipalServiceName", "aws:PrincipalServiceNamesList"];
    for_strangers(&service(question).with_each(&service_keys, &name), question)
}

/// The same, of a service with a known name.
pub(super) fn services_named(services: &[Context], name: &str) -> Vec<Context> {
    services.iter().map(|context| named(context.clone(), name)).collect()
}

fn for_strangers(context: &Context, question: &TrailAndKey<'_>) -> Vec<Context> {
    let context = context.clone().with("kms:CallerAccount", no_ones(unnamed()));
    let mut contexts = vec![context.clone().with_each(SOURCE_KEYS, &ContextValue::Absent)];
    for arn in source_arns(question) {
        let sent = context
            .clone()
            .with("aws:SourceArn", theirs(arn))
            .with("aws:SourceAccount", theirs(unnamed()));
        let sent = in_and_outside_organizations(&sent, "aws:SourceOrgID", "aws:SourceOrgPaths");
        contexts.extend(sent);
    }
    contexts
}

/// The possible ARNs of a stranger's resources.
fn source_arns(question: &TrailAndKey<'_>) -> Vec<Shape> {
    let of_account = question.arn() + Hole::Label + ":" + Hole::Label + ":" + Hole::Unnamed + ":";
    let bucket = question.arn() + "s3:::" + Hole::NewName;
    // ARNs of Amazon Route 53 and Amazon API Gateway have no account either. The name of every
    // service but S3 starts with two letters.
    let service = question.arn().then_letter().then_letter() + Hole::Segment;
    let other = service + ":" + Hole::Label + "::";
    let typed = |start: &str| other.clone() + start + Hole::Segment + "/" + Hole::NewName;
    let below = |shape: Shape| shape + "/" + Hole::Anything;
    vec![
        of_account + Hole::Anything,
        bucket.clone(),
        below(bucket),
        other.clone() + Hole::NewName,
        typed(""),
        below(typed("")),
        typed("/"),
        below(typed("/")),
    ]
}

/// CloudTrail, on behalf of a stranger's resource, whether their account is in an organization or
/// in none.
///
/// - A trail: its ARN is in `aws:SourceArn` and in the encryption context of log files. The
///   notifications that it publishes to an encrypted SNS topic have another encryption context.
/// - An event data store: "CloudTrail Lake supports the `aws:SourceAccount` and `aws:SourceArn`
///   condition keys in KMS key policies for event data stores. Add these conditions after you create
///   the event data store" ("CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail").
///   So the request that creates one may lack them; its encryption context is not documented.
pub(super) fn cloudtrail_for_strangers(question: &TrailAndKey<'_>) -> Vec<Context> {
    const ENCRYPTION_CONTEXT: &str = "kms:EncryptionContext:aws:cloudtrail:arn";
    let arn = question.arn() + "cloudtrail:" + Hole::Label + ":" + Hole::Unnamed + ":";
    let trail_arn = theirs(arn.clone() + "trail/" + Hole::Segment);
    let context = service_named(question, CLOUDTRAIL).with("kms:CallerAccount", no_ones(unnamed()));
    let of_trail = context
        .clone()
        .with("aws:SourceArn", trail_arn.clone())
        .with("aws:SourceAccount", theirs(unnamed()));
    let log_file = of_trail.clone().with(ENCRYPTION_CONTEXT, trail_arn).with(
        "kms:EncryptionContextKeys",
        ContextValue::Includes(vec![CLOUDTRAIL_CONTEXT.to_owned()]),
    );
    let notification = of_trail.with(ENCRYPTION_CONTEXT, ContextValue::Absent);
    let store = context
        .with_each(SOURCE_KEYS, &ContextValue::Absent)
        .with(ENCRYPTION_CONTEXT, no_ones(arn + Hole::Name));
    [log_file, notification]
        .iter()
        .flat_map(|sent| {
            in_and_outside_organizations(sent, "aws:SourceOrgID", "aws:SourceOrgPaths")
        })
        .chain([store])
        .collect()
}

/// The same, to decrypt the logs of this trail.
///
/// The encryption context is the one that the logs were encrypted with; without it they cannot be
/// decrypted ("AWS KMS Developer Guide, Encryption context"). It has the ARNs of the trail and of
/// the S3 object, and no other key ("CloudTrail User Guide, How AWS CloudTrail uses AWS KMS").
pub(super) fn after_logs(context: &Context, question: &TrailAndKey<'_>) -> Vec<Context> {
    let keys = ContextValue::Includes(vec![CLOUDTRAIL_CONTEXT.to_owned()]);
    vec![with_encryption_context(context, question, [true, true], keys)]
}

/// The same, for `CreateGrant` with a grant that allows decrypting logs of this trail.
///
/// - The encryption context is that of a constraint that the caller may put on the grant.
///   A grant whose constraint does not match the logs does not decrypt them.
/// - The operations of the grant include one that leads to plaintext.
/// - The grantee is a principal or a service that the policy does not name
///   ("AWS KMS Developer Guide, AWS KMS condition keys", `kms:GranteeServicePrincipal`).
pub(super) fn granting_logs(context: &Context, question: &TrailAndKey<'_>) -> Vec<Context> {
    let grantees = [
        [theirs(principal_arn(question)), ContextValue::Absent],
        [ContextValue::Absent, ContextValue::Chosen],
    ];
    let with_grantees = grantees.map(|[principal, service]| {
        context
            .clone()
            .with("kms:GranteePrincipal", principal)
            .with("kms:GranteeServicePrincipal", service)
    });
    with_grantees.iter().flat_map(|context| granting_decryption(context, question)).collect()
}

fn granting_decryption(context: &Context, question: &TrailAndKey<'_>) -> Vec<Context> {
    let mut contexts = Vec::new();
    for needed in ["Decrypt", "ReEncryptFrom"] {
        for constrained in [[false, false], [true, false], [false, true], [true, true]] {
            let names = [CLOUDTRAIL_CONTEXT, S3_CONTEXT].into_iter().zip(constrained);
            let names: Vec<String> =
                names.filter(|(_, is)| *is).map(|(name, _)| name.to_owned()).collect();
            let is_free = names.is_empty();
            let keys = if is_free { ContextValue::Absent } else { ContextValue::Known(names) };
            let kind = if is_free { ContextValue::Absent } else { ContextValue::Chosen };
            contexts.push(
                with_encryption_context(context, question, constrained, keys)
                    .with("kms:GrantConstraintType", kind)
                    .with(
                        "kms:GrantOperations",
                        ContextValue::ChosenWith { needed, others: &GRANT_OPERATIONS },
                    ),
            );
        }
    }
    contexts
}

/// The same, for `PutKeyPolicy`.
pub(super) fn putting_policies(context: &Context) -> Vec<Context> {
    vec![without_encryption_context(context.clone())]
}

fn with_encryption_context(
    context: &Context,
    question: &TrailAndKey<'_>,
    [has_trail, has_object]: [bool; 2],
    keys: ContextValue,
) -> Context {
    let trail = known_or_pending(question.trail.as_str());
    let object = question.arn() + "s3:::" + Hole::Anything;
    let present = |is: bool, value: ContextValue| if is { value } else { ContextValue::Absent };
    context
        .clone()
        .with_family("kms:EncryptionContext:", ContextValue::Absent)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", present(has_trail, trail))
        .with("kms:EncryptionContext:aws:s3:arn", present(has_object, theirs(object)))
        .with("kms:EncryptionContextKeys", keys)
}

/// Condition keys about an organization are present only if the account is in one.
fn in_and_outside_organizations(context: &Context, id: &str, paths: &str) -> [Context; 2] {
    let organization = Shape::text("o-") + Hole::Unnamed;
    let path = organization.clone() + "/" + Hole::Anything;
    [
        context.clone().with(id, theirs(organization)).with(paths, theirs(path)),
        context.clone().with_each(&[id, paths], &ContextValue::Absent),
    ]
}

/// The source keys, which a service may or may not send.
const SOURCE_KEYS: &[&str] =
    &["aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:SourceOrgPaths"];

/// The operations that a grant for a symmetric encryption key can allow (KMS API Reference,
/// `CreateGrant`, *Operations*).
const GRANT_OPERATIONS: [&str; 11] = [
    "CreateGrant",
    "Decrypt",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
];

/// The condition keys that a stranger controls.
const CHOSEN_KEYS: &[&str] = &[
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalType",
    "aws:referer",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:username",
    "aws:ViaAWSService",
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:GrantIsForAWSResource",
    "kms:RetiringPrincipal",
    "kms:ViaService",
];
