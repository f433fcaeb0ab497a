/**
 * Limits of AWS, each defined once.
 *
 * Sources: the models of Config (2014-11-12), Lambda and CloudFormation, and their guides.
 */

/** Characters of a rule's `InputParameters`, as JSON. */
export const RULE_PARAMETERS_CHARS_MAX = 1024;

/**
 * Characters of a rule's name. A rule may have 128, but `GetComplianceDetailsByConfigRule`, which
 * is needed to replace old results, accepts 64.
 */
export const RULE_NAME_CHARS_MAX = 64;

/**
 * Characters of the name of a rule in an organization rule or a conformance pack: AWS adds a prefix
 * or suffix to it, and the result must not exceed `RULE_NAME_CHARS_MAX`.
 */
export const DEPLOYED_RULE_NAME_CHARS_MAX = 35;

/** Bytes of a function's resource policy, in which each permission to invoke is a statement. */
export const RESOURCE_POLICY_BYTES_MAX = 20480;

/** Characters of a statement id in a function's resource policy. */
export const STATEMENT_ID_CHARS_MAX = 100;

/** Characters of a function's name. */
export const FUNCTION_NAME_CHARS_MAX = 64;

/** Bytes of a conformance pack's template that is passed in the call. */
export const PACK_BODY_BYTES_MAX = 51200;

/** Bytes of a conformance pack's template in a bucket. */
export const PACK_OBJECT_BYTES_MAX = 307200;

/** Rules of a conformance pack. */
export const PACK_RULES_MAX = 130;

/** Input parameters of a conformance pack in CloudFormation. */
export const PACK_PARAMETERS_MAX = 60;

/** Bytes of a template that is passed in the call. */
export const TEMPLATE_BODY_BYTES_MAX = 51200;

/** Accounts that an organization rule or an organization conformance pack can exclude. */
export const EXCLUDED_ACCOUNTS_MAX = 1000;

/** The format of an account id. */
export const ACCOUNT_ID = /^[0-9]{12}$/;

/** The format of a Region's name. */
export const REGION = /^[a-z]{2,5}(-[a-z]+)+-[0-9]$/;

/** The format of an organization's id. */
export const ORGANIZATION_ID = /^o-[a-z0-9]{10,32}$/;

/** The format of the id of a root or an organizational unit. */
export const ORGANIZATIONAL_UNIT_ID = /^(r-[a-z0-9]{4,32}|ou-[a-z0-9]{4,32}-[a-z0-9]{8,32})$/;

/** The format of the name of a topic. */
export const TOPIC_NAME = /^[A-Za-z0-9_-]{1,256}$/;

/** The format of the ARN of a StackSet. */
export const STACK_SET_ARN =
  /^arn:[a-z-]+:cloudformation:[a-z0-9-]+:[0-9]{12}:stackset\/[a-zA-Z][-a-zA-Z0-9]*:[-0-9a-f]+$/;

/** The format of the name of an IAM role without its path. */
export const ROLE_NAME = /^[A-Za-z0-9+=,.@_-]{1,64}$/;

/** The format of the name of an IAM role after its path, as the function accepts it. */
export const ROLE_NAME_WITH_PATH = /^[A-Za-z0-9+=,.@_-]+(\/[A-Za-z0-9+=,.@_-]+)*$/;

/** The format of the document with exemptions, as the function accepts it. */
export const S3_OBJECT =
  /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\/[A-Za-z0-9_-][A-Za-z0-9_.-]*(\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/;

/** The format of the path of a role. */
export const ROLE_PATH = /^\/([!-~]+\/)?$/;

/** The format of the name of a policy after its path. */
export const POLICY_NAME_WITH_PATH = /^([!-9;-~]+\/)?[A-Za-z0-9+=,.@_-]{1,128}$/;

/** The format of the id of a subnet. */
export const SUBNET_ID = /^subnet-[0-9a-f]+$/;

/** The format of the id of a security group. */
export const SECURITY_GROUP_ID = /^sg-[0-9a-f]+$/;

/** The format of the ARN of a code signing configuration. */
export const CODE_SIGNING_CONFIG_ARN =
  /^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:code-signing-config:csc-[a-z0-9]{17}$/;

/** The format of a rule's name, for all ways to deploy it. */
export const RULE_NAME = /^[A-Za-z0-9_-]+$/;

/** The format of a schedule of EventBridge; it checks the rest. */
export const SCHEDULE_EXPRESSION = /^(rate|cron)\([A-Za-z0-9 ,*?/#-]+\)$/;

/** The format of a function's name. */
export const FUNCTION_NAME = /^[A-Za-z0-9_-]+$/;

/** The format of a bucket's name. */
export const BUCKET_NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;

/** The format of an external id, as STS accepts it. */
export const EXTERNAL_ID = /^[\w+=,.@:/-]{2,1224}$/;

/** Seconds that a step of Automation waits for a Lambda function. */
export const AUTOMATION_INVOKE_SECONDS_MAX = 300;

/** The format of the name of a Systems Manager document. */
export const DOCUMENT_NAME = /^[a-zA-Z0-9_.-]{3,128}$/;

/** The format of a KMS key's ARN; aliases are not accepted, since they can move to another key. */
export const KEY_ARN = /^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key\/[a-zA-Z0-9-]+$/;

/** The format of the alias of a hook: three parts, and a name of AWS is reserved. */
export const HOOK_ALIAS = /^(?![aA][wW][sS])[A-Za-z0-9]{2,64}(::[A-Za-z0-9]{2,64}){2}$/;
