import { Stack, type App } from 'aws-cdk-lib';

import {
  architectureContext,
  boundaryContext,
  concurrencyContext,
  functionContext,
  listContext,
  neededContext,
  neededListContext,
  numberContext,
  refuseUnreadContext,
  roleContext,
  ruleContext,
  switchContext,
  textContext,
  wordContext,
} from './context';
import {
  TrailsealAccountStack,
  TrailsealCodeBucket,
  TrailsealOrganizationConformancePack,
  TrailsealOrganizationRule,
  TrailsealStackSet,
} from '../lib';

/** The settings that both paths need. */
interface Organization {
  readonly account: string;
  readonly organizationId: string;
  readonly home: string;
  readonly regions: string[];
}

/**
 * Deploys to an organization, with settings from the context only.
 *
 * `-c path=stackset` (the default) deploys the function and rule to every account and Region; `-c
 * path=central` deploys one central function, for up to about 50 accounts.
 */
export function organization(app: App): void {
  const path = wordContext(app, 'path', ['stackset', 'central']);
  const account = neededContext(app, 'account');
  const organizationId = neededContext(app, 'organizationId');
  const regions = neededListContext(app, 'regions');
  const [home = ''] = regions;
  const place = { account, organizationId, home, regions };
  if (path === 'central') {
    centralPath(app, place);
  } else {
    stackSetPath(app, place);
  }
  refuseUnreadContext(app);
}

function stackSetPath(app: App, { account, organizationId, home, regions }: Organization): void {
  const bucketPrefix = neededContext(app, 'bucketPrefix');
  const codeKey = textContext(app, 'codeKey');
  const wave = waveContext(app);
  // The pack has the rule; a second one would evaluate every trail twice.
  const rule = { ...ruleContext(app), ...(switchContext(app, 'cisPack') ? { ruleName: '' } : {}) };
  for (const region of regions) {
    const code = new Stack(app, `TrailsealCode-${region}`, { env: { account, region } });
    new TrailsealCodeBucket(code, 'Code', { bucketPrefix, organizationId });
    // StackSets skip the management account, so it gets its own stack in each Region.
    new TrailsealAccountStack(app, `TrailsealManagement-${region}`, {
      env: { account: textContext(app, 'managementAccount') ?? account, region },
      function: { ...functionContext(app), ...roleContext(app) },
      rule,
      ...alarmsContext(app),
    });
  }
  // Each wave has its own stack: another name in the same stack would replace the StackSet.
  const id = `TrailsealOrganization${wave === undefined ? '' : `-${wave}`}`;
  const members = new Stack(app, id, { env: { account, region: home } });
  new TrailsealStackSet(members, 'Members', {
    ...rule,
    ...concurrencyContext(app),
    architecture: architectureContext(app),
    metrics: switchContext(app, 'metrics'),
    organizationId,
    organizationalUnitIds: listContext(app, 'organizationalUnitIds'),
    excludedAccounts: listContext(app, 'excludedAccounts'),
    regions,
    bucketPrefix,
    ...(codeKey === undefined ? {} : { codeKey }),
    callAs: wordContext(app, 'callAs', ['SELF', 'DELEGATED_ADMIN']) ?? 'SELF',
    ...operation(app),
    ...alarmsContext(app),
    ...roleContext(app),
  });
  if (switchContext(app, 'cisPack')) {
    packs(app, { account, organizationId, home, regions }, members);
  }
}

/** The name of a wave; a pack belongs to the whole organization, where a wave is one part of it. */
function waveContext(app: App): string | undefined {
  const wave = textContext(app, 'stackSetName');
  if (wave !== undefined && switchContext(app, 'cisPack')) {
    throw new Error(
      'the context `cisPack` excludes `stackSetName`: the pack reaches every account of the ' +
        'organization, and fails where the function is missing; deploy it after the last wave',
    );
  }
  return wave;
}

/** The alarms, if the context asks for them: in the members and the management account, or on a central function. */
function alarmsContext(app: App) {
  if (!switchContext(app, 'alarms')) {
    return {};
  }
  const topicName = textContext(app, 'alarmTopicName');
  const topicAccount = textContext(app, 'alarmTopicAccount');
  return {
    alarms: {
      ...(topicName === undefined ? {} : { topicName }),
      ...(topicAccount === undefined ? {} : { topicAccount }),
    },
  };
}

/** How the StackSet deploys: its name, its pace, and what must be there first. */
function operation(app: App) {
  const stackSetName = textContext(app, 'stackSetName');
  const maxConcurrentPercentage = numberContext(app, 'maxConcurrentPercentage');
  const failureTolerancePercentage = numberContext(app, 'failureTolerancePercentage');
  return {
    dependsOnStackSets: listContext(app, 'dependsOnStackSets'),
    ...(stackSetName === undefined ? {} : { stackSetName }),
    ...(maxConcurrentPercentage === undefined ? {} : { maxConcurrentPercentage }),
    ...(failureTolerancePercentage === undefined ? {} : { failureTolerancePercentage }),
  };
}

/** An organization conformance pack belongs to one Region and refers to the function by name. */
function packs(app: App, { account, regions }: Organization, members: Stack): void {
  for (const region of regions) {
    const stack = new Stack(app, `TrailsealPack-${region}`, { env: { account, region } });
    stack.addStackDependency(members);
    new TrailsealOrganizationConformancePack(stack, 'CisPack', {
      ...ruleContext(app),
      functionName: 'trailseal',
      packName: 'trailseal-cis',
      ruleName: 'trailseal-cis',
      rules: 'cis',
      excludedAccounts: listContext(app, 'excludedAccounts'),
    });
  }
}

function centralPath(app: App, { account, organizationId, home, regions }: Organization): void {
  for (const region of regions) {
    const stack = new Stack(app, `TrailsealCentral-${region}`, { env: { account, region } });
    const { code, architecture, metrics, tracing } = functionContext(app);
    new TrailsealOrganizationRule(stack, 'Central', {
      ...ruleContext(app),
      ...concurrencyContext(app),
      ...(code === undefined ? {} : { code }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(tracing === undefined ? {} : { tracing }),
      ...(metrics === undefined ? {} : { metrics }),
      organizationId,
      ...alarmsContext(app),
      ...boundaryContext(app),
      externalId: neededContext(app, 'externalId'),
      memberAccounts: listContext(app, 'memberAccounts'),
      excludedAccounts: listContext(app, 'excludedAccounts'),
      // IAM is global, so only the first Region deploys the member role.
      ...(region === home
        ? {
            memberRole: {
              organizationalUnitIds: listContext(app, 'organizationalUnitIds'),
              excludedAccounts: listContext(app, 'excludedAccounts'),
              region,
              callAs: wordContext(app, 'callAs', ['SELF', 'DELEGATED_ADMIN']) ?? 'SELF',
            },
          }
        : {}),
    });
  }
}
