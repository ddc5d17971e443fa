/** Which keys signed for a session, and in which form its secret is kept: what every session store notes and finds. */
import { randomBytes } from 'node:crypto';
import { type SessionId, uuidBytes } from '@countersign/verifier/ids';
import { verifierLimits } from '@countersign/verifier/limits';
import { keySubject } from '@countersign/verifier/tokens/publicKey';
import t, { type Test } from 'tap';
import { createRevokeKey } from '../../src/keys/revokeKey.ts';
import type { SigningKeyState } from '../../src/keys/store.ts';
import { createSealing } from '../../src/platform/sealing.ts';
import type { SessionUse } from '../../src/sessions/refreshStore.ts';
import type { SessionRange } from '../../src/sessions/store.ts';
import type { PostgresEngine } from '../../src/storage/postgres/engine.ts';
import type { Storage } from '../../src/storage/postgres/storage.ts';
import { noContext } from '../support/aSession.ts';
import { engines, openStorage } from '../support/engines.ts';
import { createToldEffect, operator } from '../support/keyNode.ts';
import { createManualClock } from '../support/manualClock.ts';
import { minute, newSession, newUser, rowsMadeAt as now } from '../support/rows.ts';
import { aSigningKey, usualPolicy as policy } from '../support/signingKeys.ts';

const sealing = createSealing(randomBytes(32));
const lifetime = 15 * minute;

for (const { name, open } of engines) {
  t.test(name, async (t) => {
    const { engine, storage } = await openStorage(t, open);
    const store = { engine, ...storage };

    t.test('the keys of its live tokens', (t) => keysOfLiveTokens(t, store));
    t.test('ending what a key signed for, page by page', (t) => endingPages(t, store));
    t.test('a refresh while a key is being revoked', (t) => refreshMeanwhile(t, store));
    t.test('secrets that were sealed with another key', (t) => sealedOtherwise(t, store));
  });
}

interface Store extends Storage {
  readonly engine: PostgresEngine;
}

/** The row as it is, in an order. */
async function signingKids({ engine }: Store, id: SessionId): Promise<string[]> {
  const row = await engine.prisma.session.findUniqueOrThrow({ where: { id } });
  return row.signingKids.sort();
}

/** Sessions of other tests have no live tokens any more. */
async function expireAll({ engine }: Store): Promise<void> {
  await engine.prisma.session.updateMany({ data: { accessExpiresAt: new Date(now - skew) } });
}

/** A key of each state but `next`, by the name of the state. */
async function aRing({ database: { signingKeys } }: Store) {
  const states: SigningKeyState[] = ['active', 'retiring', 'retired', 'revoked'];
  const rows = await Promise.all(states.map((state) => aSigningKey(state, sealing)));
  for (const row of rows) await signingKeys.save(row);
  return Object.fromEntries(rows.map(({ state, kid }) => [state, kid]));
}

function aUse(signingKid: string, at: number): SessionUse {
  return {
    now: at,
    userAgent: 'agent',
    ip: '::1',
    context: noContext,
    idleExpiresAt: at + 40 * minute,
    accessExpiresAt: at + lifetime,
    signingKid,
    rightsEpoch: 0,
    events: [],
  };
}

const skew = verifierLimits.clockSkewSeconds * 1000;

