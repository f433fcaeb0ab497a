// Lints every template and pack that is kept, with the cfn-lint that CFN_LINT names.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const linter = process.env.CFN_LINT ?? 'cfn-lint';

/** Every file of a folder and of the folders in it whose name ends so. */
function filesOf(folder, ending) {
  const directory = path.join(root, folder);
  if (!existsSync(directory)) {
    return [];
  }
  return readdirSync(directory, { recursive: true })
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(directory, name));
}

const files = [
  ...filesOf('templates', '.yaml'),
  ...filesOf('packs', '.yaml'),
  // What `npm run synth` left behind, if it ran.
  ...filesOf('cdk.out', '.template.json'),
];
const run = spawnSync(linter, ['--non-zero-exit-code', 'warning', '--', ...files], {
  stdio: 'inherit',
});
if (run.error !== undefined) {
  console.error(
    `cfn-lint cannot be run as \`${linter}\`; install requirements.txt and name it in CFN_LINT`,
  );
  process.exit(2);
}
if (run.status === 0) {
  console.log(`cfn-lint: ${files.length} templates without a warning`);
}
process.exit(run.status ?? 1);
