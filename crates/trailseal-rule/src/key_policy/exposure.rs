//! Can a principal that the policy does not name read the logs, or use the key through CloudTrail?
//!
//! The operations that lead to plaintext are `kms:Decrypt`, `kms:ReEncryptFrom` (to one's own key),
//! `kms:CreateGrant` (for either) and `kms:PutKeyPolicy`. A statement that names its principals is
//! not an exposure, and neither is the root statement of the account, which delegates to IAM.
//! A statement that is open to everyone is an exposure, unless a condition on the *caller*
//! restricts it: `kms:CallerAccount`, `aws:PrincipalAccount`, `aws:PrincipalArn`,
//! `aws:PrincipalOrgID`, `aws:PrincipalOrgPaths`, or a key that only services send, such as
//! `aws:SourceAccount`; or unless it cannot be used on the logs, because it requires another
//! encryption context or a grant that gives a stranger no plaintext. Keys that a stranger controls
//! do not restrict it: `kms:ViaService`, `kms:GrantIsForAWSResource`, tags, MFA.
//!
//! A grant to CloudTrail's service principal is a separate question: any account can make
//! CloudTrail use it ("IAM User Guide, The confused deputy problem") to encrypt with the key. That
//! exposes no logs: CloudTrail calls `GenerateDataKey`, `Decrypt` and `DescribeKey` ("CloudTrail
//! User Guide, How AWS CloudTrail uses AWS KMS") and returns neither plaintext nor data keys to
//! anybody. So an unbound `kms:Decrypt`, which that guide itself shows for buckets with an S3
//! Bucket Key and for event data stores, and an unbound `kms:DescribeKey`, which CloudTrail's
//! default policy has, are not exposures: by themselves they let nobody's trail use the key.

mod search;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use resource_policy::{
    CallerSet, Context, Effect, Listed, Match, PolicyDocument, Principal, Statement, StatementRef,
    same_service,
};

use self::search::{Allows, Search};
use super::question::{CLOUDTRAIL, TrailAndKey};
use super::strangers::{
    after_logs, cloudtrail_for_strangers, granting_logs, putting_policies, services,
    services_named, users_and_roles,
};

/// The operations that a policy opens to principals that it does not name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Openings {
    /// The open operations.
    pub exposures: Vec<Exposure>,
    /// The operations that may be open: a condition or principal could not be read, or a Deny may
    /// or may not close it.
    pub doubts: Vec<Exposure>,
}

/// One statement that opens the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure {
    /// The statement that allows it.
    pub statement: StatementRef,
    /// The operations, such as `kms:Decrypt`.
    pub actions: Vec<&'static str>,
    /// What is in doubt, each with its statement, which may be a Deny; empty if it is open for
    /// certain.
    pub depends_on: Vec<Doubt>,
}

/// An element of a statement that may or may not match.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Doubt {
    /// The statement.
    pub statement: StatementRef,
    /// A condition key as the policy spells it, or `Principal`, `Action` or `Resource`; of a
    /// statement that was not compared to the end, why.
    pub element: String,
}

/// The operations that lead to plaintext.
const WAYS_TO_PLAINTEXT: [&str; 4] =
    ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy"];

/// How principals that the policy does not name can get the plaintext of the logs. Nothing open and
/// nothing in doubt means that the logs are guarded.
pub fn guards_decryption(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Openings {
    let mut search = Search::new(policy, question);
    ways_to_plaintext(&mut search, policy, question);
    search.into_openings()
}

fn ways_to_plaintext<'a>(
    search: &mut Search<'a>,
    policy: &'a PolicyDocument,
    question: &TrailAndKey<'_>,
) {
    let exempt = exempt_services(policy);
    let of_services = OnceCell::new();
    let of_services = |search: &Search<'_>| -> Vec<Context> {
        of_services.get_or_init(|| search.distinct(services(question))).clone()
    };
    for action in WAYS_TO_PLAINTEXT {
        let contexts_of = |context: &Context| match action {
            "kms:CreateGrant" => granting_logs(context, question),
            "kms:PutKeyPolicy" => putting_policies(context),
            _ => after_logs(context, question),
        };
        let about = search.about(action, &contexts_of);
        search.explore(&about, &CallerSet::Stranger, Allows::All, |_| users_and_roles(question));
        search.explore(&about, &CallerSet::AnyService, Allows::All, of_services);
        for name in exempt.iter().take(EXEMPT_SERVICES_MAX) {
            let caller = CallerSet::Service((*name).to_owned());
            let contexts = |search: &Search<'_>| services_named(&of_services(search), name);
            search.explore(&about, &caller, Allows::ForEveryone, contexts);
        }
        if exempt.len() > EXEMPT_SERVICES_MAX {
            search.doubt_denies(&about, |deny| services_in_not_principal(deny).count() > 0);
        }
    }
}

/// The statements that let trails and event data stores of any account use the key through
/// CloudTrail.
///
/// They encrypt with it. Of a statement that is not open to everyone, for which
/// [`guards_decryption`] answers, a permission that CloudTrail is not known to use counts as well.
pub fn binds_cloudtrail(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Openings {
    let mut search = Search::new(policy, question);
    let cloudtrail = CallerSet::Service(CLOUDTRAIL.to_owned());
    let as_sent = |context: &Context| vec![context.clone()];
    for (action, allows, contexts_of) in [
        ("kms:GenerateDataKey", Allows::All, &as_sent as &dyn Fn(&Context) -> Vec<Context>),
        ("kms:ReEncryptFrom", Allows::ForNamed, &as_sent),
        ("kms:CreateGrant", Allows::ForNamed, &as_sent),
        ("kms:PutKeyPolicy", Allows::ForNamed, &putting_policies),
    ] {
        let about = search.about(action, contexts_of);
        search.explore(&about, &cloudtrail, allows, |_| cloudtrail_for_strangers(question));
    }
    search.into_openings()
}

/// The services that a Deny of everyone else exempts. CloudTrail is not among them, because it
/// gives the plaintext to nobody.
fn exempt_services(policy: &PolicyDocument) -> BTreeSet<&str> {
    let denies = policy.statements().filter(|statement| statement.effect == Effect::Deny);
    let named = denies.flat_map(services_in_not_principal);
    named.filter(|name| same_service(name, CLOUDTRAIL) == Match::Never).collect()
}

/// The number of services, exempt from a Deny, that are examined one by one. This limits the work:
/// if there are more, everything that is open to everyone is in doubt.
const EXEMPT_SERVICES_MAX: usize = 50;

/// The services that `NotPrincipal` exempts.
fn services_in_not_principal(statement: &Statement) -> impl Iterator<Item = &str> {
    let exempt = match &statement.principals {
        Listed::Except(principals) => principals.as_slice(),
        Listed::Only(_) | Listed::Unclear => &[],
    };
    exempt.iter().filter_map(|principal| match principal {
        Principal::Service(name) => Some(name.as_str()),
        Principal::Everyone | Principal::Named(_) | Principal::Federated | Principal::Unclear => {
            None
        }
    })
}
