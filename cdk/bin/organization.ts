import { App, Stack } from 'aws-cdk-lib';

import { functionContext, listContext, neededContext, ruleContext, textContext } from './context';
import {
  TrailsealAccountStack,
  TrailsealCodeBucket,
  TrailsealOrganizationConformancePack,
  TrailsealOrganizationRule,
  TrailsealStackSet,
} from '../lib';

/**
 * A whole organization: settings come from the context alone.
 *
 * `-c path=stackset` (the default) puts function and rule into every account and Region;
 * `-c path=central` makes one central function, for up to about 50 accounts.
 */
const app = new App();
const account = neededContext(app, 'account');
const regions = listContext(app, 'regions');
const organizationId = neededContext(app, 'organizationId');

if (textContext(app, 'path') === 'central') {
  centralPath();
} else {
  stackSetPath();
}

function stackSetPath(): void {
  const bucketPrefix = neededContext(app, 'bucketPrefix');
  const [home] = regions;
  for (const region of regions) {
    const env = { account, region };
    const code = new Stack(app, `TrailsealCode-${region}`, { env });
    new TrailsealCodeBucket(code, 'Code', { bucketPrefix, organizationId });
    // StackSets skip the management account: it gets a stack of its own in each Region.
    new TrailsealAccountStack(app, `TrailsealManagement-${region}`, {
      env: { account: textContext(app, 'managementAccount') ?? account, region },
      function: functionContext(app),
      rule: ruleContext(app),
    });
  }
  const stack = new Stack(app, 'TrailsealOrganization', {
    env: { account, ...(home === undefined ? {} : { region: home }) },
  });
  const stackSet = new TrailsealStackSet(stack, 'Members', {
    ...ruleContext(app),
    organizationalUnitIds: listContext(app, 'organizationalUnitIds'),
    excludedAccounts: listContext(app, 'excludedAccounts'),
    regions,
    bucketPrefix,
    callAs: textContext(app, 'callAs') === 'DELEGATED_ADMIN' ? 'DELEGATED_ADMIN' : 'SELF',
  });
  if (textContext(app, 'cisPack') === 'true') {
    const pack = new TrailsealOrganizationConformancePack(stack, 'CisPack', {
      functionName: 'trailseal',
      packName: 'trailseal-cis',
      ruleName: 'trailseal-cis',
      rules: 'cis',
    });
    pack.node.addDependency(stackSet);
  }
}

function centralPath(): void {
  const [home] = regions;
  for (const region of regions) {
    const stack = new Stack(app, `TrailsealCentral-${region}`, { env: { account, region } });
    const { code, architecture, tracing } = functionContext(app);
    new TrailsealOrganizationRule(stack, 'Central', {
      ...ruleContext(app),
      ...(code === undefined ? {} : { code }),
      ...(architecture === undefined ? {} : { architecture }),
      ...(tracing === undefined ? {} : { tracing }),
      organizationId,
      externalId: neededContext(app, 'externalId'),
      memberAccounts: listContext(app, 'memberAccounts'),
      excludedAccounts: listContext(app, 'excludedAccounts'),
      // IAM is global: the Region named first deploys the member role.
      ...(region === home
        ? {
            memberRole: {
              organizationalUnitIds: listContext(app, 'organizationalUnitIds'),
              region,
            },
          }
        : {}),
    });
  }
}
