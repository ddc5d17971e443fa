/** What a whole run writes to its log, defects among it, holds nothing that anybody could log in with (H17). */
import t, { type Test } from 'tap';
import { openEngine } from '../../../src/storage/postgres/engine.ts';
import { canaryUserId } from '../../../src/truth/canary.ts';
import { keptFolder, password, startAuthority, type TestAuthority } from '../../support/authority.ts';

const email = 'alice@example.com';
const csrf = { 'countersign-csrf': '1', 'sec-fetch-site': 'same-origin' };
const secretShapes =
  /eyJ[\w-]{10}|rt_[\w-]{20}|[$]argon2|[$]m=\d+,t=|__Host-|cst_[\w-]{20}|BEGIN [A-Z ]*PRIVATE/;

t.test('a run in which everything is used, and then breaks', async (t) => {
  const { dataDir, databaseUrl } = await keptFolder(t);
  const secrets = new Set([password]);
  const before = await startAuthority({ dataDir });
  secrets.add(before.serviceToken);
  for (const secret of await useEverything(before)) secrets.add(secret);
  const { access_token: token, refresh_token: refreshToken } = await before.login(email);
  const usual = before.log();
  await before.stop();
  t.ok(usual.split('\n').length > 20, 'the log is of level debug');
  holdsNone(t, usual, [...secrets, token, refreshToken]);

  // A defect: no row of anybody but the canary can be written. What the database driver says of that holds the statement, and may
  // hold its parameters.
  const engine = await openEngine('', databaseUrl);
  const statements = [
    `CREATE FUNCTION defect() RETURNS trigger LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'a defect' USING ERRCODE = '22000'; END $$`,
    ...['users.id', 'sessions.user_id'].map((column) => {
      const [table = '', name] = column.split('.');
      return `CREATE TRIGGER defect BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW
        WHEN (NEW.${name} <> '${canaryUserId}') EXECUTE FUNCTION defect()`;
    }),
    `CREATE TRIGGER defect BEFORE INSERT OR UPDATE ON password_failures FOR EACH ROW EXECUTE FUNCTION defect()`,
  ];
  for (const statement of statements) await engine.prisma.$executeRawUnsafe(statement);
  await engine.close();
  const broken = await startAuthority({ dataDir });
  t.teardown(() => broken.stop());
  const other = 'another horse battery staple';
  const calls: Readonly<Record<string, Promise<{ status: number; body: unknown }>>> = {
    login: broken.call('POST', '/auth/login', { body: { email, password } }),
    register: broken.call('POST', '/auth/register', { body: { email: 'bob@example.com', password: other } }),
    refresh: broken.refresh(refreshToken),
    'refresh by cookie': broken.call('POST', '/auth/refresh', {
      headers: { ...csrf, cookie: `__Host-countersign-refresh=${refreshToken}` },
    }),
    logout: broken.call('POST', '/auth/logout', { body: { refresh_token: refreshToken } }),
    password: broken.call('POST', '/auth/password', {
      token,
      body: { current_password: password, new_password: other },
    }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const { status, body } = await call;
    t.match([status, body], [500, { code: 'internal', title: 'Something went wrong here' }], name);
    const told = Object.keys(body as object).sort();
    t.strictSame(told, ['code', 'request_id', 'status', 'title', 'type'], `${name}: says nothing more`);
  }
  const log = broken.log();
  const errors = log.split('\n').filter((line) => line.includes('"level":"error"'));
  t.equal(errors.length, Object.keys(calls).length, 'each is told to the operator, with its request');
  t.ok(errors.every((line) => /"request_id":"[0-9a-f-]{36}"/.test(line) && line.includes('"stack"')));
  holdsNone(t, log, [...secrets, other, token, refreshToken]);
});

/** Answers every secret that went over the line. */
async function useEverything(authority: TestAuthority): Promise<readonly string[]> {
  const { call } = authority;
  await authority.register(email);
  const one = await authority.login(email);
  const other = await authority.login(email);
  const refreshed = await authority.refresh(one.refresh_token);
  const { access_token: token } = refreshed.body;
  const inCookie = await call('POST', '/auth/login?cookie', { body: { email, password }, headers: csrf });
  const cookie = inCookie.headers.get('set-cookie')?.split(';')[0] ?? '';
  await call('POST', '/auth/refresh', { headers: { ...csrf, cookie } });
  await call('POST', '/auth/login', { body: { email, password: 'wrong horse battery staple' } });
  await call('POST', '/auth/login', { body: `{"email":"${email}","password":"half a passphrase of` });
  await call('GET', '/auth/me', { token: `${token}x` });
  await call('GET', `/auth/me?access_token=${token}`, { headers: { authorization: `Basic ${token}` } });
  await call('GET', '/auth/sessions', { token });
  await call('GET', `/auth/${token}`, { token });
  await call('POST', '/auth/password', {
    token,
    body: { current_password: password, new_password: `${password}!` },
  });
  await call('POST', '/auth/password', {
    token,
    body: { current_password: `${password}!`, new_password: password },
  });
  await authority.grpc.introspect(token);
  await authority.refresh(one.refresh_token, { 'user-agent': 'a thief' });
  await call('POST', '/auth/logout', { body: { refresh_token: other.refresh_token } });
  const cookieValue = cookie.slice(cookie.indexOf('=') + 1);
  const tokens = [one, other, refreshed.body].flatMap((each) => [each.access_token, each.refresh_token]);
  return [...tokens, cookieValue, 'wrong horse', 'half a passphrase'];
}

function holdsNone(t: Test, log: string, secrets: readonly string[]): void {
  t.notMatch(log, secretShapes, 'nothing of the shape of a secret');
  for (const secret of secrets) t.notOk(log.includes(secret), `not ${secret.slice(0, 12)}…`);
}
