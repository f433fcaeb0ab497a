//! The accounts of an audit, and the Regions of an account.

use std::collections::HashSet;

use aws_sdk_account::types::RegionOptStatus;
use aws_sdk_organizations::types::Account;
use trailseal_aws::{AwsError, Pages, Service, Session, client_config, failed};
use trailseal_rule::{AccountId, Region};

use super::arguments::AccountsWanted;
use super::identity::Identity;
use super::messages;

/// An account of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) id: AccountId,
    /// Its name in the organization, if known.
    pub(super) name: Option<String>,
    pub(super) left_out: Option<String>,
}

impl Target {
    pub(super) fn plain(id: AccountId) -> Self {
        Self { id, name: None, left_out: None }
    }
}

/// The accounts of the audit, including those that are skipped.
///
/// # Errors
///
/// The organization's accounts cannot be listed, or other accounts need a role.
pub(super) async fn targets(
    identity: &Identity,
    wanted: Option<&AccountsWanted>,
    has_role: bool,
) -> Result<Vec<Target>, String> {
    let own = &identity.caller.account;
    let mut targets = match wanted {
        None => vec![Target::plain(own.clone())],
        Some(AccountsWanted::List(ids)) => ids.iter().cloned().map(Target::plain).collect(),
        Some(AccountsWanted::Organization) => {
            let listed = list_accounts(&identity.session).await;
            listed.map_err(|error| messages::organization(&error, &identity.caller))?
        }
    };
    let mut seen = HashSet::new();
    targets.retain(|target| seen.insert(target.id.clone()));
    let other = targets.iter().find(|target| target.id != *own && target.left_out.is_none());
    match other {
        Some(other) if !has_role => Err(format!(
            "account {} is not that of the credentials ({own}): name the role to assume there with \
             --role-name",
            other.id
        )),
        Some(_) | None => Ok(targets),
    }
}

/// Only active accounts allow access, and only their trails still record.
async fn list_accounts(session: &Session) -> Result<Vec<Target>, AwsError> {
    const ACTION: &str = "organizations:ListAccounts";
    let config =
        client_config!(aws_sdk_organizations, session, Service::Organizations, session.region());
    let client = aws_sdk_organizations::Client::from_conf(config.build());
    let bad_answer = |cause: String| AwsError::bad_answer(ACTION, session.region(), cause);
    let mut targets = Vec::new();
    let mut pages = Pages::new(ACTION, session.region());
    let mut next = None;
    loop {
        let answer = client.list_accounts().set_next_token(next).send().await;
        let page = answer.map_err(|error| failed(ACTION, session.region(), &error))?;
        for account in page.accounts.unwrap_or_default() {
            targets.push(target(&account).map_err(bad_answer)?);
        }
        next = pages.next(page.next_token)?;
        if next.is_none() {
            return at_least_one(targets).map_err(bad_answer);
        }
    }
}

/// An organization has at least its management account, so an empty list is an error.
fn at_least_one(targets: Vec<Target>) -> Result<Vec<Target>, String> {
    if targets.is_empty() { Err("the answer names no account".to_owned()) } else { Ok(targets) }
}

/// `State` replaces `Status` (Organizations API Reference, `Account`). An account is skipped only
/// in a known inactive state.
fn target(account: &Account) -> Result<Target, String> {
    let id = AccountId::parse(account.id().unwrap_or_default())
        .map_err(|error| format!("an account has no usable id: {error}"))?;
    let state = account.state().map(|state| state.as_str());
    let state = state.or_else(|| account.status().map(|status| status.as_str()));
    let left_out = match state {
        Some(word @ ("PENDING_ACTIVATION" | "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED")) => {
            Some(format!("the account is {word} in the organization"))
        }
        Some(_) | None => None,
    };
    Ok(Target { id, name: account.name().map(str::to_owned), left_out })
}

pub(super) async fn enabled_regions(session: &Session) -> Result<Vec<Region>, AwsError> {
    const ACTION: &str = "account:ListRegions";
    let bad_answer = |cause: String| AwsError::bad_answer(ACTION, session.region(), cause);
    let config = client_config!(aws_sdk_account, session, Service::Account, session.region());
    let client = aws_sdk_account::Client::from_conf(config.build());
    let mut regions = Vec::new();
    let mut pages = Pages::new(ACTION, session.region());
    let mut next = None;
    loop {
        let answer = client
            .list_regions()
            .region_opt_status_contains(RegionOptStatus::Enabled)
            .region_opt_status_contains(RegionOptStatus::EnabledByDefault)
            .max_results(50)
            .set_next_token(next)
            .send()
            .await;
        let page = answer.map_err(|error| failed(ACTION, session.region(), &error))?;
        for region in page.regions.unwrap_or_default() {
            let name = region.region_name.unwrap_or_default();
            regions.push(Region::parse(&name).map_err(|error| bad_answer(error.to_string()))?);
        }
        next = pages.next(page.next_token)?;
        if next.is_none() {
            break;
        }
    }
    // A page can repeat what another one has.
    regions.sort();
    regions.dedup();
    if regions.is_empty() {
        Err(bad_answer("the answer names no Region".to_owned()))
    } else {
        Ok(regions)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_organizations::types::{AccountState, AccountStatus};

    use super::*;

    fn left_out(state: Option<&str>, status: Option<&str>) -> Option<String> {
        let account = Account::builder()
            .id("111122223333")
            .set_state(state.map(AccountState::from))
            .set_status(status.map(AccountStatus::from))
            .build();
        target(&account).unwrap().left_out
    }

    #[test]
    fn an_organization_without_accounts_is_an_error() {
        assert_eq!(at_least_one(Vec::new()), Err("the answer names no account".to_owned()));
        let one = vec![Target::plain(AccountId::parse("111122223333").unwrap())];
        assert_eq!(at_least_one(one.clone()), Ok(one));
    }

    #[test]
    fn skips_only_accounts_in_a_known_inactive_state() {
        for word in ["PENDING_ACTIVATION", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"] {
            let reason = Some(format!("the account is {word} in the organization"));
            assert_eq!(left_out(Some(word), None), reason);
            assert_eq!(left_out(None, Some(word)), reason);
        }
        for asked in [Some("ACTIVE"), Some("RESTING"), None] {
            assert_eq!(left_out(asked, None), None, "{asked:?}");
        }
        assert_eq!(left_out(Some("ACTIVE"), Some("SUSPENDED")), None);
    }
}
