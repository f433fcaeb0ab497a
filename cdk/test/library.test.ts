import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

import * as ts from 'typescript';

import { packageDirectory } from '../lib/code';
import { packageVersion } from '../lib/version';
import { zipDirectory } from './support';

const ROOT = packageDirectory();

/** A folder in which the package is installed as `npm pack` makes it. */
function installed(): { folder: string; files: string[] } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'trailseal-library-'));
  const output = execFileSync('npm', ['pack', '--silent', '--json', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [packed] = JSON.parse(output) as { filename: string; files: { path: string }[] }[];
  const modules = path.join(folder, 'node_modules');
  fs.mkdirSync(modules);
  for (const name of ['aws-cdk-lib', 'constructs', 'yaml', '@types']) {
    fs.symlinkSync(path.join(ROOT, 'node_modules', name), path.join(modules, name));
  }
  execFileSync('tar', ['-xzf', packed?.filename ?? ''], { cwd: folder });
  fs.renameSync(path.join(folder, 'package'), path.join(modules, 'trailseal-cdk'));
  return { folder, files: packed?.files.map((file) => file.path) ?? [] };
}

/** The pages of the documentation. */
const PAGES = fs.readdirSync(ROOT).filter((name) => name.endsWith('.md'));

/** The TypeScript of the pages. */
function examples(): string[] {
  const texts = PAGES.map((name) => fs.readFileSync(path.join(ROOT, name), 'utf8'));
  return Array.from(texts.join('\n').matchAll(/```ts\n([^]*?)```/g), ([, block]) => block ?? '');
}

/** What a user's compiler with strict settings says of these files and of the package's types. */
function compiled(files: readonly string[]): (file: string) => string[] {
  const program = ts.createProgram(files, {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.Node16,
    moduleResolution: ts.ModuleResolutionKind.Node16,
    types: ['node'],
  });
  return (wanted) => {
    const sources = program.getSourceFiles().filter((one) => one.fileName.includes(wanted));
    expect(sources).not.toEqual([]);
    return sources
      .flatMap((source) => program.getSemanticDiagnostics(source))
      .map(({ messageText: text }) => ts.flattenDiagnosticMessageText(text, '\n'));
  };
}

describe('the package', () => {
  const { folder, files } = installed();
  const write = (name: string, text: string): string => {
    fs.writeFileSync(path.join(folder, name), text);
    return path.join(folder, name);
  };

  test('has the compiled constructs with types, the templates, pages and the license', () => {
    for (const name of [
      'package.json',
      ...PAGES,
      'LICENSE',
      'cdk.json',
      'dist/lib/index.js',
      'dist/lib/index.d.ts',
      'dist/bin/single-account.js',
      'dist/bin/organization.js',
      'iam/least-privilege.json',
      'schema/rule-parameters.schema.json',
      'templates/trailseal-account.yaml',
      'packs/trailseal-cis.yaml',
    ]) {
      expect(files).toContain(name);
    }
    expect(files.filter((name) => /^(test|scripts|assets|lib|node_modules)\//.test(name))).toEqual(
      [],
    );
  });

  test('can be published, and leaves the version of CDK to the app', () => {
    const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as object;
    expect(manifest).not.toHaveProperty('private');
    expect(manifest).toMatchObject({
      version: packageVersion(),
      dependencies: { yaml: expect.any(String) },
      peerDependencies: {
        'aws-cdk-lib': expect.stringMatching(/^\^/),
        constructs: expect.stringMatching(/^\^/),
      },
    });
  });

  test('its types and every example of the pages compile, and a wrong prop does not', () => {
    const texts = examples();
    const right = texts.map((text, index) => write(`example-${index.toString()}.ts`, text));
    const misspelled = texts.map((text) => text.replace('functionName:', 'functionsName:'));
    const wrong = misspelled.map((text, index) => write(`wrong-${index.toString()}.ts`, text));
    const faults = compiled([...right, ...wrong]);
    expect(faults('/node_modules/trailseal-cdk/')).toEqual([]);
    for (const file of right) {
      expect(faults(file)).toEqual([]);
    }
    for (const file of wrong) {
      expect(faults(file).join()).toContain('functionsName');
    }
  });

  test('the example with the rule deploys it', () => {
    const text = examples().find((one) => one.includes('TrailsealRule')) ?? '';
    const made = ts.transpileModule(text, {
      compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
    });
    fs.writeFileSync(path.join(folder, 'example.js'), made.outputText);
    fs.symlinkSync(zipDirectory(), path.join(folder, 'release'));
    execFileSync(process.execPath, ['example.js'], {
      cwd: folder,
      env: { ...process.env, CDK_OUTDIR: path.join(folder, 'out') },
      stdio: 'pipe',
    });
    const template = fs.readFileSync(path.join(folder, 'out/Security.template.json'), 'utf8');
    for (const type of ['AWS::Config::ConfigRule', 'AWS::Lambda::Function', 'AWS::SNS::Topic']) {
      expect(template).toContain(type);
    }
  });
});
