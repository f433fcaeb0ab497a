import * as fs from 'node:fs';
import * as path from 'node:path';

import * as lambda from 'aws-cdk-lib/aws-lambda';

/**
 * The function's code as `cargo xtask package` makes it: a zip with one file, `bootstrap`.
 *
 * @param architecture arm64 or x86_64
 * @param directory where the zips are; by default `assets` of this package
 */
export function prebuiltCode(
  architecture: lambda.Architecture,
  directory: string = path.join(packageDirectory(), 'assets'),
): lambda.Code {
  const zip = path.join(directory, `bootstrap-${architecture.name}.zip`);
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
