//! AWS Config: results of rules and the inventory.

use serde_json::{Value, json};

use super::{Request, text, without_nulls};
use crate::fault::FaultKind;
use crate::lab_state::{LabState, RuleId, resource_of};
use crate::model;
use crate::moments;
use crate::record::{Fate, Ordering, PutEvaluation};
use crate::refusal::Refusal;
use crate::state::{StandingResult, Visible};

/// AWS Config's default page size.
const PAGE_SIZE: usize = 10;

pub(super) fn put_evaluations(request: &mut Request<'_>) -> Result<Value, Refusal> {
    let evaluations = request.list("Evaluations");
    evaluations.iter().try_for_each(admit_evaluation)?;
    let test_mode = request.flag("TestMode").unwrap_or_default();
    let rule = match rule_of_token(request) {
        Err(_) if test_mode => RuleId::new(request.account(), request.region(), ""),
        rule => rule?,
    };
    let all_fail = request.fault == Some(FaultKind::FailedEvaluations);
    let lab_state = &mut *request.lab_state;
    let mut failed = Vec::new();
    for evaluation in evaluations {
        let result = result(evaluation);
        let fate = match all_fail {
            true => Fate::SentBack,
            false => store(lab_state, &rule, &result, test_mode),
        };
        if fate == Fate::SentBack {
            failed.push(evaluation.clone());
        }
        let RuleId { account, region, name: rule } = rule.clone();
        lab_state.evaluations.push(PutEvaluation {
            account,
            region,
            rule,
            resource_type: result.resource_type,
            resource_id: result.resource_id,
            compliance_type: result.compliance_type,
            annotation: result.annotation,
            ordering_timestamp: result.ordering_timestamp,
            fate,
        });
    }
    Ok(json!({ "FailedEvaluations": failed }))
}

/// Checks that the service makes beyond its model.
fn admit_evaluation(evaluation: &Value) -> Result<(), Refusal> {
    let resource_type = text(evaluation, "ComplianceResourceType");
    let known = model::RESOURCE_TYPES.contains(&resource_type)
        || resource_type == model::ACCOUNT_RESOURCE_TYPE;
    if !known {
        let permitted = model::RESOURCE_TYPES.join(", ");
        let message = format!(
            "The resource type {resource_type} is invalid. Only the following values are permitted: \
             [{permitted}, {}]",
            model::ACCOUNT_RESOURCE_TYPE
        );
        return Err(Refusal::new("InvalidParameterValueException", message));
    }
    let compliance_type = text(evaluation, "ComplianceType");
    if !model::REPORTABLE_COMPLIANCE_TYPES.contains(&compliance_type) {
        let message = format!("ComplianceType {compliance_type} is not valid for PutEvaluations");
        return Err(Refusal::new("InvalidParameterValueException", message));
    }
    Ok(())
}

fn rule_of_token(request: &Request<'_>) -> Result<RuleId, Refusal> {
    let rule = request.lab_state.tokens.get(request.text("ResultToken"));
    let Some(rule) = rule.filter(|rule| request.is_in(&rule.account, &rule.region)) else {
        let message = "The specified ResultToken is not valid.";
        return Err(Refusal::new("InvalidResultTokenException", message));
    };
    if request.lab_state.deleted_rules.contains(rule) {
        return Err(no_such_rule(&rule.name));
    }
    Ok(rule.clone())
}

fn no_such_rule(name: &str) -> Refusal {
    let message = format!(
        "The ConfigRule '{name}' provided in the request is invalid. Please check the configRule name."
    );
    Refusal::new("NoSuchConfigRuleException", message)
}

/// Stores the result unless the state or its configuration prevents it.
fn store(
    lab_state: &mut LabState,
    rule: &RuleId,
    result: &StandingResult,
    test_mode: bool,
) -> Fate {
    let mut send_back = lab_state.send_back.iter_mut();
    let due = send_back.find(|due| due.times_left > 0 && due.resource_id == result.resource_id);
    if let Some(due) = due {
        due.times_left -= 1;
        return Fate::SentBack;
    }
    if test_mode {
        return Fate::TestMode;
    }
    let results = lab_state.rules.entry(rule.clone()).or_default();
    let newer_stands = results
        .get(&resource_of(result))
        .is_some_and(|standing| standing.ordering_timestamp > result.ordering_timestamp);
    if newer_stands && lab_state.ordering == Ordering::NewestWins {
        return Fate::Outdated;
    }
    results.insert(resource_of(result), result.clone());
    Fate::Stored
}

fn result(evaluation: &Value) -> StandingResult {
    StandingResult {
        resource_type: text(evaluation, "ComplianceResourceType").to_owned(),
        resource_id: text(evaluation, "ComplianceResourceId").to_owned(),
        compliance_type: text(evaluation, "ComplianceType").to_owned(),
        annotation: evaluation.get("Annotation").and_then(Value::as_str).map(str::to_owned),
        ordering_timestamp: evaluation
            .get("OrderingTimestamp")
            .and_then(moments::from_epoch)
            .unwrap_or_default(),
    }
}

