// Runs `cdk synth` for every app with an example of its context. Without code it takes empty zips.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const example = {
  account: '111122223333',
  organizationId: 'o-abcde12345',
  organizationalUnitIds: 'ou-ab12-cdefgh34',
  regions: 'eu-west-1,us-east-1',
};
const key = 'arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555';
const apps = [
  ['single-account', 'single-account', { alarmEmail: 'someone@example.com' }],
  ['single-account-cis', 'single-account', { cisPack: 'true', remediationKey: key }],
  ['single-account-remediation', 'single-account', { remediationKey: key }],
  ['single-account-hook', 'single-account', { hook: 'FAIL', alarmEmail: 'someone@example.com' }],
  ['organization', 'organization', { ...example, bucketPrefix: 'trailseal-code' }],
  [
    'organization-central',
    'organization',
    { ...example, path: 'central', externalId: 'example', memberAccounts: '222233334444' },
  ],
];

/** The packaged code, or zips that hold nothing. */
function codeDirectory() {
  const packaged = path.join(root, 'assets');
  const zips = [
    'bootstrap-arm64.zip',
    'remediation-arm64.zip',
    'hook-arm64.zip',
    'findings-arm64.zip',
  ];
  if (zips.every((zip) => existsSync(path.join(packaged, zip)))) {
    return packaged;
  }
  const directory = mkdtempSync(path.join(tmpdir(), 'trailseal-code-'));
  const emptyZip = Buffer.from('504b0506'.padEnd(44, '0'), 'hex');
  for (const zip of zips) {
    writeFileSync(path.join(directory, zip), emptyZip);
  }
  return directory;
}

rmSync(path.join(root, 'cdk.out'), { recursive: true, force: true });
const assets = codeDirectory();
for (const [name, app, context] of apps) {
  const given = Object.entries({ assets, ...context }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  const began = Date.now();
  const run = spawnSync(
    path.join(root, 'node_modules/.bin/cdk'),
    ['synth', '--quiet', '--app', `tsx bin/${app}.ts`, '--output', `cdk.out/${name}`, ...given],
    { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: binaries() } },
  );
  if (run.status !== 0) {
    console.error(`cdk synth of ${name} failed`);
    process.exit(1);
  }
  console.log(`cdk synth of ${name}: ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

function binaries() {
  return [path.join(root, 'node_modules/.bin'), process.env.PATH].join(path.delimiter);
}
