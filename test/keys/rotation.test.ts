/** The rules of rotation as tables: what a ring must become, to the millisecond. Random histories: test/soak/rotationModel.test.ts. */

import { verifierLimits } from '@countersign/verifier/limits';
import t from 'tap';
import { cacheMs, keyPolicy } from '../../src/keys/keyPolicy.ts';
import { decide, inState, type KnownRing, readyIn, revokeKey, rotate } from '../../src/keys/rotation.ts';
import type { StoredSigningKey } from '../../src/keys/store.ts';
import { day, inWords, keyRow, minute, ringAt } from '../support/ringRows.ts';
import { usualPolicy } from '../support/signingKeys.ts';

const now = Date.UTC(2030, 0, 1);
const { rotationIntervalMs: interval, tokenLifetimeMs: lifetime } = usualPolicy;
const lead = cacheMs(usualPolicy);
const skew = verifierLimits.clockSkewSeconds * 1000;
const kept = lifetime + lead + skew;
const year = 365 * day;

const active = (ageMs: number, more: Partial<StoredSigningKey> = {}) =>
  keyRow('a', 'active', { activatedAt: now - ageMs, publishedAt: now - ageMs - interval, ...more });
const next = (ageMs: number, more: Partial<StoredSigningKey> = {}) =>
  keyRow('n', 'next', { publishedAt: now - ageMs, ...more });
const retiring = (ageMs: number, more: Partial<StoredSigningKey> = {}) =>
  keyRow('r', 'retiring', { activatedAt: now - ageMs - interval, retiringAt: now - ageMs, ...more });
const seen =
  (milliseconds: number): KnownRing['seenMs'] =>
  () =>
    milliseconds;

type Row = readonly [sentence: string, ring: KnownRing, becomes: string, due: boolean, dueInMs: number];
const never = Number.POSITIVE_INFINITY;
const quiet = [active(1), next(1)];

const decisions: readonly Row[] = [
  ['an empty ring wants two keys', ringAt(now, []), '', true, never],
  ['without a next key, one is wanted', ringAt(now, [active(0)]), 'a active', true, never],
  ['without an active key, the next one is', ringAt(now, [next(0)]), 'n active', true, never],
  ['a young ring is left alone', ringAt(now, quiet), 'a active, n next', false, interval - 1],

  ['before its time, nothing', ringAt(now, [active(interval - 1), next(lead)]), 'a active, n next', false, 1],
  ['at its time, rotation', ringAt(now, [active(interval), next(lead)]), 'a retiring, n active', true, kept],
  [
    'long after its time, one rotation',
    ringAt(now, [active(3 * interval), next(3 * interval)]),
    'a retiring, n active',
    true,
    kept,
  ],
  [
    'a next key that was published too late is waited for',
    ringAt(now, [active(2 * interval), next(lead - 1)]),
    'a active, n next',
    false,
    1,
  ],
  [
    'until it has been published for long enough',
    ringAt(now, [active(2 * interval), next(lead)]),
    'a retiring, n active',
    true,
    kept,
  ],
  [
    'one that this node has not had for long enough is waited for, whatever the wall clock says',
    ringAt(now, [active(year), next(year)], seen(lead - 1)),
    'a active, n next',
    false,
    1,
  ],
  ['and no longer', ringAt(now, [active(year), next(year)], seen(lead)), 'a retiring, n active', true, kept],
  [
    'one of the very first set needs no wait: no set was served without it',
    ringAt(now, [active(interval), next(0, { publishedAt: undefined })], seen(0)),
    'a retiring, n active',
    true,
    kept,
  ],
  [
    'but the interval counts for it too',
    ringAt(now, [active(interval - 1), next(0, { publishedAt: undefined })], seen(0)),
    'a active, n next',
    false,
    1,
  ],
  [
    'sets that were served with a longer max-age are waited for',
    ringAt(now, [active(interval, { cacheMs: day }), next(day - 1)]),
    'a active, n next',
    false,
    1,
  ],
  [
    'also those that were served while a retiring key signed',
    ringAt(now, [retiring(lead, { cacheMs: day }), active(interval), next(day - 1)]),
    'r retiring, a active, n next',
    false,
    1,
  ],

  [
    'a retiring key stays until the last of its tokens has expired',
    ringAt(now, [retiring(kept - 1), ...quiet]),
    'r retiring, a active, n next',
    false,
    1,
  ],
  [
    'and goes then',
    ringAt(now, [retiring(kept), ...quiet]),
    'r retired, a active, n next',
    true,
    interval - 1,
  ],
  [
    'it stays for as long as it promised, whatever the settings are now',
    ringAt(now, [retiring(kept + day - 1, { tokenLifetimeMs: lifetime + day }), ...quiet]),
    'r retiring, a active, n next',
    false,
    1,
  ],
  [
    'one that this node has not seen retiring for that long stays, whatever the wall clock says',
    ringAt(now, [retiring(year), ...quiet], seen(kept - 1)),
    'r retiring, a active, n next',
    false,
    1,
  ],
  [
    'a key that has just stopped signing never goes in the same breath',
    ringAt(now, [active(year), next(year)]),
    'a retiring, n active',
    true,
    kept,
  ],
  [
    'a next key that waited for what a retiring key had promised signs when that one goes',
    ringAt(now, [retiring(kept + day, { cacheMs: lead + day }), active(2 * interval), next(lead)]),
    'r retired, a retiring, n active',
    true,
    kept,
  ],
  [
    'two that are due together go together',
    ringAt(now, [retiring(kept), retiring(kept + 1, { kid: 'q' }), ...quiet]),
    'r retired, q retired, a active, n next',
    true,
    interval - 1,
  ],
];

