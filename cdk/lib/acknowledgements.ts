import { Validations, type CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

import type { Program } from './code';

/**
 * Acknowledges findings of cdk-nag, each with its reason.
 *
 * Apps that use these constructs see these findings as acknowledged.
 */
function acknowledge(construct: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id, reason });
  }
}

/** Both revisions of NIST 800-53 include the rule. */
function nist(rule: string, reason: string): Record<string, string> {
  return { [`NIST.800.53.R4-${rule}`]: reason, [`NIST.800.53.R5-${rule}`]: reason };
}

/** Why the function of a program is as it is. */
interface Reasons {
  /** Why it has no dead-letter queue. */
  readonly queue: string;
  /** Why it has no concurrency of its own; a program with one has no reason. */
  readonly concurrency?: string;
  /** Why its logs have no customer managed key by default. */
  readonly logs: string;
}

const REASONS: Readonly<Record<Program, Reasons>> = {
  bootstrap: {
    queue:
      'Events that failed go to the queue through the on-failure destination, which carries the ' +
      'error and the request with the event; a dead-letter queue carries only the event.',
    concurrency:
      'A reservation fails where the quota of the account is small, as in new accounts; it is a ' +
      'prop (reservedConcurrency).',
    logs:
      'CloudWatch Logs encrypts every group; the logs contain only ids, verdicts and counts. A ' +
      'customer managed key is a prop (encryptionKey), since it costs money in every Region.',
  },
  remediation: {
    queue:
      'The runbook invokes the function and waits: a failure is the failure of the runbook, and ' +
      'nothing is ever queued.',
    logs:
      'CloudWatch Logs encrypts every group; the journals in it contain key policies, which are not ' +
      'secret. A customer managed key is a prop (encryptionKey), since it costs money.',
  },
  hook: {
    queue:
      'CloudFormation invokes the function and waits: a failure is the failure of the hook, and ' +
      'nothing is ever queued.',
    concurrency: 'A limit would make the hook fail while many stacks are deployed.',
    logs:
      'CloudWatch Logs encrypts every group; the logs contain only ids and verdicts. A customer ' +
      'managed key is a prop (encryptionKey), since it costs money in every Region.',
  },
  findings: {
    queue:
      'The next run of the schedule does what a failed one did not; a queued event says nothing, and ' +
      'Lambda counts the failure for the alarm.',
    concurrency:
      'The schedule starts one run at a time, and a reservation fails where the quota is small.',
    logs:
      'CloudWatch Logs encrypts every group; the logs contain only ids and verdicts. A customer ' +
      'managed key is a prop (encryptionKey), since it costs money in every Region.',
  },
};

const OUTSIDE_A_VPC =
  'The function calls only public endpoints of AWS; a VPC would add endpoints and ' +
  'addresses in every account and Region, and protect nothing.';

/**
 * Acknowledges findings about the function of a program and its resources.
 *
 * @param wildcards why its policy names resources with a wildcard, by resource
 */
export function explainProgram(
  construct: IConstruct,
  program: Program,
  wildcards: Record<string, string>,
): void {
  const { queue, concurrency, logs } = REASONS[program];
  acknowledge(construct, {
    ...explained(wildcards),
    ...nist('LambdaDLQ', queue),
    ...(concurrency === undefined ? {} : nist('LambdaConcurrency', concurrency)),
    ...nist('LambdaInsideVPC', OUTSIDE_A_VPC),
    ...nist('CloudWatchLogGroupEncrypted', logs),
    ...(program === 'bootstrap'
      ? { 'AwsSolutions-SQS3': 'This queue is the destination of failed events.' }
      : {}),
  });
}

/** Acknowledges findings of checkov about the function of a program and its log group. */
export function skipProgramChecks(
  program: Program,
  made: { readonly function: IConstruct; readonly logGroup: IConstruct },
): void {
  const { queue, concurrency, logs } = REASONS[program];
  skipChecks(made.function, {
    ...(concurrency === undefined ? {} : { CKV_AWS_115: concurrency }),
    CKV_AWS_116: queue,
    CKV_AWS_117: OUTSIDE_A_VPC,
    CKV_AWS_173: 'Lambda encrypts the variables with its own key; they hold settings, no secrets.',
  });
  skipChecks(made.logGroup, { CKV_AWS_158: logs });
}

