/** Two devices with one key: the counter goes back, and every session of the key ends with effect. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { openEngine, type PostgresEngine } from '../../../src/storage/postgres/engine.ts';
import { password, startAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { aGuard, said } from '../../support/guards.ts';
import { brief } from '../../support/loginTries.ts';
import { mailSettings, startMailServer } from '../../support/mailServer.ts';
import { issuer, passkeysAt } from '../../support/passkeyUser.ts';
import { claimsIn, secondStepAt } from '../../support/secondFactor.ts';
import { startServer } from '../../support/server.ts';
import { sharedServers } from '../../support/twoNodes.ts';

const alice = 'alice@example.com';
const revoked = '401 invalid_token revoked';

async function setUp(t: Test, env: Readonly<Record<string, string>> = {}) {
  let engine: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...how) => {
    engine = await openEngine(...how);
    return engine;
  };
  const authority = await startAuthority({ env: { ISSUER: issuer, ...env }, openDatabase });
  t.teardown(() => authority.stop());
  const passkeys = passkeysAt(authority);
  const user = await passkeys.withPasskey(alice);
  const open = async (): Promise<string> => {
    const answer = await passkeys.passkeyLogin(user.passkey);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body.access_token;
  };
  const { grpcPort, serviceToken } = authority;
  const options = { serviceToken, audience: 'countersign', issuer };
  const guard = aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options);
  await guard.ready();
  return {
    ...{ ...authority, ...passkeys, ...secondStepAt(authority), ...user, open, guard },
    clones: async () =>
      (await engine?.prisma.auditEvent.findMany({ where: { type: 'passkey_cloned' } })) ?? [],
    metric: async () => {
      const { body } = await authority.operations('GET', '/metrics');
      return /^countersign_passkeys_cloned_total (\d+)$/m.exec(body)?.[1] ?? '0';
    },
  };
}

t.test('at login', async (t) => {
  const { passkey, id, open, guard, passkeyLogin, firstToken, clones, metric, log } = await setUp(t);
  const [one, two] = [await open(), await open()];
  for (const token of [one, two, firstToken]) t.equal(await said(guard, token), 'accepted');
  for (const counter of [passkey.counter, 0, 1]) {
    t.equal(brief(await passkeyLogin(passkey, { counter })), '401 invalid_credentials');
  }
  for (const token of [one, two]) t.equal(await said(guard, token), revoked);
  t.equal(await said(guard, firstToken), 'accepted', 'not opened by it');
  const { sub } = claimsIn(one);
  t.match(await clones(), [
    { userId: sub, reason: 'counter', detail: { factor: id, counter: 3, used: 3 } },
    { detail: { factor: id, counter: 3, used: 0 } },
    { detail: { factor: id, counter: 3, used: 1 } },
  ]);
  t.equal(await metric(), '3');
  t.match(log(), /"factor":.*two devices have one passkey/);
  t.equal(await said(guard, await open()), 'accepted', 'the device that counts on logs in');
});

t.test('the link of the mail removes the key', async (t) => {
  const mail = await startMailServer();
  t.teardown(() => mail.stop());
  const { passkey, passkeyLogin, call } = await setUp(t, mailSettings(mail));
  t.equal((await mail.mailTo(alice)).subject, 'A way to log in was added');
  t.equal(brief(await passkeyLogin(passkey, { counter: 0 })), '401 invalid_credentials');
  const told = await mail.mailTo(alice);
  t.equal(told.subject, 'A passkey may have been copied');
  t.match(told.text, 'remove it and end all sessions');
  t.equal((await call('POST', '/auth/not-me', { body: { token: told.token } })).status, 204);
  t.equal(brief(await passkeyLogin(passkey)), '401 invalid_credentials', 'for both devices');
});

t.test('as second factor, and in a step-up', async (t) => {
  const parts = await setUp(t);
  const { passkey, open, guard, begin, finish, startFactor, startStepUp, device, call, clones } = parts;
  for (const how of ['factor', 'step-up']) {
    const token = await open();
    t.equal(await said(guard, token), 'accepted');
    if (how === 'factor') {
      const loginToken = await begin(alice);
      const credential = device.get(passkey, await startFactor(loginToken), { counter: 1 });
      t.equal(brief(await finish(loginToken, { credential })), '401 invalid_code');
      t.equal(
        brief(await finish(loginToken, { credential })),
        '401 invalid_code',
        'the challenge is used up',
      );
      const proof = { recovery_code: parts.recoveryCodes[0] };
      t.equal(brief(await finish(loginToken, proof)), '200', 'another factor finishes that login');
    } else {
      const credential = device.get(passkey, await startStepUp(token), { counter: 1 });
      t.equal(
        brief(await call('POST', '/auth/step-up', { token, body: { credential } })),
        '401 invalid_code',
      );
    }
    t.equal(await said(guard, token), revoked, how);
  }
  t.equal((await clones()).length, 2);
});

t.test('two devices at the same time, with one counter', async (t) => {
  const { passkey, startLogin, finishLogin, device, guard, clones } = await setUp(t);
  const counter = passkey.counter + 1;
  const begun = await Promise.all([startLogin(), startLogin()]);
  const answers = await Promise.all(
    begun.map(({ login_token: loginToken, options }) =>
      finishLogin(loginToken, device.get(passkey, options, { counter })),
    ),
  );
  t.strictSame(answers.map(brief).sort(), ['200', '401 invalid_credentials']);
  const opened = answers.find(({ status }) => status === 200)?.body.access_token;
  t.equal(await said(guard, opened), revoked, 'nobody can tell which one is the owner');
  t.equal((await clones()).length, 1);
});

t.test('killed before the sessions ended: nothing was used up, and the same answer ends them', async (t) => {
  const { env, database } = await sharedServers(t);
  const dataDir = await mkdtemp(join(tmpdir(), 'cloned-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const start = async () => {
    const server = await startServer(dataDir, { ...env, ISSUER: issuer });
    t.teardown(() => server.stop());
    return server;
  };
  const first = await start();
  const register = (email: string) => first.call('POST', '/auth/register', { body: { email, password } });
  const login = async (email: string) =>
    (await first.call('POST', '/auth/login', { body: { email, password } })).body;
  const { withPasskey, passkeyLogin, startLogin, device } = passkeysAt({ ...first, register, login });
  const { passkey } = await withPasskey(alice);
  const opened = (await passkeyLogin(passkey)).body.access_token;
  const { login_token: loginToken, options } = await startLogin();
  const body = { login_token: loginToken, credential: device.get(passkey, options, { counter: 0 }) };

  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  t.teardown(() => client.end());
  // The end of the session waits for this.
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM sessions FOR UPDATE');
  const cut = first.call('POST', '/auth/login/passkey', { body }).catch(() => 'no answer');
  await eventually('the end waits', async () => {
    const { rows } = await client.query(
      "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
    );
    return rows.length > 0;
  });
  await first.stop();
  t.equal(await cut, 'no answer');
  await client.query('ROLLBACK');

  const second = await start();
  t.equal((await second.call('GET', '/auth/me', { token: opened })).status, 200);
  t.equal(brief(await second.call('POST', '/auth/login/passkey', { body })), '401 invalid_credentials');
  t.equal((await second.call('GET', '/auth/me', { token: opened })).status, 401, 'its session ended');
});

/** What waits for a lock of another client's transaction, until `release`. */
async function locking(t: Test, url: string, statement: string) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  t.teardown(() => client.end());
  await client.query('BEGIN');
  await client.query(statement);
  return {
    client,
    waiting: (count: number) =>
      eventually(`${count} wait`, async () => {
        const { rows } = await client.query(
          "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        return rows.length === count;
      }),
    release: () => client.query('ROLLBACK'),
  };
}

