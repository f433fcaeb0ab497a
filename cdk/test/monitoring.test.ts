import * as fs from 'node:fs';
import * as path from 'node:path';

import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';

import {
  SCHEDULE_HOURS,
  TrailsealMonitoring,
  TrailsealTickets,
  TrailsealTopic,
  type Schedule,
} from '../lib';
import { packageDirectory } from '../lib/code';
import { newStack, properties } from './support';

const HANDLER = { functionName: 'trailseal', failureQueueName: 'failed', logGroupName: 'logs' };

function monitored(schedule?: Schedule): Stack {
  const stack = newStack();
  const made = new TrailsealTopic(stack, 'Topic', { email: 'someone@example.com' });
  made.admitAlarms();
  const { topic } = made;
  new TrailsealMonitoring(stack, 'Watch', {
    handler: HANDLER,
    topic,
    ...(schedule === undefined ? {} : { schedule }),
  });
  return stack;
}

type Alarm = Record<string, unknown> & { AlarmDescription: string };

function alarms(stack: Stack): Record<string, Alarm> {
  const found = Template.fromStack(stack).findResources('AWS::CloudWatch::Alarm');
  return Object.fromEntries(
    Object.entries(found).map(([id, alarm]) => [
      id.replace(/^Watch/, '').replace(/[0-9A-F]{8}$/, ''),
      alarm['Properties'] as Alarm,
    ]),
  );
}

describe('alarms', () => {
  test('a) there is one for each kind of failure', () => {
    expect(Object.keys(alarms(monitored()))).toEqual([
      'FunctionErrors',
      'DeadLetters',
      'FunctionThrottled',
      'Silence',
      'Unverified',
      'FailedEvaluations',
      'CleanUpFailures',
      'ReadsThrottled',
    ]);
  });

  test('b) every alarm notifies a topic and describes the fix', () => {
    for (const alarm of Object.values(alarms(monitored()))) {
      expect(alarm['AlarmActions']).toHaveLength(1);
      expect(alarm['OKActions']).toHaveLength(1);
      expect(alarm.AlarmDescription).toMatch(/^Trailseal: .+\./);
    }
  });

  test.each(Object.entries(SCHEDULE_HOURS))(
    'c) no invocation for two intervals raises an alarm: %s',
    (schedule, hours) => {
      const made = alarms(monitored(schedule as Schedule));
      expect(made['Silence']).toMatchObject({
        MetricName: 'Invocations',
        Namespace: 'AWS/Lambda',
        Period: 3600,
        EvaluationPeriods: 2 * hours,
        Threshold: 1,
        ComparisonOperator: 'LessThanThreshold',
        TreatMissingData: 'breaching',
      });
      // CloudWatch evaluates at most seven days if the period is an hour or longer.
      expect(2 * hours * 3600).toBeLessThanOrEqual(7 * 24 * 3600);
    },
  );

  test('d) the alarm on unverified trails stays on until a better run', () => {
    expect(alarms(monitored())['Unverified']).toMatchObject({
      Namespace: 'Trailseal/trailseal',
      MetricName: 'Unverified',
      Threshold: 0,
      ComparisonOperator: 'GreaterThanThreshold',
      EvaluationPeriods: 25,
      DatapointsToAlarm: 1,
      TreatMissingData: 'notBreaching',
    });
  });

  test('e) a failed invocation and a dead letter raise an alarm at once', () => {
    const made = alarms(monitored());
    for (const name of ['FunctionErrors', 'DeadLetters']) {
      expect(made[name]).toMatchObject({ EvaluationPeriods: 1, Period: 300, Threshold: 0 });
    }
  });

  test('f) metrics of the function are counted for every rule name', () => {
    const stack = monitored();
    const filters = Template.fromStack(stack).findResources('AWS::Logs::MetricFilter');
    const made = Object.values(filters).map((filter) => filter['Properties'] as unknown);
    const names = ['Unverified', 'FailedEvaluations', 'CleanUpFailures', 'Throttles'];
    expect(made).toEqual(
      names.map((name) => ({
        FilterPattern: `{ $.${name} > 0 }`,
        LogGroupName: 'logs',
        MetricTransformations: [
          {
            MetricName: name,
            MetricNamespace: 'Trailseal/trailseal',
            MetricValue: `$.${name}`,
          },
        ],
      })),
    );
    const heard = Object.values(alarms(stack)).filter(
      (alarm) => alarm['Namespace'] === 'Trailseal/trailseal',
    );
    expect(heard.map((alarm) => [alarm['MetricName'], alarm['Dimensions']])).toEqual(
      names.map((name) => [name, undefined]),
    );
  });

  test('g) rejects a schedule that AWS Config does not know', () => {
    expect(() => monitored('Hourly' as Schedule)).toThrow(
      'TrailsealMonitoring: `schedule` is `Hourly`; expected one of One_Hour',
    );
  });

  test('h) the function writes every monitored count', () => {
    const source = fs.readFileSync(
      path.join(packageDirectory(), '../crates/trailseal-lambda/src/log.rs'),
      'utf8',
    );
    const body = JSON.stringify(Template.fromStack(monitored()).toJSON());
    const summed = Array.from(body.matchAll(/sum\(([A-Za-z]+)\)/g), ([, name]) => name);
    expect(summed.length).toBeGreaterThan(8);
    for (const name of [...summed, 'Unverified', 'FailedEvaluations', 'Throttles']) {
      expect(source).toContain(`Metric { name: "${name ?? ''}", unit: "Count" }`);
    }
    // The queries find the lines with counts by this member.
    expect(body).toContain('filter ispresent(DurationMilliseconds)');
    expect(source).toContain('Metric { name: "DurationMilliseconds", unit: "Milliseconds" }');
  });

  test('i) no alarm and no widget needs a metric that the function makes on request', () => {
    const body = JSON.stringify(Template.fromStack(monitored()).toJSON());
    expect(body).not.toContain('SEARCH(');
    expect(body).not.toMatch(/"Trailseal"/);
    expect(body).not.toMatch(/\\"Trailseal\\"/);
  });
});

