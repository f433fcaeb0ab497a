import { Aws, Stack, Token } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import { Construct } from 'constructs';

import { TrailsealFunction, type TrailsealFunctionProps } from './function';
import * as limits from './limits';
import { CENTRAL_ROLE_PREFIX, MEMBER_ROLE_NAME } from './member-role';
import { memberRoleTemplate } from './member-role-template';
import { addNamedAlarms, noteAlarmTopic, type AlarmTopic } from './monitoring';
import { PropFaults } from './prop-faults';
import {
  DEFAULT_RULE_NAME,
  DEFAULT_SCHEDULE,
  RULE_DESCRIPTION,
  noteRuleName,
  noteSettings,
  resourceTypes,
  type RuleSettings,
} from './rule';
import { withoutEmpty } from './rule-parameters';
import { noteTargets, serviceManagedStackSet, type StackSetTargets } from './stack-set';

/** How the member role is deployed to the member accounts: by a service-managed StackSet. */
export interface MemberRoleStackSet extends StackSetTargets {
  /** The StackSet's name. @default TrailsealMemberRole */
  readonly stackSetName?: string;
  /** The Region of the role's stack; IAM itself is global. */
  readonly region: string;
}

/** Props of {@link TrailsealOrganizationRule}. */
export interface TrailsealOrganizationRuleProps
  extends
    RuleSettings,
    Pick<
      TrailsealFunctionProps,
      | 'code'
      | 'architecture'
      | 'reservedConcurrency'
      | 'logRetention'
      | 'metrics'
      | 'tracing'
      | 'permissionsBoundaryName'
    > {
  /** The organization. */
  readonly organizationId: string;
  /** Every account whose rule invokes the function, except the central account. */
  readonly memberAccounts: string[];
  /** The external id that the member role requires. */
  readonly externalId: string;
  /** The accounts without the rule. @default none */
  readonly excludedAccounts?: string[];
  /** The rule's name, at most 35 characters: AWS adds a prefix to it. @default trailseal */
  readonly ruleName?: string;
  /** The function's name. @default trailseal-central */
  readonly functionName?: string;
  /** The name of the role in the member accounts. @default MEMBER_ROLE_NAME */
  readonly memberRoleName?: string;
  /**
   * Deploys the member role. Set this in one Region only.
   * @default the role is deployed elsewhere
   */
  readonly memberRole?: MemberRoleStackSet;
  /** Alarms on the central function. @default no alarms */
  readonly alarms?: AlarmTopic;
}

/**
 * Concurrent invocations of a central function: AWS limits the reads of each account separately, so
 * it may have more than a function that reads one account.
 */
export const CENTRAL_RESERVED_CONCURRENCY = 10;

/** The default name of the function. */
export const CENTRAL_FUNCTION_NAME = 'trailseal-central';

/**
 * One central function for the rules of an organization, for up to about 50 accounts.
 *
 * Each account that invokes the function needs a statement in its resource policy, which is limited
 * to 20,480 bytes. For more accounts this construct fails; use TrailsealStackSet.
 */
export class TrailsealOrganizationRule extends Construct {
  /** The central function. */
  readonly handler: TrailsealFunction;
  /** The organization rule. */
  readonly rule: config.CfnOrganizationConfigRule;

