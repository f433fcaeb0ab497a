//! What the requests carry that Trailseal asks about.
//!
//! Which key is in which request is said under *Availability* in "IAM User Guide, AWS global
//! condition context keys", and in "AWS KMS Developer Guide, AWS KMS condition keys".

use super::context::{Context, ContextValue, OpenValue, Settled};
use super::shape::Shape;

/// The service principal that CloudTrail calls KMS with.
pub(super) const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The trail and the key of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailAndKey<'a> {
    /// The trail's ARN. Of an organization trail it is the one of the owning account: the CloudTrail
    /// User Guide has `aws:SourceAccount` and `aws:SourceArn` name that account.
    pub trail_arn: &'a str,
    /// The key's ARN, where it is known; without it a `Resource` other than `*` is in doubt.
    pub key_arn: Option<&'a str>,
}

impl<'a> TrailAndKey<'a> {
    pub(super) fn trail_account(&self) -> Option<&'a str> {
        arn_part(self.trail_arn, 4)
    }

    pub(super) fn partition(&self) -> &'a str {
        arn_part(self.trail_arn, 1).unwrap_or("aws")
    }

    pub(super) fn key_region(&self) -> Option<&'a str> {
        self.key_arn.and_then(|arn| arn_part(arn, 3))
    }
}

pub(super) fn arn_part(arn: &str, index: usize) -> Option<&str> {
    arn.split(':').nth(index).filter(|part| !part.is_empty())
}

fn known_or_unknown(value: Option<&str>) -> ContextValue {
    value.map_or(ContextValue::Unknown, ContextValue::known)
}

/// CloudTrail, on behalf of this trail.
///
/// - `aws:PrincipalOrgID` and its like are missing: they are there "only if the principal is a
///   member of an organization", and the guide warns that a condition on them keeps out CloudTrail.
/// - `aws:PrincipalAccount` and `aws:PrincipalArn` are said to be in every signed request; whatever
///   they hold for a service, it is no account that a policy names.
/// - `aws:SecureTransport` and the network keys are withheld from calls between services, so
///   nothing is certain about them; nor about the time or `kms:ViaService`.
/// - `kms:EncryptionAlgorithm` has no effect on `GenerateDataKey`, which is always symmetric.
pub(super) fn cloudtrail_for(question: &TrailAndKey<'_>) -> Context {
    let trail_arn = ContextValue::known(question.trail_arn);
    cloudtrail(question)
        .with("aws:SourceArn", trail_arn.clone())
        .with("aws:SourceAccount", known_or_unknown(question.trail_account()))
        .with("kms:EncryptionContext:aws:cloudtrail:arn", trail_arn)
}

/// CloudTrail, on behalf of whatever trail a stranger has set up, be it in an account of an
/// organization or of none.
pub(super) fn cloudtrail_for_strangers(question: &TrailAndKey<'_>) -> [Context; 2] {
    let arn = Shape::text("arn:").then(question.partition()).then(":cloudtrail:").then_name();
    let trail_arn = theirs(arn.then(":").then_unnamed().then(":").then_name());
    let context = cloudtrail(question)
        .with("kms:CallerAccount", no_ones(unnamed()))
        .with("aws:SourceArn", trail_arn.clone())
        .with("aws:SourceAccount", theirs(unnamed()))
        .with("kms:EncryptionContext:aws:cloudtrail:arn", trail_arn);
    with_and_without_organization(context, "aws:SourceOrgID", "aws:SourceOrgPaths")
}

/// A service that the policy does not name, on behalf of whatever a stranger has set up there, after
/// the logs of this trail.
///
/// The ARN of what works for the stranger names their account, or none: that of a bucket does not
/// ("Amazon S3 User Guide, Policy resources for Amazon S3").
pub(super) fn services_for_strangers(question: &TrailAndKey<'_>) -> Vec<Context> {
    let service = theirs(unnamed().then(".amazonaws.com"));
    let arn =
        Shape::text("arn:").then(question.partition()).then(":").then_name().then(":").then_name();
    let of_account = theirs(arn.clone().then(":").then_unnamed().then(":").then_anything());
    let of_none = theirs(arn.then("::").then_unnamed());
    let situations = cloudtrail_for_strangers(question).map(|context| {
        let context = with_context_of_logs(context, question)
            .with_each(&["aws:PrincipalServiceName", "aws:PrincipalServiceNamesList"], &service);
        [&of_account, &of_none].map(|arn| context.clone().with("aws:SourceArn", arn.clone()))
    });
    situations.into_iter().flatten().collect()
}

fn cloudtrail(question: &TrailAndKey<'_>) -> Context {
    about_the_key(question)
        .with("aws:PrincipalIsAWSService", ContextValue::known("true"))
        .with("aws:PrincipalServiceName", ContextValue::known(CLOUDTRAIL))
        .with("aws:PrincipalServiceNamesList", ContextValue::Includes(vec![CLOUDTRAIL.to_owned()]))
        .with("aws:PrincipalAccount", no_ones(unnamed()))
        .with("aws:PrincipalArn", no_ones(unnamed_principal(question)))
        .with("aws:userid", no_ones(unnamed().then_anything()))
        .with_each(
            &["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:username"],
            &ContextValue::Absent,
        )
        .with_family("aws:PrincipalTag/", ContextValue::Absent)
        .with(
            "kms:EncryptionContextKeys",
            ContextValue::Includes(vec!["aws:cloudtrail:arn".to_owned()]),
        )
}

