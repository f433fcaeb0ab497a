//! What the report says about a sample of an inventory that was compared with S3.

use serde::Serialize;
use trailseal_logs::Unread;
use trailseal_rule::KeyArn;

use crate::output::counted;

/// What the report says about the sample.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Confirmation {
    /// `N` of `--confirm N`.
    pub(super) asked: usize,
    /// The files of the sample.
    pub(super) sample: usize,
    /// The files about which S3 agrees with the inventory.
    pub(super) confirmed: usize,
    /// How S3 encrypts them.
    pub(super) encryption: Vec<ConfirmedFiles>,
    /// The files about which S3 contradicts the inventory.
    pub(super) contradictions: Vec<Contradiction>,
    /// The files that S3 did not answer for.
    pub(super) unread: Vec<UnreadFile>,
}

/// Confirmed files with the same encryption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ConfirmedFiles {
    pub(super) encryption: &'static str,
    /// The KMS key, if S3 names it by its ARN.
    pub(super) key: Option<KeyArn>,
    pub(super) files: u64,
}

/// A file about which S3 contradicts the inventory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contradiction {
    /// The object.
    pub(super) file: String,
    /// What the inventory says; null if it says nothing.
    pub(super) listed: Option<&'static str>,
    /// What S3 says; null if the file is gone.
    pub(super) found: Option<&'static str>,
    /// The KMS key that S3 names.
    pub(super) key: Option<KeyArn>,
}

/// A file that S3 did not answer for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct UnreadFile {
    pub(super) file: String,
    pub(super) unread: Unread,
}

impl Confirmation {
    /// `S3 confirmed 3 of the 4 files of a sample: 1 SSE-S3; 2 SSE-KMS arn:aws:kms:…`.
    pub(super) fn sentence(&self) -> String {
        let Self { sample, confirmed, encryption, .. } = self;
        let parts: Vec<String> =
            encryption.iter().map(|one| format!("{} {}", one.files, one.name())).collect();
        let parts =
            if parts.is_empty() { String::new() } else { format!(": {}", parts.join("; ")) };
        format!(
            "S3 confirmed {confirmed} of the {} of a sample{parts}; a sample proves nothing about the \
             other files",
            counted(*sample, "file")
        )
    }
}

impl ConfirmedFiles {
    /// `SSE-KMS arn:aws:kms:…`.
    pub(super) fn name(&self) -> String {
        match &self.key {
            Some(key) => format!("{} {key}", self.encryption),
            None if self.encryption.ends_with("KMS") => {
                format!("{}, key not named", self.encryption)
            }
            None => self.encryption.to_owned(),
        }
    }
}
