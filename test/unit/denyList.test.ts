import { randomBytes } from 'node:crypto';
import t from 'tap';
import { limits } from '../../src/core/limits.ts';
import { createDenyList } from '../../src/revocation/denyList.ts';
import {
  accessTtlMs,
  createDenyListNode,
  createTruth,
  newToken,
  outcomeOf,
  revoked,
  startOfTest,
} from '../support/denyListNode.ts';
import { createManualClock } from '../support/manualClock.ts';

const randomRows = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));

t.test('a revocation is in force from the moment it is added, by session or by token', async (t) => {
  const { subjects, token, session } = newToken();
  const sibling = [Buffer.concat([session, randomBytes(11)]), session];
  const table: [string, Uint8Array, string, string][] = [
    ['its token', token, 'token_revoked', 'not revoked by bloom'],
    ['its session', session, 'logout', 'revoked logout by lru'],
  ];
  for (const [what, subject, reason, ofSibling] of table) {
    const { store, denyList } = createDenyListNode();
    await denyList.load();
    t.equal(await outcomeOf(denyList, subjects), 'not revoked by bloom', `${what}: before`);
    store.record(revoked(subject, reason));
    denyList.add([revoked(subject, reason)]);
    t.equal(await outcomeOf(denyList, subjects), `revoked ${reason} by postgres`, `${what}: after`);
    t.equal(await outcomeOf(denyList, sibling), ofSibling, `${what}: another token of the session`);
    t.equal(
      await outcomeOf(denyList, newToken().subjects),
      'not revoked by bloom',
      `${what}: another session`,
    );
  }
});

t.test('where both are revoked, the token says why', async (t) => {
  const { subjects, token, session } = newToken();
  const { denyList } = createDenyListNode([revoked(session, 'logout'), revoked(token, 'token_revoked')]);
  await denyList.load();
  t.equal(await outcomeOf(denyList, subjects), 'revoked token_revoked by postgres');
});

t.test('"no" costs no statement and no wait', async (t) => {
  const { store, denyList, verdicts } = createDenyListNode(randomRows(2_000));
  await denyList.load();
  const answers = Array.from({ length: 2_000 }, () => denyList.check(newToken().subjects));
  t.ok(answers.filter((answer) => answer instanceof Promise).length < 10, 'but for a false positive');
  await Promise.all(answers);
  t.ok(store.finds < 10);
  t.equal(verdicts.length, 2_000, 'each verdict is told');
});

t.test('a revocation confirmed before costs no statement', async (t) => {
  const { store, denyList, verdicts } = createDenyListNode();
  await denyList.load();
  const { subjects, session } = newToken();
  store.record(revoked(session, 'logout_all'));
  denyList.add([revoked(session, 'logout_all')]);
  t.equal(await outcomeOf(denyList, subjects), 'revoked logout_all by postgres');
  store.fault = new Error('down');
  for (let again = 0; again < 3; again += 1) {
    t.equal(await outcomeOf(denyList, subjects), 'revoked logout_all by lru');
  }
  const other = [randomBytes(27), session];
  t.equal(await outcomeOf(denyList, other), 'revoked logout_all by lru', 'its other tokens too');
  t.equal(store.finds, 1);
  t.strictSame(
    verdicts.map(({ decidedBy }) => decidedBy),
    ['postgres', 'lru', 'lru', 'lru', 'lru'],
  );
});

/** A list whose filter is full, and a fresh token that it takes for revoked: about one in ten thousand. */
async function withFalsePositive() {
  const rows = randomRows(limits.bloomFirstCapacity);
  const node = createDenyListNode(rows);
  await node.denyList.load();
  for (let tries = 0; tries < 1_000_000; tries += 1) {
    const { subjects, session } = newToken();
    const answer = node.denyList.check(subjects);
    if (!(answer instanceof Promise)) continue;
    await answer;
    return { ...node, subjects, session, rows };
  }
  throw new Error('no false positive in a million');
}

t.test('a false positive is cleared by the truth, every time (J33)', async (t) => {
  const { store, denyList, subjects, session } = await withFalsePositive();
  t.equal(store.finds, 1);
  t.equal(await outcomeOf(denyList, subjects), 'not revoked by postgres');
  t.equal(await outcomeOf(denyList, subjects), 'not revoked by postgres', 'a "no" is not remembered');
  t.equal(store.finds, 3);

  store.record(revoked(session));
  denyList.add([revoked(session)]);
  t.equal(await outcomeOf(denyList, subjects), 'revoked logout by postgres', 'once it is revoked, it is');
});

t.test('a hit that cannot be confirmed is unavailable, never "not revoked"', async (t) => {
  const { store, denyList, verdicts, subjects, rows } = await withFalsePositive();
  store.fault = new Error('down');
  const dead = rows.slice(0, 1).map(({ subject }) => subject);
  const before = verdicts.length;
  t.equal(await outcomeOf(denyList, dead), 'unavailable confirmation_store', 'a revoked one');
  t.equal(await outcomeOf(denyList, subjects), 'unavailable confirmation_store', 'a false positive');
  t.equal(await outcomeOf(denyList, newToken().subjects), 'not revoked by bloom', 'a "no" needs no truth');
  t.equal(verdicts.length, before + 1, 'of what is unavailable no verdict is told');
  store.fault = undefined;
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by postgres', 'and it recovers');
});

t.test('a truth that does not answer in time is unavailable', async (t) => {
  const { token } = newToken();
  const clock = createManualClock(startOfTest);
  const store = { ...createTruth([revoked(token)]), find: () => new Promise<never>(() => {}) };
  const denyList = createDenyList({ store, clock, accessTtlMs, onVerdict: () => {} });
  await denyList.load();
  const waiting = outcomeOf(denyList, [token]);
  await clock.advance(limits.confirmationMilliseconds);
  t.equal(await waiting, 'unavailable confirmation_deadline');
});

t.test('what has expired is forgotten, and memory is given back', async (t) => {
  const rows = [...randomRows(500), revoked(randomBytes(27))];
  const { clock, denyList } = createDenyListNode(rows);
  await denyList.load();
  const dead = rows.slice(-1).map(({ subject }) => subject);
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by postgres');
  t.equal(denyList.stats().entries, 501);
  t.ok(denyList.stats().bytes > 0);
  await clock.advance(accessTtlMs - 1);
  denyList.dropExpired();
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by lru', 'not before its time');
  t.equal(denyList.stats().entries, 501);
  await clock.advance(accessTtlMs / limits.revocationSlices + 1_000);
  denyList.dropExpired();
  t.strictSame(denyList.stats(), { entries: 0, bytes: 0, slices: 0 });
  t.equal(await outcomeOf(denyList, dead), 'not revoked by bloom');
  t.equal(denyList.ready(), true);
});

t.test('with any lifetime it keeps what it is given until its expiry', async (t) => {
  for (const ttl of [1_000, 1_500, 7_999, 60_000, 86_400_000]) {
    const clock = createManualClock(startOfTest);
    const subject = randomBytes(16);
    const store = createTruth([{ ...revoked(subject), expiresAt: startOfTest + ttl }]);
    const denyList = createDenyList({ store, clock, accessTtlMs: ttl, onVerdict: () => {} });
    await denyList.load();
    await clock.advance(ttl - 1);
    denyList.dropExpired();
    t.equal(await outcomeOf(denyList, [subject]), 'revoked logout by postgres', `${ttl} ms`);
  }
});
