//! An AWS account on loopback, for the demonstration, the tests and the benchmarks.
//!
//! The lab serves what Trailseal uses of AWS Config, CloudTrail, KMS, STS and S3 over real HTTP, and
//! the Lambda Runtime API to a function that runs as a process of its own. It answers from a plain
//! document (`STATE.md`), refuses what AWS would refuse with AWS's error codes, injects faults,
//! and records the requests and evaluations that it receives.
//!
//! The lab knows nothing about the rule. It never decides a verdict and depends on no
//! other crate of the project; it reports only what it received. It does not verify signatures.

#![expect(missing_docs, reason = "an item whose name says everything has no comment")]

mod answer;
mod arn;
mod asked;
mod caller;
mod delivery;
mod event;
mod fault;
mod files;
mod function;
mod hang;
mod hook_request;
mod lab;
mod lab_state;
mod listener;
mod model;
mod moments;
mod operation;
mod policy;
mod record;
mod refusal;
mod reply;
mod requests;
mod runtime_api;
mod server;
mod services;
mod shape;
mod state;
mod transcript;

pub use caller::Credentials;
pub use delivery::DeliveryMoment;
pub use event::{GivenEvent, RuleEvent};
pub use fault::{Fault, FaultKind, Position};
pub use function::{FirstResponse, Function, FunctionSettings, Invocation, Memory};
pub use hang::Hang;
pub use hook_request::HookRequest;
pub use lab::Lab;
pub use listener::{Authority, Listener};
pub use operation::{Operation, Service};
pub use record::{Call, Fate, Ordering, PutEvaluation};
pub use runtime_api::Outcome;
pub use state::{
    Account, Aggregator, Alias, Bucket, ConfigRule, Denial, DiscoveredAs, DiscoveredResource,
    Encryption, EncryptionType, History, Key, LogFiles, Membership, MetadataTables, Object,
    ObjectOwnership, OrganizationAccount, Role, Rotation, STATE_VERSION, StandingResult, State,
    StateError, Trail,
};
pub use transcript::{Breach, Exchange, transcript};
