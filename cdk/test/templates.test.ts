import * as fs from 'node:fs';
import * as path from 'node:path';

import { parse } from 'yaml';

import { packageDirectory } from '../lib/code';
import { generatedFiles } from '../lib/generated';
import { PARAMETER_SCHEMAS, parameterFaults } from '../lib/rule-parameters';
import { SCHEDULE_HOURS } from '../lib/rule';
import { templateParameterName } from '../lib/template-parameters';
import { packageVersion } from '../lib/version';
import { BOUNDARY, granted, read, wanted } from './template-support';

const FILES = generatedFiles();

describe('the generated files', () => {
  test.each(Object.keys(FILES))('%s is current (`npm run generate` updates it)', (name) => {
    const kept = fs.readFileSync(path.join(packageDirectory(), name), 'utf8');
    expect(kept).toBe(FILES[name]);
  });

  test('the folders contain only generated files', () => {
    for (const folder of ['templates', 'packs']) {
      const kept = fs.readdirSync(path.join(packageDirectory(), folder)).sort();
      const made = Object.keys(FILES)
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => path.basename(name));
      expect(kept).toEqual(made.sort());
    }
  });

  test('they do not depend on the tools that generated them', () => {
    for (const [name, text] of Object.entries(FILES)) {
      expect([
        name,
        text.match(/Token\[|aws:cdk|BootstrapVersion|cdk-hnb|AssetParameters/),
      ]).toEqual([name, null]);
    }
  });
});

