//! A key that is to be created: whether KMS would take what is requested.

use trailseal_rule::CheckId;
use trailseal_rule::{KeyRef, Reading, Region};

use crate::call::JOURNAL_TAG;
use crate::current_state::NewKey;
use crate::planning::Case;
use crate::planning::proof::stand_ins;
use crate::refusal::{Found, RefusalCode};

/// Tags of a key, at most, without the one that finds it again (AWS KMS Developer Guide, "Tags in
/// AWS KMS").
const TAGS_MAX: usize = 49;

/// Characters of a description, at most (KMS API Reference, `CreateKey`).
const DESCRIPTION_CHARS_MAX: usize = 8192;

pub(super) fn check(
    case: &Case<'_>,
    new: &NewKey,
    bucket_region: Option<&Region>,
    found: &mut Found,
) {
    let mut refuse = |what: String, fix: &str| {
        found.push(RefusalCode::NewKeyNotPossible, what, fix);
    };
    if let Some(alias) = &new.alias {
        let read = KeyRef::parse(alias);
        let is_possible = matches!(&read, Some(KeyRef::Alias(text)) if text == alias)
            && !read.is_some_and(|read| read.is_aws_managed_alias());
        if !is_possible {
            refuse(
                format!("`{alias}` cannot be the alias of a key of yours"),
                "give `alias/` and letters, digits, `/`, `_`, `-`; `alias/aws/` belongs to AWS",
            );
        }
    }
    if new.description.as_ref().is_some_and(|text| text.chars().count() > DESCRIPTION_CHARS_MAX) {
        refuse(
            format!("the description has more than {DESCRIPTION_CHARS_MAX} characters"),
            "shorten it",
        );
    }
    tags(new, &mut refuse);
    alias_taken(case, new, found);
    if let Some(region) = bucket_region {
        allowed(case, region, found);
    }
}

fn tags(new: &NewKey, refuse: &mut impl FnMut(String, &str)) {
    if new.tags.len() > TAGS_MAX {
        refuse(format!("{} tags are too many", new.tags.len()), "give at most 49");
    }
    for (index, tag) in new.tags.iter().enumerate() {
        let length = tag.key.chars().count();
        let is_reserved =
            tag.key == JOURNAL_TAG || tag.key.to_ascii_lowercase().starts_with("aws:");
        let is_repeated = new.tags.iter().take(index).any(|other| other.key == tag.key);
        if !(1..=128).contains(&length) || tag.value.chars().count() > 256 {
            refuse(
                format!("tag `{}` is too long, or its key is empty", tag.key),
                "give 1 to 128 characters for its key and at most 256 for its value",
            );
        } else if is_reserved {
            refuse(format!("tag `{}` is reserved", tag.key), "give it another key");
        } else if is_repeated {
            refuse(format!("tag `{}` is given twice", tag.key), "give it once");
        }
    }
}

fn alias_taken(case: &Case<'_>, new: &NewKey, found: &mut Found) {
    let Some(alias) = &new.alias else {
        return;
    };
    match &case.current_state.alias {
        Reading::Known(arn) => found.push(
            RefusalCode::AliasTaken,
            format!("`{alias}` names key {arn} already"),
            "give another alias, or, if that key is yours, name it by --key",
        ),
        // Whether it is free is asked again just before the key is created.
        Reading::Refused(refusal) => {
            found.was_denied(refusal);
        }
        Reading::Absent => {}
    }
}

/// A new key's id is not known before, so an allowance must not depend on it.
fn allowed(case: &Case<'_>, region: &Region, found: &mut Found) {
    let (parameters, owner) = (case.context.parameters, case.current_state.trail.arn.owner());
    let is_allowed = stand_ins(case, region).iter().all(|arn| parameters.allows(arn, owner));
    if CheckId::KeyAllowed.is_enabled(parameters) && !is_allowed {
        found.push(
            RefusalCode::KeyNotAllowed,
            format!(
                "allowedKmsKeyArns does not allow every key of account {} in {region}, and the ID \
                 of a new key is not known before",
                case.current_state.caller
            ),
            "add the account's keys to allowedKmsKeyArns, or name an allowed key",
        );
    }
}
