import { Aws, CfnCondition, CfnParameter, CfnRule, Fn, Token, type CfnResource } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';

import { explainCode, explainList } from './acknowledgements';
import { codeKey, type Program } from './code';
import { codeBucketName } from './code-bucket';
import type { PlainStack, Template } from './plain-stack';
import { DEFAULT_SCHEDULE, SCHEDULE_HOURS } from './rule';
import { PARAMETER_NAMES, PARAMETER_SCHEMAS } from './rule-parameters';
import type { RuleParameterName } from './rule-parameters.generated';

/** The pattern of the prefix of the code buckets' names in a template. */
export const BUCKET_PREFIX_PATTERN = '^[a-z0-9][a-z0-9-]{1,45}$';

/** The name of a rule parameter as a template parameter: capitalized. */
export function templateParameterName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** A parameter of the rule as a template parameter, empty if it has no default. */
export function ruleParameter(stack: PlainStack, name: string): CfnParameter {
  const spec = PARAMETER_SCHEMAS[name];
  return new CfnParameter(stack, templateParameterName(name), {
    description: `${spec?.description ?? ''} Takes ${spec?.['x-expected'] ?? 'text'}.`,
    default: spec?.default ?? '',
    ...(spec?.enum === undefined
      ? { allowedPattern: `^$|${spec?.pattern ?? '.*'}` }
      : { allowedValues: [...spec.enum] }),
  });
}

/** The rule's parameters in templates: all but the one for central functions. */
export type GivenParameters = Record<Exclude<RuleParameterName, 'executionRoleName'>, CfnParameter>;

/** Each of them as a template parameter. */
export function ruleParameters(stack: PlainStack): GivenParameters {
  const names = PARAMETER_NAMES.filter((name) => name !== 'executionRoleName');
  const made = names.map((name) => [name, ruleParameter(stack, name)] as const);
  return Object.fromEntries(made) as GivenParameters;
}

/** References to them for a text that contains them all: an empty value means the default. */
export function referencesOf(parameters: GivenParameters): Record<string, string> {
  const given = Object.entries(parameters);
  return Object.fromEntries(given.map(([name, parameter]) => [name, parameter.valueAsString]));
}

/** The architecture and the code of a program; without a key, the code is that of the architecture. */
export function codeParameters(
  stack: PlainStack,
  version: string,
  program: Program,
): { architecture: lambda.Architecture; code: lambda.Code } {
  const prefix = new CfnParameter(stack, 'CodeBucketPrefix', {
    description: "The prefix of the code bucket's name; a hyphen and the Region follow.",
    allowedPattern: BUCKET_PREFIX_PATTERN,
  });
  const { valueAsString: architecture } = new CfnParameter(stack, 'Architecture', {
    description: 'The processor architecture of the code.',
    default: 'arm64',
    allowedValues: ['arm64', 'x86_64'],
  });
  const key = new CfnParameter(stack, 'CodeKey', {
    description: `The S3 key of the code; another version needs another key. If empty, ${codeKey(version, 'ARCHITECTURE', program)}.`,
    default: '',
    allowedPattern: '^.{0,1024}$',
  });
  explainCode(stack);
  const given = givenCondition(stack, key);
  const standard = codeKey(version, architecture, program);
  const chosen = Fn.conditionIf(given.logicalId, key.valueAsString, standard);
  const name = codeBucketName(prefix.valueAsString, Aws.REGION);
  const bucket = s3.Bucket.fromBucketName(stack, 'CodeBucket', name);
  return {
    architecture: lambda.Architecture.custom(architecture),
    code: lambda.Code.fromBucket(bucket, Token.asString(chosen)),
  };
}

/** The name of a function as a template parameter. */
export function functionNameParameter(
  stack: PlainStack,
  standard: string,
  description: string,
): string {
  return new CfnParameter(stack, 'FunctionName', {
    description,
    default: standard,
    allowedPattern: '^[A-Za-z0-9_-]{1,64}$',
  }).valueAsString;
}

/** How long the logs of a function are kept as a template parameter, to be set on its log group. */
export function retentionParameter(stack: PlainStack): (logGroup: logs.LogGroup) => void {
  const retention = new CfnParameter(stack, 'LogRetentionDays', {
    type: 'Number',
    description: 'How long logs are kept.',
    default: '365',
    allowedValues: ['30', '90', '180', '365', '400', '731', '1096', '1827', '2557', '3653'],
  });
  return (logGroup) => {
    (logGroup.node.defaultChild as CfnResource).addPropertyOverride('RetentionInDays', {
      Ref: retention.logicalId,
    });
  };
}

/** The metrics that CloudWatch makes from the log as a template parameter. */
export function metricsParameter(stack: PlainStack, handler: lambda.Function): void {
  const metrics = new CfnParameter(stack, 'Metrics', {
    description: 'Whether CloudWatch makes ten billed metrics for each rule from the log.',
    default: 'false',
    allowedValues: ['true', 'false'],
  });
  handler.addEnvironment('TRAILSEAL_METRICS', metrics.valueAsString);
}

/** The schedule as a template parameter. */
export function scheduleParameter(stack: PlainStack): CfnParameter {
  return new CfnParameter(stack, 'Schedule', {
    description: 'How often every trail is evaluated.',
    default: DEFAULT_SCHEDULE,
    allowedValues: Object.keys(SCHEDULE_HOURS),
  });
}

