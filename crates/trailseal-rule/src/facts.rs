//! The evidence about a trail's key and bucket.

mod delivery;
mod log_files;

use std::collections::BTreeMap;
use std::fmt;

use config_rule::{AccountId, Region, Timestamp};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr};

use crate::arn::KeyArn;
use crate::denial::Denial;
use crate::key_policy::parsed::KeyPolicy;
use crate::key_ref::KeyRef;
use crate::trail::Trail;

pub use delivery::Delivery;
pub use log_files::{
    AssessedFolder, DELIVERY_SKEW_MILLIS, FileEncryption, FolderStanding, LogAssessment, LogFile,
    LogFiles, LogFolder,
};

/// The result of one read: the value, its absence, or a refusal.
///
/// It has no default: evidence that was not read is [`Reading::Refused`] with
/// [`Refusal::NotRead`], so that hiding a fact never improves a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading<T> {
    /// It was read.
    Known(T),
    /// The resource does not exist.
    Absent,
    /// It could not be read, and a retry would not help.
    Refused(Refusal),
}

impl<T> Reading<T> {
    /// Converts the value.
    pub fn map<U>(self, become_other: impl FnOnce(T) -> U) -> Reading<U> {
        self.and_then(|value| Reading::Known(become_other(value)))
    }

    /// Converts the value to another reading.
    pub fn and_then<U>(self, become_other: impl FnOnce(T) -> Reading<U>) -> Reading<U> {
        match self {
            Self::Known(value) => become_other(value),
            Self::Absent => Reading::Absent,
            Self::Refused(refusal) => Reading::Refused(refusal),
        }
    }
}

/// Why evidence could not be read, although AWS answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was not asked for.
    NotRead,
    /// AWS denied the call.
    AccessDenied {
        /// The IAM action that is missing, such as `kms:DescribeKey`.
        action: &'static str,
    },
    /// AWS denied the call, and named the policy that did.
    DeniedByPolicy {
        /// The IAM action that was denied.
        action: &'static str,
        /// The policy.
        denial: Denial,
    },
    /// KMS does not support this call across accounts, and no role is configured.
    OtherAccount {
        /// The IAM action that would be needed in that account.
        action: &'static str,
        /// The account that owns the key.
        account: AccountId,
    },
    /// A role in the key's account could not be assumed.
    RoleRefused {
        /// The role's ARN.
        role: String,
    },
    /// A role in the key's account was assumed, and AWS denied it the call.
    RoleDenied {
        /// The IAM action that is missing, such as `kms:DescribeKey`.
        action: &'static str,
        /// The role's name, with its path.
        role: String,
    },
    /// AWS does not know the account's credentials in this Region, which is not the rule's own: the
    /// account has not enabled it.
    RegionNotEnabled(Region),
    /// The trail belongs to another account and names its key by an alias or a bare ID, which could
    /// mean another key in this account.
    NamesNoAccount,
    /// Reading it requires something else that could not be read.
    Needs(&'static str),
    /// The resource does not exist yet, and what is asked is known only once it is deployed; why.
    NotKnownBeforeDeployment(String),
    /// The reference or the answer is not one that AWS documents.
    Malformed(String),
    /// Of log files, which only the command reads: why, and what its user can do about it.
    LogFiles(String, &'static str),
}

/// How [`Refusal::NotKnownBeforeDeployment`] begins.
pub(crate) const NOT_KNOWN_BEFORE_DEPLOYMENT: &str = "not known before deployment: ";

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotRead => out.write_str("it was not read"),
            Self::AccessDenied { action } => write!(out, "{action} was denied"),
            Self::DeniedByPolicy { action, denial } => write!(out, "{action} was {denial}"),
            Self::OtherAccount { action, account } => {
                write!(out, "{action} does not work across accounts and the key is in {account}")
            }
            Self::RoleRefused { role } => write!(out, "role {role} cannot be assumed"),
            Self::RoleDenied { action, role } => write!(out, "role {role} may not call {action}"),
            Self::RegionNotEnabled(region) => {
                write!(out, "Region {region} is not enabled in the calling account")
            }
            Self::NamesNoAccount => {
                out.write_str("kmsKeyId names no account, and the trail is another one's")
            }
            Self::Needs(what) => write!(out, "{what} could not be read"),
            Self::NotKnownBeforeDeployment(why) => {
                write!(out, "{NOT_KNOWN_BEFORE_DEPLOYMENT}{why}")
            }
            Self::Malformed(what) | Self::LogFiles(what, _) => out.write_str(what),
        }
    }
}

