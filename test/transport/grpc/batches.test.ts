/** Many questions in one call, and questions about what a subscriber's filter hit: each answer is that of the question alone. */
import { randomBytes, randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { newJti } from '@countersign/verifier/tokens/jti';
import t from 'tap';
import { newId } from '../../../src/platform/newId.ts';
import { createTokenService } from '../../../src/tokens/grpc.ts';
import { tokenLimits } from '../../../src/tokens/limits.ts';
import { createBatch } from '../../../src/transport/grpc/batch.ts';
import { startAuthority } from '../../support/authority.ts';
import { claimsOf } from '../../support/clients.ts';
import { createRpcClient, refusalOf } from '../../support/rpcClient.ts';

const unknownJti = () => newJti(newId<SessionId>(Date.now()), Date.now(), 0);
const inAnHour = () => Math.floor(Date.now() / 1000) + 3_600;

t.test('one authority', async (t) => {
  const authority = await startAuthority();
  t.teardown(() => authority.stop());
  const { call, close } = createRpcClient(`127.0.0.1:${authority.grpcPort}`, authority.serviceToken);
  t.teardown(close);
  await authority.register('alice@example.com');
  const login = async () => {
    const { access_token: token } = await authority.login('alice@example.com');
    return { token, ...claimsOf(token) };
  };
  const dead = await login();
  await authority.call('POST', '/auth/logout', { token: dead.token });
  const live = await login();
  const externalId = randomUUID();
  await call('Revoke', { external: { externalId, exp: inAnHour() } });

  t.test('a subject is revoked as what it names', async (t) => {
    for (const [what, subject, revoked] of [
      ['the session', uuidBytes(dead.sid), true],
      ['its token, which is revoked by its session only', Buffer.from(dead.jti, 'base64url'), false],
      ['a live session', uuidBytes(live.sid), false],
      ['nobody’s', randomBytes(27), false],
    ] as const) {
      t.equal((await call('IsRevoked', { subject })).revoked, revoked, what);
    }
    for (const bytes of [1, 15, 17, 26, 28, 1_000]) {
      const refusal = await refusalOf(call('IsRevoked', { subject: randomBytes(bytes) }));
      t.match(refusal, { code: 'INVALID_ARGUMENT', field: 'subject' }, `${bytes} bytes`);
    }
  });

  t.test('what is set together is refused', async (t) => {
    const subject = uuidBytes(live.sid);
    for (const [request, field] of [
      [{ jti: live.jti, subject }, 'subject'],
      [{ kid: 'k'.repeat(43), subject }, 'subject'],
      [{ externalId, subject }, 'external_id'],
      [{ externalId, jti: live.jti }, 'external_id'],
    ] as const) {
      t.match(await refusalOf(call('IsRevoked', request)), { code: 'INVALID_ARGUMENT', field });
    }
  });

  t.test('BatchIsRevoked: one that is malformed fails alone, and closed', async (t) => {
    const { results } = await call('BatchIsRevoked', { jtis: [live.jti, 'x', dead.jti] });
    t.match(results, [
      { revoked: false, reason: 'REASON_UNSPECIFIED', failure: null },
      {
        revoked: true,
        failure: { status: 'FAILURE_STATUS_INVALID_ARGUMENT', reason: 'INVALID_REQUEST', message: /^jti: / },
      },
      { revoked: true, reason: 'REASON_LOGOUT', failure: null },
    ]);
  });

  t.test('BatchIsRevoked: checks of every kind', async (t) => {
    const { results } = await call('BatchIsRevoked', {
      checks: [
        { externalId },
        { jti: dead.jti },
        { subject: uuidBytes(live.sid) },
        { externalId, jti: dead.jti },
        { jti: live.jti, kid: 'x' },
        {},
      ],
    });
    t.strictSame(
      results.map(({ revoked, failure }: { revoked: boolean; failure: { message: string } | null }) => [
        revoked,
        failure?.message.split(':')[0],
      ]),
      [
        [true, undefined],
        [true, undefined],
        [false, undefined],
        [true, 'external_id'],
        [true, 'kid'],
        [true, 'jti'],
      ],
    );
  });

  t.test('BatchIntrospect: in the order of the request', async (t) => {
    const tokens = Array.from({ length: tokenLimits.batchIntrospectTokens }, (_, place) =>
      place % 2 === 0 ? live.token : `x${place}`,
    );
    tokens[500] = dead.token;
    const { results } = await call('BatchIntrospect', { tokens });
    t.equal(results.length, tokens.length);
    t.match(results[0], { active: true, sid: live.sid, jti: live.jti, tokenType: 'Bearer', failure: null });
    t.match(results[500], { active: false, sid: '', failure: null });
    t.equal(results.filter(({ active }: { active: boolean }) => active).length, 499);
  });

  t.test('a batch as a whole is refused', async (t) => {
    for (const [method, request, field] of [
      ['BatchIsRevoked', {}, 'jtis'],
      ['BatchIsRevoked', { jtis: [live.jti], checks: [{ jti: live.jti }] }, 'checks'],
      ['BatchIsRevoked', { checks: Array.from({ length: 10_001 }, () => ({ jti: 'x' })) }, 'jtis'],
      ['BatchIntrospect', {}, 'tokens'],
      ['BatchIntrospect', { tokens: Array.from({ length: 1_001 }, () => 'x') }, 'tokens'],
    ] as const) {
      t.match(await refusalOf(call(method, request)), { code: 'INVALID_ARGUMENT', field }, method);
    }
    const tooLarge = { jtis: Array.from({ length: 30_000 }, unknownJti) };
    t.match(await refusalOf(call('BatchIsRevoked', tooLarge)), { code: 'RESOURCE_EXHAUSTED' });
  });

  t.test('none of it was an error of ours', async (t) => {
    t.notMatch(authority.log(), /"level":"(error|fatal)"/);
  });
});

t.test('a batch', async (t) => {
  let turns = 0;
  const batch = createBatch({
    after(_milliseconds, task) {
      turns += 1;
      queueMicrotask(task);
      return () => {};
    },
  });
  const unavailable = () => new AuthorityError('unavailable', { reason: 'test' });

  t.test('in an outage each fails, and one is reported', async (t) => {
    const reported: unknown[] = [];
    const answers = await batch(
      [1, 2, 3],
      async () => Promise.reject(unavailable()),
      { revoked: true },
      (error) => reported.push(error),
    );
    t.match(answers, Array(3).fill({ revoked: true, failure: { status: 'FAILURE_STATUS_UNAVAILABLE' } }));
    t.equal(reported.length, 1);
  });

  t.test(
    'what nobody foresaw is internal, says nothing and is reported; what the caller did is not',
    async (t) => {
      const reported: unknown[] = [];
      const faults = [invalidField('jti', 'format', 'is wrong'), new Error('secret')];
      const fail = (index: number) => {
        throw faults[index];
      };
      const answers = await batch([0, 1], fail, { active: false }, (error) => reported.push(error));
      t.match(answers, [
        { failure: { status: 'FAILURE_STATUS_INVALID_ARGUMENT' } },
        { failure: { status: 'FAILURE_STATUS_INTERNAL', reason: 'INTERNAL' } },
      ]);
      t.notMatch(JSON.stringify(answers), /secret/);
      t.strictSame(reported, faults.slice(1));
    },
  );

  t.test('in turns: others are served in between, and an abandoned one is not finished', async (t) => {
    let asked = 0;
    const one = () => ({ number: ++asked });
    const answers = await batch([1, 2, 3, 4, 5], one, { number: 0 }, () => {}, {
      size: 2,
      isAbandoned: () => asked >= 4,
    });
    t.strictSame(
      answers,
      [1, 2, 3, 4].map((number) => ({ number })),
    );
    t.equal(turns, 2, 'of the rest of the process');
  });
});

t.test('of plain ids none is called revoked that could not be looked up', async (t) => {
  const reported: unknown[] = [];
  const unavailable = new AuthorityError('unavailable', { reason: 'test' });
  const { BatchIsRevoked } = createTokenService(
    {
      checkRevocation: () => Promise.reject(unavailable),
      introspect: async () => ({ active: false, reason: 'revoked' }),
    },
    { clock: systemClock, report: (_method, error) => void reported.push(error) },
  );
  const jti = newJti(newId<SessionId>(0), 0, 0);
  await t.rejects(BatchIsRevoked({ jtis: [jti, jti], checks: [] }), unavailable);
  const check = { jti, kid: '', externalId: '', subject: Buffer.alloc(0) };
  t.match(await BatchIsRevoked({ jtis: [], checks: [check] }), {
    results: [{ revoked: true, failure: { status: 'FAILURE_STATUS_UNAVAILABLE' } }],
  });
  t.strictSame(reported, [unavailable], 'that of the call itself is reported with the call');
});
