import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';

import { explainProgram, skipQueueChecks } from './acknowledgements';
import {
  exemptionsSettings,
  policyStatements,
  wildcardReasons,
  type RoleKind,
  type Settings,
} from './least-privilege';
import * as limits from './limits';
import {
  FUNCTION_MEMORY_MEBIBYTES,
  makeProgram,
  noteFunctionName,
  noteStrict,
  roleSettings,
  type ProgramSettings,
  type StrictSettings,
} from './program';
import { PropFaults } from './prop-faults';

/** Seconds that one invocation may take: enough for many trails and throttled reads. */
const FUNCTION_TIMEOUT_SECONDS = 120;

/** Props of {@link TrailsealFunction}. */
export interface TrailsealFunctionProps extends ProgramSettings, StrictSettings {
  /** The accounts whose rules may invoke the function. @default the account of the stack */
  readonly sourceAccounts?: string[];
  /** Memory, in mebibytes. @default FUNCTION_MEMORY_MEBIBYTES */
  readonly memoryMebibytes?: number;
  /** Seconds that one invocation may take. @default FUNCTION_TIMEOUT_SECONDS */
  readonly timeoutSeconds?: number;
  /**
   * Concurrent invocations. Lambda accepts a reservation only if 100 of the account's quota remain
   * unreserved, which the quota of a new account does not allow. @default none: nothing is reserved
   */
  readonly reservedConcurrency?: number | 'none';
  /** How long logs are kept. @default one year */
  readonly logRetention?: logs.RetentionDays;
  /**
   * The lowest level that is logged: TRACE, DEBUG or INFO. Alarms and dashboard count lines of the
   * level INFO, so a higher level is refused. @default INFO
   */
  readonly logLevel?: lambda.ApplicationLogLevel;
  /**
   * A key for logs and the queue of failed events; its policy must admit CloudWatch Logs.
   * @default keys of the services
   */
  readonly encryptionKey?: kms.IKey;
  /** Whether X-Ray traces the function. @default false */
  readonly tracing?: boolean;
  /**
   * Whether CloudWatch makes ten metrics for each rule from the log; each is billed. Alarms and
   * dashboard do not need them. @default false
   */
  readonly metrics?: boolean;
  /** The organization in which roles may be assumed; required for the two role names below. */
  readonly organizationId?: string;
  /** The role to assume in a key's account: the parameter `keyAccountRoleName` of the rule. */
  readonly keyAccountRoleName?: string;
  /**
   * The document with exemptions that the function may read: the parameter `exemptionsFrom` of the
   * rule. The bucket must admit the function's role if it belongs to another account.
   */
  readonly exemptionsFrom?: string;
  /** The role to assume in a rule's account; makes this a central function. */
  readonly executionRoleName?: string;
  /** The external id that the roles require. @default none */
  readonly externalId?: string;
  /** The name of the function's own role. @default named by CloudFormation */
  readonly roleName?: string;
}

/**
 * The rule's function: prebuilt code, a role with exactly the actions of
 * `iam/least-privilege.json`, its log group, and a queue for events that failed after all retries.
 *
 * AWS Config may invoke it only for rules of the source accounts.
 */
export class TrailsealFunction extends Construct {
  /** The Lambda function. */
  readonly function: lambda.Function;
  /** Its role. */
  readonly role: iam.Role;
  /** Its log group. */
  readonly logGroup: logs.LogGroup;
  /** Receives events that failed after all retries. */
  readonly failureQueue: sqs.Queue;
  /** The permissions for AWS Config to invoke the function; rules must depend on these. */
  readonly invokePermissions: readonly lambda.CfnPermission[];
  /** The role that the function may assume in a key's account. */
  readonly keyAccountRoleName: string | undefined;
  /** The document with exemptions that the function may read. */
  readonly exemptionsFrom: string | undefined;
  /** The role that the function may assume in a rule's account. */
  readonly executionRoleName: string | undefined;

  constructor(scope: Construct, id: string, props: TrailsealFunctionProps = {}) {
    super(scope, id);
    refuseFaults(props);
    this.keyAccountRoleName = props.keyAccountRoleName;
    this.exemptionsFrom = props.exemptionsFrom;
    this.executionRoleName = props.executionRoleName;
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    this.failureQueue = makeFailureQueue(this, props);
    this.role = makeRole(this, props, this.logGroup, this.failureQueue);
    this.function = makeFunction(this, props);
    this.invokePermissions = this.admitConfig(props.sourceAccounts ?? [Aws.ACCOUNT_ID]);
  }

  /** The function's name. */
  get functionName(): string {
    return this.function.functionName;
  }

  /** The name of the queue of failed events. */
  get failureQueueName(): string {
    return this.failureQueue.queueName;
  }

  /** The name of the log group. */
  get logGroupName(): string {
    return this.logGroup.logGroupName;
  }

  /**
   * Adds one permission for each account.
   *
   * `SourceAccount` without `SourceArn`: a rule's ARN ends with an id that AWS Config chooses when it
   * creates the rule, which requires that it may already invoke the function. A permission that
   * named the rule would need the rule first, and vice versa.
   */
  private admitConfig(accounts: string[]): lambda.CfnPermission[] {
    return accounts.map(
      (account) =>
        new lambda.CfnPermission(
          this,
          account === Aws.ACCOUNT_ID ? 'ConfigMayInvoke' : `ConfigMayInvoke${account}`,
          {
            action: 'lambda:InvokeFunction',
            functionName: this.function.functionName,
            principal: 'config.amazonaws.com',
            sourceAccount: account,
          },
        ),
    );
  }
}