/// The evidence about a trail's key and bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// The trail's key (KMS `DescribeKey`).
    pub key: Reading<KeyFacts>,
    /// The Region of the trail's bucket (S3 `HeadBucket`).
    pub bucket_region: Reading<Region>,
    /// The rotation of the key (KMS `GetKeyRotationStatus`).
    pub rotation: Reading<Rotation>,
    /// The key's policy document (KMS `GetKeyPolicy`).
    pub key_policy: Reading<KeyPolicy>,
    /// The latest delivery (CloudTrail `GetTrailStatus`) in the trail's home Region.
    pub delivery: Reading<Delivery>,
    /// The latest deliveries in other Regions.
    pub delivery_elsewhere: DeliveryElsewhere,
    /// The log files in the trail's bucket. Only the command reads them.
    pub log_files: Reading<LogFiles>,
    /// The tag of `exemptionTag` (CloudTrail `ListTags`) that `exemption_tag_to_read` asks for.
    pub exemption_tag: Reading<String>,
}

/// The latest delivery of a multi-Region trail in each Region beside its home Region:
/// `GetTrailStatus` is about one Region (CloudTrail API Reference). `None` if the caller reads the
/// home Region only, as the function does; then nothing is known of the others. Refused if the list
/// of these Regions could not be read.
pub type DeliveryElsewhere = Option<Reading<BTreeMap<Region, Reading<Delivery>>>>;

impl Facts {
    /// Nothing has been read.
    pub fn unread() -> Self {
        Self {
            key: Reading::Refused(Refusal::NotRead),
            bucket_region: Reading::Refused(Refusal::NotRead),
            rotation: Reading::Refused(Refusal::NotRead),
            key_policy: Reading::Refused(Refusal::NotRead),
            delivery: Reading::Refused(Refusal::NotRead),
            delivery_elsewhere: None,
            log_files: Reading::Refused(Refusal::NotRead),
            exemption_tag: Reading::Refused(Refusal::NotRead),
        }
    }
}

/// A key's metadata (KMS `KeyMetadata`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFacts {
    /// The key's ARN, even if the request named an alias or a bare ID.
    pub arn: KeyArn,
    /// Who manages it.
    pub manager: KeyManager,
    /// Its state.
    pub state: KeyState,
    /// Its usage.
    pub usage: KeyUsage,
    /// Its key spec.
    pub spec: KeySpec,
    /// The origin of its key material.
    pub origin: KeyOrigin,
    /// When imported key material expires, if it does.
    pub valid_to: Option<Timestamp>,
    /// When the key will be deleted, while it is pending deletion.
    pub deletion_date: Option<Timestamp>,
    /// Whether it is a replica of a multi-Region key.
    #[serde(rename = "replica")]
    pub is_replica: bool,
}

impl KeyFacts {
    /// An enabled customer managed key for symmetric encryption, with key material of KMS.
    pub fn symmetric(arn: KeyArn) -> Self {
        Self {
            arn,
            manager: KeyManager::Customer,
            state: KeyState::Enabled,
            usage: KeyUsage::EncryptDecrypt,
            spec: KeySpec::SymmetricDefault,
            origin: KeyOrigin::AwsKms,
            valid_to: None,
            deletion_date: None,
            is_replica: false,
        }
    }
}

/// Defines an enum of KMS's words (KMS API Reference, `KeyMetadata`) that keeps any other word.
macro_rules! kms_words {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }
        else $(#[$other_doc:meta])* $other:ident
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum $name {
            $($(#[$doc])* $variant,)*
            $(#[$other_doc])*
            $other(Box<str>),
        }

        impl $name {
            /// Reads KMS's word; blank if KMS gives none.
            pub fn from_kms(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::$other(other.into()),
                }
            }

            /// KMS's word; blank if KMS gives none.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::$other(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                Self::from_kms(&word)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.as_str().to_owned()
            }
        }
    };
}

