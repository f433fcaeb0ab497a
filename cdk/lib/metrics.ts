import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';

/** What monitoring must know of the function. */
export interface MonitoredFunction {
  /** The function's name. */
  readonly functionName: string;
  /** The name of the queue of failed events. */
  readonly failureQueueName: string;
  /** The name of its log group. */
  readonly logGroupName: string;
}

/** The namespace of the function's own metrics. */
export const NAMESPACE = 'Trailseal';

/** A metric that the function writes, by rule. */
export function ruleMetric(
  ruleName: string,
  metricName: string,
  period = Duration.minutes(5),
  options: Partial<cloudwatch.MetricProps> = {},
): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: NAMESPACE,
    metricName,
    dimensionsMap: { RuleName: ruleName },
    statistic: cloudwatch.Stats.SUM,
    period,
    ...options,
  });
}

/** A metric that Lambda keeps of the function. */
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