async function keysOfLiveTokens(t: Test, store: Store): Promise<void> {
  const { database, engine } = store;
  const { refreshes } = database;
  const { active = '', ...kids } = await aRing(store);
  const user = await newUser(store);

  /** A session with live tokens of these keys, after one more token of the active one was noted. */
  const after = async (use: 'advance' | 'repeat', signed: readonly string[], ageMs: number) => {
    const id = await newSession(store, user);
    await engine.prisma.session.update({ where: { id }, data: { signingKids: [...signed] } });
    const next = aUse(active, now + ageMs);
    const done = use === 'advance' ? refreshes.advance(id, 0, next) : refreshes.repeat(id, 0, 1, next);
    t.equal(await done, true);
    return signingKids(store, id);
  };

  const { retiring = '', retired = '', revoked = '' } = kids;
  const table: readonly (readonly [string, readonly string[], number, readonly string[]])[] = [
    ['the same key is noted once', [active], 1, [active]],
    ['one that signed before is kept', [retiring], 1, [retiring, active]],
    ['one that is noted already is not noted again', [retiring, active], 1, [retiring, active]],
    ['that of expired tokens is dropped with its retirement', [retired, retiring], 1, [retiring, active]],
    [
      'one that was revoked is kept: whoever revokes it looks for its sessions',
      [revoked],
      1,
      [revoked, active],
    ],
    ['unknown is every key that may have signed', [], lifetime - 1, [retiring, revoked, active]],
    [
      'while the last token may be live by any clock, all are kept',
      [retiring],
      lifetime + skew - 1,
      [retiring, active],
    ],
    ['when it has expired, none is', [retiring, revoked], lifetime + skew, [active]],
    ['then what was unknown is known', [], lifetime + skew, [active]],
  ];
  for (const use of ['advance', 'repeat'] as const) {
    for (const [sentence, signed, ageMs, becomes] of table) {
      t.strictSame(await after(use, signed, ageMs), [...becomes].sort(), `${use}: ${sentence}`);
    }
  }

  const created = await newSession(store, user, now, 'first');
  t.strictSame(await signingKids(store, created), ['first'], 'create notes its own');
  t.equal(await refreshes.advance(created, 7, aUse('second', now + 1)), false);
  t.equal(await refreshes.repeat(created, 7, 1, aUse('second', now + 1)), false);
  t.strictSame(await signingKids(store, created), ['first'], 'what is not written notes nothing');
}

async function endingPages(t: Test, store: Store): Promise<void> {
  const { database, engine } = store;
  const { sessions } = database;
  await expireAll(store);
  const user = await newUser(store);
  const signed: SessionId[] = [];
  for (let made = 0; made < 5; made += 1) signed.push(await newSession(store, user, now, 'leaked'));
  const both = await newSession(store, user, now, 'leaked');
  const unknown = await newSession(store, user, now, 'leaked');
  const other = await newSession(store, user, now, 'other');
  const expired = await newSession(store, user, now - lifetime - skew, 'leaked');
  await engine.prisma.session.update({ where: { id: both }, data: { signingKids: ['other', 'leaked'] } });
  await engine.prisma.session.update({ where: { id: unknown }, data: { signingKids: [] } });
  const [ended] = await sessions.end({ sessionIds: [signed[2] as SessionId] }, 'logout', now - 5);
  t.match(ended, { newlyEnded: true });

  const pages: SessionId[][] = [];
  const newly: SessionId[] = [];
  const everybody = { after: undefined, last: undefined };
  let range: SessionRange = everybody;
  do {
    range = await sessions.nextRange(range.last, 3);
    const page = await sessions.end({ signedWith: 'leaked', range }, 'key_revoked', now);
    newly.push(...page.filter(({ newlyEnded }) => newlyEnded).map(({ id }) => id));
    pages.push(page.map(({ id }) => id).sort());
  } while (range.last !== undefined);
  const all = [...signed, both, unknown].sort();
  t.strictSame(pages.flat(), all, 'in the order of their ids, each once');
  t.strictSame(
    newly.sort(),
    all.filter((id) => id !== signed[2]),
    'those among them that were alive',
  );
  t.match(await sessions.find(signed[2] as SessionId), { endedAt: now - 5 }, 'the first end stays');
  t.match(await sessions.find(signed[0] as SessionId), { endedAt: now });
  for (const id of [other, expired]) t.match(await sessions.find(id), { endedAt: undefined });

  const again = await sessions.end({ signedWith: 'leaked', range: everybody }, 'key_revoked', now + 1);
  t.strictSame(again.map(({ id }) => id).sort(), all, 'again, as long as a token may be live');
  t.ok(again.every(({ newlyEnded }) => !newlyEnded));
  const late = await sessions.end(
    { signedWith: 'leaked', range: everybody },
    'key_revoked',
    now + lifetime + skew,
  );
  t.strictSame(late, [], 'and then no more');
}

