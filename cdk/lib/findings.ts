import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import { explainProgram } from './acknowledgements';
import {
  exemptionsSettings,
  policyStatements,
  wildcardReasons,
  type Settings,
} from './least-privilege';
import * as limits from './limits';
import { addFindingsAlarms, noteAlarmTopic, type AlarmTopic } from './monitoring';
import {
  makeProgram,
  noteFunctionName,
  noteStrict,
  roleSettings,
  type ProgramSettings,
  type StrictSettings,
} from './program';
import { PropFaults } from './prop-faults';
import { DEFAULT_RULE_NAME } from './rule';
import { keyAccountRole, noteKeyAccountRole, parameterFaults } from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';

/** The default name of the function that imports findings. */
export const DEFAULT_FINDINGS_NAME = 'trailseal-findings';

/** The default schedule of the import. */
export const DEFAULT_FINDINGS_SCHEDULE = 'rate(1 hour)';

/** Seconds that one run may take. */
const FINDINGS_TIMEOUT_SECONDS = 120;

/** The environment variable with the name of the rule. */
const RULE_NAME_VARIABLE = 'TRAILSEAL_RULE_NAME';

/** The parameters of the rule that need permissions; the function reads all others from the rule. */
export type FindingsParameters = Pick<RuleParameters, 'keyAccountRoleName' | 'exemptionsFrom'>;

/** Props of {@link TrailsealFindings}. */
export interface TrailsealFindingsProps extends ProgramSettings, StrictSettings {
  /** The name of the rule whose findings are imported. @default trailseal */
  readonly ruleName?: string;
  /** How often: an expression of EventBridge. @default rate(1 hour) */
  readonly schedule?: string;
  /** The parameters of the rule that need permissions, as the rule has them. @default none */
  readonly parameters?: FindingsParameters;
  /** The organization in which the role of `keyAccountRoleName` is assumed. */
  readonly organizationId?: string;
  /** The external id that the role of `keyAccountRoleName` requires. @default none */
  readonly externalId?: string;
  /** How long logs are kept. @default one year */
  readonly logRetention?: logs.RetentionDays;
  /** A key for the logs; its policy must admit CloudWatch Logs. @default the service's key */
  readonly encryptionKey?: kms.IKey;
  /** Alarms on the import. @default no alarms */
  readonly alarms?: AlarmTopic;
}

/**
 * The import of the rule's findings into Security Hub in one account and Region, on a schedule: one
 * finding per trail, with its cause and fix, which AWS Config's own findings do not have.
 */
export class TrailsealFindings extends Construct {
  /** The function. */
  readonly function: lambda.Function;
  /** Its role, which reads what the rule reads and writes findings. */
  readonly role: iam.Role;
  /** Its log group. */
  readonly logGroup: logs.LogGroup;
  /** The schedule. */
  readonly schedule: events.CfnRule;

  constructor(scope: Construct, id: string, props: TrailsealFindingsProps = {}) {
    super(scope, id);
    refuseFaults(props);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention ?? logs.RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(props.encryptionKey === undefined ? {} : { encryptionKey: props.encryptionKey }),
    });
    this.role = makeRole(this, props, this.logGroup);
    this.function = makeProgram(this, props, {
      program: 'findings',
      description: 'Imports findings of the Trailseal rule into Security Hub',
      timeoutSeconds: FINDINGS_TIMEOUT_SECONDS,
      reservedConcurrency: 'none',
      role: this.role,
      logGroup: this.logGroup,
      environment: {
        [RULE_NAME_VARIABLE]: props.ruleName ?? DEFAULT_RULE_NAME,
        ...(props.externalId === undefined ? {} : { TRAILSEAL_EXTERNAL_ID: props.externalId }),
      },
    });
    this.schedule = makeSchedule(this, props, this.function);
    if (props.alarms !== undefined) {
      addFindingsAlarms(this, this, props.alarms);
    }
  }
}

function refuseFaults(props: TrailsealFindingsProps): void {
  const faults = new PropFaults('TrailsealFindings');
  faults.add(parameterFaults(props.parameters ?? {}));
  noteKeyAccountRole(props, faults);
  noteFunctionName(props.functionName, faults);
  faults.form('ruleName', props.ruleName, limits.RULE_NAME, 'letters, digits, `-` and `_`');
  faults.form(
    'schedule',
    props.schedule,
    limits.SCHEDULE_EXPRESSION,
    'an expression such as `rate(1 hour)` or `cron(0 6 * * ? *)`',
  );
  faults.form(
    'externalId',
    props.externalId,
    limits.EXTERNAL_ID,
    'an external id of 2 to 1,224 characters',
  );
  noteStrict(props, faults);
  noteAlarmTopic(props.alarms, faults);
  faults.refuse();
}

function makeRole(
  scope: Construct,
  props: TrailsealFindingsProps,
  logGroup: logs.LogGroup,
): iam.Role {
  const settings: Settings = {
    LogGroupArn: logGroup.logGroupArn,
    vpc: props.network === undefined ? undefined : 'true',
    keyAccountRoleName: keyAccountRole(props.parameters),
    KeyAccountRoleName: keyAccountRole(props.parameters),
    OrganizationId: props.organizationId,
    ...exemptionsSettings(props.parameters?.exemptionsFrom),
  };
  const policy = new iam.ManagedPolicy(scope, 'Policy', {
    description: 'What the function that imports Trailseal findings calls, and nothing more',
    statements: policyStatements('findings', settings),
  });
  explainProgram(scope, 'findings', wildcardReasons('findings', settings));
  return new iam.Role(scope, 'Role', {
    assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    description: 'Role of the function that imports Trailseal findings into Security Hub',
    managedPolicies: [policy],
    ...roleSettings(scope, props),
  });
}

/** A rule of EventBridge, and the permission of this rule alone to invoke the function. */
function makeSchedule(
  scope: Construct,
  props: TrailsealFindingsProps,
  handler: lambda.Function,
): events.CfnRule {
  const schedule = new events.CfnRule(scope, 'Schedule', {
    description: 'Imports findings of the Trailseal rule into Security Hub',
    scheduleExpression: props.schedule ?? DEFAULT_FINDINGS_SCHEDULE,
    state: 'ENABLED',
    targets: [{ id: 'Findings', arn: handler.functionArn }],
  });
  new lambda.CfnPermission(scope, 'Permission', {
    action: 'lambda:InvokeFunction',
    functionName: handler.functionArn,
    principal: 'events.amazonaws.com',
    sourceAccount: Aws.ACCOUNT_ID,
    sourceArn: schedule.attrArn,
  });
  return schedule;
}
