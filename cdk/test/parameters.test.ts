import * as fs from 'node:fs';
import * as path from 'node:path';

import Ajv from 'ajv/dist/2020';
import * as fc from 'fast-check';

import { packageDirectory } from '../lib/code';
import schema from '../schema/rule-parameters.schema.json';
import {
  PARAMETER_NAMES,
  PARAMETER_SCHEMAS,
  parameterFaults,
  withoutEmpty,
} from '../lib/rule-parameters';

const given = (parameters: Record<string, unknown>) => parameterFaults(parameters);

describe('parameters', () => {
  test.each([
    ['nothing', {}],
    ['empty values mean the default', { profile: '', allowedKmsKeyArns: ' ' }],
    [
      'a list with spaces and a comma at its end',
      { allowedKeyAccounts: '111122223333 , 222233334444,' },
    ],
    ['a wildcard', { allowedKmsKeyArns: 'arn:aws:kms:*:111122223333:key/*' }],
    [
      'a last day',
      { exemptTrails: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/old@2026-12-31' },
    ],
    ['a period where rotation is checked', { maxRotationPeriodDays: '365', profile: 'strict' }],
    ['skipped checks', { profile: 'strict', skipChecks: 'delivery-unbroken, key-rotated,' }],
    [
      'a switch that is off beside its skipped check',
      { checkDelivery: 'false', skipChecks: 'delivery-unbroken' },
    ],
    ['a role with its path', { keyAccountRoleName: 'security/reader' }],
    ['null, which means what an absent value means', { profile: null }],
    [
      'a leap day, and spaces about a list',
      {
        exemptTrails: 'arn:aws:cloudtrail:*:*:trail/a@2028-02-29 , arn:aws:cloudtrail:*:*:trail/b',
      },
    ],
    [
      'a word with spaces about it that switches rotation on',
      { maxRotationPeriodDays: '365', requireKeyRotation: ' true ' },
    ],
  ])('accepts %s', (_, parameters) => {
    expect(given(parameters)).toEqual([]);
  });

  test.each([
    [
      { profile: 'loose' },
      '`ruleParameters.profile` is `loose`; expected one of `cis`, `effective`, `strict`',
    ],
    [
      { allowedKeyAccounts: '111122223333,12' },
      '`ruleParameters.allowedKeyAccounts` is `12`; expected account ids, separated by commas',
    ],
    [
      { allowedKeyAccounts: ',' },
      '`ruleParameters.allowedKeyAccounts` is `,`; expected account ids, separated by commas',
    ],
    [
      { maxRotationPeriodDays: '89', requireKeyRotation: 'true' },
      '`ruleParameters.maxRotationPeriodDays` is `89`; expected a whole number from 90 to 2560',
    ],
    [
      { maxRotationPeriodDays: '2561', requireKeyRotation: 'true' },
      '`ruleParameters.maxRotationPeriodDays` is `2561`; expected a whole number from 90 to 2560',
    ],
    [
      { maxRotationPeriodDays: '365' },
      '`ruleParameters.maxRotationPeriodDays` has no effect; it takes `requireKeyRotation` = `true` or `profile` = `strict`',
    ],
    [
      { checkDelivery: 'true', skipChecks: 'key-rotated, delivery-unbroken' },
      '`ruleParameters.checkDelivery` has no effect; `skipChecks` names `delivery-unbroken`',
    ],
    [
      {
        checkKeyPolicy: 'true',
        skipChecks: 'key-policy-guards-decryption,key-policy-admits-cloudtrail',
      },
      '`ruleParameters.checkKeyPolicy` has no effect; ' +
        '`skipChecks` names `key-policy-admits-cloudtrail`, `key-policy-guards-decryption`',
    ],
    [
      { skipChecks: 'sse-kms-enabled' },
      expect.stringMatching(
        /^`ruleParameters.skipChecks` is `sse-kms-enabled`; expected checks, separated by commas, of key-customer-managed, /,
      ),
    ],
    [
      { requireKeyRotation: true },
      '`ruleParameters.requireKeyRotation` is a boolean; expected text',
    ],
    [
      { keyAccountRoleName: 'a role,b' },
      '`ruleParameters.keyAccountRoleName` is `a role,b`; expected the name of a role, with its path',
    ],
    [{ profile: ['cis'] }, '`ruleParameters.profile` is a list; expected text'],
    [{ profile: { cis: true } }, '`ruleParameters.profile` is an object; expected text'],
    [
      { maxRotationPeriodDays: 365 },
      '`ruleParameters.maxRotationPeriodDays` is a number; expected text',
    ],
    [
      { maxRotationPeriodDays: '89' },
      '`ruleParameters.maxRotationPeriodDays` is `89`; expected a whole number from 90 to 2560',
    ],
    [
      { exemptTrails: 'arn:aws:cloudtrail:*:*:trail/a@2027-02-29' },
      '`ruleParameters.exemptTrails` is `arn:aws:cloudtrail:*:*:trail/a@2027-02-29`; expected trail ARNs, ' +
        'separated by commas, `*` as wildcard within a part, each with an optional last day `@YYYY-MM-DD`',
    ],
    [
      { allowedKmsKeyArns: 'arn:aws:kms:*:*:key/a b' },
      '`ruleParameters.allowedKmsKeyArns` is `arn:aws:kms:*:*:key/a b`; expected key ARNs, ' +
        'separated by commas, `*` as wildcard within a part',
    ],
  ])('refuses %j', (parameters, message) => {
    expect(given(parameters)).toEqual([message]);
  });

  test('rejects an unknown name and lists the known ones', () => {
    expect(given({ Profile: 'cis' })).toEqual([
      `\`ruleParameters.Profile\` is not a parameter of this rule; it has ${PARAMETER_NAMES.join(', ')}`,
    ]);
    expect(given({ toString: 'x' })[0]).toContain('is not a parameter of this rule');
  });

  test('rejects more characters than AWS Config accepts', () => {
    const accounts = Array.from({ length: 90 }, () => '111122223333').join(',');
    expect(given({ allowedKeyAccounts: accounts })).toEqual([
      expect.stringMatching(/^`ruleParameters` has \d+ characters as JSON; Config takes 1024$/),
    ]);
  });

  test('repeats only the start of a long value, on one line', () => {
    expect(given({ replicas: `a\nb${'x'.repeat(100)}` })).toEqual([
      `\`ruleParameters.replicas\` is \`a b${'x'.repeat(77)}...\`; expected one of \`NOT_APPLICABLE\`, \`EVALUATE\``,
    ]);
  });

  test("reports every fault at once in the function's order", () => {
    const faults = given({ replicas: 'y', profile: 'x', other: 'z' });
    expect(faults.map((fault) => fault.split('`')[1])).toEqual([
      'ruleParameters.other',
      'ruleParameters.profile',
      'ruleParameters.replicas',
    ]);
  });

  test("has the function's names, order and messages", () => {
    const read = (file: string) =>
      fs.readFileSync(path.join(packageDirectory(), '../crates', file), 'utf8');
    const specs = read('trailseal-rule/src/parameter_specs.rs');
    const names = Array.from(specs.matchAll(/^ {8}name: "(\w+)",$/gm), ([, name]) => name);
    expect(PARAMETER_NAMES).toEqual(names);
    expect([...PARAMETER_NAMES].sort()).toEqual(Object.keys(PARAMETER_SCHEMAS).sort());
    // Messages that this code adds to the schema's texts, and their location in the function.
    const words = {
      'config-rule/src/error.rs': ['is `{}`; expected {expected}', 'QUOTED_CHARS_MAX: usize = 80'],
      'config-rule/src/parameters.rs': [
        'is not a parameter of this rule; it has {}',
        'is {}; expected text',
      ],
      'trailseal-rule/src/parameter_specs.rs': [
        'has no effect; {why}',
        'it takes `requireKeyRotation` = `true` or `profile` = `strict`',
        '`skipChecks` names {}',
      ],
      'config-rule/src/members.rs': ['"a boolean"', '"a number"', '"a list"', '"an object"'],
    };
    for (const [file, sentences] of Object.entries(words)) {
      for (const sentence of sentences) {
        expect(read(file)).toContain(sentence);
      }
    }
  });

  test("the documentation's order begins with the profile", () => {
    expect(withoutEmpty({ unverified: 'COMPLIANT', profile: 'cis', replicas: '' })).toEqual({
      profile: 'cis',
      unverified: 'COMPLIANT',
    });
    expect(PARAMETER_NAMES[0]).toBe('profile');
  });
});

describe('the schema', () => {
  const ajv = new Ajv({ strict: false });
  const valid = ajv.compile(schema);

  test('is valid and accepts every default', () => {
    const defaults = Object.entries(PARAMETER_SCHEMAS).flatMap(([name, spec]) =>
      spec.default === undefined ? [] : [[name, spec.default]],
    );
    expect(valid(Object.fromEntries(defaults))).toBe(true);
    expect(defaults.length).toBeGreaterThan(4);
  });

  test('agrees with our validation of every value', () => {
    const names = Object.keys(PARAMETER_SCHEMAS);
    const words = Object.values(PARAMETER_SCHEMAS).flatMap((spec) => spec.enum ?? []);
    const value = fc.oneof(
      fc.constantFrom(
        ...words,
        '111122223333',
        'arn:aws:kms:a:b:c',
        'role/name',
        'a b',
        '90',
        '2560',
        '2561',
      ),
      fc.string({ minLength: 1, maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), value, (name, text) => {
        fc.pre(text.trim() === text && text !== '' && !text.includes(','));
        // With rotation checked, so that a maximum period has an effect.
        const taken = given({ requireKeyRotation: 'true', [name]: text });
        expect(taken.length === 0).toBe(valid({ [name]: text }));
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
