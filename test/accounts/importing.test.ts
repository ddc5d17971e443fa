/** Importing users: every format and its passwords, rows that are refused, and a file that is imported again. */
import t, { type Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { startAuthority } from '../support/authority.ts';
import {
  importedHashes,
  keycloakPasswords,
  importedPassword as password,
} from '../support/importedHashes.ts';

const operator = { name: 'operator:test(0)' };
const keycloakId = '4f3c1a52-9d1b-4f5e-8d5c-0d2f6a1b7c3e';

type Rows = readonly (object | string)[];

async function start(t: Test, env: Readonly<Record<string, string>> = {}) {
  let opened: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...about) => {
    opened = await openEngine(...about);
    return opened;
  };
  const authority = await startAuthority({ env, openDatabase });
  t.teardown(() => authority.stop());
  const { operations } = authority.authority;
  const lines = (rows: Rows) => rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  return {
    ...authority,
    admin: operations,
    storedHash: async (email: string) =>
      (await opened?.prisma.user.findUnique({ where: { email } }))?.passwordHash,
    bring: (rows: Rows, format: 'countersign' | 'keycloak' | 'auth0' = 'countersign', dryRun = false) =>
      operations.importUsers({ lines: lines(rows), firstLine: 1, format, dryRun }, operator),
    logIn: (email: string, text = password) =>
      authority.call('POST', '/auth/login', { body: { email, password: text } }),
  };
}

const hashes = Object.entries(importedHashes).map(([name, hash], index) => ({
  ...{ name, hash, email: `user${index}@example.com` },
}));

t.test('every form of hash logs in once, and is ours from then on', async (t) => {
  const { bring, logIn, admin, storedHash } = await start(t);
  const result = await bring(hashes.map(({ email, hash }) => ({ email, password_hash: hash })));
  t.strictSame(result, { created: hashes.length, present: 0, refused: [], leftOut: {} });
  for (const { name, email } of hashes) {
    t.equal((await logIn(email, 'wrong password')).status, 401, `${name}: a wrong password`);
    t.equal((await logIn(email)).status, 200, `${name}: the first login`);
    t.match(await storedHash(email), /^\$argon2id\$v=19\$m=64,t=1,p=1\$/, `${name}: replaced`);
    t.equal((await logIn(email)).status, 200, `${name}: the second one`);
    t.equal((await logIn(email, 'wrong password')).status, 401);
  }
  const events = await admin.listAudit({ type: 'user_imported' });
  t.equal(events.length, hashes.length);
  t.match(events[0], { actor: operator.name, reason: 'countersign' });
});

t.test('what a row says of the user', async (t) => {
  const env = { SMS_COUNTRIES: 'DE', SMS_WEBHOOK_URL: 'https://sms.example', SMS_WEBHOOK_SECRET: 'x' };
  const { bring, logIn, admin } = await start(t, env);
  const [full, bare, disabled] = ['full@example.com', 'bare@example.com', 'disabled@example.com'];
  const hash = importedHashes.bcrypt;
  await bring([
    {
      ...{ email: 'Full@Example.com', password_hash: hash, email_verified: true, phone: '+4915112345678' },
      ...{ created_at: '2020-02-03T04:05:06Z', disabled: false, id: keycloakId, locale: 'de-de' },
    },
    { email: bare, password_hash: null, phone: null, locale: null },
    { email: disabled, password_hash: hash, disabled: true },
  ]);
  const users = await admin.listUsers({});
  const of = (email: string) => users.find((user) => user.email === email);
  t.match(of(full), { id: keycloakId, emailVerified: true, createdAt: Date.UTC(2020, 1, 3, 4, 5, 6) });
  t.match(of(bare), { state: 'active', emailVerified: false });
  t.match(of(disabled), { state: 'disabled' });
  t.match(await admin.showUser({ email: full }), { factors: ['sms_code'] });
  t.equal((await logIn(bare, '')).status, 400);
  t.equal((await logIn(bare)).status, 401, 'without a password nobody logs in with one');
  t.equal((await logIn(disabled)).status, 401);
});

