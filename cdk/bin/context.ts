import type { App } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';

import { prebuiltCode, type RuleParameters, type RuleSettings, type Schedule } from '../lib';
import type { TrailsealFunctionProps } from '../lib';

/** A value of the context (`-c name=value`). */
export function textContext(app: App, name: string): string | undefined {
  const value: unknown = app.node.tryGetContext(name);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A value of the context that must be there. */
export function neededContext(app: App, name: string): string {
  const value = textContext(app, name);
  if (value === undefined) {
    throw new Error(`the context lacks \`${name}\`; give it with \`-c ${name}=VALUE\``);
  }
  return value;
}

/** A list of the context, separated by commas. */
export function listContext(app: App, name: string): string[] {
  const value = textContext(app, name) ?? '';
  return value
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** The function's settings. */
export function functionContext(app: App): TrailsealFunctionProps {
  const architecture =
    textContext(app, 'architecture') === 'x86_64'
      ? lambda.Architecture.X86_64
      : lambda.Architecture.ARM_64;
  const unreserved = textContext(app, 'reservedConcurrency') === 'none';
  return {
    architecture,
    code: prebuiltCode(architecture, textContext(app, 'assets')),
    tracing: textContext(app, 'tracing') === 'true',
    ...(unreserved ? { reservedConcurrency: 'none' } : {}),
  };
}

/** The rule's settings; `parameters` is a JSON object of the rule's parameters. */
export function ruleContext(app: App): RuleSettings {
  const schedule = textContext(app, 'schedule') as Schedule | undefined;
  return {
    parameters: parametersContext(app),
    watchKeys: textContext(app, 'watchKeys') === 'true',
    ...(schedule === undefined ? {} : { schedule }),
  };
}

/** From the command line the context is a text, from `cdk.json` it is an object already. */
function parametersContext(app: App): RuleParameters {
  const value: unknown = app.node.tryGetContext('parameters') ?? {};
  if (typeof value !== 'string') {
    return value as RuleParameters;
  }
  try {
    return JSON.parse(value) as RuleParameters;
  } catch {
    throw new Error(
      `the context \`parameters\` \`${value}\` is not a JSON object of the rule's parameters`,
    );
  }
}
