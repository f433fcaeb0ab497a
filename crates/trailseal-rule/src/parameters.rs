//! The rule's parameters, after validation.

use config_rule::{AccountId, ArnPattern, Exempt, Exemption, Timestamp, exempt};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};

use crate::arn::{KeyArn, TrailArn};
use crate::checks::CheckId;
use crate::exemptions::{ExemptionsFrom, read_exemptions};
use crate::facts::Rotation;

/// The rule's validated parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// Which checks are enabled.
    pub profile: Profile,
    /// `allowedKmsKeyArns`: the allowed keys; restricts keys of the trail's own account too.
    pub allowed_keys: Vec<ArnPattern>,
    /// `allowedKeyAccounts`: other accounts whose keys are allowed.
    pub allowed_key_accounts: Vec<AccountId>,
    /// `skipChecks`: checks to leave out.
    pub skip_checks: Vec<CheckId>,
    /// `requireKeyRotation`.
    pub require_key_rotation: bool,
    /// `maxRotationPeriodDays`: 90 to 2560.
    pub max_rotation_period_days: Option<u32>,
    /// `checkKeyPolicy`.
    pub check_key_policy: bool,
    /// `checkDelivery`.
    pub check_delivery: bool,
    /// `keyAccountRoleName`: the role to assume in the account of a key to read it.
    pub key_account_role_name: Option<RoleName>,
    /// What to report if evidence cannot be read.
    pub unverified: WhenUnverified,
    /// What a periodic evaluation reports if no trail of any kind is visible.
    pub no_trails: WhenNoTrails,
    /// What to report for copies of trails.
    pub replicas: Replicas,
    /// `exemptTrails`, and the exemptions of documents that were read.
    pub exempt_trails: Vec<Exemption>,
    /// `exemptionsFrom`: the document with more exemptions.
    pub exemptions_from: Option<ExemptionsFrom>,
    /// `exemptionTag`: the tag of a trail whose value is the last day of an exemption.
    pub exemption_tag: Option<TagKey>,
    /// Which log files `log-files-sealed` judges, if it is enabled. No parameter of the rule sets it:
    /// only the command reads log files.
    pub log_files: Option<LogFileScope>,
    /// `executionRoleName`: the role to assume in the rule's account when that is not the
    /// function's own.
    pub execution_role_name: Option<RoleName>,
}

/// The strictness of the checks.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantNames,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Profile {
    /// SSE-KMS with a customer managed key, as in the title of the CIS control.
    Cis,
    /// In addition, the key works: it exists, is enabled, and is in the Region of the bucket.
    #[default]
    Effective,
    /// In addition, it is rotated, its policy admits CloudTrail and guards decryption, and
    /// deliveries succeed.
    Strict,
}

impl Profile {
    /// Every profile; each enables the checks of the ones before it.
    pub const ALL: [Self; 3] = [Self::Cis, Self::Effective, Self::Strict];

    /// The profile as the parameter writes it.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// What to report if evidence cannot be read (`unverified`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum WhenUnverified {
    /// `NON_COMPLIANT`.
    #[default]
    NonCompliant,
    /// `COMPLIANT`, if the user sets it.
    Compliant,
    /// `NOT_APPLICABLE`.
    NotApplicable,
}

/// What a periodic evaluation reports if no trail is visible (`noTrails`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum WhenNoTrails {
    /// Nothing; old results are replaced.
    #[default]
    NotApplicable,
    /// `NON_COMPLIANT` on the account.
    NonCompliant,
}

/// What to report for shadow trails and members' copies (`replicas`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Replicas {
    /// `NOT_APPLICABLE`: the original trail is evaluated.
    #[default]
    NotApplicable,
    /// They are evaluated like any trail, and the annotation names the owner.
    Evaluate,
}

/// Which log files the check `log-files-sealed` judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFileScope {
    /// The newest of each folder.
    Newest,
    /// All of them.
    All,
}

