import type { App } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';

import { prebuiltCode, type RuleParameters, type RuleSettings, type Schedule } from '../lib';
import type {
  FunctionNetwork,
  TrailsealFunctionProps,
  TrailsealHookProps,
  TrailsealRemediationProps,
} from '../lib';
import { FAILURE_MODES } from '../lib/hook';

/** The names that an app has read. */
const READ = new WeakMap<App, Set<string>>();

/** The names of CDK itself contain a colon, a slash or an at sign, except these. */
const OF_CDK = ['acknowledged-issue-numbers', 'cli-telemetry'];

function read(app: App, name: string): unknown {
  const names = READ.get(app) ?? new Set();
  READ.set(app, names.add(name));
  return app.node.tryGetContext(name);
}

/** Rejects names that the app has not read: a misspelled setting would have no effect. */
export function refuseUnreadContext(app: App): void {
  const names = [...(READ.get(app) ?? [])];
  const given = Object.keys(app.node.getAllContext() as Record<string, unknown>);
  const unread = given.filter(
    (name) => !/[:/@]/.test(name) && !OF_CDK.includes(name) && !names.includes(name),
  );
  if (unread.length === 0) {
    return;
  }
  const faults = unread.map((name) => {
    const near = nearest(name, names);
    const hint = near === undefined ? '' : `; did you mean \`${near}\`?`;
    return `the context \`${name}\` has no effect here${hint}`;
  });
  throw new Error(`${faults.join('\n')}\nthis app reads ${names.sort().join(', ')}`);
}

/** The most similar of these names, if one is similar. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const measured = names.map((known) => ({
    known,
    changes: distance(name.toLowerCase(), known.toLowerCase()),
  }));
  const [best] = measured.sort((one, other) => one.changes - other.changes);
  const most = Math.min(4, Math.floor(name.length / 2));
  return best !== undefined && best.changes <= most ? best.known : undefined;
}

/** The number of characters to insert, remove or replace (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  Array.from(one).forEach((character, index) => {
    const next = [index + 1];
    row.slice(1).forEach((above, column) => {
      const same = character === other.charAt(column) ? 0 : 1;
      next.push(Math.min(above + 1, (next[column] ?? 0) + 1, (row[column] ?? 0) + same));
    });
    row = next;
  });
  return row[other.length] ?? 0;
}

/**
 * A value from the context: text with `-c name=value`, and in `cdk.json` also a number or a
 * boolean, which have the meaning of their text.
 */
export function textContext(app: App, name: string): string | undefined {
  const value: unknown = read(app, name);
  if (value === undefined || value === null || value === '') {
    return undefined;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return String(value);
  }
  throw new Error(`the context \`${name}\` is \`${JSON.stringify(value)}\`; expected one value`);
}

/** A required value from the context. */
export function neededContext(app: App, name: string): string {
  const value = textContext(app, name);
  if (value === undefined) {
    throw lacking(name);
  }
  return value;
}

function lacking(name: string): Error {
  return new Error(`the context lacks \`${name}\`; give it with \`-c ${name}=VALUE\``);
}

/** A list from the context: text with commas, and in `cdk.json` also a JSON list. */
export function listContext(app: App, name: string): string[] {
  const value: unknown = read(app, name);
  const entries: unknown[] = Array.isArray(value)
    ? value
    : (textContext(app, name) ?? '').split(',');
  const wrong = entries.find((entry) => !['string', 'number'].includes(typeof entry));
  if (wrong !== undefined) {
    throw new Error(
      `the context \`${name}\` contains \`${JSON.stringify(wrong)}\`; expected a list of texts`,
    );
  }
  return entries.map((entry) => String(entry).trim()).filter((entry) => entry !== '');
}

/** A required list from the context. */
export function neededListContext(app: App, name: string): string[] {
  const entries = listContext(app, name);
  if (entries.length === 0) {
    throw lacking(name);
  }
  return entries;
}

/** A value from the context that must be one of these words. */
export function wordContext<Word extends string>(
  app: App,
  name: string,
  words: readonly Word[],
): Word | undefined {
  const value = textContext(app, name);
  const found = words.find((word) => word === value);
  if (value !== undefined && found === undefined) {
    throw new Error(`the context \`${name}\` is \`${value}\`; expected one of ${words.join(', ')}`);
  }
  return found;
}

/** Whether a value from the context is `true`. */
export function switchContext(app: App, name: string): boolean {
  return wordContext(app, name, ['true', 'false']) === 'true';
}

/** The processor architecture of the prebuilt code. */
export function architectureContext(app: App): lambda.Architecture {
  const word = wordContext(app, 'architecture', ['arm64', 'x86_64']);
  return word === 'x86_64' ? lambda.Architecture.X86_64 : lambda.Architecture.ARM_64;
}

