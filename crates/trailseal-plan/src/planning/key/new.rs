//! A new key: whether KMS would accept the requested properties.

use trailseal_rule::{CheckId, Facts, KeyArn, KeyRef, Outcome, Reading, Region, Trail};

use crate::call::JOURNAL_TAG;
use crate::current_state::NewKey;
use crate::planning::{PlanInput, stand_ins};
use crate::refusal::{Reasons, RefusalCode};

/// Tags of a key, at most, without the journal's (AWS KMS Developer Guide, "Tags in AWS KMS").
const TAGS_MAX: usize = 49;

/// Characters of a description, at most (KMS API Reference, `CreateKey`).
const DESCRIPTION_CHARS_MAX: usize = 8192;

pub(super) fn check(
    input: &PlanInput<'_>,
    new: &NewKey,
    bucket_region: Option<&Region>,
    reasons: &mut Reasons,
) {
    let mut refuse = |what: String, fix: &str| {
        reasons.push(RefusalCode::NewKeyNotPossible, what, fix);
    };
    if let Some(alias) = &new.alias {
        let read = KeyRef::parse(alias);
        let is_possible = matches!(&read, Some(KeyRef::Alias(text)) if text == alias)
            && !read.is_some_and(|read| read.is_aws_managed_alias());
        if !is_possible {
            refuse(
                format!("`{alias}` is not a valid alias"),
                "use `alias/` with letters, digits, `/`, `_`, `-`; AWS reserves `alias/aws/`",
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
    alias_taken(input, new, reasons);
    if let Some(region) = bucket_region {
        allowed(input, region, reasons);
    }
}

fn tags(new: &NewKey, refuse: &mut impl FnMut(String, &str)) {
    if new.tags.len() > TAGS_MAX {
        refuse(format!("there are {} tags", new.tags.len()), "use at most 49");
    }
    for (index, tag) in new.tags.iter().enumerate() {
        let length = tag.key.chars().count();
        let is_reserved =
            tag.key == JOURNAL_TAG || tag.key.to_ascii_lowercase().starts_with("aws:");
        let is_repeated = new.tags.iter().take(index).any(|other| other.key == tag.key);
        if !(1..=128).contains(&length) || tag.value.chars().count() > 256 {
            refuse(
                format!("tag `{}` is too long, or its key is empty", tag.key),
                "use 1 to 128 characters for the key and at most 256 for the value",
            );
        } else if is_reserved {
            refuse(format!("tag `{}` is reserved", tag.key), "use another tag key");
        } else if is_repeated {
            refuse(format!("tag `{}` is repeated", tag.key), "use each tag key once");
        }
    }
}

fn alias_taken(input: &PlanInput<'_>, new: &NewKey, reasons: &mut Reasons) {
    let Some(alias) = &new.alias else {
        return;
    };
    match &input.current_state.alias {
        Reading::Known(arn) => reasons.push(
            RefusalCode::AliasTaken,
            format!("key {arn} already has `{alias}`"),
            "use another alias, or, if that key is yours, name it with --key",
        ),
        // Read again just before the key is created.
        Reading::Refused(refusal) => {
            reasons.was_denied(refusal);
        }
        Reading::Absent => {}
    }
}

/// The ID of a new key is not known yet, so every possible one must be allowed.
fn allowed(input: &PlanInput<'_>, region: &Region, reasons: &mut Reasons) {
    let is_allowed = |arn: &KeyArn| {
        let trail =
            Trail { key: Some(KeyRef::Key(arn.clone())), ..input.current_state.trail.clone() };
        let check = CheckId::KeyAllowed.check();
        check.evaluate(input.context, &trail, &Facts::unread()) == Outcome::Pass
    };
    if CheckId::KeyAllowed.is_enabled(input.context.parameters)
        && !stand_ins(input, region).iter().all(is_allowed)
    {
        reasons.push(
            RefusalCode::KeyNotAllowed,
            format!(
                "allowedKmsKeyArns does not allow every key of account {} in {region}, and the ID \
                 of a new key is not known yet",
                input.current_state.caller
            ),
            "add the account's keys to allowedKmsKeyArns, or name an allowed key",
        );
    }
}
