import { CfnStackSet } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';

import { accountTemplateBody } from './account-template';
import { codeKey } from './code';
import { noteBucketPrefix } from './code-bucket';
import type { TrailsealFunctionProps } from './function';
import * as limits from './limits';
import { noteAlarmTopic, type AlarmTopic } from './monitoring';
import { noteFunctionName, noteRole } from './program';
import { PropFaults } from './prop-faults';
import { noteSettings, noteRuleName, type RuleSettings } from './rule';
import { noteKeyAccountRole, noteNoExecutionRole, withoutEmpty } from './rule-parameters';
import { templateParameterName } from './template-parameters';
import { packageVersion } from './version';

/** The percentage of accounts that are deployed at a time, unless a setting says otherwise. */
export const DEFAULT_CONCURRENT_PERCENTAGE = 25;

/** The percentage of accounts in a Region that may fail before the operation stops. */
export const DEFAULT_TOLERANCE_PERCENTAGE = 10;

/** The targets of a service-managed StackSet. */
export interface StackSetTargets {
  /** The roots or organizational units whose accounts get the stack. */
  readonly organizationalUnitIds: string[];
  /** The accounts of those units that are excluded. @default none */
  readonly excludedAccounts?: string[];
  /**
   * Whether the StackSet belongs to the management account or to a delegated administrator.
   * @default SELF
   */
  readonly callAs?: 'SELF' | 'DELEGATED_ADMIN';
  /**
   * The ARNs of StackSets that are deployed first to an account that joins, such as the one that
   * creates the recorder of AWS Config. @default none
   */
  readonly dependsOnStackSets?: string[];
}

/** Props of {@link TrailsealStackSet}. */
export interface TrailsealStackSetProps
  extends
    RuleSettings,
    StackSetTargets,
    Pick<
      TrailsealFunctionProps,
      | 'architecture'
      | 'functionName'
      | 'metrics'
      | 'permissionsBoundaryName'
      | 'reservedConcurrency'
      | 'rolePath'
    > {
  /** The Regions. */
  readonly regions: string[];
  /** The prefix of the names of the code buckets; a hyphen and the Region follow. */
  readonly bucketPrefix: string;
  /** The object with the code in each bucket. @default the object of this version */
  readonly codeKey?: string;
  /** The StackSet's name. @default Trailseal */
  readonly stackSetName?: string;
  /** The rule's name; empty for the function alone, if a pack has the rule. @default trailseal */
  readonly ruleName?: string;
  /**
   * The organization in which the role of the parameter `keyAccountRoleName` may be assumed;
   * required only for that parameter.
   */
  readonly organizationId?: string;
  /** Alarms in each account and Region. @default no alarms */
  readonly alarms?: AlarmTopic;
  /** The percentage of accounts that are deployed at a time. @default DEFAULT_CONCURRENT_PERCENTAGE */
  readonly maxConcurrentPercentage?: number;
  /** The percentage of accounts in a Region that may fail before it stops. @default DEFAULT_TOLERANCE_PERCENTAGE */
  readonly failureTolerancePercentage?: number;
}

/**
 * The function and rule in every account and Region of an organization: the default for
 * organizations, without cross-account roles and shared limits.
 *
 * StackSets skip the management account, although it owns the organization trails: deploy a
 * separate stack there with the same template.
 */
export class TrailsealStackSet extends Construct {
  /** The StackSet. */
  readonly stackSet: CfnStackSet;

  constructor(scope: Construct, id: string, props: TrailsealStackSetProps) {
    super(scope, id);
    refuseFaults(props);
    this.stackSet = serviceManagedStackSet(this, 'StackSet', {
      name: props.stackSetName ?? 'Trailseal',
      description: 'Trailseal: function and rule in every account and Region',
      templateBody: accountTemplateBody(),
      parameters: templateParameters(props),
      targets: props,
      regions: props.regions,
      maxConcurrentPercentage: props.maxConcurrentPercentage ?? DEFAULT_CONCURRENT_PERCENTAGE,
      failureTolerancePercentage: props.failureTolerancePercentage ?? DEFAULT_TOLERANCE_PERCENTAGE,
    });
  }
}

/** The settings of a service-managed StackSet. */
interface ServiceManagedStackSet {
  readonly name: string;
  readonly description: string;
  readonly templateBody: string;
  readonly parameters: Record<string, string>;
  readonly targets: StackSetTargets;
  readonly regions: string[];
  readonly maxConcurrentPercentage: number;
  readonly failureTolerancePercentage: number;
}

/** A service-managed StackSet that follows accounts as they join and leave. */
export function serviceManagedStackSet(
  scope: Construct,
  id: string,
  made: ServiceManagedStackSet,
): CfnStackSet {
  const bytes = Buffer.byteLength(made.templateBody, 'utf8');
  if (bytes > limits.TEMPLATE_BODY_BYTES_MAX) {
    throw new Error(
      `the template of the StackSet \`${made.name}\` has ${bytes.toString()} bytes; ` +
        `CloudFormation takes ${limits.TEMPLATE_BODY_BYTES_MAX.toString()}`,
    );
  }
  const excluded = made.targets.excludedAccounts ?? [];
  const needed = made.targets.dependsOnStackSets ?? [];
  return new CfnStackSet(scope, id, {
    stackSetName: made.name,
    description: made.description,
    permissionModel: 'SERVICE_MANAGED',
    callAs: made.targets.callAs ?? 'SELF',
    capabilities: ['CAPABILITY_NAMED_IAM'],
    autoDeployment: {
      enabled: true,
      retainStacksOnAccountRemoval: false,
      ...(needed.length === 0 ? {} : { dependsOn: needed }),
    },
    managedExecution: { Active: true },
    operationPreferences: {
      regionConcurrencyType: 'PARALLEL',
      maxConcurrentPercentage: made.maxConcurrentPercentage,
      failureTolerancePercentage: made.failureTolerancePercentage,
    },
    parameters: Object.entries(made.parameters).map(([parameterKey, parameterValue]) => ({
      parameterKey,
      parameterValue,
    })),
    stackInstancesGroup: [
      {
        deploymentTargets: {
          organizationalUnitIds: made.targets.organizationalUnitIds,
          ...(excluded.length === 0 ? {} : { accounts: excluded, accountFilterType: 'DIFFERENCE' }),
        },
        regions: made.regions,
      },
    ],
    templateBody: made.templateBody,
  });
}

