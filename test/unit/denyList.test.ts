import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import t from 'tap';
import { AuthorityError } from '../../src/core/errors.ts';
import { newId, type SessionId } from '../../src/core/ids.ts';
import { limits } from '../../src/core/limits.ts';
import { createDenyList, type Verdict } from '../../src/revocation/denyList.ts';
import type { Revocation } from '../../src/revocation/revocation.ts';
import { newJti, parseJti } from '../../src/tokens/jti.ts';
import { createManualClock } from '../support/manualClock.ts';

const now = Date.UTC(2030, 0, 1, 12);
const accessTtlMs = 900_000;
const expiresAt = now + accessTtlMs;
const page = limits.revocationsPageRows;

/** The truth in a map, which counts what it is asked and can be made to fail or to wait. */
function createTruth(rows: readonly Revocation[]) {
  const known = new Map<string, Revocation>();
  const key = (subject: Uint8Array) => Buffer.from(subject).toString('hex');
  const truth = {
    finds: 0,
    pages: 0,
    fault: undefined as Error | undefined,
    /** A page that was read is answered when this has resolved. */
    gate: Promise.resolve() as Promise<unknown>,
    record: (...more: readonly Revocation[]) => {
      for (const row of more) known.set(key(row.subject), row);
    },
    async find(subjects: readonly Uint8Array[]) {
      truth.finds += 1;
      if (truth.fault !== undefined) throw truth.fault;
      return subjects.flatMap((subject) => known.get(key(subject)) ?? []);
    },
    async listLive(at: number, limit: number, after: Uint8Array = Buffer.of()) {
      truth.pages += 1;
      const live = [...known].filter(([id, row]) => row.expiresAt > at && id > key(after));
      const answer = live.sort(([one], [other]) => (one < other ? -1 : 1)).slice(0, limit);
      await truth.gate;
      if (truth.fault !== undefined) throw truth.fault;
      return answer.map(([, row]) => row);
    },
  };
  truth.record(...rows);
  return truth;
}

function createGate() {
  const gate = new EventTarget();
  return { gate: once(gate, 'open'), open: () => gate.dispatchEvent(new Event('open')) };
}

function setUp(rows: readonly Revocation[] = []) {
  const clock = createManualClock(now);
  const store = createTruth(rows);
  const verdicts: Verdict[] = [];
  const onVerdict = (verdict: Verdict) => void verdicts.push(verdict);
  return { rows, clock, store, verdicts, denyList: createDenyList({ store, clock, accessTtlMs, onVerdict }) };
}
type Checked = Pick<ReturnType<typeof setUp>, 'denyList'>;
const revoked = (subject: Uint8Array, reason = 'logout'): Revocation => ({ subject, reason, expiresAt });
const randomRows = (count: number) => Array.from({ length: count }, () => revoked(randomBytes(16)));

/** A fresh token: what a check asks of it. */
function newToken() {
  const jti = parseJti(newJti(newId<SessionId>(now), now));
  if (jti === undefined) throw new Error('not a jti');
  return { subjects: jti.subjects, token: jti.subjects[0], session: jti.subjects[1] };
}

/** The verdict in short, or the code of its refusal. */
async function outcome({ denyList }: Checked, subjects: readonly Uint8Array[]): Promise<string> {
  try {
    const verdict = await denyList.check(subjects);
    return `${verdict.revoked ? `revoked ${verdict.reason}` : 'not revoked'} by ${verdict.decidedBy}`;
  } catch (error) {
    return error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
  }
}
const loading = 'unavailable deny_list_loading';

t.test('before it is loaded it answers nothing, also of what it knows', async (t) => {
  const node = setUp();
  const { subjects, session } = newToken();
  t.equal(await outcome(node, subjects), loading);
  node.store.record(revoked(session));
  node.denyList.add([revoked(session)]);
  t.equal(await outcome(node, subjects), loading);
  t.throws(() => node.denyList.check(subjects), { code: 'unavailable', retryAfterSeconds: 1 });
  t.strictSame(node.verdicts, [], 'no verdict is told');
  t.equal(node.store.finds, 0);

  await node.denyList.load();
  t.equal(node.denyList.ready(), true);
  t.equal(await outcome(node, subjects), 'revoked logout by postgres');
});

