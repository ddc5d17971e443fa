import { randomBytes } from 'node:crypto';
import t from 'tap';
import { limits } from '../../src/core/limits.ts';
import {
  createDenyListNode,
  createGate,
  newToken,
  outcomeOf,
  revoked,
  startOfTest,
} from '../support/denyListNode.ts';

const page = limits.revocationsPageRows;
const loading = 'unavailable deny_list_loading';
const confirmed = 'revoked logout by postgres';
const randomRows = (count: number, bytes = 16) =>
  Array.from({ length: count }, () => revoked(randomBytes(bytes)));

t.test('before it is loaded it answers nothing, also of what it knows', async (t) => {
  const { store, verdicts, denyList } = createDenyListNode();
  const { subjects, session } = newToken();
  t.equal(denyList.ready(), false);
  t.equal(await outcomeOf(denyList, subjects), loading);
  store.record(revoked(session));
  denyList.add([revoked(session)]);
  t.equal(await outcomeOf(denyList, subjects), loading);
  t.throws(() => denyList.check(subjects), { code: 'unavailable', retryAfterSeconds: 1 });
  t.strictSame(verdicts, [], 'no verdict is told');
  t.equal(store.finds, 0);

  await denyList.load();
  t.equal(denyList.ready(), true);
  t.equal(await outcomeOf(denyList, subjects), confirmed);
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
    const { store, denyList } = createDenyListNode(rows);
    t.equal(await denyList.load(), count, `${count} rows`);
    t.equal(store.pages, pages, `${count} rows: statements`);
    const answers = new Set<string>();
    for (const { subject } of rows) answers.add(await outcomeOf(denyList, [subject]));
    t.strictSame([...answers], count === 0 ? [] : [confirmed], `${count} rows: none is missed`);
  }
});

t.test('it makes room for what it loads, and for little more', async (t) => {
  const rows = [...randomRows(2 * page), ...randomRows(page, 27)];
  const { denyList } = createDenyListNode(rows);
  await denyList.load();
  const { entries, bytes } = denyList.stats();
  t.ok(entries > rows.length * 0.999 && entries <= rows.length, `${entries} entries`);
  t.ok(bytes <= 3 * rows.length, `${(bytes / rows.length).toFixed(2)} bytes each`);
});

t.test('a load that failed half-way and is repeated takes its room once', async (t) => {
  const rows = randomRows(2 * page);
  const { store, denyList } = createDenyListNode(rows);
  store.fault = new Error('down');
  for (let attempt = 0; attempt < 5; attempt += 1) await t.rejects(denyList.load());
  store.fault = undefined;
  await denyList.load();
  const { bytes } = denyList.stats();
  t.ok(bytes <= 3 * rows.length, `${(bytes / rows.length).toFixed(2)} bytes each`);
});

t.test('what has expired is not loaded', async (t) => {
  const expired = { ...revoked(randomBytes(16)), expiresAt: startOfTest };
  const { denyList } = createDenyListNode([revoked(randomBytes(16)), expired]);
  t.equal(await denyList.load(), 1);
  t.equal(await outcomeOf(denyList, [expired.subject]), 'not revoked by bloom');
});

t.test('suspended it answers nothing, until it is loaded again with what it missed', async (t) => {
  const { store, denyList } = createDenyListNode();
  await denyList.load();
  const [missed, announced] = [newToken(), newToken()];
  denyList.suspend();
  t.equal(denyList.ready(), false);
  t.equal(await outcomeOf(denyList, missed.subjects), loading);
  store.record(revoked(missed.session), revoked(announced.session));
  denyList.add([revoked(announced.session)]);
  t.equal(await denyList.load(), 2);
  t.equal(denyList.ready(), true);
  t.equal(await outcomeOf(denyList, missed.subjects), confirmed);
  t.equal(await outcomeOf(denyList, announced.subjects), confirmed, 'also what was added meanwhile');
});

t.test('what it knew before it was suspended it knows again, and holds it once', async (t) => {
  const rows = randomRows(1_000);
  const { denyList } = createDenyListNode(rows);
  await denyList.load();
  const before = denyList.stats();
  for (let round = 0; round < 3; round += 1) {
    denyList.suspend();
    await denyList.load();
  }
  t.strictSame(denyList.stats(), before);
  for (const { subject } of rows.slice(0, 50)) t.equal(await outcomeOf(denyList, [subject]), confirmed);
});

t.test('a load that fails leaves it not ready, and the next one mends it', async (t) => {
  const { store, denyList } = createDenyListNode(randomRows(3));
  const fault = new Error('down');
  store.fault = fault;
  await t.rejects(denyList.load(), fault);
  t.equal(denyList.ready(), false);
  t.equal(await outcomeOf(denyList, newToken().subjects), loading);
  store.fault = undefined;
  t.equal(await denyList.load(), 3);
  t.equal(await outcomeOf(denyList, newToken().subjects), 'not revoked by bloom');
});

t.test('what is added while it loads is not lost (J32)', async (t) => {
  const { clock, store, denyList } = createDenyListNode(randomRows(page + 5));
  const { gate, open } = createGate();
  store.gate = gate;
  const load = denyList.load();
  await clock.settle();
  t.equal(store.pages, 1, 'a page is being read');
  // In front of where it reads, behind it, and somewhere.
  const added = [revoked(Buffer.alloc(16)), revoked(Buffer.alloc(27, 0xff)), revoked(newToken().session)];
  store.record(...added);
  denyList.add(added);
  t.equal(await outcomeOf(denyList, [Buffer.alloc(16)]), loading, 'while it loads it answers nothing');
  open();
  await load;
  for (const { subject } of added) t.equal(await outcomeOf(denyList, [subject]), confirmed);
});

t.test('suspended while it loads, it stays so: that load may have read before what was missed', async (t) => {
  const { clock, store, denyList } = createDenyListNode();
  const { gate, open } = createGate();
  store.gate = gate;
  const load = denyList.load();
  await clock.settle();
  const { subjects, session } = newToken();
  denyList.suspend();
  store.record(revoked(session));
  open();
  await load.catch(() => {});
  t.equal(denyList.ready(), false);
  t.equal(await outcomeOf(denyList, subjects), loading);
  await denyList.load();
  t.equal(await outcomeOf(denyList, subjects), confirmed, 'the load after that has it');
});

t.test('a load that was overtaken by a suspension does not undo the load that came after', async (t) => {
  const { clock, store, denyList } = createDenyListNode(randomRows(3));
  const { gate, open } = createGate();
  store.gate = gate;
  const slow = denyList.load();
  await clock.settle();
  denyList.suspend();
  store.gate = Promise.resolve();
  await denyList.load();
  t.equal(denyList.ready(), true, 'loaded after the suspension');
  open();
  await slow.catch(() => {});
  t.equal(denyList.ready(), true, 'and so it stays');
  t.equal(await outcomeOf(denyList, newToken().subjects), 'not revoked by bloom');
});
