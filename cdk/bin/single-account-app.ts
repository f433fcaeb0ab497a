import type { App } from 'aws-cdk-lib';

import {
  functionContext,
  hookContext,
  placeContext,
  refuseUnreadContext,
  remediationContext,
  roleContext,
  ruleContext,
  switchContext,
  textContext,
} from './context';
import { TrailsealAccountStack } from '../lib';

/** Deploys to one account and Region, with settings from the context only. */
export function singleAccount(app: App): void {
  const alarmEmail = textContext(app, 'alarmEmail');
  new TrailsealAccountStack(app, 'Trailseal', {
    description: 'Trailseal: CloudTrail logs are encrypted with a KMS key that works',
    function: { ...functionContext(app), ...roleContext(app), ...placeContext(app) },
    rule: ruleContext(app),
    ...remediationContext(app),
    ...hookContext(app),
    cisPack: switchContext(app, 'cisPack'),
    ...(alarmEmail === undefined ? {} : { alarmEmail }),
  });
  refuseUnreadContext(app);
}
