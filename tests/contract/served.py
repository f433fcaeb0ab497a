"""What the lab serves of AWS's service models, and where it differs from them."""

import re

OPERATIONS = {
    "config": [
        "PutEvaluations",
        "DescribeConfigRules",
        "GetResourceConfigHistory",
        "ListDiscoveredResources",
        "GetComplianceDetailsByConfigRule",
        "SelectAggregateResourceConfig",
        "BatchGetResourceConfig",
    ],
    "cloudtrail": [
        "DescribeTrails",
        "GetTrail",
        "GetTrailStatus",
        "GetEventSelectors",
        "UpdateTrail",
        "ListTags",
    ],
    "kms": [
        "DescribeKey",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "PutKeyPolicy",
        "CreateKey",
        "CreateAlias",
        "EnableKeyRotation",
        "EnableKey",
        "DisableKey",
        "CancelKeyDeletion",
        "ListKeys",
        "ListResourceTags",
    ],
    "sts": ["AssumeRole", "GetCallerIdentity"],
    "s3": [
        "HeadBucket",
        "ListObjectsV2",
        "ListObjectVersions",
        "HeadObject",
        "GetObject",
        "GetBucketMetadataConfiguration",
        "GetBucketAcl",
        "GetBucketOwnershipControls",
    ],
    "organizations": ["ListAccounts"],
    "account": ["ListRegions"],
    "securityhub": ["BatchImportFindings", "GetFindings"],
}

# Errors that AWS returns for any operation without modeling them ("Common Error Types" of each
# service's API Reference, and errors observed from the services).
COMMON_JSON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "InvalidSignatureException",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationException",
}
COMMON_ERRORS = {
    "config": COMMON_JSON_ERRORS,
    "cloudtrail": COMMON_JSON_ERRORS,
    "kms": COMMON_JSON_ERRORS,
    "organizations": COMMON_JSON_ERRORS,
    "account": COMMON_JSON_ERRORS,
    "securityhub": COMMON_JSON_ERRORS,
    "sts": {
        "AccessDenied",
        "ExpiredToken",
        "InternalFailure",
        "InvalidAction",
        "InvalidClientTokenId",
        "MissingAuthenticationToken",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "Throttling",
        "ValidationError",
    },
    # Amazon S3 API Reference, "Error responses".
    "s3": {
        "AccessDenied",
        "ExpiredToken",
        "InternalError",
        "InvalidAccessKeyId",
        "InvalidArgument",
        "InvalidBucketName",
        "InvalidRequest",
        "InvalidURI",
        "MetadataConfigurationNotFound",
        "MethodNotAllowed",
        "NoSuchBucket",
        "NoSuchVersion",
        "NotImplemented",
        "OwnershipControlsNotFoundError",
        "PermanentRedirect",
        "PreconditionFailed",
        "RequestTimeTooSkewed",
        "ServiceUnavailable",
        "SignatureDoesNotMatch",
        "SlowDown",
    },
}

# The statuses that S3 documents (Amazon S3 API Reference, HeadBucket, HeadObject and "Error
# responses"); a response to HEAD has nothing else.
S3_STATUSES = {200, 206, 301, 400, 403, 404, 405, 412, 416, 500, 501, 503}

# Operations whose response is headers, and a body that is not a document.
HEADERS_ONLY = {"HeadBucket", "HeadObject", "GetObject"}

# A path without a key asks for another operation.
NOT_BROKEN = {("HeadObject", "Key"), ("GetObject", "Key")}

# Constraints of the lab that the model does not have, each with the reason.
STRICTER = {
    # "You can specify ... up to 20 resource IDs" (API Reference, ListDiscoveredResources).
    ("ListDiscoveredResources", "resourceIds", "max"),
    # "Provided max-keys not an integer or within integer range" (S3's error InvalidArgument).
    ("ListObjectsV2", "MaxKeys", "min"),
    ("ListObjectsV2", "MaxKeys", "max"),
    ("ListObjectVersions", "MaxKeys", "min"),
    ("ListObjectVersions", "MaxKeys", "max"),
}

