/** A guard and its authority, as the protocol of revocation_service.proto has them. */

import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { createBloomFilter, hashId } from '@countersign/verifier/revocation/bloomFilter';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { parseJti } from '@countersign/verifier/tokens/jti';
import { keySubject } from '@countersign/verifier/tokens/publicKey';
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { aGuard, aLeasedGuard, anAuthority, said, serviceToken } from '../support/guards.ts';
import { createManualClock } from '../support/manualClock.ts';
import { filterOf, serve, started } from '../support/scriptedAuthority.ts';

const subjectsOf = (jti: string) => (parseJti(jti)?.subjects ?? []) as readonly Uint8Array[];
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const inAnHour = () => Date.now() + 3_600_000;

t.test('a stream goes from start to lease', async (t) => {
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority], { edgeId: 'subscriber-1' });
  const stream = await authority.stream(0);
  t.equal((await stream.next('start')).edgeId, 'subscriber-1');
  t.equal(stream.authorization, `Bearer ${serviceToken}`);
  t.equal(guard.state().status, 'not_ready');
  t.equal(await said(guard, authority.forge.good), 'accepted', 'the authority is asked meanwhile');
  t.equal(authority.asked.introspect, 1, 'about the whole token, since no key is known');

  serve(stream, authority);
  await guard.ready();
  const { status, nodeId, authority: address, keys, leaseMs } = guard.state();
  t.match(
    { status, nodeId, address, keys },
    { status: 'leased', nodeId: 'node-1', address: authority.address, keys: 1 },
  );
  t.ok(leaseMs > 0 && leaseMs <= 5_000, 'it counts from before it was asked for');
  t.equal((await stream.next('renew')).number, 1);

  for (let time = 0; time < 3; time += 1) t.equal(await said(guard, authority.forge.good), 'accepted');
  t.equal(authority.asked.introspect + authority.asked.batch, 1, 'and under the lease nobody is asked');
  const { claims } = authority.forge;
  const verified = await guard.verify(authority.forge.good);
  t.strictSame({ ...verified, amr: [...verified.amr] }, claims);
  t.throws(() => Object.assign(verified, { sub: 'x' }), 'claims are shared, and cannot be changed');
});

t.test('what is revoked is refused at once, and that is acknowledged', async (t) => {
  for (const which of ['its token', 'its session', 'its key'] as const) {
    const { authority, guard, stream } = await aLeasedGuard(t);
    const { good, claims, kid } = authority.forge;
    const [token, session] = subjectsOf(claims.jti) as [Uint8Array, Uint8Array];
    const subject = Buffer.from(
      { 'its token': token, 'its session': session, 'its key': keySubject(kid) }[which],
    );
    const entry = { subject, expireTimeMs: inAnHour(), reason: 'REASON_LOGOUT' as const };
    t.equal(await said(guard, good), 'accepted');
    stream.send({ revocations: { position: 11, entries: [{ ...entry, unconfirmed: true }] } });
    t.equal((await stream.next('acknowledge')).position, 11);
    t.equal(await said(guard, good), 'accepted', `${which}: it came to nothing, says the authority`);
    t.equal(authority.asked.batch, 1);
    authority.revoked.add(hex(subject));
    stream.send({ revocations: { position: 12, entries: [{ ...entry, unconfirmed: true }] } });
    t.equal((await stream.next('acknowledge')).position, 12);
    t.equal(
      await said(guard, good),
      '401 invalid_token revoked',
      `${which}: it is revoked, says the authority`,
    );
    t.equal(await said(guard, good), '401 invalid_token revoked', `${which}, again`);
    t.equal(authority.asked.batch, 2, 'which is asked once');
    await guard.close();
  }
  const { authority, guard, stream } = await aLeasedGuard(t);
  const [, session] = subjectsOf(authority.forge.claims.jti) as [Uint8Array, Uint8Array];
  t.equal(await said(guard, authority.forge.good), 'accepted');
  stream.send({
    revocations: { position: 11, entries: [{ subject: Buffer.from(session), expireTimeMs: inAnHour() }] },
  });
  await stream.next('acknowledge');
  t.equal(await said(guard, authority.forge.good), '401 invalid_token revoked');
  t.equal(authority.asked.batch, 0, 'what is confirmed is not asked about');
});

