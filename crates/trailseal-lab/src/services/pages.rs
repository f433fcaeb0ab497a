//! Pages and their tokens.

use serde_json::Value;

use crate::operation::Operation;
use crate::refusal::Refusal;

/// The operations with pages: what asks for a page, and what names the next one.
const TOKENS: [(Operation, &str, &str); 9] = [
    (Operation::GetResourceConfigHistory, "nextToken", "nextToken"),
    (Operation::ListDiscoveredResources, "nextToken", "nextToken"),
    (Operation::GetComplianceDetailsByConfigRule, "NextToken", "NextToken"),
    (Operation::SelectAggregateResourceConfig, "NextToken", "NextToken"),
    (Operation::ListAccounts, "NextToken", "NextToken"),
    (Operation::ListRegions, "NextToken", "NextToken"),
    (Operation::ListTags, "NextToken", "NextToken"),
    (Operation::ListKeys, "Marker", "NextMarker"),
    (Operation::ListResourceTags, "Marker", "NextMarker"),
];

/// The token of a list's first page, which has none until a fault repeats it.
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

/// Makes an answer say that the page which was asked for also comes next.
pub(crate) fn repeat_token(operation: Operation, body: &Value, answer: &mut Value) {
    let tokens = TOKENS.iter().find(|(of, ..)| *of == operation);
    if let (Some((_, asks, names)), Some(members)) = (tokens, answer.as_object_mut()) {
        let token = body.get(*asks).cloned().unwrap_or_else(|| Value::from(FIRST_PAGE));
        members.insert((*names).to_owned(), token);
        if let Some(truncated) = members.get_mut("Truncated") {
            *truncated = Value::from(true);
        }
    }
}

/// A part of a list, and the token that asks for the rest.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) members: Vec<T>,
    pub(super) next_token: Option<String>,
}

/// Where in a list a request is to begin: `list` names the list, so that no token fits another one.
pub(super) fn offset(token: Option<&Value>, list: &str) -> Result<usize, Refusal> {
    let Some(token) = token.and_then(Value::as_str) else {
        return Ok(0);
    };
    let number = token.strip_prefix(list).and_then(|rest| rest.strip_prefix('#'));
    number.and_then(|number| number.parse().ok()).ok_or_else(|| {
        let message = "The specified next token is not valid. Specify the nextToken string that was \
                       returned in the previous response to get the next page of results.";
        Refusal::new("InvalidNextTokenException", message)
    })
}

/// The number of members that a request wants on a page.
pub(super) fn page_size(limit: Option<&Value>, usual: usize) -> usize {
    let limit = limit.and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    limit.filter(|limit| *limit > 0).unwrap_or(usual)
}

/// Cuts the page that begins at `offset` out of `all`.
pub(super) fn cut<T>(all: Vec<T>, offset: usize, size: usize, list: &str) -> Page<T> {
    let total = all.len();
    let end = offset.saturating_add(size);
    let members: Vec<T> = all.into_iter().skip(offset).take(size).collect();
    let next_token = (end < total).then(|| format!("{list}#{end}"));
    Page { members, next_token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_join_to_the_whole_list_and_tokens_fit_their_list_only() {
        let mut token = None;
        let mut seen = Vec::new();
        loop {
            let start = offset(token.as_ref(), "list").unwrap();
            let page = cut((0..7).collect(), start, 3, "list");
            seen.extend(page.members);
            match page.next_token {
                Some(next) => token = Some(Value::from(next)),
                None => break,
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
        assert!(offset(Some(&Value::from("other#3")), "list").is_err());
        assert!(offset(Some(&Value::from("list#x")), "list").is_err());
    }

    #[test]
    fn a_limit_of_nought_is_the_usual_size() {
        assert_eq!(page_size(None, 10), 10);
        assert_eq!(page_size(Some(&Value::from(0)), 10), 10);
        assert_eq!(page_size(Some(&Value::from(1)), 10), 1);
    }
}
