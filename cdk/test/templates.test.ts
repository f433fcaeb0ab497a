import * as fs from 'node:fs';
import * as path from 'node:path';

import { parse } from 'yaml';

import { packageDirectory } from '../lib/code';
import { generatedFiles } from '../lib/generated';
import { PARAMETER_SCHEMAS } from '../lib/rule-parameters';
import { templateParameterName } from '../lib/template-parameters';

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

describe('the templates for an organization', () => {
  const account = read('trailseal-account.yaml')['Parameters'] ?? {};

  test('the StackSet has every parameter of the account, and passes each on', () => {
    const template = read('trailseal-stack-set.yaml');
    expect(template['Parameters']).toMatchObject(account);
    const made = template['Resources']?.['StackSet']?.['Properties'] as { Parameters: object[] };
    expect(made.Parameters).toEqual(
      Object.keys(account).map((name) => ({ ParameterKey: name, ParameterValue: name })),
    );
  });

  test('the organization rule has every parameter of the rule, the role of members besides', () => {
    const template = read('trailseal-organization-rule.yaml');
    const rule = template['Resources']?.['Rule']?.['Properties'] as {
      OrganizationCustomRuleMetadata: { InputParameters: string };
    };
    const { InputParameters: text } = rule.OrganizationCustomRuleMetadata;
    const passed = JSON.parse(text) as Record<string, string>;
    expect(Object.keys(passed).sort()).toEqual(Object.keys(PARAMETER_SCHEMAS).sort());
    for (const [name, value] of Object.entries(passed)) {
      const parameter =
        name === 'executionRoleName' ? 'MemberRoleName' : templateParameterName(name);
      expect(value).toBe(`\${${parameter}}`);
      expect(template['Parameters']).toHaveProperty(parameter);
    }
    // With every default there is room left for lists.
    expect(text.length).toBeLessThan(700);
  });

  test('a pack within a template stands as it is', () => {
    for (const name of ['trailseal-conformance-pack', 'trailseal-organization-conformance-pack']) {
      const made = read(`${name}.yaml`)['Resources']?.['Pack']?.['Properties'];
      const pack = fs.readFileSync(path.join(packageDirectory(), 'packs/trailseal.yaml'), 'utf8');
      expect((made as { TemplateBody: string }).TemplateBody).toBe(pack);
    }
  });
});
