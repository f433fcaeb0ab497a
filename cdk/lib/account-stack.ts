import { Stack, type CfnResource, type StackProps } from 'aws-cdk-lib';
import type * as sns from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';

import { TrailsealConformancePack } from './conformance-pack';
import { TrailsealFunction, type TrailsealFunctionProps } from './function';
import { DEFAULT_HOOK_NAME, TrailsealHook, type TrailsealHookProps } from './hook';
import {
  TrailsealMonitoring,
  addNamedAlarms,
  makeHookAlarms,
  noteAlarmTopic,
  notify,
  type AlarmTopic,
} from './monitoring';
import { PropFaults } from './prop-faults';
import {
  DEFAULT_REMEDIATION_NAME,
  TrailsealRemediation,
  type TrailsealRemediationProps,
} from './remediation';
import { TrailsealRule, type RuleSettings } from './rule';
import { TrailsealTopic } from './topic';

/** Props of {@link TrailsealAccountStack}. */
export interface TrailsealAccountStackProps extends StackProps {
  /** Settings of the function. @default the function's defaults */
  readonly function?: TrailsealFunctionProps;
  /**
   * Settings of the rule; an empty name deploys the function alone, if a pack has the rule.
   * @default the rule's defaults
   */
  readonly rule?: RuleSettings & { readonly ruleName?: string };
  /** Also deploys the CIS conformance pack. @default false */
  readonly cisPack?: boolean;
  /**
   * Also deploys the remediation, to be started by hand, with the parameters of the rule.
   * @default none: nothing in the stack can change a trail
   */
  readonly remediation?: Omit<TrailsealRemediationProps, 'rule' | 'parameters'>;
  /**
   * Also deploys the CloudFormation hook, with the parameters of the rule. @default none
   */
  readonly hook?: Omit<TrailsealHookProps, 'parameters'>;
  /** Also deploys alarms, a dashboard, and a topic that emails this address. @default none */
  readonly alarmEmail?: string;
  /** Also deploys alarms with an existing topic, and no dashboard. @default none */
  readonly alarms?: AlarmTopic;
}

/** The function and rule of one account and Region, with optional monitoring and remediation. */
export class TrailsealAccountStack extends Stack {
  /** The function. */
  readonly handler: TrailsealFunction;

  constructor(scope: Construct, id: string, props: TrailsealAccountStackProps = {}) {
    super(scope, id, props);
    const functionName = props.function?.functionName ?? 'trailseal';
    this.handler = new TrailsealFunction(this, 'Function', { ...props.function, functionName });
    if (props.cisPack === true) {
      this.makePack(props, functionName);
    } else if (props.rule?.ruleName === '') {
      this.remediate(props, undefined);
    } else {
      const rule = new TrailsealRule(this, 'Rule', { ...props.rule, handler: this.handler });
      this.remediate(props, rule);
    }
    const hook = this.gate(props);
    if (props.alarms !== undefined) {
      const faults = new PropFaults('TrailsealAccountStack');
      if (props.alarmEmail !== undefined) {
        faults.other('alarms', 'excludes `alarmEmail`, which deploys the same alarms');
      }
      noteAlarmTopic(props.alarms, faults);
      faults.refuse();
      addNamedAlarms(this, this.handler, props.rule?.schedule, props.alarms);
    }
    if (props.alarmEmail !== undefined) {
      const alarms = new TrailsealTopic(this, 'Alarms', { email: props.alarmEmail });
      alarms.admitAlarms();
      this.monitor(props, alarms.topic);
      if (hook !== undefined) {
        notify(makeHookAlarms(hook, hook), alarms.topic);
      }
    }
  }

  /** The pack contains the rule; a second rule would evaluate every trail twice. */
  private makePack(props: TrailsealAccountStackProps, functionName: string): void {
    const runbook = this.remediate(props, undefined);
    const { pack } = new TrailsealConformancePack(this, 'CisPack', {
      ...props.rule,
      handler: this.handler,
      functionName,
      packName: 'trailseal-cis',
      rules: 'cis',
      ...(props.remediation === undefined ? {} : { remediation: props.remediation }),
    });
    if (runbook !== undefined) {
      pack.addResourceDependency(runbook.document);
      pack.addResourceDependency(runbook.automationRole.node.defaultChild as CfnResource);
    }
  }

  private remediate(
    props: TrailsealAccountStackProps,
    rule: TrailsealRule | undefined,
  ): TrailsealRemediation | undefined {
    if (props.remediation === undefined) {
      return undefined;
    }
    const parameters = props.rule?.parameters;
    const organizationId = props.function?.organizationId;
    return new TrailsealRemediation(this, 'Remediation', {
      functionName: DEFAULT_REMEDIATION_NAME,
      ...(organizationId === undefined ? {} : { organizationId }),
      ...props.remediation,
      ...(parameters === undefined ? {} : { parameters }),
      ...(rule === undefined ? {} : { rule }),
    });
  }

  /** The hook decides with the parameters of the rule. */
  private gate(props: TrailsealAccountStackProps): TrailsealHook | undefined {
    if (props.hook === undefined) {
      return undefined;
    }
    const parameters = props.rule?.parameters;
    const organizationId = props.function?.organizationId;
    return new TrailsealHook(this, 'Hook', {
      functionName: DEFAULT_HOOK_NAME,
      ...(organizationId === undefined ? {} : { organizationId }),
      ...(props.alarms === undefined ? {} : { alarms: props.alarms }),
      ...props.hook,
      ...(parameters === undefined ? {} : { parameters }),
    });
  }

  private monitor(props: TrailsealAccountStackProps, topic: sns.ITopic): void {
    const schedule = props.rule?.schedule;
    new TrailsealMonitoring(this, 'Monitoring', {
      handler: this.handler,
      topic,
      ...(schedule === undefined ? {} : { schedule }),
    });
  }
}
