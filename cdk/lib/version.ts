import manifest from '../package.json';

/** The version of this package and of the code that it deploys. */
export function packageVersion(): string {
  return manifest.version;
}
