import { Aws, CfnOutput, CfnParameter, Fn, Token, type CfnResource } from 'aws-cdk-lib';

import { TrailsealFunction } from './function';
import { addAlarms } from './template-alarms';
import { functionOptions, makeOptionGrantsOptional, roleParameters } from './template-function';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_RULE_NAME, DEFAULT_SCHEDULE, TrailsealRule } from './rule';
import { PARAMETER_SCHEMAS } from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';
import {
  codeParameters,
  concurrencyParameter,
  functionNameParameter,
  givenCondition,
  keyAccountOrganization,
  makeParameterGrantsOptional,
  metricsParameter,
  retentionParameter,
  ruleParameters,
  scheduleParameter,
  watchKeysParameter,
} from './template-parameters';
import { packageVersion } from './version';

/** The function's name in templates; conformance packs refer to it by this name. */
export const DEFAULT_FUNCTION_NAME = 'trailseal';

/**
 * The function and rule of one account and Region as a plain template, for CloudFormation,
 * StackSets, Terraform and Service Catalog.
 *
 * @param version the version whose code is deployed unless a parameter names another object
 */
export function accountTemplate(version: string): Template {
  const stack = new PlainStack(
    'Trailseal, function and rule of one account and Region: CloudTrail logs are encrypted with a KMS key that works.',
  );
  const settings = settingParameters(stack, version);
  const organization = keyAccountOrganization(stack);
  const parameters = optionalParameters(stack);
  const options = functionOptions(stack);
  const handler = new TrailsealFunction(stack, 'Function', {
    ...options.props,
    code: settings.code,
    architecture: settings.architecture,
    functionName: settings.functionName,
    organizationId: organization.valueAsString,
    keyAccountRoleName: Fn.ref('KeyAccountRoleName'),
    exemptionsFrom: Fn.ref('ExemptionsFrom'),
  });
  options.makeOptional(handler);
  concurrencyParameter(stack, handler.function, 0);
  metricsParameter(stack, handler.function);
  settings.retain(handler.logGroup);
  const { rule } = new TrailsealRule(stack, 'Rule', {
    handler,
    ruleName: settings.ruleName.valueAsString,
    parameters,
    schedule: DEFAULT_SCHEDULE,
    watchKeys: false,
  });
  overrideRule(stack, rule, settings);
  addAlarms(stack, handler, settings.schedule);
  roleParameters(stack, [handler.role], { path: true });
  addOutputs(stack, handler);
  const template = stack.template();
  makeParameterGrantsOptional(template, 'FunctionPolicy');
  makeOptionGrantsOptional(template, 'FunctionPolicy');
  return template;
}

let body: string | undefined;

/** The template of this version as JSON; it is generated once, because it never varies. */
export function accountTemplateBody(): string {
  body ??= JSON.stringify(accountTemplate(packageVersion()));
  return body;
}

type Settings = ReturnType<typeof settingParameters>;

function settingParameters(stack: PlainStack, version: string) {
  return {
    ...codeParameters(stack, version, 'bootstrap'),
    functionName: functionNameParameter(
      stack,
      DEFAULT_FUNCTION_NAME,
      'The name of the function; conformance packs refer to it by this name.',
    ),
    ruleName: new CfnParameter(stack, 'RuleName', {
      description: 'The name of the rule; empty for the function alone, if a pack has the rule.',
      default: DEFAULT_RULE_NAME,
      allowedPattern: '^[A-Za-z0-9_-]{0,64}$',
    }),
    schedule: scheduleParameter(stack),
    retain: retentionParameter(stack),
  };
}

/** A template parameter for each parameter of the rule; empty ones are not passed. */
function optionalParameters(stack: PlainStack): RuleParameters {
  const given = Object.entries(ruleParameters(stack));
  return Object.fromEntries(
    given.map(([name, parameter]) => [name, optionalParameter(stack, name, parameter)]),
  );
}

function optionalParameter(stack: PlainStack, name: string, parameter: CfnParameter): string {
  if (PARAMETER_SCHEMAS[name]?.default !== undefined) {
    return parameter.valueAsString;
  }
  const given = givenCondition(stack, parameter);
  return Token.asString(Fn.conditionIf(given.logicalId, parameter.valueAsString, Aws.NO_VALUE));
}

function addOutputs(stack: PlainStack, handler: TrailsealFunction): void {
  const outputs = {
    FunctionArn: ['The function.', handler.function.functionArn],
    RoleArn: ['Its role.', handler.role.roleArn],
    FailureQueueName: ['The name of the queue of failed events.', handler.failureQueueName],
    LogGroupName: ['Where it logs.', handler.logGroupName],
  } as const;
  for (const [id, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { description, value });
  }
}

function overrideRule(stack: PlainStack, rule: CfnResource, settings: Settings): void {
  rule.cfnOptions.condition = givenCondition(stack, settings.ruleName);
  rule.addPropertyOverride('Source.SourceDetails.2.MaximumExecutionFrequency', {
    Ref: settings.schedule.logicalId,
  });
  watchKeysParameter(stack, rule, 'Scope.ComplianceResourceTypes');
}
