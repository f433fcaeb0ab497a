//! The current results of the rule, so that those that no longer apply can be replaced.

use std::collections::HashSet;

use aws_sdk_config::types::{ComplianceType, EvaluationResult};
use futures_util::FutureExt as _;
use trailseal_rule::{ACCOUNT_TYPE, ResourceId, TRAIL_TYPE};

use crate::failure::{AwsError, failed};
use crate::pages::Pages;
use crate::session::Session;

/// The maximum length of a rule's name in `GetComplianceDetailsByConfigRule`, in characters. The
/// name of a rule may have 128 (AWS Config API Reference).
const RULE_NAME_CHARS_MAX: usize = 64;

/// A result of the rule that is COMPLIANT or NON_COMPLIANT now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StandingResult {
    /// The resource type.
    pub resource_type: &'static str,
    /// The resource ID.
    pub resource_id: ResourceId,
}

/// Every COMPLIANT or NON_COMPLIANT result of the rule, once each.
///
/// # Errors
///
/// [`AwsError::Denied`], [`AwsError::EndlessList`] or [`AwsError::ServiceFailure`]; the last also,
/// without a call, if the rule's name is too long for the API.
pub async fn standing_results(
    session: &Session,
    rule_name: &str,
) -> Result<Vec<StandingResult>, AwsError> {
    const ACTION: &str = "config:GetComplianceDetailsByConfigRule";
    let region = session.region();
    if rule_name.chars().count() > RULE_NAME_CHARS_MAX {
        let cause = format!("it takes rule names of at most {RULE_NAME_CHARS_MAX} characters");
        return Err(AwsError::bad_answer(ACTION, region, cause));
    }
    let client = session.config();
    let mut known = HashSet::new();
    let mut results = Vec::new();
    let mut pages = Pages::new(ACTION, region);
    let mut next = None;
    loop {
        let call = client
            .get_compliance_details_by_config_rule()
            .config_rule_name(rule_name)
            .compliance_types(ComplianceType::Compliant)
            .compliance_types(ComplianceType::NonCompliant)
            .limit(100)
            .set_next_token(next);
        let page = call.send().boxed().await;
        let page = page.map_err(|error| failed(ACTION, region, &error))?;
        let standing = page.evaluation_results().iter().filter_map(standing);
        results.extend(standing.filter(|one| known.insert(one.clone())));
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return Ok(results);
        }
    }
}

/// Ignores results of types that this rule never reports.
fn standing(result: &EvaluationResult) -> Option<StandingResult> {
    let qualifier = result.evaluation_result_identifier()?.evaluation_result_qualifier()?;
    let named = qualifier.resource_type()?;
    let resource_type = [TRAIL_TYPE, ACCOUNT_TYPE].into_iter().find(|known| *known == named)?;
    let resource_id = ResourceId::new(qualifier.resource_id()?)?;
    Some(StandingResult { resource_type, resource_id })
}