t.test('what is decided', (t) => {
  for (const [sentence, ring, becomes, due, dueInMs] of decisions) {
    const decision = decide(ring, usualPolicy);
    t.equal(inWords(decision.keys), becomes, sentence);
    t.strictSame([decision.due, decision.dueInMs], [due, dueInMs], `${sentence}: due`);
  }
  t.end();
});

t.test('a clock that was ahead: what it wrote counts from now', (t) => {
  const { seenMs } = ringAt(now, []);
  const table: readonly (readonly [string, StoredSigningKey, object, due: boolean, dueInMs: number])[] = [
    ['it may be a little ahead', active(-skew), { activatedAt: now + skew }, false, interval + skew],
    ['no more: active', active(-skew - 1), { activatedAt: now }, true, interval],
    ['a year: active', active(-year), { activatedAt: now }, true, interval],
    ['a year: next', next(-year), { publishedAt: now }, true, interval - 1],
    ['a little: retiring', retiring(-skew), { retiringAt: now + skew }, false, kept + skew],
    ['a year: retiring', retiring(-year), { retiringAt: now }, true, kept],
  ];
  for (const [sentence, row, becomes, due, dueInMs] of table) {
    const others = quiet.filter(({ state }) => state !== row.state);
    const decision = decide({ now, keys: [row, ...others], seenMs }, usualPolicy);
    t.match(decision.keys[0], becomes, sentence);
    t.strictSame([decision.due, decision.dueInMs], [due, dueInMs], `${sentence}: due`);
  }
  const { keys } = decide(ringAt(now, [active(-year), next(0, { publishedAt: undefined })]), usualPolicy);
  t.equal(inState(keys, 'next')?.publishedAt, undefined, 'what never was is not invented');
  t.end();
});

t.test('a key notes what is promised with it before it is used so', (t) => {
  const longer = keyPolicy({ rotationIntervalMs: interval, jwksMaxAgeMs: 20 * minute, accessTtlMs: day });
  const rows = [retiring(1), active(1), next(1)];
  const { keys, due } = decide(ringAt(now, rows), longer);
  const promises = { tokenLifetimeMs: day, cacheMs: cacheMs(longer) };
  t.equal(due, true);
  t.match(keys.slice(1), [promises, promises], 'the one that signs and the one that will');
  t.equal(keys[0], rows[0], 'one that signs no more promises nothing');
  const shorter = keyPolicy({ rotationIntervalMs: interval, jwksMaxAgeMs: 1_000, accessTtlMs: 1_000 });
  const kept = decide(ringAt(now, keys), shorter);
  t.strictSame([kept.due, kept.keys], [false, keys], 'and no promise is taken back');
  t.end();
});

t.test('the settings of now say when', (t) => {
  const faster = keyPolicy({
    rotationIntervalMs: 15 * minute,
    jwksMaxAgeMs: 5 * minute,
    accessTtlMs: lifetime,
  });
  const table: readonly (readonly [string, StoredSigningKey[], wait: number])[] = [
    ['a shorter interval that has passed rotates at once', [active(day), next(day)], 0],
    ['one that has not, when it has', [active(15 * minute - 1), next(day)], 1],
    ['not before the next key is ready', [active(day), next(lead - 7)], 7],
  ];
  for (const [sentence, rows, wait] of table) {
    const decision = decide(ringAt(now, rows), faster);
    t.equal(inState(decision.keys, 'active')?.kid, wait === 0 ? 'n' : 'a', sentence);
    if (wait > 0) t.equal(decision.dueInMs, wait, sentence);
  }
  const slower = { ...usualPolicy, rotationIntervalMs: 10 * interval };
  const decision = decide(ringAt(now, [active(interval), next(interval)]), slower);
  t.strictSame([decision.due, decision.dueInMs], [false, 9 * interval], 'a longer interval waits longer');
  t.end();
});

