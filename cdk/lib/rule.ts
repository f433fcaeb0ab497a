import { Token } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import { Construct } from 'constructs';

import type { TrailsealFunction } from './function';
import * as limits from './limits';
import { PropFaults } from './prop-faults';
import { parameterFaults, withoutEmpty } from './rule-parameters';
import type { RuleParameters } from './rule-parameters.generated';

/** The intervals of the schedule, by AWS Config's names, in hours. */
export const SCHEDULE_HOURS = {
  One_Hour: 1,
  Three_Hours: 3,
  Six_Hours: 6,
  Twelve_Hours: 12,
  TwentyFour_Hours: 24,
} as const;

/** The interval of the schedule. */
export type Schedule = keyof typeof SCHEDULE_HOURS;

/** The default interval. */
export const DEFAULT_SCHEDULE: Schedule = 'TwentyFour_Hours';

/** The rule's description in AWS Config. */
export const RULE_DESCRIPTION =
  'Checks that AWS CloudTrail trails encrypt their logs with a customer managed KMS key that works. ' +
  'NON_COMPLIANT if the key is missing, unusable, in the wrong Region, or not verified.';

/** The settings that all ways to deploy the rule share. */
export interface RuleSettings {
  /** The rule's parameters. @default the function's defaults */
  readonly parameters?: RuleParameters;
  /** How often every trail is evaluated. @default every 24 hours */
  readonly schedule?: Schedule;
  /**
   * Whether a change of a KMS key evaluates the trails that use it. Changes of many keys cause as
   * many invocations. @default false
   */
  readonly watchKeys?: boolean;
}

/** Props of {@link TrailsealRule}. */
export interface TrailsealRuleProps extends RuleSettings {
  /** The function of the rule. */
  readonly handler: TrailsealFunction;
  /** The rule's name, at most 64 characters. @default trailseal */
  readonly ruleName?: string;
}

/** The default name of the rule. */
export const DEFAULT_RULE_NAME = 'trailseal';

/**
 * The rule in one account and Region: changes of trails (including oversized ones) and a schedule
 * invoke the function.
 */
export class TrailsealRule extends Construct {
  /** The rule. */
  readonly rule: config.CfnConfigRule;
  /** Its name. */
  readonly ruleName: string;
  /** The interval of its schedule. */
  readonly schedule: Schedule;

  constructor(scope: Construct, id: string, props: TrailsealRuleProps) {
    super(scope, id);
    this.ruleName = props.ruleName ?? DEFAULT_RULE_NAME;
    this.schedule = props.schedule ?? DEFAULT_SCHEDULE;
    refuseFaults(props);
    this.rule = new config.CfnConfigRule(this, 'Rule', {
      configRuleName: this.ruleName,
      description: RULE_DESCRIPTION,
      source: {
        owner: 'CUSTOM_LAMBDA',
        sourceIdentifier: props.handler.function.functionArn,
        sourceDetails: sourceDetails(this.schedule),
      },
      scope: { complianceResourceTypes: resourceTypes(props) },
      ...inputParameters(props.parameters),
    });
    // AWS Config creates a rule only if it may already invoke the function.
    for (const permission of props.handler.invokePermissions) {
      this.rule.addResourceDependency(permission);
    }
  }
}

/**
 * The triggers. AWS Config rejects a scope on a rule with only a schedule; this rule has both
 * triggers, and the scope belongs to the change trigger.
 */
export function sourceDetails(schedule: Schedule): config.CfnConfigRule.SourceDetailProperty[] {
  const eventSource = 'aws.config';
  return [
    { eventSource, messageType: 'ConfigurationItemChangeNotification' },
    { eventSource, messageType: 'OversizedConfigurationItemChangeNotification' },
    { eventSource, messageType: 'ScheduledNotification', maximumExecutionFrequency: schedule },
  ];
}

/** The resource types whose changes invoke the function. */
export function resourceTypes(settings: RuleSettings): string[] {
  const trail = 'AWS::CloudTrail::Trail';
  return settings.watchKeys === true ? [trail, 'AWS::KMS::Key'] : [trail];
}

/** Checks the settings that all ways to deploy the rule share. */
export function noteSettings(settings: RuleSettings, faults: PropFaults): void {
  faults.add(parameterFaults(settings.parameters ?? {}));
  noteSchedule(settings.schedule, faults);
}

/** Checks the interval of the schedule. */
export function noteSchedule(schedule: Schedule | undefined, faults: PropFaults): void {
  const schedules = Object.keys(SCHEDULE_HOURS);
  if (schedule !== undefined && !schedules.includes(schedule)) {
    faults.wrong('schedule', schedule, `one of ${schedules.join(', ')}`);
  }
}

/** Checks a rule's name. */
export function noteRuleName(
  ruleName: string | undefined,
  charsMax: number,
  faults: PropFaults,
): void {
  faults.form('ruleName', ruleName, limits.RULE_NAME, 'letters, digits, `-` and `_`');
  faults.length('ruleName', ruleName, charsMax);
}

/** Checks that the function can use the roles and the document in the parameters. */
export function noteRoles(
  parameters: RuleParameters | undefined,
  handler: TrailsealFunction,
  faults: PropFaults,
): void {
  const document = parameters?.exemptionsFrom ?? '';
  const isKnown = !Token.isUnresolved(document) && document.trim() !== '';
  if (isKnown && document.trim() !== handler.exemptionsFrom) {
    faults.other(
      'parameters.exemptionsFrom',
      `names \`${document}\`, which the function may not read; set \`exemptionsFrom\` of its function to it`,
    );
  }
  const assumable = {
    keyAccountRoleName: handler.keyAccountRoleName,
    executionRoleName: handler.executionRoleName,
  };
  for (const [name, role] of Object.entries(assumable)) {
    const wanted = parameters?.[name as keyof typeof assumable] ?? '';
    if (Token.isUnresolved(wanted) || wanted.trim() === '' || wanted.trim() === role) {
      continue;
    }
    faults.other(
      `parameters.${name}`,
      `names \`${wanted}\`, which the function may not assume; set \`${name}\` of its function to it`,
    );
  }
}

function refuseFaults(props: TrailsealRuleProps): void {
  const faults = new PropFaults('TrailsealRule');
  noteRuleName(props.ruleName, limits.RULE_NAME_CHARS_MAX, faults);
  noteSettings(props, faults);
  noteRoles(props.parameters, props.handler, faults);
  faults.refuse();
}

function inputParameters(parameters: RuleParameters | undefined): {
  inputParameters?: Record<string, string>;
} {
  const given = withoutEmpty(parameters ?? {});
  return Object.keys(given).length === 0 ? {} : { inputParameters: given };
}
