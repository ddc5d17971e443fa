/**
 * Look-ups of sessions from a real Redis that forges, repeats, forgets, freezes and dies, on two nodes: a hit says what PostgreSQL says, and
 * nothing that was revoked or changed before the call is ever answered.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import t, { type Test } from 'tap';
import { createSealing } from '../../src/platform/sealing.ts';
import { createLookUpSession, isFresh } from '../../src/sessions/lookUp/lookUpSession.ts';
import { createKeys } from '../../src/storage/redis/keys.ts';
import { createSessionEntries } from '../../src/storage/redis/sessionEntries.ts';
import type { TestAuthority } from '../support/authority.ts';
import { claimsOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { operator } from '../support/oauthClients.ts';
import { startRedis } from '../support/redis.ts';
import { newSession, newUser } from '../support/rows.ts';
import { createRpcClient, refusalOf } from '../support/rpcClient.ts';
import { openTestRedis } from '../support/sharedCopy.ts';
import { openSharedDatabase } from '../support/sharedDatabase.ts';
import { startSharedNode } from '../support/sharedNode.ts';
import { email, startTwoNodes } from '../support/twoNodes.ts';

async function open(t: Test) {
  const { one, two, redis, login, sql } = await startTwoNodes(t);
  const clientOf = ({ grpcPort, serviceToken }: TestAuthority) => {
    const client = createRpcClient(`127.0.0.1:${grpcPort}`, serviceToken);
    t.teardown(() => client.close());
    return client;
  };
  const [first, second] = [clientOf(one), clientOf(two)];
  const prefix = `countersign:{${await redis.command('GET', 'countersign:deployment')}}:session:`;
  const counts = countsOf(two);
  const ask = (sessionId: string) => second.call('GetSession', { sessionId });
  const stored = (sid: string) => redis.command('GETRANGE', `${prefix}${sid}`, 0, -1);
  return {
    ...{ one, two, redis, login, sql, first, second, prefix },
    /** How often the second node noted each outcome since the last call. */
    counts,
    /** A session whose entry the first node has written. */
    async cached() {
      const tokens = await login();
      const { sid, sub, jti } = claimsOf(tokens.access_token);
      const answer = await first.call('GetSession', { sessionId: sid });
      await eventually('the entry is written', async () => (await stored(sid)) !== '');
      return { ...tokens, sid, sub, jti, answer };
    },
    ask,
    /**
     * What the asking answered, and what the second node noted. All of it again where Redis took more than 50 ms, as on a busy machine: then
     * PostgreSQL answers, and the entry is written anew.
     */
    async noted<Answer>(asking: () => Promise<Answer>) {
      await counts();
      for (let tries = 1; ; tries += 1) {
        const answer = await asking();
        const noted = await counts();
        if (!('redis' in noted) || tries === 10) return { answer, noted };
      }
    },
    /** The bytes of the entry, to put them back later. */
    async keep(sid: string) {
      const key = `${prefix}${sid}`;
      await redis.command('COPY', key, `kept:${sid}`);
      return () => redis.command('COPY', `kept:${sid}`, key, 'REPLACE');
    },
  };
}

function countsOf({ operations }: TestAuthority) {
  let before: Readonly<Record<string, number>> = {};
  return async () => {
    const text = String((await operations('GET', '/metrics')).body);
    const found = text.matchAll(/^countersign_session_look_ups_total\{outcome="(\w+)"\} (\d+)$/gm);
    const now = Object.fromEntries([...found].map(([, name = '', count]) => [name, Number(count)]));
    const changed = Object.entries(now).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    before = now;
    return Object.fromEntries(changed.filter(([, count]) => count > 0));
  };
}

const notFound = { code: 'NOT_FOUND', reason: 'NOT_FOUND' };

