//! Requests as CloudFormation sends them to the function of a Lambda Hook.

use serde_json::{Map, Value};

use crate::arn::{Arn, is_account_id};

/// A request from a file of the user.
#[derive(Debug, Clone, PartialEq)]
pub struct HookRequest {
    /// The account that deploys, if the file has it.
    pub account: Option<String>,
    /// The Region of the stack, if the file has it.
    pub region: Option<String>,
    /// The request as it is delivered.
    pub request: Value,
}

impl HookRequest {
    /// Whether a document is such a request: it has `requestData`.
    pub fn is_one(document: &Map<String, Value>) -> bool {
        document.contains_key("requestData")
    }

    /// A request is delivered unchanged.
    pub fn new(request: Map<String, Value>) -> Self {
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        let region = text("stackId").and_then(Arn::parse).map(|arn| arn.region.to_owned());
        Self {
            account: text("awsAccountId").filter(|id| is_account_id(id)).map(str::to_owned),
            region: region.filter(|region| !region.is_empty()),
            request: Value::Object(request),
        }
    }
}
