import * as events from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

import * as limits from './limits';
import { PropFaults } from './prop-faults';
import { DEFAULT_RULE_NAME } from './rule';

/** Props of {@link TrailsealTickets}. */
export interface TrailsealTicketsProps {
  /** The topic for failed findings; it must admit the construct's role. */
  readonly topic: sns.ITopic;
  /** The prefix of our rules' names, to which packs and organizations add. @default trailseal */
  readonly ruleNamePrefix?: string;
}

/**
 * An example for tickets: every new failed finding that Security Hub created from a result of our
 * rule goes to a topic as one short text.
 *
 * In the aggregation Region of Security Hub, one such rule covers the whole organization.
 */
export class TrailsealTickets extends Construct {
  /** The EventBridge rule. */
  readonly rule: events.Rule;
  /**
   * The role with which EventBridge publishes. If a topic admitted `events.amazonaws.com` instead,
   * rules of every account could publish: KMS supports no condition on the source there.
   */
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: TrailsealTicketsProps) {
    super(scope, id);
    const prefix = props.ruleNamePrefix ?? DEFAULT_RULE_NAME;
    const faults = new PropFaults('TrailsealTickets');
    faults.form('ruleNamePrefix', prefix, limits.RULE_NAME, 'letters, digits, `-` and `_`');
    faults.refuse();
    const finding = (path: string) => events.EventField.fromPath(`$.detail.findings[0].${path}`);
    this.role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('events.amazonaws.com'),
      description: 'Publishes failed findings of the Trailseal rule to its topic',
    });
    this.rule = new events.Rule(this, 'Rule', {
      description: 'New failed findings of the Trailseal rule in Security Hub',
      eventPattern: {
        source: ['aws.securityhub'],
        detailType: ['Security Hub Findings - Imported'],
        detail: {
          findings: {
            // AWS adds a prefix to the name of organization rules, and a suffix to that of pack rules.
            ProductFields: { 'aws/config/ConfigRuleName': [{ wildcard: `*${prefix}*` }] },
            Compliance: { Status: ['FAILED'] },
            Workflow: { Status: ['NEW'] },
            RecordState: ['ACTIVE'],
          },
        },
      },
      targets: [
        new SnsTopic(props.topic, {
          // The policies of the topic and its key name the role, so the role needs no policy.
          role: this.role.withoutPolicyUpdates(),
          message: events.RuleTargetInput.fromText(
            `Trailseal: ${finding('Resources[0].Id')} in account ${finding('AwsAccountId')}, ` +
              `Region ${finding('Region')}, is not compliant. Read the reason in Config: ` +
              `the finding ${finding('Id')} does not contain it.`,
          ),
        }),
      ],
    });
  }
}
