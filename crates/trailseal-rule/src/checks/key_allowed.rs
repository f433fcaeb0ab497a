//! The key belongs to the trail's account or is allowed.
//!
//! Anyone who can change a trail can encrypt it with a key of another account, whose owner then
//! decides who reads the logs. Such a key usually works, so no other check notices it.
//!
//! a) A key of the trail's own account: pass, unless `allowedKmsKeyArns` is set and does not match
//!    it. The own account is the one in the trail's ARN: for an organization trail, and for the
//!    copies of it that member accounts see, the account that owns the trail.
//! b) A key of another account: pass if `allowedKeyAccounts` or `allowedKmsKeyArns` names it, fail
//!    if neither does. It is not unknown, so no value of `unverified` makes it COMPLIANT.
//! c) Any other text that names an account, such as the ARN of an alias: fail, without a call, if no
//!    key of that account and Region is allowed. An alias and its key belong to one account and
//!    Region (KMS Developer Guide, "Aliases in AWS KMS").
//! d) Any other alias or a bare ID: the key ARN that KMS returns counts. If KMS refuses, unknown; if
//!    the key does not exist, fail.

use config_rule::{AccountId, Arn, ArnPattern};

use crate::arn::KeyArn;
use crate::checks::input::not_known;
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity, Switch};
use crate::key_ref::KeyRef;
use crate::parameters::Profile;

/// A key of the trail's own account that `allowedKmsKeyArns` does not match.
pub const NOT_LISTED: FindingCode = FindingCode::new("key-not-listed");
/// A key of another account that no list names.
pub const OTHER_ACCOUNT: FindingCode = FindingCode::new("key-of-other-account");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyAllowed,
    name: "key-allowed",
    title: "the key belongs to the trail's account or is allowed",
    rationale: "the owner of the key decides who decrypts the logs, and can take the key away",
    evidence: "the key's ARN; KMS DescribeKey if the trail names an alias or a bare ID",
    fails_when: "the key belongs to another account that neither `allowedKeyAccounts` nor \
                 `allowedKmsKeyArns` names, or to the trail's own account and \
                 `allowedKmsKeyArns` is set and does not match",
    fix: "set kmsKeyId to a key of the trail's account; if the other account is yours, add it to \
          allowedKeyAccounts",
    severity: Severity::Medium,
    profile: Some(Profile::Effective),
    switches: &[
        Switch {
            text: "allowedKmsKeyArns",
            is_on: |parameters| !parameters.allowed_keys.is_empty(),
        },
        Switch {
            text: "allowedKeyAccounts",
            is_on: |parameters| !parameters.allowed_key_accounts.is_empty(),
        },
    ],
    reads: &[Evidence::KeyArn],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = input.key()?;
    if let KeyRef::Key(arn) = key {
        return Ok(judge_arn(input, arn));
    }
    if let Some(account) = account_without_allowed_keys(input, key) {
        return Ok(not_allowed(input, &account));
    }
    Ok(judge_arn(input, &input.known(&input.facts.key, "the ARN")?.arn))
}

fn judge_arn(input: &CheckInput<'_>, arn: &KeyArn) -> Outcome {
    let (parameters, owner) = (input.parameters, input.trail.arn.owner());
    if parameters.allows(arn, owner) {
        return Outcome::Pass;
    }
    let is_one_unknown =
        (arn.account() != owner) && (owner.is_not_known() || arn.account().is_not_known());
    let may_match = |pattern: &ArnPattern| pattern.can_match_account_of(arn.as_str());
    if is_one_unknown
        || (arn.account().is_not_known() && !parameters.allowed_keys.is_empty())
        || (arn.is_planned() && parameters.allowed_keys.iter().any(may_match))
    {
        return not_known("whether the key is allowed", "the account or the key ID");
    }
    not_allowed(input, arn.account())
}

/// The account that a reference names, if no key of that account and Region is allowed.
fn account_without_allowed_keys(input: &CheckInput<'_>, key: &KeyRef) -> Option<AccountId> {
    let parts = Arn::split(key.as_str()).filter(|parts| parts.service == "kms")?;
    let account = AccountId::parse(parts.account).ok()?;
    let parameters = input.parameters;
    if input.trail.arn.owner().is_not_known() {
        return None;
    }
    let is_possible = parameters.allows_account(&account, input.trail.arn.owner())
        || parameters.allowed_keys.iter().any(|one| one.can_match_account_of(key.as_str()));
    (!is_possible).then_some(account)
}

fn not_allowed(input: &CheckInput<'_>, account: &AccountId) -> Outcome {
    let owner = input.trail.arn.owner();
    if account == owner {
        return Outcome::fail(
            NOT_LISTED,
            "the key is not one that allowedKmsKeyArns allows",
            "set kmsKeyId to an allowed key, or add this one to allowedKmsKeyArns",
        );
    }
    let own = if input.trail.account == *owner {
        "this account".to_owned()
    } else {
        format!("account {owner} of the trail")
    };
    Outcome::fail(
        OTHER_ACCOUNT,
        format!(
            "the key belongs to account {account}, which is neither {own} nor in allowedKeyAccounts"
        ),
        "if the account is yours, add it to allowedKeyAccounts",
    )
}
