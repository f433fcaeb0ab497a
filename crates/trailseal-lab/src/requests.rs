//! The members of the request of each operation, as in AWS's service models.

mod security_hub;

use crate::model;
use crate::operation::Operation;
use crate::shape::{Alphabet, Member, Shape, TEXT, optional, required, text};

pub(crate) use security_hub::FINDINGS_MAX;

const RESOURCE_TYPE: Shape = Shape::Word(&model::RESOURCE_TYPES);
const RESOURCE_ID: Shape = text(1, 768);
const LIMIT: Shape = Shape::Whole { min: 0, max: 100 };
const KEY_ID: Shape = text(1, 2048);

const EVALUATION: &[Member] = &[
    required("ComplianceResourceType", text(1, 256)),
    required("ComplianceResourceId", RESOURCE_ID),
    required("ComplianceType", Shape::Word(&model::COMPLIANCE_TYPES)),
    optional("Annotation", text(1, 256)),
    required("OrderingTimestamp", Shape::Moment),
];

const PUT_EVALUATIONS: &[Member] = &[
    optional("Evaluations", Shape::List { min: 0, max: 100, each: &Shape::Structure(EVALUATION) }),
    required("ResultToken", TEXT),
    optional("TestMode", Shape::Flag),
];

const GET_RESOURCE_CONFIG_HISTORY: &[Member] = &[
    required("resourceType", RESOURCE_TYPE),
    required("resourceId", RESOURCE_ID),
    optional("laterTime", Shape::Moment),
    optional("earlierTime", Shape::Moment),
    optional("chronologicalOrder", Shape::Word(&["Reverse", "Forward"])),
    optional("limit", LIMIT),
    optional("nextToken", TEXT),
];

const DESCRIBE_CONFIG_RULES: &[Member] = &[
    optional(
        "ConfigRuleNames",
        Shape::List {
            min: 0,
            max: 25,
            each: &Shape::Text { min: 1, max: 128, of: Alphabet::NotBlank },
        },
    ),
    optional("NextToken", TEXT),
    optional("Filters", Shape::NotServed),
];

const RESOURCE_KEY: &[Member] =
    &[required("resourceType", RESOURCE_TYPE), required("resourceId", RESOURCE_ID)];

const BATCH_GET_RESOURCE_CONFIG: &[Member] = &[required(
    "resourceKeys",
    Shape::List { min: 1, max: 100, each: &Shape::Structure(RESOURCE_KEY) },
)];

const LIST_DISCOVERED_RESOURCES: &[Member] = &[
    required("resourceType", RESOURCE_TYPE),
    optional("resourceIds", Shape::List { min: 0, max: 20, each: &RESOURCE_ID }),
    optional("resourceName", TEXT),
    optional("limit", LIMIT),
    optional("includeDeletedResources", Shape::Flag),
    optional("nextToken", TEXT),
];

const COMPLIANCE_TYPE: Shape = Shape::Word(&model::COMPLIANCE_TYPES);

const GET_COMPLIANCE_DETAILS_BY_CONFIG_RULE: &[Member] = &[
    required("ConfigRuleName", text(1, 64)),
    optional("ComplianceTypes", Shape::List { min: 0, max: 3, each: &COMPLIANCE_TYPE }),
    optional("Limit", LIMIT),
    optional("NextToken", TEXT),
];

const DESCRIBE_TRAILS: &[Member] = &[
    optional("trailNameList", Shape::List { min: 0, max: usize::MAX, each: &TEXT }),
    optional("includeShadowTrails", Shape::Flag),
];

const ONE_TRAIL: &[Member] = &[required("Name", TEXT)];

const GET_EVENT_SELECTORS: &[Member] = &[required("TrailName", TEXT)];

const DESCRIBE_KEY: &[Member] = &[
    required("KeyId", KEY_ID),
    optional("GrantTokens", Shape::List { min: 0, max: 10, each: &text(1, 8192) }),
];

