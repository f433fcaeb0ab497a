import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';

import leastPrivilege from '../iam/least-privilege.json';
import { TrailsealFunction, prebuiltCode, type TrailsealFunctionProps } from '../lib';
import { newStack, only, properties, someCode, statements, ACCOUNT, ORGANIZATION } from './support';

function withFunction(props: TrailsealFunctionProps = {}): Stack {
  const stack = newStack();
  new TrailsealFunction(stack, 'Function', { code: someCode(), ...props });
  return stack;
}

const PARTITION = { Ref: 'AWS::Partition' };
const join = (...parts: unknown[]) => ({ 'Fn::Join': ['', parts] });
const allow = (sid: string, action: string | string[], resource: unknown) => ({
  Sid: sid,
  Effect: 'Allow',
  Action: action,
  Resource: resource,
});

const READS = [
  allow('ReportToConfig', 'config:PutEvaluations', '*'),
  allow(
    'ReadConfigInventory',
    ['config:GetResourceConfigHistory', 'config:ListDiscoveredResources'],
    '*',
  ),
  allow(
    'ReadOwnResults',
    'config:GetComplianceDetailsByConfigRule',
    join(
      'arn:',
      PARTITION,
      ':config:',
      { Ref: 'AWS::Region' },
      ':',
      { Ref: 'AWS::AccountId' },
      ':config-rule/*',
    ),
  ),
  allow('ReadTrails', 'cloudtrail:DescribeTrails', '*'),
  allow(
    'ReadDelivery',
    'cloudtrail:GetTrailStatus',
    join('arn:', PARTITION, ':cloudtrail:*:*:trail/*'),
  ),
  allow(
    'ReadExemptionTag',
    'cloudtrail:ListTags',
    join('arn:', PARTITION, ':cloudtrail:*:', { Ref: 'AWS::AccountId' }, ':trail/*'),
  ),
  allow(
    'ReadKeys',
    ['kms:DescribeKey', 'kms:GetKeyRotationStatus', 'kms:GetKeyPolicy'],
    join('arn:', PARTITION, ':kms:*:*:key/*'),
  ),
];

const LOGS = allow('WriteLogs', ['logs:CreateLogStream', 'logs:PutLogEvents'], {
  'Fn::GetAtt': [expect.stringMatching(/^FunctionLogs/), 'Arn'],
});
const QUEUE = allow('KeepFailedEvents', 'sqs:SendMessage', {
  'Fn::GetAtt': [expect.stringMatching(/^FunctionFailedEvents/), 'Arn'],
});
const TRACE = allow('Trace', ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*');
const assume = (sid: string, role: string) => ({
  ...allow(sid, 'sts:AssumeRole', join('arn:', PARTITION, `:iam::*:role/${role}`)),
  Condition: { StringEquals: { 'aws:ResourceOrgID': ORGANIZATION } },
});

describe('the policy of the role', () => {
  test('a) allows exactly the calls of the function', () => {
    expect(statements(withFunction())).toEqual([...READS, LOGS, QUEUE]);
  });

  test('b) tracing adds two actions', () => {
    expect(statements(withFunction({ tracing: true }))).toEqual([...READS, LOGS, QUEUE, TRACE]);
  });

  test('c) may assume a role in the account of a key within the organization', () => {
    const props = { keyAccountRoleName: 'reader', organizationId: ORGANIZATION };
    expect(statements(withFunction(props))).toEqual([
      ...READS,
      LOGS,
      QUEUE,
      assume('AssumeKeyAccountRole', 'reader'),
    ]);
  });

  test('d) a central function may also assume the member role', () => {
    const props = { executionRoleName: 'member', organizationId: ORGANIZATION };
    expect(statements(withFunction(props))).toEqual([
      ...READS,
      LOGS,
      QUEUE,
      assume('AssumeMemberRole', 'member'),
    ]);
  });

  test('i) may read one document with exemptions', () => {
    const read = { exemptionsFrom: 's3://bucket/security/exemptions.json' };
    expect(statements(withFunction(read))).toEqual([
      ...READS,
      LOGS,
      QUEUE,
      allow(
        'ReadExemptions',
        's3:GetObject',
        join('arn:', PARTITION, ':s3:::bucket/security/exemptions.json'),
      ),
    ]);
    for (const wrong of ['s3://bucket/*', 's3://bucket/a?', 'bucket/key', 's3://bucket/${x}']) {
      expect(() => withFunction({ exemptionsFrom: wrong })).toThrow('expected `s3://BUCKET/KEY`');
    }
  });

  test('g) a VPC adds what Lambda needs for its network interfaces', () => {
    const network = {
      subnetIds: ['subnet-01234567', 'subnet-89abcdef'],
      securityGroupIds: ['sg-01234567'],
    };
    const stack = withFunction({ network });
    const interfaces = ['Create', 'Describe', 'Delete'].map((verb) =>
      verb === 'Describe' ? 'ec2:DescribeNetworkInterfaces' : `ec2:${verb}NetworkInterface`,
    );
    const [create = '', describe = '', remove = ''] = interfaces;
    const addresses = ['ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'];
    const actions = [create, describe, 'ec2:DescribeSubnets', remove, ...addresses];
    expect(statements(stack)).toEqual([...READS, LOGS, QUEUE, allow('ConnectToVpc', actions, '*')]);
    expect(properties(stack, 'AWS::Lambda::Function')['VpcConfig']).toEqual({
      SecurityGroupIds: ['sg-01234567'],
      SubnetIds: ['subnet-01234567', 'subnet-89abcdef'],
    });
  });

  test('e) is the only policy, and the role trusts only Lambda', () => {
    const stack = withFunction();
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
    expect(properties(stack, 'AWS::IAM::Role')).toEqual({
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Effect: 'Allow',
            Principal: { Service: 'lambda.amazonaws.com' },
          },
        ],
      },
      Description: expect.any(String),
      ManagedPolicyArns: [{ Ref: expect.stringMatching(/^FunctionPolicy/) }],
    });
  });

  test('f) every statement of the file has a reason and a unique id', () => {
    for (const role of Object.values(leastPrivilege.roles)) {
      const sids = role.statements.map((statement) => statement.sid);
      expect(new Set(sids).size).toBe(sids.length);
      for (const statement of role.statements) {
        expect(statement.why.length).toBeGreaterThan(20);
        expect(statement.actions.join()).not.toContain('*');
      }
    }
  });
});

