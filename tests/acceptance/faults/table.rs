//! What is expected of each cell: written by hand, from what the operation is for and what the
//! fault means.
//!
//! Three questions decide a row. Can asking again help? Then it is asked again, and one fault of
//! this kind has no effect. Did AWS say no, or did it break down? A no is a fact that a person
//! sees; a breakdown fails the invocation, so that Lambda tries again. What is the call for?
//! Without the trails nothing can be said; without one key's state nothing can be said of its
//! trails; without the old results everything can.

use trailseal_lab::Operation::{
    self, AssumeRole, DescribeKey, DescribeTrails, GetComplianceDetailsByConfigRule, GetKeyPolicy,
    GetKeyRotationStatus, GetResourceConfigHistory, GetTrailStatus, HeadBucket,
    ListDiscoveredResources, PutEvaluations,
};

use self::Calls::{OneMore, Retried, Twice, Unchanged, UntilFault};
use self::Outcome::{
    Fails, Final, Healthy, NoCleanUp, NoTrails, Refused, Reported, Unheard, Unjudged,
};
use self::Where::{Always, AtFirst, AtSecond};

/// Which of the calls of an operation goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    AtFirst,
    /// Only where there is a second call.
    AtSecond,
    Always,
}

/// What comes of a fault. The trails *concerned* are those whose evidence the call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The same as without it.
    Healthy,
    /// Nothing is put; the invocation fails with an error of this kind that says this.
    Fails(&'static str, &'static str),
    /// Trails concerned are NON_COMPLIANT with an annotation that says this; the rest is as ever.
    Reported(&'static str),
    /// Trails concerned are not put, the rest is; the invocation fails naming them and the call.
    Unjudged,
    /// All evaluations are put, but no result of a trail that is gone is replaced.
    NoCleanUp,
    /// AWS returns no trails: existing results are replaced, and nothing else is put.
    NoTrails,
    /// The evaluations of the call are not accepted, those of other calls are; the invocation
    /// fails with an error of this kind that says this.
    Refused(&'static str, &'static str),
    /// The evaluations are accepted, but the function never heard; it fails with this kind.
    Unheard(&'static str),
    /// No evaluation is accepted from this call on; it is not asked again.
    Final(&'static str),
}

/// How often the operation is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Calls {
    /// As often as without the fault.
    Unchanged,
    /// Once more than that.
    OneMore,
    /// Until the attempts are used up: for each piece of evidence and each batch, else once.
    Retried,
    /// Up to the first call that goes wrong; what would have followed is not asked.
    UntilFault,
    /// Twice; what would have followed is not asked.
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

/// Nothing can be said without these.
const NEEDED: &[Operation] = &[DescribeTrails, ListDiscoveredResources, GetResourceConfigHistory];
/// Each is evidence about some trails.
const EVIDENCE: &[Operation] = &[DescribeKey, GetKeyRotationStatus, GetKeyPolicy, GetTrailStatus];
const BUCKET: &[Operation] = &[HeadBucket];
const ROLE: &[Operation] = &[AssumeRole];
const WRITE: &[Operation] = &[PutEvaluations];
const CLEAN_UP: &[Operation] = &[GetComplianceDetailsByConfigRule];
/// These have pages.
const PAGED: &[Operation] =
    &[ListDiscoveredResources, GetResourceConfigHistory, GetComplianceDetailsByConfigRule];
/// These have none.
const UNPAGED: &[Operation] = &[
    DescribeTrails,
    DescribeKey,
    GetKeyRotationStatus,
    GetKeyPolicy,
    GetTrailStatus,
    AssumeRole,
    PutEvaluations,
    HeadBucket,
];
/// All that is signed.
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
];

/// Asking again may help. So it does where the clock is wrong: the answer tells the right time.
const PASSING: &[&str] = &[
    "throttling",
    "internal-error",
    "service-unavailable",
    "slow",
    "connection-reset",
    "truncated-body",
    "clock-skew",
];
/// The same where nothing is signed: nobody asks what time it is.
const PASSING_UNSIGNED: &[&str] = &[
    "throttling",
    "internal-error",
    "service-unavailable",
    "slow",
    "connection-reset",
    "truncated-body",
];
/// The same, told apart by whether AWS did what it was asked.
const NOT_DONE: &[&str] =
    &["throttling", "internal-error", "service-unavailable", "connection-reset", "clock-skew"];
const DONE: &[&str] = &["slow", "truncated-body"];
/// The answer cannot be understood; asking again at once would give the same one.
const GARBLED: &[&str] = &["not-json", "wrong-types"];
/// The same, or the caller is at fault: nothing is said of the resource.
const UNUSABLE: &[&str] = &["not-json", "wrong-types", "expired-credentials"];
/// All of these, and what AWS says no to: asking again does not help.
const LASTING: &[&str] =
    &["not-json", "wrong-types", "expired-credentials", "access-denied", "not-found"];
/// The list has no end. An operation without pages is not affected.
const REPEATED: &[&str] = &["repeated-token"];
const EXPIRED: &[&str] = &["expired-credentials"];
const DENIED: &[&str] = &["access-denied"];
/// S3 refuses, and yet tells what is asked.
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
    // What passes is asked again, and nobody is the wiser.
    row(SIGNED, PASSING,          ONCE, Healthy, OneMore),
    row(BUCKET, PASSING_UNSIGNED, ONCE, Healthy, OneMore),

    // The role of the rule's account comes first; at the second call it is the role of the
    // account of alpha's key, without which the policy of that key cannot be read.
    row(ROLE, PASSING,  &[Always],   Fails(BREAKDOWN, "sts:AssumeRole"), Retried),
    row(ROLE, UNUSABLE, FROM_FIRST,  Fails(BREAKDOWN, "sts:AssumeRole"), UntilFault),
    row(ROLE, UNUSABLE, &[AtSecond], Unjudged, UntilFault),
    // STS does not say that a role is not there; it denies.
    row(ROLE, NO,       FROM_FIRST,  Fails(PERMISSION, "cannot be assumed"), UntilFault),
    row(ROLE, NO,       &[AtSecond], Reported("cannot be assumed"), UntilFault),

    // Without these there is nothing to say, and nothing is said; the operation is named.
    row(NEEDED, PASSING,  &[Always], Fails(BREAKDOWN, ""), Retried),
    row(NEEDED, UNUSABLE, ANYWHERE,  Fails(BREAKDOWN, ""), UntilFault),
    row(NEEDED, DENIED,   ANYWHERE,  Fails(PERMISSION, "allow it"), UntilFault),
    // There are no trails: an answer.
    row(&[DescribeTrails], NOT_FOUND, FROM_FIRST, NoTrails, Unchanged),
    // Without a recorder Config has discovered nothing, so trails are reported by name.
    row(&[ListDiscoveredResources], NOT_FOUND, ANYWHERE, Healthy, UntilFault),
    // The announced item must be there: it may not have arrived yet.
    row(&[GetResourceConfigHistory], NOT_FOUND, ANYWHERE, Fails(BREAKDOWN, "ResourceNotDiscoveredException"), UntilFault),

    // A list that repeats a token is an error, never a shorter list. Where the first page comes
    // twice and the list then goes on, it is whole.
    row(UNPAGED,  REPEATED, ANYWHERE,    Healthy, Unchanged),
    row(PAGED,    REPEATED, &[AtFirst],  Healthy, OneMore),
    row(&[ListDiscoveredResources], REPEATED, FROM_SECOND, Fails(BREAKDOWN, ""), Twice),
    row(CLEAN_UP, REPEATED, FROM_SECOND, NoCleanUp, Twice),
    // The second page has the item, so that nobody asks for a third.
    row(&[GetResourceConfigHistory], REPEATED, &[AtSecond], Healthy, Unchanged),
    row(&[GetResourceConfigHistory], REPEATED, &[Always], Fails(BREAKDOWN, ""), Twice),

    // A breakdown says nothing of a trail; a no is reported, and what is gone is a finding.
    row(EVIDENCE, PASSING,   &[Always], Unjudged, Retried),
    row(EVIDENCE, UNUSABLE,  ANYWHERE,  Unjudged, Unchanged),
    row(EVIDENCE, DENIED,    ANYWHERE,  Reported("could not verify"), Unchanged),
    row(EVIDENCE, NOT_FOUND, ANYWHERE,  Reported("does not exist"), Unchanged),

    // S3 names the Region of a bucket also when it refuses.
    row(BUCKET, PASSING_UNSIGNED, &[Always], Unjudged, Retried),
    row(BUCKET, &["not-json"],    ANYWHERE,  Unjudged, Unchanged),
    row(BUCKET, &["wrong-types"], ANYWHERE,  Reported("could not verify"), Unchanged),
    row(BUCKET, REFUSED_BY_S3,    ANYWHERE,  Healthy, Unchanged),
    row(BUCKET, NOT_FOUND,        ANYWHERE,  Reported("does not exist"), Unchanged),

    // A clean-up that fails blocks no evaluation; half a list of results is no list.
    row(CLEAN_UP, PASSING, &[Always], NoCleanUp, Retried),
    row(CLEAN_UP, LASTING, ANYWHERE,  NoCleanUp, UntilFault),

    // A batch that is lost fails the invocation, and takes no other batch with it.
    row(WRITE, NOT_DONE, &[Always], Refused(BREAKDOWN, "config:PutEvaluations"), Retried),
    row(WRITE, DONE,     &[Always], Unheard(BREAKDOWN), Retried),
    row(WRITE, GARBLED,  ANYWHERE,  Unheard(BREAKDOWN), Unchanged),
    row(WRITE, EXPIRED,  ANYWHERE,  Refused(BREAKDOWN, "config:PutEvaluations"), Unchanged),
    row(WRITE, DENIED,   ANYWHERE,  Refused(PERMISSION, "config:PutEvaluations"), Unchanged),
    // The rule is gone: nobody can be told any more.
    row(WRITE, NOT_FOUND, ANYWHERE, Final("the rule does not exist any more"), UntilFault),
];
