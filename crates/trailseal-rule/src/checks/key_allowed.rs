//! The key belongs to the trail's account or is allowed.
//!
//! Whoever can change a trail can encrypt it with a key of another account, whose owner then
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
//! d) Any other alias or a bare ID: the key's own ARN counts, as KMS answers it; if KMS does not
//!    answer it, unknown; if there is no such key, fail.

use config_rule::{AccountId, Arn};

use crate::arn::KeyArn;
use crate::checks::{Check, CheckId, CheckInput, Outcome, into_outcome, key_of, known};
use crate::key_ref::KeyRef;

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyAllowed,
    sentence: "the key belongs to the trail's account or is allowed",
    why: "whoever owns the key decides who decrypts the logs, and can take the key away",
    evidence: "the key's ARN; KMS DescribeKey where the trail names an alias or a bare id",
    fails_when: "the key belongs to another account that neither `allowedKeyAccounts` nor \
                 `allowedKmsKeyArns` names, or to the trail's own account and \
                 `allowedKmsKeyArns` is set and does not match",
    judge,
};

fn judge(input: &CheckInput<'_>) -> Outcome {
    into_outcome(judge_key(input))
}

fn judge_key(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let key = key_of(input)?;
    if let KeyRef::Key(arn) = key {
        return Ok(judge_arn(input, arn));
    }
    if let Some(account) = account_of_refused(input, key) {
        return Ok(refused(input, &account));
    }
    Ok(judge_arn(input, &known(&input.facts.key, "the ARN", input)?.arn))
}

fn judge_arn(input: &CheckInput<'_>, arn: &KeyArn) -> Outcome {
    if input.parameters.allows(arn, input.trail.arn.owner()) {
        return Outcome::Pass;
    }
    refused(input, arn.account())
}

/// The account that a reference names, if no key of that account and Region is allowed.
fn account_of_refused(input: &CheckInput<'_>, key: &KeyRef) -> Option<AccountId> {
    let parts = Arn::split(key.as_str()).filter(|parts| parts.service == "kms")?;
    let account = AccountId::parse(parts.account).ok()?;
    let parameters = input.parameters;
    let is_possible = parameters.allows_account(&account, input.trail.arn.owner())
        || parameters.allowed_keys.iter().any(|one| one.can_match_account_of(key.as_str()));
    (!is_possible).then_some(account)
}

fn refused(input: &CheckInput<'_>, account: &AccountId) -> Outcome {
    let owner = input.trail.arn.owner();
    if account == owner {
        return Outcome::fail(
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
        format!(
            "the key belongs to account {account}, which is neither {own} nor in allowedKeyAccounts"
        ),
        "add the account if it is yours",
    )
}
