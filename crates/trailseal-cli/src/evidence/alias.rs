//! Items of KMS aliases, which tell the key that an alias names.

use serde_json::Value;
use trailseal_rule::{AccountId, KeyArn, Reading, Refusal, Region};

use super::{Evidence, KeyIdentity, not_read};
use crate::newest::Sighting;

/// `AWS::KMS::Alias`.
pub(crate) const ALIAS_TYPE: &str = "AWS::KMS::Alias";

/// An alias of an account and Region; `name` is `alias/…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AliasIdentity {
    pub(crate) account: AccountId,
    pub(crate) region: Region,
    pub(crate) name: String,
}

/// The key that the alias names; absent where the alias was deleted.
pub(crate) type SeenAlias = Reading<KeyIdentity>;

/// Takes an item of an alias, in either spelling.
pub(crate) fn see_alias(
    evidence: &mut Evidence,
    item: &Value,
    sighting: Sighting,
) -> Result<(), String> {
    let text = |name: &str| item.get(name).and_then(Value::as_str);
    let configuration = match item.get("configuration") {
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or_default(),
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let own = |names: [&str; 2]| names.iter().find_map(|name| configuration.get(name)?.as_str());
    let name = own(["AliasName", "aliasName"]).or_else(|| text("resourceName"));
    let name = name.or_else(|| text("resourceId")).unwrap_or_default();
    // An ARN of an alias may stand where its name does.
    let name = name.find(":alias/").map_or(name, |at| name.get(at + 1..).unwrap_or_default());
    if !name.starts_with("alias/") {
        return Err("an item of an alias names no `AliasName`".to_owned());
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
                "the item of the alias names no TargetKeyId".to_owned(),
            )),
        },
    };
    let identity = AliasIdentity { account, region, name: name.to_owned() };
    evidence.aliases.see(identity, sighting, target);
    Ok(())
}
