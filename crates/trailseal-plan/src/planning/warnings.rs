//! The warnings of a plan.

use resource_policy::Match;
use trailseal_rule::CheckId;
use trailseal_rule::key_policy::grants::Grant;
use trailseal_rule::key_policy::parsed::parse_key_policy;
use trailseal_rule::key_policy::readers::may_decrypt;
use trailseal_rule::{KeyOrigin, KeyState, Reading};

use crate::plan_data::{MayDecrypt, ReaderAccess, Warning, WarningCode};
use crate::planning::PlanInput;
use crate::planning::bucket_policy::BucketDenies;
use crate::planning::key::RequestedKey;
use crate::planning::policies::PlannedPolicy;

/// Whether each known reader of the bucket can decrypt under the key policy after the plan.
pub(super) fn readers(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    policy: &PlannedPolicy,
) -> Vec<ReaderAccess> {
    let (Reading::Known(readers), Ok(document)) =
        (&input.current_state.readers, parse_key_policy(&policy.after))
    else {
        return Vec::new();
    };
    let question = input.question(key.arn());
    let access = |principal: &str| match may_decrypt(&document, &question, principal).allowed {
        Match::Always => MayDecrypt::Yes,
        Match::Never => MayDecrypt::No,
        Match::Sometimes => MayDecrypt::IfIamAllows,
    };
    readers
        .named
        .iter()
        .map(|principal| ReaderAccess {
            principal: principal.clone(),
            may_decrypt: access(principal),
        })
        .collect()
}

pub(super) fn warnings(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    readers: &[ReaderAccess],
    denies: Option<&BucketDenies<'_>>,
) -> Vec<Warning> {
    let trail = &input.current_state.trail;
    let mut warnings = Vec::new();
    let mut warn = |code, what: String| warnings.push(Warning { code, what });
    let changes_trail = !matches!(key, RequestedKey::Existing(key) if key.is_present);
    if changes_trail {
        about_readers(input, readers, &mut warn);
        about_bucket_key(input, key, &mut warn);
        if let Some(what) = denies.and_then(BucketDenies::in_doubt) {
            warn(WarningCode::BucketPolicyInDoubt, what);
        }
        warn(
            WarningCode::OldLogFilesStay,
            "existing log files keep their present encryption".to_owned(),
        );
        if let Some(former) = &trail.key {
            warn(
                WarningCode::KeepTheFormerKey,
                format!(
                    "keep key {former} as long as anybody must read log files that are encrypted \
                     with it"
                ),
            );
            if let Some(why) = former_cannot_encrypt(input) {
                warn(
                    WarningCode::NoWayBack,
                    format!("a back-out to key {former} would be refused: {why}"),
                );
            }
        }
        if let Some(owner) = tool(input) {
            warn(
                WarningCode::InfrastructureCodeDrifts,
                format!(
                    "{owner}: it will drift, and may be reverted, unless the key is also set there"
                ),
            );
        }
    }
    if matches!(key, RequestedKey::New(_)) {
        warn(WarningCode::ProtectTheNewKey, PROTECT.to_owned());
    }
    let is_external = matches!(
        key,
        RequestedKey::Existing(key) if key.facts.origin == KeyOrigin::ExternalKeyStore
    );
    if is_external || CheckId::DeliveryUnbroken.is_enabled(input.context.parameters) {
        warn(
            WarningCode::DeliveryNotYetProven,
            "the next delivery, within about 15 minutes of an event, shows whether deliveries succeed: \
             check GetTrailStatus then"
                .to_owned(),
        );
    }
    warnings
}

const PROTECT: &str = "KMS has no deletion protection: deny kms:ScheduleKeyDeletion and \
    kms:DisableKey for the key to almost everybody, for example in a service control policy; log \
    files cannot be read once their key is deleted";

/// Why the present key cannot encrypt, if the facts show it.
fn former_cannot_encrypt(input: &PlanInput<'_>) -> Option<String> {
    let facts = &input.current_state.facts;
    let key = match &facts.key {
        Reading::Known(key) => key,
        Reading::Absent => return Some("it does not exist".to_owned()),
        Reading::Refused(refusal) => return Some(refusal.to_string()),
    };
    if !matches!(key.state, KeyState::Enabled | KeyState::Updating) {
        return Some(format!("its state is {}", key.state.as_str()));
    }
    if input.current_state.bucket_region != Reading::Known(key.arn.region().clone()) {
        return Some(format!("it is in {}", key.arn.region()));
    }
    let Reading::Known(policy) = &facts.key_policy else {
        return None;
    };
    let question = input.question(Some(&key.arn));
    let admitted = policy
        .document()
        .is_ok_and(|document| Grant::Encrypt.decide(document, &question).allowed == Match::Always);
    (!admitted).then(|| "its policy does not admit CloudTrail, as far as is known".to_owned())
}

