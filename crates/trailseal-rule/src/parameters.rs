//! The rule's parameters: raw text in, valid settings out, all faults at once.
//!
//! AWS Config hands them over as text values in one JSON object of at most 1,024 characters.
//! An empty value means the default, since conformance packs pass `""` for what is not set.

use config_rule::{AccountId, ArnPattern, Exemption, Fault, Faults, kind, quote};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::arn::KeyArn;
use crate::checks::{CHECKS, Check, CheckId};
use crate::parameter_specs::{PARAMETERS, ParameterSpec};

/// The rule's parameters, valid.
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
    /// `keyAccountRoleName`: the role to assume in the account of a key to read its policy.
    pub key_account_role_name: Option<RoleName>,
    /// What to report if evidence cannot be read.
    pub unverified: WhenUnverified,
    /// What a periodic evaluation reports if no trail of any kind is visible.
    pub no_trails: WhenNoTrails,
    /// What to report for copies of trails.
    pub replicas: Replicas,
    /// `exemptTrails`.
    pub exempt_trails: Vec<Exemption>,
    /// `executionRoleName`: the role to assume in the rule's account when that is not the
    /// function's own.
    pub execution_role_name: Option<RoleName>,
}

/// How much is asked of a trail's key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What the CIS benchmark's title asks for: SSE-KMS with a customer managed key.
    Cis,
    /// And the key works: it exists, is enabled, and is in the Region of the bucket.
    #[default]
    Effective,
    /// And it is rotated, its policy admits CloudTrail and guards decryption, deliveries succeed.
    Strict,
}

impl Profile {
    /// Every profile; each enables the checks of the ones before it.
    pub const ALL: [Self; 3] = [Self::Cis, Self::Effective, Self::Strict];

    /// The profile as the parameter writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cis => "cis",
            Self::Effective => "effective",
            Self::Strict => "strict",
        }
    }
}

/// What to report if evidence cannot be read (`unverified`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenNoTrails {
    /// Nothing; old results are replaced.
    #[default]
    NotApplicable,
    /// `NON_COMPLIANT` on the account.
    NonCompliant,
}

/// What to report for shadow trails and members' copies (`replicas`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Replicas {
    /// `NOT_APPLICABLE`: the original trail is evaluated.
    #[default]
    NotApplicable,
    /// They are evaluated like any trail, and the annotation names the owner.
    Evaluate,
}

/// The name of an IAM role, with its path if it has one: `path/to/name`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// Takes what IAM allows in names and paths of roles, 576 characters at most.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        let well_formed = text.len() <= 576
            && text.split('/').all(|part| !part.is_empty() && part.bytes().all(of_name));
        well_formed.then(|| Self(text.to_owned()))
    }

    /// The role's ARN in an account.
    #[must_use]
    pub fn arn(&self, partition: &str, account: &AccountId) -> String {
        format!("arn:{partition}:iam::{account}:role/{}", self.0)
    }

    /// The name, with its path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Parameters {
    /// Reads the names and values that Config hands over.
    ///
    /// # Errors
    ///
    /// Unknown names, values that a parameter cannot have, and settings that would have no
    /// effect; all of them at once.
    pub fn parse(raw: &Map<String, Value>) -> Result<Self, Faults> {
        let mut faults = Faults::default();
        let parameters = Self::read(raw, &mut faults);
        faults.unless_any(parameters)
    }

    pub(crate) fn read(raw: &Map<String, Value>, faults: &mut Faults) -> Option<Self> {
        let before = faults.iter().count();
        let mut parameters = Self::default();
        for (name, value) in raw {
            match text_of(value) {
                Some(text) if text.trim().is_empty() => refuse_unknown(name, faults),
                Some(text) => parameters.set(name, text.trim(), faults),
                None => faults
                    .push(Fault::other(field(name), format!("is {}; expected text", kind(value)))),
            }
        }
        parameters.refuse_without_effect(faults);
        (faults.iter().count() == before).then_some(parameters)
    }

    /// Whether `skipChecks` names the check.
    pub(crate) fn skips(&self, check: CheckId) -> bool {
        self.skip_checks.contains(&check)
    }

    /// Whether the key is allowed for trails of the account `owner`: keys on the lists are, and the
    /// owner's own keys unless `allowedKmsKeyArns` is set.
    #[must_use]
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

    /// Rejects a setting whose check is skipped or not enabled. A name in `skipChecks` that changes
    /// nothing is accepted: one list can serve rules of several profiles.
    fn refuse_without_effect(&self, faults: &mut Faults) {
        let mut refuse = |name: &str, why: String| {
            faults.push(Fault::other(field(name), format!("has no effect; {why}")));
        };
        for spec in &PARAMETERS {
            let enables = |check: &&&Check| {
                let mut switches = check.switches.iter().filter(|one| one.parameter() == spec.name);
                switches.any(|switch| (switch.is_on)(self))
            };
            let enabled: Vec<CheckId> =
                CHECKS.iter().filter(enables).map(|check| check.id).collect();
            if !enabled.is_empty() && enabled.iter().all(|check| self.skips(*check)) {
                let names: Vec<String> = enabled.iter().map(|check| format!("`{check}`")).collect();
                refuse(spec.name, format!("`skipChecks` names {}", names.join(", ")));
            }
        }
        let rotation = CheckId::KeyRotated.check();
        if self.max_rotation_period_days.is_some() {
            if self.skips(rotation.id) {
                let why = format!("`skipChecks` names `{}`", rotation.id);
                refuse("maxRotationPeriodDays", why);
            }
            if !rotation.applies(self) {
                let why = "it takes `requireKeyRotation` = `true` or `profile` = `strict`";
                refuse("maxRotationPeriodDays", why.to_owned());
            }
        }
    }

    fn set(&mut self, name: &str, text: &str, faults: &mut Faults) {
        match name {
            "profile" => assign(&mut self.profile, profile(text), name, text, faults),
            "allowedKmsKeyArns" => self.allowed_keys = list(name, text, key_pattern, faults),
            "allowedKeyAccounts" => {
                self.allowed_key_accounts = list(name, text, account, faults);
            }
            "skipChecks" => self.skip_checks = list(name, text, skippable, faults),
            "requireKeyRotation" => {
                assign(&mut self.require_key_rotation, switch(text), name, text, faults);
            }
            "maxRotationPeriodDays" => {
                let days = rotation_days(text).map(Some);
                assign(&mut self.max_rotation_period_days, days, name, text, faults);
            }
            "checkKeyPolicy" => {
                assign(&mut self.check_key_policy, switch(text), name, text, faults)
            }
            "checkDelivery" => assign(&mut self.check_delivery, switch(text), name, text, faults),
            "keyAccountRoleName" => {
                let role = RoleName::parse(text).map(Some);
                assign(&mut self.key_account_role_name, role, name, text, faults);
            }
            "unverified" => assign(&mut self.unverified, unverified(text), name, text, faults),
            "noTrails" => assign(&mut self.no_trails, no_trails(text), name, text, faults),
            "replicas" => assign(&mut self.replicas, replicas(text), name, text, faults),
            "exemptTrails" => self.exempt_trails = list(name, text, exemption, faults),
            "executionRoleName" => {
                let role = RoleName::parse(text).map(Some);
                assign(&mut self.execution_role_name, role, name, text, faults);
            }
            _ => refuse_unknown(name, faults),
        }
    }
}

