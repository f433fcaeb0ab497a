import * as fc from 'fast-check';

import {
  TrailsealCodeBucket,
  TrailsealFunction,
  TrailsealMemberRole,
  TrailsealMonitoring,
  TrailsealOrganizationConformancePack,
  TrailsealOrganizationRule,
  TrailsealRemediation,
  TrailsealRule,
  TrailsealStackSet,
  TrailsealTickets,
  TrailsealTopic,
} from '../lib';
import { ACCOUNT, KEY_ARN, ORGANIZATION, REGION, UNIT, newStack, someCode } from './support';

const word = (form: RegExp) =>
  fc.string({ minLength: 1, maxLength: 70 }).filter((text) => !form.test(text));
const badAccount = word(/^[0-9]{12}$/);
const badName = word(/^[A-Za-z0-9_-]+$/);
const badRole = word(/^[A-Za-z0-9+=,.@_-]+$/);
const badExternalId = word(/^[A-Za-z0-9_+=,.@:/-]+$/);
const badRegion = word(/^[a-z]{2,5}(-[a-z]+)+-[0-9]$/);
const badOrganization = word(/^o-[a-z0-9]{10,32}$/);

/** Each prop, invalid values, and how to pass one to a construct. */
const CASES: [string, fc.Arbitrary<unknown>, (value: never) => unknown][] = [
  ['functionName', badName, (functionName: string) => make.function({ functionName })],
  [
    'functionName',
    fc.constant('x'.repeat(65)),
    (functionName: string) => make.function({ functionName }),
  ],
  ['sourceAccounts', badAccount, (account: string) => make.function({ sourceAccounts: [account] })],
  [
    'memoryMebibytes',
    fc.integer({ max: 127 }),
    (memoryMebibytes: number) => make.function({ memoryMebibytes }),
  ],
  [
    'memoryMebibytes',
    fc.double({ min: 128.1, max: 128.9 }),
    (memoryMebibytes: number) => make.function({ memoryMebibytes }),
  ],
  [
    'timeoutSeconds',
    fc.integer({ min: 901 }),
    (timeoutSeconds: number) => make.function({ timeoutSeconds }),
  ],
  [
    'reservedConcurrency',
    fc.integer({ max: 0 }),
    (reservedConcurrency: number) => make.function({ reservedConcurrency }),
  ],
  ['ruleName', badName, (ruleName: string) => make.rule({ ruleName })],
  ['ruleName', fc.constant('x'.repeat(65)), (ruleName: string) => make.rule({ ruleName })],
  ['schedule', fc.string(), (schedule: string) => make.rule({ schedule: schedule as 'One_Hour' })],
  [
    'profile',
    word(/^\s*(cis|effective|strict)?\s*$/),
    (profile: string) => make.rule({ parameters: { profile: profile as 'cis' } }),
  ],
  ['keyArn', word(/^arn:/), (keyArn: string) => make.remediation({ keyArn })],
  [
    'documentName',
    word(/^[A-Za-z0-9_.-]+$/),
    (documentName: string) => make.remediation({ documentName }),
  ],
  ['regions', badRegion, (region: string) => make.stackSet({ regions: [region] })],
  [
    'organizationalUnitIds',
    badName,
    (unit: string) => make.stackSet({ organizationalUnitIds: [unit] }),
  ],
  [
    'excludedAccounts',
    badAccount,
    (account: string) => make.stackSet({ excludedAccounts: [account] }),
  ],
  ['bucketPrefix', word(/^[a-z0-9-]+$/), (bucketPrefix: string) => make.stackSet({ bucketPrefix })],
  [
    'maxConcurrentPercentage',
    fc.integer({ min: 101 }),
    (maxConcurrentPercentage: number) => make.stackSet({ maxConcurrentPercentage }),
  ],
  [
    'memberAccounts',
    badAccount,
    (account: string) => make.organizationRule({ memberAccounts: [account] }),
  ],
  [
    'organizationId',
    badOrganization,
    (organizationId: string) => make.organizationRule({ organizationId }),
  ],
  ['centralAccount', badAccount, (centralAccount: string) => make.memberRole({ centralAccount })],
  ['organizationId', badOrganization, (organizationId: string) => make.bucket({ organizationId })],
  [
    'organizationId',
    badOrganization,
    (organizationId: string) => make.stackSet({ organizationId }),
  ],
  ['functionName', badName, (functionName: string) => make.stackSet({ functionName })],
  [
    'reservedConcurrency',
    fc.integer({ min: 1001 }),
    (reservedConcurrency: number) => make.stackSet({ reservedConcurrency }),
  ],
  ['stackSetName', badName, (stackSetName: string) => make.stackSet({ stackSetName })],
  [
    'failureTolerancePercentage',
    fc.integer({ max: -1 }),
    (failureTolerancePercentage: number) => make.stackSet({ failureTolerancePercentage }),
  ],
  [
    'excludedAccounts',
    badAccount,
    (account: string) => make.organizationRule({ excludedAccounts: [account] }),
  ],
  ['memberRoleName', badRole, (name: string) => make.organizationRule({ memberRoleName: name })],
  ['externalId', badExternalId, (externalId: string) => make.memberRole({ externalId })],
  ['roleName', badRole, (roleName: string) => make.memberRole({ roleName })],
  ['functionName', badName, (functionName: string) => make.pack({ functionName })],
  ['packName', badName, (packName: string) => make.pack({ packName })],
  ['ruleName', badName, (ruleName: string) => make.pack({ ruleName })],
  ['templateS3Uri', badName, (templateS3Uri: string) => make.pack({ templateS3Uri })],
  ['deliveryS3Bucket', badName, (deliveryS3Bucket: string) => make.pack({ deliveryS3Bucket })],
  ['excludedAccounts', badAccount, (account: string) => make.pack({ excludedAccounts: [account] })],
  ['email', word(/@/), (email: string) => make.topic({ email })],
  ['schedule', badName, (schedule: string) => make.monitoring({ schedule })],
  ['dashboardName', badName, (dashboardName: string) => make.monitoring({ dashboardName })],
  ['ruleNamePrefix', badName, (ruleNamePrefix: string) => make.tickets({ ruleNamePrefix })],
];

