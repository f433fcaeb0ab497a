import { CfnCondition, CfnMapping, CfnParameter, CfnStackSet, Fn } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as sns from 'aws-cdk-lib/aws-sns';

import { DEFAULT_FUNCTION_NAME, accountTemplate } from './account-template';
import { explainStatement } from './acknowledgements';
import { TrailsealCodeBucket } from './code-bucket';
import { TrailsealMonitoring, alarmHours } from './monitoring';
import { PlainStack, inOrder, type Template } from './plain-stack';
import { DEFAULT_SCHEDULE, SCHEDULE_HOURS } from './rule';
import { DEFAULT_CONCURRENT_PERCENTAGE, DEFAULT_TOLERANCE_PERCENTAGE } from './stack-set';
import {
  BUCKET_PREFIX_PATTERN,
  excludedAccountsParameter,
  givenCondition,
  makeStatementOptional,
  where,
} from './template-parameters';
import { TrailsealTickets } from './tickets';
import { TrailsealTopic } from './topic';
import { packageVersion } from './version';

/** The code bucket, one for each Region. */
export function codeBucketTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, the bucket that holds the code in one Region, readable by the organization.',
  );
  const prefix = new CfnParameter(stack, 'CodeBucketPrefix', {
    description: "The prefix of the bucket's name; a hyphen and the Region follow.",
    allowedPattern: BUCKET_PREFIX_PATTERN,
  });
  const organization = new CfnParameter(stack, 'OrganizationId', {
    description:
      'The organization whose accounts may read the code; empty for the account of the bucket only.',
    default: '',
    allowedPattern: '^(o-[a-z0-9]{10,32})?$',
  });
  givenCondition(stack, organization);
  explainStatement(stack);
  new TrailsealCodeBucket(stack, 'Code', {
    bucketPrefix: prefix.valueAsString,
    organizationId: organization.valueAsString,
  });
  const template = stack.template();
  const sid = 'OrganizationMayReadTheCode';
  makeStatementOptional(template, 'CodeBucketPolicy', sid, 'HasOrganizationId');
  return template;
}

/** The function and rule in every account and Region, from a template in a bucket. */
export function stackSetTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, function and rule in every account and Region of an organization by a StackSet.',
  );
  const list = (id: string, description: string) =>
    new CfnParameter(stack, id, { description, type: 'CommaDelimitedList' }).valueAsList;
  const url = new CfnParameter(stack, 'AccountTemplateUrl', {
    description: 'The https URL of trailseal-account.yaml in S3.',
    allowedPattern: '^https://.+$',
  });
  const callAs = new CfnParameter(stack, 'CallAs', {
    description: 'Whose StackSet it is.',
    default: 'SELF',
    allowedValues: ['SELF', 'DELEGATED_ADMIN'],
  });
  const name = new CfnParameter(stack, 'StackSetName', {
    description: 'The name of the StackSet; each wave is a StackSet with a name of its own.',
    default: 'Trailseal',
    allowedPattern: '^[a-zA-Z][-a-zA-Z0-9]{0,127}$',
  });
  const set = new CfnStackSet(stack, 'StackSet', {
    stackSetName: name.valueAsString,
    description: 'Trailseal: function and rule in every account and Region',
    permissionModel: 'SERVICE_MANAGED',
    callAs: callAs.valueAsString,
    capabilities: ['CAPABILITY_NAMED_IAM'],
    autoDeployment: { enabled: true, retainStacksOnAccountRemoval: false },
    managedExecution: { Active: true },
    operationPreferences: {
      regionConcurrencyType: 'PARALLEL',
      ...percentages(stack),
    },
    stackInstancesGroup: [
      {
        deploymentTargets: {
          organizationalUnitIds: list(
            'OrganizationalUnitIds',
            'The roots or organizational units.',
          ),
        },
        regions: list('Regions', 'The Regions.'),
      },
    ],
    templateUrl: url.valueAsString,
  });
  addNeeded(stack, set);
  const { list: excluded, some } = excludedAccountsParameter(stack);
  const targets = 'StackInstancesGroup.0.DeploymentTargets';
  set.addPropertyOverride(`${targets}.AccountFilterType`, where(some, 'DIFFERENCE'));
  set.addPropertyOverride(`${targets}.Accounts`, where(some, excluded));
  return withAccountParameters(stack.template(), 'StackSet');
}

