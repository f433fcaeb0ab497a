import { App, Stack, type IPolicyValidationPlugin } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, NIST80053R4Checks, NIST80053R5Checks, type NagPack } from 'cdk-nag';

import {
  TrailsealAccountStack,
  TrailsealCodeBucket,
  TrailsealMemberRole,
  TrailsealOrganizationConformancePack,
  TrailsealOrganizationRule,
  TrailsealStackSet,
  TrailsealTickets,
  TrailsealTopic,
} from '../lib';
import { ACCOUNT, KEY_ARN, ORGANIZATION, REGION, UNIT, quietApp, someCode } from './support';

/** All constructs in one app. */
function everything(): App {
  const app = quietApp();
  const env = { account: ACCOUNT, region: REGION };
  const code = someCode();
  for (const cisPack of [false, true]) {
    new TrailsealAccountStack(app, `Account${String(cisPack)}`, {
      env,
      cisPack,
      alarmEmail: 'someone@example.com',
      function: { code: someCode(), tracing: true },
      rule: { parameters: { profile: 'strict' } },
      remediation: { code: someCode(), keyArn: KEY_ARN },
      hook: { code: someCode() },
    });
  }
  const rest = new Stack(app, 'Rest', { env });
  new TrailsealOrganizationRule(rest, 'Central', {
    code,
    organizationId: ORGANIZATION,
    externalId: 'external-id',
    memberAccounts: ['222233334444'],
    memberRole: { organizationalUnitIds: [UNIT], region: REGION },
  });
  new TrailsealMemberRole(rest, 'Member', { centralAccount: ACCOUNT, externalId: 'external-id' });
  new TrailsealCodeBucket(rest, 'Code', { bucketPrefix: 'code', organizationId: ORGANIZATION });
  new TrailsealStackSet(rest, 'Members', {
    organizationalUnitIds: [UNIT],
    regions: [REGION],
    bucketPrefix: 'code',
  });
  new TrailsealOrganizationConformancePack(rest, 'Pack', { functionName: 'trailseal' });
  const topic = new TrailsealTopic(rest, 'Topic');
  topic.admitRole(new TrailsealTickets(rest, 'Tickets', { topic: topic.topic }).role);
  return app;
}

function findings(pack: NagPack & IPolicyValidationPlugin, app: App): string[] {
  return pack
    .validateScope(app)
    .violations.flatMap((violation) => violation.violatingResources.map(() => violation.ruleName));
}

describe('cdk-nag', () => {
  const app = everything();
  app.synth();

  test.each([
    ['AWS Solutions', new AwsSolutionsChecks(app)],
    ['NIST 800-53 revision 4', new NIST80053R4Checks(app)],
    ['NIST 800-53 revision 5', new NIST80053R5Checks(app)],
  ])('%s reports only acknowledged findings', (_, pack) => {
    expect(findings(pack, app)).toEqual([]);
  });

  test('cdk-nag reports findings that are not acknowledged', () => {
    const bare = quietApp();
    new Bucket(new Stack(bare, 'Bare'), 'Bucket');
    expect(findings(new AwsSolutionsChecks(bare), bare)).toContain('AwsSolutions-S10');
  });
});
