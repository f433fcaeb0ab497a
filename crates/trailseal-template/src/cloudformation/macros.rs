//! Macros and other members that change what is beside them.

use crate::node::{Member, Node};

/// Whether a member adds or replaces members of its map, where it is not resolved.
pub(super) fn changes_members(member: &Member) -> bool {
    let name = member.name.as_str();
    is_macro(member) || name == "<<" || name.starts_with("Fn::ForEach")
}

/// Whether a member calls a macro: `Fn::Transform`, or `Transform` with the name of one
/// (CloudFormation Template Reference Guide, "Fn::Transform", the short form).
fn is_macro(member: &Member) -> bool {
    let is_call = |node: &Node| node.get("Name").is_some_and(|name| name.text().is_some());
    let Member { name, node, .. } = member;
    name == "Fn::Transform"
        || (name == "Transform" && (is_call(node) || node.items().iter().any(is_call)))
}

/// The node itself.
///
/// # Errors
///
/// Which member of the map may change the others.
pub(super) fn whole(node: &Node) -> Result<&Node, String> {
    match node.members().iter().find(|one| changes_members(one)) {
        Some(odd) => Err(format!("`{}` is not resolved", odd.name)),
        None => Ok(node),
    }
}

/// A map whose members the document states.
///
/// # Errors
///
/// It is the result of a function, or a member may change the others.
pub(super) fn stated_map(node: &Node) -> Result<&Node, String> {
    match node.only_member() {
        Some(only) if only.name.starts_with("Fn::") || only.name == "Ref" => {
            Err(format!("a map is the result of `{}`", only.name))
        }
        Some(_) | None => whole(node),
    }
}

/// Transforms that change neither trails nor keys.
const HARMLESS: [&str; 2] = ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"];

/// Others that add no trail (CloudFormation Template Reference Guide, "Transforms").
const WITHOUT_TRAILS: [&str; 4] = [
    "AWS::CodeDeployBlueGreen",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::ServiceCatalog",
];

/// Why a macro may change every resource of the template.
pub(super) fn rewritten(root: &Node) -> Option<String> {
    let resources = root.get("Resources").map_or(&[][..], Node::members);
    // `Transform` at the root is the section.
    let is_odd = |one: &&Member| one.name == "Fn::Transform" || one.name == "<<";
    let beside = root.members().iter().find(is_odd);
    if let Some(odd) = beside.or(resources.iter().find(|one| is_odd(one) || is_macro(one))) {
        return Some(format!("`{}` may change every resource", odd.name));
    }
    let odd = transforms(root).iter().find(|one| !is_one_of(one, &HARMLESS));
    odd.map(|one| format!("{} may change every resource", in_words(one)))
}

/// The macros at the root of the template, each with its line, that may add a trail.
pub(super) fn may_add_trails(root: &Node) -> impl Iterator<Item = (String, usize)> {
    let is_safe = |one: &Node| is_one_of(one, &HARMLESS) || is_one_of(one, &WITHOUT_TRAILS);
    let odd = transforms(root).iter().filter(move |one| !is_safe(one));
    let odd = odd.map(|one| (in_words(one), one.line));
    let function = root.member("Fn::Transform").map(|one| (format!("`{}`", one.name), one.line));
    odd.chain(function)
}

/// The transforms of the template.
fn transforms(root: &Node) -> &[Node] {
    root.get("Transform").map_or(&[], |transform| match transform.items() {
        [] => std::slice::from_ref(transform),
        items => items,
    })
}

fn is_one_of(transform: &Node, names: &[&str]) -> bool {
    transform.text().is_some_and(|name| names.contains(&name))
}

fn in_words(transform: &Node) -> String {
    let name = transform.text().or_else(|| transform.get("Name").and_then(Node::text));
    format!("transform `{}`", name.unwrap_or("of another form"))
}
