/** Sessions that the database does not know, or knows as they once were: what their tokens name dies all the same, everywhere. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SessionId } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../src/platform/newId.ts';
import { startAuthority } from '../support/authority.ts';
import { claimsOf, statusOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { copyOfEmbeddedDatabase } from '../support/pglite.ts';
import { createRevocationClient } from '../support/revocationClient.ts';
import { accepted, email, refused, startTwoNodes } from '../support/twoNodes.ts';

const older = "UPDATE sessions SET access_expires_at = now() - interval '1 hour' WHERE id = $1";
/** What has become of the row → how. */
const rows: Readonly<Record<string, string>> = {
  'is missing': 'DELETE FROM sessions WHERE id = $1',
  'is older, and its tokens had expired': older,
  'is older, and its tokens expire a little earlier':
    "UPDATE sessions SET access_expires_at = access_expires_at - interval '3 minutes' WHERE id = $1",
  'is older, and had ended': `UPDATE sessions SET ended_at = now() - interval '2 hours', end_reason = 'logout',
    access_expires_at = now() - interval '1 hour' WHERE id = $1`,
  'is older, and had expired long ago': `UPDATE sessions SET expires_at = now() - interval '1 hour',
    idle_expires_at = now() - interval '1 hour', access_expires_at = now() - interval '1 hour' WHERE id = $1`,
};

t.test('two nodes and a guard', async (t) => {
  const { one, two, redis, sql, login, verdicts, forgetRows } = await startTwoNodes(t);
  const client = createRevocationClient(`127.0.0.1:${one.grpcPort}`, one.serviceToken);
  t.teardown(() => client.close());
  const events = (sessionId: string) =>
    sql('SELECT reason, user_id FROM audit_events WHERE session_id = $1 AND type = $2', [
      sessionId,
      'session_ended',
    ]);
  const expiry = async (sessionId: string) =>
    (await sql('SELECT expires_at FROM revocations WHERE subject = uuid_send($1::uuid)', [sessionId]))[0]
      .expires_at;

  for (const [what, how] of Object.entries(rows)) {
    t.test(`a session whose row ${what}`, async (t) => {
      for (const [call, method, path] of [
        ['logout', 'POST', '/auth/logout'],
        ['logout_all', 'POST', '/auth/logout-all'],
        ['session_ended', 'DELETE', '/auth/sessions/'],
      ] as const) {
        const { access_token: token, session_id: id } = await login();
        await forgetRows(how, [id]);
        t.strictSame(await verdicts(token), accepted, `${call}: before`);
        const answer = await one.call(method, path.endsWith('/') ? path + id : path, { token });
        t.equal(answer.status, 204, call);
        t.strictSame(await verdicts(token), refused, `${call}: at once`);
        const { exp, sub } = claimsOf(token);
        t.ok(
          (await expiry(id)) >= new Date((Number(exp) + 70) * 1000),
          'for as long as it could be accepted',
        );
        t.match(await events(id), what.includes('had') ? {} : [{ reason: call, user_id: sub }], call);
        t.equal((await events(id)).length, 1, `${call}: told once`);
      }
    });
  }

  t.test('a logout is told once, and brought into effect each time', async (t) => {
    const { access_token: token, session_id: id } = await login();
    await forgetRows('DELETE FROM sessions WHERE id = $1', [id]);
    for (const node of [one, two, one])
      t.equal((await node.call('POST', '/auth/logout', { token })).status, 204);
    t.equal((await events(id)).length, 1);
  });

  t.test('the access token decides; a refresh token whose secret is gone says nothing', async (t) => {
    const logout = (tokens: { refresh_token?: string }, token?: string) =>
      one.call('POST', '/auth/logout', { body: tokens, ...(token === undefined ? {} : { token }) });
    const tokens = await login();
    await forgetRows('DELETE FROM sessions WHERE id = $1', [tokens.session_id]);
    const { refresh_token, access_token } = tokens;
    const alone = await logout({ refresh_token });
    t.match([alone.status, alone.body.code], [401, 'invalid_grant']);
    t.strictSame(await verdicts(access_token), accepted);
    t.equal((await logout({ refresh_token }, access_token)).status, 204);
    t.strictSame(await verdicts(access_token), refused);
  });

  t.test('a refresh token that is newer than the row', async (t) => {
    const first = await login();
    const [row] = await sql('SELECT generation, access_expires_at FROM sessions WHERE id = $1', [
      first.session_id,
    ]);
    const second = (await one.refresh(first.refresh_token)).body;
    await forgetRows(
      `UPDATE sessions SET generation = $2, access_expires_at = now() - interval '1 hour' WHERE id = $1`,
      [first.session_id, row.generation],
    );
    const { refresh_token } = second;
    t.equal((await one.call('POST', '/auth/logout', { body: { refresh_token } })).status, 204);
    t.strictSame(await verdicts(second.access_token), refused);
  });

  t.test('a user whose row is missing, too', async (t) => {
    await one.register('bob@example.com');
    const tokens = [await one.login('bob@example.com'), await one.login('bob@example.com')] as const;
    const { sub } = claimsOf(tokens[0].access_token);
    await forgetRows('DELETE FROM sessions WHERE user_id = $1', [sub]);
    await forgetRows('DELETE FROM users WHERE id = $1', [sub]);
    const [{ access_token: token }, { access_token: other, session_id }] = tokens;
    const end = (id: string) => two.call('DELETE', `/auth/sessions/${id}`, { token });
    t.equal((await end(session_id)).status, 404, 'of another session it says no');
    t.equal(
      (await two.call('POST', '/auth/logout-others', { token })).status,
      401,
      'and so it does of others',
    );
    t.equal((await two.call('POST', '/auth/logout-all', { token })).status, 204);
    t.strictSame(await verdicts(token), refused);
    t.strictSame(await verdicts(other), accepted, 'of which nothing was said');
  });

  t.test('Revoke by token and by jti', async (t) => {
    for (const [what, how] of Object.entries(rows)) {
      const [token, jti] = [(await login()).access_token, (await login()).access_token];
      for (const each of [token, jti]) await forgetRows(how, [claimsOf(each).sid]);
      t.match(await client.revoke({ token }), { endedSessions: 0 }, what);
      t.strictSame(await verdicts(token), refused, `token: ${what}`);
      const answer = await client.revoke({ jti: claimsOf(jti).jti });
      t.ok(answer.effectTimeMs > 0, what);
      t.strictSame(await verdicts(jti), refused, `jti: ${what}`);
    }
    const hour = 3_600_000;
    const made = (age: number) => newJti(newId<SessionId>(Date.now() - age), Date.now() - age, 0);
    const long = made(23 * hour);
    t.match(await client.revoke({ jti: long }), { effectTimeMs: /^[1-9]/ });
    t.match(await client.isRevoked({ jti: long }), { revoked: true, reason: 'REASON_REVOKED' });
    t.match(await client.revoke({ jti: made(27 * hour) }), { effectTimeMs: 0 }, 'it has expired');
    t.match(await client.revoke({ jti: made(-9_000) }), { endedSessions: 0 }, 'by a clock that is ahead');
    t.equal(await statusOf(client.revoke({ jti: made(-30_000) })), 'INVALID_ARGUMENT');
    const nobodys = Buffer.concat([Buffer.alloc(16), Buffer.from(made(0), 'base64url').subarray(16)]);
    t.equal(await statusOf(client.revoke({ jti: nobodys.toString('base64url') })), 'INVALID_ARGUMENT');
  });

  t.test('rows that are deleted by hand', async (t) => {
    const deleted = await login();
    await sql('DELETE FROM sessions WHERE id = $1', [deleted.session_id]);
    const isRefused = (token: string) => async () =>
      JSON.stringify(await verdicts(token)) === JSON.stringify(refused);
    const started = performance.now();
    await eventually('everybody knows', isRefused(deleted.access_token));
    t.ok(performance.now() - started < 1_500, 'with the next renewal');
    t.match(await client.isRevoked({ jti: claimsOf(deleted.access_token).jti }), { revoked: true });
    t.equal((await one.call('POST', '/auth/logout', { token: deleted.access_token })).status, 204);
    t.match(await events(deleted.session_id), [{ reason: 'logout' }]);

    // The sets in Redis hold no reasons; without them, the database answers.
    const alone = await login();
    redis.kill('SIGSTOP');
    await sql('DELETE FROM sessions WHERE id = $1', [alone.session_id]);
    await eventually('also without Redis', isRefused(alone.access_token));
    t.match(await client.isRevoked({ jti: claimsOf(alone.access_token).jti }), {
      reason: 'REASON_SESSION_DELETED',
    });
    redis.kill('SIGCONT');

    const [some, others] = [await login(), await login()];
    await sql('TRUNCATE sessions');
    for (const { access_token } of [some, others]) await eventually('all of them', isRefused(access_token));
  });
});

