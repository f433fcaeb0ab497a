//! AWS Organizations: the accounts of the one organization that there is.

use serde_json::{Map, Value, json};

use super::config::put_token;
use super::pages::{cut, offset, page_size};
use crate::caller::Caller;
use crate::lab_state::LabState;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Account, Membership, OrganizationAccount};

/// How many accounts are on a page, unless fewer are asked for.
const PAGE_SIZE: usize = 20;

/// The organization's ID, as in ARNs.
const ORGANIZATION: &str = "o-trailseal01";

/// When every account joined: 2025-01-01T00:00:00Z.
const JOINED: i64 = 1_735_689_600_000;

pub(super) fn list_accounts(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    admit(lab_state, caller)?;
    let accounts = lab_state.state.accounts.iter();
    let members = accounts.filter(|one| one.membership != Membership::Outside);
    let accounts = members.map(|account| shown(lab_state, account)).collect();
    page_of(accounts, body, "Accounts")
}

/// The delegated administrators of CloudTrail, or of every service, which is the same here.
pub(super) fn list_delegated_administrators(
    lab_state: &LabState,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Refusal> {
    admit(lab_state, caller)?;
    let service = body.get("ServicePrincipal").and_then(Value::as_str);
    let is_asked = service.is_none_or(|service| service == "cloudtrail.amazonaws.com");
    let accounts = lab_state.state.accounts.iter().filter(|_| is_asked);
    let delegated = accounts.filter(|one| one.membership == Membership::DelegatedAdministrator);
    let delegated = delegated
        .map(|account| {
            let mut shown = shown(lab_state, account);
            if let Some(members) = shown.as_object_mut() {
                members.insert("DelegationEnabledDate".to_owned(), moments::to_epoch(JOINED));
            }
            shown
        })
        .collect();
    page_of(delegated, body, "DelegatedAdministrators")
}

/// Only the management account and delegated administrators may ask (Organizations API Reference).
fn admit(lab_state: &LabState, caller: &Caller) -> Result<(), Refusal> {
    match lab_state.state.account(caller.account()).map(|account| account.membership) {
        Some(Membership::Management | Membership::DelegatedAdministrator) => Ok(()),
        Some(Membership::Member) => {
            let message = "You don't have permissions to access this resource.";
            Err(Refusal::new("AccessDeniedException", message))
        }
        Some(Membership::Outside) | None => {
            let message = "Your account is not a member of an organization.";
            Err(Refusal::new("AWSOrganizationsNotInUseException", message))
        }
    }
}

fn shown(lab_state: &LabState, account: &Account) -> Value {
    let mut accounts = lab_state.state.accounts.iter();
    let management = accounts.find(|one| one.membership == Membership::Management);
    let management = management.map_or("", |account| account.id.as_str());
    let details = lab_state.state.organization_accounts.iter().find(|one| one.id == account.id);
    describe(account, details, management)
}

fn page_of(accounts: Vec<Value>, body: &Value, name: &str) -> Result<Value, Refusal> {
    let start = offset(body.get("NextToken"), name).map_err(|_| {
        Refusal::new("InvalidInputException", "You specified an invalid value: NextToken")
    })?;
    let page = cut(accounts, start, page_size(body.get("MaxResults"), PAGE_SIZE), name);
    let mut answer = json!({ name: page.members });
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