t.test('decided again right after, nothing is due; nor is the row of another touched', (t) => {
  for (const [sentence, ring] of decisions) {
    const { keys } = decide(ring, usualPolicy);
    const made = (['active', 'next'] as const)
      .filter((state) => inState(keys, state) === undefined)
      .map((state) => keyRow(`new ${state}`, state, { publishedAt: ring.now, activatedAt: ring.now }));
    const after = [...keys, ...made].filter(({ state }) => state !== 'retired');
    const newly = new Set([...made, ...keys.filter((key) => !ring.keys.includes(key))].map(({ kid }) => kid));
    const seenMs: KnownRing['seenMs'] = (key) => (newly.has(key.kid) ? 0 : ring.seenMs(key));
    const again = decide({ ...ring, keys: after, seenMs }, usualPolicy);
    t.strictSame([again.due, again.dueInMs > 0], [false, true], sentence);
    t.ok(
      again.keys.every((key, index) => key === after[index]),
      `${sentence}: the same objects`,
    );
  }
  t.end();
});

t.test('rotate: the next key signs, its predecessor retires', (t) => {
  const rows = [retiring(5), active(5), next(5)];
  const keys = rotate(rows, now);
  t.equal(inWords(keys), 'r retiring, a retiring, n active');
  t.match(keys.slice(1), [{ retiringAt: now }, { activatedAt: now }]);
  t.equal(keys[0], rows[0]);
  const alone = [active(5)];
  t.equal(rotate(alone, now), alone, 'without a next key it is not done');
  t.end();
});

t.test('revokeKey: the key is dead at once, and there is always one that signs', (t) => {
  const rows = [keyRow('d', 'retired'), retiring(5), active(5), next(5)];
  const table: readonly (readonly [kid: string, becomes: string])[] = [
    ['a', 'd retired, r retiring, a revoked, n active'],
    ['n', 'd retired, r retiring, a active, n revoked'],
    ['r', 'd retired, r revoked, a active, n next'],
    ['d', 'd revoked, r retiring, a active, n next'],
    ['unknown', inWords(rows)],
  ];
  for (const [kid, becomes] of table) {
    const keys = revokeKey(rows, kid, now);
    t.equal(inWords(keys), becomes, `${kid} is revoked`);
    const dead = keys.find((key) => key.kid === kid);
    if (dead !== undefined) t.match(dead, { revokedAt: now, sealedPrivateKey: new Uint8Array() });
  }
  t.match(inState(revokeKey(rows, 'a', now), 'active'), { kid: 'n', activatedAt: now });
  t.equal(inWords(revokeKey([active(1)], 'a', now)), 'a revoked', 'the only one: whoever calls makes others');
  t.end();
});

t.test('revokeKey: what the dead key had promised about sets is still waited for', (t) => {
  const promised = { cacheMs: day };
  const table: readonly (readonly [string, StoredSigningKey[]])[] = [
    ['a', [active(5, promised), next(5)]],
    ['n', [active(5), next(5, promised)]],
    ['r', [retiring(5, promised), active(5), next(5)]],
  ];
  for (const [kid, rows] of table) {
    const live = revokeKey(rows, kid, now).filter(({ state }) => state !== 'revoked' && state !== 'next');
    const keys = [...live, keyRow('new', 'next', { publishedAt: now })];
    t.equal(readyIn({ keys, now }, usualPolicy), day, kid);
  }
  const rows = [keyRow('d', 'retired', promised), active(5), next(0)];
  t.equal(inState(revokeKey(rows, 'd', now), 'active'), rows[1], 'but not of a retired one: it has kept it');
  t.end();
});

t.test('a retired key has no private half any more', (t) => {
  const { keys } = decide(ringAt(now, [retiring(kept), ...quiet]), usualPolicy);
  t.match(keys[0], { state: 'retired', retiredAt: now, sealedPrivateKey: new Uint8Array() });
  t.end();
});

t.test('readyIn: when every cache has the next key', (t) => {
  const table: readonly (readonly [string, StoredSigningKey[], number])[] = [
    ['just published', [active(5), next(0)], lead],
    ['a millisecond before', [active(5), next(lead - 1)], 1],
    ['then', [active(5), next(lead)], 0],
    ['later', [active(5), next(lead + 1)], -1],
    ['of the very first set', [active(5), next(0, { publishedAt: undefined })], 0],
    ['there is none', [active(5)], never],
    ['others were promised more', [active(5, { cacheMs: day }), next(0)], day],
  ];
  for (const [what, keys, wait] of table) t.equal(readyIn({ keys, now }, usualPolicy), wait, what);
  t.end();
});
