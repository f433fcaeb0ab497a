//! What to know before a plan is carried out.

use resource_policy::Match;
use trailseal_rule::CheckId;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::question::TrailAndKey;
use trailseal_rule::key_policy::readers::may_decrypt;
use trailseal_rule::{KeyRef, KeyState, Reading, Trail};

use crate::plan_data::{MayDecrypt, ReaderAccess, Warning, WarningCode};
use crate::planning::Case;
use crate::planning::key::RequestedKey;
use crate::planning::policies::PlannedPolicy;

/// Whether each known reader of the bucket may decrypt under the policy that the key will have.
pub(super) fn readers(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
) -> Vec<ReaderAccess> {
    let (Reading::Known(readers), Ok(document)) =
        (&case.current_state.readers, parse_key_policy(&policy.after))
    else {
        return Vec::new();
    };
    let key_arn = match key {
        RequestedKey::Existing(key) => Some(key.facts.arn.as_str()),
        RequestedKey::New(_) => None,
    };
    let question = TrailAndKey { trail_arn: case.current_state.trail.arn.as_str(), key_arn };
    let access = |principal: &str| match may_decrypt(&document, &question, principal).allowed {
        Match::Always => MayDecrypt::Yes,
        Match::Never => MayDecrypt::No,
        Match::Sometimes => MayDecrypt::IfIamAllows,
    };
    readers
        .named
        .iter()
        .map(|reader| ReaderAccess {
            principal: reader.principal.clone(),
            may_decrypt: access(&reader.principal),
        })
        .collect()
}

pub(super) fn warnings(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    readers: &[ReaderAccess],
) -> Vec<Warning> {
    let trail = &case.current_state.trail;
    let mut warnings = Vec::new();
    let mut warn = |code, what: String| warnings.push(Warning { code, what });
    let changes_trail = !matches!(key, RequestedKey::Existing(key) if key.is_present);
    if changes_trail {
        about_readers(case, readers, &mut warn);
        about_bucket_key(case, key, &mut warn);
        warn(
            WarningCode::OldLogFilesStay,
            "log files that are in the bucket already stay as they were encrypted".to_owned(),
        );
        if let Some(former) = &trail.key {
            warn(WarningCode::KeepTheFormerKey, keep(former));
            if let Some(why) = former_cannot_encrypt(case) {
                warn(
                    WarningCode::NoWayBack,
                    format!("a back-out to key {former} would be refused: {why}"),
                );
            }
        }
        if let Some(owner) = tool(case) {
            warn(
                WarningCode::InfrastructureCodeDrifts,
                format!(
                    "{owner}: it will drift, and may be set back, unless the key is also set there"
                ),
            );
        }
    }
    if matches!(key, RequestedKey::New(_)) {
        warn(WarningCode::ProtectTheNewKey, PROTECT.to_owned());
    }
    if CheckId::DeliveryUnbroken.is_enabled(case.context.parameters) {
        warn(
            WarningCode::DeliveryNotYetProven,
            "whether deliveries succeed shows only with the next one, within some 15 minutes of \
             events: look at GetTrailStatus then"
                .to_owned(),
        );
    }
    warnings
}

const PROTECT: &str = "KMS has no deletion protection: deny kms:ScheduleKeyDeletion and \
    kms:DisableKey for the key to all but a few, for instance by a service control policy; a key \
    that is deleted takes the log files with it";

fn keep(former: &KeyRef) -> String {
    format!(
        "keep key {former} for as long as log files that were sealed with it must be read: without \
         it nobody can"
    )
}

/// What the facts show against the present key; a policy that nobody read shows nothing.
fn former_cannot_encrypt(case: &Case<'_>) -> Option<String> {
    let facts = &case.current_state.facts;
    let key = match &facts.key {
        Reading::Known(key) => key,
        Reading::Absent => return Some("it does not exist".to_owned()),
        Reading::Refused(refusal) => return Some(refusal.to_string()),
    };
    if !matches!(key.state, KeyState::Enabled | KeyState::Updating) {
        return Some(format!("its state is {}", key.state.as_str()));
    }
    if case.current_state.bucket_region != Reading::Known(key.arn.region().clone()) {
        return Some(format!("it is in {}", key.arn.region()));
    }
    let Reading::Known(policy) = &facts.key_policy else {
        return None;
    };
    let (trail_arn, key_arn) = (case.current_state.trail.arn.as_str(), Some(key.arn.as_str()));
    let admitted = policy.document().is_ok_and(|document| {
        Grant::Encrypt.decide(document, &TrailAndKey { trail_arn, key_arn }).allowed
            == Match::Always
    });
    (!admitted).then(|| "its policy does not admit CloudTrail, for all that is known".to_owned())
}

