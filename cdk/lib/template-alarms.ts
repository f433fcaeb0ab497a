import { CfnCondition, CfnParameter, CfnResource, Fn } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import type { LoggedFunction, MonitoredFunction } from './metrics';
import { alarmHours, makeAlarms, makeFindingsAlarms, makeHookAlarms } from './monitoring';
import type { PlainStack } from './plain-stack';
import { DEFAULT_SCHEDULE, SCHEDULE_HOURS, type Schedule } from './rule';
import { givenCondition, requireWith, where } from './template-parameters';

/**
 * Alarms as an option of a template, with an optional topic.
 *
 * The topic has a name and an account, not an ARN, so that one StackSet works in every Region: an
 * alarm notifies a topic of its own Region.
 */
export function addAlarms(
  stack: PlainStack,
  handler: MonitoredFunction,
  schedule: CfnParameter,
): void {
  const about = 'Whether there are alarms on the function and its results.';
  const watch = optionalAlarms(stack, about, (scope) =>
    makeAlarms(scope, handler, SCHEDULE_HOURS[DEFAULT_SCHEDULE]),
  );
  const hours = intervals(stack, schedule);
  for (const alarm of watch) {
    const resource = alarm.node.defaultChild as cloudwatch.CfnAlarm;
    if (resource.period === 3600) {
      const what = alarm.node.id === 'Silence' ? 'silence' : 'result';
      resource.addPropertyOverride(
        'EvaluationPeriods',
        hours((count) => alarmHours(count)[what]),
      );
    }
  }
}

/** Alarms on the function of a hook as an option of a template, with an optional topic. */
export function addOptionalHookAlarms(stack: PlainStack, handler: LoggedFunction): void {
  const about = "Whether there are alarms on the hook's function.";
  optionalAlarms(stack, about, (scope) => makeHookAlarms(scope, handler));
}

/** Alarms on the import of findings as an option of a template, with an optional topic. */
export function addOptionalFindingsAlarms(stack: PlainStack, handler: LoggedFunction): void {
  const about = 'Whether there are alarms on the import of findings.';
  optionalAlarms(stack, about, (scope) => makeFindingsAlarms(scope, handler));
}

/** Makes alarms that exist only if a parameter is `true`. */
function optionalAlarms(
  stack: PlainStack,
  description: string,
  make: (scope: Construct) => cloudwatch.Alarm[],
): cloudwatch.Alarm[] {
  const alarms = new CfnParameter(stack, 'Alarms', {
    description,
    default: 'false',
    allowedValues: ['true', 'false'],
  });
  const wanted = new CfnCondition(stack, 'HasAlarms', {
    expression: Fn.conditionEquals(alarms.valueAsString, 'true'),
  });
  const actions = topicActions(stack, alarms);
  const scope = new Construct(stack, 'Watch');
  const made = make(scope);
  for (const alarm of made) {
    const resource = alarm.node.defaultChild as cloudwatch.CfnAlarm;
    resource.addPropertyOverride('AlarmActions', actions);
    resource.addPropertyOverride('OKActions', actions);
  }
  for (const resource of scope.node.findAll().filter(CfnResource.isCfnResource)) {
    resource.cfnOptions.condition = wanted;
  }
  return made;
}

/** The actions of every alarm: the topic, if one is named. */
function topicActions(stack: PlainStack, alarms: CfnParameter): object {
  const name = new CfnParameter(stack, 'AlarmTopicName', {
    description: 'The name of the topic in each Region that alarms notify; empty for none.',
    default: '',
    allowedPattern: '^[A-Za-z0-9_-]{0,256}$',
  });
  const account = new CfnParameter(stack, 'AlarmTopicAccount', {
    description:
      'The account of the topic, which must admit CloudWatch; empty for its own account.',
    default: '',
    allowedPattern: '^([0-9]{12})?$',
  });
  requireWith(stack, name, alarms, 'true');
  requireWith(stack, account, name);
  const arn = (owner: string) => ({
    'Fn::Sub': `arn:\${AWS::Partition}:sns:\${AWS::Region}:\${${owner}}:\${${name.logicalId}}`,
  });
  const topic = {
    'Fn::If': [
      givenCondition(stack, account).logicalId,
      arn(account.logicalId),
      arn('AWS::AccountId'),
    ],
  };
  return where(givenCondition(stack, name), [topic]);
}

/** Calculates a number from the schedule: one condition for each interval but the last. */
function intervals(stack: PlainStack, schedule: CfnParameter) {
  const every = (Object.keys(SCHEDULE_HOURS) as Schedule[]).map((name) => ({
    hours: SCHEDULE_HOURS[name],
    name,
  }));
  const conditions = every.slice(0, -1).map(({ hours, name }) => ({
    hours,
    id: new CfnCondition(stack, `Every${hours.toString()}Hours`, {
      expression: Fn.conditionEquals(schedule.valueAsString, name),
    }).logicalId,
  }));
  const last = SCHEDULE_HOURS.TwentyFour_Hours;
  return (calculate: (hours: number) => number): unknown =>
    conditions.reduceRight<unknown>(
      (rest, { hours, id }) => ({ 'Fn::If': [id, calculate(hours), rest] }),
      calculate(last),
    );
}
