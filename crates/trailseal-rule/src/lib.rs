//! Decides whether a CloudTrail trail is encrypted with a KMS key that the customer controls and
//! that works.
//!
//! Data flows in one direction: an event's bytes become an [`Invocation`]; [`needs`] returns the
//! evidence to read for a trail; the caller reads it into [`Facts`]; [`evaluate`] turns trail,
//! context and facts into a [`Judgement`], which becomes an [`Evaluation`].
//!
//! This crate has no network, file, clock, environment, thread or `async`: the same input always
//! gives the same judgement.

mod arn;
mod key_ref;

mod exemption_tag;
mod exemptions;
mod invocation;
mod parameter_specs;
mod parameters;

mod facts;
mod trail;

pub mod key_policy;

pub mod bucket_policy;

pub mod checks;

mod evaluate;
mod evaluation;
mod gathering;
mod verdict;

mod controls;
mod denial;

pub use config_rule::{
    ACCOUNT_TYPE, ANNOTATION_CHARS_MAX, AccountId, Annotation, Arn, ComplianceType,
    ConfigurationItem, EVALUATIONS_PER_CALL_MAX, Evaluation, EventError, Exemption, FIX_CHARS_MAX,
    Fault, Faults, IdError, ItemStatus, Origin, OversizedNotice, Partition, Region, ResourceId,
    ResultToken, Rule, Timestamp, Values, error_chain, json, kind, one_line,
};

pub use crate::arn::{KeyArn, TrailArn, stand_in};
pub use crate::checks::{CHECKS, Check, CheckId, Finding, FindingCode, Outcome, Severity};
pub use crate::controls::{CIS_CONTROLS, Control, RELATED_CONTROLS};
pub use crate::denial::{Denial, PolicyType};
pub use crate::evaluate::{
    Judgement, KeyQuery, Needs, evaluate, exemption_tag_to_read, needs, needs_in_items,
};
pub use crate::evaluation::no_trails_evaluation;
pub use crate::exemption_tag::exemption_by_tag;
pub use crate::exemptions::{
    ENTRY_MEMBERS, ExemptionsFrom, S3Object, entry_schema, exemptions_schema, read_entry,
};
pub use crate::facts::{
    AssessedFolder, DELIVERY_SKEW_MILLIS, Delivery, DeliveryElsewhere, Facts, FileEncryption,
    FolderStanding, KeyFacts, KeyManager, KeyOrigin, KeySpec, KeyState, KeyUsage, LogAssessment,
    LogFile, LogFiles, LogFolder, ROTATION_DAYS_DEFAULT, Reading, Refusal, Rotation, key_arn,
};
pub use crate::gathering::{Answer, EvidenceSource, Gathering, Query};
pub use crate::invocation::{
    Change, Invocation, KEY_TYPE, KeyChange, TrailChange, TrailGone, Trigger,
};
pub use crate::key_policy::parsed::KeyPolicy;
pub use crate::key_ref::KeyRef;
pub use crate::parameter_specs::{PARAMETERS, ParameterSpec, parameters_schema};
pub use crate::parameters::{
    EvaluationContext, LogFileScope, Parameters, Profile, Replicas, RoleName, TagKey, WhenNoTrails,
    WhenUnverified,
};
pub use crate::trail::{BucketName, Standing, TRAIL_TYPE, Trail};
pub use crate::verdict::{CheckResult, Proof, Verdict};
