//! Resources that make trails which are not read, or may make some.

use trailseal_rule::TRAIL_TYPE;

use super::document::{
    CLOUD_CONTROL, CLOUDTRAIL, OTHER_TYPES, ResourceChange, StateResource, TRAIL,
};
use super::resource::Resource;
use super::trails::{is_other_trail, named_in_words};
use crate::cloudformation::{may_make_trails, names_maker, plain};
use crate::preview::Preview;

/// Names a resource that makes a trail, or may make one. A data source makes none.
pub(super) fn name(preview: &mut Preview, resource: &Resource) {
    let kind = resource.address.kind.as_str();
    if !OTHER_TYPES.contains(&kind) || resource.address.is_data || !resource.stays() {
        return;
    }
    let is_trail = match kind {
        CLOUDTRAIL => Some(true),
        CLOUD_CONTROL if is_other_trail(resource) => Some(true),
        CLOUD_CONTROL if !resource.hidden_text("type_name").is_some_and(may_make_trails) => None,
        CLOUD_CONTROL => template(resource, "desired_state", &["TemplateBody"]),
        _ => template(resource, "template_body", &[]),
    };
    match is_trail {
        Some(true) => preview.problems.push(named_in_words(&resource.text)),
        Some(false) => preview
            .notes
            .push(format!("`{}` may make trails, which are not read", plain(&resource.text))),
        None => {}
    }
}

/// Whether the template in an attribute declares a trail; `Some(false)` if it may make one, as far as
/// is known. A text without one of `parts` has no template.
fn template(resource: &Resource, attribute: &str, parts: &[&str]) -> Option<bool> {
    let is_by_url = resource.is_unknown("template_url") || resource.value("template_url").is_some();
    match resource.hidden_text(attribute) {
        Some(text) if text.contains(TRAIL_TYPE) => Some(true),
        Some(text) if is_by_url || makes_more(text) => Some(false),
        Some(text) if parts.iter().all(|part| text.contains(part)) => None,
        Some(_) | None => Some(false),
    }
}

/// Whether another stack or a macro can add a trail to a template.
fn makes_more(text: &str) -> bool {
    names_maker(text) || ["TemplateURL", "Transform"].iter().any(|part| text.contains(part))
}

/// Whether a change that another run will plan is about a trail.
pub(super) fn is_trail(change: &ResourceChange<'_>) -> bool {
    change.mode != "data"
        && match &*change.kind {
            TRAIL | CLOUDTRAIL => true,
            CLOUD_CONTROL => Resource::read(change).map_or(true, |one| is_other_trail(&one)),
            _ => false,
        }
}

/// Whether a planned value is that of a trail.
pub(super) fn is_planned_trail(resource: &StateResource<'_>) -> bool {
    !resource.is_data()
        && match &*resource.kind {
            TRAIL | CLOUDTRAIL => true,
            CLOUD_CONTROL => resource.values.is_none_or(|raw| raw.get().contains(TRAIL_TYPE)),
            _ => false,
        }
}
