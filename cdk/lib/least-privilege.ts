import { Aws, Fn, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';

import leastPrivilege from '../iam/least-privilege.json';

/** A role that the file describes. */
export type RoleKind = keyof typeof leastPrivilege.roles;

/** A statement of the file. */
export interface StatementEntry {
  /** Its id. */
  readonly sid: string;
  /** What it allows. */
  readonly actions: readonly string[];
  /** The resources; names in `${}` are replaced. */
  readonly resources: readonly string[];
  /** Why it is needed. */
  readonly why: string;
  /** The setting without which the statement is omitted. */
  readonly when?: string;
  /** The conditions under which it applies. */
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The values of the names in the file; without a setting, its statements are omitted. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** The settings of the document with exemptions: its name `s3://BUCKET/KEY`, and what an ARN has. */
export function exemptionsSettings(exemptionsFrom: string | undefined): Settings {
  if (exemptionsFrom === undefined || exemptionsFrom.trim() === '') {
    return {};
  }
  // Of an empty template parameter, this is empty too.
  const object = Token.isUnresolved(exemptionsFrom)
    ? Fn.join('', Fn.split('s3://', exemptionsFrom))
    : exemptionsFrom.trim().slice('s3://'.length);
  return { exemptionsFrom, ExemptionsObject: object };
}

/** The statements of a role, as in the file. */
export function statementEntries(kind: RoleKind): readonly StatementEntry[] {
  return leastPrivilege.roles[kind].statements;
}

/** The statements of a role for these settings, with exactly the actions of the file. */
export function policyStatements(kind: RoleKind, settings: Settings): iam.PolicyStatement[] {
  return applicable(kind, settings).map(
    (entry) =>
      new iam.PolicyStatement({
        sid: entry.sid,
        actions: [...entry.actions],
        resources: entry.resources.map((resource) => fill(resource, settings)),
        conditions: fillConditions(entry, settings),
      }),
  );
}

/** Why a role's policy names resources with a wildcard, by resource as cdk-nag writes it. */
export function wildcardReasons(kind: RoleKind, settings: Settings): Record<string, string> {
  const names = Object.keys(PSEUDO_PARAMETERS).map((name) => [name, `<${name}>`] as const);
  const written: Settings = { ...settings, ...Object.fromEntries(names) };
  const reasons: Record<string, string> = {};
  for (const entry of applicable(kind, settings)) {
    for (const resource of entry.resources.filter((text) => text.includes('*'))) {
      const text = fill(resource, written);
      if (Token.isUnresolved(text)) {
        continue; // A name that only the deployment knows can be the key of nothing.
      }
      reasons[text] = [reasons[text], entry.why].filter((why) => why !== undefined).join(' ');
    }
  }
  return reasons;
}

function applicable(kind: RoleKind, settings: Settings): StatementEntry[] {
  return statementEntries(kind).filter(
    (entry) => entry.when === undefined || settings[entry.when] !== undefined,
  );
}

const PSEUDO_PARAMETERS: Settings = {
  'AWS::Partition': Aws.PARTITION,
  'AWS::Region': Aws.REGION,
  'AWS::AccountId': Aws.ACCOUNT_ID,
};

function fillConditions(
  entry: StatementEntry,
  settings: Settings,
): Record<string, Record<string, string>> {
  const conditions = Object.entries(entry.conditions ?? {}).map(([operator, keys]) => {
    const filled = Object.entries(keys).map(([key, value]) => [key, fill(value, settings)]);
    return [operator, Object.fromEntries(filled) as Record<string, string>];
  });
  return Object.fromEntries(conditions) as Record<string, Record<string, string>>;
}

function fill(text: string, settings: Settings): string {
  return text.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = settings[name] ?? PSEUDO_PARAMETERS[name];
    if (value === undefined) {
      throw new Error(`iam/least-privilege.json: \`\${${name}}\` has no value here`);
    }
    return value;
  });
}
