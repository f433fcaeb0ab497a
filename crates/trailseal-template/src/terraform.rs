//! Plans of Terraform and OpenTofu, as `terraform show -json` prints them.
//!
//! A plan states values, and for what is known only after the apply the names that an expression
//! refers to, not the expression: what it makes of them cannot be told from a plan. So a key that
//! is known only after the apply is resolved by the configuration's source, or not at all.

mod address;
mod document;
mod graph;
mod json;
mod key_types;
mod keys;
mod others;
mod places;
mod references;
mod resolve;
mod resource;
mod source;
mod trails;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::IgnoredAny;
use trailseal_rule::one_line;

use crate::cloudformation::plain;
use crate::model::Place;
use crate::preview::{Preview, PreviewedTrail};

pub use source::{Source, SourceFile};

use document::{Plan, ResourceChange, StateModule, TRAIL};
use graph::Graph;
use places::Places;
use references::Agreements;
use resource::{Fate, Resource};
use source::Sources;
use trails::Trails;

/// Whether a text of JSON has the members of a plan.
pub fn is_plan(text: &str) -> bool {
    #[derive(Deserialize)]
    struct Members {
        #[serde(rename = "format_version")]
        _format: IgnoredAny,
        #[serde(default)]
        resource_changes: Option<IgnoredAny>,
        #[serde(default)]
        planned_values: Option<IgnoredAny>,
        #[serde(default)]
        configuration: Option<IgnoredAny>,
    }
    serde_json::from_str::<Members>(text).is_ok_and(|members| {
        members.resource_changes.is_some()
            || members.planned_values.is_some()
            || members.configuration.is_some()
    })
}

/// Reads a plan. `place` has the account and Region of providers that state none. `source` is the
/// configuration that the plan was made of.
///
/// # Errors
///
/// In one line: the text is not a plan that can be judged.
pub fn read_plan(
    file: &str,
    text: &str,
    place: &Place,
    source: Option<&mut Source<'_>>,
) -> Result<Preview, String> {
    // Texts of the plan are in some errors.
    read(file, text, place, source).map_err(|error| one_line(&error))
}

fn read(
    file: &str,
    text: &str,
    place: &Place,
    source: Option<&mut Source<'_>>,
) -> Result<Preview, String> {
    let mut plan: Plan<'_> = serde_json::from_str(text).map_err(|error| json::fault(&error))?;
    let major = plan.format_version.split('.').next().unwrap_or_default();
    if !["0", "1"].contains(&major) {
        let version = plain(&plan.format_version);
        return Err(format!("is a plan in format {version}, which this version does not read"));
    }
    let mut preview = Preview { problems: partial(&plan), ..Preview::default() };
    let resources = resources(&mut plan)?;
    let planned = plan.planned_values.take().and_then(|state| state.root_module);
    let modules = modules(&resources, planned.as_ref());
    preview.problems.extend(unseen(planned, &resources));
    let mut graph = Graph {
        file,
        by_address: by_address(&resources)?,
        declarations: graph::declarations(&resources),
        modules,
        resources,
        configuration: &plan.configuration,
        places: Places::default(),
        variables: &plan.variables,
        contributing: plan.relevant_attributes.and_then(graph::contributing),
        is_partial: !preview.problems.is_empty() || !plan.deferred_changes.0.is_empty(),
        sources: source.map(|source| Sources::read(&plan.configuration.root_module, source)),
        agreements: Agreements::default(),
    };
    graph.places = graph.read_places(place);
    let trails = Trails::new(&graph);
    for resource in &graph.resources {
        if resource.address.kind == TRAIL && !resource.address.is_data {
            add(&mut preview, &trails, resource);
        }
    }
    others::name_all(&mut preview, &graph);
    // What a partial plan leaves out may change a key, and data sources may be as an earlier run read
    // them.
    if graph.is_partial {
        preview.leave_keys_open("the plan does not say everything");
    }
    Ok(preview)
}

fn add(preview: &mut Preview, trails: &Trails<'_>, resource: &Resource) {
    if !resource.is_deposed {
        if resource.leaves_former {
            let address = &resource.text;
            preview.problems.push(format!(
                "the object of `{address}` before the plan stays, and is not judged"
            ));
        }
        let trail: PreviewedTrail = trails.read(resource);
        preview.trails.push(trail);
    } else if resource.fate != Fate::Destroyed {
        preview.problems.push(format!("a deposed object of `{}` is not judged", resource.text));
    }
}

