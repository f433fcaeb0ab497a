import { CfnCondition, CfnParameter, Fn, type CfnResource } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import * as iam from 'aws-cdk-lib/aws-iam';

import { PlainStack, type Template } from './plain-stack';
import { roleParameters } from './template-function';

/** A saved query of AWS Config. */
export interface SavedQuery {
  /** Its name in AWS Config. */
  readonly name: string;
  /** What it shows. */
  readonly description: string;
  /** The query: a subset of SQL without joins and aliases. */
  readonly expression: string;
}

const VERDICT =
  'SELECT accountId, awsRegion, configuration.targetResourceId, configuration.complianceType, ' +
  'configuration.configRuleList.configRuleName, configuration.configRuleList.complianceType, ' +
  "configurationItemCaptureTime WHERE resourceType = 'AWS::Config::ResourceCompliance' " +
  "AND configuration.targetResourceType = 'AWS::CloudTrail::Trail'";

/**
 * The saved queries. AWS Config joins nothing, so trails and verdicts are two queries, whose rows
 * share account, Region and the trail's ID; no query can read an annotation.
 */
export const SAVED_QUERIES: readonly SavedQuery[] = [
  {
    name: 'trailseal-trails',
    description: 'Trailseal: every recorded trail with its KMS key and bucket',
    expression:
      'SELECT accountId, awsRegion, resourceId, resourceName, arn, configuration.kmsKeyId, ' +
      'configuration.s3BucketName, configuration.homeRegion, configuration.isMultiRegionTrail, ' +
      'configuration.isOrganizationTrail, configurationItemCaptureTime ' +
      "WHERE resourceType = 'AWS::CloudTrail::Trail'",
  },
  {
    name: 'trailseal-verdicts',
    description: 'Trailseal: the verdict of every rule on every trail',
    expression: VERDICT,
  },
  {
    name: 'trailseal-non-compliant',
    description: 'Trailseal: trails on which at least one rule is NON_COMPLIANT',
    expression: `${VERDICT} AND configuration.complianceType = 'NON_COMPLIANT'`,
  },
  {
    name: 'trailseal-counts',
    description: 'Trailseal: how many trails are compliant, by account and Region',
    expression:
      'SELECT accountId, awsRegion, configuration.complianceType, COUNT(*) ' +
      "WHERE resourceType = 'AWS::Config::ResourceCompliance' " +
      "AND configuration.targetResourceType = 'AWS::CloudTrail::Trail' " +
      'GROUP BY accountId, awsRegion, configuration.complianceType',
  },
];

/** Saved queries for the results of the rule, and an aggregator of the organization. */
export function aggregatorTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, saved queries of AWS Config for all trails of an organization, with an aggregator.',
  );
  for (const { name, description, expression } of SAVED_QUERIES) {
    new config.CfnStoredQuery(stack, queryId(name), {
      queryName: name,
      queryDescription: description,
      queryExpression: expression,
    });
  }
  addAggregator(stack);
  return stack.template();
}

function queryId(name: string): string {
  return `Query${name
    .split('-')
    .slice(1)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}`;
}

/** An aggregator of all accounts and Regions, unless there is one already. */
function addAggregator(stack: PlainStack): void {
  const name = new CfnParameter(stack, 'AggregatorName', {
    description:
      'The name of the aggregator to create; empty if the organization has one, such as that of Control Tower.',
    default: 'trailseal',
    allowedPattern: '^[A-Za-z0-9_-]{0,256}$',
  });
  const creates = new CfnCondition(stack, 'CreatesAggregator', {
    expression: Fn.conditionNot(Fn.conditionEquals(name.valueAsString, '')),
  });
  const role = new iam.Role(stack, 'AggregatorRole', {
    assumedBy: new iam.ServicePrincipal('config.amazonaws.com'),
    description: 'Lets AWS Config list the accounts of the organization for its aggregator',
    managedPolicies: [
      iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSConfigRoleForOrganizations'),
    ],
  });
  const aggregator = new config.CfnConfigurationAggregator(stack, 'Aggregator', {
    configurationAggregatorName: name.valueAsString,
    organizationAggregationSource: { roleArn: role.roleArn, allAwsRegions: true },
  });
  for (const resource of [aggregator, role.node.defaultChild as CfnResource]) {
    resource.cfnOptions.condition = creates;
  }
  roleParameters(stack, [role]);
}