describe('the template of one account', () => {
  const template = read('trailseal-account.yaml');

  test('has every rule parameter but the one for central functions, with its default', () => {
    for (const [name, spec] of Object.entries(PARAMETER_SCHEMAS)) {
      const parameter = template['Parameters']?.[templateParameterName(name)];
      if (name === 'executionRoleName') {
        expect(parameter).toBeUndefined();
      } else {
        expect(parameter?.['Default']).toBe(spec.default ?? '');
      }
    }
  });

  test('passes each of them to the rule', () => {
    const rule = template['Resources']?.['Rule']?.['Properties'] as { InputParameters: object };
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    expect(Object.keys(rule.InputParameters).sort()).toEqual(names.sort());
  });

  test('its patterns accept what the schema accepts', () => {
    const pattern = (name: string) =>
      new RegExp(template['Parameters']?.[name]?.['AllowedPattern'] as string, 'u');
    expect('').toMatch(pattern('AllowedKeyAccounts'));
    expect('111122223333, 222233334444').toMatch(pattern('AllowedKeyAccounts'));
    expect('1').not.toMatch(pattern('AllowedKeyAccounts'));
    expect('my-bucket').toMatch(pattern('CodeBucketPrefix'));
    expect('My').not.toMatch(pattern('CodeBucketPrefix'));
  });

  test('deploys the function alone if the name of the rule is empty', () => {
    const pattern = template['Parameters']?.['RuleName']?.['AllowedPattern'] as string;
    expect('').toMatch(new RegExp(pattern));
    expect(template['Resources']?.['Rule']?.['Condition']).toBe('HasRuleName');
    const equal = { 'Fn::Equals': ['RuleName', ''] };
    expect(template['Conditions']?.['HasRuleName']).toEqual({ 'Fn::Not': [equal] });
    // Nothing refers to a rule that may not exist.
    const { Rule: rule, ...others } = template['Resources'] ?? {};
    expect(rule).toBeDefined();
    expect(JSON.stringify([others, template['Outputs']])).not.toMatch(/"Rule(\.|")/);
  });

  test('reserves no concurrency and makes no metrics by default', () => {
    expect(template['Parameters']?.['ReservedConcurrency']?.['Default']).toBe(0);
    expect(template['Parameters']?.['Metrics']?.['Default']).toBe('false');
    const made = template['Resources']?.['Function']?.['Properties'] as { Environment: object };
    expect(made.Environment).toEqual({ Variables: { TRAILSEAL_METRICS: 'Metrics' } });
  });

  test.each([
    ['trailseal-account.yaml', 'Function', 'bootstrap'],
    ['trailseal-central-function.yaml', 'Function', 'bootstrap'],
    ['trailseal-remediation.yaml', 'RemediationFunction', 'remediation'],
  ])('%s takes the code of the architecture unless a key is given', (name, id, program) => {
    const made = read(name);
    const code = made['Resources']?.[id]?.['Properties'] as {
      Architectures: string[];
      Code: { S3Key: unknown };
    };
    const standard = `trailseal/${packageVersion()}/${program}-\${Architecture}.zip`;
    expect(code.Code.S3Key).toEqual({ 'Fn::If': ['HasCodeKey', 'CodeKey', standard] });
    expect(code.Architectures).toEqual(['Architecture']);
    expect(made['Parameters']?.['CodeKey']?.['Default']).toBe('');
  });

  test('its alarms are optional, and one StackSet names their topic in every Region', () => {
    const resources = Object.entries(template['Resources'] ?? {});
    const watching = resources.filter(([id]) => id.startsWith('Watch'));
    const types = watching.map(([, resource]) => resource['Type'] as string);
    expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm')).toHaveLength(8);
    expect(types.filter((type) => type === 'AWS::Logs::MetricFilter')).toHaveLength(4);
    const region = 'arn:${AWS::Partition}:sns:${AWS::Region}';
    const topic = [
      {
        'Fn::If': [
          'HasAlarmTopicAccount',
          `${region}:\${AlarmTopicAccount}:\${AlarmTopicName}`,
          `${region}:\${AWS::AccountId}:\${AlarmTopicName}`,
        ],
      },
    ];
    for (const [, resource] of watching) {
      expect(resource['Condition']).toBe('HasAlarms');
      if ((resource['Type'] as string) === 'AWS::CloudWatch::Alarm') {
        const actions = { 'Fn::If': ['HasAlarmTopicName', topic, 'AWS::NoValue'] };
        expect(resource['Properties']).toMatchObject({ AlarmActions: actions, OKActions: actions });
      }
    }
    expect(template['Parameters']?.['Alarms']?.['Default']).toBe('false');
  });

  test.each(Object.entries(SCHEDULE_HOURS))(
    'its alarms look as far back as the schedule requires: %s',
    (schedule, hours) => {
      const equal = Object.entries(template['Conditions'] ?? {}).flatMap(([id, condition]) => {
        const [one, other] = (condition['Fn::Equals'] ?? []) as string[];
        return one === 'Schedule' && other === schedule ? [id] : [];
      });
      const settled = (value: unknown): unknown => {
        const { 'Fn::If': branch } = value as { 'Fn::If'?: [string, unknown, unknown] };
        if (branch === undefined) {
          return value;
        }
        return settled(equal.includes(branch[0]) ? branch[1] : branch[2]);
      };
      const periods = (id: string) =>
        settled(template['Resources']?.[id]?.['Properties']?.['EvaluationPeriods' as never]);
      expect(periods('WatchSilence')).toBe(2 * hours);
      expect(periods('WatchUnverified')).toBe(hours + 1);
    },
  );

  test('the role may have a path and a permissions boundary', () => {
    expect(template['Resources']?.['FunctionRole']?.['Properties']).toMatchObject({
      Path: 'RolePath',
      PermissionsBoundary: BOUNDARY,
    });
    const pattern = (name: string) =>
      new RegExp(template['Parameters']?.[name]?.['AllowedPattern'] as string);
    expect('security/boundary').toMatch(pattern('PermissionsBoundaryName'));
    // An ARN has an account in it, and a StackSet has one value for all accounts.
    expect('arn:aws:iam::111122223333:policy/boundary').not.toMatch(
      pattern('PermissionsBoundaryName'),
    );
    expect('/security/').toMatch(pattern('RolePath'));
    expect('security').not.toMatch(pattern('RolePath'));
  });

  test('grants the role in the account of a key only if one is named', () => {
    const policy = (...holding: string[]) =>
      granted('trailseal-account.yaml', 'FunctionPolicy', holding);
    const file = (...settings: string[]) =>
      wanted('function', settings, {
        LogGroupArn: 'FunctionLogs.Arn',
        FailureQueueArn: 'FunctionFailedEvents.Arn',
      });
    expect(policy()).toEqual(file());
    expect(policy('HasKeyAccountRoleName')).toEqual(file('keyAccountRoleName'));
    expect(policy('HasExemptionsFrom')).toEqual(file('exemptionsFrom'));
    expect(policy('InVpc')).toEqual(file('vpc'));
    expect(policy('HasEncryptionKeyArn')).toEqual(file('encryptionKey'));
  });
});

