//! The expected result of each cell, written by hand from the purpose of the operation and the
//! meaning of the fault.
//!
//! Three questions decide a row. Can a retry help? If so, the call is retried, and a single fault
//! of this kind has no effect. Did AWS refuse, or did it fail? A refusal is a fact that a person
//! sees; a failure fails the invocation, so that Lambda retries. What is the call for? Without the
//! list of trails nothing can be evaluated; without the state of a key its trails cannot be;
//! without the old results all trails can.

use trailseal_lab::Operation::{
    self, AssumeRole, DescribeKey, DescribeTrails, GetComplianceDetailsByConfigRule, GetKeyPolicy,
    GetKeyRotationStatus, GetObject, GetResourceConfigHistory, GetTrailStatus, HeadBucket,
    ListDiscoveredResources, ListTags, PutEvaluations,
};

use self::Calls::{OneMore, Retried, Twice, Unchanged, UntilFault};
use self::Outcome::{
    Fails, Final, Healthy, NoCleanUp, NoExemptions, NoTag, Refused, Reported, Unheard, Unjudged,
    Untagged,
};
use self::Where::{Always, AtFirst, AtSecond};

/// Which calls of an operation fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    AtFirst,
    /// Only if there is a second call.
    AtSecond,
    Always,
}

/// The result of a fault. The *concerned* trails are those that depend on the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The same as without the fault.
    Healthy,
    /// Nothing is submitted; the invocation fails with an error of this kind and this text.
    Fails(&'static str, &'static str),
    /// The concerned trails are NON_COMPLIANT with this text; nothing else changes.
    Reported(&'static str),
    /// The concerned trails are not submitted; the invocation fails and names them and the call.
    Unjudged,
    /// All evaluations are submitted, but no result of a deleted trail is replaced.
    NoCleanUp,
    /// All evaluations are submitted, without the exemptions of the document; the invocation fails
    /// and names the document.
    NoExemptions,
    /// All evaluations are submitted, without the exemption by tag; the invocation fails and names
    /// the tag and the trail.
    NoTag,
    /// All evaluations are submitted; that of the trail with the tag is as if it had none.
    Untagged,
    /// The evaluations of this call are not accepted, those of other calls are; the invocation
    /// fails with an error of this kind and this text.
    Refused(&'static str, &'static str),
    /// The evaluations are accepted, but the response is unusable; the function fails with this
    /// kind.
    Unheard(&'static str),
    /// No evaluation is accepted from this call on; the function does not retry.
    Final(&'static str),
}

/// The number of calls of the operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// As many as without the fault.
    Unchanged,
    /// One more than without the fault.
    OneMore,
    /// As many as there are attempts, for each piece of evidence and each batch; otherwise once.
    Retried,
    /// Up to the first call that fails; the later calls are not made.
    UntilFault,
    /// Two; the later calls are not made.
    Twice,
}

/// One line of the table.
pub(crate) struct Row {
    pub(crate) operations: &'static [Operation],
    pub(crate) faults: &'static [&'static str],
    pub(crate) at: &'static [Where],
    pub(crate) outcome: Outcome,
    pub(crate) calls: Calls,
}

/// Nothing can be evaluated without these.
const NEEDED: &[Operation] = &[DescribeTrails, ListDiscoveredResources, GetResourceConfigHistory];
/// Each is evidence about some trails.
const EVIDENCE: &[Operation] = &[DescribeKey, GetKeyRotationStatus, GetKeyPolicy, GetTrailStatus];
const BUCKET: &[Operation] = &[HeadBucket];
const DOCUMENT: &[Operation] = &[GetObject];
const TAG: &[Operation] = &[ListTags];
const ROLE: &[Operation] = &[AssumeRole];
const WRITE: &[Operation] = &[PutEvaluations];
const CLEAN_UP: &[Operation] = &[GetComplianceDetailsByConfigRule];
/// These have pages.
const PAGED: &[Operation] = &[
    ListDiscoveredResources,
    GetResourceConfigHistory,
    GetComplianceDetailsByConfigRule,
    ListTags,
];
/// These have no pages.
const UNPAGED: &[Operation] = &[
    DescribeTrails,
    DescribeKey,
    GetKeyRotationStatus,
    GetKeyPolicy,
    GetTrailStatus,
    AssumeRole,
    PutEvaluations,
    HeadBucket,
    GetObject,
];
const SIGNED: &[Operation] = &[
    DescribeTrails,
    ListDiscoveredResources,
    GetResourceConfigHistory,
    DescribeKey,
    GetKeyRotationStatus,
    GetKeyPolicy,
    GetTrailStatus,
    AssumeRole,
    PutEvaluations,
    GetComplianceDetailsByConfigRule,
    ListTags,
];

