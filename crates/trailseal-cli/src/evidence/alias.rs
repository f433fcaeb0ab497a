//! Items of KMS aliases, which show the key of an alias.

use serde_json::Value;
use trailseal_rule::{AccountId, KeyArn, Reading, Refusal, Region};

use super::{Evidence, KeyIdentity, not_read, unfold};
use crate::newest::Observation;

/// `AWS::KMS::Alias`.
pub(crate) const ALIAS_TYPE: &str = "AWS::KMS::Alias";

/// An alias of an account and Region; `name` is `alias/…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AliasIdentity {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) name: String,
}

/// Reads an item of an alias, in either spelling.
pub(crate) fn read_alias(
    evidence: &mut Evidence,
    item: &Value,
    observation: Observation,
) -> Result<(), String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let configuration = unfold(item.get("configuration"));
    let own = |names: [&str; 2]| names.iter().find_map(|name| configuration.get(name)?.as_str());
    let name = own(["AliasName", "aliasName"]).or_else(|| text("resourceName"));
    let name = name.or_else(|| text("resourceId")).unwrap_or_default();
    // The name may be the ARN of the alias.
    let name = name.find(":alias/").map_or(name, |at| name.get(at + 1..).unwrap_or_default());
    if !name.starts_with("alias/") {
        return Err("an item of an alias has no `AliasName`".to_owned());
    }
    let account = text("awsAccountId").or_else(|| text("accountId")).unwrap_or_default();
    let unusable = |error| format!("the item of `{name}` cannot be used: {error}");
    let account = AccountId::parse(account).map_err(unusable)?;
    let region = Region::parse(text("awsRegion").unwrap_or_default()).map_err(unusable)?;
    let target = match text("configurationItemStatus") {
        Some("ResourceDeleted" | "ResourceDeletedNotRecorded") => Reading::Absent,
        Some("ResourceNotRecorded") => not_read(),
        _ => match own(["TargetKeyId", "targetKeyId"]) {
            Some(target) => Reading::Known(match KeyArn::parse(target) {
                Ok(arn) => KeyIdentity::of_arn(&arn),
                Err(_) => KeyIdentity {
                    account: account.clone(),
                    region: region.clone(),
                    id: target.to_owned(),
                },
            }),
            None => Reading::Refused(Refusal::Malformed(
                "the item of the alias has no TargetKeyId".to_owned(),
            )),
        },
    };
    let identity = AliasIdentity { account, region, name: name.to_owned() };
    evidence.aliases.add(identity, observation, target);
    Ok(())
}