t.test('a snapshot is a deny-list from its first moment', async (t) => {
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority]);
  const [, session] = subjectsOf(authority.forge.claims.jti) as [Uint8Array, Uint8Array];
  const end = sliceEnd(inAnHour(), started.sliceMs);
  const bits = new Uint8Array(createBloomFilter(4_096, 1e-4).bytes);
  for (
    let probe = 0, { first, second } = hashId(session);
    probe < 13;
    probe += 1, first = (first + second) | 0
  ) {
    const bit = ((first >>> 0) * ((bits.length * 8) / 2 ** 32)) | 0;
    bits[bit >> 3] = (bits[bit >> 3] as number) | (1 << (bit & 7));
  }
  authority.revoked.add(hex(session));
  serve(await authority.stream(0), authority, {
    filters: [...filterOf(true, end, bits), ...filterOf(false, end)],
  });
  await guard.ready();
  t.equal(guard.state().revocations, 2);
  t.equal(await said(guard, authority.forge.good), '401 invalid_token revoked');
});

t.test('messages that come together are acknowledged together', async (t) => {
  const { stream } = await aLeasedGuard(t);
  const entries = [{ subject: randomBytes(16), expireTimeMs: inAnHour(), reason: 'REASON_LOGOUT' as const }];
  for (let position = 11; position <= 110; position += 1) stream.send({ revocations: { position, entries } });
  await eventually('the last one', () => stream.of('acknowledge').some(({ position }) => position === 110));
  const positions = stream.of('acknowledge').map(({ position }) => position);
  t.ok(positions.length < 100, `${positions.length} acknowledgements of 100 messages`);
  t.strictSame(
    positions,
    positions.toSorted((one, other) => one - other),
  );
});

t.test('tokens that are not good are refused from memory', async (t) => {
  const { authority, guard } = await aLeasedGuard(t);
  const { forge } = authority;
  const seconds = Math.floor(forge.now / 1000);
  const rows: [string, string | undefined, string][] = [
    ['none', undefined, '401 token_required missing'],
    ['an empty one', '', '401 token_required missing'],
    ['no JWT', 'x', '401 invalid_token malformed'],
    ['too long', 'x'.repeat(9_000), '401 invalid_token too_long'],
    ['expired', forge.withClaims({ exp: seconds - 1, iat: seconds - 900 }), '401 invalid_token expired'],
    ['another audience', forge.withClaims({ aud: 'x' }), '401 invalid_token audience'],
    ['another issuer', forge.withClaims({ iss: 'x' }), '401 invalid_token issuer'],
    ['not signed', forge.withSignature(() => new Uint8Array(64)), '401 invalid_token signature'],
  ];
  t.equal(await said(guard, forge.good), 'accepted');
  for (const [what, token, outcome] of rows) t.equal(await said(guard, token), outcome, what);
  t.equal(
    await said(guard, `${forge.good} `),
    '401 invalid_token malformed',
    'another spelling of one that is known',
  );
  t.equal(authority.asked.introspect + authority.asked.batch, 0);
  const { counts } = guard.state();
  t.match(counts, { acceptedFromMemory: 1, refused: { token_required: 2, invalid_token: 7 } });
});

t.test('a token that is known expires all the same', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  const token = authority.forge.withClaims({ exp: Math.floor(clock.now() / 1000) + 2 });
  t.equal(await said(guard, token), 'accepted');
  await clock.advance(2_000);
  t.ok(guard.state().leaseMs > 0);
  t.equal(await said(guard, token), '401 invalid_token expired');
  clock.stepWall(-10_000);
  t.equal(await said(guard, token), '401 invalid_token expired', 'also when the clock is set back');
});

t.test('scopes', async (t) => {
  const { authority, guard } = await aLeasedGuard(t);
  const { good } = authority.forge;
  t.equal(await said(guard, good, { scopes: [] }), 'accepted');
  t.equal(await said(guard, good, { scopes: ['profile', 'openid'] }), 'accepted');
  await t.rejects(guard.verify(good, { scopes: ['openid', 'orders.read'] }), {
    status: 403,
    code: 'insufficient_scope',
    headers: {
      'www-authenticate':
        'Bearer realm="countersign", error="insufficient_scope", scope="openid orders.read"',
    },
  });
  for (const scopes of [['a b'], ['"'], ['a\r\nb'], 'openid', [1]]) {
    await t.rejects(
      guard.verify(good, { scopes: scopes as string[] }),
      TypeError,
      'what is no scope is a mistake of the service',
    );
  }
});

t.test('keys that are old are not used', async (t) => {
  const clock = createManualClock(Date.now());
  const { authority, guard, stream } = await aLeasedGuard(t, { surroundings: { clock }, now: clock.now() });
  t.equal(await said(guard, authority.forge.good), 'accepted');
  stream.send({ keys: { jwks: authority.jwks(), ageMs: verifierLimits.keyRingBelievedMilliseconds + 1 } });
  await eventually('old keys', () => guard.state().keysAgeMs > verifierLimits.keyRingBelievedMilliseconds);
  t.equal(authority.asked.introspect, 0);
  t.equal(await said(guard, authority.forge.good), 'accepted');
  t.equal(authority.asked.introspect, 1, 'the authority is asked instead');
});