  constructor(scope: Construct, id: string, props: TrailsealOrganizationRuleProps) {
    super(scope, id);
    refuseFaults(this, props);
    const roleName = props.memberRoleName ?? MEMBER_ROLE_NAME;
    this.handler = new TrailsealFunction(this, 'Function', {
      ...picked(props),
      functionName: props.functionName ?? CENTRAL_FUNCTION_NAME,
      roleName: `${CENTRAL_ROLE_PREFIX}-${Aws.REGION}`,
      reservedConcurrency: props.reservedConcurrency ?? CENTRAL_RESERVED_CONCURRENCY,
      sourceAccounts: [Aws.ACCOUNT_ID, ...props.memberAccounts],
      organizationId: props.organizationId,
      executionRoleName: roleName,
      externalId: props.externalId,
      ...keyAccountRole(props),
      ...exemptionsFrom(props),
    });
    this.rule = makeRule(this, props, roleName);
    for (const permission of this.handler.invokePermissions) {
      this.rule.addResourceDependency(permission);
    }
    if (props.alarms !== undefined) {
      addNamedAlarms(this, this.handler, props.schedule, props.alarms);
    }
    if (props.memberRole !== undefined) {
      this.rule.addResourceDependency(deployMemberRole(this, props, props.memberRole, roleName));
    }
  }
}

/**
 * The bytes of a resource policy with one statement for each account, as Lambda stores it. Unknown
 * names count with their maximum length.
 */
export function invokePolicyBytes(accounts: number, functionName: string, region: string): number {
  const partition = 'aws-us-gov';
  const name = Token.isUnresolved(functionName)
    ? 'f'.repeat(limits.FUNCTION_NAME_CHARS_MAX)
    : functionName;
  const place = Token.isUnresolved(region) ? 'ap-southeast-1' : region;
  const statement = {
    Sid: 's'.repeat(limits.STATEMENT_ID_CHARS_MAX),
    Effect: 'Allow',
    Principal: { Service: 'config.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: `arn:${partition}:lambda:${place}:000000000000:function:${name}`,
    Condition: { StringEquals: { 'AWS:SourceAccount': '000000000000' } },
  };
  const empty = JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: [] });
  const commas = Math.max(accounts - 1, 0);
  return empty.length + accounts * JSON.stringify(statement).length + commas;
}

function makeRule(
  scope: TrailsealOrganizationRule,
  props: TrailsealOrganizationRuleProps,
  executionRoleName: string,
): config.CfnOrganizationConfigRule {
  const parameters = { ...withoutEmpty(props.parameters ?? {}), executionRoleName };
  return new config.CfnOrganizationConfigRule(scope, 'Rule', {
    organizationConfigRuleName: props.ruleName ?? DEFAULT_RULE_NAME,
    organizationCustomRuleMetadata: {
      description: RULE_DESCRIPTION,
      lambdaFunctionArn: scope.handler.function.functionArn,
      organizationConfigRuleTriggerTypes: [
        'ConfigurationItemChangeNotification',
        'OversizedConfigurationItemChangeNotification',
        'ScheduledNotification',
      ],
      maximumExecutionFrequency: props.schedule ?? DEFAULT_SCHEDULE,
      resourceTypesScope: resourceTypes(props),
      inputParameters: JSON.stringify(parameters),
    },
    ...(props.excludedAccounts === undefined ? {} : { excludedAccounts: props.excludedAccounts }),
  });
}

function deployMemberRole(
  scope: TrailsealOrganizationRule,
  props: TrailsealOrganizationRuleProps,
  memberRole: MemberRoleStackSet,
  roleName: string,
) {
  return serviceManagedStackSet(scope, 'MemberRole', {
    name: memberRole.stackSetName ?? 'TrailsealMemberRole',
    description: 'Trailseal: the role that the central function assumes in each account',
    templateBody: JSON.stringify(memberRoleTemplate()),
    parameters: {
      CentralAccount: Stack.of(scope).account,
      ExternalId: props.externalId,
      RoleName: roleName,
      ...(props.permissionsBoundaryName === undefined
        ? {}
        : { PermissionsBoundaryName: props.permissionsBoundaryName }),
    },
    targets: memberRole,
    regions: [memberRole.region],
    maxConcurrentPercentage: 100,
    failureTolerancePercentage: 10,
  });
}

