//! Reads the evidence from AWS and reports the evaluations to AWS Config.
//!
//! [`Aws`] holds the connection to AWS and the caller's identity. For one invocation an
//! [`Evidence`] reads what [`trailseal_rule::needs`] asks for, each key and bucket once; [`submit`]
//! puts evaluations.
//!
//! *Invariant of absence*: nothing here judges a trail, and nothing here knows of Lambda or of a
//! terminal. Facts live as long as an [`Evidence`] and no longer; only clients and credentials
//! stay warm.
//!
//! The SDK's calls are futures of tens of kilobytes, which are copied with everything that they are
//! a part of: each is boxed where it is made (`docs/PERFORMANCE.md`).

mod calls;
mod connection;
mod endpoints;
mod failure;
mod roles;
mod session;
mod signed;
mod transport;
mod whoami;

mod bucket;
mod convert;
mod gather;
mod key_reader;
mod object;
mod once;
mod pages;
mod read_times;
mod recorded_bucket;
mod tags;

mod aggregate;
mod data_events;
mod discovery;
mod history;
mod results;
mod rule;
mod security_hub;
mod submit;

pub use crate::aggregate::select_aggregate;
pub use crate::calls::{Attempt, CallLog, Calls};
pub use crate::connection::{Connection, RetryPolicy};
pub use crate::data_events::logs_reads_of;
pub use crate::discovery::{
    DiscoveredIds, TrailDelivery, delivery_in, describe_delivery, describe_trails, discovered_ids,
};
pub use crate::endpoints::{Endpoints, Service};
pub use crate::failure::{AwsError, Read, failed};
pub use crate::gather::{Evidence, latest_delivery, latest_delivery_in};
pub use crate::history::fetch_item;
pub use crate::key_reader::KeyReader;
pub use crate::object::read_object;
pub use crate::pages::Pages;
pub use crate::read_times::{ReadTimes, now};
pub use crate::recorded_bucket::{RecordedBucket, recorded_bucket};
pub use crate::results::{StandingResult, standing_results};
pub use crate::roles::{Aws, Identity};
pub use crate::rule::rule_parameters;
pub use crate::security_hub::{
    FoundFinding, Imported, RefusedFinding, findings_of, import_findings,
};
pub use crate::session::Session;
pub use crate::submit::{Submission, submit};
pub use crate::tags::{trail_tag, trail_tags};
pub use crate::whoami::{Caller, caller};
