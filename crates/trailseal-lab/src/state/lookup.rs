//! The resources of the state that an account can see.

use serde_json::json;

use super::{Account, Alias, Bucket, Denial, DiscoveredAs, Key, Membership, Role, State, Trail};
use crate::arn::Arn;

/// How a trail relates to the account and Region of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Visible {
    /// The account's own trail, in its home Region.
    Own,
    /// A copy: of a multi-Region trail in another Region, or of an organization trail in a member.
    Copy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyName<'a> {
    /// A key ID without Region and account.
    Id(&'a str),
    /// A key's ARN.
    Arn(Arn<'a>),
    /// An alias without Region and account, with its `alias/`.
    Alias(&'a str),
    AliasArn(Arn<'a>),
    /// Text that starts like an ARN but is not an ARN of KMS.
    Malformed,
}

impl<'a> KeyName<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        if text.starts_with("arn:") {
            return if let Some((arn, _)) = Arn::of(text, "kms", "key") {
                Self::Arn(arn)
            } else if let Some((arn, _)) = Arn::of(text, "kms", "alias") {
                Self::AliasArn(arn)
            } else {
                Self::Malformed
            };
        }
        if text.starts_with("alias/") { Self::Alias(text) } else { Self::Id(text) }
    }
}

impl State {
    pub(crate) fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// The trails that an account sees in a Region, copies included.
    pub(crate) fn trails_seen(&self, account: &str, region: &str) -> Vec<(&Trail, Visible)> {
        self.trails
            .iter()
            .filter_map(|trail| Some((trail, self.how_seen(trail, account, region)?)))
            .collect()
    }

    fn how_seen(&self, trail: &Trail, account: &str, region: &str) -> Option<Visible> {
        // In a large organization, most trails belong to other accounts.
        if !trail.is_organization_trail && !trail.arn.contains(account) {
            return None;
        }
        let arn = Arn::parse(&trail.arn)?;
        let enabled = self.account(account)?.regions.iter().any(|enabled| enabled == region);
        let here = arn.region == region || (trail.is_multi_region_trail && enabled);
        if arn.account == account {
            return match (here, arn.region == region) {
                (true, true) => Some(Visible::Own),
                (true, false) => Some(Visible::Copy),
                (false, _) => None,
            };
        }
        let shared = trail.is_organization_trail
            && self.in_organization(account)
            && self.in_organization(arn.account);
        (here && shared).then_some(Visible::Copy)
    }

    fn in_organization(&self, account: &str) -> bool {
        self.account(account).is_some_and(|account| account.membership != Membership::Outside)
    }

    /// The trail of this ARN, if the account sees it in any Region.
    pub(crate) fn trail_by_arn(&self, arn: &str, account: &str) -> Option<&Trail> {
        let trail = self.trails.iter().find(|trail| trail.arn == arn)?;
        let home = Arn::parse(&trail.arn)?.region;
        self.how_seen(trail, account, home).map(|_| trail)
    }

    pub(crate) fn key(&self, arn: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.arn == arn)
    }

    pub(crate) fn alias(&self, arn: &str) -> Option<&Alias> {
        self.aliases.iter().find(|alias| alias.arn == arn)
    }

    pub(crate) fn bucket(&self, name: &str) -> Option<&Bucket> {
        self.buckets.iter().find(|bucket| bucket.name == name)
    }

    pub(crate) fn role(&self, arn: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.arn == arn)
    }

    /// The denial of this request for the account's own identities, if there is one.
    pub(crate) fn denies(&self, account: &str, operation: &str, mentions: &str) -> Option<&Denial> {
        self.denials.iter().find(|denial| {
            denial.account == account
                && denial.operation == operation
                && denial.about.as_ref().is_none_or(|about| mentions.contains(about.as_str()))
        })
    }
}

impl Trail {
    /// The trail's name.
    pub(crate) fn name(&self) -> &str {
        self.arn.split_once("trail/").map_or("", |(_, name)| name)
    }

    /// The ID under which AWS Config records it in its home Region, if it does.
    pub(crate) fn config_resource_id(&self) -> Option<&str> {
        match self.discovered_as {
            DiscoveredAs::Name => Some(self.name()),
            DiscoveredAs::Arn => Some(&self.arn),
            DiscoveredAs::Nothing => None,
        }
    }
}

impl Key {
    /// The key policy, or the default policy that KMS gives a key created without one.
    pub(crate) fn policy_text(&self) -> String {
        self.policy.clone().unwrap_or_else(|| default_policy(&self.arn))
    }
}

fn default_policy(key_arn: &str) -> String {
    let (partition, account) =
        Arn::parse(key_arn).map_or(("aws", ""), |arn| (arn.partition, arn.account));
    let statement = json!({
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": { "AWS": format!("arn:{partition}:iam::{account}:root") },
        "Action": "kms:*",
        "Resource": "*",
    });
    json!({ "Version": "2012-10-17", "Id": "key-default-1", "Statement": [statement] }).to_string()
}
