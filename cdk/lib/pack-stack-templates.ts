import * as config from 'aws-cdk-lib/aws-config';

import { DEFAULT_FUNCTION_NAME } from './account-template';
import { packTemplate } from './pack-template';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_DOCUMENT_NAME } from './remediation-document';
import { remediationParameters } from './remediation-template';
import { excludedAccountsParameter, where } from './template-parameters';

/** A stack that holds the pack of the rule alone. */
export function packStackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of one account and Region; deploy trailseal-account.yaml first.',
  );
  const { body } = packTemplate({ functionName: DEFAULT_FUNCTION_NAME }, 'templates');
  new config.CfnConformancePack(stack, 'Pack', {
    conformancePackName: 'trailseal',
    templateBody: body,
  });
  return stack.template();
}

/** A stack that holds the pack of the rule with its remediation: CloudFormation completes the ARN. */
export function remediationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack with remediation; deploy trailseal-account.yaml and trailseal-remediation.yaml first.',
  );
  const settings = remediationParameters(stack);
  new config.CfnConformancePack(stack, 'Pack', {
    conformancePackName: 'trailseal',
    templateBody: packTemplate(
      {
        functionName: DEFAULT_FUNCTION_NAME,
        remediation: { ...settings, documentName: DEFAULT_DOCUMENT_NAME },
      },
      'templates',
    ).body,
  });
  return stack.template();
}

/** A stack that holds the pack of the rule alone, for an organization. */
export function organizationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of an organization; deploy trailseal-account.yaml everywhere first.',
  );
  const { list, some } = excludedAccountsParameter(stack);
  const { body } = packTemplate({ functionName: DEFAULT_FUNCTION_NAME }, 'templates');
  const pack = new config.CfnOrganizationConformancePack(stack, 'Pack', {
    organizationConformancePackName: 'trailseal',
    templateBody: body,
  });
  pack.addPropertyOverride('ExcludedAccounts', where(some, list));
  return stack.template();
}
