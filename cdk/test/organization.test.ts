import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

import {
  TrailsealCodeBucket,
  TrailsealMemberRole,
  TrailsealOrganizationRule,
  TrailsealStackSet,
  type TrailsealOrganizationRuleProps,
  type TrailsealStackSetProps,
} from '../lib';
import { invokePolicyBytes } from '../lib/organization-rule';
import {
  ACCOUNT,
  ORGANIZATION,
  REGION,
  UNIT,
  newStack,
  only,
  properties,
  someCode,
  statements,
} from './support';

function withStackSet(props: Partial<TrailsealStackSetProps> = {}): Stack {
  const stack = newStack();
  new TrailsealStackSet(stack, 'Members', {
    organizationalUnitIds: [UNIT],
    regions: [REGION, 'us-east-1'],
    bucketPrefix: 'code',
    ...props,
  });
  return stack;
}

function withOrganizationRule(props: Partial<TrailsealOrganizationRuleProps> = {}): Stack {
  const stack = newStack();
  new TrailsealOrganizationRule(stack, 'Central', {
    code: someCode(),
    organizationId: ORGANIZATION,
    externalId: 'external-id',
    memberAccounts: ['222233334444'],
    ...props,
  });
  return stack;
}

const accounts = (count: number) =>
  Array.from({ length: count }, (_, index) => (222200000000 + index).toString());

describe('the StackSet', () => {
  test('a) follows the accounts of an organization', () => {
    const { TemplateBody: body, ...rest } = properties(
      withStackSet(),
      'AWS::CloudFormation::StackSet',
    );
    expect(rest).toEqual({
      AutoDeployment: { Enabled: true, RetainStacksOnAccountRemoval: false },
      CallAs: 'SELF',
      Capabilities: ['CAPABILITY_NAMED_IAM'],
      Description: expect.any(String),
      ManagedExecution: { Active: true },
      OperationPreferences: {
        FailureTolerancePercentage: 10,
        MaxConcurrentPercentage: 25,
        RegionConcurrencyType: 'PARALLEL',
      },
      Parameters: [
        { ParameterKey: 'CodeBucketPrefix', ParameterValue: 'code' },
        { ParameterKey: 'CodeKey', ParameterValue: 'trailseal/0.2.0/bootstrap-arm64.zip' },
        { ParameterKey: 'Architecture', ParameterValue: 'arm64' },
      ],
      PermissionModel: 'SERVICE_MANAGED',
      StackInstancesGroup: [
        { DeploymentTargets: { OrganizationalUnitIds: [UNIT] }, Regions: [REGION, 'us-east-1'] },
      ],
      StackSetName: 'Trailseal',
    });
    expect((body as string).length).toBeLessThan(51200);
    expect(JSON.parse(body as string)).toHaveProperty('Resources.Rule');
  });

  test('b) passes only parameters of the template', () => {
    const stack = withStackSet({
      ruleName: 'sealed',
      schedule: 'One_Hour',
      watchKeys: true,
      functionName: 'sealer',
      reservedConcurrency: 5,
      organizationId: ORGANIZATION,
      parameters: {
        profile: 'strict',
        exemptTrails: '',
        allowedKeyAccounts: ACCOUNT,
        keyAccountRoleName: 'reader',
      },
      excludedAccounts: ['222233334444'],
      callAs: 'DELEGATED_ADMIN',
    });
    const made = properties(stack, 'AWS::CloudFormation::StackSet');
    const passed = made['Parameters'] as { ParameterKey: string; ParameterValue: string }[];
    const template = JSON.parse(made['TemplateBody'] as string) as { Parameters: object };
    for (const { ParameterKey: key } of passed) {
      expect(template.Parameters).toHaveProperty(key);
    }
    expect(passed.slice(3)).toEqual([
      { ParameterKey: 'FunctionName', ParameterValue: 'sealer' },
      { ParameterKey: 'ReservedConcurrency', ParameterValue: '5' },
      { ParameterKey: 'OrganizationId', ParameterValue: ORGANIZATION },
      { ParameterKey: 'RuleName', ParameterValue: 'sealed' },
      { ParameterKey: 'Schedule', ParameterValue: 'One_Hour' },
      { ParameterKey: 'WatchKeys', ParameterValue: 'true' },
      { ParameterKey: 'Profile', ParameterValue: 'strict' },
      { ParameterKey: 'AllowedKeyAccounts', ParameterValue: ACCOUNT },
      { ParameterKey: 'KeyAccountRoleName', ParameterValue: 'reader' },
    ]);
    expect(made['CallAs']).toBe('DELEGATED_ADMIN');
    expect(made['StackInstancesGroup']).toEqual([
      {
        DeploymentTargets: {
          AccountFilterType: 'DIFFERENCE',
          Accounts: ['222233334444'],
          OrganizationalUnitIds: [UNIT],
        },
        Regions: [REGION, 'us-east-1'],
      },
    ]);
  });

  test('c) rejects bad props by name', () => {
    expect(() =>
      withStackSet({ organizationalUnitIds: [], regions: ['Ireland'], bucketPrefix: 'Code' }),
    ).toThrow(
      'TrailsealStackSet: `organizationalUnitIds` is empty; name a root or an organizational unit; ' +
        '`regions` is `Ireland`; expected the name of a Region; ' +
        '`bucketPrefix` is `Code`; expected the beginning of a bucket name',
    );
    expect(() => withStackSet({ regions: [REGION, REGION] })).toThrow(
      `\`regions\` names \`${REGION}\` twice`,
    );
    expect(() => withStackSet({ parameters: { executionRoleName: 'x' } })).toThrow(
      '`parameters.executionRoleName` is not for a StackSet',
    );
    expect(() => withStackSet({ parameters: { keyAccountRoleName: 'reader' } })).toThrow(
      '`parameters.keyAccountRoleName` needs `organizationId`',
    );
    expect(() => withStackSet({ regions: ['eusc-de-east-1', 'us-gov-west-1'] })).not.toThrow();
    expect(() => withStackSet({ codeKey: 'trailseal/0.2.0/bootstrap-x86_64.zip' })).toThrow(
      '`codeKey` is `trailseal/0.2.0/bootstrap-x86_64.zip`; expected code for the architecture arm64',
    );
  });

  test('d) deploys the function alone if a pack has the rule', () => {
    const made = properties(withStackSet({ ruleName: '' }), 'AWS::CloudFormation::StackSet');
    expect(made['Parameters']).toContainEqual({ ParameterKey: 'RuleName', ParameterValue: '' });
  });
});

