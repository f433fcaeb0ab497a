//! The enum values and limits of AWS's service models, which requests and states must satisfy.
//!
//! Taken from botocore's models of config 2014-11-12, cloudtrail 2013-11-01, kms 2014-11-01,
//! s3 2006-03-01 and sts 2011-06-15; the contract test compares what the lab does with those models.

/// Errors in CloudTrail's model of `DescribeTrails` and `GetTrailStatus`.
pub(crate) const CLOUDTRAIL_ERRORS: [&str; 5] = [
    "NoManagementAccountSLRExistsException",
    "OperationNotPermittedException",
    "UnsupportedOperationException",
    "InvalidTrailNameException",
    "CloudTrailARNInvalidException",
];

pub(crate) fn cloudtrail_error(code: &str) -> &'static str {
    let known = CLOUDTRAIL_ERRORS.into_iter().find(|known| *known == code);
    known.unwrap_or("OperationNotPermittedException")
}

pub(crate) const KEY_MANAGERS: [&str; 2] = ["AWS", "CUSTOMER"];

pub(crate) const KEY_STATES: [&str; 8] = [
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
];

pub(crate) const KEY_USAGES: [&str; 5] = [
    "SIGN_VERIFY",
    "ENCRYPT_DECRYPT",
    "GENERATE_VERIFY_MAC",
    "KEY_AGREEMENT",
    "ENCAPSULATE_DECAPSULATE",
];

pub(crate) const KEY_SPECS: [&str; 20] = [
    "RSA_2048",
    "RSA_3072",
    "RSA_4096",
    "ECC_NIST_P256",
    "ECC_NIST_P384",
    "ECC_NIST_P521",
    "ECC_SECG_P256K1",
    "SYMMETRIC_DEFAULT",
    "HMAC_224",
    "HMAC_256",
    "HMAC_384",
    "HMAC_512",
    "SM2",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ECC_NIST_EDWARDS25519",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
];

/// As many of them, the first ones, are values of the older `CustomerMasterKeySpec` too.
pub(crate) const OLDER_KEY_SPECS: usize = 13;

pub(crate) const KEY_ORIGINS: [&str; 4] =
    ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"];

/// The states of an account in an organization (AWS Organizations, `AccountState`).
pub(crate) const ACCOUNT_STATES: [&str; 5] =
    ["PENDING_ACTIVATION", "ACTIVE", "SUSPENDED", "PENDING_CLOSURE", "CLOSED"];

/// The policy types that AWS names in a denial; the last means that no policy allows the call.
pub(crate) const DENYING_POLICIES: [&str; 8] = [
    "service control policy",
    "resource control policy",
    "permissions boundary",
    "session policy",
    "VPC endpoint policy",
    "identity-based policy",
    "resource-based policy",
    "none",
];

/// The storage classes of S3 (`StorageClass` of `HeadObject`).
pub(crate) const STORAGE_CLASSES: [&str; 15] = [
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER",
    "DEEP_ARCHIVE",
    "OUTPOSTS",
    "GLACIER_IR",
    "SNOW",
    "EXPRESS_ONEZONE",
    "FSX_OPENZFS",
    "FSX_ONTAP",
    "AWS_BACKUP_WARM",
    "AWS_BACKUP_LOW_COST_WARM",
];

/// The statuses of S3 Metadata tables (S3 API Reference, `InventoryTableConfigurationResult`).
pub(crate) const METADATA_TABLE_STATUSES: [&str; 4] =
    ["CREATING", "BACKFILLING", "ACTIVE", "FAILED"];

pub(crate) const COMPLIANCE_TYPES: [&str; 4] =
    ["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE", "INSUFFICIENT_DATA"];

/// The compliance types that PutEvaluations accepts.
pub(crate) const REPORTABLE_COMPLIANCE_TYPES: [&str; 3] =
    ["COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"];

/// The resource types that the lab knows, out of the hundreds of AWS Config.
pub(crate) const RESOURCE_TYPES: [&str; 4] =
    ["AWS::CloudTrail::Trail", "AWS::KMS::Key", "AWS::KMS::Alias", "AWS::S3::Bucket"];

/// The type under which a rule reports on the account itself.
pub(crate) const ACCOUNT_RESOURCE_TYPE: &str = "AWS::::Account";

/// The members of a configuration item in the spelling of a rule's event.
pub(crate) const EVENT_ITEM_MEMBERS: [&str; 21] = [
    "ARN",
    "availabilityZone",
    "awsAccountId",
    "awsRegion",
    "configuration",
    "configurationItemCaptureTime",
    "configurationItemDeliveryTime",
    "configurationItemStatus",
    "configurationItemVersion",
    "configurationStateId",
    "configurationStateMd5Hash",
    "recordingFrequency",
    "relatedEvents",
    "relationships",
    "resourceCreationTime",
    "resourceId",
    "resourceName",
    "resourceTransitionStatus",
    "resourceType",
    "supplementaryConfiguration",
    "tags",
];