/** The watching of keys as a template parameter: it adds a second type to the scope. */
export function watchKeysParameter(stack: PlainStack, rule: CfnResource, types: string): void {
  const watchKeys = new CfnParameter(stack, 'WatchKeys', {
    description: 'Whether a change of a KMS key evaluates the trails that use it.',
    default: 'false',
    allowedValues: ['true', 'false'],
  });
  const watch = new CfnCondition(stack, 'WatchesKeys', {
    expression: Fn.conditionEquals(watchKeys.valueAsString, 'true'),
  });
  rule.addPropertyOverride(`${types}.1`, {
    'Fn::If': [watch.logicalId, 'AWS::KMS::Key', { Ref: 'AWS::NoValue' }],
  });
}

/** The excluded accounts as a template parameter, and whether there are any. */
export function excludedAccountsParameter(stack: PlainStack): { list: object; some: CfnCondition } {
  const excluded = new CfnParameter(stack, 'ExcludedAccounts', {
    description: 'The excluded accounts, separated by commas.',
    type: 'CommaDelimitedList',
    default: '',
  });
  const some = new CfnCondition(stack, 'ExcludesAccounts', {
    expression: Fn.conditionNot(Fn.conditionEquals(Fn.join('', excluded.valueAsList), '')),
  });
  explainList(stack);
  return { list: { Ref: excluded.logicalId }, some };
}

/** The value if the condition holds, otherwise `AWS::NoValue`. */
export function where(condition: CfnCondition, value: unknown): object {
  return { 'Fn::If': [condition.logicalId, value, { Ref: 'AWS::NoValue' }] };
}

/** Whether a template parameter has a value. */
export function givenCondition(stack: PlainStack, parameter: CfnParameter): CfnCondition {
  return new CfnCondition(stack, `Has${parameter.node.id}`, {
    expression: Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, '')),
  });
}

/** Refuses a template parameter that has no effect without another one. */
export function requireWith(
  stack: PlainStack,
  parameter: CfnParameter,
  needed: CfnParameter,
  value?: string,
): void {
  const isEmpty = (one: CfnParameter) => Fn.conditionEquals(one.valueAsString, '');
  const [id, other] = [parameter.node.id, needed.node.id];
  new CfnRule(stack, `${id}Needs${other}`, {
    ruleCondition: Fn.conditionNot(isEmpty(parameter)),
    assertions: [
      {
        assert:
          value === undefined
            ? Fn.conditionNot(isEmpty(needed))
            : Fn.conditionEquals(needed.valueAsString, value),
        assertDescription: `${id} needs ${other}${value === undefined ? '' : `=${value}`}`,
      },
    ],
  });
}

/** The organization of a role in a key's account as a template parameter; the role requires it. */
export function keyAccountOrganization(stack: PlainStack): CfnParameter {
  const organization = new CfnParameter(stack, 'OrganizationId', {
    description: 'The organization within which KeyAccountRoleName may be assumed.',
    default: '',
    allowedPattern: '^(o-[a-z0-9]{10,32})?$',
  });
  new CfnRule(stack, 'KeyAccountRoleNeedsOrganization', {
    ruleCondition: Fn.conditionNot(Fn.conditionEquals(Fn.ref('KeyAccountRoleName'), '')),
    assertions: [
      {
        assert: Fn.conditionNot(Fn.conditionEquals(organization.valueAsString, '')),
        assertDescription: 'KeyAccountRoleName needs OrganizationId',
      },
    ],
  });
  return organization;
}

/** The reserved concurrency as a template parameter. */
export function concurrencyParameter(
  stack: PlainStack,
  handler: lambda.Function,
  standard: number,
): void {
  const concurrency = new CfnParameter(stack, 'ReservedConcurrency', {
    type: 'Number',
    description: 'Reserved concurrency; 0 reserves none, for accounts with a small quota.',
    default: standard,
    minValue: 0,
    maxValue: 1000,
  });
  const reserve = new CfnCondition(stack, 'ReservesConcurrency', {
    expression: Fn.conditionNot(Fn.conditionEquals(concurrency.valueAsString, '0')),
  });
  (handler.node.defaultChild as CfnResource).addPropertyOverride(
    'ReservedConcurrentExecutions',
    where(reserve, { Ref: concurrency.logicalId }),
  );
}

interface Statements {
  Resources: Record<
    string,
    { Properties: { PolicyDocument: { Statement: Record<string, unknown>[] } } }
  >;
}

/** Makes the grant to assume a role in a key's account depend on the name of that role. */
export function makeKeyAccountGrantOptional(template: Template, policy: string): void {
  makeStatementOptional(template, policy, 'AssumeKeyAccountRole', 'HasKeyAccountRoleName');
}

/** The same for the grants that the parameters of the rule require. */
export function makeParameterGrantsOptional(template: Template, policy: string): void {
  makeKeyAccountGrantOptional(template, policy);
  makeStatementOptional(template, policy, 'ReadExemptions', 'HasExemptionsFrom');
}

/** Makes a statement of a policy depend on a condition. */
export function makeStatementOptional(
  template: Template,
  policy: string,
  sid: string,
  condition: string,
): void {
  const document = (template as unknown as Statements).Resources[policy]?.Properties.PolicyDocument;
  if (document === undefined) {
    throw new Error(`the template has no \`${policy}\``);
  }
  if (!document.Statement.some((statement) => statement['Sid'] === sid)) {
    throw new Error(`the policy \`${policy}\` has no statement \`${sid}\``);
  }
  document.Statement = document.Statement.map((statement) =>
    statement['Sid'] === sid
      ? { 'Fn::If': [condition, statement, { Ref: 'AWS::NoValue' }] }
      : statement,
  );
}
