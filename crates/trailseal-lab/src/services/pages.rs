//! Pages and their tokens.

use serde_json::Value;

use super::Request;
use crate::operation::{Operation, Service};
use crate::refusal::Refusal;

/// The paginated operations: the member that requests a page, and the one that names the next.
const TOKENS: [(Operation, &str, &str); 13] = [
    (Operation::DescribeConfigRules, "NextToken", "NextToken"),
    (Operation::GetFindings, "NextToken", "NextToken"),
    (Operation::GetResourceConfigHistory, "nextToken", "nextToken"),
    (Operation::ListDiscoveredResources, "nextToken", "nextToken"),
    (Operation::GetComplianceDetailsByConfigRule, "NextToken", "NextToken"),
    (Operation::SelectAggregateResourceConfig, "NextToken", "NextToken"),
    (Operation::ListAccounts, "NextToken", "NextToken"),
    (Operation::ListRegions, "NextToken", "NextToken"),
    (Operation::ListTags, "NextToken", "NextToken"),
    (Operation::ListKeys, "Marker", "NextMarker"),
    (Operation::ListResourceTags, "Marker", "NextMarker"),
    (Operation::ListObjectsV2, "ContinuationToken", "NextContinuationToken"),
    (Operation::ListObjectVersions, "KeyMarker", "NextKeyMarker"),
];

/// A token for the first page of a list, used only by a fault that repeats that page.
const FIRST_PAGE: &str = "first-page";

/// The request as it would be without [`repeat_token`]: the first page has no token.
pub(crate) fn without_repetition(operation: Operation, body: &Value) -> Value {
    let mut body = body.clone();
    let tokens = TOKENS.iter().find(|(of, ..)| *of == operation);
    if let (Some((_, asks, _)), Some(members)) = (tokens, body.as_object_mut())
        && members.get(*asks).and_then(Value::as_str) == Some(FIRST_PAGE)
    {
        members.remove(*asks);
    }
    body
}

/// Makes a response name the requested page as the next one.
pub(crate) fn repeat_token(operation: Operation, body: &Value, answer: &mut Value) {
    let tokens = TOKENS.iter().find(|(of, ..)| *of == operation);
    if let (Some((_, asks, names)), Some(members)) = (tokens, answer.as_object_mut()) {
        let asked = body.get(*asks).filter(|token| token.as_str() != Some(""));
        let token = asked.cloned().unwrap_or_else(|| Value::from(FIRST_PAGE));
        members.insert((*names).to_owned(), token);
        for name in ["Truncated", "IsTruncated"] {
            if let Some(truncated) = members.get_mut(name) {
                *truncated = Value::from(true);
            }
        }
    }
}

impl Request<'_> {
    /// The requested page of `rows`, and the token of the next page: `list` names
    /// the list, so that a token is valid for one list only.
    pub(super) fn page<T>(
        &self,
        rows: Vec<T>,
        usual: usize,
        list: &str,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let (rows, next) = cut(rows, self.offset(list)?, self.page_size(usual));
        Ok((rows, next.map(|next| token(list, next))))
    }

    /// The position in the list at which the requested page starts.
    pub(super) fn offset(&self, list: &str) -> Result<usize, Refusal> {
        let asked = ["nextToken", "NextToken", "Marker"];
        let token = asked.into_iter().find_map(|name| self.maybe_text(name));
        let Some(token) = token.filter(|token| !(token.is_empty() && self.takes_empty_token()))
        else {
            return Ok(0);
        };
        let number = token.strip_prefix(list).and_then(|rest| rest.strip_prefix('#'));
        let number = number.and_then(|number| number.parse().ok());
        number.ok_or_else(|| invalid_token(self.operation.service()))
    }

    /// Whether an empty token requests the first page: rdklib 0.3.10 sends one in each scheduled run.
    /// No other operation is known to accept it.
    fn takes_empty_token(&self) -> bool {
        self.operation == Operation::GetComplianceDetailsByConfigRule
    }

    pub(super) fn page_size(&self, usual: usize) -> usize {
        let asked = ["limit", "Limit", "MaxResults"];
        let limit = asked.into_iter().find_map(|name| self.body.get(name)?.as_u64());
        let limit = limit.and_then(|limit| usize::try_from(limit).ok());
        limit.filter(|limit| *limit > 0).unwrap_or(usual)
    }
}

fn invalid_token(service: Service) -> Refusal {
    let message = "The specified next token is not valid. Specify the nextToken string that was \
                   returned in the previous response to get the next page of results.";
    match service {
        Service::Kms => Refusal::new("InvalidMarkerException", "The marker is not valid"),
        Service::Organizations => {
            Refusal::new("InvalidInputException", "You specified an invalid value: NextToken")
        }
        Service::SecurityHub => Refusal::new("InvalidInputException", message),
        Service::Account => Refusal::new("ValidationException", message),
        Service::Config | Service::CloudTrail | Service::Sts | Service::S3 => {
            Refusal::new("InvalidNextTokenException", message)
        }
    }
}

pub(super) fn token(list: &str, offset: usize) -> String {
    format!("{list}#{offset}")
}

/// The page of `all` that starts at `offset`, and where the next page starts.
pub(super) fn cut<T>(all: Vec<T>, offset: usize, size: usize) -> (Vec<T>, Option<usize>) {
    let end = offset.saturating_add(size);
    let next = (end < all.len()).then_some(end);
    (all.into_iter().skip(offset).take(size).collect(), next)
}