fn about_readers(
    case: &Case<'_>,
    readers: &[ReaderAccess],
    warn: &mut impl FnMut(WarningCode, String),
) {
    let with = |may: MayDecrypt| -> Vec<&str> {
        readers
            .iter()
            .filter(|reader| reader.may_decrypt == may)
            .map(|reader| reader.principal.as_str())
            .collect()
    };
    let (lost, by_iam) = (with(MayDecrypt::No), with(MayDecrypt::IfIamAllows));
    if !lost.is_empty() {
        warn(
            WarningCode::ReadersLoseAccess,
            format!(
                "new log files can no longer be read by {}: the key policy does not let them \
                 decrypt (KMS grants aside)",
                lost.join(", ")
            ),
        );
    }
    if !by_iam.is_empty() {
        warn(
            WarningCode::ReadersNeedIam,
            format!(
                "new log files can be read by {} only if their IAM policies allow kms:Decrypt with \
                 the key",
                by_iam.join(", ")
            ),
        );
    }
    about_unseen_readers(case, warn);
}

/// CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
fn about_bucket_key(
    case: &Case<'_>,
    key: &RequestedKey<'_>,
    warn: &mut impl FnMut(WarningCode, String),
) {
    let why = match &case.current_state.bucket_key {
        Reading::Known(_) => return,
        Reading::Absent => "the bucket is not there".to_owned(),
        Reading::Refused(refusal) => refusal.to_string(),
    };
    if let RequestedKey::Existing(existing) = key
        && let Reading::Known(policy) = &case.current_state.candidate.policy
        && lets_decrypt(policy, case, existing.facts.arn.as_str())
    {
        return;
    }
    warn(
        WarningCode::BucketKeyUnknown,
        format!(
            "whether the bucket has an S3 Bucket Key is not known ({why}): if it has one, CloudTrail \
             also needs kms:Decrypt with the key, and UpdateTrail fails without it. Look at \
             `aws s3api get-bucket-encryption`; if it says BucketKeyEnabled, add to the key policy {}",
            decrypt_statement(case)
        ),
    );
}

fn lets_decrypt(policy: &str, case: &Case<'_>, key_arn: &str) -> bool {
    let question =
        TrailAndKey { trail_arn: case.current_state.trail.arn.as_str(), key_arn: Some(key_arn) };
    parse_key_policy(policy)
        .is_ok_and(|document| Grant::Decrypt.decide(&document, &question).allowed == Match::Always)
}

fn decrypt_statement(case: &Case<'_>) -> String {
    let question = TrailAndKey { trail_arn: case.current_state.trail.arn.as_str(), key_arn: None };
    Grant::Decrypt.statement(&question, Some(Grant::Decrypt.sid()))
}

/// There are always readers who are not known: IAM policies are not seen.
fn about_unseen_readers(case: &Case<'_>, warn: &mut impl FnMut(WarningCode, String)) {
    let unknown = |why: &str| {
        format!(
            "who reads the log files is not known ({why}): whoever does needs kms:Decrypt with the \
             key from now on"
        )
    };
    let known = match &case.current_state.readers {
        Reading::Known(readers) => readers,
        Reading::Absent => {
            return warn(WarningCode::ReadersUnknown, unknown("the bucket is not there"));
        }
        Reading::Refused(refusal) => {
            return warn(WarningCode::ReadersUnknown, unknown(&refusal.to_string()));
        }
    };
    if !known.others.is_empty() {
        warn(
            WarningCode::ReadersUnknown,
            format!(
                "who else reads the log files is not known, by the bucket's policy: {}; whoever does \
                 needs kms:Decrypt with the key from now on",
                known.others.join("; ")
            ),
        );
    }
    warn(
        WarningCode::ReadersByIamUnseen,
        format!(
            "readers are told by the bucket's policy as AWS Config recorded it at {}: principals of \
             account {} whose IAM policies allow reading, and whoever reads by an access point or \
             an ACL, are not seen, and need kms:Decrypt with the key from now on as well",
            known.recorded, case.current_state.caller
        ),
    );
}

/// Which tool seems to own the trail.
fn tool(case: &Case<'_>) -> Option<String> {
    const STACK: &str = "aws:cloudformation:stack-name";
    let trail: &Trail = &case.current_state.trail;
    if trail.arn.name().starts_with("aws-controltower-") {
        return Some("the trail is AWS Control Tower's, by its name".to_owned());
    }
    let Reading::Known(tags) = &case.current_state.tags else {
        return None;
    };
    if let Some(stack) = tags.get(STACK) {
        return Some(format!("the trail belongs to the CloudFormation stack {stack}, by its tag"));
    }
    let names_tool = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["terraform", "opentofu", "pulumi", "cloudformation"].iter().any(|tool| text.contains(tool))
    };
    tags.iter()
        .find(|(key, value)| names_tool(key) || names_tool(value))
        .map(|(key, value)| format!("the trail is infrastructure code's, by its tag {key}={value}"))
}
