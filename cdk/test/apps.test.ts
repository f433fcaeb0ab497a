import { execFileSync, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import { App } from 'aws-cdk-lib';

import { organization } from '../bin/organization-app';
import { singleAccount } from '../bin/single-account-app';
import { packageDirectory } from '../lib/code';
import { ACCOUNT, KEY_ARN, ORGANIZATION, REGION, UNIT, zipDirectory } from './support';

type Templates = Record<
  string,
  { Resources: Record<string, { Type: string; Properties?: object }> }
>;

const APPS = { 'single-account': singleAccount, organization };

/** The templates of an app with this context, as the CDK command line would synthesize them. */
function synthesized(name: keyof typeof APPS, context: Record<string, unknown>): Templates {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-app-'));
  const app = new App({
    outdir,
    analyticsReporting: false,
    context: { ...context, 'aws:cdk:enable-path-metadata': false },
  });
  APPS[name](app);
  app.synth();
  return templatesOf(outdir);
}

/** The same through the program. */
function ran(name: keyof typeof APPS, context: Record<string, string>): Templates {
  const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-app-'));
  const output = execFileSync('node_modules/.bin/tsx', [`bin/${name}.ts`], {
    cwd: packageDirectory(),
    env: {
      ...process.env,
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({
        ...context,
        'aws:cdk:enable-path-metadata': false,
        'aws:cdk:disable-version-reporting': true,
      }),
    },
    encoding: 'utf8',
    stdio: 'pipe',
  });
  expect(output).toBe('');
  return templatesOf(outdir);
}

function templatesOf(outdir: string): Templates {
  const files = fs.readdirSync(outdir).filter((name) => name.endsWith('.template.json'));
  return Object.fromEntries(
    files.map((name) => [
      name.replace('.template.json', ''),
      JSON.parse(fs.readFileSync(path.join(outdir, name), 'utf8')) as Templates[string],
    ]),
  );
}

function types(made: Templates, stack: string): Record<string, number> {
  const counted: Record<string, number> = {};
  for (const { Type: type } of Object.values(made[stack]?.Resources ?? {})) {
    counted[type] = (counted[type] ?? 0) + 1;
  }
  return counted;
}

const assets = zipDirectory();
const context = {
  assets,
  account: ACCOUNT,
  organizationId: ORGANIZATION,
  organizationalUnitIds: UNIT,
  regions: `${REGION},us-east-1`,
  bucketPrefix: 'code',
};

describe('single-account', () => {
  test('a) deploys function and rule by default', () => {
    const made = synthesized('single-account', { assets });
    expect(Object.keys(made)).toEqual(['Trailseal']);
    expect(made['Trailseal']).toMatchSnapshot();
  });

  test('b) deploys the CIS pack, alarms and parameters if requested', () => {
    const made = synthesized('single-account', {
      assets,
      cisPack: 'true',
      alarmEmail: 'someone@example.com',
      parameters: '{"profile":"strict"}',
      schedule: 'Six_Hours',
    });
    expect(types(made, 'Trailseal')).toMatchSnapshot();
  });

  test('c) rejects a bad parameter in the words of the function', () => {
    const parameters = '{"profile":"loose"}';
    expect(() => synthesized('single-account', { assets, parameters })).toThrow(
      '`ruleParameters.profile` is `loose`; expected one of',
    );
  });

  test('d) rejects a missing zip and names the command that builds it', () => {
    expect(() => synthesized('single-account', { assets: '/nowhere' })).toThrow(
      'make it with `cargo xtask package`',
    );
  });

  test('e) the function may assume the role that the rule names', () => {
    const parameters = '{"keyAccountRoleName":"reader"}';
    expect(() => synthesized('single-account', { assets, parameters })).toThrow(
      '`keyAccountRoleName` needs `organizationId`',
    );
    const organizationId = ORGANIZATION;
    const made = synthesized('single-account', { assets, parameters, organizationId });
    expect(JSON.stringify(made)).toContain(':iam::*:role/reader');
  });

  test('f) rejects a misspelled word instead of using the default', () => {
    expect(() => synthesized('single-account', { assets, architecture: 'x86' })).toThrow(
      'the context `architecture` is `x86`; expected one of arm64, x86_64',
    );
    expect(() => synthesized('single-account', { assets, cisPack: 'yes' })).toThrow(
      'the context `cisPack` is `yes`; expected one of true, false',
    );
    expect(() => synthesized('single-account', { assets, reservedConcurrency: 'few' })).toThrow(
      '`reservedConcurrency` is `NaN`; expected a whole number from 1 to 1000',
    );
  });

  test('g) the program prints the fault on one line and writes nothing', () => {
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-app-'));
    const run = spawnSync('node_modules/.bin/tsx', ['bin/single-account.ts'], {
      cwd: packageDirectory(),
      env: {
        ...process.env,
        CDK_OUTDIR: outdir,
        CDK_CONTEXT_JSON: JSON.stringify({ assets, parameters: '{"profile":"loose"}' }),
      },
      encoding: 'utf8',
    });
    expect(run.status).toBe(1);
    expect(run.stderr).toBe(
      'TrailsealRule: `ruleParameters.profile` is `loose`; expected one of `cis`, `effective`, `strict`\n',
    );
    expect(Object.keys(templatesOf(outdir))).toEqual([]);
  });

  test('i) deploys manual remediation if a key is named', () => {
    const made = synthesized('single-account', { assets, remediationKey: KEY_ARN });
    expect(types(made, 'Trailseal')).toMatchSnapshot();
    const offered = Object.values(made['Trailseal']?.Resources ?? {}).find(
      (resource) => resource.Type === 'AWS::Config::RemediationConfiguration',
    );
    expect(offered?.Properties).toMatchObject({
      Automatic: false,
      Parameters: { DryRun: { StaticValue: { Values: ['true'] } } },
    });
    expect(ran('single-account', { assets, remediationKey: KEY_ARN })).toEqual(made);
  });

  test('j) the CIS pack offers remediation and depends on the runbook', () => {
    const made = synthesized('single-account', {
      assets,
      cisPack: 'true',
      remediationKey: KEY_ARN,
      remediationDryRun: 'false',
    });
    const pack = Object.values(made['Trailseal']?.Resources ?? {}).find(
      (resource) => resource.Type === 'AWS::Config::ConformancePack',
    ) as unknown as { Properties: object; DependsOn: string[] };
    const body = JSON.stringify(pack.Properties);
    expect(body).toContain('AWS::Config::RemediationConfiguration');
    expect(body).toContain(KEY_ARN);
    const awaited = ['RemediationAutomationRole', 'RemediationDocument'];
    expect(pack.DependsOn.map((id) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(
      expect.arrayContaining(awaited),
    );
  });

  test('k) automatic remediation needs two settings and never replaces a key', () => {
    const automatic = { assets, remediationKey: KEY_ARN, remediationAutomatic: 'true' };
    expect(() => synthesized('single-account', automatic)).toThrow(
      '`automatic` requires `dryRun: false`',
    );
    const applied = { ...automatic, remediationDryRun: 'false' };
    expect(() => synthesized('single-account', applied)).not.toThrow();
    expect(() =>
      synthesized('single-account', { ...applied, remediationReplaceKey: 'true' }),
    ).toThrow('`automatic` excludes `replaceKey`');
  });

  test('h) the program and its function give the same templates', () => {
    expect(ran('single-account', { assets })).toEqual(synthesized('single-account', { assets }));
  });
});

describe('organization', () => {
  const stackSet = (made: Templates, stack = 'TrailsealOrganization') =>
    Object.values(made[stack]?.Resources ?? {}).find(
      (resource) => resource.Type === 'AWS::CloudFormation::StackSet',
    )?.Properties as { Parameters: { ParameterKey: string; ParameterValue: string }[] };

  test('a) deploys a StackSet and, in each Region, a stack for the management account', () => {
    const made = synthesized('organization', { ...context, cisPack: 'true' });
    expect(Object.keys(made).sort()).toEqual([
      `TrailsealCode-${REGION}`,
      'TrailsealCode-us-east-1',
      `TrailsealManagement-${REGION}`,
      'TrailsealManagement-us-east-1',
      'TrailsealOrganization',
      `TrailsealPack-${REGION}`,
      'TrailsealPack-us-east-1',
    ]);
    const counted = Object.keys(made).map((name) => [name, types(made, name)]);
    expect(Object.fromEntries(counted)).toMatchSnapshot();
  });

  test('b) deploys a central function in each Region and the member role only in the first', () => {
    const { bucketPrefix, ...central } = context;
    expect(bucketPrefix).toBeDefined();
    const made = synthesized('organization', {
      ...central,
      path: 'central',
      externalId: 'external-id',
      memberAccounts: '222233334444,333344445555',
      reservedConcurrency: 'none',
    });
    expect(types(made, `TrailsealCentral-${REGION}`)).toMatchSnapshot();
    expect(types(made, 'TrailsealCentral-us-east-1')).not.toHaveProperty(
      'AWS::CloudFormation::StackSet',
    );
    expect(JSON.stringify(made)).not.toContain('ReservedConcurrentExecutions');
  });

  test('l) a central function has alarms if requested', () => {
    const { bucketPrefix, ...central } = context;
    expect(bucketPrefix).toBeDefined();
    const made = synthesized('organization', {
      ...central,
      path: 'central',
      externalId: 'external-id',
      memberAccounts: ['222233334444'],
      alarms: true,
      alarmTopicName: 'security',
      permissionsBoundaryName: 'boundary',
    });
    const stack = `TrailsealCentral-${REGION}`;
    expect(types(made, stack)['AWS::CloudWatch::Alarm']).toBe(8);
    expect(JSON.stringify(made[stack])).toContain(`:sns:${REGION}:${ACCOUNT}:security`);
    expect(stackSet(made, stack).Parameters).toContainEqual({
      ParameterKey: 'PermissionsBoundaryName',
      ParameterValue: 'boundary',
    });
  });

  test('m) every role of the members and the management account has path and boundary', () => {
    const role = { permissionsBoundaryName: 'security/boundary', rolePath: '/security/' };
    const made = synthesized('organization', { ...context, ...role });
    expect(stackSet(made).Parameters).toEqual(
      expect.arrayContaining([
        { ParameterKey: 'PermissionsBoundaryName', ParameterValue: 'security/boundary' },
        { ParameterKey: 'RolePath', ParameterValue: '/security/' },
      ]),
    );
    const own = Object.values(made[`TrailsealManagement-${REGION}`]?.Resources ?? {}).find(
      (resource) => resource.Type === 'AWS::IAM::Role',
    );
    expect(own?.Properties).toMatchObject({ Path: '/security/' });
    expect(JSON.stringify(own?.Properties)).toContain(':policy/security/boundary');
    // A subnet belongs to one account and Region.
    const subnets = { ...context, subnetIds: 'subnet-1' };
    expect(() => synthesized('organization', subnets)).toThrow('`subnetIds` has no effect');
  });

  test('c) names settings that the context lacks', () => {
    expect(() => synthesized('organization', { ...context, account: '' })).toThrow(
      'the context lacks `account`; give it with `-c account=VALUE`',
    );
    expect(() => synthesized('organization', { ...context, regions: '' })).toThrow(
      'the context lacks `regions`',
    );
    expect(() => synthesized('organization', { ...context, path: 'centre' })).toThrow(
      'the context `path` is `centre`; expected one of stackset, central',
    );
  });

  test("d) the function's settings reach the members as well", () => {
    const made = synthesized('organization', {
      ...context,
      architecture: 'x86_64',
      reservedConcurrency: 'none',
      parameters: '{"keyAccountRoleName":"reader"}',
    });
    const passed = stackSet(made).Parameters.map((one) => [one.ParameterKey, one.ParameterValue]);
    expect(Object.fromEntries(passed)).toEqual({
      CodeBucketPrefix: 'code',
      CodeKey: 'trailseal/0.2.0/bootstrap-x86_64.zip',
      Architecture: 'x86_64',
      ReservedConcurrency: '0',
      Metrics: 'false',
      OrganizationId: ORGANIZATION,
      WatchKeys: 'false',
      KeyAccountRoleName: 'reader',
    });
  });

  test("e) the pack has the rule's parameters and excludes the same accounts", () => {
    const made = synthesized('organization', {
      ...context,
      cisPack: 'true',
      excludedAccounts: '222233334444',
      parameters: '{"profile":"strict"}',
    });
    const [pack] = Object.values(made['TrailsealPack-us-east-1']?.Resources ?? {});
    expect(pack?.Properties).toMatchObject({
      ExcludedAccounts: ['222233334444'],
      TemplateBody: expect.stringContaining('profile: strict'),
    });
  });

  test('g) rejects names that have no effect', () => {
    const refused = (given: Record<string, string>) => () => synthesized('organization', given);
    const misspelled = { ...context, failureTolerancePercent: '0' };
    expect(refused(misspelled)).toThrow(
      'the context `failureTolerancePercent` has no effect here; did you mean `failureTolerancePercentage`?',
    );
    expect(refused({ ...context, alarmEmail: 'someone@example.com' })).toThrow(
      'the context `alarmEmail` has no effect here\nthis app reads account, ',
    );
    const central = {
      ...context,
      path: 'central',
      externalId: 'id',
      memberAccounts: '222233334444',
    };
    expect(refused(central)).toThrow('the context `bucketPrefix` has no effect here');
    expect(() => synthesized('single-account', { assets, shedule: 'One_Hour' })).toThrow(
      'the context `shedule` has no effect here; did you mean `schedule`?',
    );
    expect(() => synthesized('single-account', { assets, remediationAutomatic: 'true' })).toThrow(
      'the context `remediationAutomatic` has no effect here',
    );
    // The nearest name, not the first that is near; no name for a word that resembles none.
    const alarms = { ...context, alarms: 'true' };
    expect(refused({ ...alarms, alarmTopicNam: 'x' })).toThrow('did you mean `alarmTopicName`?');
    expect(refused({ ...alarms, alarmTopic: 'x' })).toThrow('did you mean `alarmTopicName`?');
    expect(refused({ ...context, xyz: 'x' })).toThrow('`xyz` has no effect here\n');
    // Names of CDK itself are not ours to refuse.
    const ofCdk = { 'availability-zones:account=1': 'x', '@aws-cdk/core:x': 'true' };
    expect(() => synthesized('single-account', { assets, ...ofCdk })).not.toThrow();
  });

  test('h) a StackSet has its own name, pace and order', () => {
    const needed = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stackset/Landing-Zone:0a1b-2c`;
    const made = synthesized('organization', {
      ...context,
      stackSetName: 'Trailseal-Canary',
      maxConcurrentPercentage: '100',
      failureTolerancePercentage: '0',
      dependsOnStackSets: needed,
    });
    // A stack of its own: in the stack of another wave the StackSet would be replaced.
    expect(Object.keys(made)).not.toContain('TrailsealOrganization');
    expect(stackSet(made, 'TrailsealOrganization-Trailseal-Canary')).toMatchObject({
      StackSetName: 'Trailseal-Canary',
      AutoDeployment: { DependsOn: [needed] },
      OperationPreferences: { MaxConcurrentPercentage: 100, FailureTolerancePercentage: 0 },
    });
    const bad = { ...context, failureTolerancePercentage: 'none', dependsOnStackSets: 'Landing' };
    expect(() => synthesized('organization', bad)).toThrow(
      /`dependsOnStackSets` is `Landing`; expected the ARN of a StackSet; .*`failureTolerancePercentage` is `NaN`/,
    );
  });

  test('j) values of cdk.json may be lists, numbers and booleans', () => {
    const asText = {
      ...context,
      excludedAccounts: '222233334444, 333344445555',
      cisPack: 'true',
      failureTolerancePercentage: '0',
    };
    const asJson = {
      ...context,
      regions: [REGION, 'us-east-1'],
      organizationalUnitIds: [UNIT],
      excludedAccounts: [222233334444, '333344445555'],
      cisPack: true,
      failureTolerancePercentage: 0,
    };
    expect(synthesized('organization', asJson)).toEqual(synthesized('organization', asText));
    const refused = (given: Record<string, unknown>) => () =>
      synthesized('organization', { ...context, ...given });
    expect(refused({ regions: [] })).toThrow('the context lacks `regions`');
    expect(refused({ regions: [{}] })).toThrow(
      'the context `regions` contains `{}`; expected a list of texts',
    );
    expect(refused({ bucketPrefix: ['code'] })).toThrow(
      'the context `bucketPrefix` is `["code"]`; expected one value',
    );
    expect(refused({ parameters: '[1]' })).toThrow('`[1]` is not a JSON object');
    expect(refused({ parameters: null, architecture: null })).not.toThrow();
  });

  test('k) a pack for the whole organization excludes a wave', () => {
    const both = { ...context, cisPack: 'true', stackSetName: 'Trailseal-Canary' };
    expect(() => synthesized('organization', both)).toThrow(
      'the context `cisPack` excludes `stackSetName`',
    );
  });

  test('i) the members have alarms if requested', () => {
    const alarms = { alarms: 'true', alarmTopicName: 'security', alarmTopicAccount: ACCOUNT };
    const { Parameters: passed } = stackSet(synthesized('organization', { ...context, ...alarms }));
    expect(passed).toEqual(
      expect.arrayContaining([
        { ParameterKey: 'Alarms', ParameterValue: 'true' },
        { ParameterKey: 'AlarmTopicName', ParameterValue: 'security' },
        { ParameterKey: 'AlarmTopicAccount', ParameterValue: ACCOUNT },
      ]),
    );
    // StackSets skip the management account, so its own stacks have the alarms as well.
    const watched = synthesized('organization', { ...context, ...alarms });
    const own = Object.values(watched['TrailsealManagement-us-east-1']?.Resources ?? {}).filter(
      (resource) => resource.Type === 'AWS::CloudWatch::Alarm',
    );
    expect(own).toHaveLength(8);
    const topic = expect.stringContaining(`:sns:us-east-1:${ACCOUNT}:security`);
    for (const alarm of own) {
      expect(JSON.stringify(alarm.Properties)).toEqual(topic);
    }
    const halfNamed = { ...context, alarms: 'true', alarmTopicAccount: ACCOUNT };
    expect(() => synthesized('organization', halfNamed)).toThrow(
      '`alarms.topicAccount` has no effect without `alarms.topicName`',
    );
    const unnamed = { ...context, alarmTopicName: 'security' };
    expect(() => synthesized('organization', unnamed)).toThrow('`alarmTopicName` has no effect');
    const bad = { ...context, alarms: 'true', alarmTopicName: 'a:b' };
    expect(() => synthesized('organization', bad)).toThrow(
      '`alarms.topicName` is `a:b`; expected the name of a topic',
    );
  });

  test('f) the program and its function give the same templates', () => {
    expect(ran('organization', context)).toEqual(synthesized('organization', context));
  });
});
