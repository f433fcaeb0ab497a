//! Macros and other members that change what is beside them.

use crate::node::Node;

/// Members that add or replace members of a map, where they are not resolved.
pub(super) fn changes_members(name: &str) -> bool {
    name == "<<" || name == "Fn::Transform" || name.starts_with("Fn::ForEach")
}

/// The node itself.
///
/// # Errors
///
/// Which member of the map may change the others.
pub(super) fn whole(node: &Node) -> Result<&Node, String> {
    match node.members().iter().find(|one| changes_members(&one.name)) {
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

/// Why a macro may change every resource of the template.
pub(super) fn rewritten(root: &Node) -> Option<String> {
    const HARMLESS: [&str; 2] = ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"];
    let resources = root.get("Resources").map_or(&[][..], Node::members);
    let mut beside = root.members().iter().chain(resources);
    if let Some(odd) = beside.find(|one| one.name == "Fn::Transform" || one.name == "<<") {
        return Some(format!("`{}` may change every resource", odd.name));
    }
    let transform = root.get("Transform")?;
    let names = match transform.items() {
        [] => std::slice::from_ref(transform),
        items => items,
    };
    let odd = names.iter().find(|name| !name.text().is_some_and(|name| HARMLESS.contains(&name)));
    odd.map(|name| {
        let name = name.text().or_else(|| name.get("Name").and_then(Node::text));
        format!("transform `{}` may change every resource", name.unwrap_or("of another form"))
    })
}