const GET_KEY_POLICY: &[Member] = &[
    required("KeyId", KEY_ID),
    optional("PolicyName", Shape::Text { min: 1, max: 128, of: Alphabet::Word }),
];

const ASSUME_ROLE: &[Member] = &[
    required("RoleArn", text(20, 2048)),
    required("RoleSessionName", Shape::Text { min: 2, max: 64, of: Alphabet::SessionName }),
    optional("DurationSeconds", Shape::Whole { min: 900, max: 43_200 }),
    optional("ExternalId", Shape::Text { min: 2, max: 1224, of: Alphabet::ExternalId }),
    optional("SourceIdentity", Shape::Text { min: 2, max: 64, of: Alphabet::SessionName }),
    optional("MinimumSessionTokenSize", Shape::Whole { min: 0, max: 4096 }),
    optional("Policy", Shape::NotServed),
    optional("PolicyArns", Shape::NotServed),
    optional("Tags", Shape::NotServed),
    optional("TransitiveTagKeys", Shape::NotServed),
    optional("SerialNumber", Shape::NotServed),
    optional("TokenCode", Shape::NotServed),
    optional("ProvidedContexts", Shape::NotServed),
];

const UPDATE_TRAIL: &[Member] = &[
    required("Name", TEXT),
    optional("KmsKeyId", TEXT),
    optional("S3BucketName", Shape::NotServed),
    optional("S3KeyPrefix", Shape::NotServed),
    optional("SnsTopicName", Shape::NotServed),
    optional("IncludeGlobalServiceEvents", Shape::NotServed),
    optional("IsMultiRegionTrail", Shape::NotServed),
    optional("EnableLogFileValidation", Shape::NotServed),
    optional("CloudWatchLogsLogGroupArn", Shape::NotServed),
    optional("CloudWatchLogsRoleArn", Shape::NotServed),
    optional("IsOrganizationTrail", Shape::NotServed),
    optional("RecursiveLogging", Shape::NotServed),
];

const LIST_TAGS: &[Member] = &[
    required("ResourceIdList", Shape::List { min: 0, max: usize::MAX, each: &TEXT }),
    optional("NextToken", TEXT),
];

const POLICY: Shape = Shape::Text { min: 1, max: 131_072, of: Alphabet::Policy };

const PUT_KEY_POLICY: &[Member] = &[
    required("KeyId", KEY_ID),
    optional("PolicyName", Shape::Text { min: 1, max: 128, of: Alphabet::Word }),
    required("Policy", POLICY),
    optional("BypassPolicyLockoutSafetyCheck", Shape::Flag),
];

const TAG: &[Member] = &[required("TagKey", text(1, 128)), required("TagValue", text(0, 256))];

const CREATE_KEY: &[Member] = &[
    optional("Policy", POLICY),
    optional("Description", text(0, 8192)),
    optional("Tags", Shape::List { min: 0, max: usize::MAX, each: &Shape::Structure(TAG) }),
    optional("BypassPolicyLockoutSafetyCheck", Shape::Flag),
    optional("KeyUsage", Shape::NotServed),
    optional("CustomerMasterKeySpec", Shape::NotServed),
    optional("KeySpec", Shape::NotServed),
    optional("Origin", Shape::NotServed),
    optional("CustomKeyStoreId", Shape::NotServed),
    optional("MultiRegion", Shape::NotServed),
    optional("XksKeyId", Shape::NotServed),
];

const CREATE_ALIAS: &[Member] = &[
    required("AliasName", Shape::Text { min: 1, max: 256, of: Alphabet::AliasName }),
    required("TargetKeyId", KEY_ID),
];

const ENABLE_KEY_ROTATION: &[Member] = &[
    required("KeyId", KEY_ID),
    optional("RotationPeriodInDays", Shape::Whole { min: 90, max: 2560 }),
];