# Values that S3 returns although the model lacks them: an archived version has its own class.
LOOSER = {("Versions[].StorageClass", "enum")}

# Members of the model that the lab rejects, because the function does not use them.
NOT_SERVED = {
    ("AssumeRole", member)
    for member in (
        "Policy",
        "PolicyArns",
        "ProvidedContexts",
        "SerialNumber",
        "Tags",
        "TokenCode",
        "TransitiveTagKeys",
    )
}

# Members that Trailseal never sends: it changes only the key of a trail, and creates symmetric
# single-Region keys with material from KMS.
NOT_SERVED |= {
    ("UpdateTrail", member)
    for member in (
        "S3BucketName",
        "S3KeyPrefix",
        "SnsTopicName",
        "IncludeGlobalServiceEvents",
        "IsMultiRegionTrail",
        "EnableLogFileValidation",
        "CloudWatchLogsLogGroupArn",
        "CloudWatchLogsRoleArn",
        "IsOrganizationTrail",
        "RecursiveLogging",
    )
}
NOT_SERVED |= {
    ("CreateKey", member)
    for member in (
        "KeyUsage",
        "CustomerMasterKeySpec",
        "KeySpec",
        "Origin",
        "CustomKeyStoreId",
        "MultiRegion",
        "XksKeyId",
    )
}
NOT_SERVED.add(("ListKeys", "ResourceOwners"))
NOT_SERVED |= {("DescribeConfigRules", "Filters"), ("GetFindings", "SortCriteria")}
NOT_SERVED |= {
    (operation, member)
    for operation in ("HeadObject", "GetObject")
    for member in (
        "IfModifiedSince",
        "IfNoneMatch",
        "IfUnmodifiedSince",
        "PartNumber",
        "ResponseCacheControl",
        "ResponseContentDisposition",
        "ResponseContentEncoding",
        "ResponseContentLanguage",
        "ResponseContentType",
        "ResponseExpires",
    )
}

# The members of structures with many members that the lab serves: those of our findings. It rejects
# the others.
PARTLY_SERVED = {
    "BatchImportFindings": {
        "Findings[]": {
            "SchemaVersion",
            "Id",
            "ProductArn",
            "GeneratorId",
            "AwsAccountId",
            "CreatedAt",
            "UpdatedAt",
            "Title",
            "Description",
            "Remediation",
            "ProductFields",
            "Resources",
            "Compliance",
            "RecordState",
            "FindingProviderFields",
        },
        "Findings[].Remediation.Recommendation": {"Text"},
        "Findings[].Resources[]": {"Type", "Id", "Partition", "Region", "Details"},
        "Findings[].Resources[].Details": {"AwsCloudTrailTrail"},
        "Findings[].Resources[].Details.AwsCloudTrailTrail": {
            "HomeRegion",
            "KmsKeyId",
            "Name",
            "S3BucketName",
            "TrailArn",
        },
        "Findings[].Compliance": {"Status", "RelatedRequirements", "StatusReasons"},
        "Findings[].FindingProviderFields": {"Severity", "Types"},
        "Findings[].FindingProviderFields.Severity": {"Label"},
    },
    "GetFindings": {
        "Filters": {"ProductArn", "AwsAccountId", "GeneratorId", "RecordState"},
    },
}

# How the lab refuses a request with a member that it does not know.
UNREADABLE = {"SerializationException", "InvalidURI"}


def is_served(operation, path):
    """Whether the lab serves the member of a structure of which it serves some members."""
    for structure, members in PARTLY_SERVED.get(operation, {}).items():
        rest = path.removeprefix(structure + ".")
        if rest != path and re.split(r"[.\[]", rest)[0] not in members:
            return False
    return True
