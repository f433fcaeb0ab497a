import * as fs from 'node:fs';
import * as path from 'node:path';

import { parse } from 'yaml';

import { packageDirectory } from '../lib/code';

const PERMISSIONS = read('STRICT-ENVIRONMENTS.md');

function read(name: string): string {
  return fs.readFileSync(path.join(packageDirectory(), name), 'utf8');
}

const PAGES = fs
  .readdirSync(packageDirectory())
  .filter((name) => name.endsWith('.md'))
  .map(read)
  .join('\n');

/** The commands of all pages, each on one line. */
const COMMANDS = Array.from(PAGES.matchAll(/```console\n([^]*?)```/g), ([, block]) => block ?? '')
  .map((block) => block.replace(/\\\n(> )?\s*/g, ' '))
  .flatMap((block) => block.split('\n'))
  .filter((line) => /^[$>] /.test(line));

interface Template {
  Transform?: string;
  Parameters?: Record<string, { Default?: unknown }>;
  Resources: Record<string, { Type?: string }>;
}

function template(name: string): Template {
  const tag = (short: string) => ({ tag: short, resolve: (value: string) => value });
  const customTags = [tag('!Ref'), tag('!Sub'), tag('!GetAtt')];
  return parse(read(name), { customTags }) as Template;
}

describe('the commands of the pages', () => {
  const deployments = COMMANDS.filter((line) => line.includes('aws cloudformation deploy '));

  test('deploy every plain template that is not deployed by another', () => {
    const named = Array.from(
      COMMANDS.join('\n').matchAll(/trailseal-[a-z-]+\.yaml/g),
      ([name]) => name,
    );
    const kept = fs.readdirSync(path.join(packageDirectory(), 'templates'));
    expect(kept.filter((name) => !named.includes(name))).toEqual([]);
  });

  test.each(deployments)('%s', (line) => {
    const [, file = ''] = /--template-file (\S+)/.exec(line) ?? [];
    const made = template(file);
    const [, overrides = ''] = /--parameter-overrides (.*?)( --|; done|$)/.exec(line) ?? [];
    const given = overrides
      .trim()
      .split(/\s+/)
      .filter((word) => word !== '')
      .map((word) => word.split('=')[0] ?? '');
    const parameters = made.Parameters ?? {};
    // Every parameter exists, and none that is required is missing.
    expect(given.filter((name) => !(name in parameters))).toEqual([]);
    const required = Object.entries(parameters).filter(([, one]) => one.Default === undefined);
    expect(required.map(([name]) => name).filter((name) => !given.includes(name))).toEqual([]);
    // CloudFormation demands these capabilities.
    const types = Object.values(made.Resources).map((resource) => resource.Type ?? '');
    const capabilities = [
      ...(types.some((type) => type.startsWith('AWS::IAM::')) ? ['CAPABILITY_NAMED_IAM'] : []),
      ...(made.Transform === undefined ? [] : ['CAPABILITY_AUTO_EXPAND']),
    ];
    const stated = line.match(/CAPABILITY_[A-Z_]+/g) ?? [];
    expect(stated).toEqual(capabilities);
  });

  test('use only context keys that an app reads', () => {
    const sources = ['context', 'organization-app', 'single-account-app'].map((name) =>
      read(`bin/${name}.ts`),
    );
    const keys = new Set(Array.from(PAGES.matchAll(/-c ([a-zA-Z]+)=/g), ([, key]) => key ?? ''));
    expect(keys.size).toBeGreaterThan(15);
    expect([...keys].filter((key) => !sources.join().includes(`'${key}'`))).toEqual([]);
  });
});

describe('the permissions for deployment', () => {
  // The action that creates a resource of each type.
  const CREATES: Record<string, string> = {
    'AWS::CloudFormation::LambdaHook': 'cloudformation:ActivateType',
    'AWS::CloudFormation::StackSet': 'cloudformation:*StackSet*',
    'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
    'AWS::CloudWatch::Dashboard': 'PutDashboard',
    'AWS::Config::ConfigRule': 'config:PutConfigRule',
    'AWS::Config::ConfigurationAggregator': 'config:PutConfigurationAggregator',
    'AWS::Config::ConformancePack': 'config:PutConformancePack',
    'AWS::Config::OrganizationConfigRule': 'config:*Organization*',
    'AWS::Config::OrganizationConformancePack': 'config:*Organization*',
    'AWS::Config::RemediationConfiguration': 'config:PutRemediationConfigurations',
    'AWS::Config::StoredQuery': 'config:PutStoredQuery',
    'AWS::Events::Rule': 'events:PutRule',
    'AWS::IAM::ManagedPolicy': 'iam:*Policy*',
    'AWS::IAM::Role': 'iam:*Role',
    'AWS::KMS::Key': 'kms:CreateKey',
    'AWS::Lambda::EventInvokeConfig': 'PutFunctionEventInvokeConfig',
    'AWS::Lambda::Function': 'lambda:CreateFunction',
    'AWS::Lambda::Permission': 'AddPermission',
    'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
    'AWS::Logs::MetricFilter': 'logs:PutMetricFilter',
    'AWS::S3::Bucket': 's3:CreateBucket',
    'AWS::S3::BucketPolicy': 'PutBucketPolicy',
    'AWS::SNS::Subscription': 'sns:Subscribe',
    'AWS::SNS::Topic': 'sns:*Topic*',
    'AWS::SNS::TopicPolicy': 'sns:*Topic*',
    'AWS::SQS::Queue': 'sqs:CreateQueue',
    'AWS::SQS::QueuePolicy': 'SetQueueAttributes',
    'AWS::SSM::Document': 'ssm:CreateDocument',
  };
  const table = PERMISSIONS.slice(0, PERMISSIONS.indexOf('## Settings'));

  test('create every resource of the plain templates', () => {
    const files = fs.readdirSync(path.join(packageDirectory(), 'templates'));
    const types = files.flatMap((name) =>
      Object.values(template(`templates/${name}`).Resources).flatMap(
        ({ Type: type }) => type ?? [],
      ),
    );
    for (const type of new Set(types)) {
      expect([type, CREATES[type]]).not.toEqual([type, undefined]);
      expect(table).toContain(CREATES[type]);
    }
  });

  test('of the import of findings include its schedule', () => {
    const row = table.split('\n').find((line) => line.startsWith('| findings in Security Hub |'));
    expect(row).toContain(CREATES['AWS::Events::Rule']);
  });

  test('include tags and trusted access', () => {
    for (const action of ['lambda:TagResource', 'organizations:EnableAWSServiceAccess']) {
      expect(table).toContain(action);
    }
  });
});