describe('the function', () => {
  test('a) matches the snapshot by default', () => {
    expect(properties(withFunction(), 'AWS::Lambda::Function')).toEqual({
      Architectures: ['arm64'],
      Code: expect.any(Object),
      Description: expect.any(String),
      Handler: 'bootstrap',
      LoggingConfig: {
        ApplicationLogLevel: 'INFO',
        LogFormat: 'JSON',
        LogGroup: { Ref: expect.stringMatching(/^FunctionLogs/) },
        SystemLogLevel: 'WARN',
      },
      MemorySize: 128,
      Role: { 'Fn::GetAtt': [expect.stringMatching(/^FunctionRole/), 'Arn'] },
      Runtime: 'provided.al2023',
      Timeout: 120,
    });
  });

  test('b) the external id is its only variable', () => {
    const props = properties(withFunction({ externalId: 'abc' }), 'AWS::Lambda::Function');
    expect(props['Environment']).toEqual({ Variables: { TRAILSEAL_EXTERNAL_ID: 'abc' } });
  });

  test('b2) metrics, which are billed, are made only on request', () => {
    const props = properties(withFunction({ metrics: true }), 'AWS::Lambda::Function');
    expect(props['Environment']).toEqual({ Variables: { TRAILSEAL_METRICS: 'true' } });
  });

  test('b3) concurrency is reserved only on request', () => {
    const props = properties(withFunction({ reservedConcurrency: 2 }), 'AWS::Lambda::Function');
    expect(props['ReservedConcurrentExecutions']).toBe(2);
  });

  test('c) applies the settings', () => {
    const stack = withFunction({
      architecture: lambda.Architecture.X86_64,
      memoryMebibytes: 256,
      timeoutSeconds: 30,
      reservedConcurrency: 'none',
      logRetention: RetentionDays.ONE_MONTH,
      tracing: true,
      functionName: 'trailseal',
    });
    const props = properties(stack, 'AWS::Lambda::Function');
    expect(props).toMatchObject({
      Architectures: ['x86_64'],
      MemorySize: 256,
      Timeout: 30,
      TracingConfig: { Mode: 'Active' },
      FunctionName: 'trailseal',
    });
    expect(props).not.toHaveProperty('ReservedConcurrentExecutions');
    expect(properties(stack, 'AWS::Logs::LogGroup')).toEqual({ RetentionInDays: 30 });
  });

  test('c2) has a code signing configuration, a path and a boundary if named', () => {
    const codeSigningConfigArn = `arn:aws:lambda:eu-west-1:${ACCOUNT}:code-signing-config:csc-0123456789abcdef0`;
    const stack = withFunction({
      codeSigningConfigArn,
      rolePath: '/security/',
      permissionsBoundaryName: 'security/boundary',
    });
    const props = properties(stack, 'AWS::Lambda::Function');
    expect(props['CodeSigningConfigArn']).toBe(codeSigningConfigArn);
    expect(properties(stack, 'AWS::IAM::Role')).toMatchObject({
      Path: '/security/',
      PermissionsBoundary: join('arn:', PARTITION, `:iam::${ACCOUNT}:policy/security/boundary`),
    });
  });

  test('d) keeps logs for a year and deletes them with the stack', () => {
    const group = only(withFunction(), 'AWS::Logs::LogGroup');
    expect(group['Properties']).toEqual({ RetentionInDays: 365 });
    expect(group['DeletionPolicy']).toBe('Delete');
  });

  test('e) failed events go to an encrypted queue after two retries', () => {
    const stack = withFunction();
    expect(properties(stack, 'AWS::SQS::Queue')).toEqual({
      MessageRetentionPeriod: 1209600,
      SqsManagedSseEnabled: true,
    });
    expect(properties(stack, 'AWS::Lambda::EventInvokeConfig')).toEqual({
      DestinationConfig: {
        OnFailure: {
          Destination: { 'Fn::GetAtt': [expect.stringMatching(/^FunctionFailedEvents/), 'Arn'] },
        },
      },
      FunctionName: { Ref: expect.stringMatching(/^Function/) },
      MaximumEventAgeInSeconds: 21600,
      MaximumRetryAttempts: 2,
      Qualifier: '$LATEST',
    });
  });

  test('f) a customer managed key encrypts logs and queue', () => {
    const stack = newStack();
    const arn = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/11111111-2222-3333-4444-555555555555`;
    const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', arn);
    new TrailsealFunction(stack, 'Function', { code: someCode(), encryptionKey });
    expect(properties(stack, 'AWS::Logs::LogGroup')['KmsKeyId']).toBe(arn);
    expect(properties(stack, 'AWS::SQS::Queue')['KmsMasterKeyId']).toBe(arn);
    expect(statements(stack)).toContainEqual(
      allow('EncryptFailedEvents', ['kms:GenerateDataKey', 'kms:Decrypt'], arn),
    );
  });
});

describe('the permissions to invoke', () => {
  const permission = (sourceAccount: unknown) => ({
    Action: 'lambda:InvokeFunction',
    FunctionName: { Ref: expect.stringMatching(/^Function/) },
    Principal: 'config.amazonaws.com',
    SourceAccount: sourceAccount,
  });

  test('a) AWS Config may invoke it for rules of its account', () => {
    expect(properties(withFunction(), 'AWS::Lambda::Permission')).toEqual(
      permission({ Ref: 'AWS::AccountId' }),
    );
  });

  test('b) AWS Config may invoke it for rules of each named account', () => {
    const stack = withFunction({ sourceAccounts: ['222233334444', '333344445555'] });
    const found = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Permission'));
    expect(found.map((resource) => resource['Properties'] as unknown)).toEqual([
      permission('222233334444'),
      permission('333344445555'),
    ]);
  });
});

describe('invalid props', () => {
  test('a) rejects a missing zip and names the command that builds it', () => {
    expect(() => prebuiltCode(lambda.Architecture.ARM_64, '/nowhere')).toThrow(
      "the function's code is missing: `/nowhere/bootstrap-arm64.zip`; make it with `cargo xtask package`",
    );
  });

  test('b) reports every bad prop at once by name', () => {
    const props = {
      functionName: 'not a name',
      sourceAccounts: ['1'],
      memoryMebibytes: 64,
      timeoutSeconds: 901,
      reservedConcurrency: 0,
      logLevel: lambda.ApplicationLogLevel.WARN,
      keyAccountRoleName: 'reader',
      externalId: 'x',
    };
    let message = '';
    try {
      withFunction(props);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toBe(
      'TrailsealFunction: `functionName` is `not a name`; expected the name of a function; ' +
        '`sourceAccounts` is `1`; expected an account id; ' +
        '`memoryMebibytes` is `64`; expected a whole number from 128 to 10240; ' +
        '`timeoutSeconds` is `901`; expected a whole number from 1 to 900; ' +
        '`reservedConcurrency` is `0`; expected a whole number from 1 to 1000; ' +
        '`logLevel` is `WARN`; expected one of TRACE, DEBUG, INFO: alarms and dashboard count lines of the level INFO; ' +
        '`keyAccountRoleName` needs `organizationId`: roles are assumed within the organization only; ' +
        '`externalId` is `x`; expected an external id of 2 to 1,224 characters',
    );
  });

  test('d) rejects ARNs for names, and half of a network', () => {
    const props = {
      permissionsBoundaryName: `arn:aws:iam::${ACCOUNT}:policy/boundary`,
      rolePath: 'security',
      network: { subnetIds: ['10.0.0.0/16'], securityGroupIds: [] },
      codeSigningConfigArn: 'csc-1',
    };
    for (const [prop, message] of [
      ['rolePath', '`rolePath` is `security`; expected a path'],
      ['permissionsBoundaryName', 'expected the name of a policy, with its path'],
      ['network', '`network.subnetIds` is `10.0.0.0/16`; expected an id'],
      ['network', '`network.securityGroupIds` is empty'],
      ['codeSigningConfigArn', '`codeSigningConfigArn` is `csc-1`'],
    ] as const) {
      expect(() => withFunction({ [prop]: props[prop] })).toThrow(message);
    }
  });

  test('c) rejects an empty list of accounts', () => {
    expect(() => withFunction({ sourceAccounts: [] })).toThrow('`sourceAccounts` is empty');
  });
});
