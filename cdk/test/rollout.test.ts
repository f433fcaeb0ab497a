import { read } from './template-support';

describe('the template of the rollout alarm', () => {
  const template = read('trailseal-rollout-alarm.yaml');
  const made = (id: string) => template['Resources']?.[id]?.['Properties'];

  test('passes on the alarms that went off, and none that is OK', () => {
    // Alarms notify the topic of OK as well: the first time a few minutes after their creation.
    expect(made('SubscriptionFromOtherRegion')).toEqual(made('Subscription'));
    expect(made('Subscription')).toEqual({
      Protocol: 'sqs',
      Endpoint: 'arn:${AWS::Partition}:sqs:${HomeRegion}:${AWS::AccountId}:${TopicName}',
      FilterPolicy: { NewStateValue: ['ALARM'] },
      FilterPolicyScope: 'MessageBody',
      TopicArn: 'AlarmsTopic',
    });
    expect(made('Rollout')).toMatchObject({ QueueName: 'TopicName' });
    expect(made('RolloutAlarm')).toMatchObject({
      AlarmName: 'TopicName',
      ComparisonOperator: 'GreaterThanThreshold',
      Dimensions: [{ Name: 'QueueName', Value: 'Rollout.QueueName' }],
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Threshold: 0,
      // An idle queue reports nothing, although it holds the message.
      TreatMissingData: 'ignore',
    });
  });

  test('queue and alarm are in one Region, the topic in each', () => {
    const conditions = Object.entries(template['Resources'] ?? {}).map(
      ([id, resource]) => [id, resource['Condition']] as const,
    );
    expect(Object.fromEntries(conditions)).toEqual({
      AlarmsKey: undefined,
      AlarmsTopic: undefined,
      AlarmsTopicPolicy: undefined,
      Subscription: 'IsHomeRegion',
      SubscriptionFromOtherRegion: 'IsOtherRegion',
      Rollout: 'IsHomeRegion',
      RolloutPolicy: 'IsHomeRegion',
      RolloutAlarm: 'IsHomeRegion',
    });
  });

  test('topic and key admit alarms of the named accounts, the queue only the topics', () => {
    type Policy = { Statement: Record<string, unknown>[] };
    const policies = [
      (made('AlarmsKey') as { KeyPolicy: Policy } | undefined)?.KeyPolicy,
      (made('AlarmsTopicPolicy') as { PolicyDocument: Policy } | undefined)?.PolicyDocument,
    ];
    for (const policy of policies) {
      const services = policy?.Statement.filter((one) => JSON.stringify(one).includes('"Service"'));
      expect(services).toEqual([
        expect.objectContaining({
          Effect: 'Allow',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': 'Accounts' } },
        }),
      ]);
    }
    const queue = (made('RolloutPolicy') as { PolicyDocument: Policy } | undefined)?.PolicyDocument;
    expect(queue?.Statement.filter((one) => one['Effect'] === 'Allow')).toEqual([
      {
        Sid: 'TopicsMaySend',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'sns.amazonaws.com' },
        Resource: 'Rollout.Arn',
        Condition: {
          ArnLike: {
            'aws:SourceArn': 'arn:${AWS::Partition}:sns:*:${AWS::AccountId}:${TopicName}',
          },
        },
      },
    ]);
  });
});