t.test('it loads every live revocation, page by page', async (t) => {
  for (const [count, pages] of [
    [0, 1],
    [1, 1],
    [page - 1, 1],
    [page, 2],
    [2 * page + 7, 3],
  ] as const) {
    const node = setUp(randomRows(count));
    t.equal(await node.denyList.load(), count, `${count} rows`);
    t.equal(node.store.pages, pages, `${count} rows: statements`);
    const answers = new Set<string>();
    for (const { subject } of node.rows) answers.add(await outcome(node, [subject]));
    t.strictSame(
      [...answers],
      count === 0 ? [] : ['revoked logout by postgres'],
      `${count} rows: none missed`,
    );
  }
});

t.test('what has expired is not loaded', async (t) => {
  const rows = [revoked(randomBytes(16)), { ...revoked(randomBytes(16)), expiresAt: now }];
  const node = setUp(rows);
  t.equal(await node.denyList.load(), 1);
  t.equal(await outcome(node, [rows[1]?.subject as Uint8Array]), 'not revoked by bloom');
});

t.test('a revocation is in force from the moment it is added, by session or by token', async (t) => {
  const { subjects, token, session } = newToken();
  const sibling = [Buffer.concat([session, randomBytes(11)]), session];
  const table: [string, Uint8Array, string, string][] = [
    ['its token', token, 'token_revoked', 'not revoked by bloom'],
    ['its session', session, 'logout', 'revoked logout by lru'],
  ];
  for (const [what, subject, reason, ofSibling] of table) {
    const node = setUp();
    await node.denyList.load();
    t.equal(await outcome(node, subjects), 'not revoked by bloom', `${what}: before`);
    node.store.record(revoked(subject, reason));
    node.denyList.add([revoked(subject, reason)]);
    t.equal(await outcome(node, subjects), `revoked ${reason} by postgres`, `${what}: after`);
    t.equal(await outcome(node, sibling), ofSibling, `${what}: another token of the session`);
    t.equal(await outcome(node, newToken().subjects), 'not revoked by bloom', `${what}: another session`);
  }
});

t.test('"no" costs no statement and no wait', async (t) => {
  const node = setUp(randomRows(2_000));
  await node.denyList.load();
  const answers = Array.from({ length: 2_000 }, () => node.denyList.check(newToken().subjects));
  t.ok(answers.filter((answer) => answer instanceof Promise).length < 10, 'but for a false positive');
});

t.test('a revocation confirmed before costs no statement', async (t) => {
  const node = setUp();
  await node.denyList.load();
  const { subjects, session } = newToken();
  node.store.record(revoked(session, 'logout_all'));
  node.denyList.add([revoked(session, 'logout_all')]);
  t.equal(await outcome(node, subjects), 'revoked logout_all by postgres');
  node.store.fault = new Error('down');
  for (let again = 0; again < 3; again += 1) {
    t.equal(await outcome(node, subjects), 'revoked logout_all by lru');
  }
  t.equal(
    await outcome(node, [randomBytes(27), session]),
    'revoked logout_all by lru',
    'its other tokens too',
  );
  t.equal(node.store.finds, 1);
  t.strictSame(
    node.verdicts.map(({ decidedBy }) => decidedBy),
    ['postgres', 'lru', 'lru', 'lru', 'lru'],
  );
});

/** Fresh tokens until memory takes one for revoked: about one in ten thousand, from a full filter. */
function falsePositive({ denyList }: Checked): readonly Uint8Array[] {
  for (let tries = 0; tries < 1_000_000; tries += 1) {
    const { subjects } = newToken();
    if (denyList.check(subjects) instanceof Promise) return subjects;
  }
  throw new Error('no false positive in a million');
}

t.test('a false positive is cleared by the truth, every time (J33)', async (t) => {
  const node = setUp(randomRows(limits.bloomFirstCapacity));
  await node.denyList.load();
  const subjects = falsePositive(node);
  await node.clock.settle();
  const { finds } = node.store;
  t.equal(await outcome(node, subjects), 'not revoked by postgres');
  t.equal(await outcome(node, subjects), 'not revoked by postgres', 'a "no" is not remembered');
  t.equal(node.store.finds, finds + 2);

  node.store.record(revoked(subjects[1] as Uint8Array));
  node.denyList.add([revoked(subjects[1] as Uint8Array)]);
  t.equal(
    await outcome(node, subjects),
    'revoked logout by postgres',
    'when it is then revoked, it is revoked',
  );
});

