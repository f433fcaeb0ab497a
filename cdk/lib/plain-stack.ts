import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import {
  App,
  CfnElement,
  LegacyStackSynthesizer,
  Stack,
  Stage,
  type IStackSynthesizer,
} from 'aws-cdk-lib';

/** A template as an object. */
export type Template = Record<string, unknown>;

/**
 * A stack for a plain CloudFormation template: no CDK bootstrap, no assets, and readable logical
 * ids.
 */
export class PlainStack extends Stack {
  /** @param description the purpose of the template, in one sentence */
  constructor(description: string) {
    // A separate directory: within a CDK app, the environment names another one.
    const outdir = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-plain-'));
    super(new App({ analyticsReporting: false, outdir }), 'Plain', {
      description,
      analyticsReporting: false,
      // The library's types disagree about an absent qualifier.
      synthesizer: new LegacyStackSynthesizer() as IStackSynthesizer,
    });
  }

  /** The path of the element without the parts that all elements share. */
  protected override allocateLogicalId(element: CfnElement): string {
    return element.node.path
      .split('/')
      .slice(1)
      .filter((part) => part !== 'Resource' && part !== 'Default')
      .filter((part, index, parts) => part !== parts[index - 1])
      .join('')
      .replace(/[^A-Za-z0-9]/g, '');
  }

  /** The template, with its sections in the usual order. */
  template(): Template {
    const app = Stage.of(this);
    if (app === undefined) {
      throw new Error('a plain stack belongs to an app');
    }
    const assembly = app.synth();
    const synthesized: Template = {
      AWSTemplateFormatVersion: '2010-09-09',
      ...(assembly.getStackByName(this.stackName).template as Template),
    };
    fs.rmSync(assembly.directory, { recursive: true });
    return inOrder(synthesized);
  }
}

/** The template with its sections in the usual order. */
export function inOrder(template: Template): Template {
  const present = SECTIONS.filter((section) => template[section] !== undefined);
  return Object.fromEntries(present.map((section) => [section, template[section]]));
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Transform',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];
