import { CfnCondition, CfnParameter, CfnStackSet, Fn } from 'aws-cdk-lib';

import { accountTemplate } from './account-template';
import { hookTemplate } from './hook-template';
import { PlainStack, inOrder, type Template } from './plain-stack';
import { DEFAULT_CONCURRENT_PERCENTAGE, DEFAULT_TOLERANCE_PERCENTAGE } from './stack-set';
import { excludedAccountsParameter, where } from './template-parameters';
import { packageVersion } from './version';

/** The function and rule in every account and Region, from a template in a bucket. */
export function stackSetTemplate(): Template {
  return everywhere({
    what: 'function and rule',
    name: 'Trailseal',
    urlParameter: 'AccountTemplateUrl',
    file: 'trailseal-account.yaml',
    deployed: accountTemplate(packageVersion()),
  });
}

/** The hook in every account and Region, from a template in a bucket. */
export function hookStackSetTemplate(): Template {
  return everywhere({
    what: 'CloudFormation hook',
    name: 'TrailsealHook',
    urlParameter: 'HookTemplateUrl',
    file: 'trailseal-hook.yaml',
    deployed: hookTemplate(packageVersion()),
  });
}

/** What a StackSet deploys to every account and Region. */
interface Everywhere {
  readonly what: string;
  /** The default name of the StackSet. */
  readonly name: string;
  /** The parameter with the URL of the template. */
  readonly urlParameter: string;
  /** The name of the template. */
  readonly file: string;
  readonly deployed: Template;
}

function everywhere({ what, name: standard, urlParameter, file, deployed }: Everywhere): Template {
  const stack = new PlainStack(
    `Trailseal, ${what} in every account and Region of an organization by a StackSet.`,
  );
  const list = (id: string, description: string) =>
    new CfnParameter(stack, id, { description, type: 'CommaDelimitedList' }).valueAsList;
  const url = new CfnParameter(stack, urlParameter, {
    description: `The https URL of ${file} in S3.`,
    allowedPattern: '^https://.+$',
  });
  const callAs = new CfnParameter(stack, 'CallAs', {
    description: 'Whose StackSet it is.',
    default: 'SELF',
    allowedValues: ['SELF', 'DELEGATED_ADMIN'],
  });
  const name = new CfnParameter(stack, 'StackSetName', {
    description: 'The name of the StackSet; each wave is a StackSet with a name of its own.',
    default: standard,
    allowedPattern: '^[a-zA-Z][-a-zA-Z0-9]{0,127}$',
  });
  const set = new CfnStackSet(stack, 'StackSet', {
    stackSetName: name.valueAsString,
    description: `Trailseal: ${what} in every account and Region`,
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
  return passingOn(stack.template(), 'StackSet', deployed);
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
function passingOn(template: Template, stackSet: string, deployed: Template): Template {
  const { Parameters: passed, Rules: rules } = deployed as {
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
    // The rules of that template, so that a fault shows before any account is deployed.
    Rules: rules,
    Resources: {
      ...resources,
      [stackSet]: { ...made, Properties: { ...made.Properties, Parameters } },
    },
  });
}
