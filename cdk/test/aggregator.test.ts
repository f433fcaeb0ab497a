import { SAVED_QUERIES } from '../lib/aggregator-template';
import { BOUNDARY, read } from './template-support';

/**
 * The properties that AWS publishes for advanced queries (`awslabs/aws-config-resource-schema`),
 * as far as the queries use them. No compliance item has an annotation.
 */
const QUERYABLE: Record<string, readonly string[]> = {
  'AWS::CloudTrail::Trail': [
    'configuration.homeRegion',
    'configuration.isMultiRegionTrail',
    'configuration.isOrganizationTrail',
    'configuration.kmsKeyId',
    'configuration.s3BucketName',
  ],
  'AWS::Config::ResourceCompliance': [
    'configuration.complianceType',
    'configuration.configRuleList.complianceType',
    'configuration.configRuleList.configRuleName',
    'configuration.targetResourceId',
    'configuration.targetResourceType',
  ],
};

const OF_EVERY_ITEM = [
  'accountId',
  'arn',
  'awsRegion',
  'configurationItemCaptureTime',
  'resourceId',
  'resourceName',
  'resourceType',
];

describe('the saved queries', () => {
  test.each(SAVED_QUERIES.map(({ name, expression }) => [name, expression]))(
    '%s uses only what AWS Config offers to queries',
    (_, expression) => {
      const [, type = ''] = /resourceType = '([^']+)'/.exec(expression) ?? [];
      const words = expression.replace(/'[^']*'/g, '').match(/[A-Za-z][A-Za-z0-9.]*/g) ?? [];
      const keywords = ['SELECT', 'WHERE', 'AND', 'COUNT', 'GROUP', 'BY'];
      const properties = words.filter((word) => !keywords.includes(word));
      expect(QUERYABLE).toHaveProperty([type]);
      const known = [...OF_EVERY_ITEM, ...(QUERYABLE[type] ?? [])];
      expect(properties.filter((name) => !known.includes(name))).toEqual([]);
      // A GROUP BY takes three properties.
      const [, grouped = ''] = /GROUP BY (.*)$/.exec(expression) ?? [];
      expect(grouped.split(',').length).toBeLessThanOrEqual(3);
    },
  );

  test('one shows the key of every trail, one every verdict, with the columns that join them', () => {
    const [trails, verdicts] = SAVED_QUERIES.map(({ expression }) => expression);
    expect(trails).toMatch(/^SELECT accountId, awsRegion, resourceId,.* configuration\.kmsKeyId,/);
    // No condition but the type: a trail without a key, or with another rule, is listed as well.
    expect(trails).toMatch(/ WHERE resourceType = 'AWS::CloudTrail::Trail'$/);
    expect(verdicts).toMatch(/^SELECT accountId, awsRegion, configuration\.targetResourceId,/);
    expect(verdicts).toMatch(/ AND configuration\.targetResourceType = 'AWS::CloudTrail::Trail'$/);
  });
});

describe('the template of the aggregator', () => {
  const template = read('trailseal-aggregator.yaml');
  const resources = Object.values(template['Resources'] ?? {});
  const ofType = (type: string) =>
    resources.filter((resource) => (resource['Type'] as string) === type);

  test('has the saved queries', () => {
    const made = ofType('AWS::Config::StoredQuery').map((resource) => resource['Properties']);
    expect(made).toEqual(
      SAVED_QUERIES.map(({ name, description, expression }) => ({
        QueryName: name,
        QueryDescription: description,
        QueryExpression: expression,
      })),
    );
  });

  test('creates an aggregator of all accounts and Regions only if it has a name', () => {
    const [aggregator] = ofType('AWS::Config::ConfigurationAggregator');
    expect(aggregator).toEqual({
      Type: 'AWS::Config::ConfigurationAggregator',
      Condition: 'CreatesAggregator',
      Properties: {
        ConfigurationAggregatorName: 'AggregatorName',
        OrganizationAggregationSource: { AllAwsRegions: true, RoleArn: 'AggregatorRole.Arn' },
      },
    });
    const [role] = ofType('AWS::IAM::Role');
    expect(role).toMatchObject({
      Condition: 'CreatesAggregator',
      Properties: {
        ManagedPolicyArns: [
          'arn:${AWS::Partition}:iam::aws:policy/service-role/AWSConfigRoleForOrganizations',
        ],
        PermissionsBoundary: BOUNDARY,
      },
    });
    expect(ofType('AWS::IAM::ManagedPolicy')).toEqual([]);
  });
});
