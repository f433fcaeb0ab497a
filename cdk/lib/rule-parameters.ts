import { Token } from 'aws-cdk-lib';

import schema from '../schema/rule-parameters.schema.json';

import * as limits from './limits';
import type { PropFaults } from './prop-faults';
import type { RuleParameterName, RuleParameters } from './rule-parameters.generated';

/** Characters of an invalid value that a message repeats. */
const QUOTED_CHARS_MAX = 80;

/** An entry of a list of ARNs, with the last day of an exemption if it has one. */
const ARN_ENTRY = /^arn:[\x21-\x7e]+?(@(?<day>[0-9-]{10}))?$/;

/** One parameter as the schema describes it. */
export interface ParameterSchema {
  /** Its purpose. */
  readonly description: string;
  /** The values, if it has a fixed set. */
  readonly enum?: readonly string[];
  /** The pattern of any other value. */
  readonly pattern?: string;
  /** A description of the permitted values. */
  readonly 'x-expected'?: string;
  /** The checks that it is about: it has no effect if all of them are skipped. */
  readonly 'x-checks'?: readonly string[];
  /** The meaning of an empty value. */
  readonly default?: string;
}

/** The parameters of the rule, by name: generated from the function's own code. */
export const PARAMETER_SCHEMAS: Readonly<Record<string, ParameterSchema>> = schema.properties;

/** The names of the parameters, in the order of the function's messages. */
export const PARAMETER_NAMES: readonly RuleParameterName[] = [
  'profile',
  'allowedKmsKeyArns',
  'allowedKeyAccounts',
  'skipChecks',
  'requireKeyRotation',
  'maxRotationPeriodDays',
  'checkKeyPolicy',
  'checkDelivery',
  'keyAccountRoleName',
  'unverified',
  'noTrails',
  'replicas',
  'exemptTrails',
  'exemptionsFrom',
  'exemptionTag',
  'executionRoleName',
];

/**
 * The faults of parameters, in the function's own words.
 *
 * An empty value means the default. A value that is known only at deployment is not checked.
 */
export function parameterFaults(parameters: RuleParameters): string[] {
  // The function reads parameters in alphabetical order, and reports faults in this order.
  const given = Object.entries(parameters as Record<string, unknown>).sort(([one], [other]) =>
    one < other ? -1 : 1,
  );
  const faults = given.flatMap(([name, value]) => faultsOf(name, value));
  faults.push(...withoutEffect(parameters));
  const length = JSON.stringify(parameters).length;
  if (
    !given.some(([, value]) => Token.isUnresolved(value)) &&
    length > limits.RULE_PARAMETERS_CHARS_MAX
  ) {
    faults.push(
      `\`ruleParameters\` has ${length.toString()} characters as JSON; ` +
        `Config takes ${limits.RULE_PARAMETERS_CHARS_MAX.toString()}`,
    );
  }
  return faults;
}

/** The parameters with a value, in the order of the documentation. */
export function withoutEmpty(parameters: RuleParameters): Record<string, string> {
  const named = parameters as Record<string, string | undefined>;
  return Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => {
      const value = named[name];
      return value === undefined || value.trim() === '' ? [] : [[name, value]];
    }),
  );
}

function faultsOf(name: string, value: unknown): string[] {
  const field = `\`ruleParameters.${name}\``;
  const spec = Object.hasOwn(PARAMETER_SCHEMAS, name) ? PARAMETER_SCHEMAS[name] : undefined;
  if (spec === undefined) {
    return [`${field} is not a parameter of this rule; it has ${PARAMETER_NAMES.join(', ')}`];
  }
  if (value === undefined || value === null || Token.isUnresolved(value)) {
    return [];
  }
  if (typeof value !== 'string') {
    return [`${field} is ${kind(value)}; expected text`];
  }
  const refused = refusedEntries(spec, value.trim());
  return refused.map((entry) => `${field} is \`${quote(entry)}\`; expected ${expected(spec)}`);
}

