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

/** The namespace of the metrics that the function writes; their dimension is the rule's name. */
export const NAMESPACE = 'Trailseal';

/** A metric that the function writes. */
export type OwnMetric =
  | 'Compliant'
  | 'NonCompliant'
  | 'NotApplicable'
  | 'Unverified'
  | 'FailedEvaluations'
  | 'CleanUpFailures'
  | 'Throttles'
  | 'ColdStarts';

/**
 * A metric that the function writes, over all rules of the account and Region.
 *
 * It names no rule: AWS adds text to the name of a rule in a pack or an organization, and that text
 * is unknown before the deployment.
 */
export function ruleMetric(
  metricName: OwnMetric,
  period: Duration,
  options: { readonly label: string; readonly color: string },
): cloudwatch.MathExpression {
  const seconds = period.toSeconds().toString();
  return new cloudwatch.MathExpression({
    expression: `SUM(SEARCH('{${NAMESPACE},RuleName} MetricName="${metricName}"', 'Sum', ${seconds}))`,
    usingMetrics: {},
    period,
    ...options,
  });
}

/**
 * A metric for alarms. An alarm cannot use a search expression, so a metric filter counts the
 * function's metric over all its rules.
 */
export function loggedMetric(
  scope: Construct,
  handler: MonitoredFunction,
  metricName: OwnMetric,
): cloudwatch.Metric {
  const metricNamespace = `${NAMESPACE}/${handler.functionName}`;
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

/** A metric of Lambda for the function. */
export function functionMetric(
  handler: MonitoredFunction,
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