/** The pace of an operation as template parameters. */
function percentages(stack: PlainStack) {
  const percentage = (id: string, description: string, standard: number, least: number) =>
    new CfnParameter(stack, id, {
      type: 'Number',
      description,
      default: standard,
      minValue: least,
      maxValue: 100,
    }).valueAsNumber;
  return {
    maxConcurrentPercentage: percentage(
      'MaxConcurrentPercentage',
      'The percentage of accounts that are deployed at a time; it begins with as many as may fail, and one.',
      DEFAULT_CONCURRENT_PERCENTAGE,
      1,
    ),
    failureTolerancePercentage: percentage(
      'FailureTolerancePercentage',
      'The percentage of accounts in a Region that may fail before the operation stops.',
      DEFAULT_TOLERANCE_PERCENTAGE,
      0,
    ),
  };
}

/** The StackSets that are deployed first as a template parameter. */
function addNeeded(stack: PlainStack, set: CfnStackSet): void {
  const needed = new CfnParameter(stack, 'DependsOnStackSets', {
    description:
      'The ARNs of StackSets that are deployed first to an account that joins, separated by commas.',
    type: 'CommaDelimitedList',
    default: '',
  });
  const depends = new CfnCondition(stack, 'DependsOnOthers', {
    expression: Fn.conditionNot(Fn.conditionEquals(Fn.join('', needed.valueAsList), '')),
  });
  set.addPropertyOverride('AutoDeployment.DependsOn', where(depends, { Ref: needed.logicalId }));
}

/** The StackSet has and passes on every parameter of the template that it deploys. */
function withAccountParameters(template: Template, stackSet: string): Template {
  const { Parameters: passed, Rules: rules } = accountTemplate(packageVersion()) as {
    Parameters: object;
    Rules: object;
  };
  const { Parameters: own, Resources: resources } = template as {
    Parameters: object;
    Resources: Record<string, { Properties: object }>;
  };
  const made = resources[stackSet];
  if (made === undefined) {
    throw new Error(`the template has no \`${stackSet}\``);
  }
  const Parameters = Object.keys(passed).map((name) => ({
    ParameterKey: name,
    ParameterValue: { Ref: name },
  }));
  return inOrder({
    ...template,
    Parameters: { ...own, ...passed },
    // The rules of the account template, so that a fault shows before any account is deployed.
    Rules: rules,
    Resources: {
      ...resources,
      [stackSet]: { ...made, Properties: { ...made.Properties, Parameters } },
    },
  });
}

/** Alarms and the dashboard of an existing function. */
export function monitoringTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, alarms and a dashboard for the function of one account and Region.',
  );
  const text = (id: string, description: string, rest: object = {}) =>
    new CfnParameter(stack, id, { description, ...rest }).valueAsString;
  const monitoring = new TrailsealMonitoring(stack, 'Watch', {
    handler: {
      functionName: text('FunctionName', 'The function.', { default: DEFAULT_FUNCTION_NAME }),
      failureQueueName: text(
        'FailureQueueName',
        'The output FailureQueueName of the account stack.',
      ),
      logGroupName: text('LogGroupName', 'The output LogGroupName of the account stack.'),
    },
    topic: sns.Topic.fromTopicArn(
      stack,
      'Topic',
      text('AlarmTopicArn', 'The topic for alarms; it must admit CloudWatch.', {
        allowedPattern: '^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$',
      }),
    ),
  });
  overrideHours(stack, monitoring);
  return stack.template();
}

/** A template cannot calculate, so it looks up values that depend on the schedule's hours. */
function overrideHours(stack: PlainStack, monitoring: TrailsealMonitoring): void {
  const hours = Object.values(SCHEDULE_HOURS);
  const schedule = new CfnParameter(stack, 'ScheduleHours', {
    type: 'Number',
    description: 'The hours between two scheduled evaluations of the rule.',
    default: SCHEDULE_HOURS[DEFAULT_SCHEDULE].toString(),
    allowedValues: hours.map(String),
  });
  const periods = new CfnMapping(stack, 'AlarmPeriods', {
    mapping: Object.fromEntries(
      hours.map((count) => {
        const { silence, result } = alarmHours(count);
        return [count.toString(), { Unheard: silence, Bad: result }];
      }),
    ),
  });
  const looked = (what: string) => ({
    'Fn::FindInMap': [periods.logicalId, { Ref: schedule.logicalId }, what],
  });
  for (const alarm of monitoring.alarms) {
    const resource = alarm.node.defaultChild as cloudwatch.CfnAlarm;
    if (resource.period === 3600) {
      const what = alarm.node.id === 'Silence' ? 'Unheard' : 'Bad';
      resource.addPropertyOverride('EvaluationPeriods', looked(what));
    }
  }
}

/** The ticket example, with a topic. */
export function ticketsTemplate(): Template {
  const stack = new PlainStack(
    'Trailseal, an example for tickets: failed findings of the rule in Security Hub go to a topic.',
  );
  const topic = new TrailsealTopic(stack, 'Tickets');
  const { role } = new TrailsealTickets(stack, 'Findings', { topic: topic.topic });
  topic.admitRole(role);
  return stack.template();
}
