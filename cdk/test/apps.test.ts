import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { packageDirectory } from '../lib/code';
import { ACCOUNT, ORGANIZATION, REGION, UNIT, zipDirectory } from './support';

interface Run {
  readonly failed: boolean;
  readonly output: string;
  readonly templates: Record<string, { Resources: Record<string, { Type: string }> }>;
}

/** Runs an app as the command line of CDK does, with a context. */
function run(app: string, context: Record<string, string>): Run {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-app-'));
  try {
    const output = execFileSync('node_modules/.bin/tsx', [`bin/${app}.ts`], {
      cwd: packageDirectory(),
      env: {
        ...process.env,
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify({ ...context, 'aws:cdk:enable-path-metadata': false }),
      },
      encoding: 'utf8',
      stdio: 'pipe',
    });
    return { failed: false, output, templates: templatesOf(outdir) };
  } catch (error) {
    return { failed: true, output: (error as { stderr: string }).stderr, templates: {} };
  }
}

function templatesOf(outdir: string): Run['templates'] {
  const files = fs.readdirSync(outdir).filter((name) => name.endsWith('.template.json'));
  return Object.fromEntries(
    files.map((name) => [
      name.replace('.template.json', ''),
      JSON.parse(fs.readFileSync(path.join(outdir, name), 'utf8')) as Run['templates'][string],
    ]),
  );
}

function types(made: Run, stack: string): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { Type: type } of Object.values(made.templates[stack]?.Resources ?? {})) {
    counted[type] = (counted[type] ?? 0) + 1;
  }
  return counted;
}

const assets = zipDirectory();
const organization = {
  assets,
  account: ACCOUNT,
  organizationId: ORGANIZATION,
  organizationalUnitIds: UNIT,
  regions: `${REGION},us-east-1`,
  bucketPrefix: 'code',
};

describe('single-account', () => {
  test('a) function and rule, with nothing asked for', () => {
    const made = run('single-account', { assets });
    expect(made.output).toBe('');
    expect(Object.keys(made.templates)).toEqual(['Trailseal']);
    expect(made.templates['Trailseal']).toMatchSnapshot();
  });

  test('b) the CIS pack, alarms and parameters, if asked for', () => {
    const made = run('single-account', {
      assets,
      cisPack: 'true',
      alarmEmail: 'someone@example.com',
      parameters: '{"profile":"strict"}',
      schedule: 'Six_Hours',
    });
    expect(types(made, 'Trailseal')).toMatchSnapshot();
  });

  test('c) a bad parameter stops it, in the words of the function', () => {
    const made = run('single-account', { assets, parameters: '{"profile":"loose"}' });
    expect(made.failed).toBe(true);
    expect(made.output).toContain('`ruleParameters.profile` is `loose`; expected one of');
  });

  test('d) a missing zip stops it, with the command that makes it', () => {
    const made = run('single-account', { assets: '/nowhere' });
    expect(made.failed).toBe(true);
    expect(made.output).toContain('make it with `cargo xtask package`');
  });
});

describe('organization', () => {
  test('a) by a StackSet, with a stack for the management account in each Region', () => {
    const made = run('organization', { ...organization, cisPack: 'true' });
    expect(Object.keys(made.templates).sort()).toEqual([
      `TrailsealCode-${REGION}`,
      'TrailsealCode-us-east-1',
      `TrailsealManagement-${REGION}`,
      'TrailsealManagement-us-east-1',
      'TrailsealOrganization',
    ]);
    const counted = Object.keys(made.templates).map((name) => [name, types(made, name)]);
    expect(Object.fromEntries(counted)).toMatchSnapshot();
  });

  test('b) by a central function in each Region, the member role in the first alone', () => {
    const made = run('organization', {
      ...organization,
      path: 'central',
      externalId: 'external-id',
      memberAccounts: '222233334444,333344445555',
    });
    expect(types(made, `TrailsealCentral-${REGION}`)).toMatchSnapshot();
    expect(types(made, 'TrailsealCentral-us-east-1')).not.toHaveProperty(
      'AWS::CloudFormation::StackSet',
    );
  });

  test('c) what is missing in the context is named', () => {
    expect(run('organization', { ...organization, account: '' }).output).toContain(
      'the context lacks `account`; give it with `-c account=VALUE`',
    );
  });
});
