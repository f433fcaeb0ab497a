import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Duration, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';

import { TrailsealDashboard } from './dashboard';
import * as limits from './limits';
import {
  errorMetric,
  functionMetric,
  loggedMetric,
  queueMetric,
  type Count,
  type LoggedFunction,
  type MonitoredFunction,
} from './metrics';
import { PropFaults } from './prop-faults';
import { DEFAULT_SCHEDULE, SCHEDULE_HOURS, noteSchedule, type Schedule } from './rule';

/** Props of {@link TrailsealMonitoring}. */
export interface TrailsealMonitoringProps {
  /** The function. */
  readonly handler: MonitoredFunction;
  /** The interval of the rules' schedule. @default every 24 hours */
  readonly schedule?: Schedule;
  /** The topic that alarms notify. */
  readonly topic: sns.ITopic;
  /** The dashboard's name. @default named by CloudFormation */
  readonly dashboardName?: string;
}

/** Alarms and a dashboard. */
export class TrailsealMonitoring extends Construct {
  /** Every alarm. */
  readonly alarms: readonly cloudwatch.Alarm[];
  /** The dashboard. */
  readonly dashboard: TrailsealDashboard;

  constructor(scope: Construct, id: string, props: TrailsealMonitoringProps) {
    super(scope, id);
    const faults = new PropFaults('TrailsealMonitoring');
    noteSchedule(props.schedule, faults);
    faults.form(
      'dashboardName',
      props.dashboardName,
      /^[A-Za-z0-9_-]{1,255}$/,
      'the name of a dashboard: letters, digits, `-` and `_`',
    );
    faults.refuse();
    const hours = SCHEDULE_HOURS[props.schedule ?? DEFAULT_SCHEDULE];
    this.alarms = makeAlarms(this, props.handler, hours);
    notify(this.alarms, props.topic);
    this.dashboard = new TrailsealDashboard(this, 'Dashboard', {
      handler: props.handler,
      alarms: [...this.alarms],
      ...(props.dashboardName === undefined ? {} : { dashboardName: props.dashboardName }),
    });
  }
}

/** The topic that alarms notify: of this name in each Region, since an alarm notifies its own Region. */
export interface AlarmTopic {
  /** The topic's name. @default none: alarms only show their state */
  readonly topicName?: string;
  /** The topic's account; the topic must admit CloudWatch. @default the account of the alarms */
  readonly topicAccount?: string;
}

/** Checks the topic of alarms. */
export function noteAlarmTopic(alarms: AlarmTopic | undefined, faults: PropFaults): void {
  faults.form('alarms.topicName', alarms?.topicName, limits.TOPIC_NAME, 'the name of a topic');
  faults.form('alarms.topicAccount', alarms?.topicAccount, limits.ACCOUNT_ID, 'an account id');
  if (alarms?.topicAccount !== undefined && alarms.topicName === undefined) {
    faults.other('alarms.topicAccount', 'has no effect without `alarms.topicName`');
  }
}

/** Every alarm on a function, with a topic by its name. */
export function addNamedAlarms(
  scope: Construct,
  handler: MonitoredFunction,
  schedule: Schedule | undefined,
  topic: AlarmTopic,
): void {
  const watch = new Construct(scope, 'Watch');
  const alarms = makeAlarms(watch, handler, SCHEDULE_HOURS[schedule ?? DEFAULT_SCHEDULE]);
  notifyTopic(watch, alarms, topic);
}

/** The alarms on the function of a hook, with a topic by its name. */
export function addHookAlarms(scope: Construct, handler: LoggedFunction, topic: AlarmTopic): void {
  const watch = new Construct(scope, 'Watch');
  notifyTopic(watch, makeHookAlarms(watch, handler), topic);
}

/** The alarms on the import of findings, with a topic by its name. */
export function addFindingsAlarms(
  scope: Construct,
  handler: LoggedFunction,
  topic: AlarmTopic,
): void {
  const watch = new Construct(scope, 'Watch');
  notifyTopic(watch, makeFindingsAlarms(watch, handler), topic);
}

function notifyTopic(
  watch: Construct,
  alarms: readonly cloudwatch.Alarm[],
  { topicName, topicAccount }: AlarmTopic,
): void {
  if (topicName === undefined) {
    return;
  }
  const { partition, region, account } = Stack.of(watch);
  const arn = `arn:${partition}:sns:${region}:${topicAccount ?? account}:${topicName}`;
  notify(alarms, sns.Topic.fromTopicArn(watch, 'Topic', arn));
}

/** A message to the topic if an alarm goes off, and if it ends. */
export function notify(alarms: readonly cloudwatch.Alarm[], topic: sns.ITopic): void {
  const action = new SnsAction(topic);
  for (const alarm of alarms) {
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
  }
}

/** Every alarm on a function, without actions; `hours` is the interval of its schedule. */
export function makeAlarms(
  scope: Construct,
  handler: MonitoredFunction,
  hours: number,
): cloudwatch.Alarm[] {
  return [
    ...functionAlarms(scope, handler),
    silenceAlarm(scope, handler, hours),
    ...ruleAlarms(scope, handler, hours),
  ];
}

/** How many hours an alarm looks at, by the interval of the schedule: the function's silence, or a bad result. */
export function alarmHours(hours: number): { silence: number; result: number } {
  return { silence: 2 * hours, result: hours + 1 };
}

