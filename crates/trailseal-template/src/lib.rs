//! Turns templates and plans into trails and facts, before the trails exist.
//!
//! A reader (of CloudFormation templates, of Terraform plans) returns each [`PreviewedTrail`] with the
//! [`Deployment`] that it is a part of: keys, aliases and buckets, with properties that are known,
//! left out, or not known before the deployment. [`Deployment::evidence`] turns a planned trail into a
//! trail and its facts, which [`trailseal_rule::evaluate`] judges. A planned key has no ARN and is a type of
//! its own, so that it cannot become evidence about a key that exists.
//!
//! This crate has no network, file, clock, environment, thread or `async`.

mod assembly;
mod cloudformation;
mod evidence;
mod model;
mod node;
mod parameters;
mod planned;
mod preview;
mod terraform;
mod value;
mod values;
mod yaml;

pub use crate::assembly::read_assembly;
pub use crate::cloudformation::read_template;

pub use crate::evidence::Evidence;
pub use crate::model::{
    BucketTarget, Deployment, KeyProperty, Location, Place, PlannedAlias, PlannedBucket,
    PlannedKey, PlannedTrail, SuppliedKey, SuppliedValues,
};
pub use crate::parameters::{Given, read_stack_parameters};
pub use crate::planned::Planned;
pub use crate::preview::{JudgedTrail, Preview, PreviewedTrail, World};
pub use crate::terraform::{Source, SourceFile, is_plan, read_plan};
pub use crate::values::Values;
