import { Aws, CfnLambdaHook, RemovalPolicy, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { explainProgram } from './acknowledgements';
import { policyStatements, wildcardReasons, type Settings } from './least-privilege';
import * as limits from './limits';
import { addHookAlarms, noteAlarmTopic, type AlarmTopic } from './monitoring';
import {
  makeProgram,
  noteFunctionName,
  noteStrict,
  roleSettings,
  type ProgramSettings,
  type StrictSettings,
} from './program';
import { PropFaults } from './prop-faults';
import {
  keyAccountRole,
  noteKeyAccountRole,
  noteNoExecutionRole,
  parameterFaults,
  withoutEmpty,
} from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';

/** The default name of the hook's function. */
export const DEFAULT_HOOK_NAME = 'trailseal-hook';

/** The default alias of the hook, by which CloudFormation shows it. */
export const DEFAULT_HOOK_ALIAS = 'Trailseal::CloudTrail::Encryption';

/** What CloudFormation does with a trail that the hook refuses. */
export const FAILURE_MODES = ['WARN', 'FAIL'] as const;

/** `WARN` lets the operation proceed with a warning; `FAIL` refuses it. */
export type FailureMode = (typeof FAILURE_MODES)[number];

/**
 * Seconds that one invocation may take. A hook must answer within 30 seconds, and the function
 * answers within 25 itself.
 */
const HOOK_TIMEOUT_SECONDS = 30;

/** The environment variable with the parameters of the rule. */
const HOOK_PARAMETERS_VARIABLE = 'TRAILSEAL_PARAMETERS';

/** The environment variable with the account that organization trails belong to. */
const MANAGEMENT_ACCOUNT_VARIABLE = 'TRAILSEAL_MANAGEMENT_ACCOUNT';

/** Props of {@link TrailsealHook}. */
export interface TrailsealHookProps extends ProgramSettings, StrictSettings {
  /** The parameters of the rule. @default the rule's defaults */
  readonly parameters?: RuleParameters;
  /**
   * What happens to a trail that the hook refuses, and if the hook itself fails. @default WARN
   */
  readonly failureMode?: FailureMode;
  /** Whether CloudFormation runs the hook. @default true */
  readonly enabled?: boolean;
  /** The alias of the hook, unique in an account and Region. @default DEFAULT_HOOK_ALIAS */
  readonly alias?: string;
  /**
   * The account ID of the organization's management account, which organization trails belong to.
   * @default not known, and organization trails are unverified
   */
  readonly managementAccountId?: string;
  /** The organization in which the role of the parameter `keyAccountRoleName` is assumed. */
  readonly organizationId?: string;
  /** How long logs are kept. @default one year */
  readonly logRetention?: logs.RetentionDays;
  /** A key for the logs; its policy must admit CloudWatch Logs. @default the service's key */
  readonly encryptionKey?: kms.IKey;
  /** Alarms on the hook. @default no alarms */
  readonly alarms?: AlarmTopic;
}

/**
 * A CloudFormation hook that evaluates a trail before CloudFormation or the Cloud Control API creates
 * or updates it, with the same checks as the rule: its function, the hook, and a role for each.
 */
export class TrailsealHook extends Construct {
  /** The function that evaluates. */
  readonly function: lambda.Function;
  /** Its role, which reads keys. */
  readonly role: iam.Role;
  /** Its log group. */
  readonly logGroup: logs.LogGroup;
  /** The role that CloudFormation assumes; it can only invoke the function. */
  readonly executionRole: iam.Role;
  /** The hook. */
  readonly hook: CfnLambdaHook;

  constructor(scope: Construct, id: string, props: TrailsealHookProps = {}) {
    super(scope, id);
    refuseFaults(props);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    this.role = makeRole(this, props, this.logGroup);
    this.function = makeFunction(this, props);
    this.executionRole = makeExecutionRole(this, props, this.function);
    this.hook = new CfnLambdaHook(this, 'Hook', {
      alias: props.alias ?? DEFAULT_HOOK_ALIAS,
      lambdaFunction: this.function.functionArn,
      executionRole: this.executionRole.roleArn,
      failureMode: props.failureMode ?? 'WARN',
      hookStatus: props.enabled === false ? 'DISABLED' : 'ENABLED',
      targetOperations: ['RESOURCE', 'CLOUD_CONTROL'],
    });
    // The library's type knows only the other form of this property.
    this.hook.addPropertyOverride('TargetFilters', {
      TargetNames: ['AWS::CloudTrail::Trail'],
      Actions: ['CREATE', 'UPDATE'],
      InvocationPoints: ['PRE_PROVISION'],
    });
    if (props.alarms !== undefined) {
      addHookAlarms(this, this, props.alarms);
    }
  }
}

function refuseFaults(props: TrailsealHookProps): void {
  const faults = new PropFaults('TrailsealHook');
  faults.add(parameterFaults(props.parameters ?? {}));
  noteNoExecutionRole(
    props.parameters,
    'a hook, which works in its own account with its own role',
    faults,
  );
  noteKeyAccountRole(props, faults);
  noteFunctionName(props.functionName, faults);
  faults.form(
    'managementAccountId',
    props.managementAccountId,
    limits.ACCOUNT_ID,
    'an account ID of 12 digits',
  );
  faults.form(
    'alias',
    props.alias,
    limits.HOOK_ALIAS,
    'three names with `::` between them, such as `Trailseal::CloudTrail::Encryption`',
  );
  const mode = props.failureMode ?? 'WARN';
  if (!Token.isUnresolved(mode) && !FAILURE_MODES.includes(mode)) {
    faults.wrong('failureMode', mode, `one of ${FAILURE_MODES.join(', ')}`);
  }
  noteStrict(props, faults);
  noteAlarmTopic(props.alarms, faults);
  faults.refuse();
}

function makeRole(scope: Construct, props: TrailsealHookProps, logGroup: logs.LogGroup): iam.Role {
  const settings: Settings = {
    LogGroupArn: logGroup.logGroupArn,
    vpc: props.network === undefined ? undefined : 'true',
    keyAccountRoleName: keyAccountRole(props.parameters),
    KeyAccountRoleName: keyAccountRole(props.parameters),
    OrganizationId: props.organizationId,
  };
  const policy = new iam.ManagedPolicy(scope, 'Policy', {
    description: 'What the function of the Trailseal hook calls, and nothing more',
    statements: policyStatements('hook', settings),
  });
  explainProgram(scope, 'hook', wildcardReasons('hook', settings));
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: 'Role of the function of the Trailseal hook: reads keys',
    managedPolicies: [policy],
    ...roleSettings(scope, props),
  });
}

