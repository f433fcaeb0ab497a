import { CfnMapping, CfnParameter } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sns from 'aws-cdk-lib/aws-sns';

import { DEFAULT_FUNCTION_NAME } from './account-template';
import { explainStatement } from './acknowledgements';
import { TrailsealCodeBucket } from './code-bucket';
import { TrailsealMonitoring, alarmHours } from './monitoring';
import { PlainStack, type Template } from './plain-stack';
import { DEFAULT_SCHEDULE, SCHEDULE_HOURS } from './rule';
import {
  BUCKET_PREFIX_PATTERN,
  givenCondition,
  makeStatementOptional,
} from './template-parameters';
import { TrailsealTickets } from './tickets';
import { TrailsealTopic } from './topic';

/** The code bucket, one for each Region. */
export function codeBucketTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, the bucket that holds the code in one Region, readable by the organization.',
  );
  const prefix = new CfnParameter(stack, 'CodeBucketPrefix', {
    description: "The prefix of the bucket's name; a hyphen and the Region follow.",
    allowedPattern: BUCKET_PREFIX_PATTERN,
  });
  const organization = new CfnParameter(stack, 'OrganizationId', {
    description:
      'The organization whose accounts may read the code; empty for the account of the bucket only.',
    default: '',
    allowedPattern: '^(o-[a-z0-9]{10,32})?$',
  });
  givenCondition(stack, organization);
  explainStatement(stack);
  new TrailsealCodeBucket(stack, 'Code', {
    bucketPrefix: prefix.valueAsString,
    organizationId: organization.valueAsString,
  });
  const template = stack.template();
  const sid = 'OrganizationMayReadTheCode';
  makeStatementOptional(template, 'CodeBucketPolicy', sid, 'HasOrganizationId');
  return template;
}

/** Alarms and the dashboard of an existing function. */
export function monitoringTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, alarms and a dashboard for the function of one account and Region.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  const monitoring = new TrailsealMonitoring(stack, 'Watch', {
    handler: {
      functionName: text('FunctionName', 'The function.', { default: DEFAULT_FUNCTION_NAME }),
      failureQueueName: text(
        'FailureQueueName',
        'The output FailureQueueName of the account stack.',
      ),
      logGroupName: text('LogGroupName', 'The output LogGroupName of the account stack.'),
    },
    topic: sns.Topic.fromTopicArn(
      stack,
      'Topic',
      text('AlarmTopicArn', 'The topic for alarms; it must admit CloudWatch.', {
        allowedPattern: '^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$',
      }),
    ),
  });
  overrideHours(stack, monitoring);
  return stack.template();
}

/** A template cannot calculate, so it looks up values that depend on the schedule's hours. */
function overrideHours(stack: PlainStack, monitoring: TrailsealMonitoring): void {
  const hours = Object.values(SCHEDULE_HOURS);
  const schedule = new CfnParameter(stack, 'ScheduleHours', {
    type: 'Number',
    description: 'The hours between two scheduled evaluations of the rule.',
    default: SCHEDULE_HOURS[DEFAULT_SCHEDULE].toString(),
    allowedValues: hours.map(String),
  });
  const periods = new CfnMapping(stack, 'AlarmPeriods', {
    mapping: Object.fromEntries(
      hours.map((count) => {
        const { silence, result } = alarmHours(count);
        return [count.toString(), { Unheard: silence, Bad: result }];
      }),
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

/** The ticket example, with a topic. */
export function ticketsTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, an example for tickets: failed findings of the rule in Security Hub go to a topic.',
  );
  const topic = new TrailsealTopic(stack, 'Tickets');
  const { role } = new TrailsealTickets(stack, 'Findings', { topic: topic.topic });
  topic.admitRole(role);
  return stack.template();
}
