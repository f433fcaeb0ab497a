//! The evidence of an evaluation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trailseal_aws::ReadTimes;
use trailseal_rule::{Delivery, Facts, KeyFacts, Reading, Region, Rotation, Timestamp};

use super::log_files::LogFilesReport;

/// The evidence with which a trail was evaluated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EvidenceReport {
    pub(crate) key: ReportedReading<KeyFacts>,
    pub(crate) bucket_region: ReportedReading<Region>,
    pub(crate) rotation: ReportedReading<RotationReport>,
    pub(crate) key_policy: ReportedReading<String>,
    pub(crate) delivery: ReportedReading<Delivery>,
    /// The delivery in Regions other than the trail's home Region, if they were read.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) delivery_elsewhere: BTreeMap<Region, ReportedReading<Delivery>>,
    /// What its log files prove, if they were to be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) log_files: Option<ReportedReading<LogFilesReport>>,
    /// When the audit read each fact; absent for facts of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) read_at: Option<ReadTimes>,
}

/// A [`Reading`] whose refusal is text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "reading")]
pub(crate) enum ReportedReading<T> {
    Known { value: T },
    Absent,
    Refused { why: String },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RotationReport {
    pub(crate) status: String,
    pub(crate) period_days: Option<u32>,
    pub(crate) next: Option<Timestamp>,
}

impl EvidenceReport {
    pub(crate) fn of(facts: &Facts) -> Self {
        let elsewhere = match &facts.delivery_elsewhere {
            Some(Reading::Known(regions)) => regions.clone(),
            None | Some(Reading::Absent | Reading::Refused(_)) => BTreeMap::new(),
        };
        Self {
            key: facts.key.clone().into(),
            bucket_region: facts.bucket_region.clone().into(),
            rotation: facts.rotation.clone().map(RotationReport::from).into(),
            key_policy: facts.key_policy.clone().map(|policy| policy.text().to_owned()).into(),
            delivery: facts.delivery.clone().into(),
            delivery_elsewhere: elsewhere
                .into_iter()
                .map(|(region, reading)| (region, reading.into()))
                .collect(),
            log_files: None,
            read_at: None,
        }
    }
}

impl<T> From<Reading<T>> for ReportedReading<T> {
    fn from(reading: Reading<T>) -> Self {
        match reading {
            Reading::Known(value) => Self::Known { value },
            Reading::Absent => Self::Absent,
            Reading::Refused(why) => Self::Refused { why: why.to_string() },
        }
    }
}

impl From<Rotation> for RotationReport {
    fn from(rotation: Rotation) -> Self {
        let (status, period_days, next) = match rotation {
            Rotation::On { period_days, next } => ("on", period_days, next),
            Rotation::Off => ("off", None, None),
            Rotation::NotSupported => ("not supported", None, None),
        };
        Self { status: status.to_owned(), period_days, next }
    }
}
