//! What the log files of a trail prove, as a report has it.

use serde::{Deserialize, Serialize};
use trailseal_rule::{
    EvaluationContext, Facts, FolderStanding, KeyArn, LogAssessment, Reading, Timestamp, Trail,
    key_arn,
};

/// The folders of a trail that have log files, one for each account, kind and Region.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogFilesReport {
    pub(crate) folders: usize,
    /// Those whose newest file is encrypted with the trail's key.
    pub(crate) sealed: usize,
    /// Those that decide nothing: they have no delivery since the first file with the key, or
    /// another trail delivers to them.
    pub(crate) undecided: usize,
    /// When the first file with the key was delivered.
    pub(crate) first_sealed: Option<Timestamp>,
    /// The newest of the files that prove a folder.
    pub(crate) newest_sealed: Option<SealedFile>,
}

/// A log file that is encrypted with the trail's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SealedFile {
    /// The key of the object.
    pub(crate) file: String,
    pub(crate) delivered: Timestamp,
    pub(crate) kms_key_id: KeyArn,
}

impl LogFilesReport {
    /// The report on the log files, if the check needs them.
    pub(crate) fn of(
        trail: &Trail,
        facts: &Facts,
        context: &EvaluationContext<'_>,
    ) -> Option<Reading<Self>> {
        context.parameters.log_files?;
        let key = key_arn(trail, facts)?;
        Some(facts.log_files.clone().map(|files| {
            let assessment = files.assess(key, context.now);
            Self::of_assessment(&assessment, key)
        }))
    }

    fn of_assessment(assessment: &LogAssessment<'_>, key: &KeyArn) -> Self {
        let folders = &assessment.folders;
        let is_sealed = |standing| standing == FolderStanding::Sealed;
        let is_undecided =
            |standing| matches!(standing, FolderStanding::Idle | FolderStanding::Shared);
        let sealed = folders.iter().filter(|one| is_sealed(one.standing));
        let newest = sealed.clone().map(|one| one.newest).max_by_key(|file| file.delivered);
        Self {
            folders: folders.len(),
            sealed: sealed.count(),
            undecided: folders.iter().filter(|one| is_undecided(one.standing)).count(),
            first_sealed: assessment.since,
            newest_sealed: newest.map(|file| SealedFile {
                file: file.key.clone(),
                delivered: file.delivered,
                kms_key_id: key.clone(),
            }),
        }
    }

    /// Whether this is what a trail that passed has.
    pub(crate) fn proves(&self) -> bool {
        self.sealed > 0
            && self.sealed.checked_add(self.undecided) == Some(self.folders)
            && self.first_sealed.is_some()
            && self.newest_sealed.is_some()
    }
}
