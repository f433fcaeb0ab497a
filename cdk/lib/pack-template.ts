import { parse } from 'yaml';

import { CIS_RULES, type ManagedRule } from './cis-rules';
import * as limits from './limits';
import { longYaml } from './plain-yaml';
import { PropFaults } from './prop-faults';
import { DEFAULT_DOCUMENT_NAME } from './remediation-document';
import {
  notePackRemediation,
  packRoleArn,
  remediationProperties,
  type PackRemediation,
} from './remediation-settings';
import {
  DEFAULT_RULE_NAME,
  DEFAULT_SCHEDULE,
  RULE_DESCRIPTION,
  noteRuleName,
  noteSettings,
  resourceTypes,
  sourceDetails,
  type RuleSettings,
} from './rule';
import { PARAMETER_NAMES, PARAMETER_SCHEMAS, withoutEmpty } from './rule-parameters';
import { templateParameterName } from './template-parameters';

/** The AWS managed rule for the same control, which only checks that a key id is present. */
const REPLACED_IDENTIFIER = 'CLOUD_TRAIL_ENCRYPTION_ENABLED';

/** The settings of a conformance pack. */
export interface PackSettings extends RuleSettings {
  /** The name of the function, which must be deployed in every account and Region of the pack. */
  readonly functionName: string;
  /** The rule's name, at most 35 characters: AWS adds a suffix to it. @default trailseal */
  readonly ruleName?: string;
  /**
   * The other rules: none, the automated rules of the CIS AWS Foundations Benchmark, or the text of
   * a pack in which our rule replaces `cloud-trail-encryption-enabled`.
   * @default none
   */
  readonly rules?: 'none' | 'cis' | { readonly pack: string };
  /**
   * Offers the runbook of TrailsealRemediation for the findings of our rule; first deploy it to
   * every account and Region of the pack. @default no remediation
   */
  readonly remediation?: PackRemediation;
  /**
   * Whether the rule's parameters are parameters of the pack, for a pack whose text is kept.
   * @default false: `parameters` are written into the pack
   */
  readonly takesParameters?: boolean;
  /** The location of a template too large for the call, `s3://bucket/key`. @default in the call */
  readonly templateS3Uri?: string;
}

/** A pack's template: its text, and the names of its input parameters. */
export interface PackTemplate {
  /** The YAML. */
  readonly body: string;
  /** The names of its parameters. */
  readonly parameters: readonly string[];
}

/** A resource of a pack. */
interface PackResource {
  Type: string;
  DependsOn?: string;
  Properties: { Source?: Record<string, unknown> } & Record<string, unknown>;
}

interface Pack {
  Parameters?: Record<string, unknown>;
  Conditions?: Record<string, unknown>;
  Resources: Record<string, PackResource>;
  [section: string]: unknown;
}

/**
 * The template of a conformance pack. It contains only rules, since a pack cannot contain a
 * function, and refers to the function in the account and Region of the pack.
 *
 * @param owner the construct to name in error messages
 */
export function packTemplate(settings: PackSettings, owner: string): PackTemplate {
  const faults = new PropFaults(owner);
  noteRuleName(settings.ruleName, limits.DEPLOYED_RULE_NAME_CHARS_MAX, faults);
  noteSettings(settings, faults);
  faults.form(
    'functionName',
    settings.functionName,
    limits.FUNCTION_NAME,
    'the name of a function',
  );
  faults.length('functionName', settings.functionName, limits.FUNCTION_NAME_CHARS_MAX);
  if (settings.remediation !== undefined) {
    notePackRemediation(settings.remediation, settings.templateS3Uri !== undefined, faults);
  }
  const pack = packWith(settings, faults);
  const body = longYaml(pack, heading(settings));
  noteBody(settings, body, faults);
  noteLimits(pack, faults);
  faults.refuse();
  return { body, parameters: Object.keys(pack.Parameters ?? {}) };
}