t.test('what one node read answers at another', async (t) => {
  const { cached, ask, noted, keep, second, one } = await open(t);
  const { sid, sub, jti, answer } = await cached();
  const putBack = await keep(sid);
  const hit = await noted(async () => {
    await putBack();
    return ask(sid);
  });
  t.strictSame(hit, { answer, noted: { hit: 1 } }, 'to the last member, and as old');
  t.match(answer, {
    session: { sessionId: sid, userId: sub, ip: '127.0.0.1' },
    ...{ clientId: 'first-party', scope: 'account', amr: ['pwd'], acr: '1fa', roles: [] },
  });
  t.ok(Math.abs(answer.readTimeMs - Date.now()) < 30_000);
  const byToken = await noted(() => second.call('GetSession', { jti }));
  t.match(byToken.answer.session, { sessionId: sid }, 'by a token');
  t.strictSame(byToken.noted, { old: 1 }, 'the entry is hardly younger than the token: read again');
  const { access_token: other } = await one.login(email);
  const asked = await Promise.all(
    Array.from({ length: 20 }, () => second.call('GetSession', { sessionId: claimsOf(other).sid })),
  );
  t.equal(new Set(asked.map(({ readTimeMs }) => readTimeMs)).size < 20, true, 'many at once share readings');
});

t.test('what Redis has is worth nothing unless a node made it for this session', async (t) => {
  const { cached, ask, noted, redis, prefix } = await open(t);
  const [{ sid, answer }, other] = [await cached(), await cached()];
  const key = `${prefix}${sid}`;
  const lies: readonly (readonly [what: string, expected: string, lie: () => Promise<unknown>])[] = [
    ['a text', 'forged', () => redis.command('SET', key, JSON.stringify({ form: 1, readAt: Date.now() }))],
    ['nothing', 'forged', () => redis.command('SET', key, '')],
    [
      'the entry of another session',
      'forged',
      () => redis.command('COPY', prefix + other.sid, key, 'REPLACE'),
    ],
    ['a set', 'miss', async () => [await redis.command('DEL', key), await redis.command('SADD', key, 'x')]],
    ['one bit less', 'forged', () => flip(redis, key)],
    ['an empty Redis', 'miss', () => redis.command('FLUSHALL')],
  ];
  for (const [what, expected, lie] of lies) {
    const told = await noted(async () => {
      await lie();
      return ask(sid);
    });
    t.match(told.answer.session, answer.session, what);
    t.strictSame(told.noted, { [expected]: 1 }, what);
    await eventually(`${what}: and good again`, async () => 'hit' in (await noted(() => ask(sid))).noted);
  }
});

/** Of the last byte, in place. */
async function flip(redis: { command(...words: (string | number)[]): Promise<unknown> }, key: string) {
  const length = Number(await redis.command('STRLEN', key));
  const bit = 8 * length - 1;
  await redis.command('SETBIT', key, bit, 1 - Number(await redis.command('GETBIT', key, bit)));
}

t.test('after a logout no node answers, whatever Redis says', async (t) => {
  const { cached, ask, noted, keep, first, one } = await open(t);
  const { sid, jti, access_token: token } = await cached();
  const putBack = await keep(sid);
  await ask(sid);
  t.equal((await one.call('POST', '/auth/logout', { token })).status, 204);
  const refused = await noted(() => refusalOf(ask(sid)));
  t.match(refused, { answer: notFound, noted: { revoked: 1 } });
  const old = await noted(async () => {
    await putBack();
    return refusalOf(ask(sid));
  });
  t.match(old, { answer: notFound, noted: { revoked: 1 } }, 'an old entry that was put back');
  t.match(await refusalOf(first.call('GetSession', { sessionId: sid })), notFound);
  t.match(await refusalOf(first.call('GetSession', { jti })), notFound);
});

t.test('a session of an application is not answered while that is disabled', async (t) => {
  const { ask, first, one, login, sql } = await open(t);
  const { createClient, disableClient, enableClient } = one.authority.operations;
  const { id } = await createClient(
    { name: 'shop', kind: 'app', permissions: [], audiences: [], scopes: [], redirectUris: ['https://x/y'] },
    operator,
  );
  const { sid } = claimsOf((await login()).access_token);
  await sql('UPDATE sessions SET client_id = $1 WHERE id = $2', [id, sid]);
  t.equal((await first.call('GetSession', { sessionId: sid })).clientId, id);
  t.equal((await ask(sid)).clientId, id);
  await disableClient('shop', operator);
  t.match(await refusalOf(ask(sid)), notFound);
  t.match(await refusalOf(first.call('GetSession', { sessionId: sid })), notFound);
  await enableClient('shop', operator);
  t.equal((await ask(sid)).clientId, id);
});

