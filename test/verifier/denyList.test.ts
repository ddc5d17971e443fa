import { randomBytes } from 'node:crypto';
import { verifierLimits } from '@countersign/verifier/limits';
import { subjectKey } from '@countersign/verifier/revocation/confirmation';
import type { Candidate } from '@countersign/verifier/revocation/projection';
import { sliceEnd } from '@countersign/verifier/revocation/slicedFilter';
import t from 'tap';
import {
  accessTtlMs,
  createDenyListNode,
  newToken,
  outcomeOf,
  revoked,
  startOfTest,
} from '../support/denyListNode.ts';

const randomRows = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));

t.test('a revocation is in force from the moment it is added, by session or by token', async (t) => {
  const { subjects, token, session } = newToken();
  const sibling = [Buffer.concat([session, randomBytes(11)]), session];
  const table: [string, Uint8Array, string, string][] = [
    ['its token', token, 'token_revoked', 'not revoked by bloom'],
    ['its session', session, 'logout', 'revoked logout by lru'],
  ];
  for (const [what, subject, reason, ofSibling] of table) {
    const { store, denyList, load } = createDenyListNode();
    await load();
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
  const { denyList, load } = createDenyListNode([
    revoked(session, 'logout'),
    revoked(token, 'token_revoked'),
  ]);
  await load();
  t.equal(await outcomeOf(denyList, subjects), 'revoked token_revoked by postgres');
});

t.test('"no" costs no statement and no wait', async (t) => {
  const { store, denyList, verdicts, load } = createDenyListNode(randomRows(2_000));
  await load();
  const answers = Array.from({ length: 2_000 }, () => denyList.check(newToken().subjects));
  t.ok(answers.filter((answer) => answer instanceof Promise).length < 10, 'but for a false positive');
  await Promise.all(answers);
  t.ok(store.finds < 10);
  t.equal(verdicts.length, 2_000, 'each verdict is told');
});

t.test('a revocation confirmed before costs no statement', async (t) => {
  const { store, denyList, verdicts, load } = createDenyListNode();
  await load();
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
  const rows = randomRows(verifierLimits.bloomFirstCapacity);
  const node = createDenyListNode(rows);
  await node.load();
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
  let { subjects: clear } = newToken();
  while (denyList.check(clear) instanceof Promise) ({ subjects: clear } = newToken());
  store.fault = new Error('down');
  const dead = rows.slice(0, 1).map(({ subject }) => subject);
  const before = verdicts.length;
  t.equal(await outcomeOf(denyList, dead), 'unavailable confirmation_store', 'a revoked one');
  t.equal(await outcomeOf(denyList, subjects), 'unavailable confirmation_store', 'a false positive');
  t.equal(await outcomeOf(denyList, clear), 'not revoked by bloom', 'a "no" needs no truth');
  t.equal(verdicts.length, before + 1, 'of what is unavailable no verdict is told');
  store.fault = undefined;
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by postgres', 'and it recovers');
});

t.test('a truth that does not answer in time is unavailable', async (t) => {
  const { token } = newToken();
  const { clock, store, denyList, load } = createDenyListNode([revoked(token)]);
  store.find = () => new Promise<never>(() => {});
  await load();
  const waiting = outcomeOf(denyList, [token]);
  await clock.advance(verifierLimits.confirmationMilliseconds);
  t.equal(await waiting, 'unavailable confirmation_deadline');
});

t.test('what has expired is forgotten, and memory is given back', async (t) => {
  const rows = [...randomRows(500), revoked(randomBytes(27))];
  const { clock, denyList, load } = createDenyListNode(rows);
  await load();
  const dead = rows.slice(-1).map(({ subject }) => subject);
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by postgres');
  t.equal(denyList.stats().entries, 501);
  t.ok(denyList.stats().bytes > 0);
  await clock.advance(accessTtlMs - 1);
  denyList.dropExpired(clock.now());
  t.equal(await outcomeOf(denyList, dead), 'revoked logout by lru', 'not before its time');
  t.equal(denyList.stats().entries, 501);
  await clock.advance(accessTtlMs / verifierLimits.revocationSlices + 1_000);
  denyList.dropExpired(clock.now());
  t.strictSame(denyList.stats(), { entries: 0, capacity: 0, bytes: 0, slices: 0 });
  t.equal(await outcomeOf(denyList, dead), 'not revoked by bloom');
  t.equal(denyList.loaded(), true);
});

t.test('with any lifetime it keeps what it is given until its expiry', async (t) => {
  for (const ttl of [1_000, 1_500, 7_999, 60_000, 86_400_000]) {
    const subject = randomBytes(16);
    const row = { ...revoked(subject), expiresAt: startOfTest + ttl };
    const { clock, denyList, load } = createDenyListNode([row], { ttlMs: ttl });
    await load();
    await clock.advance(ttl - 1);
    denyList.dropExpired(clock.now());
    t.equal(await outcomeOf(denyList, [subject]), 'revoked logout by postgres', `${ttl} ms`);
  }
});

t.test('without a lease everything is asked of the truth, and with it again from memory', async (t) => {
  const { store, denyList, lease, load } = createDenyListNode();
  await load();
  const [missed, confirmedBefore] = [newToken(), newToken()];
  store.record(revoked(confirmedBefore.session));
  denyList.addCommitted([revoked(confirmedBefore.session)]);
  lease.isHeld = false;
  store.record(revoked(missed.session));
  t.equal(await outcomeOf(denyList, missed.subjects), 'revoked logout by postgres', 'what memory has not');
  t.equal(await outcomeOf(denyList, newToken().subjects), 'not revoked by postgres');
  t.equal(store.finds, 2);

  store.fault = new Error('down');
  t.equal(await outcomeOf(denyList, newToken().subjects), 'unavailable confirmation_store');
  t.equal(await outcomeOf(denyList, missed.subjects), 'revoked logout by lru', 'confirmed before');
  t.equal(await outcomeOf(denyList, confirmedBefore.subjects), 'revoked logout by lru', 'committed before');
  lease.isHeld = true;
  t.equal(await outcomeOf(denyList, newToken().subjects), 'not revoked by bloom');
});

t.test('a lease that ends between a check and its confirmation changes nothing', async (t) => {
  const { store, denyList, lease, load } = createDenyListNode();
  await load();
  const { subjects, session } = newToken();
  store.record(revoked(session));
  denyList.add([revoked(session)]);
  const outcome = outcomeOf(denyList, subjects);
  lease.isHeld = false;
  t.equal(await outcome, 'revoked logout by postgres');
});

t.test(
  'the truth is asked of what may be revoked, and of everything where memory may not answer',
  async (t) => {
    const { store, denyList, lease, load } = createDenyListNode();
    await load();
    const asked: (readonly Uint8Array[])[] = [];
    store.find = async (subjects) => {
      asked.push(subjects);
      return [];
    };
    const { subjects, session } = newToken();
    denyList.add([revoked(session)]);
    await denyList.check(subjects);
    lease.isHeld = false;
    await denyList.check(subjects);
    t.strictSame(asked, [[session], subjects]);
  },
);

t.test('what was committed needs no confirmation for as long as there is room to remember it', async (t) => {
  const { store, denyList, load } = createDenyListNode();
  await load();
  const rows = randomRows(verifierLimits.confirmedRevocations + 3);
  store.record(...rows);
  denyList.addCommitted(rows);
  store.fault = new Error('down');
  const subjects = rows.map(({ subject }) => [subject]);
  t.equal(await outcomeOf(denyList, subjects.at(-1) ?? []), 'revoked logout by lru', 'the newest');
  t.equal(await outcomeOf(denyList, subjects[3] ?? []), 'revoked logout by lru', 'the oldest with room');
  store.fault = undefined;
  t.equal(await outcomeOf(denyList, subjects[2] ?? []), 'revoked logout by postgres', 'the one before it');
  t.equal(store.finds, 1);
});

t.test('what is only suspected is never said to be revoked', async (t) => {
  const { denyList, load } = createDenyListNode();
  await load();
  const { subjects, session } = newToken();
  denyList.add([revoked(session)]);
  t.equal(await outcomeOf(denyList, subjects), 'not revoked by postgres');
  t.equal(await outcomeOf(denyList, subjects), 'not revoked by postgres', 'a "no" is not remembered');
});

t.test('the shared copy is asked where memory says it may be, and its "yes" is final', async (t) => {
  const asked: (readonly Candidate[])[] = [];
  const contained = new Set<string>();
  const copy = {
    async contains(candidates: readonly Candidate[]) {
      asked.push(candidates);
      return candidates.map(({ subject }) => contained.has(subjectKey(subject)));
    },
  };
  const { store, verdicts, sliceMs, lease, denyList, load } = createDenyListNode([], { copy });
  await load();
  const { subjects, token, session } = newToken();
  const endsAt = sliceEnd(startOfTest + accessTtlMs, sliceMs);
  denyList.add([revoked(session), revoked(token)]);
  contained.add(subjectKey(session));
  t.equal(await outcomeOf(denyList, subjects), 'revoked  by redis', 'which holds no reasons');
  t.strictSame(asked, [
    [
      { subject: token, slices: [{ ofSessions: false, endsAt }] },
      { subject: session, slices: [{ ofSessions: true, endsAt }] },
    ],
  ]);
  t.equal(await outcomeOf(denyList, subjects), 'revoked  by lru');
  t.equal(store.finds, 0, 'the truth was not asked');
  t.strictSame(
    verdicts.map(({ decidedBy }) => decidedBy),
    ['redis', 'lru'],
  );

  const ofAnother = newToken();
  denyList.add([revoked(ofAnother.session)]);
  store.record(revoked(ofAnother.session));
  t.equal(await outcomeOf(denyList, ofAnother.subjects), 'revoked logout by postgres', 'what it has lost');
  t.strictSame(
    asked[1]?.map(({ subject }) => subject),
    [ofAnother.session],
    'only what may be revoked',
  );

  lease.isHeld = false;
  const unsure = newToken();
  denyList.add([revoked(unsure.session)]);
  contained.add(subjectKey(unsure.session));
  t.equal(await outcomeOf(denyList, unsure.subjects), 'not revoked by postgres');
  t.equal(asked.length, 2, 'without a lease memory is not what says where to look');
});
