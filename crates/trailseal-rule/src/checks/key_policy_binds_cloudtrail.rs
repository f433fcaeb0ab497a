//! Only the customer's trails can use the key through CloudTrail.
//!
//! CloudTrail serves trails of every account. A grant to CloudTrail that does not name trails or
//! accounts lets trails of any account encrypt with the key, at the owner's cost and request quota
//! ("IAM User Guide, The confused deputy problem"). It exposes no logs. CloudTrail recommends
//! `aws:SourceArn` ("CloudTrail User Guide, Configure AWS KMS key policies for CloudTrail").
//!
//! a) Each grant to CloudTrail is bound to trails or accounts that it names: pass. `kms:Decrypt`
//!    and `kms:DescribeKey` alone, which CloudTrail's documentation shows unbound, pass.
//! b) Trails or event data stores of any account can use a grant: fail.
//! c) Whether they can depends on what cannot be known from here, or the document cannot be read:
//!    unknown.
//! d) The key does not exist: fail. KMS refuses the policy: unknown.

use crate::checks::key_policy_words::{each, question, read};
use crate::checks::{Check, CheckId, CheckInput, Evidence, FindingCode, Outcome, Severity};
use crate::key_policy::exposure::binds_cloudtrail;
use crate::parameters::Profile;

/// Trails of any account can use the key.
pub const UNBOUND: FindingCode = FindingCode::new("cloudtrail-grant-unbound");
/// Whether trails of any account can use the key depends on what is not known.
pub const UNDECIDED: FindingCode = FindingCode::new("cloudtrail-grant-unbound-undecided");

pub(super) const CHECK: Check = Check {
    id: CheckId::KeyPolicyBindsCloudtrail,
    name: "key-policy-binds-cloudtrail",
    title: "only the customer's trails can use the key through CloudTrail",
    rationale: "CloudTrail works for every account; a grant that does not name the trail lets a \
          stranger's trail encrypt with the key",
    evidence: "KMS GetKeyPolicy",
    fails_when: "a grant to CloudTrail can be used by trails of any account",
    fix: "confine the statement for CloudTrail by aws:SourceArn, to the ARN of the trail",
    severity: Severity::Low,
    profile: Some(Profile::Strict),
    switches: &[],
    reads: &[Evidence::KeyPolicy, Evidence::KeyArn],
    can_be_skipped: true,
    ends_evaluation: false,
    judge,
};

fn judge(input: &CheckInput<'_>) -> Result<Outcome, Outcome> {
    let open = binds_cloudtrail(read(input)?, &question(input));
    let arn = &input.trail.arn;
    let fix = "confine the statement to this trail by aws:SourceArn";
    let condition = format!("\"Condition\":{{\"StringEquals\":{{\"aws:SourceArn\":\"{arn}\"}}}}");
    if !open.exposures.is_empty() {
        let what = each(&open.exposures, "CloudTrail");
        let what = format!("the key policy lets trails of any account use the key: {what}");
        return Ok(Outcome::fail(UNBOUND, what, fix).with_statement(condition));
    }
    if !open.doubts.is_empty() {
        let what = each(&open.doubts, "trails of any account");
        let why =
            format!("could not verify that only the customer's trails can use the key: {what}");
        return Ok(Outcome::unknown(UNDECIDED, why, fix).with_statement(condition));
    }
    Ok(Outcome::Pass)
}
