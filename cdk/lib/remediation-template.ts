import { CfnCondition, CfnOutput, CfnParameter, Fn } from 'aws-cdk-lib';

import { explainStatement } from './acknowledgements';
import { PlainStack, type Template } from './plain-stack';
import {
  DEFAULT_REMEDIATION_NAME,
  REMEDIATION_CONCURRENCY,
  TrailsealRemediation,
} from './remediation';
import {
  remediationConfiguration,
  remediationProperties,
  type RemediationSettings,
} from './remediation-settings';
import { DEFAULT_RULE_NAME } from './rule';
import { roleParameters } from './template-function';
import {
  codeParameters,
  concurrencyParameter,
  givenCondition,
  keyAccountOrganization,
  makeParameterGrantsOptional,
  makeStatementOptional,
  referencesOf,
  ruleParameters,
  type GivenParameters,
} from './template-parameters';
import { packageVersion } from './version';

/**
 * The remediation of one account and Region as a plain template, which is never automatic. Only the
 * construct offers automatic remediation.
 */
export function remediationTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, remediation by hand: a runbook that seals trails with an existing KMS key; use the parameters of the rule.',
  );
  const code = codeParameters(stack, packageVersion(), 'remediation');
  const settings = remediationParameters(stack);
  const rule = new CfnParameter(stack, 'RuleName', {
    description: 'The rule whose findings are remediated; empty if a pack names the runbook.',
    default: DEFAULT_RULE_NAME,
    allowedPattern: '^[A-Za-z0-9_-]{0,64}$',
  });
  const organization = keyAccountOrganization(stack);
  const parameters = ruleParameters(stack);
  const remediation = new TrailsealRemediation(stack, 'Remediation', {
    ...settings,
    ...code,
    parameters: referencesOf(parameters),
    organizationId: organization.valueAsString,
    functionName: DEFAULT_REMEDIATION_NAME,
  });
  offer(stack, rule, settings, remediation);
  concurrencyParameter(stack, remediation.function, REMEDIATION_CONCURRENCY);
  grantConditions(stack, parameters);
  roleParameters(stack, [remediation.role, remediation.automationRole]);
  addOutputs(stack, remediation);
  const template = stack.template();
  makeStatementOptional(template, 'RemediationPolicy', 'RotateKey', 'RotatesKey');
  makeParameterGrantsOptional(template, 'RemediationPolicy');
  return template;
}

/** The values for the runbook; text parameters replace the boolean props. */
export function remediationParameters(
  stack: PlainStack,
  aboutKey = "The ARN of an existing KMS key in the Region of the trails' bucket.",
): RemediationSettings {
  const keyArn = new CfnParameter(stack, 'KeyArn', {
    description: aboutKey,
    allowedPattern: '^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$',
  });
  const word = (id: string, description: string, standard: string) =>
    new CfnParameter(stack, id, {
      description,
      default: standard,
      allowedValues: ['true', 'false'],
    });
  const dryRun = word('DryRun', 'Whether the runbook shows its plan and changes nothing.', 'true');
  const replaceKey = word('ReplaceKey', "Whether a trail's key may be replaced.", 'false');
  return {
    keyArn: keyArn.valueAsString,
    dryRun: dryRun.valueAsString as unknown as boolean,
    replaceKey: replaceKey.valueAsString as unknown as boolean,
  };
}

/** The remediation of an existing rule, by its name. */
function offer(
  stack: PlainStack,
  rule: CfnParameter,
  settings: RemediationSettings,
  remediation: TrailsealRemediation,
): void {
  const offers = new CfnCondition(stack, 'HasRuleName', {
    expression: Fn.conditionNot(Fn.conditionEquals(rule.valueAsString, '')),
  });
  const made = remediationProperties(settings, {
    rule: rule.valueAsString,
    document: remediation.document.ref,
    roleArn: remediation.automationRole.roleArn,
  });
  const configuration = remediationConfiguration(stack, 'Offer', made);
  configuration.cfnOptions.condition = offers;
}

/** The values of the rule's parameters that require the policy's optional statements. */
function grantConditions(stack: PlainStack, parameters: GivenParameters): void {
  new CfnCondition(stack, 'RotatesKey', {
    expression: Fn.conditionOr(
      Fn.conditionEquals(parameters.profile.valueAsString, 'strict'),
      Fn.conditionEquals(parameters.requireKeyRotation.valueAsString, 'true'),
    ),
  });
  givenCondition(stack, parameters.keyAccountRoleName);
  givenCondition(stack, parameters.exemptionsFrom);
  explainStatement(stack);
}

function addOutputs(stack: PlainStack, remediation: TrailsealRemediation): void {
  const outputs = {
    DocumentName: ['The runbook.', remediation.document.ref],
    AutomationRoleArn: ['The role of the runbook.', remediation.automationRole.roleArn],
    RoleArn: ['The role of the function.', remediation.role.roleArn],
    LogGroupName: ['Where it logs, journals included.', remediation.logGroup.logGroupName],
  } as const;
  for (const [id, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, id, { description, value });
  }
}
