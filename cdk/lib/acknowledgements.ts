import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * The findings of cdk-nag that are accepted, each with its reason.
 *
 * cdk-nag reports them as acknowledged in apps that use these constructs.
 */
function acknowledge(construct: IConstruct, reasons: Record<string, string>): void {
  for (const [id, reason] of Object.entries(reasons)) {
    Validations.of(construct).acknowledge({ id, reason });
  }
}

/** Both revisions of NIST 800-53 have the rule. */
function nist(rule: string, reason: string): Record<string, string> {
  return { [`NIST.800.53.R4-${rule}`]: reason, [`NIST.800.53.R5-${rule}`]: reason };
}

/**
 * What is accepted of the function and what belongs to it.
 *
 * @param wildcards why its policy names resources with a wildcard, by the resource
 */
export function explainFunction(construct: IConstruct, wildcards: Record<string, string>): void {
  acknowledge(construct, {
    ...explained(wildcards),
    ...nist(
      'LambdaDLQ',
      'Events that failed go to the queue through the on-failure destination, which carries the ' +
        'error and the request beside the event; a dead-letter queue carries the event alone.',
    ),
    ...nist(
      'LambdaInsideVPC',
      'The function talks to the public endpoints of AWS alone; a VPC would add endpoints and ' +
        'addresses in every account and Region, and guard nothing.',
    ),
    ...nist(
      'CloudWatchLogGroupEncrypted',
      'CloudWatch Logs encrypts every group; the logs hold ids, verdicts and counts only. A ' +
        'customer managed key is a prop (encryptionKey), since it costs money in every Region.',
    ),
    'AwsSolutions-SQS3': 'This queue is itself where failed events end.',
  });
}

/**
 * What is accepted of the remediation function and what belongs to it.
 *
 * @param wildcards why its policy names resources with a wildcard, by the resource
 */
export function explainRemediation(construct: IConstruct, wildcards: Record<string, string>): void {
  acknowledge(construct, {
    ...explained(wildcards),
    ...nist(
      'LambdaDLQ',
      'The runbook invokes the function and waits: a failure is the failure of the runbook, and ' +
        'nothing is ever queued.',
    ),
    ...nist(
      'LambdaInsideVPC',
      'The function talks to the public endpoints of AWS alone; a VPC would add endpoints and ' +
        'addresses in every account and Region, and guard nothing.',
    ),
    ...nist(
      'CloudWatchLogGroupEncrypted',
      'CloudWatch Logs encrypts every group; the journals in it hold key policies, which are no ' +
        'secret. A customer managed key is a prop (encryptionKey), since it costs money.',
    ),
  });
}

/**
 * What is accepted of the role in a member account.
 *
 * @param wildcards why its policy names resources with a wildcard, by the resource
 */
export function explainMemberRole(construct: IConstruct, wildcards: Record<string, string>): void {
  acknowledge(construct, explained(wildcards));
}

/** What is accepted of the bucket that holds the code. */
export function explainCodeBucket(construct: IConstruct): void {
  const logging =
    'The bucket holds published code only; CloudTrail data events show who read it, if wanted.';
  acknowledge(construct, {
    'AwsSolutions-S1': logging,
    ...nist('S3BucketLoggingEnabled', logging),
    ...nist(
      'S3BucketReplicationEnabled',
      'Each Region has a bucket of its own with the same code.',
    ),
    ...nist(
      'S3BucketDefaultLockEnabled',
      'A version of the code has a key of its own and old versions are kept; a lock would keep ' +
        'withdrawn code as well.',
    ),
    'NIST.800.53.R5-S3DefaultEncryptionKMS':
      'The organization reads the code; a customer managed key would have to admit every account, ' +
      'and the code is no secret.',
  });
}

/** What the library's own check of a template cannot know, since the template is finished later. */
export function explainList(construct: IConstruct): void {
  acknowledge(construct, {
    'CloudFormation-Validate::W2001': 'A loop over the list is added after the synthesis.',
    'CloudFormation-Validate::F3031': 'An empty list is left out by a condition.',
    'CloudFormation-Validate::W8001': 'The statement with the condition is added after as well.',
  });
}

/** The same for a statement of a policy that a condition is put around later. */
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
