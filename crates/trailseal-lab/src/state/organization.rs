//! An organization: its listed accounts, aggregators, and a generated organization of any size.

use serde::Deserialize;

use super::{Account, Bucket, Key, Membership, Role, State, Trail};

/// The name and state of an account in the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrganizationAccount {
    pub id: String,
    pub name: Option<String>,
    /// Its state, such as `ACTIVE`.
    #[serde(default = "active")]
    pub state: String,
}

fn active() -> String {
    "ACTIVE".to_owned()
}

/// A configuration aggregator of AWS Config.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Aggregator {
    pub account: String,
    pub region: String,
    pub name: String,
    /// The source accounts; an empty list means all.
    #[serde(default)]
    pub accounts: Vec<String>,
    /// The recorded resource types; an empty list means all.
    #[serde(default)]
    pub resource_types: Vec<String>,
}

impl State {
    /// An organization of any size: the first account is the management account. Each account has
    /// a multi-Region trail of its own in the first Region, with its key and bucket there; every
    /// tenth trail has no key. The management account owns an organization trail. In every other
    /// account there is the role `role`, which the management account can assume.
    pub fn organization(accounts: u32, regions: &[&str], role: &str) -> Self {
        let mut state = Self::default();
        let home = regions.first().copied().unwrap_or("us-east-1");
        let id = |number: u32| format!("{:012}", 100_000_000_000_u64 + u64::from(number));
        let management = id(0);
        for number in 0..accounts {
            let account = id(number);
            let membership = if number == 0 { Membership::Management } else { Membership::Member };
            let enabled = regions.iter().map(|region| (*region).to_owned()).collect();
            state.accounts.push(Account { id: account.clone(), membership, regions: enabled });
            if number > 0 {
                state.roles.push(Role {
                    arn: format!("arn:aws:iam::{account}:role/{role}"),
                    trusted_accounts: vec![management.clone()],
                    external_id: None,
                });
            }
            state.add_trail(&account, home, "main", number % 10 != 9);
        }
        state.add_trail(&management, home, "organization", true);
        if let Some(trail) = state.trails.last_mut() {
            trail.is_organization_trail = true;
        }
        state
    }

    fn add_trail(&mut self, account: &str, home: &str, name: &str, is_sealed: bool) {
        let key = format!("arn:aws:kms:{home}:{account}:key/{name}");
        let bucket = format!("{name}-{account}");
        self.trails.push(Trail {
            arn: format!("arn:aws:cloudtrail:{home}:{account}:trail/{name}"),
            s3_bucket_name: bucket.clone(),
            kms_key_id: is_sealed.then(|| key.clone()),
            is_multi_region_trail: true,
            is_logging: true,
            log_file_validation_enabled: true,
            ..Trail::default()
        });
        self.keys.push(Key { arn: key, ..Key::default() });
        let (account, region) = (account.to_owned(), home.to_owned());
        self.buckets.push(Bucket { name: bucket, account, region, ..Bucket::default() });
    }
}
