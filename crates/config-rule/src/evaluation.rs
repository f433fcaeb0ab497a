//! Evaluations, as `PutEvaluations` takes them.

use serde::{Deserialize, Serialize};

use crate::annotation::Annotation;
use crate::display_as_str;
use crate::ids::ResourceId;
use crate::timestamp::Timestamp;

/// Evaluations of one `PutEvaluations` call, at most (AWS Config API Reference, `PutEvaluations`).
pub const EVALUATIONS_PER_CALL_MAX: usize = 100;

/// `AWS::::Account`, the type of evaluations of a whole account.
pub const ACCOUNT_TYPE: &str = "AWS::::Account";

/// `ComplianceType`, without `INSUFFICIENT_DATA`, which `PutEvaluations` refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ComplianceType {
    /// `COMPLIANT`
    Compliant,
    /// `NON_COMPLIANT`
    NonCompliant,
    /// `NOT_APPLICABLE`
    NotApplicable,
}

display_as_str!(ComplianceType);

impl ComplianceType {
    /// The value as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Compliant => "COMPLIANT",
            Self::NonCompliant => "NON_COMPLIANT",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }
}

/// One evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evaluation {
    /// The type of the resource, as AWS writes it.
    pub resource_type: &'static str,
    /// The ID under which AWS Config records the resource.
    pub resource_id: ResourceId,
    /// The result.
    pub compliance: ComplianceType,
    /// The cause and the fix.
    pub annotation: Annotation,
    /// The event's own time: when AWS Config captured the item, or started the periodic
    /// evaluation. Never the time of the clock.
    pub ordering: Timestamp,
    /// Whether evidence could not be read. AWS Config has no such field; logs and metrics have.
    pub is_unverified: bool,
}

impl Evaluation {
    /// Replaces a result that no longer applies.
    pub fn not_applicable(
        resource_type: &'static str,
        resource_id: ResourceId,
        why: &str,
        ordering: Timestamp,
    ) -> Self {
        Self {
            resource_type,
            resource_id,
            compliance: ComplianceType::NotApplicable,
            annotation: Annotation::new(why),
            ordering,
            is_unverified: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compliance_types_are_spelled_as_aws_spells_them() {
        use ComplianceType::{Compliant, NonCompliant, NotApplicable};
        for compliance in [Compliant, NonCompliant, NotApplicable] {
            let spelled = compliance.to_string();
            assert_eq!(serde_json::to_string(&compliance).unwrap(), format!("\"{spelled}\""));
            assert!(["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"].contains(&spelled.as_str()));
        }
    }
}
