//! Events as AWS Config sends them to a rule's function.

use serde_json::{Map, Value, json};

use crate::arn::{Arn, is_account_id};

/// What an event tells the function of a rule.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleEvent {
    /// The account that owns the rule.
    pub account: String,
    pub region: String,
    /// The rule's name.
    pub rule: String,
    /// The rule's parameters; their values are strings.
    pub parameters: Map<String, Value>,
    pub invoking_event: Value,
    /// Whether the resource has left the rule's scope.
    pub left_scope: bool,
}

impl RuleEvent {
    /// A change of a resource, from its configuration item.
    pub fn of_item(account: &str, region: &str, rule: &str, item: &Value) -> Self {
        let time = item.get("configurationItemCaptureTime").cloned().unwrap_or(Value::Null);
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            rule: rule.to_owned(),
            parameters: Map::new(),
            invoking_event: json!({
                "configurationItemDiff": null,
                "configurationItem": item,
                "notificationCreationTime": time,
                "messageType": "ConfigurationItemChangeNotification",
                "recordVersion": "1.3",
            }),
            left_scope: false,
        }
    }

    /// The event's JSON: the invoking event and the parameters are JSON inside strings, and
    /// parameters without a value are left out.
    pub fn to_json(&self, result_token: &str) -> Value {
        let partition = crate::arn::partition_of(&self.region);
        let Self { account, region, rule, .. } = self;
        let mut event = json!({
            "version": "1.0",
            "invokingEvent": self.invoking_event.to_string(),
            "resultToken": result_token,
            "eventLeftScope": self.left_scope,
            "executionRoleArn": format!(
                "arn:{partition}:iam::{account}:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
            ),
            "configRuleArn": format!(
                "arn:{partition}:config:{region}:{account}:config-rule/config-rule-lab000"
            ),
            "configRuleName": rule,
            "configRuleId": "config-rule-lab000",
            "accountId": account,
            "evaluationMode": "DETECTIVE",
        });
        if let (Some(object), false) = (event.as_object_mut(), self.parameters.is_empty()) {
            let parameters = Value::Object(self.parameters.clone()).to_string();
            object.insert("ruleParameters".to_owned(), Value::from(parameters));
        }
        event
    }
}

/// An event from a file of the user.
#[derive(Debug, Clone, PartialEq)]
pub struct GivenEvent {
    /// The account of the rule, if the file has it.
    pub account: Option<String>,
    /// The Region of the rule, if the file has it.
    pub region: Option<String>,
    /// The rule's name, if the file has it.
    pub rule: Option<String>,
    pub invoking_event: Value,
    /// The whole event, if the file contains one.
    event: Option<Map<String, Value>>,
}

impl GivenEvent {
    /// Reads a rule's event, a bare invoking event or a bare configuration item.
    ///
    /// # Errors
    ///
    /// The text is not JSON or none of these three; the message gives the place and the fix.
    pub fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text)
            .map_err(|error| format!("{error}; the file must hold one JSON document"))?;
        let Value::Object(object) = value else {
            return Err(format!("the document is no object; it must be {FORMS}"));
        };
        if let Some(invoking_event) = object.get("invokingEvent") {
            let invoking_event = inner_json(invoking_event)?;
            return Ok(Self::of_event(object, invoking_event));
        }
        if object.contains_key("messageType") {
            return Ok(Self::of_invoking_event(Value::Object(object)));
        }
        if object.contains_key("resourceType") && object.contains_key("resourceId") {
            let wrapped = RuleEvent::of_item("", "", "", &Value::Object(object));
            return Ok(Self::of_invoking_event(wrapped.invoking_event));
        }
        Err(format!(
            "the object has neither `invokingEvent`, nor `messageType`, nor `resourceType` with \
             `resourceId`; it must be {FORMS}"
        ))
    }

    fn of_event(event: Map<String, Value>, invoking_event: Value) -> Self {
        let text = |name: &str| event.get(name).and_then(Value::as_str).map(str::to_owned);
        let rule_arn = text("configRuleArn");
        let rule_region = rule_arn.as_deref().and_then(Arn::parse).map(|arn| arn.region.to_owned());
        let told = Self::of_invoking_event(invoking_event);
        Self {
            account: text("accountId").filter(|id| is_account_id(id)).or(told.account),
            region: rule_region.filter(|region| !region.is_empty()).or(told.region),
            rule: text("configRuleName").filter(|name| !name.is_empty()),
            invoking_event: told.invoking_event,
            event: Some(event),
        }
    }

    fn of_invoking_event(invoking_event: Value) -> Self {
        let text = |name: &str| told(&invoking_event, name).map(str::to_owned);
        let account = text("awsAccountId").or_else(|| text("accountId"));
        Self {
            account: account.filter(|id| is_account_id(id)),
            region: text("awsRegion"),
            rule: None,
            invoking_event,
            event: None,
        }
    }

    /// The event to deliver: a complete event, with only its token replaced by one that the lab
    /// accepts and the parameters set.
    pub fn to_json(
        &self,
        account: &str,
        region: &str,
        rule: &str,
        parameters: &Map<String, Value>,
        result_token: &str,
    ) -> Value {
        let Some(event) = &self.event else {
            let event = RuleEvent {
                account: account.to_owned(),
                region: region.to_owned(),
                rule: rule.to_owned(),
                parameters: parameters.clone(),
                invoking_event: self.invoking_event.clone(),
                left_scope: false,
            };
            return event.to_json(result_token);
        };
        let mut event = event.clone();
        event.insert("resultToken".to_owned(), Value::from(result_token));
        if !parameters.is_empty() {
            let own = event.get("ruleParameters").and_then(Value::as_str).unwrap_or_default();
            let mut merged: Map<String, Value> = serde_json::from_str(own).unwrap_or_default();
            merged.extend(parameters.clone());
            let merged = Value::Object(merged).to_string();
            event.insert("ruleParameters".to_owned(), Value::from(merged));
        }
        Value::Object(event)
    }
}

