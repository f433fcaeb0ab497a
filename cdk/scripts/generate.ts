import * as fs from 'node:fs';
import * as path from 'node:path';

import { packageDirectory } from '../lib/code';
import { generatedFiles } from '../lib/generated';

/** Writes every file that is made from the schema and from the constructs, here or into a folder. */
const [, , folder = packageDirectory()] = process.argv;
for (const [name, text] of Object.entries(generatedFiles())) {
  const file = path.join(folder, name);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}