/** Acknowledges a finding of checkov, which does not know the encryption by SQS itself. */
export function skipQueueChecks(queue: IConstruct): void {
  skipChecks(queue, {
    CKV_AWS_27:
      'SQS encrypts the queue with its own key, which costs nothing; checkov looks for a KMS key.',
  });
}

/** Checkov reads the acknowledgements from the template. */
function skipChecks(construct: IConstruct, reasons: Record<string, string>): void {
  const skip = Object.entries(reasons).map(([id, comment]) => ({ id, comment }));
  (construct.node.defaultChild as CfnResource).addMetadata('checkov', { skip });
}

/**
 * Acknowledges findings about the role in a member account.
 *
 * @param wildcards why its policy names resources with a wildcard, by resource
 */
export function explainMemberRole(construct: IConstruct, wildcards: Record<string, string>): void {
  acknowledge(construct, explained(wildcards));
}

/** Acknowledges findings about the code bucket. */
export function explainCodeBucket(construct: IConstruct, bucket: IConstruct): void {
  const logging =
    'The bucket contains only published code; CloudTrail data events can show who read it.';
  skipChecks(bucket, { CKV_AWS_18: logging });
  acknowledge(construct, {
    'AwsSolutions-S1': logging,
    ...nist('S3BucketLoggingEnabled', logging),
    ...nist('S3BucketReplicationEnabled', 'Each Region has its own bucket with the same code.'),
    ...nist(
      'S3BucketDefaultLockEnabled',
      'Each version of the code has its own key and old versions are kept; a lock would keep ' +
        'withdrawn code as well.',
    ),
    'NIST.800.53.R5-S3DefaultEncryptionKMS':
      'The organization reads the code; a customer managed key would have to admit every account, ' +
      'and the code is not secret.',
  });
}

/** Acknowledges findings about the queue of a rollout. */
export function explainRolloutQueue(construct: IConstruct): void {
  acknowledge(construct, {
    'AwsSolutions-SQS3': 'A person reads this queue; nothing fails to process its messages.',
  });
  skipQueueChecks(construct);
}

/** Tells CDK's template validation that the list is completed later. */
export function explainList(construct: IConstruct): void {
  acknowledge(construct, {
    'CloudFormation-Validate::W2001': 'A loop over the list is added after the synthesis.',
    'CloudFormation-Validate::F3031': 'An empty list is left out by a condition.',
    'CloudFormation-Validate::W8001': 'The statement with the condition is added later as well.',
  });
}

/** Tells CDK's template validation that a condition guards the parameters of the function. */
export function explainOptions(construct: IConstruct): void {
  const guarded = 'An empty parameter is left out by a condition.';
  acknowledge(construct, {
    'CloudFormation-Validate::E1150': guarded,
    'CloudFormation-Validate::F3031': guarded,
    'CloudFormation-Validate::W1030': guarded,
    'CloudFormation-Validate::W8001':
      'The statement with the condition is added after the synthesis.',
  });
}

/** Tells CDK's template validation that a condition guards the key of the code. */
export function explainCode(construct: IConstruct): void {
  acknowledge(construct, {
    'CloudFormation-Validate::W1030': 'An empty key is replaced by a condition.',
  });
}

/** Tells CDK's template validation that a condition is added to the statement later. */
export function explainStatement(construct: IConstruct): void {
  acknowledge(construct, {
    'CloudFormation-Validate::W8001':
      'The statement with the condition is added after the synthesis.',
  });
}

function explained(wildcards: Record<string, string>): Record<string, string> {
  const reasons = Object.entries(wildcards).map(([resource, why]) => [
    `AwsSolutions-IAM5[Resource::${resource}]`,
    why,
  ]);
  return Object.fromEntries(reasons) as Record<string, string>;
}
