/** A broken or hostile authority: the guard forgets all that came from it, says so, and begins again. */

import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { bloomGeometry } from '@countersign/verifier/revocation/bloomFilter';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import { status } from '@grpc/grpc-js';
import t from 'tap';
import { guardLimits } from '../../packages/guard/src/limits.ts';
import { eventually } from '../support/eventually.ts';
import { aGuard, aLeasedGuard, anAuthority, fault, said } from '../support/guards.ts';
import { anotherJwk, type Response, serve, started } from '../support/scriptedAuthority.ts';

const inAnHour = () => Date.now() + 3_600_000;
const entry = (change: object = {}) => ({ subject: randomBytes(16), expireTimeMs: inAnHour(), ...change });
const revocations = (position: number, ...entries: object[]): Response => ({
  revocations: { position, entries },
});
const keys = (jwks: unknown, ageMs = 0): Response => ({
  keys: { jwks: typeof jwks === 'string' ? jwks : JSON.stringify(jwks), ageMs },
});
const jwk = anotherJwk();
const { x, ...withoutX } = jwk;
const end = inAnHour();
const filter = (change: object = {}): Response => ({
  filterStart: { ofSessions: true, sliceEndMs: end, capacity: 4_096, entries: 1, ...change },
});
const bytes = (count: number): Response => ({ filterBytes: { bytes: Buffer.alloc(count) } });
const snapshotEnd: Response = { snapshotEnd: { position: 10 } };

/** What comes instead of `started`. */
const beginnings: Record<string, readonly Response[]> = {
  'no start': [snapshotEnd],
  'an empty message': [{}],
  'another issuer': [{ started: { ...started, issuer: 'https://evil.example' } }],
  'no issuer': [{ started: { ...started, issuer: '' } }],
  'renewals without a pause': [{ started: { ...started, renewalIntervalMs: 0 } }],
  'a negative interval': [{ started: { ...started, renewalIntervalMs: -1 } }],
  'silence before the first renewal': [{ started: { ...started, silenceMs: 100 } }],
  'silence for a day': [{ started: { ...started, silenceMs: 86_400_000 } }],
  'slices of no length': [{ started: { ...started, sliceMs: 0 } }],
  'more than fits into the memory': [{ started: { ...started, entries: guardLimits.revocations + 1 } }],
  'entries below zero': [{ started: { ...started, entries: -1 } }],
};

/** What comes after `started`. */
const snapshots: Record<string, readonly Response[]> = {
  'a second start': [{ started }],
  'bytes of no filter': [bytes(1)],
  'a filter with too many bytes': [filter(), bytes(10_000)],
  'a filter with too few, then another': [filter(), bytes(1), filter()],
  'a filter with too few, then the end': [filter(), bytes(1), snapshotEnd],
  'too many bytes at once': [
    filter({ capacity: 1_000_000 }),
    bytes(verifierLimits.subscriberFilterBytes + 1),
  ],
  'a filter of no size': [filter({ capacity: 0 })],
  'a filter of a negative size': [filter({ capacity: -5 })],
  'a filter larger than memory': [filter({ capacity: 100_000_000 })],
  'a filter larger than numbers': [filter({ capacity: 2 ** 62 })],
  'a filter with more in it than it has room for': [filter({ entries: 4_097 })],
  'many filters that are together too large': Array.from({ length: 40 }, () => [
    filter({ capacity: 2_000_000 }),
    ...Array.from({ length: 18 }, () => bytes(verifierLimits.subscriberFilterBytes)),
    bytes(4_792_532 - 18 * verifierLimits.subscriberFilterBytes),
  ]).flat(),
  'a filter of next week': [filter({ sliceEndMs: Date.now() + 7 * 86_400_000 })],
  'a filter of no time': [filter({ sliceEndMs: -1 })],
  'revocations in a snapshot': [revocations(1, entry())],
  'a position below zero': [{ snapshotEnd: { position: -1 } }],
  'a position larger than numbers': [{ snapshotEnd: { position: 2 ** 60 } }],
  'an oversized message': [bytes(guardLimits.messageBytes + 1)],
};