fn about_readers(
    input: &PlanInput<'_>,
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
                "the key policy does not let {} decrypt new log files (KMS grants are not read)",
                lost.join(", ")
            ),
        );
    }
    if !by_iam.is_empty() {
        warn(
            WarningCode::ReadersNeedIam,
            format!(
                "{} can decrypt new log files only if their IAM policies allow kms:Decrypt with the key",
                by_iam.join(", ")
            ),
        );
    }
    about_unseen_readers(input, warn);
}

/// CloudTrail User Guide, "Configure AWS KMS key policies for CloudTrail".
fn about_bucket_key(
    input: &PlanInput<'_>,
    key: &RequestedKey<'_>,
    warn: &mut impl FnMut(WarningCode, String),
) {
    let why = match &input.current_state.bucket_key {
        Reading::Known(_) => return,
        Reading::Absent => "the bucket does not exist".to_owned(),
        Reading::Refused(refusal) => refusal.to_string(),
    };
    let question = input.question(key.arn());
    let lets_decrypt =
        |document| Grant::Decrypt.decide(&document, &question).allowed == Match::Always;
    if let (RequestedKey::Existing(_), Reading::Known(policy)) =
        (key, &input.current_state.candidate.policy)
        && parse_key_policy(policy).is_ok_and(lets_decrypt)
    {
        return;
    }
    warn(
        WarningCode::BucketKeyUnknown,
        format!(
            "it is not known whether the bucket has an S3 Bucket Key ({why}): with one, CloudTrail \
             also needs kms:Decrypt with the key, and UpdateTrail fails without it. Run `aws s3api \
             get-bucket-encryption`; if BucketKeyEnabled is true, add to the key policy {}",
            Grant::Decrypt.statement(&input.question(None), Some(Grant::Decrypt.sid()))
        ),
    );
}

/// There can always be unknown readers, because IAM policies are not read.
fn about_unseen_readers(input: &PlanInput<'_>, warn: &mut impl FnMut(WarningCode, String)) {
    let unknown = |why: &str| {
        format!(
            "it is not known who reads the log files ({why}): every reader now needs kms:Decrypt with \
             the key"
        )
    };
    let known = match &input.current_state.readers {
        Reading::Known(readers) => readers,
        Reading::Absent => {
            return warn(WarningCode::ReadersUnknown, unknown("the bucket does not exist"));
        }
        Reading::Refused(refusal) => {
            return warn(WarningCode::ReadersUnknown, unknown(&refusal.to_string()));
        }
    };
    if !known.others.is_empty() {
        warn(
            WarningCode::ReadersUnknown,
            format!(
                "the bucket policy allows other readers: {}; every reader now needs kms:Decrypt with \
                 the key",
                known.others.join("; ")
            ),
        );
    }
    warn(
        WarningCode::ReadersByIamUnseen,
        format!(
            "the readers come from the bucket policy that AWS Config recorded at {}: principals of \
             account {} that read through an IAM policy, an access point or an ACL are not listed, \
             and now need kms:Decrypt with the key as well",
            known.recorded, input.current_state.caller
        ),
    );
}

/// The tool that seems to own the trail.
fn tool(input: &PlanInput<'_>) -> Option<String> {
    const STACK: &str = "aws:cloudformation:stack-name";
    let trail = &input.current_state.trail;
    if trail.arn.name().starts_with("aws-controltower-") {
        return Some("AWS Control Tower owns the trail, according to its name".to_owned());
    }
    let Reading::Known(tags) = &input.current_state.tags else {
        return None;
    };
    if let Some(stack) = tags.get(STACK) {
        return Some(format!("CloudFormation stack {stack} owns the trail, according to its tag"));
    }
    let names_tool = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["terraform", "opentofu", "pulumi", "cloudformation"].iter().any(|tool| text.contains(tool))
    };
    tags.iter().find(|(key, value)| names_tool(key) || names_tool(value)).map(|(key, value)| {
        format!("infrastructure code owns the trail, according to its tag {key}={value}")
    })
}
