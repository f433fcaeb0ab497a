import * as fs from 'node:fs';
import * as path from 'node:path';

import * as lambda from 'aws-cdk-lib/aws-lambda';

/** Where a zip lies, and of which program. */
export interface PrebuiltCode {
  /** Where the zips are. @default `assets` of this package */
  readonly directory?: string | undefined;
  /** The function that evaluates, or the one that remediates. @default bootstrap */
  readonly program?: 'bootstrap' | 'remediation';
}

/**
 * A function's code as `cargo xtask package` makes it: a zip with one file, `bootstrap`.
 *
 * @param architecture arm64 or x86_64
 * @param where a folder by its name, or which program
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

/** The directory of this package, whether its TypeScript or its JavaScript is running. */
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
