import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';

import { TrailsealFindings, type TrailsealFindingsProps } from '../lib';
import { ACCOUNT, ORGANIZATION, REGION, newStack, someCode } from './support';
import { granted, read, wanted } from './template-support';

const NAME = 'trailseal-findings.yaml';

function withImport(props: TrailsealFindingsProps = {}): Stack {
  const stack = newStack();
  new TrailsealFindings(stack, 'Findings', { code: someCode(), ...props });
  return stack;
}

describe('the import of findings', () => {
  test('has the code of the import, and the name of the rule', () => {
    Template.fromStack(withImport()).hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'bootstrap',
      Runtime: 'provided.al2023',
      Timeout: 120,
      MemorySize: 128,
      Environment: { Variables: { TRAILSEAL_RULE_NAME: 'trailseal' } },
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO' },
    });
    const other = Template.fromStack(withImport({ ruleName: 'acme-trails' }));
    other.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { TRAILSEAL_RULE_NAME: 'acme-trails' } },
    });
  });

  test('runs every hour, and only this schedule may invoke it', () => {
    const template = Template.fromStack(withImport());
    template.hasResourceProperties('AWS::Events::Rule', {
      ScheduleExpression: 'rate(1 hour)',
      State: 'ENABLED',
      Targets: [{ Arn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FindingsFunction'), 'Arn'] } }],
    });
    template.resourceCountIs('AWS::Lambda::Permission', 1);
    template.hasResourceProperties('AWS::Lambda::Permission', {
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceAccount: { Ref: 'AWS::AccountId' },
      SourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FindingsSchedule'), 'Arn'] },
    });
    const daily = Template.fromStack(withImport({ schedule: 'cron(0 6 * * ? *)' }));
    daily.hasResourceProperties('AWS::Events::Rule', { ScheduleExpression: 'cron(0 6 * * ? *)' });
  });

  test('reads what the rule reads, and writes findings of its own product only', () => {
    const statements = (props: TrailsealFindingsProps) => {
      const policies = Template.fromStack(withImport(props)).findResources(
        'AWS::IAM::ManagedPolicy',
      );
      const [policy] = Object.values(policies);
      const { PolicyDocument: document } = (
        policy as {
          Properties: {
            PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] };
          };
        }
      ).Properties;
      return document.Statement;
    };
    const actions = (props: TrailsealFindingsProps) =>
      statements(props).flatMap((statement) => statement.Action);
    const least = [
      'config:DescribeConfigRules',
      'cloudtrail:DescribeTrails',
      'cloudtrail:GetTrailStatus',
      'cloudtrail:ListTags',
      'kms:DescribeKey',
      'kms:GetKeyRotationStatus',
      'kms:GetKeyPolicy',
      'securityhub:BatchImportFindings',
      'securityhub:GetFindings',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ];
    expect(actions({})).toEqual(least);
    const parameters = { keyAccountRoleName: 'reader', exemptionsFrom: 's3://acme/trails.json' };
    expect(actions({ parameters, organizationId: ORGANIZATION })).toEqual([
      ...least,
      'sts:AssumeRole',
      's3:GetObject',
    ]);
    const writes = statements({}).filter((one) => one.Action === 'securityhub:BatchImportFindings');
    const own = { Ref: 'AWS::AccountId' };
    expect(writes.map((one) => one.Resource)).toEqual([
      {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':securityhub:',
            { Ref: 'AWS::Region' },
            ':',
            own,
            ':product/',
            own,
            '/default',
          ],
        ],
      },
    ]);
  });

  test('has the settings of strict environments', () => {
    const stack = withImport({
      functionName: 'acme-findings',
      rolePath: '/security/',
      permissionsBoundaryName: 'boundary',
      network: {
        subnetIds: ['subnet-0123456789abcdef0'],
        securityGroupIds: ['sg-0123456789abcdef0'],
      },
      codeSigningConfigArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:code-signing-config:csc-0123456789abcdef0`,
    });
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::IAM::Role', { Path: '/security/' });
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'acme-findings',
      VpcConfig: { SubnetIds: ['subnet-0123456789abcdef0'] },
    });
    expect(JSON.stringify(template.toJSON())).toContain('ConnectToVpc');
  });

  test('sends the external id of the role of another account', () => {
    Template.fromStack(withImport({ externalId: 'CHOOSE-ONE' })).hasResourceProperties(
      'AWS::Lambda::Function',
      { Environment: { Variables: { TRAILSEAL_EXTERNAL_ID: 'CHOOSE-ONE' } } },
    );
    Template.fromStack(withImport()).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { TRAILSEAL_EXTERNAL_ID: Match.absent() } },
    });
  });

  test('has alarms on failures and on silence only if they are asked for', () => {
    Template.fromStack(withImport()).resourceCountIs('AWS::CloudWatch::Alarm', 0);
    const alarms = Template.fromStack(withImport({ alarms: { topicName: 'alarms' } }));
    alarms.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    alarms.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Errors',
      Threshold: 0,
      Period: 3600,
      EvaluationPeriods: 2,
      DatapointsToAlarm: 1,
      AlarmActions: [Match.anyValue()],
    });
    alarms.hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'Invocations',
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      AlarmActions: [Match.anyValue()],
    });
  });
});

test('every wrong prop of the import is named at once', () => {
  const wrong = () =>
    withImport({
      ruleName: 'a b',
      schedule: 'hourly',
      functionName: 'a b',
      rolePath: 'security',
      externalId: 'a b',
      parameters: { keyAccountRoleName: 'a', exemptionsFrom: 'trails.json' },
    });
  for (const part of [
    'TrailsealFindings: ',
    '`ruleName` is `a b`',
    '`schedule` is `hourly`; expected an expression such as `rate(1 hour)`',
    '`functionName` is `a b`',
    '`rolePath` is `security`',
    '`externalId` is `a b`',
    '`ruleParameters.exemptionsFrom` is `trails.json`',
    '`parameters.keyAccountRoleName` needs `organizationId`',
  ]) {
    expect(wrong).toThrow(part);
  }
});

describe('the template of the import', () => {
  const template = read(NAME);
  const policy = (...holding: string[]) => granted(NAME, 'FindingsPolicy', holding);
  const file = (...settings: string[]) =>
    wanted('findings', settings, { LogGroupArn: 'FindingsLogs.Arn' });

  test("its policy is the file's, and each optional statement has its own condition", () => {
    expect(policy()).toEqual(file());
    expect(policy('InVpc')).toEqual(file('vpc'));
    expect(policy('HasKeyAccountRoleName')).toEqual(file('keyAccountRoleName'));
    expect(policy('HasExemptionsFrom')).toEqual(file('exemptionsFrom'));
  });

  test('the parameters decide rule and schedule', () => {
    expect(template['Parameters']).toMatchObject({
      RuleName: { Default: 'trailseal' },
      ImportSchedule: { Default: 'rate(1 hour)' },
    });
    const pattern = new RegExp(
      template['Parameters']?.['ImportSchedule']?.['AllowedPattern'] as string,
    );
    for (const fine of ['rate(1 day)', 'cron(0/30 6-18 ? * MON-FRI *)', 'cron(0 6 L * ? *)']) {
      expect(fine).toMatch(pattern);
    }
    for (const bad of ['1 hour', 'rate()', 'at(2026-11-30T00:00:00)', 'rate(1 hour) ']) {
      expect(bad).not.toMatch(pattern);
    }
  });

  test('an external id is optional', () => {
    expect(template['Resources']?.['FindingsFunction']).toMatchObject({
      Properties: { Environment: { Variables: { TRAILSEAL_EXTERNAL_ID: 'ExternalId' } } },
    });
    const parameter = template['Parameters']?.['ExternalId'];
    expect(parameter).toMatchObject({ Default: '' });
    const pattern = new RegExp(parameter?.['AllowedPattern'] as string);
    expect('').toMatch(pattern);
    expect('CHOOSE-ONE').toMatch(pattern);
    expect('a b').not.toMatch(pattern);
  });

  test('has the parameters of the rule with the text of the account template', () => {
    const account = read('trailseal-account.yaml');
    for (const name of ['KeyAccountRoleName', 'ExemptionsFrom', 'OrganizationId']) {
      expect(account['Parameters']).toHaveProperty(name);
      expect(template['Parameters']?.[name]).toEqual(account['Parameters']?.[name]);
    }
  });
});
