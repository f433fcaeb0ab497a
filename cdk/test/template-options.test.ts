import { BOUNDARY, granted, read, wanted, type Granted } from './template-support';

describe('every role of a template', () => {
  test.each([
    'trailseal-account.yaml',
    'trailseal-central-function.yaml',
    'trailseal-member-role.yaml',
    'trailseal-remediation.yaml',
    'trailseal-hook.yaml',
    'trailseal-findings.yaml',
  ])('may have a permissions boundary: %s', (name) => {
    const resources = Object.values(read(name)['Resources'] ?? {});
    const roles = resources.filter((resource) => (resource['Type'] as string) === 'AWS::IAM::Role');
    expect(roles.length).toBeGreaterThan(0);
    for (const role of roles) {
      expect(role['Properties']).toMatchObject({ PermissionsBoundary: BOUNDARY });
    }
  });
});

describe.each([
  ['trailseal-account.yaml', 'Function'],
  ['trailseal-central-function.yaml', 'Function'],
  ['trailseal-hook.yaml', 'Hook'],
  ['trailseal-findings.yaml', 'Findings'],
])('the options of the function in %s', (name, of) => {
  const template = read(name);
  const made = (id: string) => template['Resources']?.[id]?.['Properties'];
  const where = (condition: string, value: unknown) => ({
    'Fn::If': [condition, value, 'AWS::NoValue'],
  });

  test('VPC, code signing and key are left out if empty', () => {
    const split = (id: string) => ({ 'Fn::Split': [',', id] });
    expect(made(of === 'Function' ? of : `${of}Function`)).toMatchObject({
      VpcConfig: where('InVpc', {
        SecurityGroupIds: split('SecurityGroupIds'),
        SubnetIds: split('SubnetIds'),
      }),
      CodeSigningConfigArn: where('HasCodeSigningConfigArn', 'CodeSigningConfigArn'),
    });
    const key = where('HasEncryptionKeyArn', 'EncryptionKeyArn');
    expect(made(`${of}Logs`)).toMatchObject({ KmsKeyId: key });
    const queue = { 'Fn::If': ['HasEncryptionKeyArn', 'AWS::NoValue', true] };
    expect(made(`${of}FailedEvents`)).toEqual(
      of !== 'Function'
        ? undefined // CloudFormation waits for the hook, and the next import does the same: no queue.
        : expect.objectContaining({ KmsMasterKeyId: key, SqsManagedSseEnabled: queue }),
    );
    for (const id of [
      'SubnetIds',
      'SecurityGroupIds',
      'CodeSigningConfigArn',
      'EncryptionKeyArn',
      'PermissionsBoundaryName',
    ]) {
      expect(template['Parameters']?.[id]?.['Default']).toBe('');
      expect('').toMatch(new RegExp(template['Parameters']?.[id]?.['AllowedPattern'] as string));
    }
  });

  test('a parameter that needs another one is refused without it', () => {
    const empty = (id: string) => ({ 'Fn::Equals': [id, ''] });
    const given = (id: string) => ({ 'Fn::Not': [empty(id)] });
    const needs = (id: string, assert: object): unknown =>
      expect.objectContaining<object>({
        RuleCondition: given(id),
        Assertions: [expect.objectContaining({ Assert: assert })],
      });
    expect(Object.values(template['Rules'] ?? {})).toEqual(
      expect.arrayContaining([
        needs('SubnetIds', given('SecurityGroupIds')),
        needs('SecurityGroupIds', given('SubnetIds')),
        needs('AlarmTopicName', { 'Fn::Equals': ['Alarms', 'true'] }),
        needs('AlarmTopicAccount', given('AlarmTopicName')),
      ]),
    );
  });
});

describe('the policies of the central templates', () => {
  test('the central function has exactly the actions of the file', () => {
    const policy = (...holding: string[]) =>
      granted('trailseal-central-function.yaml', 'FunctionPolicy', holding);
    const file = (...settings: string[]) =>
      JSON.parse(
        JSON.stringify(
          wanted('central', ['executionRoleName', ...settings], {
            LogGroupArn: 'FunctionLogs.Arn',
            FailureQueueArn: 'FunctionFailedEvents.Arn',
          }),
        ).replace('${ExecutionRoleName}', '${MemberRoleName}'),
      ) as Granted[];
    expect(policy()).toEqual(file());
    expect(policy('InVpc')).toEqual(file('vpc'));
    expect(policy('InVpc').map((statement) => statement.Sid)).toContain('ConnectToVpc');
    expect(policy('HasEncryptionKeyArn')).toEqual(file('encryptionKey'));
    expect(policy('HasKeyAccountRoleName')).toEqual(file('keyAccountRoleName'));
    expect(policy('HasExemptionsFrom')).toEqual(file('exemptionsFrom'));
  });

  test('the member role has exactly the actions of the file', () => {
    expect(granted('trailseal-member-role.yaml', 'MemberPolicy', [])).toEqual(
      wanted('member', [], {}),
    );
  });

  test('the runbook has exactly the actions of the file', () => {
    const role = { FunctionArn: 'RemediationFunction.Arn' };
    expect(granted('trailseal-remediation.yaml', 'RemediationAutomationPolicy', [])).toEqual(
      wanted('automation', [], role),
    );
  });
});
