import { randomBytes } from 'node:crypto';
import { bucketOf } from '@countersign/verifier/revocation/additions';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import t from 'tap';
import { propagationLimits } from '../../src/revocation/propagation/limits.ts';
import {
  createDenyListNode,
  createGate,
  newToken,
  outcomeOf,
  revoked,
  startOfTest,
} from '../support/denyListNode.ts';

const page = propagationLimits.revocationsPageRows;
const confirmed = 'revoked logout by postgres';
const fromMemory = 'not revoked by bloom';
const fromTruth = 'not revoked by postgres';
const randomRows = (count: number, bytes = 16) =>
  Array.from({ length: count }, () => revoked(randomBytes(bytes)));

t.test('before it is loaded it asks the truth for everything, also of what it knows', async (t) => {
  const { store, verdicts, denyList, load } = createDenyListNode();
  const { subjects, session } = newToken();
  t.equal(denyList.loaded(), false);
  t.equal(await outcomeOf(denyList, subjects), fromTruth);
  t.equal(store.finds, 1);
  store.record(revoked(session));
  t.equal(await outcomeOf(denyList, subjects), confirmed, 'what it was never told');
  t.equal(await outcomeOf(denyList, subjects), 'revoked logout by lru', 'and what was confirmed is known');

  const announced = newToken();
  denyList.add([revoked(announced.session)]);
  t.equal(await outcomeOf(denyList, announced.subjects), fromTruth, 'what the truth has not is not revoked');
  store.fault = new Error('down');
  const unknown = newToken();
  t.equal(await outcomeOf(denyList, unknown.subjects), 'unavailable confirmation_store');
  t.equal(verdicts.length, 4, 'of what is unavailable no verdict is told');
  store.fault = undefined;

  await load();
  t.equal(denyList.loaded(), true);
  const { finds } = store;
  t.equal(await outcomeOf(denyList, unknown.subjects), fromMemory);
  t.equal(store.finds, finds);
});

t.test('it loads every live revocation, page by page', async (t) => {
  for (const [count, pages] of [
    [0, 1],
    [1, 1],
    [page - 1, 1],
    [page, 2],
    [2 * page + 7, 3],
  ] as const) {
    const rows = randomRows(count);
    const { store, denyList, load } = createDenyListNode(rows);
    t.equal(await load(), count, `${count} rows`);
    t.equal(store.pages, pages, `${count} rows: statements`);
    const answers = new Set<string>();
    for (const { subject } of rows) answers.add(await outcomeOf(denyList, [subject]));
    t.strictSame([...answers], count === 0 ? [] : [confirmed], `${count} rows: none is missed`);
    t.equal(await outcomeOf(denyList, newToken().subjects), fromMemory, `${count} rows: from memory`);
  }
});

t.test('it makes room for what it loads, and for little more', async (t) => {
  const rows = [...randomRows(2 * page), ...randomRows(page, 27)];
  const { denyList, load } = createDenyListNode(rows);
  await load();
  const { entries, bytes } = denyList.stats();
  t.ok(entries > rows.length * 0.999 && entries <= rows.length, `${entries} entries`);
  t.ok(bytes <= 3 * rows.length, `${(bytes / rows.length).toFixed(2)} bytes each`);
});

t.test('a load that failed half-way and is repeated takes its room once', async (t) => {
  const rows = randomRows(2 * page);
  const { store, denyList, load } = createDenyListNode(rows);
  store.fault = new Error('down');
  for (let attempt = 0; attempt < 5; attempt += 1) await t.rejects(load());
  store.fault = undefined;
  await load();
  const { bytes } = denyList.stats();
  t.ok(bytes <= 3 * rows.length, `${(bytes / rows.length).toFixed(2)} bytes each`);
});

t.test('what has expired is not loaded', async (t) => {
  const expired = { ...revoked(randomBytes(16)), expiresAt: startOfTest };
  const { denyList, load } = createDenyListNode([revoked(randomBytes(16)), expired]);
  t.equal(await load(), 1);
  t.equal(await outcomeOf(denyList, [expired.subject]), fromMemory);
});

t.test('while it loads again it asks the truth, and then has what it missed', async (t) => {
  const { clock, store, denyList, load } = createDenyListNode();
  await load();
  const [missed, added] = [newToken(), newToken()];
  const { gate, open } = createGate();
  store.gate = gate;
  store.record(revoked(missed.session));
  const again = load();
  await clock.settle();
  t.equal(denyList.loaded(), false);
  t.equal(await outcomeOf(denyList, newToken().subjects), fromTruth);
  store.record(revoked(added.session));
  denyList.add([revoked(added.session)]);
  open();
  t.equal(await again, 1);
  t.equal(denyList.loaded(), true);
  t.equal(await outcomeOf(denyList, missed.subjects), confirmed);
  t.equal(await outcomeOf(denyList, added.subjects), confirmed, 'also what was added meanwhile');
  t.equal(await outcomeOf(denyList, newToken().subjects), fromMemory);
});