/// Somebody of an account that the policy does not name, of another organization or of none, after
/// the logs of this trail.
///
/// - The encryption context is the one that the logs were encrypted with; without it they cannot be
///   decrypted ("AWS KMS Developer Guide, Encryption context").
/// - Tags, user names, sessions, MFA and the service that the call comes through are for a stranger
///   to arrange in an account of their own.
/// - Where the call comes from, and when, may or may not confine it: nothing is certain.
pub(super) fn strangers_after_logs(question: &TrailAndKey<'_>) -> [Context; 2] {
    let context = about_the_key(question)
        .with("aws:PrincipalIsAWSService", ContextValue::known("false"))
        .with_each(SERVICE_KEYS, &ContextValue::Absent)
        .with_each(&["aws:PrincipalAccount", "kms:CallerAccount"], &theirs(unnamed()))
        .with("aws:PrincipalArn", theirs(unnamed_principal(question)))
        .with("aws:userid", theirs(unnamed().then_anything()))
        .with("aws:RequestedRegion", known_or_unknown(key_part(question, 3)))
        .with_each(CHOSEN_KEYS, &ContextValue::Chosen)
        .with_family("aws:PrincipalTag/", ContextValue::Chosen);
    let context = with_context_of_logs(context, question);
    with_and_without_organization(context, "aws:PrincipalOrgID", "aws:PrincipalOrgPaths")
}

/// A principal that is known by its ARN, after the logs of this trail. What it carries beside its
/// name and the encryption context of the logs is not known.
pub(super) fn known_principal_after_logs(question: &TrailAndKey<'_>, arn: &str) -> Context {
    let account = known_or_unknown(arn_part(arn, 4));
    // A root's ARN stands for the users and roles of the account.
    let name =
        if arn.ends_with(":root") { ContextValue::Unknown } else { ContextValue::known(arn) };
    about_the_key(question)
        .with("aws:PrincipalIsAWSService", ContextValue::known("false"))
        .with_each(SERVICE_KEYS, &ContextValue::Absent)
        .with_each(&["aws:PrincipalAccount", "kms:CallerAccount"], &account)
        .with("aws:PrincipalArn", name)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::known(question.trail_arn))
        .with(
            "kms:EncryptionContextKeys",
            ContextValue::Includes(vec!["aws:cloudtrail:arn".to_owned()]),
        )
}

fn with_context_of_logs(context: Context, question: &TrailAndKey<'_>) -> Context {
    context
        .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::known(question.trail_arn))
        .with(
            "kms:EncryptionContextKeys",
            ContextValue::Includes(vec!["aws:cloudtrail:arn".to_owned()]),
        )
        .with_family("kms:EncryptionContext:", ContextValue::Chosen)
}

/// A key about an organization is there only where the account is in one.
fn with_and_without_organization(context: Context, id: &str, paths: &str) -> [Context; 2] {
    let organization = Shape::text("o-").then_unnamed();
    let path = organization.clone().then("/").then_anything();
    [
        context.clone().with(id, theirs(organization)).with(paths, theirs(path)),
        context.with_each(&[id, paths], &ContextValue::Absent),
    ]
}

/// The same, of an operation that takes no encryption context.
pub(super) fn without_encryption_context(context: Context) -> Context {
    context
        .with("kms:EncryptionContextKeys", ContextValue::Absent)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::Absent)
        .with_family("kms:EncryptionContext:", ContextValue::Absent)
}

/// The same, of `CreateGrant`, where the encryption context is that of a constraint which the caller
/// puts on the grant, or does not.
pub(super) fn with_chosen_encryption_context(context: Context) -> Context {
    context
        .with("kms:EncryptionContextKeys", ContextValue::Chosen)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", ContextValue::Chosen)
}

/// What only a service principal's requests carry.
const SERVICE_KEYS: &[&str] = &[
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
];

/// What a stranger arranges as it serves.
const CHOSEN_KEYS: &[&str] = &[
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalType",
    "aws:referer",
    "aws:SecureTransport",
    "aws:SourceIdentity",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:username",
    "aws:ViaAWSService",
    "kms:BypassPolicyLockoutSafetyCheck",
    "kms:GrantConstraintType",
    "kms:GranteePrincipal",
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:RetiringPrincipal",
    "kms:ViaService",
];

/// What is the same for everybody.
fn about_the_key(question: &TrailAndKey<'_>) -> Context {
    Context::default()
        .with("aws:ResourceAccount", known_or_unknown(key_part(question, 4)))
        .with("kms:EncryptionAlgorithm", ContextValue::known("SYMMETRIC_DEFAULT"))
}

fn key_part<'a>(question: &TrailAndKey<'a>, index: usize) -> Option<&'a str> {
    question.key_arn.and_then(|arn| arn_part(arn, index))
}

/// A value of which the caller gives what is open.
fn theirs(shape: Shape) -> ContextValue {
    ContextValue::Open(OpenValue { shape, settled: Settled::ByCaller })
}

/// A value that is no account's in particular, if it is there at all.
fn no_ones(shape: Shape) -> ContextValue {
    ContextValue::Open(OpenValue { shape, settled: Settled::ByNobody })
}

fn unnamed() -> Shape {
    Shape::text("").then_unnamed()
}

/// A user, a role, a federated user (of STS) or the root user.
fn unnamed_principal(question: &TrailAndKey<'_>) -> Shape {
    Shape::text("arn:")
        .then(question.partition())
        .then(":")
        .then_name()
        .then("::")
        .then_unnamed()
        .then(":")
        .then_name()
}