kms_words! {
    /// `KeyManager`.
    KeyManager {
        /// The customer created and manages the key.
        Customer = "CUSTOMER",
        /// AWS created and manages the key.
        Aws = "AWS",
    } else
    /// A value that this version does not know, or none.
    Unrecognized
}

kms_words! {
    /// `KeyState`.
    KeyState {
        /// The key works.
        Enabled = "Enabled",
        /// The key works while KMS updates it (KMS Developer Guide, "Key states of KMS keys").
        Updating = "Updating",
        /// KMS is creating the key.
        Creating = "Creating",
        /// The key is disabled.
        Disabled = "Disabled",
        /// The key is scheduled for deletion.
        PendingDeletion = "PendingDeletion",
        /// The key material is to be imported.
        PendingImport = "PendingImport",
        /// A primary key whose replicas must be deleted first.
        PendingReplicaDeletion = "PendingReplicaDeletion",
        /// The custom key store is not connected.
        Unavailable = "Unavailable",
    } else
    /// A value that this version does not know, or none.
    Unrecognized
}

kms_words! {
    /// `KeyUsage`.
    KeyUsage {
        /// The key encrypts and decrypts.
        EncryptDecrypt = "ENCRYPT_DECRYPT",
    } else
    /// Signing, MACs, key agreement, or a value that this version does not know. None of them
    /// encrypts log files.
    Other
}

kms_words! {
    /// `KeySpec`.
    KeySpec {
        /// The only key spec that SSE-KMS uses.
        SymmetricDefault = "SYMMETRIC_DEFAULT",
    } else
    /// Any other key spec.
    Other
}

/// `Origin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum KeyOrigin {
    /// KMS generated the key material.
    AwsKms,
    /// The customer imported the key material.
    External,
    /// The key material is in an AWS CloudHSM key store.
    #[serde(rename = "AWS_CLOUDHSM")]
    #[strum(serialize = "AWS_CLOUDHSM")]
    CloudHsm,
    /// The key material is outside of AWS, in an external key store. The key state says nothing
    /// about the external key (KMS Developer Guide, "External key stores").
    ExternalKeyStore,
    /// A value that this version does not know, or none.
    #[serde(other, rename = "unrecognized")]
    #[strum(serialize = "unrecognized")]
    Unrecognized,
}

impl KeyOrigin {
    /// Reads KMS's word (KMS API Reference, `KeyMetadata`); blank if KMS gives none.
    pub fn from_kms(word: &str) -> Self {
        word.parse().unwrap_or(Self::Unrecognized)
    }

    /// KMS's word, or `unrecognized`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }
}

/// Days between rotations of a key that has no period of its own (KMS API Reference,
/// `EnableKeyRotation`, `RotationPeriodInDays`).
pub const ROTATION_DAYS_DEFAULT: u32 = 365;

/// A key's rotation (KMS `GetKeyRotationStatus`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Rotation {
    /// Automatic rotation is on.
    On {
        /// Days between rotations; [`ROTATION_DAYS_DEFAULT`] if KMS leaves it out.
        period_days: Option<u32>,
        /// When the next rotation is due.
        next: Option<Timestamp>,
    },
    /// Automatic rotation is off.
    Off,
    /// KMS does not rotate keys of this kind automatically.
    NotSupported,
}

impl Refusal {
    /// How to make the evidence readable. The rule and the command line print the same sentence.
    pub(crate) fn advice(&self) -> String {
        match self {
            Self::NotRead => {
                "evaluate the trail live with `trailseal audit`, or add the evidence to the input"
                    .to_owned()
            }
            Self::AccessDenied { action } if action.starts_with("kms:") => {
                format!("allow {action} to the calling principal, in IAM and in the key policy")
            }
            Self::AccessDenied { action } => format!("allow {action} to the calling principal"),
            Self::DeniedByPolicy { action, denial } => denial.advice(action),
            Self::OtherAccount { .. } => {
                "set keyAccountRoleName to a role of that account that may read it".to_owned()
            }
            Self::RoleRefused { .. } => {
                "create the role, and let its trust policy admit the calling principal".to_owned()
            }
            Self::RoleDenied { action, .. } => {
                format!("allow {action} to the role, in IAM and in the key policy")
            }
            Self::RegionNotEnabled(region) => {
                format!("enable Region {region} in the calling account")
            }
            Self::NamesNoAccount => "set kmsKeyId to the ARN of the key".to_owned(),
            Self::Needs(what) => format!("let {what} be read"),
            Self::NotKnownBeforeDeployment(_) => {
                "let the template state the value, or supply it to `trailseal preview`".to_owned()
            }
            Self::Malformed(_) => {
                "look it up in AWS, and install a later release of Trailseal".to_owned()
            }
            Self::LogFiles(_, fix) => (*fix).to_owned(),
        }
    }
}

