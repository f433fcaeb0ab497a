import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import {
  functionMetric,
  queueMetric,
  ruleMetric,
  type MonitoredFunction,
  type OwnMetric,
} from './metrics';

/** Props of {@link TrailsealDashboard}. */
export interface TrailsealDashboardProps {
  /** The function. */
  readonly handler: MonitoredFunction;
  /** The alarms to show. */
  readonly alarms: cloudwatch.IAlarm[];
  /** The dashboard's name. @default named by CloudFormation */
  readonly dashboardName?: string;
}

/** One color for each verdict, the same in every widget and distinguishable for the color-blind. */
const COLOURS = {
  Compliant: '#1b7f5c',
  NonCompliant: '#d13212',
  Unverified: '#f2a900',
  NotApplicable: '#8d99a6',
} as const;

const LABELS = {
  Compliant: 'compliant',
  NonCompliant: 'not compliant',
  Unverified: 'could not be verified',
  NotApplicable: 'not applicable',
} as const;

type Verdict = keyof typeof COLOURS;

const VERDICTS = Object.keys(COLOURS) as Verdict[];
const STACKED = ['Compliant', 'NonCompliant', 'NotApplicable'] as const;
const WIDTH = 24;

/**
 * The dashboard. It answers questions in order: is anything wrong, what are the results of the last
 * day, what was the trend, is the function healthy, and which trails failed.
 */
export class TrailsealDashboard extends Construct {
  /** The dashboard. */
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: TrailsealDashboardProps) {
    super(scope, id);
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      defaultInterval: Duration.days(14),
      ...(props.dashboardName === undefined ? {} : { dashboardName: props.dashboardName }),
    });
    this.dashboard.addWidgets(heading());
    this.dashboard.addWidgets(
      new cloudwatch.AlarmStatusWidget({
        title: 'Is anything wrong?',
        alarms: props.alarms,
        width: WIDTH,
        height: 3,
      }),
    );
    this.dashboard.addWidgets(...verdictWidgets());
    this.dashboard.addWidgets(...healthWidgets(props));
    this.dashboard.addWidgets(recentFindings(props.handler));
  }
}

function heading(): cloudwatch.IWidget {
  return new cloudwatch.TextWidget({
    width: WIDTH,
    height: 2,
    background: cloudwatch.TextWidgetBackground.TRANSPARENT,
    markdown:
      '# Trailseal\n' +
      'Are CloudTrail logs sealed with a KMS key that the customer controls and that works? ' +
      'The reason for each verdict is the annotation in AWS Config.',
  });
}

function verdictWidgets(): cloudwatch.IWidget[] {
  const metrics = (period: Duration, verdicts: readonly Verdict[]) =>
    verdicts.map((verdict) =>
      ruleMetric(verdict, period, { label: LABELS[verdict], color: COLOURS[verdict] }),
    );
  return [
    new cloudwatch.SingleValueWidget({
      title: 'Evaluations in the last day',
      width: 8,
      height: 6,
      metrics: metrics(Duration.days(1), VERDICTS),
    }),
    new cloudwatch.GraphWidget({
      title: 'Evaluations by verdict, day by day',
      width: 10,
      height: 6,
      stacked: true,
      left: metrics(Duration.days(1), STACKED),
      leftYAxis: { min: 0, showUnits: false, label: 'evaluations' },
    }),
    // Not stacked, because unverified trails are already counted under a verdict.
    new cloudwatch.GraphWidget({
      title: 'Could not be verified',
      width: 6,
      height: 6,
      left: metrics(Duration.days(1), ['Unverified']),
      leftYAxis: { min: 0, showUnits: false },
    }),
  ];
}

function healthWidgets(props: TrailsealDashboardProps): cloudwatch.IWidget[] {
  const { handler } = props;
  const hour = Duration.hours(1);
  const zero = { min: 0, showUnits: false };
  const own = (metricName: OwnMetric, label: string, color: string) =>
    ruleMetric(metricName, hour, { label, color });
  return [
    new cloudwatch.GraphWidget({
      title: 'Invocations and what failed',
      width: 8,
      height: 6,
      left: [
        functionMetric(handler, 'Invocations', hour, { label: 'invocations', color: '#4b7bec' }),
        functionMetric(handler, 'Errors', hour, { label: 'failed', color: COLOURS.NonCompliant }),
        queueMetric(handler, 'ApproximateNumberOfMessagesVisible', {
          label: 'waiting in the queue',
          color: '#5f27cd',
          period: hour,
        }),
      ],
      leftYAxis: zero,
    }),
    new cloudwatch.GraphWidget({
      title: 'How long it took',
      width: 8,
      height: 6,
      left: ['p50', 'p99'].map((statistic) =>
        functionMetric(handler, 'Duration', hour, {
          label: statistic === 'p50' ? 'half of them, at most' : '99 of 100, at most',
          color: statistic === 'p50' ? '#4b7bec' : COLOURS.Unverified,
          statistic,
        }),
      ),
      leftYAxis: { min: 0, showUnits: false, label: 'milliseconds' },
      right: [own('ColdStarts', 'cold starts', COLOURS.NotApplicable)],
      rightYAxis: zero,
    }),
    new cloudwatch.GraphWidget({
      title: 'What AWS held back',
      width: 8,
      height: 6,
      left: [
        functionMetric(handler, 'Throttles', hour, {
          label: 'invocations throttled',
          color: '#4b7bec',
        }),
        own('Throttles', 'reads throttled', COLOURS.Unverified),
        own('FailedEvaluations', 'results not taken', COLOURS.NonCompliant),
        own('CleanUpFailures', 'clean-ups failed', COLOURS.NotApplicable),
      ],
      leftYAxis: zero,
    }),
  ];
}

function recentFindings(handler: MonitoredFunction): cloudwatch.IWidget {
  return new cloudwatch.LogQueryWidget({
    title: 'Latest evaluations that were not compliant',
    width: WIDTH,
    height: 7,
    view: cloudwatch.LogQueryVisualizationType.TABLE,
    logGroupNames: [handler.logGroupName],
    queryLines: [
      'fields @timestamp, rule, resourceId, annotation',
      "filter message = 'evaluation' and compliance = 'NON_COMPLIANT'",
      'sort @timestamp desc',
      'limit 25',
    ],
  });
}
