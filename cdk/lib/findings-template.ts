import { CfnOutput, CfnParameter } from 'aws-cdk-lib';

import { explainStatement } from './acknowledgements';
import { DEFAULT_FINDINGS_NAME, DEFAULT_FINDINGS_SCHEDULE, TrailsealFindings } from './findings';
import * as limits from './limits';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_RULE_NAME } from './rule';
import { addOptionalFindingsAlarms } from './template-alarms';
import { functionOptions, makeVpcGrantOptional, roleParameters } from './template-function';
import {
  codeParameters,
  functionNameParameter,
  givenCondition,
  keyAccountOrganization,
  makeParameterGrantsOptional,
  retentionParameter,
  ruleParameter,
} from './template-parameters';

/**
 * The import of findings into Security Hub in one account and Region as a plain template.
 *
 * @param version the version whose code is deployed unless a parameter names another object
 */
export function findingsTemplate(version: string): Template {
  const stack = new PlainStack(
    'Trailseal, findings of the rule in Security Hub of one account and Region: imported on a schedule, with cause and fix.',
  );
  const code = codeParameters(stack, version, 'findings');
  const functionName = functionNameParameter(
    stack,
    DEFAULT_FINDINGS_NAME,
    'The name of the function that imports findings.',
  );
  const text = (id: string, description: string, standard: string, pattern: RegExp) =>
    new CfnParameter(stack, id, {
      description,
      default: standard,
      allowedPattern: pattern.source,
    }).valueAsString;
  const ruleName = text(
    'RuleName',
    'The rule whose findings are imported.',
    DEFAULT_RULE_NAME,
    limits.RULE_NAME,
  );
  const schedule = text(
    'ImportSchedule',
    'How often findings are imported: an expression of EventBridge.',
    DEFAULT_FINDINGS_SCHEDULE,
    limits.SCHEDULE_EXPRESSION,
  );
  const retain = retentionParameter(stack);
  const organization = keyAccountOrganization(stack);
  const externalId = text(
    'ExternalId',
    'The external id that the role of KeyAccountRoleName requires, if it requires one.',
    '',
    /^([A-Za-z0-9_+=,.@:/-]{2,1224})?$/,
  );
  const keyAccountRoleName = ruleParameter(stack, 'keyAccountRoleName');
  const exemptionsFrom = ruleParameter(stack, 'exemptionsFrom');
  givenCondition(stack, keyAccountRoleName);
  givenCondition(stack, exemptionsFrom);
  explainStatement(stack);
  const options = functionOptions(stack, 'the logs');
  const made = new TrailsealFindings(stack, 'Findings', {
    ...options.props,
    ...code,
    functionName,
    ruleName,
    schedule,
    parameters: {
      keyAccountRoleName: keyAccountRoleName.valueAsString,
      exemptionsFrom: exemptionsFrom.valueAsString,
    },
    organizationId: organization.valueAsString,
    externalId,
  });
  options.makeOptional(made);
  retain(made.logGroup);
  addOptionalFindingsAlarms(stack, made);
  roleParameters(stack, [made.role], { path: true });
  addOutputs(stack, made);
  const template = stack.template();
  makeParameterGrantsOptional(template, 'FindingsPolicy');
  makeVpcGrantOptional(template, 'FindingsPolicy');
  return template;
}

function addOutputs(stack: PlainStack, made: TrailsealFindings): void {
  const outputs = {
    FunctionArn: ['The function.', made.function.functionArn],
    RoleArn: ['Its role.', made.role.roleArn],
    LogGroupName: ['Where the function logs.', made.logGroup.logGroupName],
  } as const;
  for (const [id, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { description, value });
  }
}
