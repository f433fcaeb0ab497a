//! Where a document declares a trail that does not exist yet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The declaration of a trail in a template or plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DeclaredReport {
    /// Its logical ID or address.
    pub(crate) address: String,
    /// The place of the trail.
    pub(crate) place: PlaceReport,
    /// The place of its key.
    #[serde(default)]
    pub(crate) key_place: Option<PlaceReport>,
    /// What a check's finding is about, by the ID of the check: a property of the key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) related: BTreeMap<String, RelatedReport>,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlaceReport {
    pub(crate) file: String,
    /// From 1; 0 if no line of the file says anything, as in a plan of Terraform.
    pub(crate) line: usize,
    /// In characters, from 1; 0 if `line` is.
    pub(crate) column: usize,
}

/// A resource that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RelatedReport {
    pub(crate) address: String,
    pub(crate) place: PlaceReport,
}
