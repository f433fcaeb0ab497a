import { spawnSync } from 'node:child_process';

import leastPrivilege from '../iam/least-privilege.json';
import {
  DOCUMENT_OUTPUTS,
  DOCUMENT_PARAMETERS,
  REPORT_SCRIPT,
  remediationDocument,
} from '../lib/remediation-document';
import * as limits from '../lib/limits';

/** Bytes of the content of a Systems Manager document. */
const DOCUMENT_BYTES_MAX = 65536;

interface Step {
  name: string;
  action: string;
  inputs: Record<string, unknown>;
  outputs?: { Name: string; Selector: string; Type: string }[];
  nextStep?: string;
  isEnd?: boolean;
  onFailure?: string;
  timeoutSeconds?: number;
  maxAttempts?: number;
}

interface Parameter {
  type: string;
  description: string;
  default?: unknown;
  allowedPattern?: string;
}

const content = remediationDocument('trailseal-remediation');
const parameters = content['parameters'] as Record<string, Parameter>;
const steps = content['mainSteps'] as Step[];

/** The names in `{{ }}` in a value. */
function references(value: unknown): string[] {
  const found = JSON.stringify(value).matchAll(/\{\{\s*([^}\s]+)\s*\}\}/g);
  return [...found].map((match) => match[1] ?? '');
}

/** The IAM actions that a step needs of the runbook's role, by the step's action in Automation. */
const NEEDED: Record<string, readonly string[]> = {
  'aws:invokeLambdaFunction': ['lambda:InvokeFunction'],
  // The script runs in Automation itself; what it calls needs grants of its own.
  'aws:executeScript': [],
};

describe("the runbook's role", () => {
  const granted = leastPrivilege.roles.automation.statements.flatMap((entry) => entry.actions);

  test('grants exactly what the steps of the runbook call', () => {
    const unknown = steps.map((step) => step.action).filter((action) => !(action in NEEDED));
    expect(unknown).toEqual([]);
    const called = steps.flatMap((step) => NEEDED[step.action] ?? []);
    expect([...new Set(called)].sort()).toEqual([...granted].sort());
  });

  test('invokes one function only, the one that the steps name', () => {
    const named = steps.flatMap((step) => step.inputs['FunctionName'] ?? []);
    expect(named).toEqual(['trailseal-remediation']);
    const resources = leastPrivilege.roles.automation.statements.flatMap((one) => one.resources);
    expect(resources).toEqual(['${FunctionArn}']);
  });

  test('needs nothing for the script, which imports nothing that calls AWS', () => {
    const scripts = steps.flatMap((step) => step.inputs['Script'] ?? []);
    expect(scripts).toEqual([REPORT_SCRIPT]);
    const imports = REPORT_SCRIPT.split('\n').filter((line) => /\bimport\b|__/.test(line));
    expect(imports).toEqual(['import json']);
  });
});

test('every role of the file is compared with the calls of its program or document', () => {
  // tests/acceptance compares the first six with the calls of the programs; the other two are
  // compared here and in hook.test.ts.
  expect(Object.keys(leastPrivilege.roles).sort()).toEqual(
    [
      ...['function', 'member', 'central', 'remediation', 'hook', 'findings'],
      ...['automation', 'hookExecution'],
    ].sort(),
  );
});