t.test('a hit that cannot be confirmed is unavailable, never "not revoked"', async (t) => {
  const node = setUp(randomRows(limits.bloomFirstCapacity));
  await node.denyList.load();
  const wrongly = falsePositive(node);
  await node.clock.settle();
  node.store.fault = new Error('down');
  const { subject } = node.rows[0] as Revocation;
  const before = node.verdicts.length;
  t.equal(await outcome(node, [subject]), 'unavailable confirmation_store', 'a revoked one');
  t.equal(await outcome(node, wrongly), 'unavailable confirmation_store', 'a false positive');
  t.equal(node.verdicts.length, before, 'no verdict is told');
  node.store.fault = undefined;
  t.equal(await outcome(node, [subject]), 'revoked logout by postgres', 'and it recovers');
});

t.test('suspended it answers nothing, until it is loaded again with what it missed', async (t) => {
  const node = setUp();
  await node.denyList.load();
  const { subjects, session } = newToken();
  node.denyList.suspend();
  t.equal(node.denyList.ready(), false);
  t.equal(await outcome(node, subjects), loading);
  node.store.record(revoked(session));
  t.equal(await node.denyList.load(), 1);
  t.equal(await outcome(node, subjects), 'revoked logout by postgres');
});

t.test('a load that fails leaves it not ready, and the next one mends it', async (t) => {
  const node = setUp(randomRows(3));
  node.store.fault = new Error('down');
  await t.rejects(node.denyList.load(), { message: 'down' });
  t.equal(node.denyList.ready(), false);
  t.equal(await outcome(node, newToken().subjects), loading);
  node.store.fault = undefined;
  t.equal(await node.denyList.load(), 3);
  t.equal(await outcome(node, newToken().subjects), 'not revoked by bloom');
});

t.test('what is added while it loads is not lost (J32)', async (t) => {
  const node = setUp(randomRows(page + 5));
  const { gate, open } = createGate();
  node.store.gate = gate;
  const load = node.denyList.load();
  // Behind the page that is being read, and in front of every later one.
  const added = [revoked(Buffer.alloc(16)), revoked(Buffer.alloc(27, 0xff)), revoked(newToken().session)];
  node.store.record(...added);
  node.denyList.add(added);
  t.equal(await outcome(node, [Buffer.alloc(16)]), loading, 'while it loads it answers nothing');
  open();
  await load;
  for (const { subject } of added) t.equal(await outcome(node, [subject]), 'revoked logout by postgres');
});

t.test('suspended while it loads, it stays so: that load may have read before what was missed', async (t) => {
  const node = setUp();
  const { gate, open } = createGate();
  node.store.gate = gate;
  const load = node.denyList.load();
  const { subjects, session } = newToken();
  node.denyList.suspend();
  node.store.record(revoked(session));
  open();
  await load.catch(() => {});
  t.equal(node.denyList.ready(), false, 'not ready');
  t.equal(await outcome(node, subjects), loading, 'no check is answered');
  await node.denyList.load();
  t.equal(await outcome(node, subjects), 'revoked logout by postgres', 'the load after that has it');
});

t.test('what has expired is forgotten, and memory is given back', async (t) => {
  const node = setUp(randomRows(500));
  await node.denyList.load();
  const { subject } = node.rows[0] as Revocation;
  t.equal(await outcome(node, [subject]), 'revoked logout by postgres');
  t.match(node.denyList.stats(), { slices: 1 });
  t.ok(node.denyList.stats().bytes > 0);
  await node.clock.advance(accessTtlMs - 1);
  node.denyList.dropExpired();
  t.equal(await outcome(node, [subject]), 'revoked logout by lru', 'not before its time');
  await node.clock.advance(accessTtlMs / limits.revocationSlices + 1_000);
  node.denyList.dropExpired();
  t.strictSame(node.denyList.stats(), { entries: 0, bytes: 0, slices: 0 });
  t.equal(await outcome(node, [subject]), 'not revoked by bloom');
  t.equal(node.denyList.ready(), true);
});

t.test('with any lifetime it keeps what it is given until its expiry', async (t) => {
  for (const ttl of [1_000, 1_500, 7_999, 60_000]) {
    const clock = createManualClock(now);
    const subject = randomBytes(16);
    const store = createTruth([{ ...revoked(subject), expiresAt: now + ttl }]);
    const denyList = createDenyList({ store, clock, accessTtlMs: ttl, onVerdict: () => {} });
    await denyList.load();
    await clock.advance(ttl - 1);
    denyList.dropExpired();
    t.equal(await outcome({ denyList }, [subject]), 'revoked logout by postgres', `${ttl} ms`);
  }
});
