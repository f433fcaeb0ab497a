/** An AWS managed rule. */
export interface ManagedRule {
  /** Its identifier. */
  readonly identifier: string;
  /** Its parameters. @default none */
  readonly parameters?: Readonly<Record<string, string | { readonly 'Fn::Sub': string }>>;
  /** The resource types whose changes invoke it. @default none */
  readonly types?: readonly string[];
}

/**
 * The automated rules in AWS's sample conformance pack for the CIS AWS Foundations Benchmark v1.4
 * Level 2 of May 2025, except `cloud-trail-encryption-enabled`, which our rule replaces. The values
 * are the defaults of the pack's parameters.
 *
 * Controls that require a manual check (`AWS_CONFIG_PROCESS_CHECK`) are not included.
 */
export const CIS_RULES: Readonly<Record<string, ManagedRule>> = {
  'access-keys-rotated': {
    identifier: 'ACCESS_KEYS_ROTATED',
    parameters: { maxAccessKeyAge: '90' },
  },
  'account-part-of-organizations': { identifier: 'ACCOUNT_PART_OF_ORGANIZATIONS' },
  'cloud-trail-cloud-watch-logs-enabled': { identifier: 'CLOUD_TRAIL_CLOUD_WATCH_LOGS_ENABLED' },
  'cloud-trail-log-file-validation-enabled': {
    identifier: 'CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED',
  },
  'cloudtrail-s3-dataevents-enabled': { identifier: 'CLOUDTRAIL_S3_DATAEVENTS_ENABLED' },
  'cmk-backing-key-rotation-enabled': { identifier: 'CMK_BACKING_KEY_ROTATION_ENABLED' },
  'ec2-ebs-encryption-by-default': { identifier: 'EC2_EBS_ENCRYPTION_BY_DEFAULT' },
  'ec2-instance-profile-attached': {
    identifier: 'EC2_INSTANCE_PROFILE_ATTACHED',
    types: ['AWS::EC2::Instance'],
  },
  'encrypted-volumes': { identifier: 'ENCRYPTED_VOLUMES', types: ['AWS::EC2::Volume'] },
  'iam-no-inline-policy-check': {
    identifier: 'IAM_NO_INLINE_POLICY_CHECK',
    types: ['AWS::IAM::User', 'AWS::IAM::Role', 'AWS::IAM::Group'],
  },
  'iam-password-policy': {
    identifier: 'IAM_PASSWORD_POLICY',
    parameters: {
      MaxPasswordAge: '90',
      MinimumPasswordLength: '14',
      PasswordReusePrevention: '24',
      RequireLowercaseCharacters: 'true',
      RequireNumbers: 'true',
      RequireSymbols: 'true',
      RequireUppercaseCharacters: 'true',
    },
  },
  'iam-policy-in-use': {
    identifier: 'IAM_POLICY_IN_USE',
    parameters: {
      policyARN: { 'Fn::Sub': 'arn:${AWS::Partition}:iam::aws:policy/AWSSupportAccess' },
    },
  },
  'iam-policy-no-statements-with-admin-access': {
    identifier: 'IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS',
    types: ['AWS::IAM::Policy'],
  },
  'iam-root-access-key-check': { identifier: 'IAM_ROOT_ACCESS_KEY_CHECK' },
  'iam-user-group-membership-check': {
    identifier: 'IAM_USER_GROUP_MEMBERSHIP_CHECK',
    types: ['AWS::IAM::User'],
  },
  'iam-user-no-policies-check': {
    identifier: 'IAM_USER_NO_POLICIES_CHECK',
    types: ['AWS::IAM::User'],
  },
  'iam-user-unused-credentials-check': {
    identifier: 'IAM_USER_UNUSED_CREDENTIALS_CHECK',
    parameters: { maxCredentialUsageAge: '45' },
  },
  'mfa-enabled-for-iam-console-access': { identifier: 'MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS' },
  'multi-region-cloudtrail-enabled': { identifier: 'MULTI_REGION_CLOUD_TRAIL_ENABLED' },
  'nacl-no-unrestricted-ssh-rdp': { identifier: 'NACL_NO_UNRESTRICTED_SSH_RDP' },
  'rds-snapshot-encrypted': {
    identifier: 'RDS_SNAPSHOT_ENCRYPTED',
    types: ['AWS::RDS::DBSnapshot', 'AWS::RDS::DBClusterSnapshot'],
  },
  'rds-storage-encrypted': {
    identifier: 'RDS_STORAGE_ENCRYPTED',
    types: ['AWS::RDS::DBInstance'],
  },
  'restricted-common-ports': {
    identifier: 'RESTRICTED_INCOMING_TRAFFIC',
    parameters: { blockedPort3: '3389' },
    types: ['AWS::EC2::SecurityGroup'],
  },
  'restricted-ssh': { identifier: 'INCOMING_SSH_DISABLED', types: ['AWS::EC2::SecurityGroup'] },
  'root-account-hardware-mfa-enabled': { identifier: 'ROOT_ACCOUNT_HARDWARE_MFA_ENABLED' },
  'root-account-mfa-enabled': { identifier: 'ROOT_ACCOUNT_MFA_ENABLED' },
  's3-account-level-public-access-blocks-periodic': {
    identifier: 'S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC',
    parameters: {
      BlockPublicAcls: 'True',
      BlockPublicPolicy: 'True',
      IgnorePublicAcls: 'True',
      RestrictPublicBuckets: 'True',
    },
  },
  's3-bucket-level-public-access-prohibited': {
    identifier: 'S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-logging-enabled': {
    identifier: 'S3_BUCKET_LOGGING_ENABLED',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-public-read-prohibited': {
    identifier: 'S3_BUCKET_PUBLIC_READ_PROHIBITED',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-public-write-prohibited': {
    identifier: 'S3_BUCKET_PUBLIC_WRITE_PROHIBITED',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-server-side-encryption-enabled': {
    identifier: 'S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-ssl-requests-only': {
    identifier: 'S3_BUCKET_SSL_REQUESTS_ONLY',
    types: ['AWS::S3::Bucket'],
  },
  's3-bucket-versioning-enabled': {
    identifier: 'S3_BUCKET_VERSIONING_ENABLED',
    parameters: { isMfaDeleteEnabled: 'true' },
    types: ['AWS::S3::Bucket'],
  },
  'vpc-default-security-group-closed': {
    identifier: 'VPC_DEFAULT_SECURITY_GROUP_CLOSED',
    types: ['AWS::EC2::SecurityGroup'],
  },
  'vpc-flow-logs-enabled': { identifier: 'VPC_FLOW_LOGS_ENABLED' },
};
