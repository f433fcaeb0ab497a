//! Builds the requests that Trailseal evaluates.
//!
//! For the condition keys in each request, see *Availability* in "IAM User Guide, AWS global
//! condition context keys", and in "AWS KMS Developer Guide, AWS KMS condition keys".

use config_rule::{Arn, Region};
use resource_policy::{CallerSet, Context, ContextValue, Hole, Request, Settled, Shape};

use crate::arn::{KeyArn, TrailArn};

/// The service principal that CloudTrail calls KMS with.
pub(crate) const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The trail and the key of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailAndKey<'a> {
    /// The trail; of an organization trail, its ARN contains the owning account: the CloudTrail User
    /// Guide says that `aws:SourceAccount` and `aws:SourceArn` name that account.
    pub trail: &'a TrailArn,
    /// The key, if known; without it, a `Resource` other than `*` is in doubt.
    pub key: Option<&'a KeyArn>,
}

impl<'a> TrailAndKey<'a> {
    /// A request for an operation on the key. It lacks the condition keys that only other
    /// operations have.
    pub(super) fn request(&self, caller: &CallerSet, action: &str, context: Context) -> Request {
        Request {
            caller: caller.clone(),
            action: action.to_owned(),
            resource: self.key.map(|key| with_holes(key.as_str())),
            context: of_operation(context, action),
        }
    }

    /// `arn:` and the partition of the trail.
    pub(super) fn arn(&self) -> Shape {
        Shape::text("arn:") + self.trail.partition() + ":"
    }

    pub(super) fn key_region(&self) -> Option<&'a Region> {
        self.key.map(KeyArn::region)
    }
}

fn known_or_unknown(value: Option<&str>) -> ContextValue {
    value.map_or(ContextValue::Unknown, known_or_pending)
}

/// The value, of which parts may be stand-ins for what is not known before deployment.
pub(crate) fn known_or_pending(value: &str) -> ContextValue {
    if !value.contains('<') {
        return ContextValue::known(value);
    }
    ContextValue::Pending { text: value.to_owned(), shape: with_holes(value) }
}

/// The value with a hole for each stand-in.
pub(super) fn with_holes(value: &str) -> Shape {
    let mut pieces = value.split('<');
    let first = Shape::text(pieces.next().unwrap_or_default());
    pieces.fold(first, |shape, piece| {
        let (_, rest) = piece.split_once('>').unwrap_or((piece, ""));
        shape + Hole::Segment + rest
    })
}

/// CloudTrail, on behalf of this trail.
///
/// - `aws:PrincipalOrgID` and its like are missing: they are there "only if the principal is a
///   member of an organization", and the guide warns that a condition on them excludes CloudTrail.
/// - `aws:PrincipalAccount` and `aws:PrincipalArn` are documented for every signed request; a
///   service principal has no account that a policy names.
/// - Calls between services may lack the network keys, so nothing is certain about them,
///   nor about the time or `kms:ViaService`.
pub(crate) fn cloudtrail_for(question: &TrailAndKey<'_>) -> Context {
    let trail_arn = known_or_pending(question.trail.as_str());
    let context = service_named(question, CLOUDTRAIL)
        .with("aws:SourceArn", trail_arn.clone())
        .with("aws:SourceAccount", known_or_pending(question.trail.owner().as_str()));
    encrypting_log_files(context, trail_arn)
}

/// The same, with the encryption context of log files: the ARNs of the trail and of the S3 object,
/// and no other key ("CloudTrail User Guide, How AWS CloudTrail uses AWS KMS").
pub(super) fn encrypting_log_files(context: Context, trail_arn: ContextValue) -> Context {
    let keys = ["aws:cloudtrail:arn", "aws:s3:arn"].map(str::to_owned);
    without_encryption_context(context)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", trail_arn)
        .with("kms:EncryptionContext:aws:s3:arn", ContextValue::Unknown)
        .with("kms:EncryptionContextKeys", ContextValue::Known(keys.to_vec()))
}

/// A service under its service principal.
pub(super) fn service_named(question: &TrailAndKey<'_>, name: &str) -> Context {
    named(service(question), name)
}

/// The same context for a service with this name.
pub(super) fn named(context: Context, name: &str) -> Context {
    context
        .with("aws:PrincipalServiceName", ContextValue::known(name))
        .with("aws:PrincipalServiceNamesList", ContextValue::Includes(vec![name.to_owned()]))
}

/// A service of any name.
pub(super) fn service(question: &TrailAndKey<'_>) -> Context {
    about_the_key(question)
        .with("aws:SecureTransport", over_tls())
        .with("aws:PrincipalIsAWSService", ContextValue::known("true"))
        .with("aws:PrincipalAccount", no_ones(unnamed()))
        .with("aws:PrincipalArn", no_ones(service_principal_arn(question)))
        .with("aws:userid", no_ones(unnamed() + Hole::Anything))
        .with_each(
            &["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:username"],
            &ContextValue::Absent,
        )
        .with_family("aws:PrincipalTag/", ContextValue::Absent)
}