/** What comes under a lease. */
const live: Record<string, readonly Response[]> = {
  'an empty message': [{}],
  'a second snapshot': [filter()],
  'bytes after the end': [bytes(1)],
  'a second end': [snapshotEnd],
  'a position that does not increase': [revocations(11, entry()), revocations(11, entry())],
  'a position that goes back': [revocations(9, entry())],
  'a position below zero': [revocations(-1, entry())],
  'a subject of 15 bytes': [revocations(11, entry({ subject: randomBytes(15) }))],
  'a subject of none': [revocations(11, entry({ subject: Buffer.alloc(0) }))],
  'an entry that expires next week': [revocations(11, entry({ expireTimeMs: Date.now() + 7 * 86_400_000 }))],
  'an entry that expires at the end of time': [revocations(11, entry({ expireTimeMs: 2 ** 62 }))],
  'an entry that expired before time': [revocations(11, entry({ expireTimeMs: -1 }))],
  'too many entries': [revocations(11, ...Array.from({ length: 1_001 }, () => entry()))],
  'more slices than there are': [
    revocations(
      11,
      ...Array.from({ length: 1_000 }, (_, index) =>
        entry({ expireTimeMs: Date.now() + index * started.sliceMs }),
      ),
    ),
  ],
  'keys that are no JSON': [keys('{')],
  'keys that are null': [keys('null')],
  'keys that are a list': [keys([])],
  'no keys': [keys({ keys: [] })],
  'a key that is null': [keys({ keys: [null] })],
  'a key of another kind': [keys({ keys: [{ ...jwk, kty: 'RSA' }] })],
  'a key of another curve': [keys({ keys: [{ ...jwk, crv: 'P-384' }] })],
  'a key without a coordinate': [keys({ keys: [withoutX] })],
  'a key that is no point': [keys({ keys: [{ ...jwk, x: jwk['y'] }] })],
  'a key under another name': [keys({ keys: [{ ...jwk, kid: anotherJwk()['kid'] }] })],
  'a key without a name': [keys({ keys: [{ ...jwk, kid: undefined }] })],
  'a key for encryption': [keys({ keys: [{ ...jwk, use: 'enc' }] })],
  'too many keys': [keys({ keys: Array.from({ length: 1_001 }, () => jwk) })],
  'keys from the future': [keys({ keys: [jwk] }, -1)],
  'a renewal that was not sent': [{ lease: { number: 1_000, leaseMs: 5_000 } }],
  'a renewal that was answered': [{ lease: { number: 1, leaseMs: 5_000 } }],
  'a lease of an hour': [{ lease: { number: 2, leaseMs: 3_600_000 } }],
  'a lease below zero': [{ lease: { number: 2, leaseMs: -1 } }],
};

t.test('at the beginning', async (t) => {
  for (const [what, messages] of Object.entries(beginnings)) {
    const authority = await anAuthority(t);
    const guard = aGuard(t, [authority], { issuer: started.issuer });
    const stream = await authority.stream(0);
    for (const message of messages) stream.send(message);
    await isForgotten(t, what, authority, guard);
    await guard.close();
  }
});

t.test('in a snapshot', async (t) => {
  for (const [what, messages] of Object.entries(snapshots)) {
    const authority = await anAuthority(t);
    const guard = aGuard(t, [authority]);
    const stream = await authority.stream(0);
    stream.send({ started });
    stream.grant(5_000);
    for (const message of messages) stream.send(message);
    await isForgotten(t, what, authority, guard);
    await guard.close();
  }
});

t.test('under a lease', async (t) => {
  for (const [what, messages] of Object.entries(live)) {
    const { authority, guard, stream } = await aLeasedGuard(t);
    for (const message of messages) stream.send(message);
    await isForgotten(t, what, authority, guard);
    await guard.close();
  }
});

