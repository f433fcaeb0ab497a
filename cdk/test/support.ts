import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as lambda from 'aws-cdk-lib/aws-lambda';

import { prebuiltCode } from '../lib';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const ORGANIZATION = 'o-abcde12345';
export const KEY_ARN = `arn:aws:kms:${REGION}:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`;
export const UNIT = 'ou-ab12-cdefgh34';

/** The smallest zip: the end of a directory without entries. */
const EMPTY_ZIP = Buffer.from('504b0506'.padEnd(44, '0'), 'hex');

/** A directory with the zips of every program, as the constructs expect. */
export function zipDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-'));
  for (const program of ['bootstrap', 'remediation', 'hook', 'findings']) {
    for (const architecture of ['arm64', 'x86_64']) {
      fs.writeFileSync(path.join(directory, `${program}-${architecture}.zip`), EMPTY_ZIP);
    }
  }
  return directory;
}

const ZIPS = zipDirectory();

/** Code that needs no build; each stack needs its own. */
export function someCode(): lambda.Code {
  return prebuiltCode(lambda.Architecture.ARM_64, ZIPS);
}

/** An app without metadata about the tools that synthesized it. */
export function quietApp(): App {
  return new App({ analyticsReporting: false });
}

/** A stack in its own app. */
export function newStack(): Stack {
  return new Stack(quietApp(), 'Test', { env: { account: ACCOUNT, region: REGION } });
}

/** The only resource of a type. */
export function only(stack: Stack, type: string): Record<string, unknown> {
  const found = Object.values(Template.fromStack(stack).findResources(type));
  expect(found).toHaveLength(1);
  return found[0] as Record<string, unknown>;
}

/** The properties of the only resource of a type. */
export function properties(stack: Stack, type: string): Record<string, unknown> {
  return only(stack, type)['Properties'] as Record<string, unknown>;
}

/** The statements of the only managed policy. */
export function statements(stack: Stack): Record<string, unknown>[] {
  const policy = properties(stack, 'AWS::IAM::ManagedPolicy');
  return (policy['PolicyDocument'] as { Statement: Record<string, unknown>[] }).Statement;
}
