//! Can somebody whom the policy does not name come to read the logs?
//!
//! What leads to plaintext is `kms:Decrypt`, `kms:ReEncryptFrom` (under a key of one's own),
//! `kms:CreateGrant` (of either) and `kms:PutKeyPolicy`. A statement that names its principals is no
//! exposure, and neither is the one of the account's root, which hands the decision to IAM. One that
//! is open to everyone is, unless a condition on *who* calls confines it: `kms:CallerAccount`,
//! `aws:PrincipalAccount`, `aws:PrincipalArn`, `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`, or a
//! key that only services carry, such as `aws:SourceAccount`. What a stranger can arrange does not
//! confine: the encryption context, `kms:ViaService`, `kms:GrantIsForAWSResource`, tags, MFA.
//!
//! A grant to CloudTrail's service principal is a second way in, where any account could make
//! CloudTrail use it ("IAM User Guide, The confused deputy problem"). `kms:DescribeKey` is no such
//! grant: CloudTrail's own default policy leaves it unbound. Nor is `kms:Decrypt` alone, which the
//! CloudTrail User Guide shows unbound for buckets with an S3 Bucket Key: CloudTrail decrypts what was
//! encrypted for the trail that it works for, and returns nothing of it to anybody.

use super::context::Context;
use super::document::{Effect, PolicyDocument, StatementRef};
use super::matching::Match;
use super::question::{
    CLOUDTRAIL, TrailAndKey, cloudtrail_for_strangers, services_for_strangers,
    strangers_after_logs, with_chosen_encryption_context, without_encryption_context,
};
use super::request::{CallerSet, Request};

/// What a policy leaves open to those whom it does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guard {
    /// What is open.
    pub exposures: Vec<Exposure>,
    /// What may be open: conditions or principals that could not be read, or a Deny that may or may
    /// not close it.
    pub doubts: Vec<Exposure>,
}

/// One statement that opens the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The statement that allows it.
    pub statement: StatementRef,
    /// To whom.
    pub kind: ExposureKind,
    /// The operations, such as `kms:Decrypt`.
    pub actions: Vec<&'static str>,
}

/// To whom a key is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExposureKind {
    /// To everyone: to the users and roles of whatever account, or to whatever service.
    Everyone,
    /// To the trails of any account, through CloudTrail.
    AnyAccountThroughCloudTrail,
}

/// One operation of one kind of caller, who may be in several situations.
struct Avenue {
    kind: ExposureKind,
    action: &'static str,
    requests: Vec<Request>,
}

/// What is open to those whom the policy does not name. Nothing open and nothing in doubt means that
/// the logs are guarded.
#[must_use]
pub fn guards_decryption(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Guard {
    let mut guard = Guard::default();
    for avenue in avenues(question) {
        explore(policy, &avenue, &mut guard);
    }
    guard
}

fn avenues(question: &TrailAndKey<'_>) -> Vec<Avenue> {
    let requests = |caller: CallerSet, contexts: Vec<Context>| -> Vec<Request> {
        let about = |context| Request {
            caller: caller.clone(),
            action: String::new(),
            key_arn: question.key_arn.map(str::to_owned),
            context,
        };
        contexts.into_iter().map(about).collect()
    };
    let cloudtrail = CallerSet::Service(CLOUDTRAIL.to_owned());
    let strangers = requests(CallerSet::Stranger, strangers_after_logs(question).to_vec());
    let services = requests(CallerSet::AnyService, services_for_strangers(question));
    let trails = requests(cloudtrail, cloudtrail_for_strangers(question).to_vec());

    let everyone = [strangers, services].concat();
    let through_cloudtrail = ExposureKind::AnyAccountThroughCloudTrail;
    [
        leading_to_plaintext(ExposureKind::Everyone, "kms:Decrypt", &everyone),
        leading_to_plaintext(through_cloudtrail, "kms:GenerateDataKey", &trails),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn leading_to_plaintext(
    kind: ExposureKind,
    first: &'static str,
    situations: &[Request],
) -> [Avenue; 4] {
    let avenue = |action: &'static str, adapt: fn(Context) -> Context| Avenue {
        kind,
        action,
        requests: situations
            .iter()
            .map(|request| Request {
                action: action.to_owned(),
                context: adapt(request.context.clone()),
                ..request.clone()
            })
            .collect(),
    };
    [
        avenue(first, std::convert::identity),
        avenue("kms:ReEncryptFrom", std::convert::identity),
        avenue("kms:CreateGrant", with_chosen_encryption_context),
        avenue("kms:PutKeyPolicy", without_encryption_context),
    ]
}

fn explore(policy: &PolicyDocument, avenue: &Avenue, guard: &mut Guard) {
    let closed = avenue.requests.iter().map(|request| {
        let denies = policy.statements_of(Effect::Deny);
        Match::any(denies.map(|statement| statement.reach(request).whole()))
    });
    let closed: Vec<Match> = closed.collect();
    for statement in policy.statements_of(Effect::Allow) {
        // What is open to everyone is open through CloudTrail as well, and told once.
        let is_told = avenue.kind != ExposureKind::Everyone
            && guard.exposures.iter().any(|told| {
                told.kind == ExposureKind::Everyone && told.statement == statement.reference
            });
        if is_told {
            continue;
        }
        let requests = avenue.requests.iter().zip(&closed);
        let open = requests.map(|(request, closed)| statement.reach(request).whole().and(!*closed));
        match Match::any(open) {
            Match::Never => {}
            Match::Sometimes => add(&mut guard.doubts, &statement.reference, avenue),
            Match::Always => add(&mut guard.exposures, &statement.reference, avenue),
        }
    }
}

fn add(found: &mut Vec<Exposure>, statement: &StatementRef, avenue: &Avenue) {
    let same = found
        .iter_mut()
        .find(|exposure| exposure.kind == avenue.kind && exposure.statement == *statement);
    match same {
        Some(exposure) => exposure.actions.push(avenue.action),
        None => found.push(Exposure {
            statement: statement.clone(),
            kind: avenue.kind,
            actions: vec![avenue.action],
        }),
    }
}