pub(super) fn describe_config_rules(request: &Request<'_>) -> Result<Value, Refusal> {
    let wanted = request.texts("ConfigRuleNames");
    let lab_state = &request.lab_state;
    let is_live = |rule: &&RuleId| {
        request.is_in(&rule.account, &rule.region) && !lab_state.deleted_rules.contains(*rule)
    };
    let live: Vec<&RuleId> = lab_state.rules.keys().filter(is_live).collect();
    if let Some(missing) = wanted.iter().find(|name| !live.iter().any(|rule| rule.name == **name)) {
        return Err(no_such_rule(missing));
    }
    let matching =
        live.into_iter().filter(|rule| wanted.is_empty() || wanted.contains(&&*rule.name));
    let rules: Vec<Value> = matching.map(|rule| described(request, rule)).collect();
    let (rules, next) = request.page(rules, 25, "rules")?;
    Ok(json!({ "ConfigRules": rules, "NextToken": next }))
}

fn described(request: &Request<'_>, rule: &RuleId) -> Value {
    let RuleId { account, region, name } = rule;
    let mut known = request.state().config_rules.iter();
    let known = known.find(|one| (&one.account, &one.region, &one.name) == (account, region, name));
    let parameters = known.map(|rule| &rule.parameters).filter(|given| !given.is_empty());
    json!({
        "ConfigRuleName": name,
        "ConfigRuleState": "ACTIVE",
        "Source": {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": format!("arn:aws:lambda:{region}:{account}:function:{name}"),
        },
        "InputParameters": parameters.map(|given| json!(given).to_string()),
    })
}

pub(super) fn get_compliance_details_by_config_rule(
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let lab_state = &request.lab_state;
    let rule = RuleId::new(request.account(), request.region(), request.text("ConfigRuleName"));
    let wanted = request.texts("ComplianceTypes");
    if wanted.contains(&"INSUFFICIENT_DATA") {
        let message = "INSUFFICIENT_DATA is not a valid value of ComplianceTypes";
        return Err(Refusal::new("InvalidParameterValueException", message));
    }
    let results = lab_state.rules.get(&rule).filter(|_| !lab_state.deleted_rules.contains(&rule));
    let results = results.ok_or_else(|| no_such_rule(&rule.name))?;
    let matching: Vec<Value> = results
        .values()
        .filter(|result| wanted.is_empty() || wanted.contains(&result.compliance_type.as_str()))
        .map(|result| evaluation_result(&rule.name, result))
        .collect();
    let list = format!("compliance-{}", wanted.join("+"));
    let (results, next) = request.page(matching, PAGE_SIZE, &list)?;
    Ok(json!({ "EvaluationResults": results, "NextToken": next }))
}

fn evaluation_result(rule: &str, result: &StandingResult) -> Value {
    let time = moments::to_epoch(result.ordering_timestamp);
    json!({
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": {
                "ConfigRuleName": rule,
                "ResourceType": result.resource_type,
                "ResourceId": result.resource_id,
                "EvaluationMode": "DETECTIVE",
            },
            "OrderingTimestamp": time,
        },
        "ComplianceType": result.compliance_type,
        "ResultRecordedTime": time,
        "ConfigRuleInvokedTime": time,
        "Annotation": result.annotation,
    })
}

/// A limit out of range has its own error if the model has `InvalidLimitException`.
pub(crate) fn admit_limit(body: &Value) -> Result<(), Refusal> {
    let limit = body.get("limit").and_then(Value::as_i64);
    if limit.is_some_and(|limit| !(0..=100).contains(&limit)) {
        let message = "The specified limit is outside the allowable range.";
        return Err(Refusal::new("InvalidLimitException", message));
    }
    Ok(())
}

pub(super) fn list_discovered_resources(request: &Request<'_>) -> Result<Value, Refusal> {
    let ids = request.texts("resourceIds");
    let name = request.maybe_text("resourceName");
    if !ids.is_empty() && name.is_some() {
        let message = "You can specify either resource IDs or a resource name, but not both.";
        return Err(Refusal::new("ValidationException", message));
    }
    let deleted_too = request.flag("includeDeletedResources") == Some(true);
    let resource_type = request.text("resourceType");
    let matching: Vec<Value> = discovered(request, resource_type)
        .into_iter()
        .filter(|found| deleted_too || found.get("resourceDeletionTime").is_none())
        .filter(|found| ids.is_empty() || ids.contains(&text(found, "resourceId")))
        .filter(|found| name.is_none_or(|name| text(found, "resourceName") == name))
        .collect();
    let list = format!("discovered-{resource_type}");
    let (found, next) = request.page(matching, 100, &list)?;
    Ok(json!({ "resourceIdentifiers": found, "nextToken": next }))
}

/// The resources that AWS Config has discovered in the caller's account and Region: trails whose
/// home Region it is, and those that the state lists.
fn discovered(request: &Request<'_>, resource_type: &str) -> Vec<Value> {
    let identifier = |id: &str, name: Option<&str>, deleted_at: Option<i64>| {
        without_nulls(json!({
            "resourceType": resource_type,
            "resourceId": id,
            "resourceName": name,
            "resourceDeletionTime": deleted_at.map(moments::to_epoch),
        }))
    };
    let mut all = Vec::new();
    if resource_type == "AWS::CloudTrail::Trail" {
        for (trail, visible) in request.state().trails_seen(request.account(), request.region()) {
            if let (Some(id), Visible::Own) = (trail.config_resource_id(), visible) {
                all.push(identifier(id, Some(trail.name()), None));
            }
        }
    }
    let listed = request.state().discovered_resources.iter().filter(|resource| {
        request.is_in(&resource.account, &resource.region)
            && resource.resource_type == resource_type
    });
    all.extend(listed.map(|resource| {
        identifier(&resource.resource_id, resource.resource_name.as_deref(), resource.deleted_at)
    }));
    all
}
