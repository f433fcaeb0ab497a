//! The operations that the lab serves.

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

/// An AWS service of which the lab serves some operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Service {
    Config,
    /// AWS CloudTrail.
    CloudTrail,
    /// AWS Key Management Service.
    Kms,
    /// AWS Security Token Service.
    Sts,
    /// Amazon Simple Storage Service.
    S3,
    Organizations,
    /// AWS Account Management.
    Account,
    /// AWS Security Hub CSPM.
    SecurityHub,
}

impl Service {
    /// The name in a signature's credential scope and in IAM actions.
    pub fn signing_name(self) -> &'static str {
        self.into()
    }

    /// The prefix of the operation in `X-Amz-Target`, for services of the JSON protocol.
    pub const fn target_prefix(self) -> Option<&'static str> {
        match self {
            Self::Config => Some("StarlingDoveService"),
            Self::CloudTrail => Some("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
            Self::Kms => Some("TrentService"),
            Self::Organizations => Some("AWSOrganizationsV20161128"),
            Self::Sts | Self::S3 | Self::Account | Self::SecurityHub => None,
        }
    }

    /// The service that `X-Amz-Target` names; the last part of the prefix is enough, as the AWS SDK
    /// for Rust sends it for CloudTrail.
    pub(crate) fn from_target_prefix(prefix: &str) -> Option<Self> {
        if prefix == "CloudTrail_20131101" {
            return Some(Self::CloudTrail);
        }
        let services = [Self::Config, Self::CloudTrail, Self::Kms, Self::Organizations];
        services.into_iter().find(|service| service.target_prefix() == Some(prefix))
    }
}

/// An operation that the lab serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter)]
#[expect(missing_docs, reason = "each is named after the operation of AWS that it stands for")]
pub enum Operation {
    PutEvaluations,
    DescribeConfigRules,
    GetResourceConfigHistory,
    ListDiscoveredResources,
    GetComplianceDetailsByConfigRule,
    DescribeTrails,
    GetTrail,
    GetTrailStatus,
    GetEventSelectors,
    DescribeKey,
    GetKeyPolicy,
    GetKeyRotationStatus,
    AssumeRole,
    GetCallerIdentity,
    HeadBucket,
    UpdateTrail,
    ListTags,
    PutKeyPolicy,
    CreateKey,
    CreateAlias,
    EnableKeyRotation,
    EnableKey,
    DisableKey,
    CancelKeyDeletion,
    ListKeys,
    ListResourceTags,
    SelectAggregateResourceConfig,
    BatchGetResourceConfig,
    ListAccounts,
    ListDelegatedAdministrators,
    ListRegions,
    ListObjectsV2,
    ListObjectVersions,
    HeadObject,
    GetObject,
    GetBucketMetadataConfiguration,
    GetBucketAcl,
    GetBucketOwnershipControls,
    BatchImportFindings,
    GetFindings,
}

