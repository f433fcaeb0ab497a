import { Aws, Token } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import type { Construct } from 'constructs';

import * as limits from './limits';
import type { PropFaults } from './prop-faults';
import { DOCUMENT_PARAMETERS } from './remediation-document';

/** The values that the rule passes to the runbook. */
export interface RemediationSettings {
  /**
   * The ARN of the key for the trails. It must exist in the Region of the trails' bucket: nothing
   * here creates a key.
   */
  readonly keyArn: string;
  /** Whether the runbook only shows its plan and changes nothing. @default true */
  readonly dryRun?: boolean;
  /** Whether the runbook may replace a trail's key. @default false */
  readonly replaceKey?: boolean;
  /**
   * Whether AWS Config starts the runbook automatically for every non-compliant trail.
   *
   * **Consider the consequences**: trails change without a review of the plan, trails owned by
   * infrastructure code drift from it, and readers of the logs that may not decrypt with the key
   * cannot read new ones. This also requires `dryRun: false`, and never replaces a key.
   * @default false
   */
  readonly automatic?: boolean;
}

/** Attempts of automatic remediation: a person must check a run with an unknown result. */
const AUTOMATIC_ATTEMPTS = 1;

/** Seconds within which AWS Config counts its attempts. */
const AUTOMATIC_RETRY_SECONDS = 3600;

/** The percentage of trails, and of failures, that AWS Config allows at a time: the minimum. */
const LEAST_PERCENTAGE = 1;

/** The name of the runbook's role; IAM needs one for each Region. */
export function automationRoleName(region: string): string {
  return `TrailsealAutomation-${region}`;
}

/** Checks the settings. */
export function noteRemediation(
  settings: RemediationSettings,
  prefix: string,
  faults: PropFaults,
): void {
  faults.form(
    `${prefix}keyArn`,
    settings.keyArn,
    limits.KEY_ARN,
    'the ARN of a KMS key: an alias can move to another key',
  );
  if (settings.automatic !== true) {
    return;
  }
  if (settings.dryRun !== false) {
    faults.other(
      `${prefix}automatic`,
      'requires `dryRun: false`: a dry run that starts automatically changes nothing',
    );
  }
  if (settings.replaceKey === true) {
    faults.other(
      `${prefix}automatic`,
      'excludes `replaceKey`: only a person who has seen the plan may replace a key',
    );
  }
}

/** A remediation configuration of AWS Config, with CloudFormation's property names. */
export function remediationProperties(
  settings: RemediationSettings,
  names: { readonly rule: string; readonly document: string; readonly roleArn: string },
) {
  const parameters = DOCUMENT_PARAMETERS;
  const fixed = (value: string) => ({ StaticValue: { Values: [value] } });
  return {
    ConfigRuleName: names.rule,
    ResourceType: 'AWS::CloudTrail::Trail',
    TargetType: 'SSM_DOCUMENT',
    TargetId: names.document,
    Parameters: {
      [parameters.role]: fixed(names.roleArn),
      [parameters.trail]: { ResourceValue: { Value: 'RESOURCE_ID' } },
      [parameters.key]: fixed(settings.keyArn),
      [parameters.dryRun]: fixed(String(settings.dryRun ?? true)),
      [parameters.replaceKey]: fixed(String(settings.replaceKey ?? false)),
    },
    ExecutionControls: {
      SsmControls: {
        ConcurrentExecutionRatePercentage: LEAST_PERCENTAGE,
        ErrorPercentage: LEAST_PERCENTAGE,
      },
    },
    ...automation(settings.automatic === true),
  };
}

/** The same as a resource of a stack. */
export function remediationConfiguration(
  scope: Construct,
  id: string,
  made: ReturnType<typeof remediationProperties>,
): config.CfnRemediationConfiguration {
  const controls = made.ExecutionControls.SsmControls;
  return new config.CfnRemediationConfiguration(scope, id, {
    configRuleName: made.ConfigRuleName,
    resourceType: made.ResourceType,
    targetType: made.TargetType,
    targetId: made.TargetId,
    parameters: made.Parameters,
    automatic: made.Automatic,
    executionControls: {
      ssmControls: {
        concurrentExecutionRatePercentage: controls.ConcurrentExecutionRatePercentage,
        errorPercentage: controls.ErrorPercentage,
      },
    },
    ...('MaximumAutomaticAttempts' in made
      ? {
          maximumAutomaticAttempts: made.MaximumAutomaticAttempts,
          retryAttemptSeconds: made.RetryAttemptSeconds,
        }
      : {}),
  });
}

function automation(automatic: boolean) {
  return automatic
    ? {
        Automatic: true,
        MaximumAutomaticAttempts: AUTOMATIC_ATTEMPTS,
        RetryAttemptSeconds: AUTOMATIC_RETRY_SECONDS,
      }
    : { Automatic: false };
}

/** The remediation of a pack's rule: AWS Config resolves no function in the ARN of the role. */
export interface PackRemediation extends RemediationSettings {
  /** The name of the runbook, deployed with the function. @default TrailsealRemediation */
  readonly documentName?: string;
  /**
   * The account in the ARN of the runbook's role. For an organization's pack it is the management
   * account, which AWS Config replaces by each member. @default the account of the stack
   */
  readonly account?: string;
  /** The Region in the name of the runbook's role. @default the Region of the stack */
  readonly region?: string;
  /** The partition in the ARN of the runbook's role. @default the partition of the stack */
  readonly partition?: string;
}

/** The ARN of the runbook's role, which CloudFormation completes before AWS Config reads it. */
export function packRoleArn(remediation: PackRemediation): string {
  const { partition = Aws.PARTITION, account = Aws.ACCOUNT_ID, region = Aws.REGION } = remediation;
  return `arn:${partition}:iam::${account}:role/${automationRoleName(region)}`;
}

/** Checks the remediation of a pack. */
export function notePackRemediation(
  remediation: PackRemediation,
  isInBucket: boolean,
  faults: PropFaults,
): void {
  noteRemediation(remediation, 'remediation.', faults);
  faults.form('remediation.account', remediation.account, limits.ACCOUNT_ID, 'an account id');
  faults.form('remediation.region', remediation.region, limits.REGION, 'the name of a Region');
  faults.form(
    'remediation.documentName',
    remediation.documentName,
    limits.DOCUMENT_NAME,
    'the name of a document',
  );
  if (isInBucket && Token.isUnresolved(packRoleArn(remediation))) {
    faults.other(
      'remediation',
      'of a template in a bucket requires `account`, `region` and `partition`: nothing completes it there',
    );
  }
}