function heading(settings: PackSettings): string[] {
  const needed = settings.remediation === undefined ? '' : ' and the runbook of the remediation';
  return [
    'Conformance pack with the Trailseal rule.',
    `The function \`${settings.functionName}\`${needed} must be deployed to the same account and Region first.`,
  ];
}

function packWith(settings: PackSettings, faults: PropFaults): Pack {
  const ours = { Trailseal: ourRule(settings), ...ourRemediation(settings) };
  const rules = settings.rules ?? 'none';
  const taken = settings.takesParameters === true ? takenParameters() : {};
  if (rules === 'none') {
    return { ...taken, Resources: ours };
  }
  if (rules === 'cis') {
    const managed = Object.entries(CIS_RULES).map(([name, rule]) => [
      logicalId(name),
      managedRule(name, rule),
    ]);
    return {
      ...taken,
      Resources: { ...ours, ...(Object.fromEntries(managed) as Pack['Resources']) },
    };
  }
  if (settings.takesParameters === true) {
    faults.other('takesParameters', 'is not for the text of a pack, which has its own parameters');
  }
  return withReplaced(rules.pack, ours, faults);
}

/** The pack with our rule in place of the AWS managed rule. */
function withReplaced(text: string, ours: Pack['Resources'], faults: PropFaults): Pack {
  const pack = parsePack(text);
  if (pack === undefined) {
    faults.other('rules.pack', 'is not the text of a conformance pack; it has no `Resources`');
    return { Resources: {} };
  }
  const replaced = Object.entries(pack.Resources).filter(
    ([, resource]) => resource.Properties.Source?.['SourceIdentifier'] === REPLACED_IDENTIFIER,
  );
  if (replaced.length !== 1) {
    faults.other(
      'rules.pack',
      `has ${replaced.length.toString()} rules with the identifier ${REPLACED_IDENTIFIER}; expected one to replace`,
    );
  }
  const resources = Object.entries(pack.Resources).flatMap(([id, resource]) =>
    replaced.some(([old]) => old === id) ? Object.entries(ours) : [[id, resource]],
  );
  return { ...pack, Resources: Object.fromEntries(resources) as Pack['Resources'] };
}

function parsePack(text: string): Pack | undefined {
  try {
    const parsed: unknown = parse(text);
    const resources = (parsed as Partial<Pack> | null)?.Resources;
    const isPack =
      typeof resources === 'object' &&
      Object.values(resources).every((resource) => typeof resource.Properties === 'object');
    return isPack ? (parsed as Pack) : undefined;
  } catch {
    return undefined;
  }
}

/** The names of the rule's parameters in a pack: all but the one for central functions. */
const TAKEN = PARAMETER_NAMES.filter((name) => name !== 'executionRoleName');

/** The rule's parameters as parameters of a pack, in the form of AWS's sample packs. */
function takenParameters(): Pick<Pack, 'Parameters' | 'Conditions'> {
  const names = TAKEN.map((name) => [name, templateParameterName(name)] as const);
  return {
    Parameters: Object.fromEntries(
      names.map(([name, id]) => [
        id,
        { Default: PARAMETER_SCHEMAS[name]?.default ?? '', Type: 'String' },
      ]),
    ),
    Conditions: Object.fromEntries(
      names.map(([, id]) => [`Has${id}`, { 'Fn::Not': [{ 'Fn::Equals': ['', { Ref: id }] }] }]),
    ),
  };
}

/** References to the parameters of the pack; empty ones are not passed. */
function references(): Record<string, object> {
  return Object.fromEntries(
    TAKEN.map((name) => {
      const id = templateParameterName(name);
      return [name, { 'Fn::If': [`Has${id}`, { Ref: id }, { Ref: 'AWS::NoValue' }] }];
    }),
  );
}

