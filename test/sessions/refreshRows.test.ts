/**
 * Rows of refresh that are nobody else's: mixed tokens (R7), the end of time (R8), scope (R9), guessing (R11), other people's
 * sessions (R15). Theft (R1, R4, R5) is in theft.test.ts, races (R2, R10) in onTwoNodes.test.ts, a lost response (R3) in
 * sessions/refresh.test.ts, crashes (R6) in refreshCrash.test.ts, dumps (R12) in dump.ts, cookies (R13, R14, R17) in
 * transport/http/cookies.test.ts, the limit of sessions (R16) in limit.ts.
 */
import { randomBytes } from 'node:crypto';
import { canaryReason } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { openEngine, type PostgresEngine } from '../../src/storage/postgres/engine.ts';
import { canaryUserId } from '../../src/truth/canary.ts';
import { keptFolder, startAuthority } from '../support/authority.ts';
import { createShiftedClock } from '../support/shiftedClock.ts';

const [alice, bob] = ['alice@example.com', 'bob@example.com'];
const second = 1_000;
const day = 24 * 60 * 60 * second;

/** The bytes of a refresh token: session id (16), generation (6), authentication code (32). */
const bytesOf = (token: string) => Buffer.from(token.slice(3), 'base64url');
const tokenOf = (...parts: Uint8Array[]) => `rt_${Buffer.concat(parts).toString('base64url')}`;

/** A token of `mine` with parts of `other`, each of which is a genuine token of another session. */
const mixtures = (mine: string, other: string): Record<string, string> => {
  const [own, foreign] = [bytesOf(mine), bytesOf(other)];
  const [id, generation, code] = [own.subarray(0, 16), own.subarray(16, 22), own.subarray(22)];
  const next = Buffer.from(generation);
  next.writeUIntBE(1, 0, 6);
  const flipped = Buffer.from(code);
  flipped[31] = (flipped[31] ?? 0) ^ 1;
  return {
    'the id of one, the code of another': tokenOf(id, generation, foreign.subarray(22)),
    'the code of one, the id of another': tokenOf(foreign.subarray(0, 16), generation, code),
    'the next generation': tokenOf(id, next, code),
    'the last generation that fits': tokenOf(id, Buffer.alloc(6, 255), code),
    'one bit of the code': tokenOf(id, generation, flipped),
    'a code of zeros': tokenOf(id, generation, Buffer.alloc(32)),
    'a random code': tokenOf(id, generation, randomBytes(32)),
    'an id that nobody has': tokenOf(Buffer.alloc(16), generation, code),
    'the nil generation of nobody': tokenOf(randomBytes(16), Buffer.alloc(6), randomBytes(32)),
  };
};

const misshapen = (token: string): Record<string, string> => ({
  'a character less': token.slice(0, -1),
  'a character more': `${token}A`,
  padding: `${token}=`,
  'another prefix': `RT_${token.slice(3)}`,
  'no prefix': token.slice(3),
  'the other base64': `${token.slice(0, -1)}+`,
  'white space': `${token.slice(0, 30)} ${token.slice(31)}`,
  'a NUL': `${token.slice(0, 30)}\0${token.slice(31)}`,
  'the longest text': 'x'.repeat(8_192),
});

t.test('guessing (R7, R11)', async (t) => {
  const { dataDir, databaseUrl } = await keptFolder(t);
  const first = await startAuthority({ dataDir });
  await first.register(alice);
  await first.register(bob);
  const tokens = await first.login(alice);
  const others = {
    'another session of mine': await first.login(alice),
    'another user': await first.login(bob),
  };
  await first.stop();

  const stored = async () => {
    const engine = await openEngine('', databaseUrl);
    const { prisma } = engine;
    const rows = {
      // Canaries are written anyway.
      sessions: await prisma.session.findMany({
        where: { userId: { not: canaryUserId } },
        orderBy: { id: 'asc' },
      }),
      users: await prisma.user.findMany({ where: { id: { not: canaryUserId } }, orderBy: { id: 'asc' } }),
      revocations: await prisma.revocation.count({ where: { reason: { not: canaryReason } } }),
      audit: await prisma.auditEvent.count(),
    };
    await engine.close();
    return rows;
  };
  const before = await stored();
  const guessed = await startAuthority({ dataDir });
  for (const [whose, { refresh_token: other }] of Object.entries(others)) {
    const all = { ...mixtures(tokens.refresh_token, other), ...misshapen(other) };
    for (const [what, token] of Object.entries(all)) {
      for (const path of ['refresh', 'logout']) {
        const answer = await guessed.call('POST', `/auth/${path}`, { body: { refresh_token: token } });
        t.match([answer.status, answer.body.code], [401, 'invalid_grant'], `${path}, ${whose}: ${what}`);
        t.notOk('detail' in answer.body || 'errors' in answer.body, 'and it looks like any other refusal');
      }
    }
  }
  t.match(guessed.log(), /"reason":"forged"[\s\S]*"reason":"unknown_session"[\s\S]*"reason":"malformed"/);
  await guessed.stop();
  t.strictSame(await stored(), before, 'no guess has written anything');

  let opened: PostgresEngine | undefined;
  const openDatabase: typeof openEngine = async (...which) => {
    opened = await openEngine(...which);
    return opened;
  };
  const blind = await startAuthority({ dataDir, openDatabase });
  t.teardown(() => blind.stop());
  await opened?.prisma.$executeRawUnsafe('ALTER TABLE sessions RENAME COLUMN scope TO gone');
  for (const [what, token] of Object.entries(misshapen(tokens.refresh_token))) {
    t.equal((await blind.refresh(token)).status, 401, `${what} is not looked up: sessions cannot be read`);
  }
  t.equal((await blind.refresh(tokens.refresh_token)).status, 503, 'which is so');
});