function refuseFaults(scope: Construct, props: TrailsealOrganizationRuleProps): void {
  const faults = new PropFaults('TrailsealOrganizationRule');
  noteRuleName(props.ruleName, limits.DEPLOYED_RULE_NAME_CHARS_MAX, faults);
  noteSettings(withExecutionRole(props), faults);
  faults.form(
    'organizationId',
    props.organizationId,
    limits.ORGANIZATION_ID,
    'the id of an organization',
  );
  faults.forms('memberAccounts', props.memberAccounts, limits.ACCOUNT_ID, 'an account id');
  if (props.memberAccounts.includes(Stack.of(scope).account)) {
    faults.other('memberAccounts', 'contains the central account, which is always permitted');
  }
  faults.form('memberRoleName', props.memberRoleName, limits.ROLE_NAME, 'the name of a role');
  faults.form(
    'externalId',
    props.externalId,
    limits.EXTERNAL_ID,
    'an external id of 2 to 1,224 characters',
  );
  const excluded = props.excludedAccounts ?? [];
  faults.forms('excludedAccounts', excluded, limits.ACCOUNT_ID, 'an account id');
  if (excluded.length > limits.EXCLUDED_ACCOUNTS_MAX) {
    faults.other(
      'excludedAccounts',
      `has ${excluded.length.toString()} accounts; Config takes 1000`,
    );
  }
  if ((props.parameters?.executionRoleName ?? '').trim() !== '') {
    faults.other('parameters.executionRoleName', 'is set by `memberRoleName`');
  }
  noteAlarmTopic(props.alarms, faults);
  notePolicySize(scope, props, faults);
  if (props.memberRole !== undefined) {
    noteTargets(props.memberRole, faults);
    faults.form(
      'memberRole.region',
      props.memberRole.region,
      limits.REGION,
      'the name of a Region',
    );
  }
  faults.refuse();
}

function notePolicySize(
  scope: Construct,
  props: TrailsealOrganizationRuleProps,
  faults: PropFaults,
): void {
  const accounts = props.memberAccounts.length + 1;
  const name = props.functionName ?? CENTRAL_FUNCTION_NAME;
  const bytes = invokePolicyBytes(accounts, name, Stack.of(scope).region);
  if (bytes > limits.RESOURCE_POLICY_BYTES_MAX) {
    faults.other(
      'memberAccounts',
      `with the central account has ${accounts.toString()} accounts, whose permissions to invoke the ` +
        `function take up to ${bytes.toString()} bytes; Lambda takes ` +
        `${limits.RESOURCE_POLICY_BYTES_MAX.toString()}: deploy with TrailsealStackSet instead`,
    );
  }
}

/** The parameters as the rule gets them: their length includes the role's name. */
function withExecutionRole(props: TrailsealOrganizationRuleProps): RuleSettings {
  const executionRoleName = props.memberRoleName ?? MEMBER_ROLE_NAME;
  return { ...props, parameters: { ...props.parameters, executionRoleName } };
}

function keyAccountRole(props: TrailsealOrganizationRuleProps): { keyAccountRoleName?: string } {
  const name = props.parameters?.keyAccountRoleName;
  return name === undefined || name.trim() === '' ? {} : { keyAccountRoleName: name };
}

function exemptionsFrom(props: TrailsealOrganizationRuleProps): { exemptionsFrom?: string } {
  const document = (props.parameters?.exemptionsFrom ?? '').trim();
  return document === '' ? {} : { exemptionsFrom: document };
}

function picked(props: TrailsealOrganizationRuleProps): TrailsealFunctionProps {
  const { code, architecture, logRetention, metrics, tracing, permissionsBoundaryName } = props;
  return {
    ...(permissionsBoundaryName === undefined ? {} : { permissionsBoundaryName }),
    ...(code === undefined ? {} : { code }),
    ...(architecture === undefined ? {} : { architecture }),
    ...(logRetention === undefined ? {} : { logRetention }),
    ...(metrics === undefined ? {} : { metrics }),
    ...(tracing === undefined ? {} : { tracing }),
  };
}