t.test('a right that was taken away is in no answer after that, and a new one in each', async (t) => {
  const { cached, ask, counts, noted, keep, one, sql } = await open(t);
  const { grantRole, takeRole, removeRole, setResource, setRole } = one.authority.operations;
  const resource = { audience: 'orders', scopes: ['read'], everyone: [], accessTtlMs: undefined };
  await setResource(resource, operator);
  await setRole({ name: 'clerk', audience: 'orders', scopes: ['read'] }, operator);
  const clerk = { role: 'clerk', user: { email } };
  // By hand: a grant of ours would keep entries from being used for two minutes.
  await sql(
    `INSERT INTO role_grants (role, subject, granted_at, granted_by)
             SELECT 'clerk', id::text, now(), 'test' FROM users WHERE email = $1`,
    [email],
  );
  const { sid } = await cached();
  t.strictSame((await ask(sid)).roles, ['clerk']);
  const putBack = await keep(sid);
  const rolesWith = (putBack: () => Promise<unknown>) =>
    noted(async () => {
      await putBack();
      return (await ask(sid)).roles;
    });
  await takeRole(clerk, operator);
  t.strictSame(await rolesWith(putBack), { answer: [], noted: { revoked: 1 } }, 'taken while cached');
  await eventually('one of the new epoch is good', async () => {
    await ask(sid);
    return 'hit' in (await counts());
  });
  const putBackWithout = await keep(sid);
  await grantRole(clerk, operator);
  const granted = await rolesWith(putBackWithout);
  t.strictSame(granted, { answer: ['clerk'], noted: { revoked: 1 } }, 'granted while cached');
  await removeRole({ name: 'clerk', audience: 'orders' }, operator);
  t.strictSame((await ask(sid)).roles, [], 'a role that is worth nothing any more');
});

t.test('a role that asks for a second factor is not of a session with one', async (t) => {
  const { cached, ask, keep, noted, one } = await open(t);
  const { grantRole, setResource, setRole } = one.authority.operations;
  const resource = { audience: 'orders', scopes: ['read'], everyone: [], accessTtlMs: undefined };
  await setResource(resource, operator);
  const clerk = { name: 'clerk', audience: 'orders', scopes: ['read'] };
  await setRole(clerk, operator);
  await grantRole({ role: 'clerk', user: { email } }, operator);
  const { sid, answer } = await cached();
  t.strictSame(answer.roles, ['clerk']);
  const putBack = await keep(sid);
  await setRole({ ...clerk, secondFactor: true }, operator);
  const asked = await noted(async () => {
    await putBack();
    return (await ask(sid)).roles;
  });
  t.match(asked, { answer: [], noted: { revoked: 1 } }, 'asked for while cached');
});

t.test('a role that ends is not answered from then on', async (t) => {
  const { cached, ask, one } = await open(t);
  const { grantRole, setResource, setRole } = one.authority.operations;
  const resource = { audience: 'orders', scopes: ['read'], everyone: [], accessTtlMs: undefined };
  await setResource(resource, operator);
  await setRole({ name: 'clerk', audience: 'orders', scopes: ['read'] }, operator);
  const expiresAt = Date.now() + 2_000;
  await grantRole({ role: 'clerk', user: { email }, expiresAt }, operator);
  const { sid, answer } = await cached();
  t.strictSame(answer.roles, ['clerk']);
  await eventually('it has ended', () => Date.now() > expiresAt);
  t.strictSame((await ask(sid)).roles, []);
});

