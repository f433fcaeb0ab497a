// Made from schema/rule-parameters.schema.json by `npm run generate`; do not edit.

/** The rule's parameters, as Config passes them; an empty value means the default. */
export interface RuleParameters {
  /** Accounts whose keys are allowed, beside the trail's own account. Takes account ids, separated by commas. */
  readonly allowedKeyAccounts?: string;
  /** The keys that are allowed. If set, it restricts the keys of the trail's own account too; a key of another account is allowed if this or allowedKeyAccounts names it. Takes key ARNs, separated by commas, `*` as wildcard within a part. */
  readonly allowedKmsKeyArns?: string;
  /** Whether the latest delivery must not have failed because of the key, in every profile. Takes one of `true`, `false`. @default false */
  readonly checkDelivery?: 'true' | 'false' | '';
  /** Whether the key policy must admit CloudTrail and guard decryption, in every profile. Takes one of `true`, `false`. @default false */
  readonly checkKeyPolicy?: 'true' | 'false' | '';
  /** The role to assume in the rule's account when that is not the function's account. Takes the name of a role, with its path. */
  readonly executionRoleName?: string;
  /** Trails that are exempt, each until its last day where one is given. Takes trail ARNs, separated by commas, `*` as wildcard within a part, each with an optional last day `@YYYY-MM-DD`. */
  readonly exemptTrails?: string;
  /** The tag of a trail that exempts it until the day that is the tag's value, at most 90 days ahead, such as trailseal:exempt-until; read from CloudTrail, and only if the trail would fail. Takes the key of a tag, of letters, digits and `_.:/=+-@`, without the prefix `aws:`. */
  readonly exemptionTag?: string;
  /** The JSON document with more exemptions, each with reason, approver and last day. Takes the object in S3, `s3://BUCKET/KEY`, with letters, digits, `_`, `-` and `.` in the key. */
  readonly exemptionsFrom?: string;
  /** The role to assume in the account of a key of another account, to read the key's state, rotation and policy. Takes the name of a role, with its path. */
  readonly keyAccountRoleName?: string;
  /** The longest period between two rotations, in days; only where rotation is checked. Takes a whole number from 90 to 2560. */
  readonly maxRotationPeriodDays?: string;
  /** What a scheduled run reports on the account where no trail of any kind is visible. Takes one of `NOT_APPLICABLE`, `NON_COMPLIANT`. @default NOT_APPLICABLE */
  readonly noTrails?: 'NOT_APPLICABLE' | 'NON_COMPLIANT' | '';
  /** How much is asked of a trail's key. Takes one of `cis`, `effective`, `strict`. @default effective */
  readonly profile?: 'cis' | 'effective' | 'strict' | '';
  /** What is reported for shadow copies of multi-Region trails and members' copies of organization trails. Takes one of `NOT_APPLICABLE`, `EVALUATE`. @default NOT_APPLICABLE */
  readonly replicas?: 'NOT_APPLICABLE' | 'EVALUATE' | '';
  /** Whether the key must be rotated, in every profile. Takes one of `true`, `false`. @default false */
  readonly requireKeyRotation?: 'true' | 'false' | '';
  /** Checks to leave out, in every profile; results and reports name them. Takes checks, separated by commas, of key-customer-managed, key-usable, key-in-bucket-region, key-allowed, key-rotated, key-policy-admits-cloudtrail, delivery-unbroken, key-policy-guards-decryption, key-policy-binds-cloudtrail. */
  readonly skipChecks?: string;
  /** What is reported where evidence could not be read. Takes one of `NON_COMPLIANT`, `COMPLIANT`, `NOT_APPLICABLE`. @default NON_COMPLIANT */
  readonly unverified?: 'NON_COMPLIANT' | 'COMPLIANT' | 'NOT_APPLICABLE' | '';
}

/** The name of a parameter. */
export type RuleParameterName = keyof RuleParameters;