/// Why the plan does not say everything.
fn partial(plan: &Plan<'_>) -> Vec<String> {
    let mut problems = Vec::new();
    if plan.errored == Some(true) {
        problems.push("the plan has an error, and ends there".to_owned());
    }
    if plan.complete == Some(false) {
        problems.push("the plan is not complete: another one has to follow it".to_owned());
    }
    let trails = plan.deferred_changes.0.iter().map(|deferred| &deferred.resource_change);
    let trails = trails.filter(|change| others::is_trail(change));
    problems.extend(trails.map(|change| {
        format!("`{}` is deferred to another plan, and is not judged", plain(&change.address))
    }));
    problems
}

/// The resources of the types that are read: managed ones by their changes, data sources by what was
/// read while planning. One that is read during the apply is a change, which counts then.
fn resources(plan: &mut Plan<'_>) -> Result<Vec<Resource>, String> {
    let changes = plan.resource_changes.take().unwrap_or_default().0;
    let mut resources: Vec<Resource> = Vec::new();
    for change in &changes {
        resources.push(Resource::read(change)?);
    }
    let changed: BTreeSet<&str> = changes.iter().map(|change| &*change.address).collect();
    let deferred: BTreeSet<&str> =
        plan.deferred_changes.0.iter().map(|one| &*one.resource_change.address).collect();
    let prior = plan.prior_state.take().and_then(|state| state.values?.root_module);
    let data = prior.map(StateModule::into_all).unwrap_or_default();
    let data = data.iter().filter(|one| {
        one.is_data() && !changed.contains(&*one.address) && !deferred.contains(&*one.address)
    });
    // Terraform before 1.8 does not say whether it read all of them for this plan.
    let is_current = plan.complete.is_some();
    for state in data {
        let read = Resource::read_data(state, is_current)?;
        // Terraform drops a data source from the state when the configuration drops it.
        let is_declared = graph::configured(&plan.configuration, &read).is_some();
        resources.push(if is_declared { read } else { read.undeclared() });
    }
    drop(changed);
    check_deposed(&changes)?;
    Ok(resources)
}

/// Refuses two objects of one resource with the same deposed key.
fn check_deposed(changes: &[ResourceChange<'_>]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = changes.iter().find(|one| {
        let deposed = one.deposed.map(|raw| raw.get()).filter(|text| *text != "null");
        !seen.insert((&*one.address, deposed))
    });
    match twice {
        Some(change) => Err(format!("has `{}` twice", plain(&change.address))),
        None => Ok(()),
    }
}

/// The resources by address, without deposed objects.
fn by_address(resources: &[Resource]) -> Result<BTreeMap<String, usize>, String> {
    let mut by_address = BTreeMap::new();
    for (index, resource) in resources.iter().enumerate() {
        if !resource.is_deposed && by_address.insert(resource.text.clone(), index).is_some() {
            return Err(format!("has `{}` twice", resource.text));
        }
    }
    by_address.retain(|_, index| resources.get(*index).is_some_and(Resource::stays));
    Ok(by_address)
}

/// The instances of modules in which a resource stays, as the prefixes of its address.
fn modules(resources: &[Resource], planned: Option<&StateModule<'_>>) -> BTreeSet<String> {
    let stay = resources.iter().filter(|one| one.stays());
    let mut modules: BTreeSet<String> =
        stay.map(|one| address::prefix(&one.address.module)).collect();
    let mut open: Vec<&StateModule<'_>> = planned.into_iter().collect();
    while let Some(module) = open.pop() {
        modules.extend(module.address.as_deref().map(|address| format!("{address}.")));
        open.extend(&module.child_modules);
    }
    modules
}

/// Trails of the planned values that no change is about.
fn unseen(planned: Option<StateModule<'_>>, resources: &[Resource]) -> Vec<String> {
    let planned = planned.map(StateModule::into_all).unwrap_or_default();
    let seen: BTreeSet<&str> = resources.iter().map(|one| one.text.as_str()).collect();
    let trails = planned.iter().filter(|one| others::is_planned_trail(one));
    let missing = trails.filter(|one| !seen.contains(&*one.address));
    missing
        .map(|one| {
            format!("`{}` has no change in the plan, and is not judged", plain(&one.address))
        })
        .collect()
}
