//! The members of Security Hub's requests, of which the lab serves those of our findings.

use crate::shape::{Alphabet, Member, Shape, TEXT, optional, required};

const FILLED: Shape = Shape::Text { min: 0, max: usize::MAX, of: Alphabet::NotBlank };
const MANY_FILLED: Shape = list(&FILLED);

const fn list(each: &'static Shape) -> Shape {
    Shape::List { min: 0, max: usize::MAX, each }
}

const REMEDIATION: &[Member] =
    &[optional("Recommendation", Shape::Structure(&[optional("Text", FILLED)]))];

const TRAIL: &[Member] = &[
    optional("HomeRegion", FILLED),
    optional("KmsKeyId", FILLED),
    optional("Name", FILLED),
    optional("S3BucketName", FILLED),
    optional("TrailArn", FILLED),
];

const RESOURCE: &[Member] = &[
    required("Type", FILLED),
    required("Id", FILLED),
    optional(
        "Partition",
        Shape::Word(&["aws", "aws-cn", "aws-us-gov", "aws-us-iso", "aws-us-iso-b", "AzureCloud"]),
    ),
    optional("Region", FILLED),
    optional(
        "Details",
        Shape::Structure(&[optional("AwsCloudTrailTrail", Shape::Structure(TRAIL))]),
    ),
];

const STATUS_REASON: &[Member] = &[required("ReasonCode", FILLED), optional("Description", FILLED)];

const COMPLIANCE: &[Member] = &[
    optional("Status", Shape::Word(&["PASSED", "WARNING", "FAILED", "NOT_AVAILABLE"])),
    optional("RelatedRequirements", MANY_FILLED),
    optional("StatusReasons", list(&Shape::Structure(STATUS_REASON))),
];

const SEVERITY: &[Member] =
    &[optional("Label", Shape::Word(&["INFORMATIONAL", "LOW", "MEDIUM", "HIGH", "CRITICAL"]))];

const PROVIDER_FIELDS: &[Member] =
    &[optional("Severity", Shape::Structure(SEVERITY)), optional("Types", MANY_FILLED)];

const FINDING: &[Member] = &[
    required("SchemaVersion", FILLED),
    required("Id", FILLED),
    required("ProductArn", FILLED),
    required("GeneratorId", FILLED),
    required("AwsAccountId", FILLED),
    required("CreatedAt", FILLED),
    required("UpdatedAt", FILLED),
    required("Title", FILLED),
    required("Description", FILLED),
    required("Resources", list(&Shape::Structure(RESOURCE))),
    optional("Remediation", Shape::Structure(REMEDIATION)),
    optional("ProductFields", Shape::Texts),
    optional("Compliance", Shape::Structure(COMPLIANCE)),
    optional("RecordState", Shape::Word(&["ACTIVE", "ARCHIVED"])),
    optional("FindingProviderFields", Shape::Structure(PROVIDER_FIELDS)),
];

/// The most findings of a request or a page.
pub(crate) const FINDINGS_MAX: usize = 100;

pub(super) const BATCH_IMPORT_FINDINGS: &[Member] = &[required(
    "Findings",
    Shape::List { min: 1, max: FINDINGS_MAX, each: &Shape::Structure(FINDING) },
)];

const FILTER: &[Member] = &[
    optional("Value", FILLED),
    optional(
        "Comparison",
        Shape::Word(&[
            "EQUALS",
            "PREFIX",
            "NOT_EQUALS",
            "PREFIX_NOT_EQUALS",
            "CONTAINS",
            "NOT_CONTAINS",
            "CONTAINS_WORD",
        ]),
    ),
];
const TEXT_FILTERS: Shape = list(&Shape::Structure(FILTER));

const FILTERS: &[Member] = &[
    optional("ProductArn", TEXT_FILTERS),
    optional("AwsAccountId", TEXT_FILTERS),
    optional("GeneratorId", TEXT_FILTERS),
    optional("RecordState", TEXT_FILTERS),
];

pub(super) const GET_FINDINGS: &[Member] = &[
    optional("Filters", Shape::Structure(FILTERS)),
    optional("SortCriteria", Shape::NotServed),
    optional("NextToken", TEXT),
    optional("MaxResults", Shape::Whole { min: 1, max: 100 }),
];
