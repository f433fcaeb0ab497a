import { parse } from 'yaml';

import {
  TrailsealConformancePack,
  TrailsealFunction,
  TrailsealOrganizationConformancePack,
  type TrailsealOrganizationConformancePackProps,
} from '../lib';
import { CIS_RULES } from '../lib/cis-rules';
import { packTemplate } from '../lib/pack-template';
import { newStack, only, properties, someCode } from './support';

interface Pack {
  Parameters?: object;
  Resources: Record<string, { Type: string; Properties: Record<string, unknown> }>;
}

function organizationPack(props: Partial<TrailsealOrganizationConformancePackProps> = {}) {
  const stack = newStack();
  new TrailsealOrganizationConformancePack(stack, 'Pack', { functionName: 'trailseal', ...props });
  return properties(stack, 'AWS::Config::OrganizationConformancePack');
}

const OURS = {
  Type: 'AWS::Config::ConfigRule',
  Properties: {
    ConfigRuleName: 'trailseal',
    Description: expect.any(String),
    Scope: { ComplianceResourceTypes: ['AWS::CloudTrail::Trail'] },
    Source: {
      Owner: 'CUSTOM_LAMBDA',
      SourceIdentifier: {
        'Fn::Sub':
          'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:trailseal',
      },
      SourceDetails: [
        { EventSource: 'aws.config', MessageType: 'ConfigurationItemChangeNotification' },
        { EventSource: 'aws.config', MessageType: 'OversizedConfigurationItemChangeNotification' },
        {
          EventSource: 'aws.config',
          MessageType: 'ScheduledNotification',
          MaximumExecutionFrequency: 'TwentyFour_Hours',
        },
      ],
    },
  },
};

/** A pack in AWS's style, with parameters and conditions. */
const THEIRS = `
Parameters:
  Age:
    Default: '90'
    Type: String
Resources:
  Keys:
    Properties:
      ConfigRuleName: access-keys-rotated
      InputParameters:
        maxAccessKeyAge:
          Fn::If: [age, {Ref: Age}, {Ref: 'AWS::NoValue'}]
      Source: {Owner: AWS, SourceIdentifier: ACCESS_KEYS_ROTATED}
    Type: AWS::Config::ConfigRule
  CloudTrailEncryptionEnabled:
    Properties:
      ConfigRuleName: cloud-trail-encryption-enabled
      Source: {Owner: AWS, SourceIdentifier: CLOUD_TRAIL_ENCRYPTION_ENABLED}
    Type: AWS::Config::ConfigRule
Conditions:
  age: {'Fn::Not': [{'Fn::Equals': ['', {Ref: Age}]}]}
`;

describe('the pack of one account', () => {
  test('a) contains the rule, which names the function by account and Region', () => {
    const stack = newStack();
    const handler = new TrailsealFunction(stack, 'Function', {
      code: someCode(),
      functionName: 'trailseal',
    });
    new TrailsealConformancePack(stack, 'Pack', { handler, functionName: 'trailseal' });
    const made = properties(stack, 'AWS::Config::ConformancePack');
    expect(made['ConformancePackName']).toBe('trailseal');
    expect(parse(made['TemplateBody'] as string)).toEqual({ Resources: { Trailseal: OURS } });
    expect(only(stack, 'AWS::Config::ConformancePack')['DependsOn']).toEqual([
      expect.stringMatching(/^FunctionConfigMayInvoke/),
    ]);
  });
});

describe('the pack of an organization', () => {
  test('a) contains the rule and excludes accounts', () => {
    const made = organizationPack({
      excludedAccounts: ['222233334444'],
      deliveryS3Bucket: 'awsconfigconforms-x',
    });
    expect(made['ExcludedAccounts']).toEqual(['222233334444']);
    expect(made['DeliveryS3Bucket']).toBe('awsconfigconforms-x');
    expect(parse(made['TemplateBody'] as string)).toEqual({ Resources: { Trailseal: OURS } });
  });

  test('b) the CIS pack contains only rules, with ours in place of the AWS managed one', () => {
    const pack = parse(organizationPack({ rules: 'cis' })['TemplateBody'] as string) as Pack;
    // AWS's pack of May 2025 has 37 automated rules.
    expect(Object.keys(pack.Resources)).toHaveLength(37);
    expect(pack.Resources).toHaveProperty('NaclNoUnrestrictedSshRdp');
    expect(pack.Resources).toHaveProperty('MultiRegionCloudtrailEnabled');
    const rules = Object.values(pack.Resources);
    expect(new Set(rules.map((rule) => rule.Type))).toEqual(new Set(['AWS::Config::ConfigRule']));
    expect(rules).toHaveLength(Object.keys(CIS_RULES).length + 1);
    expect(pack.Resources['Trailseal']).toEqual(OURS);
    expect(JSON.stringify(pack)).not.toContain('CLOUD_TRAIL_ENCRYPTION_ENABLED');
    // It is independent of the partition.
    expect(JSON.stringify(pack)).not.toContain('arn:aws');
    const names = rules.map((rule) => rule.Properties['ConfigRuleName'] as string);
    expect(new Set(names).size).toBe(names.length);
  });

  test('c) replaces only the AWS managed rule in a pack of AWS', () => {
    const made = organizationPack({
      rules: { pack: THEIRS },
      inputParameters: { Age: '45' },
      parameters: { profile: 'strict' },
    });
    const theirs = parse(THEIRS) as Pack;
    const pack = parse(made['TemplateBody'] as string) as Pack;
    expect(pack).toEqual({
      ...theirs,
      Resources: {
        Keys: theirs.Resources['Keys'],
        Trailseal: {
          ...OURS,
          Properties: { ...OURS.Properties, InputParameters: { profile: 'strict' } },
        },
      },
    });
    expect(made['ConformancePackInputParameters']).toEqual([
      { ParameterName: 'Age', ParameterValue: '45' },
    ]);
  });

  test('d) reads a template that is too large for the call from a bucket', () => {
    const made = organizationPack({ templateS3Uri: 's3://bucket/pack.yaml' });
    expect(made['TemplateS3Uri']).toBe('s3://bucket/pack.yaml');
    expect(made).not.toHaveProperty('TemplateBody');
  });
});