t.test('time, scope and other people’s sessions', async (t) => {
  const clock = createShiftedClock();
  const authority = await startAuthority({
    clock,
    env: { REFRESH_IDLE_TTL: '2d', SESSION_MAX_TTL: '5d' },
  });
  t.teardown(() => authority.stop());
  const { call, refresh } = authority;
  await authority.register(alice);
  await authority.register(bob);

  await t.test('a session ends when it was idle, and at its end however busy it was (R8)', async (t) => {
    // Each step: after how many milliseconds it is refreshed, and whether that succeeds.
    const table: [name: string, ...steps: [milliseconds: number, status: number][]][] = [
      ['just before it was idle too long', [2 * day - 30 * second, 200]],
      ['when it was idle too long', [2 * day, 401]],
      ['each use begins anew', [1.9 * day, 200], [1.9 * day, 200]],
      ['just before its end', [1.9 * day, 200], [1.9 * day, 200], [1.2 * day - 30 * second, 200]],
      ['at its end', [1.9 * day, 200], [1.9 * day, 200], [1.2 * day, 401]],
      [
        'the last use does not move the end',
        [1.9 * day, 200],
        [1.9 * day, 200],
        [1.1 * day, 200],
        [0.1 * day, 401],
      ],
      ['what was idle too long stays so', [2 * day, 401], [0, 401]],
    ];
    for (const [name, ...steps] of table) {
      let { refresh_token: token } = await authority.login(alice);
      for (const [index, [milliseconds, status]] of steps.entries()) {
        clock.shift(milliseconds);
        const answer = await refresh(token);
        t.equal(answer.status, status, `${name}: step ${index + 1}`);
        if (answer.status !== 200) continue;
        token = answer.body.refresh_token;
        const endsIn = answer.body.refresh_expires_in;
        t.ok(endsIn > 0 && endsIn <= 2 * 86_400, `${name}: it says so: ${endsIn} s`);
      }
    }
  });

  await t.test(
    'nobody gets another scope or client, and the token is not used up by asking (R9)',
    async (t) => {
      const { refresh_token: token } = await authority.login(alice);
      for (const [field, value] of Object.entries({
        scope: 'account admin',
        client_id: 'x',
        audience: 'x',
        ver: 9,
      })) {
        const answer = await call('POST', '/auth/refresh', {
          body: { refresh_token: token, [field]: value },
        });
        t.match([answer.status, answer.body.errors?.[0]?.field], [400, field], field);
      }
      const answer = await refresh(token);
      t.match([answer.status, answer.body.scope], [200, 'account']);
    },
  );

  await t.test('of other people’s sessions nobody sees or ends one (R15)', async (t) => {
    const mine = await authority.login(alice);
    const theirs = [await authority.login(bob), await authority.login(bob)];
    const { body: page } = await call('GET', '/auth/sessions?page_size=1', {
      token: theirs[1]?.access_token ?? '',
    });
    const listed = await call('GET', `/auth/sessions?page_token=${page.next_page_token}`, {
      token: mine.access_token,
    });
    t.equal(listed.status, 200, 'a page token of somebody else is a place in time');
    const ids = listed.body.sessions.map(({ id }: { id: string }) => id);
    t.strictSame(
      ids.filter((id: string) => theirs.some(({ session_id }) => id === session_id)),
      [],
    );

    await call('DELETE', `/auth/sessions/${theirs[0]?.session_id}`, { token: theirs[1]?.access_token ?? '' });
    const answers = [];
    for (const id of [
      ...theirs.map(({ session_id }) => session_id),
      '00000000-0000-7000-8000-000000000000',
    ]) {
      const { status, body } = await call('DELETE', `/auth/sessions/${id}`, { token: mine.access_token });
      answers.push(JSON.stringify([status, { ...body, request_id: undefined }]));
    }
    t.equal(new Set(answers).size, 1, 'one that lives, one that has ended and one that never was look alike');
    t.match(answers[0], /^\[404,/);
    await call('POST', '/auth/logout-others', { token: mine.access_token });
    t.equal((await refresh(theirs[1]?.refresh_token ?? '')).status, 200, 'it lives on');
  });
});
