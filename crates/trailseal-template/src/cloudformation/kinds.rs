//! The types of resources that are read.

use crate::node::Node;

pub(super) const BUCKET_TYPE: &str = "AWS::S3::Bucket";
pub(super) const ALIAS_TYPE: &str = "AWS::KMS::Alias";
pub(crate) const STACK_TYPE: &str = "AWS::CloudFormation::Stack";
const KEY_TYPE: &str = "AWS::KMS::Key";
pub(super) const REPLICA_TYPE: &str = "AWS::KMS::ReplicaKey";
pub(super) const KEY_TYPES: [&str; 2] = [KEY_TYPE, REPLICA_TYPE];

/// The type of a resource.
pub(super) fn kind(resource: &Node) -> &str {
    resource.get("Type").and_then(Node::text).unwrap_or_default()
}