describe('the dashboard', () => {
  test('is one JSON document whose widgets do not overlap', () => {
    const body = properties(monitored(), 'AWS::CloudWatch::Dashboard')['DashboardBody'];
    const text = (body as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : 'token'))
      .join('');
    const { widgets } = JSON.parse(text) as {
      widgets: { x: number; y: number; width: number; height: number; type: string }[];
    };
    expect(widgets.map((widget) => widget.type)).toMatchSnapshot();
    for (const [index, one] of widgets.entries()) {
      expect(one.x + one.width).toBeLessThanOrEqual(24);
      for (const other of widgets.slice(index + 1)) {
        const apart =
          one.x + one.width <= other.x ||
          other.x + other.width <= one.x ||
          one.y + one.height <= other.y ||
          other.y + other.height <= one.y;
        expect(apart).toBe(true);
      }
    }
  });
});

describe('the topic', () => {
  test('its key and policy admit only publishers of this account over TLS', () => {
    const stack = monitored();
    const key = properties(stack, 'AWS::KMS::Key')['KeyPolicy'] as { Statement: object[] };
    expect(key.Statement).toContainEqual({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Resource: '*',
    });
    const topic = properties(stack, 'AWS::SNS::TopicPolicy')['PolicyDocument'];
    const found = (topic as { Statement: Record<string, unknown>[] }).Statement;
    expect(found).toContainEqual(
      expect.objectContaining({
        Action: 'sns:Publish',
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
      }),
    );
    expect(found).toContainEqual(
      expect.objectContaining({
        Effect: 'Deny',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      }),
    );
  });
});

describe('tickets', () => {
  test('c) EventBridge publishes with a role of this account, not as a service', () => {
    const stack = newStack();
    const topic = new TrailsealTopic(stack, 'Topic');
    topic.admitRole(new TrailsealTickets(stack, 'Tickets', { topic: topic.topic }).role);
    const arn = { 'Fn::GetAtt': [expect.stringMatching(/^TicketsRole/), 'Arn'] };
    const key = properties(stack, 'AWS::KMS::Key')['KeyPolicy'] as { Statement: object[] };
    expect(key.Statement).toContainEqual({
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
      Effect: 'Allow',
      Principal: { AWS: arn },
      Resource: '*',
    });
    const policy = properties(stack, 'AWS::SNS::TopicPolicy')['PolicyDocument'];
    expect((policy as { Statement: object[] }).Statement).toContainEqual(
      expect.objectContaining({
        Action: 'sns:Publish',
        Effect: 'Allow',
        Principal: { AWS: arn },
      }),
    );
    expect(JSON.stringify([key, policy])).not.toContain('events.amazonaws.com');
    const rule = properties(stack, 'AWS::Events::Rule') as { Targets: object[] };
    expect(rule.Targets).toEqual([expect.objectContaining({ RoleArn: arn })]);
    Template.fromStack(stack).resourceCountIs('AWS::IAM::Policy', 0);
  });

  function pattern(prefix?: string) {
    const stack = newStack();
    const { topic } = new TrailsealTopic(stack, 'Topic');
    new TrailsealTickets(stack, 'Tickets', {
      topic,
      ...(prefix === undefined ? {} : { ruleNamePrefix: prefix }),
    });
    return properties(stack, 'AWS::Events::Rule');
  }

  test('a) sends new failed findings of our rule to the topic', () => {
    const rule = pattern();
    expect(rule['EventPattern']).toEqual({
      source: ['aws.securityhub'],
      'detail-type': ['Security Hub Findings - Imported'],
      detail: {
        findings: {
          ProductFields: { 'aws/config/ConfigRuleName': [{ wildcard: '*trailseal*' }] },
          Compliance: { Status: ['FAILED'] },
          Workflow: { Status: ['NEW'] },
          RecordState: ['ACTIVE'],
        },
      },
    });
    expect(rule['Targets']).toHaveLength(1);
  });

  test('b) rejects a bad name', () => {
    expect(() => pattern('*')).toThrow('TrailsealTickets: `ruleNamePrefix` is `*`; expected');
  });
});