const make = {
  function: (props: object) =>
    new TrailsealFunction(newStack(), 'Made', { code: someCode(), ...props }),
  rule: (props: object) => {
    const stack = newStack();
    const handler = new TrailsealFunction(stack, 'Function', { code: someCode() });
    return new TrailsealRule(stack, 'Made', { handler, ...props });
  },
  remediation: (props: object) =>
    new TrailsealRemediation(newStack(), 'Made', { code: someCode(), keyArn: KEY_ARN, ...props }),
  stackSet: (props: object) =>
    new TrailsealStackSet(newStack(), 'Made', {
      organizationalUnitIds: [UNIT],
      regions: [REGION],
      bucketPrefix: 'code',
      ...props,
    }),
  organizationRule: (props: object) =>
    new TrailsealOrganizationRule(newStack(), 'Made', {
      code: someCode(),
      organizationId: ORGANIZATION,
      externalId: 'external-id',
      memberAccounts: ['222233334444'],
      ...props,
    }),
  memberRole: (props: object) =>
    new TrailsealMemberRole(newStack(), 'Made', {
      centralAccount: ACCOUNT,
      externalId: 'external-id',
      ...props,
    }),
  pack: (props: object) =>
    new TrailsealOrganizationConformancePack(newStack(), 'Made', {
      functionName: 'trailseal',
      ...props,
    }),
  topic: (props: object) => new TrailsealTopic(newStack(), 'Made', props),
  monitoring: (props: object) => {
    const stack = newStack();
    const { topic } = new TrailsealTopic(stack, 'Topic');
    const handler = { functionName: 'a', failureQueueName: 'b', logGroupName: 'c' };
    return new TrailsealMonitoring(stack, 'Made', { handler, topic, ...props });
  },
  tickets: (props: object) => {
    const stack = newStack();
    const { topic } = new TrailsealTopic(stack, 'Topic');
    return new TrailsealTickets(stack, 'Made', { topic, ...props });
  },
  bucket: (props: object) =>
    new TrailsealCodeBucket(newStack(), 'Made', {
      bucketPrefix: 'code',
      organizationId: ORGANIZATION,
      ...props,
    }),
};

describe('a bad prop fails the synthesis and is named', () => {
  test.each(CASES)('%s (%#)', (prop, values, build) => {
    fc.assert(
      fc.property(values, (value) => {
        expect(() => build(value as never)).toThrow(
          new RegExp(`^Trailseal[A-Za-z]+: (.*)[\`.]${prop}\``, 's'),
        );
      }),
      { numRuns: 40, seed: 11 },
    );
  });
});

describe('good props are accepted', () => {
  test('names and numbers within their limits', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
    fc.assert(
      fc.property(
        name,
        fc.integer({ min: 128, max: 10240 }),
        fc.integer({ min: 1, max: 900 }),
        fc.integer({ min: 1, max: 1000 }),
        (functionName, memoryMebibytes, timeoutSeconds, reservedConcurrency) => {
          make.function({ functionName, memoryMebibytes, timeoutSeconds, reservedConcurrency });
        },
      ),
      { numRuns: 40, seed: 13 },
    );
  });
});
