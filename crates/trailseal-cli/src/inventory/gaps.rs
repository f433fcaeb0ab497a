//! Answers that lack rows or items: their rest, or requested resources. What they have is used.

use serde_json::Value;
use trailseal_rule::Timestamp;

use super::DocumentReader;

/// The token of the rest of an answer, in the spellings of AWS's APIs; the AWS CLI writes the second
/// one after `--max-items`.
const TOKENS: [&str; 2] = ["nextToken", "NextToken"];

/// The lists of what `BatchGetResourceConfig` and `BatchGetAggregateResourceConfig` did not return.
const UNPROCESSED: [&str; 2] = ["unprocessedResourceKeys", "UnprocessedResourceIdentifiers"];

/// The capture times of the items of a list that are read.
#[derive(Debug, Default)]
pub(super) struct ItemTimes {
    has_items: bool,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl ItemTimes {
    /// Adds the next item.
    pub(super) fn add(&mut self, captured: Option<Timestamp>) {
        if !std::mem::replace(&mut self.has_items, true) {
            self.first = captured;
        }
        self.last = captured;
    }

    /// Whether the items are known to be in descending order of time.
    fn is_newest_first(&self) -> bool {
        self.first.zip(self.last).is_some_and(|(first, last)| first > last)
    }
}

impl DocumentReader<'_> {
    /// Reports what a document that is read lacks.
    pub(super) fn gaps(&mut self, document: &Value) {
        let times = std::mem::take(&mut self.inventory.item_times);
        let list = |name: &str| document.get(name).and_then(Value::as_array);
        let unprocessed: usize = UNPROCESSED.into_iter().filter_map(list).map(Vec::len).sum();
        if unprocessed > 0 {
            self.add_problem(Err(format!("lacks {unprocessed} of the requested resources")));
        }
        let is_token = |token: &Value| !token.is_null() && token.as_str() != Some("");
        let token = TOKENS.into_iter().find(|name| document.get(name).is_some_and(is_token));
        let history = list("configurationItems");
        if let Some(token) = token.filter(|_| history.is_none_or(|list| lacks(list, &times))) {
            self.inventory.accounts.may_have_more_trails |= self.is_judged();
            self.add_problem(Err(format!(
                "is one page of an answer, whose rest is not read (`{token}`): repeat the command \
                 without --no-paginate, --max-items and --limit"
            )));
        }
    }
}

/// Whether the rest of a history may have a newer item of a trail, key, alias or bucket. By default,
/// `GetResourceConfigHistory` returns the newest item first (AWS Config API Reference,
/// `chronologicalOrder`), and all items are of one resource.
fn lacks(page: &[Value], times: &ItemTimes) -> bool {
    (times.has_items || page.is_empty()) && !times.is_newest_first()
}
