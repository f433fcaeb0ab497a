//! Which trails can currently deliver their logs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::arn::Arn;
use crate::policy::{Asker, Question, allows};
use crate::state::{Key, KeyName, State, Trail};

/// CloudTrail's service principal.
const CLOUDTRAIL: &str = "cloudtrail.amazonaws.com";

/// The trails that could not deliver after a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryMoment {
    /// The operation in IAM's spelling, such as `kms:PutKeyPolicy`.
    pub after: String,
    /// S3's error code by the ARN of the trail.
    pub broken: BTreeMap<String, String>,
}

/// Replaced key policies that stay in force until the change has propagated.
#[derive(Debug, Default)]
pub(crate) struct Propagation {
    /// How long a change takes to propagate.
    pub(crate) delay: Duration,
    former: BTreeMap<String, (String, Instant)>,
}

impl Propagation {
    /// Keeps the previous policy of a key in force until the change has propagated.
    pub(crate) fn begin(&mut self, key: &Key) {
        if !self.delay.is_zero() {
            let former = (key.policy_text(), Instant::now() + self.delay);
            self.former.insert(key.arn.clone(), former);
        }
    }

    /// The policy that services currently evaluate.
    fn in_force(&self, key: &Key) -> String {
        match self.former.get(&key.arn) {
            Some((former, until)) if Instant::now() < *until => former.clone(),
            Some(_) | None => key.policy_text(),
        }
    }

    /// Whether the policy in force allows CloudTrail this action for the trail.
    pub(crate) fn admits(&self, key: &Key, trail: &str, action: &str) -> bool {
        admits(&self.in_force(key), &key.arn, trail, action)
    }
}

/// CloudTrail requests a data key, or its decryption, with the trail's ARN in the encryption
/// context.
fn admits(policy: &str, key_arn: &str, trail: &str, action: &str) -> bool {
    let question = Question {
        asker: Asker::Service(CLOUDTRAIL),
        action,
        key_arn,
        context: vec![
            ("aws:sourcearn", trail),
            ("aws:sourceaccount", Arn::parse(trail).map_or("", |arn| arn.account)),
            ("kms:encryptioncontext:aws:cloudtrail:arn", trail),
            ("aws:principalisawsservice", "true"),
            ("aws:principalservicename", CLOUDTRAIL),
        ],
    };
    allows(policy, &question)
}

/// The error code with which S3 would refuse the trail's next delivery, ignoring propagation
/// delays of key policies.
pub(crate) fn obstacle(state: &State, trail: &Trail) -> Option<&'static str> {
    let Some(bucket) = state.bucket(&trail.s3_bucket_name) else {
        return Some("NoSuchBucket");
    };
    let named = trail.kms_key_id.as_deref()?;
    let Some(key) = key_in_region(state, trail, named, &bucket.region) else {
        return Some("KMS.NotFoundException");
    };
    if let Some(code) = unusable(key) {
        return Some(code);
    }
    (!admits(&key.policy_text(), &key.arn, &trail.arn, "kms:GenerateDataKey"))
        .then_some("AccessDenied")
}

/// The key of this name in the bucket's Region, where S3 looks for it.
pub(crate) fn key_in_region<'a>(
    state: &'a State,
    trail: &Trail,
    named: &str,
    region: &str,
) -> Option<&'a Key> {
    let owner = Arn::parse(&trail.arn)?;
    let own = |resource: &str| {
        format!("arn:{}:kms:{region}:{}:{resource}", owner.partition, owner.account)
    };
    let by_alias = |arn: &str| state.alias(arn).map(|alias| alias.target_key_arn.clone());
    let arn = match KeyName::parse(named) {
        KeyName::Arn(_) => named.to_owned(),
        KeyName::AliasArn(_) => by_alias(named)?,
        KeyName::Alias(alias) => by_alias(&own(alias))?,
        KeyName::Id(id) => own(&format!("key/{id}")),
        KeyName::Malformed => return None,
    };
    state.key(&arn).filter(|key| Arn::parse(&key.arn).is_some_and(|arn| arn.region == region))
}

/// The error code with which S3 refuses to write with a key in such a state or of such a kind.
pub(crate) fn unusable(key: &Key) -> Option<&'static str> {
    match key.state.as_str() {
        "Enabled" | "Updating" => {}
        "Disabled" => return Some("KMS.DisabledException"),
        _ => return Some("KMS.KMSInvalidStateException"),
    }
    let encrypts = key.usage == "ENCRYPT_DECRYPT" && key.spec == "SYMMETRIC_DEFAULT";
    (!encrypts).then_some("KMS.InvalidKeyUsageException")
}

/// All trails that cannot deliver.
pub(crate) fn broken(state: &State) -> BTreeMap<String, String> {
    let trails = state.trails.iter();
    trails
        .filter_map(|trail| Some((trail.arn.clone(), obstacle(state, trail)?.to_owned())))
        .collect()
}