/** The reserved concurrency: a number, or `none`. */
export function concurrencyContext(app: App): { reservedConcurrency?: number | 'none' } {
  const value = textContext(app, 'reservedConcurrency');
  if (value === undefined) {
    return {};
  }
  return { reservedConcurrency: value === 'none' ? value : Number(value) };
}

/** A number from the context; what is not a number is refused by the construct. */
export function numberContext(app: App, name: string): number | undefined {
  const value = textContext(app, name);
  return value === undefined ? undefined : Number(value);
}

/** The path and the permissions boundary of roles. */
export function roleContext(app: App): { rolePath?: string; permissionsBoundaryName?: string } {
  const rolePath = textContext(app, 'rolePath');
  return { ...boundaryContext(app), ...(rolePath === undefined ? {} : { rolePath }) };
}

/** The permissions boundary of roles. */
export function boundaryContext(app: App): { permissionsBoundaryName?: string } {
  const permissionsBoundaryName = textContext(app, 'permissionsBoundaryName');
  return permissionsBoundaryName === undefined ? {} : { permissionsBoundaryName };
}

/** What belongs to one account and Region: the VPC and the code signing of the function. */
export function placeContext(app: App): {
  network?: FunctionNetwork;
  codeSigningConfigArn?: string;
} {
  const subnetIds = listContext(app, 'subnetIds');
  const securityGroupIds = listContext(app, 'securityGroupIds');
  const codeSigningConfigArn = textContext(app, 'codeSigningConfigArn');
  const isInVpc = subnetIds.length + securityGroupIds.length > 0;
  return {
    ...(isInVpc ? { network: { subnetIds, securityGroupIds } } : {}),
    ...(codeSigningConfigArn === undefined ? {} : { codeSigningConfigArn }),
  };
}

/** The function's settings. */
export function functionContext(app: App): TrailsealFunctionProps {
  const architecture = architectureContext(app);
  const organizationId = textContext(app, 'organizationId');
  const named: unknown = parametersContext(app).keyAccountRoleName;
  const keyAccountRoleName = typeof named === 'string' ? named.trim() : '';
  const document: unknown = parametersContext(app).exemptionsFrom;
  const exemptionsFrom = typeof document === 'string' ? document.trim() : '';
  return {
    architecture,
    code: prebuiltCode(architecture, textContext(app, 'assets')),
    tracing: switchContext(app, 'tracing'),
    metrics: switchContext(app, 'metrics'),
    ...concurrencyContext(app),
    ...(organizationId === undefined ? {} : { organizationId }),
    // The function must be allowed to assume the role that the rule names.
    ...(keyAccountRoleName === '' ? {} : { keyAccountRoleName }),
    ...(exemptionsFrom === '' ? {} : { exemptionsFrom }),
  };
}

/** The remediation, if the context names a key for it. */
export function remediationContext(app: App): {
  remediation?: Omit<TrailsealRemediationProps, 'rule' | 'parameters'>;
} {
  const keyArn = textContext(app, 'remediationKey');
  if (keyArn === undefined) {
    return {};
  }
  const dryRun = wordContext(app, 'remediationDryRun', ['true', 'false']) !== 'false';
  const architecture = architectureContext(app);
  const directory = textContext(app, 'assets');
  return {
    remediation: {
      keyArn,
      dryRun,
      replaceKey: switchContext(app, 'remediationReplaceKey'),
      automatic: switchContext(app, 'remediationAutomatic'),
      architecture,
      code: prebuiltCode(architecture, { directory, program: 'remediation' }),
    },
  };
}

/** The CloudFormation hook, if the context says what happens to a trail that it refuses. */
export function hookContext(app: App): { hook?: Omit<TrailsealHookProps, 'parameters'> } {
  const failureMode = wordContext(app, 'hook', FAILURE_MODES);
  if (failureMode === undefined) {
    return {};
  }
  const architecture = architectureContext(app);
  const directory = textContext(app, 'assets');
  return {
    hook: {
      failureMode,
      architecture,
      code: prebuiltCode(architecture, { directory, program: 'hook' }),
      ...roleContext(app),
      ...placeContext(app),
    },
  };
}

/** The rule's settings; `parameters` is a JSON object of the rule's parameters. */
export function ruleContext(app: App): RuleSettings {
  const schedule = textContext(app, 'schedule') as Schedule | undefined;
  return {
    parameters: parametersContext(app),
    watchKeys: switchContext(app, 'watchKeys'),
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** On the command line the context is text; in `cdk.json` it is an object. */
function parametersContext(app: App): RuleParameters {
  const value: unknown = read(app, 'parameters') ?? {};
  const parsed: unknown = typeof value === 'string' ? parsedOrNull(value) : value;
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    const given = typeof value === 'string' ? value : JSON.stringify(value);
    throw new Error(
      `the context \`parameters\` \`${given}\` is not a JSON object of the rule's parameters`,
    );
  }
  return parsed;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
