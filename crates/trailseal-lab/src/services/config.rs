//! AWS Config: results of rules and the inventory.

use serde_json::{Map, Value, json};

use super::pages::{cut, offset, page_size};
use super::text;
use crate::caller::Caller;
use crate::lab_state::{LabState, RuleId};
use crate::model;
use crate::moments;
use crate::record::{Fate, Ordering, PutEvaluation, StoredResult};
use crate::refusal::Refusal;

/// How many members AWS Config puts on a page unless asked.
const PAGE_SIZE: usize = 10;

pub(super) fn put_evaluations(
    lab_state: &mut LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let evaluations = body.get("Evaluations").and_then(Value::as_array);
    let evaluations = evaluations.map(Vec::as_slice).unwrap_or_default();
    for evaluation in evaluations {
        admit_evaluation(evaluation)?;
    }
    let test_mode = body.get("TestMode").and_then(Value::as_bool).unwrap_or_default();
    let rule = match rule_of_token(lab_state, caller, text(body, "ResultToken")) {
        Err(_) if test_mode => RuleId {
            account: caller.account().to_owned(),
            region: caller.region.clone(),
            name: String::new(),
        },
        rule => rule?,
    };
    let mut failed = Vec::new();
    for evaluation in evaluations {
        let fate = store_evaluation(lab_state, &rule, evaluation, test_mode);
        if fate == Fate::SentBack {
            failed.push(evaluation.clone());
        }
        lab_state.evaluations.push(put_evaluation(&rule, evaluation, fate));
    }
    Ok(json!({ "FailedEvaluations": failed }))
}

/// What the service refuses although its model admits it.
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

