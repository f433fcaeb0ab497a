import * as fs from 'node:fs';
import * as path from 'node:path';

import * as lambda from 'aws-cdk-lib/aws-lambda';

/** A program that the functions run: the rule, the remediation, the hook, or the import of findings. */
export type Program = 'bootstrap' | 'remediation' | 'hook' | 'findings';

/** The location and program of a zip file. */
export interface PrebuiltCode {
  /** Where the zips are. @default `assets` of this package */
  readonly directory?: string | undefined;
  /** Which one. @default bootstrap: the rule's function */
  readonly program?: Program;
}

/**
 * A function's code as `cargo xtask package` builds it: a zip with one file, `bootstrap`.
 *
 * @param architecture arm64 or x86_64
 * @param where a folder, or a folder and a program
 */
export function prebuiltCode(
  architecture: lambda.Architecture,
  where: string | PrebuiltCode = {},
): lambda.Code {
  const { directory, program = 'bootstrap' } =
    typeof where === 'string' ? { directory: where } : where;
  const folder = directory ?? path.join(packageDirectory(), 'assets');
  const zip = path.join(folder, `${program}-${architecture.name}.zip`);
  if (!fs.existsSync(zip)) {
    throw new Error(
      `the function's code is missing: \`${zip}\`; make it with \`cargo xtask package\``,
    );
  }
  return lambda.Code.fromAsset(zip);
}

/** The S3 key of a program's code for a version, in the code bucket of each Region. */
export function codeKey(
  version: string,
  architecture = 'arm64',
  program: Program = 'bootstrap',
): string {
  return `trailseal/${version}/${program}-${architecture}.zip`;
}

/** The directory of this package, for its TypeScript and its compiled JavaScript. */
export function packageDirectory(): string {
  let directory = __dirname;
  while (!fs.existsSync(path.join(directory, 'cdk.json'))) {
    const parent = path.dirname(directory);
    if (parent === directory) {
      throw new Error('the package of the Trailseal constructs has no `cdk.json`');
    }
    directory = parent;
  }
  return directory;
}
