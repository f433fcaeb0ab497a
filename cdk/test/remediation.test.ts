import * as fs from 'node:fs';
import * as path from 'node:path';

import { CfnParameter, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as kms from 'aws-cdk-lib/aws-kms';
import { parse } from 'yaml';

import leastPrivilege from '../iam/least-privilege.json';
import {
  TrailsealConformancePack,
  TrailsealFunction,
  TrailsealOrganizationConformancePack,
  TrailsealRemediation,
  TrailsealRule,
  type TrailsealRemediationProps,
} from '../lib';
import { packageDirectory } from '../lib/code';
import { generatedFiles } from '../lib/generated';
import * as limits from '../lib/limits';
import { packTemplate } from '../lib/pack-template';
import {
  ACCOUNT,
  KEY_ARN,
  ORGANIZATION,
  REGION,
  newStack,
  only,
  properties,
  someCode,
} from './support';

/** Parameters of a remediation configuration, as AWS Config takes them. */
const PARAMETERS_MAX = 25;

type Found = Record<string, { Type: string; Properties: Record<string, unknown> }>;

function withRemediation(props: Partial<TrailsealRemediationProps> = {}): Stack {
  const stack = newStack();
  new TrailsealRemediation(stack, 'Remediation', { code: someCode(), keyArn: KEY_ARN, ...props });
  return stack;
}

/** Remediation with a function and rule, as in the single-account app. */
function withRule(props: Partial<TrailsealRemediationProps> = {}): Stack {
  const stack = newStack();
  const handler = new TrailsealFunction(stack, 'Function', { code: someCode() });
  const rule = new TrailsealRule(stack, 'Rule', { handler });
  new TrailsealRemediation(stack, 'Remediation', {
    code: someCode(),
    keyArn: KEY_ARN,
    rule,
    ...props,
  });
  return stack;
}

function found(stack: Stack, type: string): Found {
  return Template.fromStack(stack).findResources(type) as Found;
}

/** The statements of the policy whose logical id has this prefix. */
function statementsOf(stack: Stack, id: string): Record<string, unknown>[] {
  const policies = Object.entries(found(stack, 'AWS::IAM::ManagedPolicy'));
  const [policy] = policies.filter(([name]) => name.startsWith(id)).map(([, made]) => made);
  const document = policy?.Properties['PolicyDocument'] as { Statement: Record<string, unknown>[] };
  return document.Statement;
}

const actionsOf = (statements: Record<string, unknown>[]) =>
  statements.flatMap((statement) => statement['Action'] as string | string[]).sort();

const WRITES = ['cloudtrail:UpdateTrail', 'kms:PutKeyPolicy', 'kms:EnableKeyRotation'];

describe('the role of the remediation function', () => {
  test('a) changes only trails of its account and the policy of its key', () => {
    expect(statementsOf(withRemediation(), 'RemediationPolicy')).toMatchSnapshot();
  });

  test("b) may turn on rotation only if the rule's parameters require it", () => {
    const asked = [
      { profile: 'strict' as const },
      { profile: ' strict ' as 'strict' },
      { requireKeyRotation: 'true' as const },
    ];
    for (const parameters of asked) {
      const statements = statementsOf(withRemediation({ parameters }), 'RemediationPolicy');
      expect(statements).toContainEqual({
        Sid: 'RotateKey',
        Effect: 'Allow',
        Action: 'kms:EnableKeyRotation',
        Resource: KEY_ARN,
      });
    }
    const parameters = { requireKeyRotation: 'false' as const };
    const actions = actionsOf(statementsOf(withRemediation({ parameters }), 'RemediationPolicy'));
    expect(actions).not.toContain('kms:EnableKeyRotation');
  });

  test('b2) may turn on rotation if a parameter is known only at deployment', () => {
    for (const name of ['profile', 'requireKeyRotation']) {
      const stack = newStack();
      const parameters = { [name]: new CfnParameter(stack, 'Word').valueAsString };
      new TrailsealRemediation(stack, 'Remediation', {
        code: someCode(),
        keyArn: KEY_ARN,
        parameters,
      });
      const actions = actionsOf(statementsOf(stack, 'RemediationPolicy'));
      expect([name, actions]).toEqual([name, expect.arrayContaining(['kms:EnableKeyRotation'])]);
    }
  });

  test('c) can write to only one key and the trails of one account and Region', () => {
    const statements = statementsOf(
      withRemediation({ parameters: { profile: 'strict' } }),
      'RemediationPolicy',
    );
    const reading = /:(Get|BatchGet|List|Describe)|^logs:/;
    const writing = statements.filter(
      (statement) => !actionsOf([statement]).every((action) => reading.test(action)),
    );
    expect(actionsOf(writing)).toEqual([...WRITES].sort());
    for (const statement of writing) {
      const resource = statement['Resource'];
      const isKey = resource === KEY_ARN;
      const text = JSON.stringify(resource);
      const isOwn = text.includes('AWS::AccountId') && text.includes('AWS::Region');
      expect([statement['Sid'], isKey || isOwn]).toEqual([statement['Sid'], true]);
    }
  });

  test('g) may assume a role in the account of a key within the organization', () => {
    const parameters = { keyAccountRoleName: 'reader' };
    expect(() => withRemediation({ parameters })).toThrow(
      '`parameters.keyAccountRoleName` needs `organizationId`',
    );
    const organizationId = ORGANIZATION;
    const made = statementsOf(withRemediation({ parameters, organizationId }), 'RemediationPolicy');
    expect(made).toContainEqual({
      Sid: 'AssumeKeyAccountRole',
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::*:role/reader']] },
      Condition: { StringEquals: { 'aws:ResourceOrgID': ORGANIZATION } },
    });
  });

  test("d) the runbook's role can only invoke that function", () => {
    expect(statementsOf(withRemediation(), 'RemediationAutomationPolicy')).toEqual([
      {
        Sid: 'InvokeRemediation',
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: { 'Fn::GetAtt': [expect.stringMatching(/^RemediationFunction/), 'Arn'] },
      },
    ]);
  });

  test("e) only Automation in this account may assume the runbook's role", () => {
    const [made] = Object.entries(found(withRemediation(), 'AWS::IAM::Role'))
      .filter(([id]) => id.startsWith('RemediationAutomationRole'))
      .map(([, role]) => role.Properties);
    expect(made?.['RoleName']).toEqual({
      'Fn::Join': ['', ['TrailsealAutomation-', { Ref: 'AWS::Region' }]],
    });
    expect(made?.['AssumeRolePolicyDocument']).toMatchSnapshot();
  });

  test("f) the rule's function gets no further permissions", () => {
    const alone = newStack();
    new TrailsealFunction(alone, 'Function', { code: someCode() });
    const beside = statementsOf(withRule(), 'FunctionPolicy');
    expect(beside).toEqual(statementsOf(alone, 'FunctionPolicy'));
    for (const write of WRITES) {
      expect(actionsOf(beside)).not.toContain(write);
    }
    for (const kind of ['function', 'member', 'central'] as const) {
      const actions = leastPrivilege.roles[kind].statements.flatMap((entry) => entry.actions);
      expect(actions.filter((action) => WRITES.includes(action))).toEqual([]);
    }
  });
});

describe('actions that nothing here grants', () => {
  const never = /ScheduleKeyDeletion|CreateKey\b|DisableKey\b|DeleteAlias|StopLogging|DeleteTrail/;

  test('a) no template or pack contains an action that ends a trail or key or creates a key', () => {
    for (const [name, text] of Object.entries(generatedFiles())) {
      expect([name, never.exec(text)]).toEqual([name, null]);
    }
  });

  test('b) nor does the least-privilege file', () => {
    const file = path.join(packageDirectory(), 'iam/least-privilege.json');
    expect(never.exec(fs.readFileSync(file, 'utf8'))).toBeNull();
    const roles = Object.values(leastPrivilege.roles);
    const statements = roles.flatMap((role) => role.statements as { actions: string[] }[]);
    const wide = statements.flatMap((entry) => entry.actions).filter((name) => name.includes('*'));
    expect(wide).toEqual([]);
  });

  test('c) nor does the construct with all settings', () => {
    const stack = withRule({
      dryRun: false,
      replaceKey: true,
      parameters: { profile: 'strict' },
    });
    expect(never.exec(JSON.stringify(Template.fromStack(stack).toJSON()))).toBeNull();
  });
});

describe('the remediation function', () => {
  test('a) matches the snapshot by default', () => {
    const made = properties(withRemediation(), 'AWS::Lambda::Function');
    expect(made).toMatchSnapshot({ Code: expect.any(Object) });
  });

  test('b) times out before the runbook stops waiting', () => {
    const made = properties(withRemediation(), 'AWS::Lambda::Function');
    expect(made['Timeout']).toBeLessThan(limits.AUTOMATION_INVOKE_SECONDS_MAX);
  });

  test('c) the parameters of the rule are its only variable', () => {
    const parameters = { profile: 'strict' as const, exemptTrails: '' };
    const made = properties(withRemediation({ parameters }), 'AWS::Lambda::Function');
    expect(made['Environment']).toEqual({
      Variables: { TRAILSEAL_RULE_PARAMETERS: '{"profile":"strict"}' },
    });
  });

  test('d) its logs contain journals, so they are kept long and outlive the stack', () => {
    const stack = newStack();
    const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', KEY_ARN);
    new TrailsealRemediation(stack, 'Remediation', {
      code: someCode(),
      keyArn: KEY_ARN,
      encryptionKey,
    });
    const group = only(stack, 'AWS::Logs::LogGroup');
    expect(group['Properties']).toEqual({ RetentionInDays: 3653, KmsKeyId: KEY_ARN });
    expect(group['DeletionPolicy']).toBe('Retain');
  });

  test('e) only principals of the account may invoke it', () => {
    expect(found(withRemediation(), 'AWS::Lambda::Permission')).toEqual({});
  });

  test('f) needs no reserved concurrency', () => {
    const stack = withRemediation({ reservedConcurrency: 'none' });
    const made = properties(stack, 'AWS::Lambda::Function');
    expect(made).not.toHaveProperty('ReservedConcurrentExecutions');
  });
});

describe('the remediation configuration', () => {
  const configuration = (props: Partial<TrailsealRemediationProps> = {}) =>
    properties(withRule(props), 'AWS::Config::RemediationConfiguration');

  test('a) is a manual dry run by default', () => {
    expect(configuration()).toMatchSnapshot();
  });

  test('b) passes the props to the runbook', () => {
    const made = configuration({ dryRun: false, replaceKey: true });
    expect(made['Automatic']).toBe(false);
    expect(made['Parameters']).toMatchObject({
      KeyArn: { StaticValue: { Values: [KEY_ARN] } },
      DryRun: { StaticValue: { Values: ['false'] } },
      ReplaceKey: { StaticValue: { Values: ['true'] } },
    });
  });

  test('c) is automatic only with explicit settings, and attempts once', () => {
    expect(configuration({ dryRun: false, automatic: true })).toMatchObject({
      Automatic: true,
      MaximumAutomaticAttempts: 1,
      RetryAttemptSeconds: 3600,
      Parameters: { ReplaceKey: { StaticValue: { Values: ['false'] } } },
    });
  });

  test('d) passes every parameter of the runbook', () => {
    const stack = withRule();
    const { Content: content } = properties(stack, 'AWS::SSM::Document') as {
      Content: { parameters: object };
    };
    const handed = Object.keys(configuration()['Parameters'] as object);
    expect(handed.sort()).toEqual(Object.keys(content.parameters).sort());
    expect(handed.length).toBeLessThanOrEqual(PARAMETERS_MAX);
  });

  test('e) does not exist without a rule', () => {
    expect(found(withRemediation(), 'AWS::Config::RemediationConfiguration')).toEqual({});
  });
});

describe('a pack', () => {
  const LITERAL = { account: ACCOUNT, region: REGION, partition: 'aws', keyArn: KEY_ARN };

  test('a) offers the runbook after its rule, with the role of a literal account', () => {
    const { body } = packTemplate({ functionName: 'trailseal', remediation: LITERAL }, 'Pack');
    expect(body).toMatchSnapshot();
    expect(body).not.toContain('Token[');
  });

  test('b) adds remediation next to our rule in a pack of AWS', () => {
    const theirs = `
Resources:
  Theirs:
    Type: AWS::Config::ConfigRule
    Properties: {Source: {Owner: AWS, SourceIdentifier: CLOUD_TRAIL_ENCRYPTION_ENABLED}}
`;
    for (const rules of [{ pack: theirs }, 'cis' as const]) {
      const { body } = packTemplate(
        { functionName: 'trailseal', ruleName: 'ours', rules, remediation: LITERAL },
        'Pack',
      );
      const made = parse(body) as { Resources: Found };
      expect(made.Resources['TrailsealRemediation']).toMatchObject({
        Type: 'AWS::Config::RemediationConfiguration',
        DependsOn: 'Trailseal',
        Properties: { ConfigRuleName: 'ours', Automatic: false },
      });
      expect(made.Resources['Trailseal']?.Type).toBe('AWS::Config::ConfigRule');
    }
  });

  test("c) CloudFormation completes the role's ARN in a stack", () => {
    const stack = newStack();
    const handler = new TrailsealFunction(stack, 'Function', { code: someCode() });
    new TrailsealConformancePack(stack, 'Pack', {
      handler,
      functionName: 'trailseal',
      remediation: { keyArn: KEY_ARN },
    });
    const body = properties(stack, 'AWS::Config::ConformancePack')['TemplateBody'];
    const parts = (body as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1];
    const values: Record<string, string> = {
      'AWS::Partition': 'aws',
      'AWS::AccountId': ACCOUNT,
      'AWS::Region': REGION,
    };
    const text = parts
      .map((part) => (typeof part === 'string' ? part : values[(part as { Ref: string }).Ref]))
      .join('');
    expect(text).toContain(`- 'arn:aws:iam::${ACCOUNT}:role/TrailsealAutomation-${REGION}'\n`);
    // AWS Config resolves these itself, so cfn-lint must ignore them.
    const made = only(stack, 'AWS::Config::ConformancePack');
    expect(made['Metadata']).toEqual({ 'cfn-lint': { config: { ignore_checks: ['E1029'] } } });
    expect(text).toContain('${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}');
  });

  /** The text of the pack in a kept template, as the deployment completes it. */
  const completed = (name: string, given: Record<string, string>) => {
    const file = path.join(packageDirectory(), `templates/trailseal-${name}.yaml`);
    const tag = (name: string) => ({ tag: name, resolve: (value: string) => value });
    const template = parse(fs.readFileSync(file, 'utf8'), {
      customTags: [tag('!Sub'), tag('!Ref')],
    }) as { Resources: { Pack: { Properties: { TemplateBody: string } } } };
    const values: Record<string, string> = {
      'AWS::Partition': 'aws',
      'AWS::AccountId': ACCOUNT,
      'AWS::Region': REGION,
      KeyArn: KEY_ARN,
      DryRun: 'false',
      ReplaceKey: 'true',
      ...given,
    };
    return template.Resources.Pack.Properties.TemplateBody.replace(
      /\$\{(!?)([^}]+)\}/g,
      (_, literal: string, name: string) =>
        literal === '' ? (values[name] ?? 'unknown') : `\${${name}}`,
    );
  };

  test('d) values that the deployment inserts into the kept template stay text', () => {
    const body = completed('conformance-pack-with-remediation', {});
    const given = { ...LITERAL, dryRun: false, replaceKey: true };
    const made = packTemplate(
      { functionName: 'trailseal', remediation: given, takesParameters: true },
      'Pack',
    ).body;
    expect(parse(body)).toEqual(parse(made));
  });

  test('d2) the same for an organization, whichever account deploys', () => {
    const management = '999988887777';
    const body = completed('organization-conformance-pack-with-remediation', {
      ManagementAccount: management,
    });
    const stack = newStack();
    new TrailsealOrganizationConformancePack(stack, 'Pack', {
      functionName: 'trailseal',
      takesParameters: true,
      remediation: { ...LITERAL, account: management, dryRun: false, replaceKey: true },
    });
    const made = properties(stack, 'AWS::Config::OrganizationConformancePack');
    expect(parse(body)).toEqual(parse(made['TemplateBody'] as string));
    expect(body).toContain(`arn:aws:iam::${management}:role/TrailsealAutomation-${REGION}`);
    expect(body).not.toContain(`iam::${ACCOUNT}`);
  });

  test('e) rejects incomplete or unsafe remediation by name', () => {
    const refusal = (remediation: object, rest: object = {}) => {
      const settings = { functionName: 'trailseal', remediation: { ...LITERAL, ...remediation } };
      return () => packTemplate({ ...settings, ...rest }, 'Pack');
    };
    expect(refusal({ keyArn: 'alias/logs', account: '1' })).toThrow(
      'Pack: `remediation.keyArn` is `alias/logs`; expected the ARN of a KMS key: an alias can ' +
        'move to another key; `remediation.account` is `1`; expected an account id',
    );
    expect(refusal({ automatic: true })).toThrow(
      '`remediation.automatic` requires `dryRun: false`',
    );
    const templateS3Uri = 's3://bucket/pack.yaml';
    expect(refusal({}, { templateS3Uri })).not.toThrow();
    expect(refusal({ account: undefined }, { templateS3Uri })).toThrow(
      '`remediation` of a template in a bucket requires `account`, `region` and `partition`',
    );
  });
});

describe('invalid props', () => {
  test('a) reports every bad prop at once by name', () => {
    const props = {
      keyArn: 'arn:aws:kms:eu-west-1:111122223333:alias/logs',
      automatic: true,
      replaceKey: true,
      functionName: 'not a name',
      documentName: 'no',
      reservedConcurrency: 0,
      parameters: { profile: 'loose' as 'cis' },
    };
    expect(() => withRemediation(props)).toThrow(
      'TrailsealRemediation: `keyArn` is `arn:aws:kms:eu-west-1:111122223333:alias/logs`; ' +
        'expected the ARN of a KMS key: an alias can move to another key; ' +
        '`automatic` requires `dryRun: false`: a dry run that starts automatically changes ' +
        'nothing; ' +
        '`automatic` excludes `replaceKey`: only a person who has seen the plan may replace a key; ' +
        '`ruleParameters.profile` is `loose`; expected one of `cis`, `effective`, `strict`; ' +
        '`functionName` is `not a name`; expected the name of a function; ' +
        '`documentName` is `no`; expected the name of a document; ' +
        '`reservedConcurrency` is `0`; expected a whole number from 1 to 1000',
    );
  });
});