fn rule_of_token(lab_state: &LabState, caller: &Caller, token: &str) -> Result<RuleId, Refusal> {
    let rule = lab_state
        .tokens
        .get(token)
        .filter(|rule| rule.account == caller.account() && rule.region == caller.region);
    let Some(rule) = rule else {
        let message = "The specified ResultToken is not valid.";
        return Err(Refusal::new("InvalidResultTokenException", message));
    };
    if lab_state.deleted_rules.contains(rule) {
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

/// Stores the evaluation, unless something stands against it.
fn store_evaluation(
    lab_state: &mut LabState,
    rule: &RuleId,
    evaluation: &Value,
    test_mode: bool,
) -> Fate {
    let resource_id = text(evaluation, "ComplianceResourceId");
    let due = lab_state
        .send_back
        .iter_mut()
        .find(|due| due.times_left > 0 && resource_id == due.resource_id);
    if let Some(due) = due {
        due.times_left -= 1;
        return Fate::SentBack;
    }
    if test_mode {
        return Fate::TestMode;
    }
    let ordering = lab_state.ordering;
    let results = lab_state.rules.entry(rule.clone()).or_default();
    let result = stored_result(evaluation);
    let standing = results.get(&result.resource_type, &result.resource_id);
    let newer_stands =
        standing.is_some_and(|standing| standing.ordering_timestamp > result.ordering_timestamp);
    if newer_stands && ordering == Ordering::NewestWins {
        return Fate::Outdated;
    }
    results.set(result);
    Fate::Stored
}

fn stored_result(evaluation: &Value) -> StoredResult {
    StoredResult {
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

fn put_evaluation(rule: &RuleId, evaluation: &Value, fate: Fate) -> PutEvaluation {
    let result = stored_result(evaluation);
    PutEvaluation {
        account: rule.account.clone(),
        region: rule.region.clone(),
        rule: rule.name.clone(),
        resource_type: result.resource_type,
        resource_id: result.resource_id,
        compliance_type: result.compliance_type,
        annotation: result.annotation,
        ordering_timestamp: result.ordering_timestamp,
        fate,
    }
}

pub(super) fn get_compliance_details_by_config_rule(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let rule = RuleId {
        account: caller.account().to_owned(),
        region: caller.region.clone(),
        name: text(body, "ConfigRuleName").to_owned(),
    };
    let wanted: Vec<&str> = body
        .get("ComplianceTypes")
        .and_then(Value::as_array)
        .map(|types| types.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if wanted.contains(&"INSUFFICIENT_DATA") {
        let message = "INSUFFICIENT_DATA is not a valid value of ComplianceTypes";
        return Err(Refusal::new("InvalidParameterValueException", message));
    }
    let results = lab_state.rules.get(&rule).filter(|_| !lab_state.deleted_rules.contains(&rule));
    let results = results.ok_or_else(|| no_such_rule(&rule.name))?;
    let matching: Vec<Value> = results
        .all()
        .filter(|result| wanted.is_empty() || wanted.contains(&result.compliance_type.as_str()))
        .map(|result| evaluation_result(&rule.name, result))
        .collect();
    let list = format!("compliance-{}", wanted.join("+"));
    let start = offset(body.get("NextToken"), &list)?;
    let page = cut(matching, start, page_size(body.get("Limit"), PAGE_SIZE), &list);
    let mut answer = json!({ "EvaluationResults": page.members });
    put_token(&mut answer, "NextToken", page.next_token);
    Ok(answer)
}

fn evaluation_result(rule: &str, result: &StoredResult) -> Value {
    let time = moments::to_epoch(result.ordering_timestamp);
    let mut shown = json!({
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
    });
    if let (Some(object), Some(annotation)) = (shown.as_object_mut(), &result.annotation) {
        object.insert("Annotation".to_owned(), Value::from(annotation.as_str()));
    }
    shown
}

/// Adds a token to an answer that has another page.
pub(super) fn put_token(answer: &mut Value, name: &str, token: Option<String>) {
    if let (Some(object), Some(token)) = (answer.as_object_mut(), token) {
        object.insert(name.to_owned(), Value::from(token));
    }
}

/// A limit out of range has an error of its own where the model has `InvalidLimitException`.
pub(crate) fn admit_limit(body: &Value) -> Result<(), Refusal> {
    let limit = body.get("limit").and_then(Value::as_i64);
    if limit.is_some_and(|limit| !(0..=100).contains(&limit)) {
        let message = "The specified limit is outside the allowable range.";
        return Err(Refusal::new("InvalidLimitException", message));
    }
    Ok(())
}

pub(super) fn list_discovered_resources(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let ids: Option<Vec<&str>> = body
        .get("resourceIds")
        .and_then(Value::as_array)
        .filter(|ids| !ids.is_empty())
        .map(|ids| ids.iter().filter_map(Value::as_str).collect());
    let name = body.get("resourceName").and_then(Value::as_str);
    if ids.is_some() && name.is_some() {
        let message = "You can specify either resource IDs or a resource name, but not both.";
        return Err(Refusal::new("ValidationException", message));
    }
    let deleted_too = body.get("includeDeletedResources").and_then(Value::as_bool);
    let resource_type = text(body, "resourceType");
    let matching: Vec<Value> = discovered(lab_state, caller, resource_type)
        .into_iter()
        .filter(|found| deleted_too == Some(true) || !found.contains_key("resourceDeletionTime"))
        .filter(|found| {
            let id = found.get("resourceId").and_then(Value::as_str).unwrap_or_default();
            ids.as_ref().is_none_or(|ids| ids.contains(&id))
        })
        .filter(|found| {
            name.is_none_or(|name| found.get("resourceName").and_then(Value::as_str) == Some(name))
        })
        .map(Value::Object)
        .collect();
    let list = format!("discovered-{resource_type}");
    let start = offset(body.get("nextToken"), &list)?;
    let page = cut(matching, start, page_size(body.get("limit"), 100), &list);
    let mut answer = json!({ "resourceIdentifiers": page.members });
    put_token(&mut answer, "nextToken", page.next_token);
    Ok(answer)
}

/// What Config knows in the caller's account and Region: the trails that live there, and what the
/// state lists beyond them.
fn discovered(
    lab_state: &LabState,
    caller: &Caller,
    resource_type: &str,
) -> Vec<Map<String, Value>> {
    let identifier = |id: &str, name: Option<&str>, deleted_at: Option<i64>| {
        let mut found = Map::new();
        found.insert("resourceType".to_owned(), Value::from(resource_type));
        found.insert("resourceId".to_owned(), Value::from(id));
        if let Some(name) = name {
            found.insert("resourceName".to_owned(), Value::from(name));
        }
        if let Some(deleted_at) = deleted_at {
            found.insert("resourceDeletionTime".to_owned(), moments::to_epoch(deleted_at));
        }
        found
    };
    let mut all = Vec::new();
    if resource_type == "AWS::CloudTrail::Trail" {
        for (trail, visible) in lab_state.state.trails_seen(caller.account(), &caller.region) {
            let id = trail.config_resource_id();
            if let (Some(id), crate::state::Visible::Own) = (id, visible) {
                all.push(identifier(id, Some(trail.name()), None));
            }
        }
    }
    let listed = lab_state.state.discovered_resources.iter().filter(|resource| {
        resource.account == caller.account()
            && resource.region == caller.region
            && resource.resource_type == resource_type
    });
    for resource in listed {
        let name = resource.resource_name.as_deref();
        all.push(identifier(&resource.resource_id, name, resource.deleted_at));
    }
    all
}
