import { Aws, Token } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import type { Construct } from 'constructs';

import * as limits from './limits';
import type { PropFaults } from './prop-faults';
import { DOCUMENT_PARAMETERS } from './remediation-document';

/** What the rule hands to the runbook: settings of the deployment. */
export interface RemediationSettings {
  /**
   * The ARN of the key that trails are sealed with. It must exist, and lie in the Region of the
   * trails' bucket: nothing here creates a key.
   */
  readonly keyArn: string;
  /** Whether the runbook only shows its plan and changes nothing. @default true */
  readonly dryRun?: boolean;
  /** Whether a key that a trail has already may be replaced. @default false */
  readonly replaceKey?: boolean;
  /**
   * Whether Config starts the runbook by itself for every trail that is not compliant.
   *
   * **Think before you say so**: trails change without a person looking at the plan, those that
   * infrastructure code owns drift from it, and readers of the logs who may not decrypt with the
   * key read no new ones. It needs `dryRun: false` said besides, and never replaces a key.
   * @default false
   */
  readonly automatic?: boolean;
}

/** Attempts of Config by itself: what stopped in doubt is looked at by a person first. */
const AUTOMATIC_ATTEMPTS = 1;

/** Seconds within which Config counts its attempts. */
const AUTOMATIC_RETRY_SECONDS = 3600;

/** Percent of the trails, and of the failures, that Config takes at a time: the least. */
const LEAST_PERCENTAGE = 1;

/** The name of the role of the runbook, of which IAM needs one for each Region. */
export function automationRoleName(region: string): string {
  return `TrailsealAutomation-${region}`;
}

/** Notes what is wrong with the settings. */
export function noteRemediation(
  settings: RemediationSettings,
  prefix: string,
  faults: PropFaults,
): void {
  faults.form(
    `${prefix}keyArn`,
    settings.keyArn,
    limits.KEY_ARN,
    'the ARN of a KMS key: an alias names no key for good',
  );
  if (settings.automatic !== true) {
    return;
  }
  if (settings.dryRun !== false) {
    faults.other(
      `${prefix}automatic`,
      'needs `dryRun: false` said besides: a dry run that starts by itself changes nothing',
    );
  }
  if (settings.replaceKey === true) {
    faults.other(
      `${prefix}automatic`,
      'goes with no `replaceKey`: a key is replaced by a person who saw the plan',
    );
  }
}

/** A remediation configuration of Config, in the words of CloudFormation. */
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

/** The remediation of a pack's rule: Config resolves no function in the ARN of the role. */
export interface PackRemediation extends RemediationSettings {
  /** The name of the runbook, deployed beside the function. @default TrailsealRemediation */
  readonly documentName?: string;
  /**
   * The account in the ARN of the runbook's role; for the pack of an organization that of the
   * management account, in whose place Config puts each member's own. @default that of the stack
   */
  readonly account?: string;
  /** The Region in the name of the runbook's role. @default that of the stack */
  readonly region?: string;
  /** The partition in the ARN of the runbook's role. @default that of the stack */
  readonly partition?: string;
}

/** The ARN of the runbook's role, which CloudFormation completes before Config sees it. */
export function packRoleArn(remediation: PackRemediation): string {
  const { partition = Aws.PARTITION, account = Aws.ACCOUNT_ID, region = Aws.REGION } = remediation;
  return `arn:${partition}:iam::${account}:role/${automationRoleName(region)}`;
}

/** Notes what is wrong with the remediation of a pack. */
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
      'of a template in a bucket needs `account`, `region` and `partition`: nobody completes it there',
    );
  }
}