fn field(name: &str) -> String {
    format!("ruleParameters.{}", quote(name))
}

fn expected(name: &str) -> String {
    PARAMETERS
        .iter()
        .find(|spec| spec.name == name)
        .map(ParameterSpec::expected)
        .unwrap_or_default()
}

/// Config passes text; null means what an absent value means.
fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Null => Some(""),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn refuse_unknown(name: &str, faults: &mut Faults) {
    if PARAMETERS.iter().any(|spec| spec.name == name) {
        return;
    }
    let names: Vec<&str> = PARAMETERS.iter().map(|spec| spec.name).collect();
    let message = format!("is not a parameter of this rule; it has {}", names.join(", "));
    faults.push(Fault::other(field(name), message));
}

fn assign<T>(place: &mut T, value: Option<T>, name: &str, text: &str, faults: &mut Faults) {
    match value {
        Some(value) => *place = value,
        None => faults.push(Fault::wrong(field(name), text, &expected(name))),
    }
}

/// Empty entries, such as the one behind a trailing comma, are left out; a list of nothing but
/// commas is refused, since it would silently allow or exempt nothing.
fn list<T>(name: &str, text: &str, read: fn(&str) -> Option<T>, faults: &mut Faults) -> Vec<T> {
    let mut values = Vec::new();
    let before = faults.iter().count();
    for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match read(entry) {
            Some(value) => values.push(value),
            None => faults.push(Fault::wrong(field(name), entry, &expected(name))),
        }
    }
    if values.is_empty() && faults.iter().count() == before {
        faults.push(Fault::wrong(field(name), text, &expected(name)));
    }
    values
}

fn profile(text: &str) -> Option<Profile> {
    Profile::ALL.into_iter().find(|profile| profile.as_str() == text)
}

fn unverified(text: &str) -> Option<WhenUnverified> {
    match text {
        "NON_COMPLIANT" => Some(WhenUnverified::NonCompliant),
        "COMPLIANT" => Some(WhenUnverified::Compliant),
        "NOT_APPLICABLE" => Some(WhenUnverified::NotApplicable),
        _ => None,
    }
}

fn no_trails(text: &str) -> Option<WhenNoTrails> {
    match text {
        "NOT_APPLICABLE" => Some(WhenNoTrails::NotApplicable),
        "NON_COMPLIANT" => Some(WhenNoTrails::NonCompliant),
        _ => None,
    }
}

fn replicas(text: &str) -> Option<Replicas> {
    match text {
        "NOT_APPLICABLE" => Some(Replicas::NotApplicable),
        "EVALUATE" => Some(Replicas::Evaluate),
        _ => None,
    }
}

fn switch(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn rotation_days(text: &str) -> Option<u32> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|days| plain && (90..=2560).contains(days))
}

fn skippable(text: &str) -> Option<CheckId> {
    text.parse().ok().filter(|check: &CheckId| check.check().can_be_skipped)
}

fn account(text: &str) -> Option<AccountId> {
    AccountId::parse(text).ok()
}

fn key_pattern(text: &str) -> Option<ArnPattern> {
    ArnPattern::parse(text, "kms", "key")
}

fn exemption(text: &str) -> Option<Exemption> {
    Exemption::parse(text, "cloudtrail", "trail")
}
