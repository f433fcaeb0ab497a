import { Aws, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

import { explainProgram } from './acknowledgements';
import {
  exemptionsSettings,
  policyStatements,
  wildcardReasons,
  type Settings,
} from './least-privilege';
import * as limits from './limits';
import { makeProgram, noteFunctionName, type ProgramSettings } from './program';
import { PropFaults } from './prop-faults';
import { DEFAULT_DOCUMENT_NAME, remediationDocument } from './remediation-document';
import {
  automationRoleName,
  noteRemediation,
  remediationConfiguration,
  remediationProperties,
  type RemediationSettings,
} from './remediation-settings';
import type { TrailsealRule } from './rule';
import {
  keyAccountRole,
  noteKeyAccountRole,
  parameterFaults,
  withoutEmpty,
} from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';

/** The default name of the remediation function. */
export const DEFAULT_REMEDIATION_NAME = 'trailseal-remediation';

/** Seconds that one invocation may take: it ends before the runbook stops waiting for it. */
const REMEDIATION_TIMEOUT_SECONDS = limits.AUTOMATION_INVOKE_SECONDS_MAX - 20;

/** Concurrent invocations: CloudTrail accepts one change per second; a policy has one writer. */
export const REMEDIATION_CONCURRENCY = 1;

/** The environment variable with the parameters of the rule. */
const PARAMETERS_VARIABLE = 'TRAILSEAL_RULE_PARAMETERS';

/** Props of {@link TrailsealRemediation}. */
export interface TrailsealRemediationProps extends RemediationSettings, ProgramSettings {
  /** The rule whose findings are remediated. @default none: the rule of a pack names the runbook */
  readonly rule?: TrailsealRule;
  /**
   * The parameters of the rule: a plan must satisfy them, and trails that they exempt are not
   * changed. @default the rule's defaults
   */
  readonly parameters?: RuleParameters;
  /** The organization in which the role of the parameter `keyAccountRoleName` is assumed. */
  readonly organizationId?: string;
  /** The name of the runbook; packs refer to it by name. @default TrailsealRemediation */
  readonly documentName?: string;
  /**
   * Concurrent invocations; `none` reserves nothing, for accounts whose quota is too small for a
   * reservation. @default REMEDIATION_CONCURRENCY
   */
  readonly reservedConcurrency?: number | 'none';
  /** How long logs are kept; they contain the journals for back-outs. @default ten years */
  readonly logRetention?: logs.RetentionDays;
  /** A key for the logs; its policy must admit CloudWatch Logs. @default the service's key */
  readonly encryptionKey?: kms.IKey;
}

/**
 * Manual remediation, from the AWS Config console or Systems Manager: a runbook, the function that
 * it invokes, and a role for each. A dry run by default.
 *
 * The rule's function is not involved and still cannot change anything.
 */
export class TrailsealRemediation extends Construct {
  /** The function that makes and applies plans. */
  readonly function: lambda.Function;
  /** Its role: the only one here that can change a trail. */
  readonly role: iam.Role;
  /** Its log group. */
  readonly logGroup: logs.LogGroup;
  /** The runbook. */
  readonly document: ssm.CfnDocument;
  /** Its role, which can only invoke the function. */
  readonly automationRole: iam.Role;
  /** The remediation configuration for findings of the rule, if there is a rule. */
  readonly configuration: config.CfnRemediationConfiguration | undefined;

  constructor(scope: Construct, id: string, props: TrailsealRemediationProps) {
    super(scope, id);
    refuseFaults(props);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.TEN_YEARS,
      removalPolicy: RemovalPolicy.RETAIN,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    this.role = makeRole(this, props, this.logGroup);
    this.function = makeFunction(this, props);
    this.automationRole = makeAutomationRole(this, this.function);
    this.document = new ssm.CfnDocument(this, 'Document', {
      name: props.documentName ?? DEFAULT_DOCUMENT_NAME,
      documentType: 'Automation',
      // The content is JSON, which is also YAML: Automation accepts scripts only in YAML documents.
      documentFormat: 'YAML',
      content: remediationDocument(this.function.functionName),
      targetType: '/AWS::CloudTrail::Trail',
      updateMethod: 'NewVersion',
    });
    this.configuration = props.rule === undefined ? undefined : this.configure(props, props.rule);
  }

  private configure(
    props: TrailsealRemediationProps,
    rule: TrailsealRule,
  ): config.CfnRemediationConfiguration {
    const made = remediationProperties(props, {
      rule: rule.rule.ref,
      document: this.document.ref,
      roleArn: this.automationRole.roleArn,
    });
    return remediationConfiguration(this, 'Configuration', made);
  }
}

function refuseFaults(props: TrailsealRemediationProps): void {
  const faults = new PropFaults('TrailsealRemediation');
  noteRemediation(props, '', faults);
  faults.add(parameterFaults(props.parameters ?? {}));
  noteFunctionName(props.functionName, faults);
  faults.form('documentName', props.documentName, limits.DOCUMENT_NAME, 'the name of a document');
  noteKeyAccountRole(props, faults);
  if (props.reservedConcurrency !== 'none') {
    faults.whole('reservedConcurrency', props.reservedConcurrency, 1, 1000);
  }
  faults.refuse();
}

/**
 * Whether the parameters require rotation, so that a plan may have to turn it on. A value that is
 * known only at deployment may require it.
 */
function asksForRotation(parameters: RuleParameters): boolean {
  const asks = (value: string | undefined, word: string) =>
    Token.isUnresolved(value) || value?.trim() === word;
  return asks(parameters.profile, 'strict') || asks(parameters.requireKeyRotation, 'true');
}

function makeRole(
  scope: Construct,
  props: TrailsealRemediationProps,
  logGroup: logs.LogGroup,
): iam.Role {
  const settings: Settings = {
    LogGroupArn: logGroup.logGroupArn,
    KeyArn: props.keyArn,
    keyAccountRoleName: keyAccountRole(props.parameters),
    KeyAccountRoleName: keyAccountRole(props.parameters),
    ...exemptionsSettings(props.parameters?.exemptionsFrom),
    OrganizationId: props.organizationId,
    keyRotation: asksForRotation(props.parameters ?? {}) ? 'true' : undefined,
  };
  const policy = new iam.ManagedPolicy(scope, 'Policy', {
    description: 'What the Trailseal remediation function calls, and nothing more',
    statements: policyStatements('remediation', settings),
  });
  explainProgram(scope, 'remediation', wildcardReasons('remediation', settings));
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: 'Role of the Trailseal remediation function: sets one key on trails',
    managedPolicies: [policy],
  });
}

