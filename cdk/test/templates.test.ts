import * as fs from 'node:fs';
import * as path from 'node:path';

import { parse } from 'yaml';

import { packageDirectory } from '../lib/code';
import { generatedFiles } from '../lib/generated';
import { PARAMETER_SCHEMAS } from '../lib/rule-parameters';
import { templateParameterName } from '../lib/account-template';

const FILES = generatedFiles();

/** Reads a template; the short forms of functions become plain text. */
function read(name: string): Record<string, Record<string, Record<string, unknown>>> {
  const text = fs.readFileSync(path.join(packageDirectory(), 'templates', name), 'utf8');
  const tag = (name: string) => ({ tag: name, resolve: (value: string) => value });
  return parse(text, {
    customTags: [tag('!Ref'), tag('!Sub'), tag('!GetAtt')],
  }) as Record<string, Record<string, Record<string, unknown>>>;
}

describe('what is made from the constructs and the schema', () => {
  test.each(Object.keys(FILES))('%s is current (`npm run generate` makes it so)', (name) => {
    const kept = fs.readFileSync(path.join(packageDirectory(), name), 'utf8');
    expect(kept).toBe(FILES[name]);
  });

  test('no other template is kept', () => {
    for (const folder of ['templates', 'packs']) {
      const kept = fs.readdirSync(path.join(packageDirectory(), folder)).sort();
      const made = Object.keys(FILES)
        .filter((name) => name.startsWith(`${folder}/`))
        .map((name) => path.basename(name));
      expect(kept).toEqual(made.sort());
    }
  });

  test('nothing in them is left to the tools that made them', () => {
    for (const [name, text] of Object.entries(FILES)) {
      expect([
        name,
        text.match(/Token\[|aws:cdk|BootstrapVersion|cdk-hnb|AssetParameters/),
      ]).toEqual([name, null]);
    }
  });
});

describe('the template of one account', () => {
  const template = read('trailseal-account.yaml');

  test('has every parameter of the rule but the one of central functions, with its default', () => {
    for (const [name, spec] of Object.entries(PARAMETER_SCHEMAS)) {
      const parameter = template['Parameters']?.[templateParameterName(name)];
      if (name === 'executionRoleName') {
        expect(parameter).toBeUndefined();
      } else {
        expect(parameter?.['Default']).toBe(spec.default ?? '');
      }
    }
  });

  test('passes each of them to the rule', () => {
    const rule = template['Resources']?.['Rule']?.['Properties'] as { InputParameters: object };
    const names = Object.keys(PARAMETER_SCHEMAS).filter((name) => name !== 'executionRoleName');
    expect(Object.keys(rule.InputParameters).sort()).toEqual(names.sort());
  });

  test('its patterns take what the schema takes', () => {
    const pattern = (name: string) =>
      new RegExp(template['Parameters']?.[name]?.['AllowedPattern'] as string, 'u');
    expect('').toMatch(pattern('AllowedKeyAccounts'));
    expect('111122223333, 222233334444').toMatch(pattern('AllowedKeyAccounts'));
    expect('1').not.toMatch(pattern('AllowedKeyAccounts'));
    expect('my-bucket').toMatch(pattern('CodeBucketPrefix'));
    expect('My').not.toMatch(pattern('CodeBucketPrefix'));
  });
});