function ourRule(settings: PackSettings): PackResource {
  const parameters =
    settings.takesParameters === true ? references() : withoutEmpty(settings.parameters ?? {});
  const details = sourceDetails(settings.schedule ?? DEFAULT_SCHEDULE);
  return {
    Type: 'AWS::Config::ConfigRule',
    Properties: {
      ConfigRuleName: settings.ruleName ?? DEFAULT_RULE_NAME,
      Description: RULE_DESCRIPTION,
      ...(Object.keys(parameters).length === 0 ? {} : { InputParameters: parameters }),
      Scope: { ComplianceResourceTypes: resourceTypes(settings) },
      Source: {
        Owner: 'CUSTOM_LAMBDA',
        SourceIdentifier: {
          'Fn::Sub': `arn:\${AWS::Partition}:lambda:\${AWS::Region}:\${AWS::AccountId}:function:${settings.functionName}`,
        },
        SourceDetails: details.map((detail) => ({
          EventSource: detail.eventSource,
          MessageType: detail.messageType,
          ...(detail.maximumExecutionFrequency === undefined
            ? {}
            : { MaximumExecutionFrequency: detail.maximumExecutionFrequency }),
        })),
      },
    },
  };
}

/** The remediation configuration of the rule; AWS Config creates it after the rule. */
function ourRemediation(settings: PackSettings): Pack['Resources'] {
  if (settings.remediation === undefined) {
    return {};
  }
  const names = {
    rule: settings.ruleName ?? DEFAULT_RULE_NAME,
    document: settings.remediation.documentName ?? DEFAULT_DOCUMENT_NAME,
    roleArn: packRoleArn(settings.remediation),
  };
  return {
    TrailsealRemediation: {
      Type: 'AWS::Config::RemediationConfiguration',
      DependsOn: 'Trailseal',
      Properties: remediationProperties(settings.remediation, names),
    },
  };
}

function managedRule(name: string, rule: ManagedRule): PackResource {
  return {
    Type: 'AWS::Config::ConfigRule',
    Properties: {
      ConfigRuleName: name,
      ...(rule.parameters === undefined ? {} : { InputParameters: rule.parameters }),
      ...(rule.types === undefined ? {} : { Scope: { ComplianceResourceTypes: rule.types } }),
      Source: { Owner: 'AWS', SourceIdentifier: rule.identifier },
    },
  };
}

function logicalId(name: string): string {
  return name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

function noteBody(settings: PackSettings, body: string, faults: PropFaults): void {
  const bytes = Buffer.byteLength(body, 'utf8');
  const inCall = settings.templateS3Uri === undefined;
  const most = inCall ? limits.PACK_BODY_BYTES_MAX : limits.PACK_OBJECT_BYTES_MAX;
  if (bytes > most) {
    const takes = `make a template of ${bytes.toString()} bytes; Config takes ${most.toString()}`;
    faults.other(
      'rules',
      inCall
        ? `${takes} in the call: write it to a bucket and set \`templateS3Uri\``
        : `${takes} from a bucket`,
    );
  }
}

function noteLimits(pack: Pack, faults: PropFaults): void {
  const resources = Object.values(pack.Resources);
  const rules = resources.filter((resource) => resource.Type === 'AWS::Config::ConfigRule').length;
  if (rules > limits.PACK_RULES_MAX) {
    faults.other(
      'rules',
      `are ${rules.toString()}; a pack holds ${limits.PACK_RULES_MAX.toString()}`,
    );
  }
  const allowed = ['AWS::Config::ConfigRule', 'AWS::Config::RemediationConfiguration'];
  for (const type of new Set(resources.map((resource) => resource.Type))) {
    if (!allowed.includes(type)) {
      faults.other(
        'rules.pack',
        `has a resource of type \`${type}\`; a pack holds rules and remediation only`,
      );
    }
  }
  const parameters = Object.keys(pack.Parameters ?? {}).length;
  if (parameters > limits.PACK_PARAMETERS_MAX) {
    faults.other(
      'rules.pack',
      `has ${parameters.toString()} parameters; CloudFormation takes ${limits.PACK_PARAMETERS_MAX.toString()}`,
    );
  }
}
