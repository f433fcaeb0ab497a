import { accountTemplate, DEFAULT_FUNCTION_NAME } from './account-template';
import { aggregatorTemplate } from './aggregator-template';
import { centralFunctionTemplate, organizationRuleTemplate } from './central-template';
import { findingsTemplate } from './findings-template';
import { hookTemplate } from './hook-template';
import { memberRoleTemplate } from './member-role-template';
import {
  organizationPackTemplate,
  organizationRemediationPackTemplate,
  packStackTemplate,
  remediationPackTemplate,
} from './pack-stack-templates';
import { packTemplate } from './pack-template';
import { rolloutAlarmTemplate } from './rollout-alarm-template';
import { remediationTemplate } from './remediation-template';
import { plainYaml } from './plain-yaml';
import type { Template } from './plain-stack';
import { codeBucketTemplate, monitoringTemplate, ticketsTemplate } from './small-templates';
import { hookStackSetTemplate, stackSetTemplate } from './stack-set-template';
import { packageVersion } from './version';

const HEADING = ['Generated from the constructs by `npm run generate`; do not edit.'];

/** Every plain template, by file path. */
export function templateFiles(): Record<string, string> {
  const plain: Record<string, Template> = {
    account: accountTemplate(packageVersion()),
    'code-bucket': codeBucketTemplate(),
    'stack-set': stackSetTemplate(),
    'member-role': memberRoleTemplate(),
    'central-function': centralFunctionTemplate(packageVersion()),
    'organization-rule': organizationRuleTemplate(),
    'conformance-pack': packStackTemplate(),
    'organization-conformance-pack': organizationPackTemplate(),
    remediation: remediationTemplate(),
    'conformance-pack-with-remediation': remediationPackTemplate(),
    'organization-conformance-pack-with-remediation': organizationRemediationPackTemplate(),
    hook: hookTemplate(packageVersion()),
    'hook-stack-set': hookStackSetTemplate(),
    aggregator: aggregatorTemplate(),
    monitoring: monitoringTemplate(),
    'rollout-alarm': rolloutAlarmTemplate(),
    findings: findingsTemplate(packageVersion()),
    'security-hub-tickets': ticketsTemplate(),
  };
  const stacks = Object.entries(plain).map(([name, template]) => [
    `templates/trailseal-${name}.yaml`,
    plainYaml(template, HEADING),
  ]);
  const packs = (['none', 'cis'] as const).map((rules) => [
    `packs/${rules === 'cis' ? 'trailseal-cis' : 'trailseal'}.yaml`,
    packTemplate({ functionName: DEFAULT_FUNCTION_NAME, rules, takesParameters: true }, 'packs')
      .body,
  ]);
  return Object.fromEntries([...stacks, ...packs]) as Record<string, string>;
}