/// The name of an IAM role, with its path if it has one: `path/to/name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// Takes what IAM allows in names and paths of roles, 576 characters at most.
    pub fn parse(text: &str) -> Option<Self> {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        let well_formed = text.len() <= 576
            && text.split('/').all(|part| !part.is_empty() && part.bytes().all(of_name));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The role's ARN in an account.
    pub fn arn(&self, partition: &str, account: &AccountId) -> String {
        format!("arn:{partition}:iam::{account}:role/{}", self.0)
    }

    /// The name, with its path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The key of a tag: 1 to 128 characters (CloudTrail API Reference, `Tag`), and not one of the tags
/// that AWS sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagKey(String);

impl TagKey {
    /// Takes letters, digits and `_.:/=+-@`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let of_key = |byte: u8| byte.is_ascii_alphanumeric() || b"_.:/=+-@".contains(&byte);
        let is_of_aws = text.to_ascii_lowercase().starts_with("aws:");
        let is_key = (1..=128).contains(&text.len()) && text.bytes().all(of_key) && !is_of_aws;
        is_key.then(|| Self(text.to_owned()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parameters {
    /// Whether `maxRotationPeriodDays` needs the period of a rotation that leaves it out. KMS leaves
    /// out its default; what only repeats a part of KMS's answer may leave out another one.
    pub fn needs_period_of(&self, rotation: &Rotation) -> bool {
        matches!(rotation, Rotation::On { period_days: None, .. })
            && self.max_rotation_period_days.is_some()
    }

    /// Adds the exemptions of the document that `exemptionsFrom` names, given its content.
    ///
    /// # Errors
    ///
    /// All faults of the document; no exemption is then added.
    pub fn add_exemptions(&mut self, content: &[u8]) -> Result<(), Vec<String>> {
        let Some(document) = &mut self.exemptions_from else { return Ok(()) };
        let exemptions = read_exemptions(&document.object.to_string(), content)?;
        document.is_read = true;
        self.exempt_trails.extend(exemptions);
        Ok(())
    }

    /// Whether `skipChecks` names the check.
    pub(crate) fn skips(&self, check: CheckId) -> bool {
        self.skip_checks.contains(&check)
    }

    /// Whether the key is allowed for trails of the account `owner`: keys on the lists are, and the
    /// owner's own keys unless `allowedKmsKeyArns` is set.
    pub fn allows(&self, key: &KeyArn, owner: &AccountId) -> bool {
        self.allows_account(key.account(), owner)
            || self.allowed_keys.iter().any(|pattern| pattern.matches(key.as_str()))
    }

    /// Whether every key of `account` is allowed for trails of the account `owner`.
    pub(crate) fn allows_account(&self, account: &AccountId, owner: &AccountId) -> bool {
        if account == owner {
            return self.allowed_keys.is_empty();
        }
        self.allowed_key_accounts.contains(account)
    }
}

/// The context of an evaluation: parameters and time.
#[derive(Clone, Copy, Debug)]
pub struct EvaluationContext<'a> {
    /// The rule's parameters.
    pub parameters: &'a Parameters,
    /// The current time, for exemptions and imported key material: this crate has no clock.
    pub now: Timestamp,
}

impl<'a> EvaluationContext<'a> {
    /// Whether the trail is exempt today, also if it is a copy.
    pub fn exempts(&self, trail: &TrailArn) -> bool {
        matches!(self.exemption(trail), Exempt::By(_))
    }

    /// The tag that can exempt the trail: that of `exemptionTag`, unless `exemptTrails` or the
    /// document names the trail. A tag does not prolong an exemption that has ended.
    pub fn exemption_tag(&self, trail: &TrailArn) -> Option<&'a TagKey> {
        let is_named = self.exemption(trail) != Exempt::No;
        self.parameters.exemption_tag.as_ref().filter(|_| !is_named)
    }

    pub(crate) fn exemption(&self, trail: &TrailArn) -> Exempt<'a> {
        exempt(&self.parameters.exempt_trails, &trail.for_patterns(), self.now)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Parameters, TagKey};
    use crate::facts::Rotation;

    #[test]
    fn only_a_limit_needs_a_period_that_is_left_out() {
        let limited = json!({ "profile": "strict", "maxRotationPeriodDays": "365" });
        let limited = Parameters::parse(limited.as_object().unwrap()).unwrap();
        let on = |period_days| Rotation::On { period_days, next: None };
        assert!(limited.needs_period_of(&on(None)));
        assert!(!limited.needs_period_of(&on(Some(365))));
        assert!(!limited.needs_period_of(&Rotation::Off));
        assert!(!Parameters::default().needs_period_of(&on(None)));
    }

    #[test]
    fn a_key_is_one_that_a_person_may_set() {
        for right in ["trailseal:exempt-until", "x", "a_b.c/d=e+f@g-h", "awsome:x", "laws:x"] {
            assert_eq!(TagKey::parse(right).unwrap().as_str(), right);
        }
        let long = "k".repeat(129);
        assert!(TagKey::parse(&"k".repeat(128)).is_some());
        for wrong in ["", " ", "a b", "aws:x", "AWS:x", "Aws:", "a*", "a,b", "\u{fc}", &long] {
            assert_eq!(TagKey::parse(wrong), None, "{wrong}");
        }
    }
}
