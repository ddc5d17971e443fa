/** The commands of docs/migrate.md run, and print what the page says. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { checkout } from './support/checkout.ts';
import { foreignToken, newForeignKey, startJwks } from './support/earlierIssuer.ts';
import { freePort } from './support/freePort.ts';
import { importedHashes, keycloakPasswords } from './support/importedHashes.ts';
import { newcomersFolder } from './support/newcomersFolder.ts';
import { startProcess } from './support/process.ts';
import { expectedOutput, storyOf } from './support/story.ts';

t.setTimeout(150_000);

const id = '4f3c1a52-9d1b-4f5e-8d5c-0d2f6a1b7c3e';

/** What the reader has from the earlier systems. */
const exported = (token: string): Readonly<Record<string, string>> => ({
  'export/main-realm.json': JSON.stringify({
    realm: 'main',
    users: [
      {
        ...{ id, username: 'ada', email: 'ada@example.com', emailVerified: true, enabled: true },
        ...{ credentials: [keycloakPasswords.argon2], realmRoles: ['default-roles-main'] },
      },
      {
        ...{ username: 'bob', email: 'bob@example.com', emailVerified: false, enabled: true },
        credentials: [keycloakPasswords.sha512, { type: 'otp', secretData: '{}', credentialData: '{}' }],
      },
    ],
  }),
  'auth0-users.json': JSON.stringify({
    ...{ _id: { $oid: '60425dc43519d90068f82973' }, email: 'cyd@example.com', email_verified: true },
    ...{ passwordHash: importedHashes.bcrypt, tenant: 'dev', connection: 'db', _tmp_is_unique: true },
  }),
  'own-users.jsonl': [
    { email: 'dan@example.com', password_hash: importedHashes.bcrypt },
    { email: 'eve@example.com', password_hash: importedHashes.bcrypt.replace('$04$', '$31$') },
  ]
    .map((row) => JSON.stringify(row))
    .join('\n'),
  'token-of-keycloak': token,
});

t.test('moving in', async (t) => {
  const key = newForeignKey('RS256');
  const jwks = await startJwks(t, [key]);
  const iss = 'https://keycloak.example/realms/main';
  const cwd = await newcomersFolder(t);
  const [http, grpc] = [await freePort(), await freePort()];
  const page = (await readFile(join(checkout, 'docs/migrate.md'), 'utf8'))
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${http}`)
    .replaceAll('127.0.0.1:50051', `127.0.0.1:${grpc}`)
    .replaceAll(`${iss}/protocol/openid-connect/certs`, jwks.url);
  const blocks = storyOf(page);
  await mkdir(join(cwd, 'export'));
  const files = { ...exported(foreignToken(key, { claims: { iss, sub: id } })) };
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text);
  for (const { file, text } of blocks) if (file !== undefined) await writeFile(join(cwd, file), text);

  const authority = startProcess(process.execPath, [join(checkout, 'dist/main.js')], {
    cwd,
    env: {
      ...{ HTTP_PORT: String(http), GRPC_PORT: String(grpc), OPERATIONS_PORT: '0' },
      EARLIER_ISSUERS: 'issuers.json',
    },
  });
  t.teardown(() => authority.stop());
  await authority.waitForOutput(/Countersign is ready/);

  const script = blocks.flatMap(({ language, text }) => (language === 'sh' ? [text] : [])).join('');
  const expected = expectedOutput(script);
  t.ok(expected.length > 15);
  const shell = startProcess('bash', ['-euo', 'pipefail', '-c', script], { cwd });
  t.teardown(() => shell.stop());
  t.strictSame(await shell.exited, { code: 0, signal: null }, shell.stderr());
  const printed = shell.stdout().trimEnd().split('\n');
  for (const [index, line] of expected.entries()) t.match(printed[index], line);
  t.equal(printed.length, expected.length);
  const said = page.match(/Standard error had `(.*)`/)?.[1] ?? '-';
  t.ok(shell.stderr().includes(`${said}\n`), said);
});