describe('the organization rule', () => {
  test('a) names the central function and the member role', () => {
    const rule = properties(withOrganizationRule(), 'AWS::Config::OrganizationConfigRule');
    expect(rule).toEqual({
      OrganizationConfigRuleName: 'trailseal',
      OrganizationCustomRuleMetadata: {
        Description: expect.any(String),
        InputParameters: '{"executionRoleName":"TrailsealMember"}',
        LambdaFunctionArn: { 'Fn::GetAtt': [expect.stringMatching(/^CentralFunction/), 'Arn'] },
        MaximumExecutionFrequency: 'TwentyFour_Hours',
        OrganizationConfigRuleTriggerTypes: [
          'ConfigurationItemChangeNotification',
          'OversizedConfigurationItemChangeNotification',
          'ScheduledNotification',
        ],
        ResourceTypesScope: ['AWS::CloudTrail::Trail'],
      },
    });
  });

  test('b) the rule depends on permissions for its account and each member', () => {
    const stack = withOrganizationRule({ memberAccounts: accounts(3) });
    const found = Template.fromStack(stack).findResources('AWS::Lambda::Permission');
    const sources = Object.values(found).map(
      (permission) => (permission['Properties'] as Record<string, unknown>)['SourceAccount'],
    );
    expect(sources).toEqual([{ Ref: 'AWS::AccountId' }, ...accounts(3)]);
    const order = only(stack, 'AWS::Config::OrganizationConfigRule')['DependsOn'];
    expect(order).toEqual(expect.arrayContaining(Object.keys(found)));
  });

  test('c) the central role may assume only the member role within the organization', () => {
    const assume = statements(withOrganizationRule()).filter(
      (one) => one['Action'] === 'sts:AssumeRole',
    );
    expect(assume).toEqual([
      {
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'aws:ResourceOrgID': ORGANIZATION } },
        Effect: 'Allow',
        Resource: {
          'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::*:role/TrailsealMember']],
        },
        Sid: 'AssumeMemberRole',
      },
    ]);
  });

  test('d) the member role is deployed in one Region before the rule', () => {
    const stack = withOrganizationRule({
      memberRole: { organizationalUnitIds: [UNIT], region: REGION },
    });
    const made = properties(stack, 'AWS::CloudFormation::StackSet');
    expect(made['Parameters']).toEqual([
      { ParameterKey: 'CentralAccount', ParameterValue: ACCOUNT },
      { ParameterKey: 'ExternalId', ParameterValue: 'external-id' },
      { ParameterKey: 'RoleName', ParameterValue: 'TrailsealMember' },
    ]);
    expect(made['StackInstancesGroup']).toEqual([
      { DeploymentTargets: { OrganizationalUnitIds: [UNIT] }, Regions: [REGION] },
    ]);
    expect(only(stack, 'AWS::Config::OrganizationConfigRule')['DependsOn']).toContainEqual(
      expect.stringMatching(/MemberRole/),
    );
  });

  test('e) rejects more accounts than fit and names the alternative', () => {
    const bytes = (count: number) => invokePolicyBytes(count, 'trailseal-central', REGION);
    let most = 1;
    while (bytes(most + 1) <= 20480) {
      most += 1;
    }
    expect(most).toBeGreaterThanOrEqual(45);
    expect(most).toBeLessThanOrEqual(60);
    expect(() => withOrganizationRule({ memberAccounts: accounts(most - 1) })).not.toThrow();
    expect(() => withOrganizationRule({ memberAccounts: accounts(most) })).toThrow(
      /`memberAccounts` with the central account has \d+ accounts.*Lambda takes 20480: deploy with TrailsealStackSet instead/,
    );
  });

  test('f) rejects bad props by name', () => {
    expect(() =>
      withOrganizationRule({
        ruleName: 'x'.repeat(36),
        organizationId: 'mine',
        externalId: '?',
        excludedAccounts: ['1'],
        parameters: { executionRoleName: 'other' },
      }),
    ).toThrow(
      'TrailsealOrganizationRule: `ruleName` has 36 characters; it may have 1 to 35; ' +
        '`organizationId` is `mine`; expected the id of an organization; ' +
        '`externalId` is `?`; expected an external id of 2 to 1,224 characters; ' +
        '`excludedAccounts` is `1`; expected an account id; ' +
        '`parameters.executionRoleName` is set by `memberRoleName`',
    );
    expect(() => withOrganizationRule({ memberAccounts: [ACCOUNT] })).toThrow(
      '`memberAccounts` contains the central account, which is always permitted',
    );
    expect(() => withOrganizationRule({ memberRoleName: 'path/role' })).toThrow(
      '`memberRoleName` is `path/role`; expected the name of a role',
    );
  });
});

