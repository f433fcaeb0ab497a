import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

import { functionMetric, queueMetric, type Count, type MonitoredFunction } from './metrics';

/** Props of {@link TrailsealDashboard}. */
export interface TrailsealDashboardProps {
  /** The function. */
  readonly handler: MonitoredFunction;
  /** The alarms to show. */
  readonly alarms: cloudwatch.IAlarm[];
  /** The dashboard's name. @default named by CloudFormation */
  readonly dashboardName?: string;
}

const RED = '#d13212';
const BLUE = '#4b7bec';
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
    this.dashboard.addWidgets(...verdictWidgets(props.handler));
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
      'Are CloudTrail logs encrypted with a KMS key that the customer controls and that works? ' +
      'The reason for each verdict is the annotation in AWS Config.',
  });
}

/** Counts of the log lines that the function writes for each invocation, by label. */
function countsWidget(
  handler: MonitoredFunction,
  counts: Partial<Record<Count, string>>,
  props: { title: string; width: number; height: number; bin?: string },
): cloudwatch.IWidget {
  const { bin, ...place } = props;
  const sums = Object.entries(counts).map(([count, label]) => `sum(${count}) as \`${label}\``);
  return new cloudwatch.LogQueryWidget({
    ...place,
    view:
      bin === undefined
        ? cloudwatch.LogQueryVisualizationType.TABLE
        : cloudwatch.LogQueryVisualizationType.LINE,
    logGroupNames: [handler.logGroupName],
    queryLines: [
      'filter ispresent(DurationMilliseconds)',
      `stats ${sums.join(', ')}${bin === undefined ? '' : ` by bin(${bin})`}`,
    ],
  });
}

function verdictWidgets(handler: MonitoredFunction): cloudwatch.IWidget[] {
  const verdicts = {
    Compliant: 'compliant',
    NonCompliant: 'not compliant',
    NotApplicable: 'not applicable',
    // These trails are already counted under a verdict.
    Unverified: 'could not be verified',
  };
  return [
    countsWidget(handler, verdicts, {
      title: 'Evaluations in the time of this page',
      width: 10,
      height: 6,
    }),
    countsWidget(handler, verdicts, {
      title: 'Evaluations, day by day',
      width: 14,
      height: 6,
      bin: '1d',
    }),
  ];
}

function healthWidgets(props: TrailsealDashboardProps): cloudwatch.IWidget[] {
  const { handler } = props;
  const hour = Duration.hours(1);
  return [
    new cloudwatch.GraphWidget({
      title: 'Invocations and what failed',
      width: 8,
      height: 6,
      left: [
        functionMetric(handler, 'Invocations', hour, { label: 'invocations', color: BLUE }),
        functionMetric(handler, 'Errors', hour, { label: 'failed', color: RED }),
        functionMetric(handler, 'Throttles', hour, { label: 'throttled', color: '#f2a900' }),
        queueMetric(handler, 'ApproximateNumberOfMessagesVisible', {
          label: 'waiting in the queue',
          color: '#5f27cd',
          period: hour,
        }),
      ],
      leftYAxis: { min: 0, showUnits: false },
    }),
    new cloudwatch.GraphWidget({
      title: 'How long it took',
      width: 8,
      height: 6,
      left: ['p50', 'p99'].map((statistic) =>
        functionMetric(handler, 'Duration', hour, {
          label: statistic === 'p50' ? 'half of them, at most' : '99 of 100, at most',
          color: statistic === 'p50' ? BLUE : '#f2a900',
          statistic,
        }),
      ),
      leftYAxis: { min: 0, showUnits: false, label: 'milliseconds' },
    }),
    countsWidget(
      handler,
      {
        Throttles: 'reads throttled',
        FailedEvaluations: 'results not accepted',
        CleanUpFailures: 'clean-ups failed',
        ColdStarts: 'cold starts',
      },
      { title: 'What the log counts', width: 8, height: 6, bin: '1h' },
    ),
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
