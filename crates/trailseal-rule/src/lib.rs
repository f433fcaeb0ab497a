//! Decides whether a CloudTrail trail is sealed with a KMS key that the customer controls and
//! that works.
//!
//! The way through this crate is one-way: an event's bytes become an [`Invocation`]; [`needs`]
//! says which evidence is worth reading for a trail; whoever reads it hands back [`Facts`];
//! [`evaluate`] turns trail, context and facts into a [`Judgement`]; an [`Evaluation`] is that
//! judgement in AWS Config's form.
//!
//! *Invariant of absence*: no network, no file, no clock, no environment, no thread and no `async`
//! in this crate. The same input always gives the same judgement.

mod arn;
mod ids;
mod key_ref;
mod pattern;
mod timestamp;

mod exemption;
mod invocation;
mod item;
mod members;
mod parameter_specs;
mod parameters;

mod facts;
mod trail;

pub mod key_policy;

mod checks;
mod evaluate;
mod evaluation;
mod verdict;

mod controls;
mod denial;
mod error;

pub use crate::arn::{KeyArn, TrailArn};
pub use crate::checks::{CHECKS, Check, CheckId, Finding, Outcome, Unverified};
pub use crate::controls::{CIS_CONTROLS, Control, RELATED_CONTROLS};
pub use crate::denial::{Denial, PolicyType};
pub use crate::error::{EventError, Fault, Faults};
pub use crate::evaluate::{
    EvaluationContext, Judgement, KeyQuery, Needs, evaluate, key_arn, needs,
};
pub use crate::evaluation::{
    ANNOTATION_CHARS_MAX, Annotation, ComplianceType, EVALUATIONS_PER_CALL_MAX, Evaluation,
    FIX_CHARS_MAX, ReportedType, ResourceId,
};
pub use crate::exemption::Exemption;
pub use crate::facts::{
    Delivery, Facts, KeyFacts, KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, Reading,
    Refusal, Rotation,
};
pub use crate::ids::{AccountId, BucketName, IdError, Region, ResultToken};
pub use crate::invocation::{
    Announced, Change, Invocation, KeyChange, Rule, TrailChange, TrailGone, Trigger,
};
pub use crate::item::{
    ACCOUNT_TYPE, ConfigurationItem, ItemStatus, ItemType, KEY_TYPE, TRAIL_TYPE,
};
pub use crate::key_policy::parsed::KeyPolicy;
pub use crate::key_ref::KeyRef;
pub use crate::parameter_specs::{PARAMETERS, ParameterSpec, Values, parameters_schema};
pub use crate::parameters::{
    Parameters, Profile, Replicas, RoleName, WhenNoTrails, WhenUnverified,
};
pub use crate::pattern::ArnPattern;
pub use crate::timestamp::{Timestamp, TimestampError};
pub use crate::trail::{Standing, Trail};
pub use crate::verdict::{CheckResult, Proof, Verdict};
