import { Stack } from 'aws-cdk-lib';

import { TrailsealFunction, TrailsealRule, type TrailsealRuleProps } from '../lib';
import { newStack, only, properties, someCode } from './support';

function withRule(props: Partial<TrailsealRuleProps> = {}): Stack {
  const stack = newStack();
  const handler = new TrailsealFunction(stack, 'Function', { code: someCode() });
  new TrailsealRule(stack, 'Rule', { handler, ...props });
  return stack;
}

const DETAILS = [
  { EventSource: 'aws.config', MessageType: 'ConfigurationItemChangeNotification' },
  { EventSource: 'aws.config', MessageType: 'OversizedConfigurationItemChangeNotification' },
  {
    EventSource: 'aws.config',
    MaximumExecutionFrequency: 'TwentyFour_Hours',
    MessageType: 'ScheduledNotification',
  },
];

describe('the rule', () => {
  test('a) changes, including oversized ones, and a schedule invoke it', () => {
    expect(properties(withRule(), 'AWS::Config::ConfigRule')).toEqual({
      ConfigRuleName: 'trailseal',
      Description: expect.any(String),
      Scope: { ComplianceResourceTypes: ['AWS::CloudTrail::Trail'] },
      Source: {
        Owner: 'CUSTOM_LAMBDA',
        SourceDetails: DETAILS,
        SourceIdentifier: { 'Fn::GetAtt': [expect.stringMatching(/^Function/), 'Arn'] },
      },
    });
  });

  test('b) keys are in its scope if requested', () => {
    expect(properties(withRule({ watchKeys: true }), 'AWS::Config::ConfigRule')['Scope']).toEqual({
      ComplianceResourceTypes: ['AWS::CloudTrail::Trail', 'AWS::KMS::Key'],
    });
  });

  test('c) a rule with a scope always has a change trigger, as AWS Config requires', () => {
    for (const schedule of ['One_Hour', 'Twelve_Hours'] as const) {
      const source = properties(withRule({ schedule }), 'AWS::Config::ConfigRule')['Source'];
      const details = (source as { SourceDetails: Record<string, string>[] }).SourceDetails;
      expect(details.map((detail) => detail['MessageType'])).toEqual(
        DETAILS.map((detail) => detail.MessageType),
      );
      expect(details[2]?.['MaximumExecutionFrequency']).toBe(schedule);
      expect(details[0]).not.toHaveProperty('MaximumExecutionFrequency');
    }
  });

  test('d) depends on the permission to invoke', () => {
    expect(only(withRule(), 'AWS::Config::ConfigRule')['DependsOn']).toEqual([
      expect.stringMatching(/^FunctionConfigMayInvoke/),
    ]);
  });

  test('e) has all parameters that are not empty', () => {
    const parameters = {
      profile: 'strict',
      noTrails: '',
      allowedKeyAccounts: '111122223333',
    } as const;
    expect(
      properties(withRule({ parameters }), 'AWS::Config::ConfigRule')['InputParameters'],
    ).toEqual({
      profile: 'strict',
      allowedKeyAccounts: '111122223333',
    });
  });

  test('f) its description is within the limit of AWS Config', () => {
    const description = properties(withRule(), 'AWS::Config::ConfigRule')['Description'] as string;
    expect(description.length).toBeLessThanOrEqual(256);
  });
});

describe('invalid settings', () => {
  test('a) rejects a name that is too long for the clean-up', () => {
    expect(() => withRule({ ruleName: 'x'.repeat(65) })).toThrow(
      'TrailsealRule: `ruleName` has 65 characters; it may have 1 to 64',
    );
    expect(() => withRule({ ruleName: 'x'.repeat(64) })).not.toThrow();
  });

  test('b) rejects a schedule that AWS Config does not know', () => {
    expect(() => withRule({ schedule: 'Hourly' as 'One_Hour' })).toThrow(
      '`schedule` is `Hourly`; expected one of One_Hour',
    );
  });

  test('c) rejects a role that the function may not assume', () => {
    expect(() => withRule({ parameters: { keyAccountRoleName: 'reader' } })).toThrow(
      '`parameters.keyAccountRoleName` names `reader`, which the function may not assume',
    );
  });

  test('i) rejects a document that the function may not read', () => {
    const parameters = { exemptionsFrom: 's3://bucket/key' };
    expect(() => withRule({ parameters })).toThrow(
      '`parameters.exemptionsFrom` names `s3://bucket/key`, which the function may not read',
    );
  });

  test('d) rejects parameters in the words of the function', () => {
    expect(() => withRule({ parameters: { profile: 'loose' as 'cis' } })).toThrow(
      'TrailsealRule: `ruleParameters.profile` is `loose`; expected one of `cis`, `effective`, `strict`',
    );
  });
});