/// A principal with a known ARN that decrypts logs of this trail. Its context beyond its
/// ARN and the encryption context of the logs is not known.
pub(super) fn known_principal_after_logs(question: &TrailAndKey<'_>, arn: &str) -> Context {
    let account = Arn::split(arn).map(|parts| parts.account);
    let account = known_or_unknown(account.filter(|account| !account.is_empty()));
    // A root's ARN stands for the users and roles of the account.
    let name =
        if arn.ends_with(":root") { ContextValue::Unknown } else { ContextValue::known(arn) };
    about_the_key(question)
        .with("aws:PrincipalIsAWSService", ContextValue::known("false"))
        .with_each(SERVICE_KEYS, &ContextValue::Absent)
        .with_each(&["aws:PrincipalAccount", "kms:CallerAccount"], &account)
        .with("aws:PrincipalArn", name)
        .with("kms:EncryptionContext:aws:cloudtrail:arn", known_or_pending(question.trail.as_str()))
        .with(
            "kms:EncryptionContextKeys",
            ContextValue::Includes(vec!["aws:cloudtrail:arn".to_owned()]),
        )
}

/// The same, for an operation without an encryption context.
pub(super) fn without_encryption_context(context: Context) -> Context {
    const KEYS: [&str; 3] = [
        "kms:EncryptionContextKeys",
        "kms:EncryptionContext:aws:cloudtrail:arn",
        "kms:EncryptionContext:aws:s3:arn",
    ];
    context
        .with_each(&KEYS, &ContextValue::Absent)
        .with_family("kms:EncryptionContext:", ContextValue::Absent)
}

/// The condition keys that only requests of service principals carry.
pub(super) const SERVICE_KEYS: &[&str] = &[
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
];

/// The condition keys that all callers share. `aws:RequestedRegion` is "always included in the
/// request context" and is the Region that was called; a key is called in its own Region.
pub(super) fn about_the_key(question: &TrailAndKey<'_>) -> Context {
    Context::default()
        .with("aws:RequestedRegion", known_or_unknown(question.key_region().map(Region::as_str)))
        .with(
            "aws:ResourceAccount",
            known_or_unknown(question.key.map(|key| key.account().as_str())),
        )
        .with("kms:EncryptionAlgorithm", ContextValue::known("SYMMETRIC_DEFAULT"))
}

/// The same, for one operation: keys that KMS derives from the parameters of other operations are
/// missing ("AWS KMS Developer Guide, AWS KMS condition keys", *API operations*).
pub(super) fn of_operation(context: Context, action: &str) -> Context {
    let name = action.strip_prefix("kms:").unwrap_or(action);
    OPERATION_KEYS
        .iter()
        .filter(|(operations, _)| !operations.contains(&name))
        .fold(context, |context, (_, keys)| context.with_each(keys, &ContextValue::Absent))
}

/// The evaluated operations, each with the condition keys that only it has.
const OPERATION_KEYS: &[(&[&str], &[&str])] = &[
    (&["Decrypt", "GenerateDataKey", "ReEncryptFrom"], &["kms:EncryptionAlgorithm"]),
    (&["ReEncryptFrom"], &["kms:ReEncryptOnSameKey"]),
    (&["PutKeyPolicy"], &["kms:BypassPolicyLockoutSafetyCheck"]),
    (
        &["CreateGrant"],
        &[
            "kms:GrantConstraintSourceArn",
            "kms:GrantConstraintType",
            "kms:GranteePrincipal",
            "kms:GranteeServicePrincipal",
            "kms:GrantIsForAWSResource",
            "kms:GrantOperations",
            "kms:RetiringPrincipal",
            "kms:RetiringServicePrincipal",
        ],
    ),
];

/// KMS accepts requests over TLS only ("AWS KMS Developer Guide, Infrastructure security"), so
/// `aws:SecureTransport` is never false. Calls between services may leave it out.
pub(super) fn over_tls() -> ContextValue {
    ContextValue::KnownOrAbsent("true".to_owned())
}

/// A value whose unknown part the caller chooses.
pub(super) fn theirs(shape: Shape) -> ContextValue {
    ContextValue::Open { shape, settled: Settled::ByCaller }
}

/// A value that belongs to no particular account, if it is present.
pub(super) fn no_ones(shape: Shape) -> ContextValue {
    ContextValue::Open { shape, settled: Settled::ByNobody }
}

pub(super) fn unnamed() -> Shape {
    Shape::text("") + Hole::Unnamed
}

/// The possible value of `aws:PrincipalArn` for a service principal, if it is present.
fn service_principal_arn(question: &TrailAndKey<'_>) -> Shape {
    question.arn() + Hole::Name + "::" + Hole::Unnamed + ":" + Hole::Name
}
