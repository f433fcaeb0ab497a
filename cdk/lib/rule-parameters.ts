import { Token } from 'aws-cdk-lib';

import schema from '../schema/rule-parameters.schema.json';

import { RULE_PARAMETERS_CHARS_MAX } from './limits';
import type { RuleParameterName, RuleParameters } from './rule-parameters.generated';

/** Characters of a refused value that a message repeats. */
const QUOTED_CHARS_MAX = 80;

/** One parameter as the schema describes it. */
export interface ParameterSchema {
  /** What it is for. */
  readonly description: string;
  /** The words it can be, if it is one of several words. */
  readonly enum?: readonly string[];
  /** The form that it has, if it is anything else. */
  readonly pattern?: string;
  /** What it can be, in words. */
  readonly 'x-expected'?: string;
  /** What an empty value means. */
  readonly default?: string;
}

/** The parameters that the rule knows, by name: made from the function's own code. */
export const PARAMETER_SCHEMAS: Readonly<Record<string, ParameterSchema>> = schema.properties;

/** The names of the parameters: the profile first, then by alphabet. */
export const PARAMETER_NAMES = Object.keys(PARAMETER_SCHEMAS).sort((one, other) => {
  const rank = (name: string) => (name === 'profile' ? `0${name}` : `1${name}`);
  return rank(one) < rank(other) ? -1 : 1;
}) as RuleParameterName[];

/**
 * What is wrong with parameters, in the words that the function itself uses.
 *
 * An empty value means the default. A value that only the deployment knows is left to the function.
 */
export function parameterFaults(parameters: RuleParameters): string[] {
  const given = Object.entries(parameters as Record<string, unknown>);
  const faults = given.flatMap(([name, value]) => faultsOf(name, value));
  faults.push(...withoutEffect(parameters));
  const length = JSON.stringify(parameters).length;
  if (!given.some(([, value]) => Token.isUnresolved(value)) && length > RULE_PARAMETERS_CHARS_MAX) {
    faults.push(
      `\`ruleParameters\` has ${length.toString()} characters as JSON; ` +
        `Config takes ${RULE_PARAMETERS_CHARS_MAX.toString()}`,
    );
  }
  return faults;
}

/** The parameters that have a value, in the order of the documentation. */
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
  if (value === undefined || Token.isUnresolved(value)) {
    return [];
  }
  if (typeof value !== 'string') {
    return [`${field} is a ${typeof value}; expected text`];
  }
  const refused = refusedEntries(spec, value.trim());
  return refused.map((entry) => `${field} is \`${quote(entry)}\`; expected ${expected(spec)}`);
}

/** The entries of a list that are refused; a value that is no list is its own only entry. */
function refusedEntries(spec: ParameterSchema, text: string): string[] {
  if (text === '' || fits(spec, text)) {
    return [];
  }
  // The form of a list repeats its entry behind a comma.
  if (spec.pattern?.includes('(,') !== true) {
    return [text];
  }
  const entries = text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.length === 0 ? [text] : entries.filter((entry) => !fits(spec, entry));
}

/** The value in one line, cut where it grows long, as the function repeats it. */
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
  return spec.pattern === undefined || new RegExp(spec.pattern, 'u').test(text);
}

function expected(spec: ParameterSchema): string {
  if (spec['x-expected'] !== undefined) {
    return spec['x-expected'];
  }
  const words = spec.enum?.map((word) => `\`${word}\``).join(', ');
  return words === undefined ? `of the form \`${spec.pattern ?? ''}\`` : `one of ${words}`;
}

/** A longest rotation period where rotation is not checked: the function refuses it as well. */
function withoutEffect(parameters: RuleParameters): string[] {
  const { maxRotationPeriodDays, profile, requireKeyRotation } = parameters;
  const open = [maxRotationPeriodDays, profile, requireKeyRotation].some((value) =>
    Token.isUnresolved(value),
  );
  const checked = profile === 'strict' || requireKeyRotation === 'true';
  if (
    open ||
    checked ||
    maxRotationPeriodDays === undefined ||
    maxRotationPeriodDays.trim() === ''
  ) {
    return [];
  }
  return [
    '`ruleParameters.maxRotationPeriodDays` has no effect; ' +
      'it takes `requireKeyRotation` = `true` or `profile` = `strict`',
  ];
}