function makeFunction(
  scope: TrailsealRemediation,
  props: TrailsealRemediationProps,
): lambda.Function {
  const parameters = withoutEmpty(props.parameters ?? {});
  return makeProgram(scope, props, {
    program: 'remediation',
    description: 'Seals CloudTrail trails with a KMS key when the runbook asks for it (Trailseal)',
    timeoutSeconds: REMEDIATION_TIMEOUT_SECONDS,
    reservedConcurrency: props.reservedConcurrency ?? REMEDIATION_CONCURRENCY,
    role: scope.role,
    logGroup: scope.logGroup,
    environment:
      Object.keys(parameters).length === 0
        ? {}
        : { [PARAMETERS_VARIABLE]: JSON.stringify(parameters) },
  });
}

/** Only Automation in this account may assume the role. */
function makeAutomationRole(scope: Construct, handler: lambda.Function): iam.Role {
  const executions = `arn:${Aws.PARTITION}:ssm:*:${Aws.ACCOUNT_ID}:automation-execution/*`;
  const policy = new iam.ManagedPolicy(scope, 'AutomationPolicy', {
    description: 'What the Trailseal runbook calls, and nothing more',
    statements: policyStatements('automation', { FunctionArn: handler.functionArn }),
  });
  return new iam.Role(scope, 'AutomationRole', {
    assumedBy: new iam.ServicePrincipal('ssm.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': executions },
      },
    }),
    description: 'Role of the Trailseal runbook: invokes the remediation function',
    managedPolicies: [policy],
    roleName: automationRoleName(Aws.REGION),
  });
}