t.test('a copy of the data folder that is put back', async (t) => {
  const [dataDir, copy] = [await copyOfEmbeddedDatabase(), await mkdtemp(join(tmpdir(), 'copy-'))];
  for (const folder of [dataDir, copy]) t.teardown(() => rm(folder, { recursive: true, force: true }));
  const running = async <T>(work: (authority: Awaited<ReturnType<typeof startAuthority>>) => Promise<T>) => {
    const authority = await startAuthority({ dataDir });
    return work(authority).finally(() => authority.stop());
  };
  const before = await running(async (authority) => {
    await authority.register(email);
    return authority.login(email);
  });
  await cp(dataDir, copy, { recursive: true });
  const [refreshed, after] = await running(async ({ refresh, login }) => [
    (await refresh(before.refresh_token)).body,
    await login(email),
  ]);
  await rm(dataDir, { recursive: true });
  await cp(copy, dataDir, { recursive: true });
  // What was seen of it would tell, and then nothing is served: test/truth/putBack.test.ts.
  await rm(join(dataDir, 'seen'));
  await running(async ({ call }) => {
    for (const { access_token: token } of [after, refreshed]) {
      const me = async () => (await call('GET', '/auth/me', { token })).status;
      t.equal(await me(), 200);
      t.equal((await call('POST', '/auth/logout', { token })).status, 204);
      t.equal(await me(), 401);
    }
  });
  await running(async ({ call }) => {
    for (const { access_token: token } of [before, after, refreshed])
      t.equal((await call('GET', '/auth/me', { token })).status, 401, 'also after a restart');
  });
});
