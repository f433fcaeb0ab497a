import { Aws } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

import * as limits from './limits';
import { PropFaults } from './prop-faults';

/** Props of {@link TrailsealTopic}. */
export interface TrailsealTopicProps {
  /** The address that gets the messages by email. @default nobody yet */
  readonly email?: string;
  /** The topic's name. @default named by CloudFormation */
  readonly topicName?: string;
}

/**
 * A topic for alarms and findings, encrypted with its own key: the AWS managed key of SNS admits
 * only publishers of the account.
 */
export class TrailsealTopic extends Construct {
  /** The topic. */
  readonly topic: sns.Topic;
  private readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: TrailsealTopicProps = {}) {
    super(scope, id);
    const faults = new PropFaults('TrailsealTopic');
    faults.form('email', props.email, /^[^@\s]+@[^@\s]+$/, 'a mail address');
    faults.form('topicName', props.topicName, limits.TOPIC_NAME, 'the name of a topic');
    faults.refuse();
    this.key = new kms.Key(this, 'Key', {
      description: 'Encrypts messages of the Trailseal topic',
      enableKeyRotation: true,
    });
    this.topic = new sns.Topic(this, 'Topic', {
      masterKey: this.key,
      enforceSSL: true,
      ...(props.topicName === undefined ? {} : { topicName: props.topicName }),
    });
    if (props.email !== undefined) {
      this.topic.addSubscription(new EmailSubscription(props.email));
    }
  }

  /** Lets alarms of these accounts publish, by default those of this account. */
  admitAlarms(accounts?: string[]): void {
    this.admit(new iam.ServicePrincipal('cloudwatch.amazonaws.com'), {
      StringEquals: { 'aws:SourceAccount': accounts ?? Aws.ACCOUNT_ID },
    });
  }

  /** Lets a role of this account publish. */
  admitRole(role: iam.IRole): void {
    this.admit(role, {});
  }

  private admit(principal: iam.IPrincipal, conditions: Record<string, unknown>): void {
    this.key.addToResourcePolicy(
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
}
