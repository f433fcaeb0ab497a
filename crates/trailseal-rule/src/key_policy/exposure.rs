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

use std::collections::BTreeSet;

use resource_policy::{
    CallerSet, Context, Effect, Listed, Match, PolicyDocument, Principal, Request, Statement,
    StatementRef, same_service,
};

use super::question::{CLOUDTRAIL, TrailAndKey, without_encryption_context};
use super::strangers::{
    after_logs, cloudtrail_for_strangers, granting_logs, putting_policies, service_for_strangers,
    services, users_and_roles,
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The statement.
    pub statement: StatementRef,
    /// A condition key as the policy spells it, or `Principal`, `Action` or `Resource`.
    pub element: String,
}

/// The operations that lead to plaintext.
const WAYS_TO_PLAINTEXT: [&str; 4] =
    ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant", "kms:PutKeyPolicy"];

/// The search for exposures in a policy.
struct Search<'a> {
    policy: &'a PolicyDocument,
    question: &'a TrailAndKey<'a>,
    found: Openings,
}

/// Which Allow statements are evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allows {
    All,
    /// Those that are open to everyone.
    ForEveryone,
    /// The others.
    ForNamed,
}

/// How principals that the policy does not name can get the plaintext of the logs. Nothing open and
/// nothing in doubt means that the logs are guarded.
pub fn guards_decryption(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Openings {
    let mut search = Search { policy, question, found: Openings::default() };
    let all = Allows::All;
    search.ways_to_plaintext(&CallerSet::Stranger, all, || users_and_roles(question));
    search.ways_to_plaintext(&CallerSet::AnyService, all, || services(question));
    let spared = spared_services(policy);
    for name in spared.iter().take(SPARED_SERVICES_MAX) {
        let (caller, about) = (CallerSet::Service((*name).to_owned()), Allows::ForEveryone);
        search.ways_to_plaintext(&caller, about, || service_for_strangers(question, name));
    }
    if spared.len() > SPARED_SERVICES_MAX {
        search.doubt_denies_that_exempt_services();
    }
    search.found.without_settled_doubts()
}

/// The statements that let trails and event data stores of any account use the key through
/// CloudTrail.
///
/// They encrypt with it. Of a statement that is not open to everyone, for which
/// [`guards_decryption`] answers, a permission that CloudTrail is not known to use counts as well.
pub fn binds_cloudtrail(policy: &PolicyDocument, question: &TrailAndKey<'_>) -> Openings {
    let mut search = Search { policy, question, found: Openings::default() };
    let cloudtrail = CallerSet::Service(CLOUDTRAIL.to_owned());
    let contexts = || cloudtrail_for_strangers(question);
    let without =
        || contexts().into_iter().map(without_encryption_context).collect::<Vec<Context>>();
    search.explore(&cloudtrail, "kms:GenerateDataKey", Allows::All, contexts);
    search.explore(&cloudtrail, "kms:ReEncryptFrom", Allows::ForNamed, contexts);
    search.explore(&cloudtrail, "kms:CreateGrant", Allows::ForNamed, contexts);
    search.explore(&cloudtrail, "kms:PutKeyPolicy", Allows::ForNamed, without);
    search.found.without_settled_doubts()
}

/// The services that a Deny of everyone else exempts. CloudTrail is not among them, because it
/// gives the plaintext to nobody.
fn spared_services(policy: &PolicyDocument) -> BTreeSet<&str> {
    let denies = statements_of(policy, Effect::Deny);
    let named = denies.flat_map(services_left_out);
    named.filter(|name| same_service(name, CLOUDTRAIL) == Match::Never).collect()
}

/// The number of services, exempt from a Deny, that are examined one by one. This limits the work:
/// if there are more, everything that is open to everyone is in doubt.
const SPARED_SERVICES_MAX: usize = 50;

impl Openings {
    /// Removes doubts about actions that are open for certain.
    fn without_settled_doubts(mut self) -> Self {
        for doubt in &mut self.doubts {
            let mut exposures = self.exposures.iter();
            if let Some(open) = exposures.find(|open| open.statement == doubt.statement) {
                doubt.actions.retain(|action| !open.actions.contains(action));
            }
        }
        self.doubts.retain(|doubt| !doubt.actions.is_empty());
        self
    }
}

fn is_for_everyone(statement: &Statement) -> bool {
    statement.matches_caller(&CallerSet::AnyService) != Match::Never
}

/// The services that `NotPrincipal` exempts.
fn services_left_out(statement: &Statement) -> impl Iterator<Item = &str> {
    let left_out = match &statement.principals {
        Listed::Except(principals) => principals.as_slice(),
        Listed::Only(_) | Listed::Unclear => &[],
    };
    left_out.iter().filter_map(|principal| match principal {
        Principal::Service(name) => Some(name.as_str()),
        Principal::Everyone | Principal::Named(_) | Principal::Federated | Principal::Unclear => {
            None
        }
    })
}

fn statements_of(policy: &PolicyDocument, effect: Effect) -> impl Iterator<Item = &Statement> {
    policy.statements().filter(move |statement| statement.effect == effect)
}

/// Whether a Deny matches a request, and the Deny statements that may match.
struct Closed {
    holds: Match,
    doubts: Vec<Doubt>,
}

/// Statements about an operation of a caller, with how they match it.
type Addressed<'a> = Vec<(&'a Statement, Match)>;

