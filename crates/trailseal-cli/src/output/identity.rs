//! The IDs of findings, which are the same in every report, and of the controls.

use trailseal_findings::uid_of_trail;

use crate::report::{ControlNumber, TrailReport};

/// The ID of a trail as seen from one account and Region. A trail that does not exist yet has that of
/// its declaration. What `logs` finds has an ID of its own.
pub(crate) fn uid(trail: &TrailReport) -> String {
    if let Some(declared) = &trail.declared {
        return format!("trailseal/preview/{}/{}", declared.place.file, declared.address);
    }
    let TrailReport { account, region, arn, .. } = trail;
    let uid = uid_of_trail(account, region, arn.as_ref(), trail.name());
    if trail.is_about_log_files() { format!("{uid}/log-files") } else { uid }
}

/// The publications of controls, each version with its number.
pub(crate) fn by_version(controls: &[ControlNumber]) -> Vec<(String, &str)> {
    let each = controls.iter().map(|one| (one.publication.as_str(), one.number.as_str()));
    trailseal_findings::by_version(each)
}