/** The levels that keep the lines which alarms and dashboard count. */
const LOG_LEVELS: readonly string[] = [
  lambda.ApplicationLogLevel.TRACE,
  lambda.ApplicationLogLevel.DEBUG,
  lambda.ApplicationLogLevel.INFO,
];

function refuseFaults(props: TrailsealFunctionProps): void {
  const faults = new PropFaults('TrailsealFunction');
  noteFunctionName(props.functionName, faults);
  faults.form('roleName', props.roleName, limits.ROLE_NAME, 'the name of a role');
  faults.forms('sourceAccounts', props.sourceAccounts ?? [], limits.ACCOUNT_ID, 'an account id');
  if (props.sourceAccounts?.length === 0) {
    faults.other('sourceAccounts', 'is empty; without an account no rule can invoke the function');
  }
  faults.whole('memoryMebibytes', props.memoryMebibytes, 128, 10240);
  faults.whole('timeoutSeconds', props.timeoutSeconds, 1, 900);
  if (props.reservedConcurrency !== 'none') {
    faults.whole('reservedConcurrency', props.reservedConcurrency, 1, 1000);
  }
  if (props.logLevel !== undefined && !LOG_LEVELS.includes(props.logLevel)) {
    const why = 'alarms and dashboard count lines of the level INFO';
    faults.wrong('logLevel', props.logLevel, `one of ${LOG_LEVELS.join(', ')}: ${why}`);
  }
  const roles = {
    keyAccountRoleName: props.keyAccountRoleName,
    executionRoleName: props.executionRoleName,
  };
  for (const [prop, name] of Object.entries(roles)) {
    faults.form(prop, name, limits.ROLE_NAME_WITH_PATH, 'the name of a role, with its path');
    if (name !== undefined && props.organizationId === undefined) {
      faults.other(prop, 'needs `organizationId`: roles are assumed within the organization only');
    }
  }
  faults.form(
    'organizationId',
    props.organizationId,
    limits.ORGANIZATION_ID,
    'the id of an organization',
  );
  faults.form('exemptionsFrom', props.exemptionsFrom, limits.S3_OBJECT, '`s3://BUCKET/KEY`');
  faults.form(
    'externalId',
    props.externalId,
    limits.EXTERNAL_ID,
    'an external id of 2 to 1,224 characters',
  );
  noteStrict(props, faults);
  faults.refuse();
}

function makeFailureQueue(scope: Construct, props: TrailsealFunctionProps): sqs.Queue {
  const queue = new sqs.Queue(scope, 'FailedEvents', {
    retentionPeriod: Duration.days(14),
    enforceSSL: true,
    ...(props.encryptionKey === undefined
      ? { encryption: sqs.QueueEncryption.SQS_MANAGED }
      : { encryption: sqs.QueueEncryption.KMS, encryptionMasterKey: props.encryptionKey }),
  });
  if (props.encryptionKey === undefined) {
    skipQueueChecks(queue);
  }
  return queue;
}

function makeRole(
  scope: Construct,
  props: TrailsealFunctionProps,
  logGroup: logs.LogGroup,
  failureQueue: sqs.Queue,
): iam.Role {
  const kind = roleKind(props);
  const settings = policySettings(props, logGroup, failureQueue);
  const policy = new iam.ManagedPolicy(scope, 'Policy', {
    description: 'What the Trailseal function calls, and nothing more',
    statements: policyStatements(kind, settings),
  });
  explainProgram(scope, 'bootstrap', wildcardReasons(kind, settings));
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: 'Role of the Trailseal function: reads trails and keys, reports to Config',
    managedPolicies: [policy],
    ...(props.roleName === undefined ? {} : { roleName: props.roleName }),
    ...roleSettings(scope, props),
  });
}

/** A function that assumes a role in a rule's account is a central one. */
function roleKind(props: TrailsealFunctionProps): RoleKind {
  return props.executionRoleName === undefined ? 'function' : 'central';
}

function policySettings(
  props: TrailsealFunctionProps,
  logGroup: logs.LogGroup,
  failureQueue: sqs.Queue,
): Settings {
  return {
    LogGroupArn: logGroup.logGroupArn,
    FailureQueueArn: failureQueue.queueArn,
    encryptionKey: props.encryptionKey?.keyArn,
    EncryptionKeyArn: props.encryptionKey?.keyArn,
    tracing: props.tracing === true ? 'true' : undefined,
    vpc: props.network === undefined ? undefined : 'true',
    keyAccountRoleName: props.keyAccountRoleName,
    KeyAccountRoleName: props.keyAccountRoleName,
    ...exemptionsSettings(props.exemptionsFrom),
    executionRoleName: props.executionRoleName,
    ExecutionRoleName: props.executionRoleName,
    OrganizationId: props.organizationId,
  };
}

function makeFunction(scope: TrailsealFunction, props: TrailsealFunctionProps): lambda.Function {
  return makeProgram(scope, props, {
    program: 'bootstrap',
    description:
      'Evaluates whether CloudTrail logs are encrypted with a KMS key that works (Trailseal)',
    timeoutSeconds: props.timeoutSeconds ?? FUNCTION_TIMEOUT_SECONDS,
    reservedConcurrency: props.reservedConcurrency ?? 'none',
    role: scope.role,
    logGroup: scope.logGroup,
    environment: {
      ...(props.externalId === undefined ? {} : { TRAILSEAL_EXTERNAL_ID: props.externalId }),
      ...(props.metrics === true ? { TRAILSEAL_METRICS: 'true' } : {}),
    },
    rest: {
      memorySize: props.memoryMebibytes ?? FUNCTION_MEMORY_MEBIBYTES,
      applicationLogLevelV2: props.logLevel ?? lambda.ApplicationLogLevel.INFO,
      tracing: props.tracing === true ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(scope.failureQueue),
    },
  });
}
