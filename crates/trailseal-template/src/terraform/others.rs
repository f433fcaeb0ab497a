//! Resources that make trails which are not read, or may make some.

use std::collections::BTreeSet;

use serde_json::Value;
use trailseal_rule::{TRAIL_TYPE, json};

use super::document::{
    CLOUD_CONTROL, CLOUDTRAIL, OTHER_TYPES, ResourceChange, STACK_SET, STACK_SET_INSTANCES,
    StateResource, TRAIL,
};
use super::graph::Graph;
use super::resource::Resource;
use super::trails::{is_other_trail, named_in_words};
use crate::cloudformation::{Makes, may_make_trails, plain};
use crate::preview::Preview;

/// Names the resources that make a trail, or may make one. A data source makes none.
pub(super) fn name_all(preview: &mut Preview, graph: &Graph<'_>) {
    let others = graph.resources.iter().filter(|one| {
        OTHER_TYPES.contains(&one.address.kind.as_str()) && !one.address.is_data && one.stays()
    });
    let set_of = |one: &Resource, name| Some((one.hidden_text(name)?.to_owned(), graph.place(one)));
    let sets = others.clone().filter(|one| one.address.kind == STACK_SET);
    let sets: BTreeSet<_> = sets.filter_map(|one| set_of(one, "name")).collect();
    for resource in others {
        if resource.leaves_former {
            preview.notes.push(format!(
                "the object of `{}` before the plan stays, and may make trails, which are not read",
                plain(&resource.text)
            ));
        }
        // The template is that of the stack set.
        let is_instance = STACK_SET_INSTANCES.contains(&resource.address.kind.as_str());
        if is_instance && set_of(resource, "stack_set_name").is_some_and(|set| sets.contains(&set))
        {
            continue;
        }
        match of_resource(resource) {
            Makes::Trail => preview.problems.push(named_in_words(&resource.text)),
            Makes::MaybeTrail => preview
                .notes
                .push(format!("`{}` may make trails, which are not read", plain(&resource.text))),
            Makes::NoTrail => {}
        }
    }
}

/// Whether a resource makes a trail, as far as is known.
fn of_resource(resource: &Resource) -> Makes {
    match resource.address.kind.as_str() {
        CLOUDTRAIL => Makes::Trail,
        CLOUD_CONTROL if is_other_trail(resource) => Makes::Trail,
        CLOUD_CONTROL if !resource.hidden_text("type_name").is_some_and(may_make_trails) => {
            Makes::NoTrail
        }
        CLOUD_CONTROL => of_state(resource.hidden_text("desired_state")),
        _ => {
            let url = "template_url";
            let is_by_url = resource.is_unknown(url) || resource.value(url).is_some();
            of_template(resource.hidden_text("template_body"), is_by_url)
        }
    }
}

/// The same of the properties of a resource that has a template.
fn of_state(state: Option<&str>) -> Makes {
    if state.is_some_and(|text| text.contains(TRAIL_TYPE)) {
        return Makes::Trail;
    }
    let state = state.and_then(|text| json::read(text).ok()).unwrap_or_default();
    let body = state.get("TemplateBody").and_then(Value::as_str);
    of_template(body, state.get("TemplateURL").is_some())
}

/// The same of a stack with this template.
fn of_template(body: Option<&str>, is_by_url: bool) -> Makes {
    match body.map(Makes::of_template) {
        Some(Makes::NoTrail) if !is_by_url => Makes::NoTrail,
        Some(Makes::Trail) => Makes::Trail,
        Some(Makes::NoTrail | Makes::MaybeTrail) | None => Makes::MaybeTrail,
    }
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
