import { CfnCondition, CfnMapping, CfnParameter, CfnStackSet, Fn } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as config from 'aws-cdk-lib/aws-config';
import * as sns from 'aws-cdk-lib/aws-sns';

import { DEFAULT_FUNCTION_NAME } from './account-template';
import { explainList } from './acknowledgements';
import { TrailsealCodeBucket } from './code-bucket';
import { TrailsealMonitoring } from './monitoring';
import { packTemplate } from './pack-template';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_RULE_NAME, DEFAULT_SCHEDULE, SCHEDULE_HOURS } from './rule';
import { TrailsealTickets } from './tickets';
import { TrailsealTopic } from './topic';

/** The bucket with the code, one for each Region. */
export function codeBucketTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, the bucket that holds the code in one Region, readable by the organization.',
  );
  const prefix = new CfnParameter(stack, 'CodeBucketPrefix', {
    description: 'How the name of the bucket begins; a hyphen and the Region follow.',
    allowedPattern: '^[a-z0-9][a-z0-9-]{1,45}$',
  });
  const organization = new CfnParameter(stack, 'OrganizationId', {
    description: 'The organization whose accounts may read the code.',
    allowedPattern: '^o-[a-z0-9]{10,32}$',
  });
  new TrailsealCodeBucket(stack, 'Code', {
    bucketPrefix: prefix.valueAsString,
    organizationId: organization.valueAsString,
  });
  return stack.template();
}

/** Function and rule in every account and Region, from a template in a bucket. */
export function stackSetTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, function and rule in every account and Region of an organization by a StackSet.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest });
  const list = (id: string, description: string) =>
    new CfnParameter(stack, id, { description, type: 'CommaDelimitedList' });
  const units = list('OrganizationalUnitIds', 'The roots or organizational units.');
  const regions = list('Regions', 'The Regions.');
  const url = text(
    'AccountTemplateUrl',
    'Where trailseal-account.yaml lies, as an https URL of S3.',
    {
      allowedPattern: '^https://.+$',
    },
  );
  const prefix = text('CodeBucketPrefix', 'How the names of the buckets with the code begin.');
  const profile = text('Profile', 'How much is asked of a key.', {
    default: 'effective',
    allowedValues: ['cis', 'effective', 'strict'],
  });
  const callAs = text('CallAs', 'Whose StackSet it is.', {
    default: 'SELF',
    allowedValues: ['SELF', 'DELEGATED_ADMIN'],
  });
  new CfnStackSet(stack, 'StackSet', {
    stackSetName: 'Trailseal',
    description: 'Trailseal: function and rule in every account and Region',
    permissionModel: 'SERVICE_MANAGED',
    callAs: callAs.valueAsString,
    capabilities: ['CAPABILITY_NAMED_IAM'],
    autoDeployment: { enabled: true, retainStacksOnAccountRemoval: false },
    managedExecution: { Active: true },
    operationPreferences: {
      regionConcurrencyType: 'PARALLEL',
      maxConcurrentPercentage: 25,
      failureTolerancePercentage: 10,
    },
    parameters: [
      { parameterKey: 'CodeBucketPrefix', parameterValue: prefix.valueAsString },
      { parameterKey: 'Profile', parameterValue: profile.valueAsString },
    ],
    stackInstancesGroup: [
      {
        deploymentTargets: { organizationalUnitIds: units.valueAsList },
        regions: regions.valueAsList,
      },
    ],
    templateUrl: url.valueAsString,
  });
  return stack.template();
}

/** A stack that holds the pack of the rule alone. */
export function packStackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of one account and Region; deploy trailseal-account.yaml first.',
  );
  const { body } = packTemplate({ functionName: DEFAULT_FUNCTION_NAME }, 'templates');
  new config.CfnConformancePack(stack, 'Pack', {
    conformancePackName: 'trailseal',
    templateBody: body,
  });
  return stack.template();
}

/** A stack that holds the pack of the rule alone, for an organization. */
export function organizationPackTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal as a conformance pack of an organization; deploy trailseal-account.yaml everywhere first.',
  );
  const excluded = new CfnParameter(stack, 'ExcludedAccounts', {
    description: 'The accounts that get no pack, separated by commas.',
    type: 'CommaDelimitedList',
    default: '',
  });
  const some = new CfnCondition(stack, 'ExcludesAccounts', {
    expression: Fn.conditionNot(Fn.conditionEquals(Fn.join('', excluded.valueAsList), '')),
  });
  const { body } = packTemplate({ functionName: DEFAULT_FUNCTION_NAME }, 'templates');
  const pack = new config.CfnOrganizationConformancePack(stack, 'Pack', {
    organizationConformancePackName: 'trailseal',
    templateBody: body,
  });
  explainList(stack);
  pack.addPropertyOverride('ExcludedAccounts', {
    'Fn::If': [some.logicalId, { Ref: excluded.logicalId }, { Ref: 'AWS::NoValue' }],
  });
  return stack.template();
}

/** Alarms and the dashboard of a function that is there. */
export function monitoringTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, alarms and a dashboard for the function of one account and Region.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  const monitoring = new TrailsealMonitoring(stack, 'Watch', {
    handler: {
      functionName: text('FunctionName', 'The function.', { default: DEFAULT_FUNCTION_NAME }),
      failureQueueName: text('FailureQueueName', 'The output of that name of the account stack.'),
      logGroupName: text('LogGroupName', 'The output of that name of the account stack.'),
    },
    ruleNames: [text('RuleName', 'The rule.', { default: DEFAULT_RULE_NAME })],
    topic: sns.Topic.fromTopicArn(
      stack,
      'Topic',
      text('AlarmTopicArn', 'Where alarms go; the topic must admit CloudWatch.', {
        allowedPattern: '^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$',
      }),
    ),
  });
  overrideHours(stack, monitoring);
  return stack.template();
}

/** A template cannot double a number: it looks up what follows from the schedule's hours. */
function overrideHours(stack: PlainStack, monitoring: TrailsealMonitoring): void {
  const hours = Object.values(SCHEDULE_HOURS);
  const schedule = new CfnParameter(stack, 'ScheduleHours', {
    type: 'Number',
    description: 'The hours between two scheduled evaluations, as the rule has them.',
    default: SCHEDULE_HOURS[DEFAULT_SCHEDULE].toString(),
    allowedValues: hours.map(String),
  });
  const periods = new CfnMapping(stack, 'AlarmPeriods', {
    mapping: Object.fromEntries(
      hours.map((count) => [count.toString(), { Unheard: 2 * count, Bad: count + 1 }]),
    ),
  });
  const looked = (what: string) => ({
    'Fn::FindInMap': [periods.logicalId, { Ref: schedule.logicalId }, what],
  });
  for (const alarm of monitoring.alarms) {
    const resource = alarm.node.defaultChild as cloudwatch.CfnAlarm;
    if (resource.period === 3600) {
      const what = alarm.node.id === 'Silence' ? 'Unheard' : 'Bad';
      resource.addPropertyOverride('EvaluationPeriods', looked(what));
    }
  }
}

/** The example for tickets, with a topic. */
export function ticketsTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, an example for tickets: failed findings of the rule in Security Hub go to a topic.',
  );
  const topic = new TrailsealTopic(stack, 'Tickets', { publishers: ['events'] });
  new TrailsealTickets(stack, 'Findings', { topic: topic.topic });
  return stack.template();
}