t.test('a lease ends by whichever clock is first', async (t) => {
  for (const how of ['advance', 'stepWall'] as const) {
    const clock = createManualClock(Date.now());
    const { authority, guard, stream } = await aLeasedGuard(t, {
      surroundings: { clock },
      now: clock.now(),
      serving: { leaseMs: 1_000 },
    });
    stream.ignore();
    t.equal(await said(guard, authority.forge.good), 'accepted', 'a known token');
    authority.mood.questions = 'down';
    await clock[how](999);
    t.equal(await said(guard, authority.forge.good), 'accepted', `${how}: just before`);
    await clock[how](1);
    t.match(await said(guard, authority.forge.good), /^503 unavailable/, `${how}: then it has to ask`);
    authority.mood.questions = 'well';
    t.equal(await said(guard, authority.forge.good), 'accepted', 'and is answered');
    t.equal(guard.state().status, 'no_lease');
  }
});

t.test('without a lease the authority decides, or nobody', async (t) => {
  const { authority, guard, stream } = await aLeasedGuard(t, { serving: { leaseMs: 300 } });
  const { good, claims } = authority.forge;
  stream.grant(0);
  await eventually('no lease', () => guard.state().status === 'no_lease');
  t.equal(await said(guard, good), 'accepted');
  t.equal(authority.asked.batch, 1, 'by its subjects, since its key is known');
  const [, session] = subjectsOf(claims.jti) as [Uint8Array, Uint8Array];
  for (const mood of ['down', 'silent', 'short', 'failure'] as const) {
    authority.mood.questions = mood;
    t.match(await said(guard, good), /^503 unavailable/, mood);
  }
  authority.mood.questions = 'well';
  authority.revoked.add(hex(session));
  t.equal(await said(guard, good), '401 invalid_token revoked');

  const refusing = await aLeasedGuard(t, { serving: { leaseMs: 300 }, options: { withoutLease: 'refuse' } });
  refusing.stream.grant(0);
  await eventually('no lease', () => refusing.guard.state().status === 'no_lease');
  t.equal(await said(refusing.guard, refusing.authority.forge.good), '503 unavailable no_lease');
  t.equal(
    await said(refusing.guard, 'x'),
    '401 invalid_token malformed',
    'what is bad by itself is refused as such',
  );
  t.equal(refusing.authority.asked.batch + refusing.authority.asked.introspect, 0, 'and nobody is asked');
  await eventually('to be told', () => refusing.guard.leases.join() === 'true,false');
});

t.test(
  'the "no" of the authority is not remembered: what it was asked about may be committed a moment later',
  async (t) => {
    const authority = await anAuthority(t);
    const guard = aGuard(t, [authority]);
    const ones = new Uint8Array(createBloomFilter(4_096, 1e-4).bytes).fill(255);
    const stream = await authority.stream(0);
    serve(stream, authority, { filters: filterOf(true, sliceEnd(inAnHour(), started.sliceMs), ones) });
    await guard.ready();
    for (let time = 0; time < 3; time += 1) t.equal(await said(guard, authority.forge.good), 'accepted');
    t.equal(authority.asked.batch, 3);
    authority.revoked.add(hex((subjectsOf(authority.forge.claims.jti) as [Uint8Array, Uint8Array])[1]));
    t.equal(
      await said(guard, authority.forge.good),
      '401 invalid_token revoked',
      'nothing was announced again',
    );
  },
);

t.test('a guard that is closed leaves nothing behind, and accepts nothing', async (t) => {
  const before = process.getActiveResourcesInfo().length;
  const { authority, guard, stream } = await aLeasedGuard(t);
  const never = aGuard(t, [{ address: '127.0.0.1:1' }]);
  t.equal(await said(guard, authority.forge.good), 'accepted');
  const waiting = never.ready();
  await Promise.all([guard.close(), guard.close(), never.close()]);
  await t.rejects(waiting, /closed/);
  t.equal(stream.of('leave').length, 1, 'it said that it leaves');
  t.equal(guard.state().status, 'closed');
  for (const each of [guard, never])
    t.equal(await said(each, authority.forge.good), '503 unavailable closed');
  await authority.stop();
  await eventually('nothing is left', () => process.getActiveResourcesInfo().length <= before + 1);
});