t.test('a frozen, full or dead Redis costs time, and no answer', async (t) => {
  const { cached, ask, counts, redis, login } = await open(t);
  const { sid, answer } = await cached();
  await counts();
  redis.kill('SIGSTOP');
  for (let asked = 0; asked < 20; asked += 1) {
    const start = performance.now();
    t.match((await ask(sid)).session, answer.session);
    t.ok(performance.now() - start < 1_000, 'in time');
  }
  redis.kill('SIGCONT');
  t.match(await counts(), { redis: 20 });
  await eventually('it is used again', async () => {
    await ask(sid);
    return 'hit' in (await counts());
  });
  await redis.command('CONFIG', 'SET', 'maxmemory', 1);
  const { access_token: token } = await login();
  t.match((await ask(claimsOf(token).sid)).clientId, 'first-party', 'full');
  await eventually('it was not kept', async () => 'not_kept' in (await counts()));
  redis.kill('SIGKILL');
  t.match((await ask(sid)).session, answer.session, 'dead');
});

t.test('what is not understood is named, what is not there is NOT_FOUND', async (t) => {
  const { login, first } = await open(t);
  const { sid, jti } = claimsOf((await login()).access_token);
  for (const [request, field] of [
    [{}, 'session_id'],
    [{ sessionId: sid.toUpperCase() }, 'session_id'],
    [{ sessionId: sid, jti }, 'jti'],
    [{ jti: sid }, 'jti'],
  ] as const)
    t.match(await refusalOf(first.call('GetSession', request)), { code: 'INVALID_ARGUMENT', field });
  for (const sessionId of [randomUUID(), '00000000-0000-7000-8000-000000000000'])
    t.match(await refusalOf(first.call('GetSession', { sessionId })), notFound);
});

t.test('without a lease PostgreSQL answers, and Redis is not asked', async (t) => {
  const [server, shared] = [await startRedis(), await openSharedDatabase(t)];
  t.teardown(() => server.stop());
  const redis = await openTestRedis(t, server.url);
  const keys = createKeys(randomUUID());
  const sessionEntries = createSessionEntries({ redis, keys, sealing: createSealing(randomBytes(32)) });
  const { database } = shared;
  const id = await newSession(shared, await newUser(shared), Date.now());
  const outcomes: string[] = [];
  let held = true;
  const node = await startSharedNode(t, { shared, redisUrl: server.url, deployment: randomUUID() });
  const lookUp = createLookUpSession({
    ...{ database, sessionEntries, denyList: node.denyList, clock: systemClock, latestTime: Date.now },
    ...{ holdsLease: () => held, onOutcome: (outcome) => void outcomes.push(outcome) },
  });
  t.match(await lookUp(id), { facts: { id } });
  await eventually('it is written', async () => (await sessionEntries.read(id)) !== 'missing');
  t.match(await lookUp(id), { facts: { id } });
  held = false;
  // As if another node had ended it: this one does not know.
  await database.transaction(({ sessions }) => sessions.end({ sessionIds: [id] }, 'logout', Date.now()));
  t.equal(await lookUp(id), undefined);
  t.strictSame(outcomes, ['miss', 'hit', 'no_lease']);
});

t.test('when an entry may answer', async (t) => {
  const readAt = 1_000_000;
  const facts = { accessExpiresAt: readAt + 40_000 } as Parameters<typeof isFresh>[0]['facts'];
  const rows: readonly (readonly [what: string, Partial<Parameters<typeof isFresh>[1]>, boolean])[] = [
    ['at once', {}, true],
    ['by a clock that is ahead', { now: readAt - 10_000 }, true],
    ['from the future', { now: readAt - 10_001 }, false],
    ['for a minute', { now: readAt + 59_999 }, true],
    ['not longer', { now: readAt + 60_000 }, false],
    ['while a token of the session may live', { latest: readAt + 39_999 }, true],
    ['afterwards no revocation is kept', { latest: readAt + 40_000 }, false],
    ['for a token of before', { issuedAt: readAt - 15_000 }, true],
    ['not for one of the same moment', { issuedAt: readAt - 14_999 }, false],
  ];
  for (const [what, given, expected] of rows) {
    const at = { now: readAt, latest: readAt, issuedAt: undefined, ...given };
    t.equal(isFresh({ facts, readAt }, at), expected, what);
  }
});
