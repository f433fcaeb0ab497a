import { CfnCondition, CfnParameter, Duration, Fn, type CfnResource } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';

import { explainRolloutQueue } from './acknowledgements';
import { PlainStack, type Template } from './plain-stack';
import { TrailsealTopic } from './topic';

/**
 * The topic of the alarms of some accounts, and one alarm that is on if any of theirs went off: the
 * first wave's accounts stop a rollout with it.
 *
 * An alarm notifies a topic of its own Region, so each Region has a topic; the queue and the alarm
 * are in one Region. The topic also gets messages that an alarm is OK again, or OK at last after
 * its creation, so the subscription passes on only those of alarms that went off.
 */
export function rolloutAlarmTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, a topic for the alarms of some accounts, and an alarm that stops a rollout; deploy it in each Region.',
  );
  const accounts = new CfnParameter(stack, 'Accounts', {
    type: 'CommaDelimitedList',
    description: 'The accounts whose alarms may notify the topic, such as those of the first wave.',
  }).valueAsList;
  const home = new CfnParameter(stack, 'HomeRegion', {
    description: 'The Region of the StackSet, in which the alarm is.',
    allowedPattern: '^[a-z]{2,5}(-[a-z]+)+-[0-9]$',
  }).valueAsString;
  const name = new CfnParameter(stack, 'TopicName', {
    description:
      'The name of the topic, the queue and the alarm: the AlarmTopicName of the accounts.',
    default: 'trailseal-alarms',
    allowedPattern: '^[A-Za-z0-9_-]{1,80}$',
  }).valueAsString;
  const topic = new TrailsealTopic(stack, 'Alarms', { topicName: name });
  topic.admitAlarms(accounts);
  const isHere = Fn.conditionEquals(Fn.ref('AWS::Region'), home);
  const here = new CfnCondition(stack, 'IsHomeRegion', { expression: isHere });
  const elsewhere = new CfnCondition(stack, 'IsOtherRegion', {
    expression: Fn.conditionNot(isHere),
  });
  const endpoint = `arn:${stack.partition}:sqs:${home}:${stack.account}:${name}`;
  const subscribe = (id: string, condition: CfnCondition) => {
    const made = subscription(stack, id, topic.topic.topicArn, endpoint);
    made.cfnOptions.condition = condition;
    return made;
  };
  subscribe('SubscriptionFromOtherRegion', elsewhere);
  const own = subscribe('Subscription', here);
  for (const resource of alarmOf(stack, name)) {
    resource.cfnOptions.condition = here;
    own.addResourceDependency(resource);
  }
  return stack.template();
}

/** Passes on the messages of alarms that went off. */
function subscription(stack: PlainStack, id: string, topicArn: string, endpoint: string) {
  return new sns.CfnSubscription(stack, id, {
    topicArn,
    protocol: 'sqs',
    endpoint,
    filterPolicy: { NewStateValue: ['ALARM'] },
    filterPolicyScope: 'MessageBody',
  });
}

/** The queue keeps what went off until a person purges it; until then the alarm is on. */
function alarmOf(stack: PlainStack, name: string): CfnResource[] {
  const queue = new sqs.Queue(stack, 'Rollout', {
    queueName: name,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  explainRolloutQueue(queue);
  queue.addToResourcePolicy(
    new iam.PolicyStatement({
      sid: 'TopicsMaySend',
      principals: [new iam.ServicePrincipal('sns.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: {
        ArnLike: { 'aws:SourceArn': `arn:${stack.partition}:sns:*:${stack.account}:${name}` },
      },
    }),
  );
  const alarm = new cloudwatch.Alarm(stack, 'RolloutAlarm', {
    alarmName: name,
    alarmDescription:
      'Trailseal: an alarm of an account went off. Read it in the queue, fix the cause, purge the queue.',
    metric: queue.metricApproximateNumberOfMessagesVisible({
      period: Duration.minutes(1),
      statistic: cloudwatch.Stats.MAXIMUM,
    }),
    threshold: 0,
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    evaluationPeriods: 1,
    // SQS reports nothing about a queue that is idle for hours, even if it holds messages.
    treatMissingData: cloudwatch.TreatMissingData.IGNORE,
  });
  const policy = queue.node.findChild('Policy');
  return [queue, policy, alarm].map((construct) => construct.node.defaultChild as CfnResource);
}
