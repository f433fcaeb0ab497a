//! Reads the parameters of a rule from AWS Config.

use futures_util::FutureExt as _;

use crate::failure::{AwsError, failed};
use crate::session::Session;

/// The `InputParameters` of a rule: a JSON object as text, or `None` if it has none.
///
/// # Errors
///
/// [`AwsError::Denied`] or [`AwsError::ServiceFailure`], also for a rule that does not exist.
pub async fn rule_parameters(session: &Session, name: &str) -> Result<Option<String>, AwsError> {
    const ACTION: &str = "config:DescribeConfigRules";
    let region = session.region();
    let call = session.config().describe_config_rules().config_rule_names(name);
    let answer = call.send().boxed().await;
    let answer = answer.map_err(|error| failed(ACTION, region, &error))?;
    let mut rules = answer.config_rules.unwrap_or_default().into_iter();
    let rule = rules.find(|rule| rule.config_rule_name() == Some(name));
    let rule = rule.ok_or_else(|| {
        AwsError::bad_answer(ACTION, region, format!("the answer does not have the rule `{name}`"))
    })?;
    Ok(rule.input_parameters)
}
