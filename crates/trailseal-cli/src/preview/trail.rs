//! A judged trail of a document as a part of the report.

use std::collections::BTreeMap;

use trailseal_rule::{
    CheckId, EvaluationContext, KeyOrigin, KeySpec, KeyState, KeyUsage, ResourceId,
};
use trailseal_template::{JudgedTrail, KeyProperty, Location, PlannedKey, PreviewedTrail, Values};

use crate::report::{DeclaredReport, PlaceReport, Rank, RelatedReport, TrailReport, judged_trail};

/// Judges a trail of a document.
pub(super) fn trail_report(
    planned: &PreviewedTrail,
    context: &EvaluationContext<'_>,
    values: &Values,
) -> (Rank, TrailReport) {
    let JudgedTrail { trail, facts, judgement, key, notes } =
        planned.judge(context, &values.supplied);
    let declared = &planned.declared;
    let id = ResourceId::new(&declared.address);
    let id = id.unwrap_or_else(|| (&trail.account).into());
    let source = declared.location.file.clone();
    let (rank, mut report) = judged_trail(&id, &trail, &facts, judgement, context, None, source);
    report.notes.extend(notes);
    report.declared = Some(DeclaredReport {
        address: declared.address.clone(),
        place: place(&declared.location),
        key_place: declared.key_location.as_ref().map(place),
        related: key.as_deref().map(related).unwrap_or_default(),
    });
    (rank, report)
}

fn place(location: &Location) -> PlaceReport {
    let Location { file, line, column } = location;
    PlaceReport { file: file.clone(), line: *line, column: *column }
}

/// For each check, the property of the key that decides it, or the key.
fn related(key: &PlannedKey) -> BTreeMap<String, RelatedReport> {
    let usable = usable_property(key);
    let properties = [
        (CheckId::KeyUsable, usable),
        (CheckId::KeyRotated, Some(KeyProperty::Rotation)),
        (CheckId::KeyPolicyAdmitsCloudtrail, Some(KeyProperty::Policy)),
        (CheckId::KeyPolicyGuardsDecryption, Some(KeyProperty::Policy)),
        (CheckId::KeyPolicyBindsCloudtrail, Some(KeyProperty::Policy)),
        (CheckId::KeyCustomerManaged, None),
        (CheckId::KeyInBucketRegion, None),
        (CheckId::KeyAllowed, None),
    ];
    let related = |(check, property): (CheckId, Option<KeyProperty>)| {
        let location = property.and_then(|property| key.locations.get(&property));
        let place = place(location.unwrap_or(&key.location));
        (check.as_str().to_owned(), RelatedReport { address: key.address.clone(), place })
    };
    properties.into_iter().map(related).collect()
}

/// The property that makes a key unusable.
fn usable_property(key: &PlannedKey) -> Option<KeyProperty> {
    let spec = key.spec.known().is_none_or(|spec| matches!(spec, KeySpec::Other(_)));
    let usage = key.usage.known().is_none_or(|usage| matches!(usage, KeyUsage::Other(_)));
    if usage {
        return Some(KeyProperty::Usage);
    }
    if spec {
        return Some(KeyProperty::Spec);
    }
    match (key.state.known(), key.origin.known()) {
        (Some(KeyState::Disabled), _) => Some(KeyProperty::Enabled),
        (_, Some(KeyOrigin::AwsKms)) => None,
        (_, _) => Some(KeyProperty::Origin),
    }
}
