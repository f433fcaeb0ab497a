//! AWS Organizations: the accounts of the lab's only organization.

use serde_json::{Value, json};

use super::Request;
use crate::moments;
use crate::refusal::Refusal;
use crate::state::{Account, Membership};

/// Accounts per page, unless the request wants fewer.
const PAGE_SIZE: usize = 20;

/// The organization's ID, as in ARNs.
const ORGANIZATION: &str = "o-trailseal01";

/// When every account joined: 2025-01-01T00:00:00Z.
const JOINED: i64 = 1_735_689_600_000;

pub(super) fn list_accounts(request: &Request<'_>) -> Result<Value, Refusal> {
    admit(request)?;
    let accounts = request.state().accounts.iter();
    let members = accounts.filter(|one| one.membership != Membership::Outside);
    let accounts = members.map(|account| shown(request, account, None)).collect();
    let (accounts, next) = request.page(accounts, PAGE_SIZE, "Accounts")?;
    Ok(json!({ "Accounts": accounts, "NextToken": next }))
}

/// The delegated administrators of CloudTrail, or of every service, which is the same here.
pub(super) fn list_delegated_administrators(request: &Request<'_>) -> Result<Value, Refusal> {
    admit(request)?;
    let service = request.maybe_text("ServicePrincipal");
    let is_asked = service.is_none_or(|service| service == "cloudtrail.amazonaws.com");
    let accounts = request.state().accounts.iter().filter(|_| is_asked);
    let delegated = accounts.filter(|one| one.membership == Membership::DelegatedAdministrator);
    let delegated = delegated.map(|account| shown(request, account, Some(JOINED))).collect();
    let (delegated, next) = request.page(delegated, PAGE_SIZE, "DelegatedAdministrators")?;
    Ok(json!({ "DelegatedAdministrators": delegated, "NextToken": next }))
}

/// Only the management account and delegated administrators can call these operations.
fn admit(request: &Request<'_>) -> Result<(), Refusal> {
    match request.state().account(request.account()).map(|account| account.membership) {
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

/// An account as the API returns it; the older `Status` has fewer values than `State`.
fn shown(request: &Request<'_>, account: &Account, delegated: Option<i64>) -> Value {
    let id = &account.id;
    let mut accounts = request.state().accounts.iter();
    let management = accounts.find(|one| one.membership == Membership::Management);
    let management = management.map_or("", |account| account.id.as_str());
    let details = request.state().organization_accounts.iter().find(|one| one.id == *id);
    let state = details.map_or("ACTIVE", |details| details.state.as_str());
    let name = details.and_then(|details| details.name.clone());
    let is_status = ["ACTIVE", "SUSPENDED", "PENDING_CLOSURE"].contains(&state);
    json!({
        "Id": id,
        "Arn": format!("arn:aws:organizations::{management}:account/{ORGANIZATION}/{id}"),
        "Email": format!("aws-{id}@example.com"),
        "Name": name.unwrap_or_else(|| format!("account {id}")),
        "Status": is_status.then_some(state),
        "State": state,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": moments::to_epoch(JOINED),
        "DelegationEnabledDate": delegated.map(moments::to_epoch),
    })
}