describe('the runbook', () => {
  test('a) matches the snapshot', () => {
    expect(content).toMatchSnapshot();
  });

  test('b) has only members of schema 0.3', () => {
    expect(content['schemaVersion']).toBe('0.3');
    const members = ['schemaVersion', 'description', 'assumeRole', 'parameters', 'mainSteps'];
    expect(Object.keys(content)).toEqual([...members, 'outputs']);
    expect(Buffer.byteLength(JSON.stringify(content))).toBeLessThan(DOCUMENT_BYTES_MAX);
  });

  test('c) has parameters of valid types whose defaults change nothing', () => {
    expect(Object.keys(parameters)).toEqual(Object.values(DOCUMENT_PARAMETERS));
    for (const parameter of Object.values(parameters)) {
      expect(['String', 'Boolean']).toContain(parameter.type);
      const isOptional = parameter.default !== undefined;
      expect(parameter.description.startsWith(isOptional ? '(Optional) ' : '(Required) ')).toBe(
        true,
      );
    }
    expect(parameters['DryRun']?.default).toBe(true);
    expect(parameters['ReplaceKey']?.default).toBe(false);
    // The trail, the key and the role have no default.
    for (const name of ['Trail', 'KeyArn', 'AutomationAssumeRole']) {
      expect(parameters[name]).not.toHaveProperty('default');
    }
  });

  test('d) its patterns accept only valid trails, keys and roles', () => {
    const pattern = (name: string) => new RegExp(parameters[name]?.allowedPattern ?? 'none', 'u');
    const takes: [string, string[], string[]][] = [
      [
        'Trail',
        ['main-trail', 'arn:aws:cloudtrail:eu-west-1:111122223333:trail/main-trail'],
        ['', 'a', '-trail', 'a b', 'arn:aws:s3:::bucket', 'main-trail\n', '{{ KeyArn }}'],
      ],
      [
        'KeyArn',
        [
          'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555',
          'arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-11112222333344445555666677778888',
        ],
        ['', 'alias/logs', 'arn:aws:kms:eu-west-1:111122223333:alias/logs'],
      ],
      [
        'AutomationAssumeRole',
        ['arn:aws:iam::111122223333:role/TrailsealAutomation-eu-west-1'],
        ['', 'TrailsealAutomation', 'arn:aws:iam::1:role/x'],
      ],
    ];
    for (const [name, good, bad] of takes) {
      for (const value of good) {
        expect(value).toMatch(pattern(name));
      }
      for (const value of bad) {
        expect(value).not.toMatch(pattern(name));
      }
    }
  });

  test('e) every step leads to the next, and the last one ends', () => {
    const names = steps.map((step) => step.name);
    expect(new Set(names).size).toBe(names.length);
    steps.forEach((step, index) => {
      const isLast = index === steps.length - 1;
      expect(step.isEnd ?? false).toBe(isLast);
      expect(step.nextStep).toBe(isLast ? undefined : names[index + 1]);
      expect(step.onFailure).toBe('Abort');
    });
  });

  test('f) every name in braces is a parameter or an output of an earlier step', () => {
    const known = new Set(Object.keys(parameters));
    expect(references(content['assumeRole'])).toEqual(['AutomationAssumeRole']);
    for (const step of steps) {
      for (const name of references(step.inputs)) {
        expect(known).toContain(name);
      }
      if (step.action === 'aws:invokeLambdaFunction') {
        known.add(`${step.name}.Payload`);
      }
      for (const output of step.outputs ?? []) {
        known.add(`${step.name}.${output.Name}`);
      }
    }
    const outputs = content['outputs'] as string[];
    expect(outputs).toEqual(Object.keys(DOCUMENT_OUTPUTS).map((name) => `Report.${name}`));
    for (const output of outputs) {
      expect(known).toContain(output);
    }
  });

  test('g) invokes the function once and waits as long as Automation can', () => {
    const [invoke] = steps;
    expect(invoke).toMatchObject({
      action: 'aws:invokeLambdaFunction',
      maxAttempts: 1,
      timeoutSeconds: limits.AUTOMATION_INVOKE_SECONDS_MAX,
      inputs: { FunctionName: 'trailseal-remediation', InvocationType: 'RequestResponse' },
    });
    expect(Object.keys(invoke?.inputs['InputPayload'] as object)).toEqual([
      'trail',
      'key',
      'dryRun',
      'replaceKey',
    ]);
  });
});

describe('the script of the runbook', () => {
  /** Runs the script as Automation does: its handler gets the inputs of the step. */
  function report(answer: unknown): { status: number | null; stdout: string; stderr: string } {
    const program = `${REPORT_SCRIPT}\nimport sys\nprint(json.dumps(report(json.load(sys.stdin), None)))\n`;
    const run = spawnSync(process.env['TRAILSEAL_PYTHON'] ?? 'python3', ['-c', program], {
      input: JSON.stringify({ answer }),
      encoding: 'utf8',
    });
    expect(run.error).toBeUndefined();
    return run;
  }

  const ANSWER = {
    outcome: 'applied',
    plan: 'first\nsecond',
    done: ['one', 'two'],
    formerKeyId: null,
    formerKeyPolicy: '{"Version":"2012-10-17"}',
    backOut: ['aws cloudtrail update-trail'],
    journal: ['{"a":1}', '{"b":2}'],
    trail: 'not an output',
  };
  const OUTPUTS = {
    outcome: 'applied',
    plan: 'first\nsecond',
    done: 'one\ntwo',
    formerKeyId: '',
    formerKeyPolicy: '{"Version":"2012-10-17"}',
    backOut: 'aws cloudtrail update-trail',
    journal: '{"a":1}\n{"b":2}',
  };

  test('a) every output is text, whether the response is text or an object', () => {
    for (const answer of [ANSWER, JSON.stringify(ANSWER)]) {
      const run = report(answer);
      expect(run.stderr).toBe('');
      expect(JSON.parse(run.stdout)).toEqual(OUTPUTS);
    }
  });

  test("b) an error of the function fails the runbook with the function's own line", () => {
    const run = report(
      JSON.stringify({ errorType: 'Refused', errorMessage: 'refused: the trail has a key' }),
    );
    expect(run.status).not.toBe(0);
    expect(run.stderr.trim().split('\n').at(-1)).toBe('Exception: refused: the trail has a key');
  });

  test('c) a response without an output fails it as well', () => {
    const { journal, ...rest } = ANSWER;
    expect(journal).toHaveLength(2);
    const run = report(JSON.stringify(rest));
    expect(run.status).not.toBe(0);
    expect(run.stderr).toContain("KeyError: 'journal'");
  });

  test('d) each output has its selector', () => {
    const report = steps.at(-1);
    expect(report?.outputs).toEqual(
      Object.entries(DOCUMENT_OUTPUTS).map(([name, member]) => ({
        Name: name,
        Selector: `$.Payload.${member}`,
        Type: 'String',
      })),
    );
    expect(Object.keys(OUTPUTS)).toEqual(Object.values(DOCUMENT_OUTPUTS));
  });
});
