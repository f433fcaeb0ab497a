import {
  Aws,
  CfnCondition,
  CfnOutput,
  CfnParameter,
  CfnRule,
  Fn,
  Token,
  type CfnResource,
} from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';

import { codeBucketName } from './code-bucket';
import { RESERVED_CONCURRENCY, TrailsealFunction } from './function';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_RULE_NAME, SCHEDULE_HOURS, DEFAULT_SCHEDULE, TrailsealRule } from './rule';
import { PARAMETER_NAMES, PARAMETER_SCHEMAS } from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';

/** The function's name where a template gives one: conformance packs look for it. */
export const DEFAULT_FUNCTION_NAME = 'trailseal';

/** The object that the code is, in the bucket of each Region, for a version. */
export function codeKey(version: string, architecture = 'arm64'): string {
  return `trailseal/${version}/bootstrap-${architecture}.zip`;
}

/** The name of a rule parameter as a parameter of the template: `allowedKmsKeyArns` and a capital. */
export function templateParameterName(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/**
 * Function and rule of one account and Region as a plain template, for CloudFormation, StackSets,
 * Terraform and Service Catalog.
 *
 * @param version the version whose code is taken unless a parameter names another object
 */
export function accountTemplate(version: string): Template {
  const stack = new PlainStack(
    'Trailseal, function and rule of one account and Region: CloudTrail logs are sealed with a KMS key that works.',
  );
  const settings = settingParameters(stack, version);
  const organization = new CfnParameter(stack, 'OrganizationId', {
    description: 'The organization within which KeyAccountRoleName may be assumed.',
    default: '',
    allowedPattern: '^(o-[a-z0-9]{10,32})?$',
  });
  const parameters = ruleParameters(stack);
  const handler = new TrailsealFunction(stack, 'Function', {
    code: lambda.Code.fromBucket(
      s3.Bucket.fromBucketName(
        stack,
        'CodeBucket',
        codeBucketName(settings.bucketPrefix.valueAsString, Aws.REGION),
      ),
      settings.codeKey.valueAsString,
    ),
    architecture: lambda.Architecture.custom(settings.architecture.valueAsString),
    functionName: settings.functionName.valueAsString,
    organizationId: organization.valueAsString,
    keyAccountRoleName: Fn.ref('KeyAccountRoleName'),
  });
  overrideNumbers(handler, settings);
  const { rule } = new TrailsealRule(stack, 'Rule', {
    handler,
    ruleName: settings.ruleName.valueAsString,
    parameters,
    schedule: DEFAULT_SCHEDULE,
    watchKeys: false,
  });
  overrideRule(rule, settings.schedule);
  addOutputs(stack, handler);
  demandOrganization(stack, organization);
  const template = stack.template();
  makeKeyAccountGrantOptional(template);
  return template;
}

type Settings = ReturnType<typeof settingParameters>;

function settingParameters(stack: PlainStack, version: string) {
  return {
    bucketPrefix: new CfnParameter(stack, 'CodeBucketPrefix', {
      description:
        'How the name of the bucket with the code begins; a hyphen and the Region follow.',
      allowedPattern: '^[a-z0-9][a-z0-9-]{1,61}$',
    }),
    codeKey: new CfnParameter(stack, 'CodeKey', {
      description: 'The object with the code; another version of the code needs another key.',
      default: codeKey(version),
    }),
    architecture: new CfnParameter(stack, 'Architecture', {
      description: 'The processor for which the code was built.',
      default: 'arm64',
      allowedValues: ['arm64', 'x86_64'],
    }),
    functionName: new CfnParameter(stack, 'FunctionName', {
      description: 'The name of the function; conformance packs find it by this name.',
      default: DEFAULT_FUNCTION_NAME,
      allowedPattern: '^[A-Za-z0-9_-]{1,64}$',
    }),
    ruleName: new CfnParameter(stack, 'RuleName', {
      description: 'The name of the rule.',
      default: DEFAULT_RULE_NAME,
      allowedPattern: '^[A-Za-z0-9_-]{1,64}$',
    }),
    schedule: new CfnParameter(stack, 'Schedule', {
      description: 'How often every trail is evaluated.',
      default: DEFAULT_SCHEDULE,
      allowedValues: Object.keys(SCHEDULE_HOURS),
    }),
    concurrency: new CfnParameter(stack, 'ReservedConcurrency', {
      type: 'Number',
      description: 'Invocations at a time; 0 reserves none, for accounts with a small quota.',
      default: RESERVED_CONCURRENCY,
      minValue: 0,
      maxValue: 1000,
    }),
    retention: new CfnParameter(stack, 'LogRetentionDays', {
      type: 'Number',
      description: 'How long logs are kept.',
      default: '365',
      allowedValues: ['30', '90', '180', '365', '400', '731', '1096', '1827', '2557', '3653'],
    }),
    watchKeys: new CfnParameter(stack, 'WatchKeys', {
      description: 'Whether a change of a KMS key evaluates the trails that use it.',
      default: 'false',
      allowedValues: ['true', 'false'],
    }),
  };
}

/** One parameter of the template for each of the rule, empty where the default is meant. */
function ruleParameters(stack: PlainStack): RuleParameters {
  const names = PARAMETER_NAMES.filter((name) => name !== 'executionRoleName');
  return Object.fromEntries(names.map((name) => [name, ruleParameter(stack, name)]));
}

function ruleParameter(stack: PlainStack, name: string): string {
  const spec = PARAMETER_SCHEMAS[name];
  const id = templateParameterName(name);
  const parameter = new CfnParameter(stack, id, {
    description: `${spec?.description ?? ''} Takes ${spec?.['x-expected'] ?? 'text'}.`,
    default: spec?.default ?? '',
    ...(spec?.enum === undefined
      ? { allowedPattern: `^$|${spec?.pattern ?? '.*'}` }
      : { allowedValues: [...spec.enum] }),
  });
  if (spec?.default !== undefined) {
    return parameter.valueAsString;
  }
  const given = new CfnCondition(stack, `Has${id}`, {
    expression: Fn.conditionNot(Fn.conditionEquals(parameter.valueAsString, '')),
  });
  return Token.asString(Fn.conditionIf(given.logicalId, parameter.valueAsString, Aws.NO_VALUE));
}

function addOutputs(stack: PlainStack, handler: TrailsealFunction): void {
  const outputs = {
    FunctionArn: ['The function.', handler.function.functionArn],
    RoleArn: ['Its role.', handler.role.roleArn],
    FailureQueueName: ['Where failed events wait.', handler.failureQueueName],
    LogGroupName: ['Where it logs.', handler.logGroupName],
  } as const;
  for (const [id, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { description, value });
  }
}

function overrideNumbers(handler: TrailsealFunction, settings: Settings): void {
  const reserve = new CfnCondition(settings.concurrency.stack, 'ReservesConcurrency', {
    expression: Fn.conditionNot(Fn.conditionEquals(settings.concurrency.valueAsString, '0')),
  });
  (handler.function.node.defaultChild as CfnResource).addPropertyOverride(
    'ReservedConcurrentExecutions',
    { 'Fn::If': [reserve.logicalId, { Ref: 'ReservedConcurrency' }, { Ref: 'AWS::NoValue' }] },
  );
  (handler.logGroup.node.defaultChild as CfnResource).addPropertyOverride('RetentionInDays', {
    Ref: settings.retention.logicalId,
  });
}

function overrideRule(rule: CfnResource, schedule: CfnParameter): void {
  const watch = new CfnCondition(schedule.stack, 'WatchesKeys', {
    expression: Fn.conditionEquals(Fn.ref('WatchKeys'), 'true'),
  });
  rule.addPropertyOverride('Source.SourceDetails.2.MaximumExecutionFrequency', {
    Ref: schedule.logicalId,
  });
  rule.addPropertyOverride('Scope.ComplianceResourceTypes.1', {
    'Fn::If': [watch.logicalId, 'AWS::KMS::Key', { Ref: 'AWS::NoValue' }],
  });
}

function demandOrganization(stack: PlainStack, organization: CfnParameter): void {
  new CfnRule(stack, 'KeyAccountRoleNeedsOrganization', {
    ruleCondition: Fn.conditionNot(Fn.conditionEquals(Fn.ref('KeyAccountRoleName'), '')),
    assertions: [
      {
        assert: Fn.conditionNot(Fn.conditionEquals(organization.valueAsString, '')),
        assertDescription: 'KeyAccountRoleName needs OrganizationId',
      },
    ],
  });
}

interface Statements {
  Resources: Record<
    string,
    { Properties: { PolicyDocument: { Statement: Record<string, unknown>[] } } }
  >;
}

/** The grant to assume a role stands only where a role is named. */
function makeKeyAccountGrantOptional(template: Template): void {
  const policy = (template as unknown as Statements).Resources['FunctionPolicy'];
  const document = policy?.Properties.PolicyDocument;
  if (document === undefined) {
    throw new Error('the template has no `FunctionPolicy`');
  }
  document.Statement = document.Statement.map((statement) =>
    statement['Sid'] === 'AssumeKeyAccountRole'
      ? { 'Fn::If': ['HasKeyAccountRoleName', statement, { Ref: 'AWS::NoValue' }] }
      : statement,
  );
}
