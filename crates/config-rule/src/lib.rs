//! The protocol between AWS Config and a custom rule (AWS Config Developer Guide, "AWS Config
//! Custom Rules").
//!
//! An event's bytes become an [`Event`]; the rule reads its own parameters and configuration items
//! from it, decides, and answers with evaluations. This crate knows no resource type.
//!
//! It has no network, file, clock, environment, thread or `async`: the same input always gives the
//! same output.

mod annotation;
mod error;
mod evaluation;
mod event;
mod exemption;
mod ids;
mod item;
pub mod json;
mod members;
mod parameters;
mod partition;
mod pattern;
mod timestamp;

pub use crate::annotation::{
    ANNOTATION_CHARS_MAX, Annotation, AnnotationParts, FIX_CHARS_MAX, ascii_line,
};
pub use crate::error::{EventError, Fault, Faults, error_chain, one_line, quote};
pub use crate::evaluation::{ACCOUNT_TYPE, ComplianceType, EVALUATIONS_PER_CALL_MAX, Evaluation};
pub use crate::event::{Event, ItemChange, OversizedNotice, Rule, Trigger};
pub use crate::exemption::{Exempt, Exemption, Origin, exempt};
pub use crate::ids::{
    AccountId, FromText, IdError, NOT_KNOWN_ACCOUNT, NOT_KNOWN_REGION, Region, ResourceId,
    ResultToken,
};
pub use crate::item::{ConfigurationItem, ItemStatus};
pub use crate::members::{Members, kind, parse_json};
pub use crate::parameters::{
    ParameterSpec, Values, parameter_field, parameters_schema, read_parameters, set_list, set_value,
};
pub use crate::partition::{Arn, Partition};
pub use crate::pattern::ArnPattern;
pub use crate::timestamp::Timestamp;