t.test('Keycloak', async (t) => {
  const { bring, logIn, admin } = await start(t);
  const user = (name: string, credential: object, more: object = {}) => ({
    ...{ username: name, email: `${name}@example.com`, emailVerified: true, enabled: true, totp: false },
    ...{ credentials: [credential], requiredActions: [], realmRoles: [], groups: [], notBefore: 0, ...more },
  });
  const { argon2, sha256, sha512 } = keycloakPasswords;
  const otp = { type: 'otp', secretData: '{}', credentialData: '{}' };
  const result = await bring(
    [
      user('ada', argon2, { id: keycloakId, createdTimestamp: 1_600_000_000_000 }),
      user('bob', sha256, { firstName: 'Bob', attributes: { locale: ['fr'], shoe: ['44'] }, groups: ['/a'] }),
      user('cyd', sha512, { credentials: [otp, sha512], enabled: false }),
      { username: 'dan', email: 'dan@example.com', enabled: true },
      user('eve', { ...sha256, credentialData: '{"algorithm":"md5","hashIterations":1}' }),
      user('fay', { type: 'password', value: 'hunter2' }),
      user('gil', sha256, { email: undefined, username: 'ada@example.com' }),
      user('hal', { ...sha256, credentialData: '{"algorithm":"pbkdf2-sha256","hashIterations":1e9}' }),
    ],
    'keycloak',
  );
  t.strictSame(result, {
    ...{ created: 4, present: 0 },
    refused: [
      {
        line: 5,
        message:
          'credentials.password: must be a hash of argon2id, argon2i, bcrypt, scrypt or PBKDF2 (docs/migrate.md has the forms)',
      },
      { line: 6, message: 'credentials.credentialData: must be a JSON object in a string' },
      { line: 7, message: 'email: must be set' },
      { line: 8, message: 'credentials.password: must have iterations of at most 2000000; given 1000000000' },
    ],
    leftOut: { firstName: 1, attributes: 1, groups: 1, 'credentials.otp': 1 },
  });
  t.equal((await logIn('ada@example.com')).status, 200);
  t.equal((await logIn('bob@example.com')).status, 200);
  t.equal((await logIn('cyd@example.com')).status, 401, 'who was disabled stays so');
  t.equal((await admin.listUsers({})).find(({ email }) => email === 'ada@example.com')?.id, keycloakId);
});

t.test('Auth0', async (t) => {
  const { bring, logIn } = await start(t);
  const user = (name: string, more: object = {}) => ({
    ...{ _id: { $oid: '60425dc43519d90068f82973' }, email: `${name}@example.com`, email_verified: true },
    ...{ passwordHash: importedHashes.bcrypt, password_set_date: { $date: '2021-03-05T16:35:16.775Z' } },
    ...{ tenant: 'dev', connection: 'Username-Password-Authentication', _tmp_is_unique: true, ...more },
  });
  const lines = [
    user('ada'),
    user('bob', {
      blocked: true,
      user_metadata: { a: 1 },
      created_at: { $date: '2021-03-05T16:35:16.775Z' },
    }),
    user('cyd', { passwordHash: 'x' }),
  ];
  t.match(await bring(lines, 'auth0'), {
    ...{
      created: 2,
      leftOut: { user_metadata: 1 },
      refused: [{ line: 3, message: /^passwordHash: must be/ }],
    },
  });
  t.equal((await logIn('ada@example.com')).status, 200);
  t.equal((await logIn('bob@example.com')).status, 401);
});

/** [what, line, message]. */
const refused: readonly (readonly [string, object | string, RegExp | string])[] = [
  ['no JSON', 'x', /^row: must be one JSON object/],
  ['an array', '[]', /^row: must be one JSON object/],
  ['two objects', '{"email":"x@example.com"}{}', /^row: must be one JSON object/],
  ['a name twice', '{"email":"x@example.com","email":"y@example.com"}', /^row: must be one JSON object/],
  ['no UTF-8', '{"email":"\uFFFD@example.com"}', 'row: must be UTF-8'],
  ['a long row', `{"email":"${'x'.repeat(40_000)}"}`, 'row: must have at most 32768 bytes'],
  ['an unknown field', { email: 'x@example.com', name: 'X' }, 'name: is no field of this format'],
  ['a field of another format', { email: 'x@example.com', enabled: true }, /^enabled: is no field/],
  ['a dangerous field', '{"email":"x@example.com","__proto__":{}}', /^row: /],
  ['no e-mail', {}, 'email: must be set'],
  ['an e-mail that is none', { email: 'x' }, /^email: must have exactly one @/],
  ['a number as e-mail', { email: 7 }, 'email: must be a string'],
  [
    'an unknown hash',
    { email: 'x@example.com', password_hash: '$1$x$y' },
    /^password_hash: must be a hash of/,
  ],
  [
    'a costly hash',
    { email: 'x@example.com', password_hash: importedHashes.bcrypt.replace('$04', '$31') },
    /given 31/,
  ],
  [
    'a word as flag',
    { email: 'x@example.com', email_verified: 'true' },
    /^email_verified: must be true or false/,
  ],
  ['a phone', { email: 'x@example.com', phone: '+4915112345678' }, /^phone: must be .* SMS_COUNTRIES: none/],
  [
    'a time to come',
    { email: 'x@example.com', created_at: '2999-01-01T00:00:00Z' },
    /^created_at: must be a time/,
  ],
  ['a date', { email: 'x@example.com', created_at: '2020-01-01' }, /^created_at: must be a time/],
  ['an id that is none', { email: 'x@example.com', id: '7' }, 'id: must be a UUID in lower case'],
  [
    'a language that is none',
    { email: 'x@example.com', locale: 'no such' },
    /^locale: must be a language tag/,
  ],
];

