import manifest from '../package.json';

/** The version of this package, which names the code that it deploys. */
export function packageVersion(): string {
  return manifest.version;
}
