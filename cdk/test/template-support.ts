import * as fs from 'node:fs';
import * as path from 'node:path';

import { parse } from 'yaml';

import { packageDirectory } from '../lib/code';
import { statementEntries, type RoleKind } from '../lib/least-privilege';

/** Reads a template; the short forms of functions become plain text. */
export function read(name: string): Record<string, Record<string, Record<string, unknown>>> {
  const text = fs.readFileSync(path.join(packageDirectory(), 'templates', name), 'utf8');
  const tag = (name: string) => ({ tag: name, resolve: (value: string) => value });
  return parse(text, {
    customTags: [tag('!Ref'), tag('!Sub'), tag('!GetAtt')],
  }) as Record<string, Record<string, Record<string, unknown>>>;
}

/** A statement of a template, and the conditions under which it applies. */
export interface Granted {
  Sid: string;
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: object;
}
type Statement = Granted | { 'Fn::If': [string, Granted, string] };

/** The ARN of the object in a template: the parameter has `s3://` before bucket and key. */
const EXEMPTIONS_ARN = {
  'Fn::Join': [
    '',
    [
      'arn:',
      'AWS::Partition',
      ':s3:::',
      { 'Fn::Join': ['', { 'Fn::Split': ['s3://', 'ExemptionsFrom'] }] },
    ],
  ],
};

/** The statements of a policy if exactly these conditions of the template hold. */
export function granted(template: string, policy: string, holding: readonly string[]): Granted[] {
  const made = read(template)['Resources']?.[policy]?.['Properties'];
  const text = JSON.stringify(made).replace(
    JSON.stringify(EXEMPTIONS_ARN),
    '"arn:${AWS::Partition}:s3:::${ExemptionsObject}"',
  );
  const { PolicyDocument: document } = JSON.parse(text) as {
    PolicyDocument: { Statement: Statement[] };
  };
  return document.Statement.flatMap((statement) => {
    if (!('Fn::If' in statement)) {
      return [statement];
    }
    const [condition, then, otherwise] = statement['Fn::If'];
    expect(otherwise).toBe('AWS::NoValue');
    return holding.includes(condition) ? [then] : [];
  });
}

/**
 * The file's statements for a role with these settings, as a template writes them.
 *
 * @param attributes the names in the file that are ARNs of resources of the template, by resource
 */
export function wanted(
  role: RoleKind,
  settings: readonly string[],
  attributes: Readonly<Record<string, string>>,
): Granted[] {
  const entries = statementEntries(role).filter(
    (entry) => entry.when === undefined || settings.includes(entry.when),
  );
  const oneOf = (list: readonly string[]) => (list.length === 1 ? list[0] : list);
  const statements = entries.map((entry) => ({
    Sid: entry.sid,
    Effect: 'Allow',
    Action: oneOf(entry.actions),
    Resource: oneOf(entry.resources),
    Condition: entry.conditions,
  }));
  // A reference alone becomes its name; within text it keeps its braces.
  const written = (text: string) =>
    text.replace(/^\$\{([A-Za-z]+)\}$/, (_, name: string) => attributes[name] ?? name);
  return JSON.parse(JSON.stringify(statements), (_, value: unknown) =>
    typeof value === 'string' ? written(value) : value,
  ) as Granted[];
}

/** The boundary of every role that a template may bound. */
export const BOUNDARY = {
  'Fn::If': [
    'HasPermissionsBoundaryName',
    'arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/${PermissionsBoundaryName}',
    'AWS::NoValue',
  ],
};