const MORE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD;
const SILENT_IS_GOOD = cloudwatch.TreatMissingData.NOT_BREACHING;

/** An alarm that any count above zero sets off. */
const ANY = { threshold: 0, comparisonOperator: MORE, treatMissingData: SILENT_IS_GOOD };

function functionAlarms(scope: Construct, handler: MonitoredFunction): cloudwatch.Alarm[] {
  return [
    new cloudwatch.Alarm(scope, 'FunctionErrors', {
      ...ANY,
      alarmDescription:
        'Trailseal: the function failed, so something was not evaluated. Read its log.',
      metric: functionMetric(handler, 'Errors'),
      evaluationPeriods: 1,
    }),
    new cloudwatch.Alarm(scope, 'DeadLetters', {
      ...ANY,
      alarmDescription:
        'Trailseal: an event failed after all retries and waits in the queue. Fix the cause, then evaluate the rule again.',
      metric: queueMetric(handler, 'ApproximateNumberOfMessagesVisible'),
      evaluationPeriods: 1,
    }),
    new cloudwatch.Alarm(scope, 'FunctionThrottled', {
      ...ANY,
      alarmDescription:
        'Trailseal: invocations have waited for 15 minutes. Reserve more concurrency if this lasts.',
      metric: functionMetric(handler, 'Throttles'),
      evaluationPeriods: 3,
    }),
  ];
}

/** Every alarm on the function of a hook, without actions. */
export function makeHookAlarms(scope: Construct, handler: LoggedFunction): cloudwatch.Alarm[] {
  const alarm = (id: string, metric: cloudwatch.Metric, description: string) =>
    new cloudwatch.Alarm(scope, id, {
      ...ANY,
      alarmDescription: `Trailseal: ${description} With WARN a trail may have changed without an evaluation; with FAIL its change was refused.`,
      metric,
      evaluationPeriods: 1,
    });
  const errors = functionMetric(handler.function, 'Errors');
  const throttles = functionMetric(handler.function, 'Throttles');
  return [
    alarm('HookErrors', errors, "the hook's function failed or ran out of time. Read its log."),
    alarm(
      'HookFailures',
      errorMetric(scope, handler),
      'the hook could not evaluate. Read its log.',
    ),
    alarm('HookThrottled', throttles, "Lambda refused to run the hook's function."),
  ];
}

/** Every alarm on the import of findings, without actions. */
export function makeFindingsAlarms(scope: Construct, handler: LoggedFunction): cloudwatch.Alarm[] {
  return [
    new cloudwatch.Alarm(scope, 'FindingsErrors', {
      ...ANY,
      alarmDescription:
        'Trailseal: findings were not imported into Security Hub, or not all. Read the log of the function.',
      // Two hours, so that the alarm stays on between hourly runs that fail.
      metric: functionMetric(handler.function, 'Errors', Duration.hours(1)),
      evaluationPeriods: 2,
      datapointsToAlarm: 1,
    }),
    new cloudwatch.Alarm(scope, 'FindingsSilence', {
      alarmDescription:
        'Trailseal: no import of findings for two days. Check the schedule and its permission.',
      metric: functionMetric(handler.function, 'Invocations', Duration.hours(1)),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 48,
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    }),
  ];
}

/** No invocation for two intervals: the schedule is not running, or AWS Config may not invoke. */
function silenceAlarm(
  scope: Construct,
  handler: MonitoredFunction,
  hours: number,
): cloudwatch.Alarm {
  return new cloudwatch.Alarm(scope, 'Silence', {
    alarmDescription:
      'Trailseal: no invocation for two intervals of the schedule. Check the recorder, the rule and its permission.',
    metric: functionMetric(handler, 'Invocations', Duration.hours(1)),
    threshold: 1,
    comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
    evaluationPeriods: alarmHours(hours).silence,
    treatMissingData: cloudwatch.TreatMissingData.BREACHING,
  });
}

/** Alarms on the function's metrics; each stays on until a scheduled run without the problem. */
function ruleAlarms(
  scope: Construct,
  handler: MonitoredFunction,
  hours: number,
): cloudwatch.Alarm[] {
  const alarm = (id: string, metricName: Count, description: string) =>
    new cloudwatch.Alarm(scope, id, {
      alarmDescription: `Trailseal: ${description}`,
      metric: loggedMetric(scope, handler, metricName),
      threshold: 0,
      comparisonOperator: MORE,
      evaluationPeriods: alarmHours(hours).result,
      datapointsToAlarm: 1,
      treatMissingData: SILENT_IS_GOOD,
    });
  return [
    alarm(
      'Unverified',
      'Unverified',
      'evidence could not be read. The annotation in AWS Config names it.',
    ),
    alarm(
      'FailedEvaluations',
      'FailedEvaluations',
      'AWS Config did not accept a result. Read the log.',
    ),
    alarm(
      'CleanUpFailures',
      'CleanUpFailures',
      'earlier results could not be listed, so that a result may stay or get another ID. Read the log.',
    ),
    alarm(
      'ReadsThrottled',
      'Throttles',
      'AWS throttled reads. Another tool reads as well, or many keys changed.',
    ),
  ];
}
