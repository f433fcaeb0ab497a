import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

import { PropFaults } from './prop-faults';

/** Props of {@link TrailsealTopic}. */
export interface TrailsealTopicProps {
  /** The services of AWS that publish: `cloudwatch` for alarms, `events` for EventBridge rules. */
  readonly publishers: ('cloudwatch' | 'events')[];
  /** Who gets the messages by mail. @default nobody yet */
  readonly email?: string;
}

/**
 * A topic that alarms and findings go to, encrypted with a key of its own: the AWS managed key of
 * SNS admits neither CloudWatch alarms nor EventBridge.
 */
export class TrailsealTopic extends Construct {
  /** The topic. */
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, props: TrailsealTopicProps) {
    super(scope, id);
    const faults = new PropFaults('TrailsealTopic');
    faults.form('email', props.email, /^[^@\s]+@[^@\s]+$/, 'a mail address');
    faults.refuse();
    const key = new kms.Key(this, 'Key', {
      description: 'Encrypts messages of the Trailseal topic',
      enableKeyRotation: true,
    });
    this.topic = new sns.Topic(this, 'Topic', { masterKey: key, enforceSSL: true });
    for (const publisher of props.publishers) {
      const principal = new iam.ServicePrincipal(`${publisher}.amazonaws.com`);
      // EventBridge names no source account to SNS and KMS: a condition would keep it out.
      const conditions =
        publisher === 'events' ? {} : { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } };
      key.addToResourcePolicy(
        new iam.PolicyStatement({
          principals: [principal],
          actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
          resources: ['*'],
          conditions,
        }),
      );
      this.topic.addToResourcePolicy(
        new iam.PolicyStatement({
          principals: [principal],
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          conditions,
        }),
      );
    }
    if (props.email !== undefined) {
      this.topic.addSubscription(new EmailSubscription(props.email));
    }
  }
}