impl Operation {
    /// Every operation, so that tests can cover all of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::iter()
    }

    const fn service_and_iam(self) -> (Service, &'static str) {
        use Service::{Account, CloudTrail, Config, Kms, Organizations, S3, SecurityHub, Sts};
        match self {
            Self::PutEvaluations => (Config, "config:PutEvaluations"),
            Self::DescribeConfigRules => (Config, "config:DescribeConfigRules"),
            Self::GetResourceConfigHistory => (Config, "config:GetResourceConfigHistory"),
            Self::ListDiscoveredResources => (Config, "config:ListDiscoveredResources"),
            Self::GetComplianceDetailsByConfigRule => {
                (Config, "config:GetComplianceDetailsByConfigRule")
            }
            Self::DescribeTrails => (CloudTrail, "cloudtrail:DescribeTrails"),
            Self::GetTrail => (CloudTrail, "cloudtrail:GetTrail"),
            Self::GetTrailStatus => (CloudTrail, "cloudtrail:GetTrailStatus"),
            Self::GetEventSelectors => (CloudTrail, "cloudtrail:GetEventSelectors"),
            Self::DescribeKey => (Kms, "kms:DescribeKey"),
            Self::GetKeyPolicy => (Kms, "kms:GetKeyPolicy"),
            Self::GetKeyRotationStatus => (Kms, "kms:GetKeyRotationStatus"),
            Self::AssumeRole => (Sts, "sts:AssumeRole"),
            Self::GetCallerIdentity => (Sts, "sts:GetCallerIdentity"),
            Self::HeadBucket => (S3, "s3:HeadBucket"),
            Self::UpdateTrail => (CloudTrail, "cloudtrail:UpdateTrail"),
            Self::ListTags => (CloudTrail, "cloudtrail:ListTags"),
            Self::PutKeyPolicy => (Kms, "kms:PutKeyPolicy"),
            Self::CreateKey => (Kms, "kms:CreateKey"),
            Self::CreateAlias => (Kms, "kms:CreateAlias"),
            Self::EnableKeyRotation => (Kms, "kms:EnableKeyRotation"),
            Self::EnableKey => (Kms, "kms:EnableKey"),
            Self::DisableKey => (Kms, "kms:DisableKey"),
            Self::CancelKeyDeletion => (Kms, "kms:CancelKeyDeletion"),
            Self::ListKeys => (Kms, "kms:ListKeys"),
            Self::ListResourceTags => (Kms, "kms:ListResourceTags"),
            Self::SelectAggregateResourceConfig => (Config, "config:SelectAggregateResourceConfig"),
            Self::BatchGetResourceConfig => (Config, "config:BatchGetResourceConfig"),
            Self::ListAccounts => (Organizations, "organizations:ListAccounts"),
            Self::ListDelegatedAdministrators => {
                (Organizations, "organizations:ListDelegatedAdministrators")
            }
            Self::ListRegions => (Account, "account:ListRegions"),
            Self::ListObjectsV2 => (S3, "s3:ListObjectsV2"),
            Self::ListObjectVersions => (S3, "s3:ListObjectVersions"),
            Self::HeadObject => (S3, "s3:HeadObject"),
            Self::GetObject => (S3, "s3:GetObject"),
            Self::GetBucketMetadataConfiguration => (S3, "s3:GetBucketMetadataConfiguration"),
            Self::GetBucketAcl => (S3, "s3:GetBucketAcl"),
            Self::GetBucketOwnershipControls => (S3, "s3:GetBucketOwnershipControls"),
            Self::BatchImportFindings => (SecurityHub, "securityhub:BatchImportFindings"),
            Self::GetFindings => (SecurityHub, "securityhub:GetFindings"),
        }
    }

    /// The service that the operation belongs to.
    pub const fn service(self) -> Service {
        self.service_and_iam().0
    }

    /// The operation in the spelling of IAM actions, such as `kms:DescribeKey`.
    ///
    /// Most operations of S3 need another action, see `Operation::action`; the spelling is used so
    /// that all calls look alike.
    pub const fn iam(self) -> &'static str {
        self.service_and_iam().1
    }

    /// The IAM action that allows the operation.
    pub(crate) const fn action(self) -> &'static str {
        if matches!(self, Self::HeadBucket | Self::ListObjectsV2) {
            "s3:ListBucket"
        } else if matches!(self, Self::ListObjectVersions) {
            "s3:ListBucketVersions"
        } else if matches!(self, Self::HeadObject) {
            "s3:GetObject"
        } else if matches!(self, Self::GetBucketMetadataConfiguration) {
            "s3:GetBucketMetadataTableConfiguration"
        } else {
            self.iam()
        }
    }

    /// Whether the operation changes a trail or a key.
    pub const fn changes_a_trail_or_a_key(self) -> bool {
        matches!(
            self,
            Self::UpdateTrail
                | Self::PutKeyPolicy
                | Self::CreateKey
                | Self::CreateAlias
                | Self::EnableKeyRotation
                | Self::EnableKey
                | Self::DisableKey
                | Self::CancelKeyDeletion
        )
    }

    /// The operation's own name, such as `DescribeKey`.
    pub fn name(self) -> &'static str {
        self.iam().split(':').nth(1).unwrap_or_default()
    }

    /// The operation with this name in IAM's spelling.
    pub fn from_iam(text: &str) -> Option<Self> {
        Self::all().find(|operation| operation.iam() == text)
    }

    pub(crate) fn of(service: Service, name: &str) -> Option<Self> {
        Self::all().find(|operation| operation.service() == service && operation.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_is_listed_once_and_found_by_its_name() {
        let names: BTreeSet<&str> = Operation::all().map(Operation::iam).collect();
        assert_eq!(names.len(), Operation::all().count());
        for operation in Operation::all() {
            assert_eq!(Operation::from_iam(operation.iam()), Some(operation));
            assert_eq!(Operation::of(operation.service(), operation.name()), Some(operation));
        }
        assert_eq!(Operation::from_iam("kms:Decrypt"), None);
    }
}
