import * as fs from 'node:fs';
import * as path from 'node:path';

import { Template } from 'aws-cdk-lib/assertions';
import * as sns from 'aws-cdk-lib/aws-sns';

import { TrailsealMonitoring } from '../lib';
import { packageDirectory } from '../lib/code';
import { FUNCTION_MEMORY_MEBIBYTES } from '../lib/program';
import { newStack } from './support';

const PAGE = fs.readFileSync(path.join(packageDirectory(), 'OPERATIONS.md'), 'utf8');
const COSTS = PAGE.slice(PAGE.indexOf('## Costs'), PAGE.indexOf('## Upgrade'));

/** The cells of the rows of a table that begin with a number. */
function rows(): string[][] {
  return Array.from(COSTS.matchAll(/^\| ([0-9][0-9,]*) \|.*$/gm), ([line]) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** A price that the text states. */
function price(name: string): number {
  const found = new RegExp(`\\b${name} = ([0-9.]+) USD`).exec(COSTS);
  expect([name, found]).not.toEqual([name, null]);
  return Number(found?.[1]);
}

const whole = (value: number) => value.toLocaleString('en-US');
const money = (value: number) =>
  value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });

describe('the costs', () => {
  const regions = 2;
  const trails = 1;
  const changes = 2;
  const invocations = (30 * 24) / 24 + changes;
  const evaluations = trails * ((30 * 24) / 24) + changes;

  test('follow from its formula and prices', () => {
    const second = price('g') * (FUNCTION_MEMORY_MEBIBYTES / 1024) * 0.5;
    const made = [10, 1000, 10000].map((accounts) => {
      const places = accounts * regions;
      const lambda = places * invocations * (price('r') + second);
      return [
        whole(accounts),
        whole(places * evaluations),
        money(places * evaluations * price('e')),
        lambda < 0.01 ? lambda.toFixed(4) : money(lambda),
        whole(3 * places * invocations * trails),
        money(places * (8 * price('a') + 4 * price('m'))),
        money(places * 10 * price('m')),
      ];
    });
    expect(rows()).toEqual(made);
  });

  test('are those of the front page', () => {
    const second = price('g') * (FUNCTION_MEMORY_MEBIBYTES / 1024) * 0.5;
    const cost = evaluations * price('e') + invocations * (price('r') + second);
    const page = fs.readFileSync(path.join(packageDirectory(), '../README.md'), 'utf8');
    expect(page).toContain(
      `about ${cost.toFixed(3)} USD a month for each account and Region, without alarms and ` +
        `without the recording of configuration items and logs: ${evaluations.toString()} evaluations of ` +
        `AWS Config and ${invocations.toString()} invocations of Lambda, and at most ${(3 * invocations * trails).toString()} requests to KMS`,
    );
  });

  test('count the alarms and metrics that are made', () => {
    const stack = newStack();
    const names = { functionName: 'f', failureQueueName: 'q', logGroupName: 'l' };
    const topic = new sns.Topic(stack, 'Topic');
    new TrailsealMonitoring(stack, 'Watch', { handler: names, topic });
    const template = Template.fromStack(stack);
    const count = (type: string) => Object.keys(template.findResources(type)).length;
    expect(COSTS).toContain(
      `alarms = ${count('AWS::CloudWatch::Alarm').toString()} × a + ${count('AWS::Logs::MetricFilter').toString()} × m `,
    );
    const source = fs.readFileSync(
      path.join(packageDirectory(), '../crates/trailseal-lambda/src/log.rs'),
      'utf8',
    );
    const metrics = Array.from(source.matchAll(/^ {4}Metric \{ name: /gm)).length;
    expect(COSTS).toContain(`metrics = ${metrics.toString()} × m `);
  });
});
