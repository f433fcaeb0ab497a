//! The checks, in the order in which they are evaluated and documented.
//!
//! A check owns everything about itself: its file holds what people read about it, when it is
//! enabled, which evidence it reads and how it decides. This file only lists the checks.
//!
//! A check never skips itself. `evaluate` leaves out the checks that are not enabled and those that
//! an earlier failure has made irrelevant.

mod check;
mod input;
mod key_policy_words;
mod outcome;

pub mod delivery_unbroken;
pub mod key_allowed;
pub mod key_customer_managed;
pub mod key_in_bucket_region;
pub mod key_policy_admits_cloudtrail;
pub mod key_policy_binds_cloudtrail;
pub mod key_policy_guards_decryption;
pub mod key_rotated;
pub mod key_usable;
pub mod log_files_sealed;
pub mod sse_kms_enabled;

pub use check::{Check, Evidence, Severity, Switch};
pub use input::{
    EVIDENCE_REFUSED, KEY_ALIAS_AWS_MANAGED, KEY_MISSING, KEY_REFERENCE_UNRECOGNIZED, TRAIL_MISSING,
};
pub use outcome::{FIX_CHARS_MAX, Finding, FindingCode, Outcome};

pub(crate) use input::CheckInput;

macro_rules! checks {
    ($($id:ident = $module:ident,)+) => {
        /// Identifies a check.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum CheckId {
            $(
                #[doc = concat!("The check of the module [`", stringify!($module), "`].")]
                $id,
            )+
        }

        /// Every check, in the order in which they are evaluated and documented.
        pub const CHECKS: &[&Check] = &[$(&$module::CHECK),+];

        impl CheckId {
            /// The check.
            pub const fn check(self) -> &'static Check {
                match self {
                    $(Self::$id => &$module::CHECK,)+
                }
            }
        }
    };
}

checks! {
    SseKmsEnabled = sse_kms_enabled,
    KeyCustomerManaged = key_customer_managed,
    KeyUsable = key_usable,
    KeyInBucketRegion = key_in_bucket_region,
    KeyAllowed = key_allowed,
    KeyRotated = key_rotated,
    KeyPolicyAdmitsCloudtrail = key_policy_admits_cloudtrail,
    DeliveryUnbroken = delivery_unbroken,
    KeyPolicyGuardsDecryption = key_policy_guards_decryption,
    KeyPolicyBindsCloudtrail = key_policy_binds_cloudtrail,
    LogFilesSealed = log_files_sealed,
}
