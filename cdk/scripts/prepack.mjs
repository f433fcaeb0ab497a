// Makes what `npm pack` puts into the package: compiled code with its types, and the license.
import { spawnSync } from 'node:child_process';
import { copyFileSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

// A file that was removed from `lib` must not stay in the package.
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
const build = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
if (build.status !== 0) {
  process.exit(1);
}
copyFileSync(path.join(root, '../LICENSE'), path.join(root, 'LICENSE'));