/** The key is dead and its sessions have not ended yet: then one of them is refreshed, with the key that signs now. */
async function refreshMeanwhile(t: Test, store: Store): Promise<void> {
  const { database } = store;
  await expireAll(store);
  const clock = createManualClock(now);
  const user = await newUser(store);
  await database.signingKeys.save({ ...(await aSigningKey('next', sealing)), state: 'next' });
  const { keys } = await database.signingKeys.load();
  const leaked = keys.find(({ state }) => state === 'active')?.kid ?? '';
  const successor = keys.find(({ state }) => state === 'next')?.kid ?? '';
  const session = await newSession(store, user, now, leaked);
  const { effect, told } = createToldEffect();
  const meanwhile: typeof effect = {
    ...effect,
    async announce(committed) {
      if (told.length === 0)
        t.equal(await database.refreshes.advance(session, 0, aUse(successor, now + 1)), true);
      return effect.announce(committed);
    },
  };
  const ringKeeper = { reload: async () => {} };
  const revokeKey = createRevokeKey({ database, sealing, policy, ringKeeper, clock, effect: meanwhile });

  t.match(await revokeKey(leaked, operator), { endedSessions: 1 });
  t.match(await database.sessions.find(session), { endedAt: now, generation: 1 }, 'it ended all the same');
  t.strictSame(
    told.map((revocations) => revocations.map(({ subject }) => Buffer.from(subject))),
    [[Buffer.from(keySubject(leaked))], [uuidBytes(session)]],
    'first the key, then the session',
  );
}

async function sealedOtherwise(t: Test, store: Store): Promise<void> {
  const { sessions } = store.database;
  const user = await newUser(store);
  const { header } = sealing;
  const ids: SessionId[] = [];
  for (let made = 0; made < 5; made += 1) ids.push(await newSession(store, user));
  const everybody = { after: undefined, last: undefined };
  const listed = async (range: SessionRange) =>
    (await sessions.listSealedOtherwise(header, range)).map(({ id }) => id);
  const before = await listed(everybody);
  t.strictSame(before, before.toSorted(), 'in the order of their ids');
  for (const id of ids) t.ok(before.includes(id), 'all of them');
  const two = await sessions.nextRange(undefined, 2);
  t.strictSame(await listed(two), before.slice(0, 2), 'the first page');
  t.strictSame(await listed(await sessions.nextRange(two.last, 2)), before.slice(2, 4), 'the next one');
  const end = await sessions.nextRange(before.at(-1), 2);
  t.strictSame([end.last, await listed(end)], [undefined, []], 'and no more');

  const [first, second] = ids as [SessionId, SessionId];
  const [was] = await sessions.listSealedOtherwise(header, everybody);
  t.equal(was?.sealedSecret.length, 60, 'with the secret as it is');
  const sealedSecret = Buffer.concat([header, randomBytes(55)]);
  const untouched = await sessions.find(second);
  const resealed = await sessions.find(first);
  await sessions.reseal({ id: first, sealedSecret });
  t.strictSame(
    await sessions.find(first),
    { ...resealed, sealedSecret: new Uint8Array(sealedSecret) },
    'nothing else of it has changed',
  );
  t.strictSame(await sessions.find(second), untouched, 'nor of another');
  t.strictSame(
    await listed(everybody),
    before.filter((id) => id !== first),
    'it is done',
  );
  const almost = Buffer.concat([
    header.subarray(0, 4),
    Buffer.from([(header[4] as number) ^ 1]),
    randomBytes(55),
  ]);
  await sessions.reseal({ id: first, sealedSecret: almost });
  t.ok((await listed(everybody)).includes(first), 'the whole header counts');
}
