import { App } from 'aws-cdk-lib';

/** Runs an app; an error in its context is printed on one line without a stack trace. */
export function run(define: (app: App) => void): void {
  const app = new App();
  try {
    define(app);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    // Exits now: otherwise the incomplete app would be synthesized at the end of the process.
    process.exit(1);
  }
}
