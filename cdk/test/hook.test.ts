import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';

import { TrailsealAccountStack, TrailsealHook, type TrailsealHookProps } from '../lib';
import { PARAMETER_SCHEMAS, parameterFaults } from '../lib/rule-parameters';
import { templateParameterName } from '../lib/template-parameters';
import { ACCOUNT, ORGANIZATION, REGION, newStack, properties, quietApp, someCode } from './support';
import { granted, read, wanted } from './template-support';

const NAME = 'trailseal-hook.yaml';
const HOOK = 'AWS::CloudFormation::LambdaHook';

function withHook(props: TrailsealHookProps = {}): Stack {
  const stack = newStack();
  new TrailsealHook(stack, 'Hook', { code: someCode(), ...props });
  return stack;
}

/** The properties of the only resource of a type whose logical id begins so. */
function made(stack: Stack, type: string, id: string): Record<string, unknown> {
  const found = Object.entries(Template.fromStack(stack).findResources(type));
  const own = found.filter(([name]) => new RegExp(`^Hook${id}[0-9A-F]{8}$`).test(name));
  expect(own).toHaveLength(1);
  const [, resource] = own[0] ?? [];
  return (resource as { Properties: Record<string, unknown> }).Properties;
}

describe('the hook', () => {
  test('asks its function before a trail is created or updated, and only warns', () => {
    expect(properties(withHook(), HOOK)).toEqual({
      Alias: 'Trailseal::CloudTrail::Encryption',
      ExecutionRole: { 'Fn::GetAtt': [expect.stringMatching(/^HookExecutionRole/), 'Arn'] },
      FailureMode: 'WARN',
      HookStatus: 'ENABLED',
      LambdaFunction: { 'Fn::GetAtt': [expect.stringMatching(/^HookFunction/), 'Arn'] },
      TargetFilters: {
        TargetNames: ['AWS::CloudTrail::Trail'],
        Actions: ['CREATE', 'UPDATE'],
        InvocationPoints: ['PRE_PROVISION'],
      },
      TargetOperations: ['RESOURCE', 'CLOUD_CONTROL'],
    });
  });

  test('can refuse, can be off, and can have another alias', () => {
    const props = { failureMode: 'FAIL', enabled: false, alias: 'Acme::Trails::Seal' } as const;
    expect(properties(withHook(props), HOOK)).toMatchObject({
      FailureMode: 'FAIL',
      HookStatus: 'DISABLED',
      Alias: 'Acme::Trails::Seal',
    });
  });

  test('only hooks of the account and Region may assume its role', () => {
    const arn = [
      'arn:',
      { Ref: 'AWS::Partition' },
      ':cloudformation:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':type/hook/*',
    ];
    const role = made(withHook(), 'AWS::IAM::Role', 'ExecutionRole');
    expect(role['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnLike: { 'aws:SourceArn': { 'Fn::Join': ['', arn] } },
          },
          Effect: 'Allow',
          Principal: { Service: 'hooks.cloudformation.amazonaws.com' },
        },
      ],
    });
    expect(role['ManagedPolicyArns']).toEqual([
      { Ref: expect.stringMatching(/^HookExecutionPolicy/) as string },
    ]);
  });

  test('its role may invoke this function and do nothing else', () => {
    const policy = made(withHook(), 'AWS::IAM::ManagedPolicy', 'ExecutionPolicy');
    expect(policy['PolicyDocument']).toMatchObject({
      Statement: [
        {
          Sid: 'InvokeHook',
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource: { 'Fn::GetAtt': [expect.stringMatching(/^HookFunction/), 'Arn'] },
        },
      ],
    });
  });
});

describe("the hook's function", () => {
  test('has the code of the hook, ends before CloudFormation stops waiting, and logs as the others', () => {
    expect(made(withHook(), 'AWS::Lambda::Function', 'Function')).toMatchObject({
      Handler: 'bootstrap',
      Runtime: 'provided.al2023',
      Timeout: 30,
      MemorySize: 128,
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO' },
    });
    const variables = made(withHook(), 'AWS::Lambda::Function', 'Function')['Environment'];
    expect(variables).toBeUndefined();
  });

  test('gets the parameters of the rule as text', () => {
    const parameters = { profile: 'strict', exemptTrails: '' } as const;
    const environment = made(withHook({ parameters }), 'AWS::Lambda::Function', 'Function');
    expect(environment['Environment']).toEqual({
      Variables: { TRAILSEAL_PARAMETERS: '{"profile":"strict"}' },
    });
  });

  test('changes nothing: it reads keys, and in an account of a key with the named role', () => {
    const actions = (props: TrailsealHookProps) => {
      const policy = made(withHook(props), 'AWS::IAM::ManagedPolicy', 'Policy');
      const { Statement: statements } = policy['PolicyDocument'] as {
        Statement: { Action: string | string[] }[];
      };
      return statements.flatMap((statement) => statement.Action);
    };
    const least = [
      'kms:DescribeKey',
      'kms:GetKeyRotationStatus',
      'kms:GetKeyPolicy',
      'logs:CreateLogStream',
      'logs:PutLogEvents',
    ];
    expect(actions({})).toEqual(least);
    const parameters = { keyAccountRoleName: 'reader' };
    expect(actions({ parameters, organizationId: ORGANIZATION })).toEqual([
      ...least,
      'sts:AssumeRole',
    ]);
  });

  test('has the settings of strict environments, and both roles have path and boundary', () => {
    const stack = withHook({
      rolePath: '/security/',
      permissionsBoundaryName: 'boundary',
      network: {
        subnetIds: ['subnet-0123456789abcdef0'],
        securityGroupIds: ['sg-0123456789abcdef0'],
      },
      codeSigningConfigArn: `arn:aws:lambda:${REGION}:${ACCOUNT}:code-signing-config:csc-0123456789abcdef0`,
    });
    for (const id of ['Role', 'ExecutionRole']) {
      expect(made(stack, 'AWS::IAM::Role', id)).toMatchObject({
        Path: '/security/',
        PermissionsBoundary: {
          'Fn::Join': ['', expect.arrayContaining([`:iam::${ACCOUNT}:policy/boundary`])],
        },
      });
    }
    expect(made(stack, 'AWS::Lambda::Function', 'Function')).toMatchObject({
      VpcConfig: {
        SubnetIds: ['subnet-0123456789abcdef0'],
        SecurityGroupIds: ['sg-0123456789abcdef0'],
      },
      CodeSigningConfigArn: expect.stringContaining('csc-') as string,
    });
    const policy = made(stack, 'AWS::IAM::ManagedPolicy', 'Policy');
    expect(JSON.stringify(policy)).toContain('ConnectToVpc');
  });

  test('has alarms only if they are asked for', () => {
    Template.fromStack(withHook()).resourceCountIs('AWS::CloudWatch::Alarm', 0);
    const alarms = Template.fromStack(withHook({ alarms: { topicName: 'alarms' } }));
    for (const metric of ['Errors', 'Throttles', 'Failures']) {
      alarms.hasResourceProperties('AWS::CloudWatch::Alarm', {
        MetricName: metric,
        Threshold: 0,
        EvaluationPeriods: 1,
        AlarmActions: [Match.anyValue()],
      });
    }
    // InternalFailure is an answer, so Lambda does not count it as an error.
    alarms.hasResourceProperties('AWS::Logs::MetricFilter', {
      FilterPattern: '{ $.level = "ERROR" }',
      MetricTransformations: [{ MetricName: 'Failures', MetricValue: '1' }],
    });
  });

  test('knows the management account only if it is given', () => {
    const variables = (stack: Stack) =>
      JSON.stringify(made(stack, 'AWS::Lambda::Function', 'Function'));
    expect(variables(withHook())).not.toContain('TRAILSEAL_MANAGEMENT_ACCOUNT');
    const given = withHook({ managementAccountId: '444455556666' });
    expect(variables(given)).toContain('"TRAILSEAL_MANAGEMENT_ACCOUNT":"444455556666"');
  });
});

test('every wrong prop of the hook is named at once', () => {
  const wrong = () =>
    withHook({
      alias: 'AWS::CloudTrail::Encryption',
      managementAccountId: '4444',
      failureMode: 'DENY' as 'FAIL',
      functionName: 'a b',
      rolePath: 'security',
      parameters: { profile: 'loose' as 'strict', keyAccountRoleName: 'a', executionRoleName: 'b' },
    });
  for (const part of [
    'TrailsealHook: ',
    '`alias` is `AWS::CloudTrail::Encryption`; expected three names',
    '`managementAccountId` is `4444`; expected an account ID of 12 digits',
    '`failureMode` is `DENY`; expected one of WARN, FAIL',
    '`functionName` is `a b`',
    '`rolePath` is `security`',
    '`ruleParameters.profile` is `loose`',
    '`parameters.keyAccountRoleName` needs `organizationId`',
    '`parameters.executionRoleName` is not for a hook',
  ]) {
    expect(wrong).toThrow(part);
  }
});

describe('the hook in the stack of an account', () => {
  const stack = new TrailsealAccountStack(quietApp(), 'Account', {
    env: { account: ACCOUNT, region: REGION },
    function: { code: someCode() },
    rule: { parameters: { profile: 'strict' } },
    hook: { code: someCode(), failureMode: 'FAIL' },
    alarmEmail: 'someone@example.com',
  });

  test('decides with the parameters of the rule', () => {
    expect(made(stack, 'AWS::Lambda::Function', 'Function')).toMatchObject({
      FunctionName: 'trailseal-hook',
      Environment: { Variables: { TRAILSEAL_PARAMETERS: '{"profile":"strict"}' } },
    });
  });

  test('has alarms that notify the same topic', () => {
    const alarms = Object.entries(
      Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm'),
    ).filter(([id]) => id.startsWith('HookHook'));
    expect(alarms).toHaveLength(3);
    for (const [, alarm] of alarms) {
      const topic = [{ Ref: expect.stringMatching(/^AlarmsTopic/) as string }];
      expect(alarm['Properties']).toMatchObject({ AlarmActions: topic, OKActions: topic });
    }
  });
});

describe('the template of the hook', () => {
  const template = read(NAME);
  const policy = (...holding: string[]) => granted(NAME, 'HookPolicy', holding);
  const file = (...settings: string[]) => wanted('hook', settings, { LogGroupArn: 'HookLogs.Arn' });

  test("its policies are the file's, and each optional statement has its own condition", () => {
    expect(policy()).toEqual(file());
    expect(policy('InVpc')).toEqual(file('vpc'));
    expect(policy('HasKeyAccountRoleName')).toEqual(file('keyAccountRoleName'));
    expect(granted(NAME, 'HookExecutionPolicy', [])).toEqual(
      wanted('hookExecution', [], { FunctionArn: 'HookFunction.Arn' }),
    );
  });

  test('the parameters decide failure mode, status and alias', () => {
    expect(template['Resources']?.['Hook']?.['Properties']).toMatchObject({
      Alias: 'HookAlias',
      FailureMode: 'FailureMode',
      HookStatus: 'HookStatus',
    });
    expect(template['Parameters']).toMatchObject({
      FailureMode: { Default: 'WARN', AllowedValues: ['WARN', 'FAIL'] },
      HookStatus: { Default: 'ENABLED', AllowedValues: ['ENABLED', 'DISABLED'] },
      HookAlias: { Default: 'Trailseal::CloudTrail::Encryption' },
    });
    const pattern = new RegExp(template['Parameters']?.['HookAlias']?.['AllowedPattern'] as string);
    expect('Trailseal::CloudTrail::Encryption').toMatch(pattern);
    expect('Aws::CloudTrail::Encryption').not.toMatch(pattern);
    expect('Trailseal::Encryption').not.toMatch(pattern);
  });

  test('passes every parameter of the rule to the function', () => {
    const { Environment: environment } = template['Resources']?.['HookFunction']?.[
      'Properties'
    ] as { Environment: { Variables: Record<string, string> } };
    const { TRAILSEAL_PARAMETERS: text = '', ...others } = environment.Variables;
    expect(others).toEqual({ TRAILSEAL_MANAGEMENT_ACCOUNT: 'ManagementAccountId' });
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    expect(JSON.parse(text)).toEqual(
      Object.fromEntries(names.map((name) => [name, `\${${templateParameterName(name)}}`])),
    );
    const filled = text.replace(/\$\{([A-Za-z]+)\}/g, (_, name: string) =>
      String(template['Parameters']?.[name]?.['Default']),
    );
    expect(parameterFaults(JSON.parse(filled) as object)).toEqual([]);
  });

  test('has the parameters of the rule with the text of the account template', () => {
    const account = read('trailseal-account.yaml');
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    for (const name of [
      ...names.map(templateParameterName),
      'OrganizationId',
      'LogRetentionDays',
    ]) {
      expect(account['Parameters']).toHaveProperty(name);
      expect(template['Parameters']?.[name]).toEqual(account['Parameters']?.[name]);
    }
  });
});