describe('the template of the remediation', () => {
  const NAME = 'trailseal-remediation.yaml';
  const template = read(NAME);
  const account = read('trailseal-account.yaml');
  const policy = (...holding: string[]) => granted(NAME, 'RemediationPolicy', holding);
  const file = (...settings: string[]) =>
    wanted('remediation', settings, { LogGroupArn: 'RemediationLogs.Arn' });

  test('a) by default grants the statements without a setting', () => {
    expect(policy()).toEqual(file());
    expect(policy().map((statement) => statement.Sid)).not.toContain('AssumeKeyAccountRole');
  });

  test('b) each optional statement matches the file and has its own condition', () => {
    expect(policy('HasKeyAccountRoleName')).toEqual(file('keyAccountRoleName'));
    expect(policy('HasExemptionsFrom')).toEqual(file('exemptionsFrom'));
    expect(policy('RotatesKey')).toEqual(file('keyRotation'));
    expect(policy('RotatesKey', 'HasKeyAccountRoleName')).toEqual(
      file('keyRotation', 'keyAccountRoleName'),
    );
  });

  test("c) the conditions hold if the rule's parameters require it", () => {
    const equal = (name: string, value: string) => ({ 'Fn::Equals': [name, value] });
    expect(template['Conditions']).toMatchObject({
      HasKeyAccountRoleName: { 'Fn::Not': [equal('KeyAccountRoleName', '')] },
      HasExemptionsFrom: { 'Fn::Not': [equal('ExemptionsFrom', '')] },
      RotatesKey: { 'Fn::Or': [equal('Profile', 'strict'), equal('RequireKeyRotation', 'true')] },
    });
  });

  test("d) has the rule's parameters with the text of the account template", () => {
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    for (const name of [...names.map(templateParameterName), 'OrganizationId']) {
      expect(account['Parameters']).toHaveProperty(name);
      expect(template['Parameters']?.[name]).toEqual(account['Parameters']?.[name]);
    }
    const rule = 'KeyAccountRoleNeedsOrganization';
    expect(account['Rules']).toHaveProperty(rule);
    expect(template['Rules']).toEqual({ [rule]: account['Rules']?.[rule] });
  });

  test('e) passes each of them and the granted role to the function', () => {
    const made = template['Resources']?.['RemediationFunction']?.['Properties'] as {
      Environment: { Variables: Record<string, string> };
    };
    const { TRAILSEAL_RULE_PARAMETERS: text = '', ...others } = made.Environment.Variables;
    expect(others).toEqual({});
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    expect(JSON.parse(text)).toEqual(
      Object.fromEntries(names.map((name) => [name, `\${${templateParameterName(name)}}`])),
    );
    // With their defaults, the function accepts them.
    const filled = text.replace(/\$\{([A-Za-z]+)\}/g, (_, name: string) =>
      String(template['Parameters']?.[name]?.['Default']),
    );
    expect(parameterFaults(JSON.parse(filled) as object)).toEqual([]);
  });
});

describe('the template of the code bucket', () => {
  test('admits other accounts only if an organization is named', () => {
    const sids = (...holding: string[]) =>
      granted('trailseal-code-bucket.yaml', 'CodeBucketPolicy', holding)
        .filter((statement) => statement.Effect === 'Allow')
        .map((statement) => statement.Sid);
    expect(sids()).toEqual([]);
    expect(sids('HasOrganizationId')).toEqual(['OrganizationMayReadTheCode']);
  });
});

