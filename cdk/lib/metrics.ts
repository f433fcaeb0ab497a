import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

/** The names that monitoring needs. */
export interface MonitoredFunction {
  /** The function's name. */
  readonly functionName: string;
  /** The name of the queue of failed events. */
  readonly failureQueueName: string;
  /** The name of its log group. */
  readonly logGroupName: string;
}

/** A count in the line that the function logs for each invocation. */
export type Count =
  | 'Compliant'
  | 'NonCompliant'
  | 'NotApplicable'
  | 'Unverified'
  | 'FailedEvaluations'
  | 'CleanUpFailures'
  | 'Throttles'
  | 'ColdStarts';

/**
 * A metric for alarms: a metric filter reads a count from the log, over all rules of the function.
 *
 * It names no rule: AWS adds text to the name of a rule in a pack or an organization, and that text
 * is unknown before the deployment.
 */
export function loggedMetric(
  scope: Construct,
  handler: MonitoredFunction,
  metricName: Count,
): cloudwatch.Metric {
  const metricNamespace = `Trailseal/${handler.functionName}`;
  new logs.CfnMetricFilter(scope, `${metricName}Filter`, {
    logGroupName: handler.logGroupName,
    filterPattern: `{ $.${metricName} > 0 }`,
    metricTransformations: [{ metricNamespace, metricName, metricValue: `$.${metricName}` }],
  });
  return new cloudwatch.Metric({
    namespace: metricNamespace,
    metricName,
    statistic: cloudwatch.Stats.SUM,
    period: Duration.hours(1),
  });
}

/** A function with its log group. */
export interface LoggedFunction {
  /** The function. */
  readonly function: { readonly functionName: string };
  /** Its log group. */
  readonly logGroup: { readonly logGroupName: string };
}

/** A metric for alarms: the lines of level `ERROR` in the log. */
export function errorMetric(scope: Construct, handler: LoggedFunction): cloudwatch.Metric {
  const metricNamespace = `Trailseal/${handler.function.functionName}`;
  const metricName = 'Failures';
  new logs.CfnMetricFilter(scope, `${metricName}Filter`, {
    logGroupName: handler.logGroup.logGroupName,
    filterPattern: '{ $.level = "ERROR" }',
    metricTransformations: [{ metricNamespace, metricName, metricValue: '1' }],
  });
  return new cloudwatch.Metric({
    namespace: metricNamespace,
    metricName,
    statistic: cloudwatch.Stats.SUM,
    period: Duration.minutes(5),
  });
}

/** A metric of Lambda for the function. */
export function functionMetric(
  handler: Pick<MonitoredFunction, 'functionName'>,
  metricName: string,
  period = Duration.minutes(5),
  options: Partial<cloudwatch.MetricProps> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/Lambda',
    metricName,
    dimensionsMap: { FunctionName: handler.functionName },
    statistic: cloudwatch.Stats.SUM,
    period,
    ...options,
  });
}

/** A metric of the queue of failed events. */
export function queueMetric(
  handler: MonitoredFunction,
  metricName: string,
  options: Partial<cloudwatch.MetricProps> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: 'AWS/SQS',
    metricName,
    dimensionsMap: { QueueName: handler.failureQueueName },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: Duration.minutes(5),
    ...options,
  });
}
