//! The types of resources that are read.

use crate::node::Node;

pub(super) const BUCKET_TYPE: &str = "AWS::S3::Bucket";
pub(crate) const ALIAS_TYPE: &str = "AWS::KMS::Alias";
pub(crate) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";
pub(super) const STACK_SET_TYPE: &str = "AWS::CloudFormation::StackSet";
pub(super) const APPLICATION_TYPE: &str = "AWS::Serverless::Application";
const KEY_TYPE: &str = "AWS::KMS::Key";
pub(super) const REPLICA_TYPE: &str = "AWS::KMS::ReplicaKey";
pub(super) const KEY_TYPES: [&str; 2] = [KEY_TYPE, REPLICA_TYPE];

/// Types of resources that may make trails, beside modules.
const TYPES_THAT_MAY_MAKE_TRAILS: [&str; 5] = [
    STACK_TYPE,
    STACK_SET_TYPE,
    APPLICATION_TYPE,
    "AWS::ControlTower::LandingZone",
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
];

/// How the type of a module ends.
const MODULE: &str = "::MODULE";

/// Whether a resource of this type may make trails.
pub(crate) fn may_make_trails(kind: &str) -> bool {
    TYPES_THAT_MAY_MAKE_TRAILS.contains(&kind) || kind.ends_with(MODULE)
}

/// Whether the text of a template may have a resource that may make trails.
pub(super) fn mentions_such_a_type(text: &str) -> bool {
    let is_whole = |after: &str| !after.starts_with(|one: char| one.is_ascii_alphanumeric());
    TYPES_THAT_MAY_MAKE_TRAILS.iter().any(|kind| text.contains(kind))
        || text.split(MODULE).skip(1).any(is_whole)
}

/// The type of a resource.
pub(super) fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::text).unwrap_or_default()
}