t.test('it is counted when it is found, and written in the transaction that ends the sessions', async (t) => {
  const { env, database } = await sharedServers(t);
  const { passkey, open, passkeyLogin, begin, finish, startFactor, device, metric, log } = await setUp(
    t,
    env,
  );
  await open();
  const { client, waiting, release } = await locking(t, database.url, 'SELECT 1 FROM sessions FOR UPDATE');
  const answer = passkeyLogin(passkey, { counter: 0 });
  await waiting(1);
  t.equal(await metric(), '1', 'whether the answer comes in time or not');
  t.match(log(), /two devices have one passkey/);
  await release();
  t.equal(brief(await answer), '401 invalid_credentials');
  const loginToken = await begin(alice);
  const credential = device.get(passkey, await startFactor(loginToken), { counter: 1 });
  t.equal(brief(await finish(loginToken, { credential })), '401 invalid_code');
  t.equal(await metric(), '2', 'once each');
  const { rows } = await client.query(
    "SELECT type, xmin::text AS at FROM audit_events WHERE type = 'passkey_cloned' OR reason = 'passkey_cloned' ORDER BY id",
  );
  const at = (type: string) => rows.filter((row) => row.type === type).map((row) => row.at);
  const [first, second] = at('passkey_cloned');
  t.ok(first !== undefined && second !== undefined);
  t.strictSame([at('login_failed'), at('second_factor_refused')], [[first], [second]]);
});

t.test('one answer sent twice at once is no copy, and the log says so', async (t) => {
  const { env, database } = await sharedServers(t);
  const { passkey, startLogin, finishLogin, device, clones, authority } = await setUp(t, env);
  const { login_token: loginToken, options } = await startLogin();
  const credential = device.get(passkey, options);
  // A login locks the user's row after it verified the answer.
  const { waiting, release } = await locking(t, database.url, 'SELECT 1 FROM users FOR NO KEY UPDATE');
  const answers = [finishLogin(loginToken, credential), finishLogin(loginToken, credential)];
  await waiting(2);
  await release();
  t.strictSame((await Promise.all(answers)).map(brief).sort(), ['200', '401 invalid_credentials']);
  const [failed, ...more] = await authority.operations.listAudit({ type: 'login_failed' });
  t.match(failed, { reason: 'used_meanwhile' });
  t.strictSame([more, await clones()], [[], []]);
});

t.test('without the key, nobody can report a clone', async (t) => {
  const { passkey, open, startLogin, finishLogin, device, guard, clones } = await setUp(t);
  const token = await open();
  const { login_token: loginToken, options } = await startLogin();
  const { response, ...answer } = device.get(passkey, options, { counter: 1 });
  const signature = Buffer.from('3006020101020101', 'hex').toString('base64url');
  const forged = { ...answer, response: { ...response, signature } };
  t.equal(brief(await finishLogin(loginToken, forged)), '401 invalid_credentials');
  t.equal(await said(guard, token), 'accepted');
  t.strictSame(await clones(), []);
});