/// A retry may help. It also helps if the clock is wrong: the response contains the right time.
const PASSING: &[&str] = &[
    "throttling",
    "internal-error",
    "service-unavailable",
    "slow",
    "connection-reset",
    "truncated-body",
    "clock-skew",
];
/// The same for unsigned calls, which contain no time.
pub(crate) const PASSING_UNSIGNED: &[&str] = &[
    "throttling",
    "internal-error",
    "service-unavailable",
    "slow",
    "connection-reset",
    "truncated-body",
];
/// The same, divided by whether AWS executed the call.
const NOT_DONE: &[&str] =
    &["throttling", "internal-error", "service-unavailable", "connection-reset", "clock-skew"];
const DONE: &[&str] = &["slow", "truncated-body"];
/// The response is invalid; an immediate retry would get the same one.
const GARBLED: &[&str] = &["not-json", "wrong-types"];
/// The same, or the caller is at fault: the response proves nothing about the resource.
const UNUSABLE: &[&str] = &["not-json", "wrong-types", "expired-credentials"];
/// All of these, and refusals by AWS: a retry does not help.
const LASTING: &[&str] =
    &["not-json", "wrong-types", "expired-credentials", "access-denied", "not-found"];
/// The list never ends. An operation without pages is not affected.
const REPEATED: &[&str] = &["repeated-token"];
const EXPIRED: &[&str] = &["expired-credentials"];
const DENIED: &[&str] = &["access-denied"];
/// S3 refuses, but still returns the Region.
const REFUSED_BY_S3: &[&str] = &["access-denied", "expired-credentials", "clock-skew"];
const NOT_FOUND: &[&str] = &["not-found"];
const NO: &[&str] = &["access-denied", "not-found"];

const BREAKDOWN: &str = "AwsBreakdown";
const PERMISSION: &str = "PermissionMissing";

const ANYWHERE: &[Where] = &[AtFirst, AtSecond, Always];
const ONCE: &[Where] = &[AtFirst, AtSecond];
const FROM_FIRST: &[Where] = &[AtFirst, Always];
const FROM_SECOND: &[Where] = &[AtSecond, Always];

const fn row(
    operations: &'static [Operation],
    faults: &'static [&'static str],
    at: &'static [Where],
    outcome: Outcome,
    calls: Calls,
) -> Row {
    Row { operations, faults, at, outcome, calls }
}