/// The key whose policy and rotation are read: the ARN that KMS returned, or else the trail's.
pub fn key_arn<'a>(trail: &'a Trail, facts: &'a Facts) -> Option<&'a KeyArn> {
    arn_of(trail, Some(&facts.key))
}

/// The same, before the key has been read too.
pub(crate) fn arn_of<'a>(
    trail: &'a Trail,
    key: Option<&'a Reading<KeyFacts>>,
) -> Option<&'a KeyArn> {
    match (key, &trail.key) {
        (Some(Reading::Known(key)), _) => Some(&key.arn),
        (_, Some(KeyRef::Key(arn))) => Some(arn),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_state_is_serialized_as_in_kms() {
        let known = "Enabled Updating Creating Disabled PendingDeletion PendingImport \
                     PendingReplicaDeletion Unavailable";
        let known = known.split(' ').map(|word| (word, true));
        for (word, is_known) in known.chain([("", false), ("Resting", false)]) {
            let state = KeyState::from_kms(word);
            assert_eq!(matches!(state, KeyState::Unrecognized(_)), !is_known);
            assert_eq!(state.as_str(), word);
            let quoted = serde_json::to_string(&state).unwrap();
            assert_eq!(quoted, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<KeyState>(&quoted).unwrap(), state);
        }
    }

    #[test]
    fn every_value_of_kms_is_recognized() {
        assert_eq!(KeyManager::from_kms("CUSTOMER"), KeyManager::Customer);
        assert_eq!(KeyManager::from_kms("AWS"), KeyManager::Aws);
        assert_eq!(KeyManager::from_kms("aws"), KeyManager::Unrecognized("aws".into()));
        assert_eq!(KeyUsage::from_kms("ENCRYPT_DECRYPT"), KeyUsage::EncryptDecrypt);
        assert_eq!(KeyUsage::from_kms("SIGN_VERIFY"), KeyUsage::Other("SIGN_VERIFY".into()));
        assert_eq!(KeySpec::from_kms("SYMMETRIC_DEFAULT"), KeySpec::SymmetricDefault);
        assert_eq!(KeySpec::from_kms("RSA_2048"), KeySpec::Other("RSA_2048".into()));
        for (word, origin) in [
            ("AWS_KMS", KeyOrigin::AwsKms),
            ("EXTERNAL", KeyOrigin::External),
            ("AWS_CLOUDHSM", KeyOrigin::CloudHsm),
            ("EXTERNAL_KEY_STORE", KeyOrigin::ExternalKeyStore),
            ("", KeyOrigin::Unrecognized),
            ("ELSEWHERE", KeyOrigin::Unrecognized),
        ] {
            assert_eq!(KeyOrigin::from_kms(word), origin, "{word}");
            let quoted = format!("\"{word}\"");
            assert_eq!(serde_json::from_str::<KeyOrigin>(&quoted).unwrap(), origin);
            let shown = format!("\"{}\"", origin.as_str());
            assert_eq!(serde_json::to_string(&origin).unwrap(), shown);
            assert!(origin == KeyOrigin::Unrecognized || shown == quoted);
        }
    }

    #[test]
    fn the_advice_for_kms_names_the_key_policy_too() {
        let advice = |action| Refusal::AccessDenied { action }.advice();
        assert_eq!(
            advice("kms:DescribeKey"),
            "allow kms:DescribeKey to the calling principal, in IAM and in the key policy"
        );
        assert_eq!(advice("s3:ListBucket"), "allow s3:ListBucket to the calling principal");
    }
}