const ONE_KEY: &[Member] = &[required("KeyId", KEY_ID)];

const PAGE_LIMIT: Shape = Shape::Whole { min: 1, max: 1000 };
const MARKER: Shape = Shape::Text { min: 1, max: 1024, of: Alphabet::Marker };

const LIST_KEYS: &[Member] = &[
    optional("Limit", PAGE_LIMIT),
    optional("Marker", MARKER),
    optional("ResourceOwners", Shape::NotServed),
];

const LIST_RESOURCE_TAGS: &[Member] =
    &[required("KeyId", KEY_ID), optional("Limit", PAGE_LIMIT), optional("Marker", MARKER)];

const SELECT_AGGREGATE_RESOURCE_CONFIG: &[Member] = &[
    required("Expression", text(1, 4096)),
    required(
        "ConfigurationAggregatorName",
        Shape::Text { min: 1, max: 256, of: Alphabet::DashedWord },
    ),
    optional("Limit", LIMIT),
    optional("MaxResults", LIMIT),
    optional("NextToken", TEXT),
];

const LIST_ACCOUNTS: &[Member] = &[
    optional("NextToken", text(0, 100_000)),
    optional("MaxResults", Shape::Whole { min: 1, max: 20 }),
];

const LIST_DELEGATED_ADMINISTRATORS: &[Member] = &[
    optional("ServicePrincipal", text(1, 128)),
    optional("NextToken", text(0, 100_000)),
    optional("MaxResults", Shape::Whole { min: 1, max: 20 }),
];

const REGION_OPT_STATUS: Shape =
    Shape::Word(&["ENABLED", "ENABLING", "DISABLING", "DISABLED", "ENABLED_BY_DEFAULT"]);

const LIST_REGIONS: &[Member] = &[
    optional("AccountId", Shape::Text { min: 0, max: usize::MAX, of: Alphabet::Digits }),
    optional("MaxResults", Shape::Whole { min: 1, max: 50 }),
    optional("NextToken", text(0, 1000)),
    optional(
        "RegionOptStatusContains",
        Shape::List { min: 0, max: usize::MAX, each: &REGION_OPT_STATUS },
    ),
];

const MAX_KEYS: Shape = Shape::Whole { min: 0, max: 2_147_483_647 };
const OBJECT_ATTRIBUTES: Shape =
    Shape::List { min: 0, max: usize::MAX, each: &Shape::Word(&["RestoreStatus"]) };
const BUCKET: Member = required("Bucket", TEXT);
const BUCKET_OWNER: Member = optional("ExpectedBucketOwner", TEXT);
const REQUEST_PAYER: Member = optional("RequestPayer", Shape::Word(&["requester"]));

const LIST_OBJECTS_V2: &[Member] = &[
    BUCKET,
    optional("Delimiter", TEXT),
    optional("EncodingType", Shape::Word(&["url"])),
    optional("MaxKeys", MAX_KEYS),
    optional("Prefix", TEXT),
    optional("ContinuationToken", TEXT),
    optional("FetchOwner", Shape::Flag),
    optional("StartAfter", TEXT),
    REQUEST_PAYER,
    BUCKET_OWNER,
    optional("OptionalObjectAttributes", OBJECT_ATTRIBUTES),
];

const LIST_OBJECT_VERSIONS: &[Member] = &[
    BUCKET,
    optional("Delimiter", TEXT),
    optional("EncodingType", Shape::Word(&["url"])),
    optional("KeyMarker", TEXT),
    optional("MaxKeys", MAX_KEYS),
    optional("Prefix", TEXT),
    optional("VersionIdMarker", TEXT),
    BUCKET_OWNER,
    REQUEST_PAYER,
    optional("OptionalObjectAttributes", OBJECT_ATTRIBUTES),
];