/** The kind of a JSON value that is not text, in the function's words. */
function kind(value: unknown): string {
  if (Array.isArray(value)) {
    return 'a list';
  }
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** The invalid entries of a list. A value that is not a list counts as its only entry. */
function refusedEntries(spec: ParameterSchema, text: string): string[] {
  if (text === '' || fits(spec, text)) {
    return [];
  }
  // The pattern of a list repeats its entry after a comma.
  if (spec.pattern?.includes('(,') !== true) {
    return [text];
  }
  const entries = entriesOf(text);
  return entries.length === 0 ? [text] : entries.filter((entry) => !fits(spec, entry));
}

/** The value on one line, cut if it is long, as in the function's messages. */
function quote(value: string): string {
  const characters = Array.from(value).map((character) =>
    /\p{Cc}/u.test(character) ? ' ' : character,
  );
  const cut = characters.length > QUOTED_CHARS_MAX ? '...' : '';
  return characters.slice(0, QUOTED_CHARS_MAX).join('') + cut;
}

function fits(spec: ParameterSchema, text: string): boolean {
  if (spec.enum !== undefined && !spec.enum.includes(text)) {
    return false;
  }
  if (spec.pattern === undefined) {
    return true;
  }
  const ofArns = spec.pattern.includes('arn:');
  return new RegExp(spec.pattern, 'u').test(text) && (!ofArns || entriesOf(text).every(isArn));
}

/** Checks that the pattern of an ARN cannot express: printable text, and a valid last day. */
function isArn(entry: string): boolean {
  const found = ARN_ENTRY.exec(entry);
  const day = found?.groups?.['day'];
  if (found === null || day === undefined) {
    return found !== null;
  }
  const midnight = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day);
}

function entriesOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

function expected(spec: ParameterSchema): string {
  if (spec['x-expected'] !== undefined) {
    return spec['x-expected'];
  }
  const words = spec.enum?.map((word) => `\`${word}\``).join(', ');
  return words === undefined ? `of the form \`${spec.pattern ?? ''}\`` : `one of ${words}`;
}

/** The role that the parameters name for key policies in other accounts. */
export function keyAccountRole(parameters: RuleParameters | undefined): string | undefined {
  const named = (parameters?.keyAccountRoleName ?? '').trim();
  return named === '' ? undefined : named;
}

/** Checks the organization in which the role of a key's account is assumed. */
export function noteKeyAccountRole(
  props: { readonly parameters?: RuleParameters; readonly organizationId?: string },
  faults: PropFaults,
): void {
  if (keyAccountRole(props.parameters) !== undefined && props.organizationId === undefined) {
    faults.other(
      'parameters.keyAccountRoleName',
      'needs `organizationId`: roles are assumed within the organization only',
    );
  }
  faults.form(
    'organizationId',
    props.organizationId,
    limits.ORGANIZATION_ID,
    'the id of an organization',
  );
}

/** Rejects the parameter for central functions, which assume a role in the account of a trail. */
export function noteNoExecutionRole(
  parameters: RuleParameters | undefined,
  instead: string,
  faults: PropFaults,
): void {
  if ((parameters?.executionRoleName ?? '').trim() !== '') {
    faults.other('parameters.executionRoleName', `is not for ${instead}`);
  }
}

/** Settings without an effect: the function rejects them as well. */
function withoutEffect(parameters: RuleParameters): string[] {
  return [...askingForSkipped(parameters), ...periodWithoutRotation(parameters)];
}

/** Settings that require a skipped check. */
function askingForSkipped(parameters: RuleParameters): string[] {
  const given = parameters as Record<string, unknown>;
  const valid = (name: string): string => {
    const [value, spec] = [given[name], PARAMETER_SCHEMAS[name]];
    if (typeof value !== 'string' || Token.isUnresolved(value) || spec === undefined) {
      return '';
    }
    return refusedEntries(spec, value.trim()).length === 0 ? value.trim() : '';
  };
  const skipped = entriesOf(valid('skipChecks'));
  return PARAMETER_NAMES.flatMap((name) => {
    const checks = PARAMETER_SCHEMAS[name]?.['x-checks'] ?? [];
    const asks = checks.length > 0 && !['', 'false'].includes(valid(name));
    if (!asks || !checks.every((check) => skipped.includes(check))) {
      return [];
    }
    const names = checks.map((check) => `\`${check}\``).join(', ');
    return [`\`ruleParameters.${name}\` has no effect; \`skipChecks\` names ${names}`];
  });
}

/** A maximum rotation period although rotation is not checked. */
function periodWithoutRotation(parameters: RuleParameters): string[] {
  const values = [
    parameters.maxRotationPeriodDays,
    parameters.profile,
    parameters.requireKeyRotation,
  ];
  if (values.some((value) => Token.isUnresolved(value))) {
    return [];
  }
  const [period, profile, rotation] = values.map((value: unknown) =>
    typeof value === 'string' ? value.trim() : '',
  );
  const spec = PARAMETER_SCHEMAS['maxRotationPeriodDays'];
  const given = period !== undefined && period !== '' && spec !== undefined && fits(spec, period);
  if (!given || profile === 'strict' || rotation === 'true') {
    return [];
  }
  return [
    '`ruleParameters.maxRotationPeriodDays` has no effect; ' +
      'it takes `requireKeyRotation` = `true` or `profile` = `strict`',
  ];
}
