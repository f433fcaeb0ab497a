import * as limits from './limits';

/** The default name of the runbook; conformance packs use it. */
export const DEFAULT_DOCUMENT_NAME = 'TrailsealRemediation';

/** The names of the runbook's parameters. */
export const DOCUMENT_PARAMETERS = {
  trail: 'Trail',
  key: 'KeyArn',
  dryRun: 'DryRun',
  replaceKey: 'ReplaceKey',
  role: 'AutomationAssumeRole',
} as const;

/** The outputs of the runbook, and the members of the function's response. */
export const DOCUMENT_OUTPUTS = {
  Outcome: 'outcome',
  Plan: 'plan',
  Done: 'done',
  FormerKeyId: 'formerKeyId',
  FormerKeyPolicy: 'formerKeyPolicy',
  BackOut: 'backOut',
  Journal: 'journal',
} as const;

/** The runtime of the script, by Automation's name. */
const SCRIPT_RUNTIME = 'python3.11';

/**
 * Converts the function's response to outputs. An error that Lambda reports ends the runbook with
 * its one line, whether or not the previous step failed.
 */
export const REPORT_SCRIPT = [
  'import json',
  '',
  'def report(events, context):',
  '    answer = events["answer"]',
  '    if isinstance(answer, str):',
  '        answer = json.loads(answer)',
  '    if "errorMessage" in answer:',
  '        raise Exception(answer["errorMessage"])',
  '    texts = {}',
  `    for name in ${JSON.stringify(Object.values(DOCUMENT_OUTPUTS))}:`,
  '        value = answer[name]',
  '        if isinstance(value, list):',
  '            value = "\\n".join(value)',
  '        texts[name] = "" if value is None else value',
  '    return texts',
  '',
].join('\n');

const DESCRIPTION = [
  'Seals an AWS CloudTrail trail with an existing customer managed KMS key.',
  '',
  'A dry run by default: it shows the plan and changes nothing. Otherwise it adds to the policy of',
  'the key the missing statements that CloudTrail needs, sets the key on the trail,',
  'and reads back each change. It changes only a trail without a key unless ReplaceKey allows',
  'more, and never an unverified trail. It neither creates nor deletes a key.',
  '',
  'The outputs contain the former key, its former policy, and the steps of a back-out.',
].join('\n');

/** The Systems Manager Automation runbook: schema 0.3. */
export function remediationDocument(functionName: string): Record<string, unknown> {
  return {
    schemaVersion: '0.3',
    description: DESCRIPTION,
    assumeRole: `{{ ${DOCUMENT_PARAMETERS.role} }}`,
    parameters: documentParameters(),
    mainSteps: [invokeStep(functionName), reportStep()],
    outputs: Object.keys(DOCUMENT_OUTPUTS).map((name) => `Report.${name}`),
  };
}

function documentParameters(): Record<string, unknown> {
  const names = DOCUMENT_PARAMETERS;
  return {
    [names.trail]: {
      type: 'String',
      description: '(Required) The trail, by its name or its ARN; in its home Region.',
      allowedPattern:
        '^([a-zA-Z0-9][a-zA-Z0-9._-]{1,126}[a-zA-Z0-9]|arn:[a-z-]+:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[a-zA-Z0-9._-]{3,128})$',
    },
    [names.key]: {
      type: 'String',
      description: "(Required) The ARN of the KMS key, in the Region of the trail's bucket.",
      allowedPattern: '^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$',
    },
    [names.dryRun]: {
      type: 'Boolean',
      description: '(Optional) Whether to show the plan and change nothing.',
      default: true,
    },
    [names.replaceKey]: {
      type: 'Boolean',
      description: "(Optional) Whether the trail's key may be replaced.",
      default: false,
    },
    [names.role]: {
      type: 'String',
      description: '(Required) The ARN of the role that may invoke the remediation function.',
      allowedPattern: '^arn:[a-z-]+:iam::[0-9]{12}:role/[a-zA-Z0-9+=,.@_/-]+$',
    },
  };
}

/** Not retried: a person must check a run that stopped with an unknown result. */
function invokeStep(functionName: string): Record<string, unknown> {
  const names = DOCUMENT_PARAMETERS;
  return {
    name: 'Remediate',
    action: 'aws:invokeLambdaFunction',
    description: 'Makes the plan and, unless this is a dry run, applies it.',
    timeoutSeconds: limits.AUTOMATION_INVOKE_SECONDS_MAX,
    maxAttempts: 1,
    onFailure: 'Abort',
    inputs: {
      FunctionName: functionName,
      InvocationType: 'RequestResponse',
      InputPayload: {
        trail: `{{ ${names.trail} }}`,
        key: `{{ ${names.key} }}`,
        dryRun: `{{ ${names.dryRun} }}`,
        replaceKey: `{{ ${names.replaceKey} }}`,
      },
    },
    nextStep: 'Report',
  };
}

function reportStep(): Record<string, unknown> {
  return {
    name: 'Report',
    action: 'aws:executeScript',
    description: 'Returns the response as outputs, or fails with its error.',
    timeoutSeconds: 60,
    onFailure: 'Abort',
    inputs: {
      Runtime: SCRIPT_RUNTIME,
      Handler: 'report',
      InputPayload: { answer: '{{ Remediate.Payload }}' },
      Script: REPORT_SCRIPT,
    },
    outputs: Object.entries(DOCUMENT_OUTPUTS).map(([name, member]) => ({
      Name: name,
      Selector: `$.Payload.${member}`,
      Type: 'String',
    })),
    isEnd: true,
  };
}