describe('the member role', () => {
  test('trusts central functions of one account with an external id', () => {
    const stack = newStack();
    new TrailsealMemberRole(stack, 'Member', {
      centralAccount: ACCOUNT,
      externalId: 'external-id',
    });
    const root = ['arn:', { Ref: 'AWS::Partition' }, `:iam::${ACCOUNT}:root`];
    const roles = ['arn:', { Ref: 'AWS::Partition' }, `:iam::${ACCOUNT}:role/TrailsealCentral-*`];
    expect(properties(stack, 'AWS::IAM::Role')).toMatchObject({
      RoleName: 'TrailsealMember',
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Condition: {
              ArnLike: { 'aws:PrincipalArn': { 'Fn::Join': ['', roles] } },
              StringEquals: { 'sts:ExternalId': 'external-id' },
            },
            Effect: 'Allow',
            Principal: { AWS: { 'Fn::Join': ['', root] } },
          },
        ],
      },
    });
    const actions = statements(stack).flatMap(
      (statement) => statement['Action'] as string | string[],
    );
    expect(actions).toEqual([
      'config:PutEvaluations',
      'config:GetResourceConfigHistory',
      'config:ListDiscoveredResources',
      'config:GetComplianceDetailsByConfigRule',
      'cloudtrail:DescribeTrails',
      'cloudtrail:GetTrailStatus',
      'cloudtrail:ListTags',
      'kms:DescribeKey',
      'kms:GetKeyRotationStatus',
      'kms:GetKeyPolicy',
    ]);
  });
});

describe('the bucket with the code', () => {
  test('only the organization can read it, over TLS', () => {
    const stack = newStack();
    new TrailsealCodeBucket(stack, 'Code', { bucketPrefix: 'code', organizationId: ORGANIZATION });
    const policy = properties(stack, 'AWS::S3::BucketPolicy')['PolicyDocument'];
    const [tls, read] = (policy as { Statement: Record<string, unknown>[] }).Statement;
    expect(tls).toMatchObject({
      Effect: 'Deny',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(read).toMatchObject({
      Action: 's3:GetObject',
      Condition: { StringEquals: { 'aws:PrincipalOrgID': ORGANIZATION } },
      Effect: 'Allow',
    });
    expect(properties(stack, 'AWS::S3::Bucket')).toMatchObject({
      BucketName: { 'Fn::Join': ['', ['code-', { Ref: 'AWS::Region' }]] },
      PublicAccessBlockConfiguration: { BlockPublicPolicy: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });
});