const ONE_OBJECT: &[Member] = &[
    BUCKET,
    required("Key", text(1, usize::MAX)),
    optional("VersionId", TEXT),
    optional("SSECustomerAlgorithm", TEXT),
    optional("SSECustomerKey", TEXT),
    optional("SSECustomerKeyMD5", TEXT),
    REQUEST_PAYER,
    BUCKET_OWNER,
    optional("ChecksumMode", Shape::Word(&["ENABLED"])),
    optional("IfMatch", TEXT),
    optional("IfModifiedSince", Shape::NotServed),
    optional("IfNoneMatch", Shape::NotServed),
    optional("IfUnmodifiedSince", Shape::NotServed),
    optional("Range", TEXT),
    optional("PartNumber", Shape::NotServed),
    optional("ResponseCacheControl", Shape::NotServed),
    optional("ResponseContentDisposition", Shape::NotServed),
    optional("ResponseContentEncoding", Shape::NotServed),
    optional("ResponseContentLanguage", Shape::NotServed),
    optional("ResponseContentType", Shape::NotServed),
    optional("ResponseExpires", Shape::NotServed),
];

const ONE_BUCKET: &[Member] = &[BUCKET, BUCKET_OWNER];

pub(crate) const fn members(operation: Operation) -> &'static [Member] {
    match operation {
        Operation::PutEvaluations => PUT_EVALUATIONS,
        Operation::DescribeConfigRules => DESCRIBE_CONFIG_RULES,
        Operation::GetResourceConfigHistory => GET_RESOURCE_CONFIG_HISTORY,
        Operation::BatchGetResourceConfig => BATCH_GET_RESOURCE_CONFIG,
        Operation::ListDiscoveredResources => LIST_DISCOVERED_RESOURCES,
        Operation::GetComplianceDetailsByConfigRule => GET_COMPLIANCE_DETAILS_BY_CONFIG_RULE,
        Operation::DescribeTrails => DESCRIBE_TRAILS,
        Operation::GetTrail | Operation::GetTrailStatus => ONE_TRAIL,
        Operation::GetEventSelectors => GET_EVENT_SELECTORS,
        Operation::DescribeKey => DESCRIBE_KEY,
        Operation::GetKeyPolicy => GET_KEY_POLICY,
        Operation::AssumeRole => ASSUME_ROLE,
        Operation::SelectAggregateResourceConfig => SELECT_AGGREGATE_RESOURCE_CONFIG,
        Operation::ListAccounts => LIST_ACCOUNTS,
        Operation::ListDelegatedAdministrators => LIST_DELEGATED_ADMINISTRATORS,
        Operation::ListRegions => LIST_REGIONS,
        Operation::GetCallerIdentity | Operation::HeadBucket => &[],
        Operation::UpdateTrail => UPDATE_TRAIL,
        Operation::ListTags => LIST_TAGS,
        Operation::PutKeyPolicy => PUT_KEY_POLICY,
        Operation::CreateKey => CREATE_KEY,
        Operation::CreateAlias => CREATE_ALIAS,
        Operation::EnableKeyRotation => ENABLE_KEY_ROTATION,
        Operation::GetKeyRotationStatus
        | Operation::EnableKey
        | Operation::DisableKey
        | Operation::CancelKeyDeletion => ONE_KEY,
        Operation::ListKeys => LIST_KEYS,
        Operation::ListResourceTags => LIST_RESOURCE_TAGS,
        Operation::ListObjectsV2 => LIST_OBJECTS_V2,
        Operation::ListObjectVersions => LIST_OBJECT_VERSIONS,
        Operation::HeadObject | Operation::GetObject => ONE_OBJECT,
        Operation::GetBucketMetadataConfiguration
        | Operation::GetBucketAcl
        | Operation::GetBucketOwnershipControls => ONE_BUCKET,
        Operation::BatchImportFindings => security_hub::BATCH_IMPORT_FINDINGS,
        Operation::GetFindings => security_hub::GET_FINDINGS,
    }
}