t.test('each bad row is named by its line, and the rest is done', async (t) => {
  const { bring, admin } = await start(t);
  const rows = refused.flatMap(([, row], index) => [row, { email: `good${index}@example.com` }]);
  const result = await bring(rows);
  t.equal(result.created, refused.length);
  t.equal(result.refused.length, refused.length);
  for (const [index, [what, , message]] of refused.entries())
    t.match(result.refused[index], { line: 2 * index + 1, message }, what);
  t.equal((await admin.listUsers({ limit: 1_000 })).length, refused.length);
});

t.test('the same file again: nothing twice, whatever became of the users', async (t) => {
  const { bring, admin, register, logIn } = await start(t);
  const row = (name: string, more: object = {}) => ({
    ...{ email: `${name}@example.com`, password_hash: importedHashes.bcrypt, ...more },
  });
  await register('taken@example.com');
  const file = [
    ...[row('ada'), row('bob'), row('ada'), '', row('ada', { disabled: true }), row('taken')],
    ...[row('cyd', { id: keycloakId }), row('dan', { id: keycloakId })],
  ];
  const conflict = 'email: must not be of a user who exists with other data; nothing was changed';
  const others = [
    { line: 5, message: conflict },
    { line: 6, message: conflict },
    { line: 8, message: 'id: must not be of another user; nothing was changed' },
  ];
  const expected = { created: 3, present: 1, refused: others, leftOut: {} };
  t.strictSame(await bring(file, 'countersign', true), expected, 'a dry run says it');
  t.equal((await admin.listUsers({})).length, 1, 'and changes nothing');
  t.strictSame(await bring(file), expected);
  t.equal((await logIn('ada@example.com')).status, 200);
  const again = { created: 0, present: 4, refused: others, leftOut: {} };
  t.strictSame(await bring(file), again, 'also after a login, which replaced the hash');
  t.equal((await admin.listAudit({ type: 'user_imported' })).length, 3);

  await admin.deleteUser({ email: 'bob@example.com' }, operator);
  const since = 'email: must not be of a user who was imported from this row and deleted since';
  t.match(await bring(file), { created: 0, present: 3, refused: [{ line: 2, message: since }, ...others] });
  t.match(
    await bring([row('bob', { email_verified: true })]),
    { created: 1 },
    'another row makes a new user',
  );
});

t.test('a phone has one user: the second row is refused, in a dry run, too', async (t) => {
  const env = { SMS_COUNTRIES: 'DE', SMS_WEBHOOK_URL: 'https://sms.example', SMS_WEBHOOK_SECRET: 'x' };
  const { bring, admin } = await start(t, env);
  const row = (name: string, end: string) => ({ email: `${name}@example.com`, phone: `+49151123456${end}` });
  await bring([row('ada', '78')]);
  const file = [row('bob', '78'), row('cyd', '79'), row('dan', '79'), row('ada', '78')];
  const message = 'phone: must not be of another user; nothing was changed';
  const refused = [1, 3].map((line) => ({ line, message }));
  const expected = { created: 1, present: 1, refused, leftOut: {} };
  t.strictSame(await bring(file, 'countersign', true), expected);
  t.strictSame(await bring(file), expected);
  t.equal((await admin.listUsers({})).length, 2);
});

t.test('an import and a registration of the same e-mail at once make one user', async (t) => {
  const { bring, register, admin } = await start(t);
  const emails = Array.from({ length: 20 }, (_, index) => `user${index}@example.com`);
  const [imports] = await Promise.all([
    Promise.all(emails.map((email) => bring([{ email }]))),
    Promise.all(emails.map((email) => register(email))),
  ]);
  t.equal((await admin.listUsers({})).length, emails.length);
  for (const { created, refused } of imports) t.equal(created + refused.length, 1);
});

t.test('guesses from before the import do not lock the user out', async (t) => {
  const { bring, logIn } = await start(t);
  const email = 'ada@example.com';
  for (let guess = 0; guess < 6; guess += 1) await logIn(email, 'wrong password');
  t.equal((await logIn(email)).status, 429);
  await bring([{ email, password_hash: importedHashes.bcrypt }]);
  t.equal((await logIn(email)).status, 200);
});

t.test('a row in the wrong format tells so', async (t) => {
  const { bring } = await start(t);
  t.match(await bring([{ username: 'x', credentials: [] }]), {
    refused: [{ message: /^username: is no field/ }],
  });
  t.match(await bring([{ email: 'x@example.com' }], 'auth0'), { created: 1 });
});