/// The table. A test proves that exactly one row matches each cell.
#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    // A temporary fault is retried and has no effect.
    row(SIGNED, PASSING,          ONCE, Healthy, OneMore),
    row(BUCKET, PASSING_UNSIGNED, ONCE, Healthy, OneMore),
    row(DOCUMENT, PASSING_UNSIGNED, &[AtFirst], Healthy, OneMore),

    // The first role is that of the rule's account, the second that of the account of alpha's key,
    // which is needed to read the policy of that key.
    row(ROLE, PASSING,  &[Always],   Fails(BREAKDOWN, "sts:AssumeRole"), Retried),
    row(ROLE, UNUSABLE, FROM_FIRST,  Fails(BREAKDOWN, "sts:AssumeRole"), UntilFault),
    row(ROLE, UNUSABLE, &[AtSecond], Unjudged, UntilFault),
    // STS never returns that a role does not exist; it denies.
    row(ROLE, NO,       FROM_FIRST,  Fails(PERMISSION, "cannot be assumed"), UntilFault),
    row(ROLE, NO,       &[AtSecond], Reported("cannot be assumed"), UntilFault),

    // Without these nothing can be evaluated or submitted; the error names the operation.
    row(NEEDED, PASSING,  &[Always], Fails(BREAKDOWN, ""), Retried),
    row(NEEDED, UNUSABLE, ANYWHERE,  Fails(BREAKDOWN, ""), UntilFault),
    row(NEEDED, DENIED,   ANYWHERE,  Fails(PERMISSION, "allow it"), UntilFault),
    // An empty list of trails is a valid result, but AWS Config has discovered trails here.
    row(&[DescribeTrails], NOT_FOUND, FROM_FIRST, Fails(BREAKDOWN, "it lists no trail, but AWS Config has discovered"), Unchanged),
    // Without a recorder, AWS Config has discovered nothing, so trails are reported by name.
    row(&[ListDiscoveredResources], NOT_FOUND, ANYWHERE, Healthy, UntilFault),
    // The announced item must exist: it may not have arrived yet.
    row(&[GetResourceConfigHistory], NOT_FOUND, ANYWHERE, Fails(BREAKDOWN, "ResourceNotDiscoveredException"), UntilFault),

    // A list that repeats a token is an error, never a shorter list. If only the first page comes
    // twice and the list then continues, it is complete.
    row(UNPAGED,  REPEATED, ANYWHERE,    Healthy, Unchanged),
    row(PAGED,    REPEATED, &[AtFirst],  Healthy, OneMore),
    row(&[ListDiscoveredResources], REPEATED, FROM_SECOND, Fails(BREAKDOWN, ""), Twice),
    row(CLEAN_UP, REPEATED, FROM_SECOND, NoCleanUp, Twice),
    // The second page has the item, so a third is not read.
    row(&[GetResourceConfigHistory], REPEATED, &[AtSecond], Healthy, Unchanged),
    row(&[GetResourceConfigHistory], REPEATED, &[Always], Fails(BREAKDOWN, ""), Twice),

    // A failure proves nothing about a trail; refusals and missing resources are reported.
    row(EVIDENCE, PASSING,   &[Always], Unjudged, Retried),
    row(EVIDENCE, UNUSABLE,  ANYWHERE,  Unjudged, Unchanged),
    row(EVIDENCE, DENIED,    ANYWHERE,  Reported("could not verify"), Unchanged),
    row(EVIDENCE, NOT_FOUND, ANYWHERE,  Reported("does not exist"), Unchanged),

    // S3 returns the Region of a bucket even when it refuses.
    row(BUCKET, PASSING_UNSIGNED, &[Always], Unjudged, Retried),
    row(BUCKET, &["not-json"],    ANYWHERE,  Unjudged, Unchanged),
    row(BUCKET, &["wrong-types"], ANYWHERE,  Reported("could not verify"), Unchanged),
    row(BUCKET, REFUSED_BY_S3,    ANYWHERE,  Healthy, Unchanged),
    row(BUCKET, NOT_FOUND,        ANYWHERE,  Reported("does not exist"), Unchanged),

    // The trails are evaluated without a document that could not be read, and the error is seen.
    row(DOCUMENT, PASSING_UNSIGNED, &[Always], NoExemptions, Retried),
    row(DOCUMENT, LASTING,          FROM_FIRST, NoExemptions, Unchanged),
    row(DOCUMENT, &["clock-skew"],  FROM_FIRST, NoExemptions, Unchanged),

    // The same for the tag of a trail. A trail that is gone has no tag.
    row(TAG, PASSING,   &[Always],  NoTag, Retried),
    row(TAG, UNUSABLE,  FROM_FIRST, NoTag, Unchanged),
    row(TAG, DENIED,    FROM_FIRST, NoTag, Unchanged),
    row(TAG, NOT_FOUND, FROM_FIRST, Untagged, Unchanged),
    row(TAG, REPEATED,  &[Always],  NoTag, Twice),

    // A failed clean-up blocks no evaluation; an incomplete list of results is not used.
    row(CLEAN_UP, PASSING, &[Always], NoCleanUp, Retried),
    row(CLEAN_UP, LASTING, ANYWHERE,  NoCleanUp, UntilFault),

    // A lost batch fails the invocation and does not affect other batches.
    row(WRITE, NOT_DONE, &[Always], Refused(BREAKDOWN, "config:PutEvaluations"), Retried),
    row(WRITE, DONE,     &[Always], Unheard(BREAKDOWN), Retried),
    row(WRITE, GARBLED,  ANYWHERE,  Unheard(BREAKDOWN), Unchanged),
    row(WRITE, EXPIRED,  ANYWHERE,  Refused(BREAKDOWN, "config:PutEvaluations"), Unchanged),
    row(WRITE, DENIED,   ANYWHERE,  Refused(PERMISSION, "config:PutEvaluations"), Unchanged),
    // The rule was deleted, so no result can be submitted.
    row(WRITE, NOT_FOUND, ANYWHERE, Final("the rule does not exist any more"), UntilFault),
];
