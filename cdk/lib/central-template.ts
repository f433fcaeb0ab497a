import { Aws, CfnOutput, CfnParameter } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';

import { explainList } from './acknowledgements';
import { TrailsealFunction } from './function';
import { CENTRAL_FUNCTION_NAME, CENTRAL_RESERVED_CONCURRENCY } from './organization-rule';
import { CENTRAL_ROLE_PREFIX, MEMBER_ROLE_NAME } from './member-role';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_RULE_NAME, RULE_DESCRIPTION } from './rule';
import { addAlarms } from './template-alarms';
import { functionOptions, makeOptionGrantsOptional, roleParameters } from './template-function';
import {
  codeParameters,
  concurrencyParameter,
  excludedAccountsParameter,
  givenCondition,
  makeParameterGrantsOptional,
  metricsParameter,
  referencesOf,
  ruleParameter,
  ruleParameters,
  scheduleParameter,
  watchKeysParameter,
  where,
} from './template-parameters';

/**
 * The central function as a plain template, with a permission for each member account.
 *
 * `Fn::ForEach` creates one resource per list entry, and no resource can depend on those. The
 * organization rule needs the permissions first, so it has its own template.
 */
export function centralFunctionTemplate(version: string): Template {
  const stack = new PlainStack(
    'Trailseal, the central function of an organization rule, for up to about 50 accounts.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  const code = codeParameters(stack, version, 'bootstrap');
  new CfnParameter(stack, 'MemberAccounts', {
    type: 'CommaDelimitedList',
    description: 'The member accounts; the account of the function is always permitted.',
  });
  explainList(stack);
  const keyAccountRole = ruleParameter(stack, 'keyAccountRoleName');
  givenCondition(stack, keyAccountRole);
  const exemptionsFrom = ruleParameter(stack, 'exemptionsFrom');
  givenCondition(stack, exemptionsFrom);
  const options = functionOptions(stack);
  const handler = new TrailsealFunction(stack, 'Function', {
    ...options.props,
    ...code,
    functionName: CENTRAL_FUNCTION_NAME,
    roleName: `${CENTRAL_ROLE_PREFIX}-${Aws.REGION}`,
    organizationId: text('OrganizationId', 'The organization within which the role is assumed.', {
      allowedPattern: '^o-[a-z0-9]{10,32}$',
    }),
    executionRoleName: memberRoleName(stack),
    keyAccountRoleName: keyAccountRole.valueAsString,
    exemptionsFrom: exemptionsFrom.valueAsString,
    externalId: text('ExternalId', 'The external id that the member role requires.', {
      allowedPattern: '^[A-Za-z0-9_+=,.@:/-]{2,1224}$',
    }),
  });
  concurrencyParameter(stack, handler.function, CENTRAL_RESERVED_CONCURRENCY);
  metricsParameter(stack, handler.function);
  options.makeOptional(handler);
  addAlarms(stack, handler, scheduleParameter(stack));
  roleParameters(stack, [handler.role]);
  new CfnOutput(stack, 'FunctionArn', {
    description: 'The function.',
    value: handler.function.functionArn,
  });
  const template = stack.template();
  makeParameterGrantsOptional(template, 'FunctionPolicy');
  makeOptionGrantsOptional(template, 'FunctionPolicy');
  return admitMembers(template, 'MemberAccounts');
}

/** Adds one permission for each account in the list. */
function admitMembers(template: Template, members: string): Template {
  const resources = template['Resources'] as Record<string, { Properties: object }>;
  const own = resources['FunctionConfigMayInvoke'];
  if (own === undefined) {
    throw new Error('the template has no `FunctionConfigMayInvoke`');
  }
  const member = {
    ...own,
    // cfn-lint invents an account where a list has no default, and then refuses what it invented.
    Metadata: { 'cfn-lint': { config: { ignore_checks: ['E3031', 'E3033'] } } },
    Properties: { ...own.Properties, SourceAccount: { Ref: 'Account' } },
  };
  const loop = ['Account', { Ref: members }, { 'MemberMayInvoke${Account}': member }];
  const { AWSTemplateFormatVersion: format, ...rest } = template;
  return {
    ...(format === undefined ? {} : { AWSTemplateFormatVersion: format }),
    Transform: 'AWS::LanguageExtensions',
    ...rest,
    Resources: { ...resources, 'Fn::ForEach::Members': loop },
  };
}

/** The organization rule of an existing central function. */
export function organizationRuleTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, the organization rule of the central function; deploy trailseal-central-function.yaml and the member role first.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  const parameters = {
    ...referencesOf(ruleParameters(stack)),
    executionRoleName: memberRoleName(stack),
  };
  const rule = new config.CfnOrganizationConfigRule(stack, 'Rule', {
    organizationConfigRuleName: text('RuleName', 'The name of the rule; AWS adds a prefix.', {
      default: DEFAULT_RULE_NAME,
      allowedPattern: '^[A-Za-z0-9_-]{1,35}$',
    }),
    organizationCustomRuleMetadata: {
      description: RULE_DESCRIPTION,
      lambdaFunctionArn: text('FunctionArn', 'The output FunctionArn of the central function.', {
        allowedPattern: '^arn:[^:]+:lambda:[^:]+:[0-9]{12}:function:.+$',
      }),
      organizationConfigRuleTriggerTypes: [
        'ConfigurationItemChangeNotification',
        'OversizedConfigurationItemChangeNotification',
        'ScheduledNotification',
      ],
      maximumExecutionFrequency: scheduleParameter(stack).valueAsString,
      resourceTypesScope: ['AWS::CloudTrail::Trail'],
      inputParameters: JSON.stringify(parameters),
    },
  });
  watchKeysParameter(stack, rule, 'OrganizationCustomRuleMetadata.ResourceTypesScope');
  const { list, some } = excludedAccountsParameter(stack);
  rule.addPropertyOverride('ExcludedAccounts', where(some, list));
  return stack.template();
}

function memberRoleName(stack: PlainStack): string {
  return new CfnParameter(stack, 'MemberRoleName', {
    description: 'The role in the member accounts.',
    default: MEMBER_ROLE_NAME,
    allowedPattern: '^[A-Za-z0-9+=,.@_-]{1,64}$',
  }).valueAsString;
}