const FORMS: &str = "a rule's event (with `invokingEvent`), an invoking event (with `messageType`) \
                     or a configuration item (with `resourceType` and `resourceId`)";

/// The invoking event, which is JSON inside a string.
fn inner_json(value: &Value) -> Result<Value, String> {
    let Some(text) = value.as_str() else {
        return Err("`invokingEvent` must be a string that holds JSON".to_owned());
    };
    let inner: Value = serde_json::from_str(text)
        .map_err(|error| format!("`invokingEvent` holds no JSON: {error} of the string"))?;
    if inner.is_object() {
        Ok(inner)
    } else {
        Err("`invokingEvent` holds JSON that is no object".to_owned())
    }
}

/// A text member of the item or summary in an invoking event, or of the invoking event itself.
pub(crate) fn told<'a>(invoking_event: &'a Value, name: &str) -> Option<&'a str> {
    ["configurationItem", "configurationItemSummary"]
        .into_iter()
        .filter_map(|place| invoking_event.get(place))
        .chain([invoking_event])
        .find_map(|place| place.get(name).and_then(Value::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_in_all_three_forms() {
        let item = json!({"resourceType": "T", "resourceId": "r", "awsAccountId": "111122223333",
                          "awsRegion": "us-east-1"});
        let bare = GivenEvent::parse(&item.to_string()).unwrap();
        let invoking = bare.invoking_event.to_string();
        let wrapped = GivenEvent::parse(&invoking).unwrap();
        assert_eq!(bare, wrapped);
        assert_eq!(bare.account.as_deref(), Some("111122223333"));
        let whole = json!({"invokingEvent": invoking, "accountId": "444455556666", "extra": 1,
                           "ruleParameters": "{\"a\":\"1\"}"});
        let given = GivenEvent::parse(&whole.to_string()).unwrap();
        assert_eq!(given.account.as_deref(), Some("444455556666"));
        let parameters = Map::from_iter([("b".to_owned(), Value::from("2"))]);
        let event = given.to_json("", "", "", &parameters, "token");
        assert_eq!(event.get("extra"), Some(&Value::from(1)));
        assert_eq!(event.get("resultToken"), Some(&Value::from("token")));
        let merged = r#"{"a":"1","b":"2"}"#;
        assert_eq!(event.get("ruleParameters"), Some(&Value::from(merged)));
    }

    #[test]
    fn an_invalid_event_is_reported_with_its_place_and_the_fix() {
        for (text, words) in [
            ("{\n  \"a\": }", "line 2 column 8"),
            ("[]", "is no object; it must be a rule's event"),
            ("{}", "has neither `invokingEvent`"),
            (r#"{"invokingEvent": {}}"#, "must be a string that holds JSON"),
            (r#"{"invokingEvent": "{"}"#, "`invokingEvent` holds no JSON"),
            (r#"{"invokingEvent": "[]"}"#, "is no object"),
        ] {
            let error = GivenEvent::parse(text).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