function makeFunction(scope: TrailsealHook, props: TrailsealHookProps): lambda.Function {
  const parameters = withoutEmpty(props.parameters ?? {});
  return makeProgram(scope, props, {
    program: 'hook',
    description: 'Evaluates a CloudTrail trail before CloudFormation changes it (Trailseal)',
    timeoutSeconds: HOOK_TIMEOUT_SECONDS,
    reservedConcurrency: 'none',
    role: scope.role,
    logGroup: scope.logGroup,
    environment: {
      ...(Object.keys(parameters).length === 0
        ? {}
        : { [HOOK_PARAMETERS_VARIABLE]: JSON.stringify(parameters) }),
      ...(props.managementAccountId === undefined
        ? {}
        : { [MANAGEMENT_ACCOUNT_VARIABLE]: props.managementAccountId }),
    },
  });
}

/**
 * Only hooks of this account and Region may assume the role.
 *
 * The CloudFormation User Guide gives `aws:SourceArn` as the ARN of the extension, elsewhere with a
 * version after it, and does not say what it is for a Lambda hook with an alias. So every hook of the
 * account and Region is admitted.
 */
function makeExecutionRole(
  scope: Construct,
  props: TrailsealHookProps,
  handler: lambda.Function,
): iam.Role {
  const hooks = `arn:${Aws.PARTITION}:cloudformation:${Aws.REGION}:${Aws.ACCOUNT_ID}:type/hook/*`;
  const policy = new iam.ManagedPolicy(scope, 'ExecutionPolicy', {
    description: 'What CloudFormation does to run the Trailseal hook, and nothing more',
    statements: policyStatements('hookExecution', { FunctionArn: handler.functionArn }),
  });
  return new iam.Role(scope, 'ExecutionRole', {
    assumedBy: new iam.ServicePrincipal('hooks.cloudformation.amazonaws.com', {
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': hooks },
      },
    }),
    description: 'Role of the Trailseal hook: invokes its function',
    managedPolicies: [policy],
    ...roleSettings(scope, props),
  });
}