describe('invalid packs', () => {
  const refusal = (settings: object) => () =>
    packTemplate({ functionName: 'trailseal', ...settings }, 'Pack');

  test('a) rejects a pack without the rule to replace, and text that is not a pack', () => {
    expect(refusal({ rules: { pack: 'Resources: {}' } })).toThrow(
      'Pack: `rules.pack` has 0 rules with the identifier CLOUD_TRAIL_ENCRYPTION_ENABLED; expected one to replace',
    );
    for (const pack of ['', 'Resources: 5', '{', 'Resources: {A: {Type: x}}', 'Resources: [1]']) {
      expect(refusal({ rules: { pack } })).toThrow(
        '`rules.pack` is not the text of a conformance pack',
      );
    }
  });

  test('b) rejects a pack that exceeds any limit', () => {
    const many = Object.fromEntries(
      Array.from({ length: 131 }, (_, index) => [
        `Rule${index.toString()}`,
        {
          Type: 'AWS::Config::ConfigRule',
          Properties: {
            Description: 'x'.repeat(400),
            Source: {
              Owner: 'AWS',
              SourceIdentifier: index === 0 ? 'CLOUD_TRAIL_ENCRYPTION_ENABLED' : 'OTHER',
            },
          },
        },
      ]),
    );
    const parameters = Object.fromEntries(
      Array.from({ length: 61 }, (_, index) => [`P${index.toString()}`, { Type: 'String' }]),
    );
    const pack = JSON.stringify({ Parameters: parameters, Resources: many });
    expect(refusal({ rules: { pack } })).toThrow(
      /make a template of \d+ bytes; Config takes 51200/,
    );
    expect(refusal({ rules: { pack } })).toThrow('`rules` are 131; a pack holds 130');
    expect(refusal({ rules: { pack } })).toThrow('has 61 parameters; CloudFormation takes 60');
  });

  test('b2) a pack in a bucket has a larger limit', () => {
    const pack = (bytes: number) => ({
      rules: { pack: `${THEIRS}\nMetadata: {Long: ${'x'.repeat(bytes)}}` },
    });
    const templateS3Uri = 's3://bucket/pack.yaml';
    expect(refusal(pack(60000))).toThrow('write it to a bucket and set `templateS3Uri`');
    expect(refusal({ ...pack(60000), templateS3Uri })).not.toThrow();
    expect(refusal({ ...pack(310000), templateS3Uri })).toThrow(
      /make a template of \d+ bytes; Config takes 307200 from a bucket/,
    );
  });

  test('c) rejects resources other than rules and remediation', () => {
    const pack = THEIRS.replace(
      'Conditions:',
      '  Function:\n    Type: AWS::Lambda::Function\n    Properties: {}\nConditions:',
    );
    expect(refusal({ rules: { pack } })).toThrow('has a resource of type `AWS::Lambda::Function`');
  });

  test('d) rejects names that are too long with what AWS adds', () => {
    expect(refusal({ ruleName: 'x'.repeat(36) })).toThrow(
      '`ruleName` has 36 characters; it may have 1 to 35',
    );
  });

  test('e) rejects bad props of the constructs by name', () => {
    const stack = newStack();
    const handler = new TrailsealFunction(stack, 'Function', {
      code: someCode(),
      functionName: 'trailseal',
    });
    const parameters = { keyAccountRoleName: 'reader' };
    const props = { handler, functionName: 'trailseal', parameters };
    expect(() => new TrailsealConformancePack(stack, 'Pack', props)).toThrow(
      'TrailsealConformancePack: `parameters.keyAccountRoleName` names `reader`, which the function may not assume',
    );
    expect(() => organizationPack({ packName: '1st' })).toThrow('`packName` is `1st`; expected');
    expect(() => organizationPack({ deliveryS3Bucket: 'mine' })).toThrow(
      '`deliveryS3Bucket` is `mine`; expected',
    );
    expect(() => organizationPack({ templateS3Uri: 'https://x' })).toThrow(
      '`templateS3Uri` is `https://x`; expected',
    );
    expect(() => organizationPack({ inputParameters: { Age: '1' } })).toThrow(
      '`inputParameters` names `Age`, which the template does not have',
    );
    expect(() => organizationPack({ functionName: 'a b' })).toThrow(
      '`functionName` is `a b`; expected',
    );
  });
});
