import { CfnOutput, CfnParameter } from 'aws-cdk-lib';

import { explainStatement } from './acknowledgements';
import {
  DEFAULT_HOOK_ALIAS,
  DEFAULT_HOOK_NAME,
  FAILURE_MODES,
  TrailsealHook,
  type FailureMode,
} from './hook';
import * as limits from './limits';
import { PlainStack, type Template } from './plain-stack';
import { addOptionalHookAlarms } from './template-alarms';
import { functionOptions, makeVpcGrantOptional, roleParameters } from './template-function';
import {
  codeParameters,
  functionNameParameter,
  givenCondition,
  keyAccountOrganization,
  makeKeyAccountGrantOptional,
  referencesOf,
  retentionParameter,
  ruleParameters,
} from './template-parameters';

/**
 * The hook of one account and Region as a plain template.
 *
 * @param version the version whose code is deployed unless a parameter names another object
 */
export function hookTemplate(version: string): Template {
  const stack = new PlainStack(
    'Trailseal, a CloudFormation hook of one account and Region: evaluates a trail before it is created or updated.',
  );
  const code = codeParameters(stack, version, 'hook');
  const functionName = functionNameParameter(
    stack,
    DEFAULT_HOOK_NAME,
    "The name of the hook's function.",
  );
  const { failureMode, status, alias, managementAccountId } = hookParameters(stack);
  const retain = retentionParameter(stack);
  const organization = keyAccountOrganization(stack);
  const parameters = ruleParameters(stack);
  givenCondition(stack, parameters.keyAccountRoleName);
  explainStatement(stack);
  const options = functionOptions(stack, 'the logs');
  const made = new TrailsealHook(stack, 'Hook', {
    ...options.props,
    ...code,
    functionName,
    alias,
    failureMode: failureMode as FailureMode,
    managementAccountId,
    parameters: referencesOf(parameters),
    organizationId: organization.valueAsString,
  });
  made.hook.hookStatus = status;
  options.makeOptional(made);
  retain(made.logGroup);
  addOptionalHookAlarms(stack, made);
  roleParameters(stack, [made.role, made.executionRole], { path: true });
  addOutputs(stack, made);
  const template = stack.template();
  makeKeyAccountGrantOptional(template, 'HookPolicy');
  makeVpcGrantOptional(template, 'HookPolicy');
  return template;
}

function hookParameters(stack: PlainStack) {
  const text = (id: string, description: string, rest: object) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  return {
    failureMode: text(
      'FailureMode',
      'What happens to a trail that the hook refuses, and if the hook itself fails: WARN lets the operation proceed, FAIL refuses it.',
      { default: 'WARN', allowedValues: [...FAILURE_MODES] },
    ),
    status: text('HookStatus', 'Whether CloudFormation runs the hook.', {
      default: 'ENABLED',
      allowedValues: ['ENABLED', 'DISABLED'],
    }),
    managementAccountId: text(
      'ManagementAccountId',
      "The account ID of the organization's management account, which organization trails belong to; empty: they are unverified.",
      { default: '', allowedPattern: `^$|${limits.ACCOUNT_ID.source}` },
    ),
    alias: text('HookAlias', 'The alias of the hook, unique in an account and Region.', {
      default: DEFAULT_HOOK_ALIAS,
      allowedPattern: limits.HOOK_ALIAS.source,
    }),
  };
}

function addOutputs(stack: PlainStack, made: TrailsealHook): void {
  const outputs = {
    FunctionArn: ['The function.', made.function.functionArn],
    RoleArn: ['Its role.', made.role.roleArn],
    ExecutionRoleArn: ['The role of the hook.', made.executionRole.roleArn],
    LogGroupName: ['Where the function logs.', made.logGroup.logGroupName],
  } as const;
  for (const [id, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { description, value });
  }
}