/** Checks the targets of a StackSet. */
export function noteTargets(targets: StackSetTargets, faults: PropFaults): void {
  if (targets.organizationalUnitIds.length === 0) {
    faults.other('organizationalUnitIds', 'is empty; name a root or an organizational unit');
  }
  faults.forms(
    'organizationalUnitIds',
    targets.organizationalUnitIds,
    limits.ORGANIZATIONAL_UNIT_ID,
    'the id of a root or of an organizational unit',
  );
  faults.forms(
    'excludedAccounts',
    targets.excludedAccounts ?? [],
    limits.ACCOUNT_ID,
    'an account id',
  );
  faults.forms(
    'dependsOnStackSets',
    targets.dependsOnStackSets ?? [],
    limits.STACK_SET_ARN,
    'the ARN of a StackSet',
  );
}

/** Checks a list of Regions. */
function noteRegions(regions: string[], faults: PropFaults): void {
  if (regions.length === 0) {
    faults.other('regions', 'is empty; name one Region at least');
  }
  faults.forms('regions', regions, limits.REGION, 'the name of a Region');
}

function refuseFaults(props: TrailsealStackSetProps): void {
  const faults = new PropFaults('TrailsealStackSet');
  noteTargets(props, faults);
  noteRegions(props.regions, faults);
  noteBucketPrefix(props.bucketPrefix, faults);
  if (props.ruleName !== '') {
    noteRuleName(props.ruleName, limits.RULE_NAME_CHARS_MAX, faults);
  }
  noteSettings(props, faults);
  noteNoExecutionRole(
    props.parameters,
    'a StackSet, whose functions work in their own account with their own role',
    faults,
  );
  noteKeyAccountRole(props, faults);
  noteFunction(props, faults);
  noteAlarmTopic(props.alarms, faults);
  noteRole(props, faults);
  faults.whole('maxConcurrentPercentage', props.maxConcurrentPercentage, 1, 100);
  faults.whole('failureTolerancePercentage', props.failureTolerancePercentage, 0, 100);
  faults.form(
    'stackSetName',
    props.stackSetName,
    /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/,
    'the name of a StackSet',
  );
  faults.refuse();
}

function noteFunction(props: TrailsealStackSetProps, faults: PropFaults): void {
  noteFunctionName(props.functionName, faults);
  if (props.reservedConcurrency !== 'none') {
    faults.whole('reservedConcurrency', props.reservedConcurrency, 1, 1000);
  }
  noteCode(props, faults);
}

/** A zip for another architecture is accepted by Lambda, and then every invocation fails. */
function noteCode(props: TrailsealStackSetProps, faults: PropFaults): void {
  const { name } = props.architecture ?? lambda.Architecture.ARM_64;
  const other = name === 'arm64' ? 'x86_64' : 'arm64';
  if (props.codeKey?.includes(other) === true) {
    faults.wrong('codeKey', props.codeKey, `code for the architecture ${name}`);
  }
}

function alarmParameters({ alarms }: TrailsealStackSetProps): Record<string, string> {
  if (alarms === undefined) {
    return {};
  }
  return {
    Alarms: 'true',
    ...(alarms.topicName === undefined ? {} : { AlarmTopicName: alarms.topicName }),
    ...(alarms.topicAccount === undefined ? {} : { AlarmTopicAccount: alarms.topicAccount }),
  };
}

function roleParametersOf({ permissionsBoundaryName, rolePath }: TrailsealStackSetProps) {
  return {
    ...(permissionsBoundaryName === undefined
      ? {}
      : { PermissionsBoundaryName: permissionsBoundaryName }),
    ...(rolePath === undefined ? {} : { RolePath: rolePath }),
  };
}

function templateParameters(props: TrailsealStackSetProps): Record<string, string> {
  const rule = Object.entries(withoutEmpty(props.parameters ?? {}));
  const { name: architecture } = props.architecture ?? lambda.Architecture.ARM_64;
  const concurrency = props.reservedConcurrency === 'none' ? 0 : props.reservedConcurrency;
  return {
    CodeBucketPrefix: props.bucketPrefix,
    CodeKey: props.codeKey ?? codeKey(packageVersion(), architecture),
    Architecture: architecture,
    ...(props.functionName === undefined ? {} : { FunctionName: props.functionName }),
    ...(concurrency === undefined ? {} : { ReservedConcurrency: concurrency.toString() }),
    ...alarmParameters(props),
    ...roleParametersOf(props),
    ...(props.metrics === undefined ? {} : { Metrics: String(props.metrics) }),
    ...(props.organizationId === undefined ? {} : { OrganizationId: props.organizationId }),
    ...(props.ruleName === undefined ? {} : { RuleName: props.ruleName }),
    ...(props.schedule === undefined ? {} : { Schedule: props.schedule }),
    ...(props.watchKeys === undefined ? {} : { WatchKeys: String(props.watchKeys) }),
    ...Object.fromEntries(rule.map(([name, value]) => [templateParameterName(name), value])),
  };
}