async function isForgotten(
  t: import('tap').Test,
  what: string,
  authority: Awaited<ReturnType<typeof anAuthority>>,
  guard: ReturnType<typeof aGuard>,
): Promise<void> {
  const { message } = await fault(guard, 'protocol');
  const { leaseMs, revocations, keys } = guard.state();
  t.strictSame(
    { leaseMs, revocations, keys },
    { leaseMs: 0, revocations: 0, keys: 0 },
    `${what}: ${message}`,
  );
  authority.mood.questions = 'down';
  t.match(await said(guard, authority.forge.good), /^503 /, `${what}: nothing is accepted unasked`);
  // And begins again, with an empty mind.
  const again = await authority.stream(1);
  serve(again, authority);
  await eventually('another lease', () => guard.state().status === 'leased');
  t.equal(await said(guard, authority.forge.good), 'accepted', `${what}: and it recovers`);
}

t.test('ends that the protocol does not know', async (t) => {
  for (const code of [status.INTERNAL, status.UNKNOWN, status.DATA_LOSS, status.RESOURCE_EXHAUSTED]) {
    const { guard, stream } = await aLeasedGuard(t);
    stream.end(code);
    await fault(guard, 'protocol');
    t.equal(guard.state().leaseMs, 0, `${status[code]}`);
    await guard.close();
  }
  for (const code of [status.UNAVAILABLE, status.ABORTED, status.PERMISSION_DENIED]) {
    const { authority, guard, stream } = await aLeasedGuard(t);
    stream.end(code);
    await eventually('its end', () => guard.faults[0]);
    t.ok(guard.state().leaseMs > 0, `${status[code]}: the lease goes on`);
    authority.mood.questions = 'down';
    t.equal(await said(guard, authority.forge.good), 'accepted');
    await guard.close();
  }
});

t.test('answers that say something else', async (t) => {
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority]);
  const { good } = authority.forge;
  const answers: [string, object][] = [
    ['another audience', { aud: 'x' }],
    ['expired', { exp: 1 }],
    ['not active', { active: false }],
  ];
  for (const [what, answer] of answers) {
    authority.introspection = answer;
    t.match(await said(guard, good), /^401 invalid_token/, what);
  }
  await guard.close();
  const strict = aGuard(t, [authority], { issuer: 'https://other.example' });
  authority.introspection = {};
  t.equal(await said(strict, good), '401 invalid_token issuer');
});

t.test('memory stays bounded, whatever is sent', async (t) => {
  const authority = await anAuthority(t);
  const guard = aGuard(t, [authority], { maximumRevocations: 1_000 });
  const stream = await authority.stream(0);
  // A full slice that grows is given half as much again.
  const capacity = 5_000_000;
  const sliceEndMs = sliceEnd(end, started.sliceMs);
  const size = bloomGeometry(capacity, verifierLimits.bloomFalsePositives).bits / 8;
  const pieces = Math.floor(size / verifierLimits.subscriberFilterBytes);
  serve(stream, authority, {
    filters: [
      filter({ sliceEndMs, capacity, entries: capacity }),
      ...Array.from({ length: pieces }, () => bytes(verifierLimits.subscriberFilterBytes)),
      bytes(size - pieces * verifierLimits.subscriberFilterBytes),
    ],
  });
  await guard.ready();
  t.equal(guard.state().revocationBytes, size);
  const before = process.memoryUsage().arrayBuffers;
  const others = Array.from({ length: 20 }, (_, index) =>
    entry({ expireTimeMs: Date.now() + index * started.sliceMs }),
  );
  stream.send(revocations(11, ...others));
  await eventually('they are there', () => guard.state().revocations === capacity + others.length);
  t.ok(guard.state().revocationBytes < size * 1.1, 'one great logout does not make other slices as large');
  stream.send(revocations(12, entry({ expireTimeMs: sliceEndMs })));
  t.match(await fault(guard, 'protocol'), { message: 'more than fits into the memory' });
  t.ok(process.memoryUsage().arrayBuffers < before + size / 4, 'not even one of six megabytes was made');
});
