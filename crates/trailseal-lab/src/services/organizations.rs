//! AWS Organizations: the accounts of the one organization that there is.

use serde_json::{Map, Value, json};

use super::config::put_token;
use super::pages::{cut, offset, page_size};
use crate::caller::Caller;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Account, Membership, OrganizationAccount};
use crate::world::World;

/// How many accounts are on a page, unless fewer are asked for.
const PAGE_SIZE: usize = 20;

/// The organization's id, as it stands in ARNs.
const ORGANIZATION: &str = "o-trailseal01";

/// When every account joined: 2025-01-01T00:00:00Z.
const JOINED: i64 = 1_735_689_600_000;

pub(super) fn list_accounts(
    world: &World,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    let state = &world.state;
    match state.account(caller.account()).map(|account| account.membership) {
        Some(Membership::Management) => {}
        Some(Membership::Member) => {
            let message = "You don't have permissions to access this resource.";
            return Err(Refusal::new("AccessDeniedException", message));
        }
        Some(Membership::Outside) | None => {
            let message = "Your account is not a member of an organization.";
            return Err(Refusal::new("AWSOrganizationsNotInUseException", message));
        }
    }
    let members = state.accounts.iter().filter(|one| one.membership != Membership::Outside);
    let accounts = members
        .map(|account| {
            let details = state.organization_accounts.iter().find(|one| one.id == account.id);
            describe(account, details, caller.account())
        })
        .collect();
    let start = offset(body.get("NextToken"), "accounts").map_err(|_| {
        Refusal::new("InvalidInputException", "You specified an invalid value: NextToken")
    })?;
    let page = cut(accounts, start, page_size(body.get("MaxResults"), PAGE_SIZE), "accounts");
    let mut answer = json!({ "Accounts": page.members });
    put_token(&mut answer, "NextToken", page.next_token);
    Ok(answer)
}

/// An account as the organization shows it; the older `Status` has fewer words than `State`.
fn describe(account: &Account, details: Option<&OrganizationAccount>, management: &str) -> Value {
    let id = &account.id;
    let state = details.map_or("ACTIVE", |details| details.state.as_str());
    let name = details.and_then(|details| details.name.clone());
    let mut shown = Map::new();
    shown.insert("Id".to_owned(), Value::from(id.as_str()));
    shown.insert(
        "Arn".to_owned(),
        Value::from(format!("arn:aws:organizations::{management}:account/{ORGANIZATION}/{id}")),
    );
    shown.insert("Email".to_owned(), Value::from(format!("aws-{id}@example.com")));
    shown.insert("Name".to_owned(), Value::from(name.unwrap_or_else(|| format!("account {id}"))));
    if ["ACTIVE", "SUSPENDED", "PENDING_CLOSURE"].contains(&state) {
        shown.insert("Status".to_owned(), Value::from(state));
    }
    shown.insert("State".to_owned(), Value::from(state));
    shown.insert("JoinedMethod".to_owned(), Value::from("CREATED"));
    shown.insert("JoinedTimestamp".to_owned(), moments::to_epoch(JOINED));
    Value::Object(shown)
}
