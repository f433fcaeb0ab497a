//! A trail's deliveries, as CloudTrail states them.

use config_rule::Timestamp;
use serde::{Deserialize, Serialize};

/// A trail's latest delivery (CloudTrail `GetTrailStatus`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// `LatestDeliveryError`: S3's error code.
    pub error: Option<String>,
    /// `LatestDigestDeliveryError`: S3's error code for digest files.
    pub digest_error: Option<String>,
    /// `LatestDeliveryTime`: when log files were last delivered.
    pub delivered: Option<Timestamp>,
    /// `IsLogging`, if CloudTrail returns it.
    #[serde(rename = "logging")]
    pub is_logging: Option<bool>,
}

impl Delivery {
    /// The error codes of log files and digest files that are not blank.
    pub(crate) fn errors(&self) -> impl Iterator<Item = &str> {
        let errors = [&self.error, &self.digest_error].into_iter().flatten();
        errors.map(String::as_str).filter(|code| !code.is_empty())
    }

    /// The error that the key causes, if there is one (S3 API Reference, "Error responses").
    pub(crate) fn key_error(&self) -> Option<&str> {
        self.errors().find(|code| code.starts_with("KMS."))
    }
}
