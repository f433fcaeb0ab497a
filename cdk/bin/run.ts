import { App } from 'aws-cdk-lib';

/** Runs an app; what is wrong with its context is said in one line, without a trace of our code. */
export function run(define: (app: App) => void): void {
  const app = new App();
  try {
    define(app);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    // At once: an app that is half defined would be synthesized at the end of the process.
    process.exit(1);
  }
}