t.test('what it knew before, it knows again, and holds it once', async (t) => {
  const rows = randomRows(1_000);
  const { denyList, load } = createDenyListNode(rows);
  await load();
  const before = denyList.stats();
  for (let round = 0; round < 3; round += 1) await load();
  t.strictSame(denyList.stats(), before);
  for (const { subject } of rows.slice(0, 50)) t.equal(await outcomeOf(denyList, [subject]), confirmed);
});

t.test('a load that fails leaves it to the truth, and the next one mends it', async (t) => {
  const rows = randomRows(3);
  const { store, denyList, load } = createDenyListNode(rows);
  await load();
  const fault = new Error('down');
  store.fault = fault;
  await t.rejects(load(), fault);
  t.equal(denyList.loaded(), false, 'its memory is gone');
  t.equal(await outcomeOf(denyList, newToken().subjects), 'unavailable confirmation_store');
  store.fault = undefined;
  for (const { subject } of rows) t.equal(await outcomeOf(denyList, [subject]), confirmed);
  t.equal(await outcomeOf(denyList, newToken().subjects), fromTruth);
  t.equal(await load(), 3);
  t.equal(await outcomeOf(denyList, newToken().subjects), fromMemory);
});

t.test('what is added while it loads is not lost (J32)', async (t) => {
  const { clock, store, denyList, load } = createDenyListNode(randomRows(page + 5));
  const { gate, open } = createGate();
  store.gate = gate;
  const loading = load();
  await clock.settle();
  t.equal(store.pages, 1, 'a page is being read');
  // In front of where it reads, behind it, and somewhere.
  const added = [revoked(Buffer.alloc(16)), revoked(Buffer.alloc(27, 0xff)), revoked(newToken().session)];
  denyList.add(added);
  t.equal(await outcomeOf(denyList, [Buffer.alloc(16)]), fromTruth, 'not from memory while it loads');
  store.record(...added);
  open();
  await loading;
  for (const { subject } of added) t.equal(await outcomeOf(denyList, [subject]), confirmed);
});

t.test('a load that was overtaken neither ends the one after it nor undoes it', async (t) => {
  const { clock, store, denyList, load } = createDenyListNode(randomRows(3));
  const gates = [createGate(), createGate()] as const;
  store.gate = gates[0].gate;
  const first = load();
  await clock.settle();
  const { subjects, session } = newToken();
  store.record(revoked(session));
  store.gate = gates[1].gate;
  const second = load();
  await clock.settle();

  gates[0].open();
  await first;
  t.equal(denyList.loaded(), false, 'the first had read before what was missed');
  t.equal(await outcomeOf(denyList, newToken().subjects), fromTruth);
  gates[1].open();
  t.equal(await second, 4);
  t.equal(denyList.loaded(), true);
  t.equal(await outcomeOf(denyList, subjects), confirmed, 'the second has it');
});

t.test('a slow load does not undo the load that came after', async (t) => {
  const { clock, store, denyList, load } = createDenyListNode(randomRows(3));
  const { gate, open } = createGate();
  store.gate = gate;
  const slow = load();
  await clock.settle();
  store.gate = Promise.resolve();
  await load();
  t.equal(denyList.loaded(), true);
  open();
  await slow;
  t.equal(denyList.loaded(), true);
  t.equal(await outcomeOf(denyList, newToken().subjects), fromMemory);
});

t.test(
  'a "no" of before holds for a token until its subjects are added, a mark is, or all is loaded anew',
  async (t) => {
    const { denyList, load } = createDenyListNode();
    await load();
    const { subjects } = newToken();
    const buckets = subjects.map(bucketOf);
    const others = randomRows(1_000).filter(({ subject }) => !buckets.includes(bucketOf(subject)));
    const rows: readonly (readonly [what: string, holds: boolean, change: () => unknown])[] = [
      ['nothing', true, () => {}],
      ['others', true, () => denyList.addCommitted(others)],
      ...subjects.map(
        (subject, index) =>
          [`subject ${index}`, false, () => denyList.addCommitted([revoked(subject)])] as const,
      ),
      ['one that is not committed', false, () => denyList.add([revoked(subjects[0])])],
      ['a mark', false, () => denyList.addCommitted([markAt(startOfTest)])],
      ['a load', false, load],
    ];
    for (const [what, holds, change] of rows) {
      const version = denyList.version();
      t.ok(denyList.stillHolds(buckets, version), `before: ${what}`);
      await change();
      denyList.addCommitted(others);
      t.equal(denyList.stillHolds(buckets, version), holds, what);
    }
  },
);
