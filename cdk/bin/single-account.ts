import { App } from 'aws-cdk-lib';

import { textContext, functionContext, ruleContext } from './context';
import { TrailsealAccountStack } from '../lib';

/** One account and Region: settings come from the context alone. */
const app = new App();
const alarmEmail = textContext(app, 'alarmEmail');

new TrailsealAccountStack(app, 'Trailseal', {
  description: 'Trailseal: CloudTrail logs are sealed with a KMS key that works',
  function: functionContext(app),
  rule: ruleContext(app),
  cisPack: textContext(app, 'cisPack') === 'true',
  ...(alarmEmail === undefined ? {} : { alarmEmail }),
});