impl<'a> Search<'a> {
    /// The Allow and Deny statements about this operation of such a caller, if there is any Allow.
    /// Most policies have none, so the work below is skipped.
    fn addressed(&self, caller: &CallerSet, action: &str) -> Option<[Addressed<'a>; 2]> {
        let request = self.question.request(caller, action, Context::default());
        let both = [Effect::Allow, Effect::Deny].map(|effect| {
            let each = statements_of(self.policy, effect)
                .map(|statement| (statement, statement.matches_caller_and_action(&request)));
            each.filter(|(_, how)| *how != Match::Never).collect::<Addressed<'a>>()
        });
        let [allows, _] = &both;
        (!allows.is_empty()).then_some(both)
    }

    /// Puts everything that is open to everyone in doubt, because of the Deny statements that
    /// exempt services.
    fn doubt_denies_that_exempt_services(&mut self) {
        for action in WAYS_TO_PLAINTEXT {
            let Some([allows, denies]) = self.addressed(&CallerSet::AnyService, action) else {
                continue;
            };
            let spares = |statement: &Statement| services_left_out(statement).count() > 0;
            let doubts = denies.iter().filter(|(deny, _)| spares(deny)).map(|(deny, _)| Doubt {
                statement: deny.reference.clone(),
                element: "Principal".to_owned(),
            });
            for (allow, _) in &allows {
                add(&mut self.found.doubts, &allow.reference, action, doubts.clone().collect());
            }
        }
    }

    fn ways_to_plaintext(
        &mut self,
        caller: &CallerSet,
        about: Allows,
        contexts_of: impl Fn() -> Vec<Context>,
    ) {
        let question = self.question;
        for action in WAYS_TO_PLAINTEXT {
            let of_action = |context: Context| match action {
                "kms:CreateGrant" => granting_logs(&context, question),
                "kms:PutKeyPolicy" => putting_policies(&context),
                _ => after_logs(&context, question),
            };
            let contexts = || contexts_of().into_iter().flat_map(of_action).collect();
            self.explore(caller, action, about, contexts);
        }
    }

    /// Evaluates one operation of one kind of caller, in the contexts in which the caller can send
    /// it.
    fn explore(
        &mut self,
        caller: &CallerSet,
        action: &'static str,
        about: Allows,
        contexts: impl FnOnce() -> Vec<Context>,
    ) {
        let Some([allows, denies]) = self.addressed(caller, action) else { return };
        // Each request, with the result of the Deny statements once it is needed.
        let mut asked: Vec<(Request, Option<Closed>)> = contexts()
            .into_iter()
            .map(|context| (self.question.request(caller, action, context), None))
            .collect();
        for (statement, addressed) in allows {
            match (about, is_for_everyone(statement)) {
                (Allows::ForEveryone, false) | (Allows::ForNamed, true) => continue,
                _ => {}
            }
            let mut doubts: Vec<Doubt> = Vec::new();
            let mut open = Match::Never;
            for (request, known) in &mut asked {
                let allows = statement.matches(addressed, request);
                if allows == Match::Never {
                    continue;
                }
                let closed = known.get_or_insert_with(|| closed(&denies, request));
                let here = allows.and(!closed.holds);
                open = open.or(here);
                if open == Match::Always {
                    break;
                }
                if here == Match::Sometimes {
                    let own = elements_in_doubt(statement, request);
                    add_new(&mut doubts, own.into_iter().chain(closed.doubts.clone()));
                }
            }
            let found = match open {
                Match::Never => continue,
                Match::Sometimes => &mut self.found.doubts,
                Match::Always => {
                    doubts.clear();
                    &mut self.found.exposures
                }
            };
            add(found, &statement.reference, action, doubts);
        }
    }
}

fn add_new<T: PartialEq>(list: &mut Vec<T>, more: impl IntoIterator<Item = T>) {
    for one in more {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

fn closed(denies: &Addressed<'_>, request: &Request) -> Closed {
    let mut closed = Closed { holds: Match::Never, doubts: Vec::new() };
    for (statement, addressed) in denies {
        let matches = statement.matches(*addressed, request);
        closed.holds = closed.holds.or(matches);
        match matches {
            Match::Never => {}
            Match::Sometimes => closed.doubts.extend(elements_in_doubt(statement, request)),
            Match::Always => break,
        }
    }
    closed
}

fn elements_in_doubt(statement: &Statement, request: &Request) -> Vec<Doubt> {
    let elements = statement.elements_in_doubt(request).into_iter();
    elements.map(|element| Doubt { statement: statement.reference.clone(), element }).collect()
}

fn add(
    found: &mut Vec<Exposure>,
    statement: &StatementRef,
    action: &'static str,
    depends_on: Vec<Doubt>,
) {
    let Some(same) = found.iter_mut().find(|exposure| exposure.statement == *statement) else {
        found.push(Exposure { statement: statement.clone(), actions: vec![action], depends_on });
        return;
    };
    add_new(&mut same.actions, [action]);
    add_new(&mut same.depends_on, depends_on);
}