describe('the templates for an organization', () => {
  const account = read('trailseal-account.yaml')['Parameters'] ?? {};
  const stackSets = [
    ['trailseal-stack-set.yaml', 'trailseal-account.yaml', 'AccountTemplateUrl', 'Trailseal'],
    ['trailseal-hook-stack-set.yaml', 'trailseal-hook.yaml', 'HookTemplateUrl', 'TrailsealHook'],
  ] as const;

  test.each(stackSets)('%s has and passes on every parameter of %s', (name, deployed, url) => {
    const template = read(name);
    const passed = read(deployed)['Parameters'] ?? {};
    expect(template['Parameters']).toMatchObject(passed);
    const made = template['Resources']?.['StackSet']?.['Properties'];
    expect(made).toMatchObject({
      TemplateURL: url,
      Parameters: Object.keys(passed).map((one) => ({ ParameterKey: one, ParameterValue: one })),
    });
    // A fault in the parameters shows before the first account is deployed.
    const { Rules: rules } = read(deployed);
    expect(Object.keys(rules ?? {}).length).toBeGreaterThan(4);
    expect(template['Rules']).toEqual(rules);
  });

  test.each(stackSets)(
    '%s has its name, pace and order as parameters',
    (name, _, url, standard) => {
      const template = read(name);
      expect(template['Parameters']?.[url]).toMatchObject({ AllowedPattern: '^https://.+$' });
      const made = template['Resources']?.['StackSet']?.['Properties'];
      expect(made).toMatchObject({
        StackSetName: 'StackSetName',
        AutoDeployment: {
          DependsOn: { 'Fn::If': ['DependsOnOthers', 'DependsOnStackSets', 'AWS::NoValue'] },
        },
        OperationPreferences: {
          MaxConcurrentPercentage: 'MaxConcurrentPercentage',
          FailureTolerancePercentage: 'FailureTolerancePercentage',
        },
      });
      expect(template['Parameters']).toMatchObject({
        StackSetName: { Default: standard },
        MaxConcurrentPercentage: { Default: 25, MinValue: 1, MaxValue: 100 },
        FailureTolerancePercentage: { Default: 10, MinValue: 0, MaxValue: 100 },
        DependsOnStackSets: { Default: '' },
      });
    },
  );

  test.each([
    'trailseal-conformance-pack.yaml',
    'trailseal-conformance-pack-with-remediation.yaml',
    'trailseal-organization-conformance-pack.yaml',
    'trailseal-organization-conformance-pack-with-remediation.yaml',
  ])('%s has and passes on every parameter of the rule', (name) => {
    const template = read(name);
    const names = Object.keys(PARAMETER_SCHEMAS).filter((one) => one !== 'executionRoleName');
    const pack = template['Resources']?.['Pack']?.['Properties'] as {
      TemplateBody: string;
      ConformancePackInputParameters: object[];
    };
    const passed = names.map((one) => {
      const id = templateParameterName(one);
      expect(template['Parameters']?.[id]).toEqual(account[id]);
      return { ParameterName: id, ParameterValue: id };
    });
    expect(pack.ConformancePackInputParameters).toEqual(expect.arrayContaining(passed));
    expect(pack.ConformancePackInputParameters).toHaveLength(passed.length);
    // The pack gives each of them to the rule, and none that is empty.
    const { Parameters: taken, Resources: rules } = parse(pack.TemplateBody) as {
      Parameters: Record<string, { Default: string }>;
      Resources: { Trailseal: { Properties: { InputParameters: Record<string, unknown> } } };
    };
    const given = rules.Trailseal.Properties.InputParameters;
    expect(Object.keys(given).sort()).toEqual(names.sort());
    for (const one of names) {
      const id = templateParameterName(one);
      expect(taken[id]?.Default).toBe(account[id]?.['Default']);
      expect(given[one]).toEqual({ 'Fn::If': [`Has${id}`, { Ref: id }, { Ref: 'AWS::NoValue' }] });
    }
  });

  test('the organization rule has every rule parameter and the member role', () => {
    const template = read('trailseal-organization-rule.yaml');
    const rule = template['Resources']?.['Rule']?.['Properties'] as {
      OrganizationCustomRuleMetadata: { InputParameters: string };
    };
    const { InputParameters: text } = rule.OrganizationCustomRuleMetadata;
    const passed = JSON.parse(text) as Record<string, string>;
    expect(Object.keys(passed).sort()).toEqual(Object.keys(PARAMETER_SCHEMAS).sort());
    for (const [name, value] of Object.entries(passed)) {
      const parameter =
        name === 'executionRoleName' ? 'MemberRoleName' : templateParameterName(name);
      expect(value).toBe(`\${${parameter}}`);
      expect(template['Parameters']).toHaveProperty(parameter);
    }
    // With all defaults, there is room for lists.
    expect(text.length).toBeLessThan(700);
  });

  test('the pack with remediation matches the one of an account', () => {
    const [made, account, without] = [
      read('trailseal-organization-conformance-pack-with-remediation.yaml'),
      read('trailseal-conformance-pack-with-remediation.yaml'),
      read('trailseal-organization-conformance-pack.yaml'),
    ];
    const pack = (template: typeof made) => {
      const { TemplateBody: body, ...rest } = template['Resources']?.['Pack']?.['Properties'] as {
        TemplateBody: string;
      };
      return { body, rest };
    };
    expect(pack(made).rest).toEqual({
      ConformancePackInputParameters: expect.any(Array),
      OrganizationConformancePackName: 'trailseal',
      ExcludedAccounts: { 'Fn::If': ['ExcludesAccounts', 'ExcludedAccounts', 'AWS::NoValue'] },
    });
    expect(pack(made).rest).toEqual(pack(without).rest);
    expect(made['Conditions']).toEqual(without['Conditions']);
    const role = (of: string) => `iam::\${${of}}:role/`;
    expect(pack(made).body).toBe(
      pack(account).body.replace(role('AWS::AccountId'), role('ManagementAccount')),
    );
    // The key has another description: one key serves all accounts.
    const { KeyArn: key, ...handed } = account['Parameters'] ?? {};
    const { KeyArn: one, ManagementAccount: management, ...rest } = made['Parameters'] ?? {};
    expect(rest).toEqual({ ...handed, ...without['Parameters'] });
    expect({ ...one, Description: '' }).toEqual({ ...key, Description: '' });
    expect(one?.['Description']).toContain('the one KMS key for all accounts');
    expect(management).not.toHaveProperty('Default');
    expect(management?.['AllowedPattern']).toBe('^[0-9]{12}$');
  });

  test('a pack in a template is unchanged', () => {
    for (const name of ['trailseal-conformance-pack', 'trailseal-organization-conformance-pack']) {
      const made = read(`${name}.yaml`)['Resources']?.['Pack']?.['Properties'];
      const pack = fs.readFileSync(path.join(packageDirectory(), 'packs/trailseal.yaml'), 'utf8');
      expect((made as { TemplateBody: string }).TemplateBody).toBe(pack);
    }
  });
});
