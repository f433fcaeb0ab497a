import { CfnParameter } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';

import { DEFAULT_FUNCTION_NAME } from './account-template';
import { packTemplate } from './pack-template';
import { PlainStack, type Template } from './plain-stack';
import type { PackRemediation } from './remediation-settings';
import { remediationParameters } from './remediation-template';
import { excludedAccountsParameter, ruleParameters, where } from './template-parameters';

const PACK_NAME = 'trailseal';

/** A stack that contains only the pack of the rule. */
export function packStackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of one account and Region; deploy trailseal-account.yaml first.',
  );
  addPack(stack, packBody());
  return stack.template();
}

/** A stack with the pack of the rule and its remediation: CloudFormation completes the ARN. */
export function remediationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack with remediation; deploy trailseal-account.yaml and trailseal-remediation.yaml first.',
  );
  addPack(stack, packBody(remediationParameters(stack)));
  return stack.template();
}

/** A stack that contains only the pack of the rule, for an organization. */
export function organizationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of an organization; deploy trailseal-account.yaml everywhere first.',
  );
  addOrganizationPack(stack, packBody());
  return stack.template();
}

/** The same with remediation: AWS Config replaces the account in the ARN for each member. */
export function organizationRemediationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of an organization with remediation; deploy trailseal-account.yaml and trailseal-remediation.yaml everywhere first.',
  );
  const settings = remediationParameters(
    stack,
    "The ARN of the one KMS key for all accounts, usually in the account with the logs. It must exist in the Region of the trails' buckets, and its policy must admit CloudTrail for the trails of every other account.",
  );
  // A delegated administrator can deploy as well. AWS documents that the management account is
  // replaced, so the account of the stack would be wrong.
  const account = new CfnParameter(stack, 'ManagementAccount', {
    description:
      "The organization's management account, even if a delegated administrator deploys. Config replaces it with each member account in the ARN of the runbook's role.",
    allowedPattern: '^[0-9]{12}$',
  });
  addOrganizationPack(stack, packBody({ ...settings, account: account.valueAsString }));
  return stack.template();
}

function packBody(remediation?: PackRemediation): string {
  const settings = { functionName: DEFAULT_FUNCTION_NAME, takesParameters: true };
  return packTemplate(
    remediation === undefined ? settings : { ...settings, remediation },
    'templates',
  ).body;
}

/** The stack has and passes on every parameter of the rule. */
function inputParameters(stack: PlainStack) {
  return Object.values(ruleParameters(stack)).map((parameter) => ({
    parameterName: parameter.node.id,
    parameterValue: parameter.valueAsString,
  }));
}

function addPack(stack: PlainStack, templateBody: string): void {
  new config.CfnConformancePack(stack, 'Pack', {
    conformancePackName: PACK_NAME,
    conformancePackInputParameters: inputParameters(stack),
    templateBody,
  });
}

function addOrganizationPack(stack: PlainStack, templateBody: string): void {
  const { list, some } = excludedAccountsParameter(stack);
  const pack = new config.CfnOrganizationConformancePack(stack, 'Pack', {
    organizationConformancePackName: PACK_NAME,
    conformancePackInputParameters: inputParameters(stack),
    templateBody,
  });
  pack.addPropertyOverride('ExcludedAccounts', where(some, list));
}
