/** Embedded mode: edges of this run and of an earlier one, over the data folder of both. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { limits } from '../../../src/platform/limits.ts';
import { createLocalEffect } from '../../../src/revocation/propagation/localEffect.ts';
import { openDataFolder } from '../../../src/storage/embedded/dataFolder.ts';
import { openEarlierEdges } from '../../../src/storage/embedded/earlierEdges.ts';
import { revoked } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { createWatchedNode, openEdge, openWithLease } from '../../support/watchedNode.ts';

const { leaseMarginMilliseconds, leaseMaximumMilliseconds } = limits;
const wholeLeaseMs = leaseMs + leaseMarginMilliseconds;

/** One run of the process; a kill is that nothing is closed. */
async function run(path: string, ownLeaseMs = leaseMs) {
  const dataFolder = await openDataFolder(path);
  // The clock is needed before there are edges: that of the node stands still until the test moves it.
  const node = await createWatchedNode({ beforeFirst: () => earlier.remember() });
  const { clock, renew, edges, denyList } = node;
  const earlier = await openEarlierEdges({ dataFolder, leaseMs: ownLeaseMs, clock });
  const reports: EffectReport[] = [];
  const effect = createLocalEffect({
    denyList,
    edges,
    earlierEdges: earlier,
    leaseMs: ownLeaseMs,
    clock,
    onEffect: (report) => void reports.push(report),
  });
  const logout = () => {
    const mark = { history: '', transaction: '' };
    let state: number | 'waiting' = 'waiting';
    void effect.announce({ revocations: [revoked(randomBytes(16))], mark }).then(({ milliseconds }) => {
      state = milliseconds;
    });
    return () => state;
  };
  /** How long a logout takes that begins now, to the millisecond. */
  const takes = async () => {
    const state = logout();
    await clock.settle();
    for (const step of [leaseMarginMilliseconds, leaseMs - leaseMarginMilliseconds]) {
      if (state() === 'waiting') await clock.advance(step);
    }
    for (let left = leaseMaximumMilliseconds; left > 0 && state() === 'waiting'; left -= 1_000) {
      renew();
      await clock.advance(1_000);
    }
    return state();
  };
  const stop = async () => {
    edges.close();
    await earlier.close(edges.leases());
  };
  return { ...node, dataFolder, effect, reports, logout, takes, stop };
}

t.test('without edges a logout is in effect at once', async (t) => {
  const path = t.testdir();
  const { takes, reports, stop, effect } = await run(path);
  t.equal(await takes(), 0);
  t.match(reports, [{ milliseconds: 0, nodes: [] }]);
  t.ok(effect.longestMs() > wholeLeaseMs);
  await stop();
  t.strictSame(await readdir(path), []);
});

t.test('a logout waits for the edges of this process', async (t) => {
  const { clock, edges, logout } = await run(t.testdir());
  const edge = await openWithLease(edges);
  const state = logout();
  await clock.advance(300);
  t.equal(state(), 'waiting');
  await edge.follow();
  t.equal(state(), 300);
});

t.test('and for those of an earlier run, if there may be any', async (t) => {
  const table: readonly (readonly [string, (earlier: Awaited<ReturnType<typeof run>>) => unknown, number])[] =
    [
      ['there was none, and it was killed', () => {}, 0],
      ['there was none, and it stopped', ({ stop }) => stop(), 0],
      ['it was killed', ({ edges }) => openWithLease(edges), wholeLeaseMs],
      ['it was killed before the edge had a lease', ({ edges }) => openEdge(edges), wholeLeaseMs],
      [
        'it stopped while the edge held a lease',
        async ({ edges, stop }) => {
          await openWithLease(edges);
          await stop();
        },
        wholeLeaseMs,
      ],
      [
        'it stopped while a lost edge held a lease',
        async ({ edges, stop }) => {
          const { stream } = await openWithLease(edges);
          stream.disconnected();
          await stop();
        },
        wholeLeaseMs,
      ],
      [
        'it stopped when the edge had left',
        async ({ edges, stop }) => {
          const { stream } = await openWithLease(edges);
          stream.leave();
          await stop();
        },
        0,
      ],
      [
        'it stopped when the lease of the edge was over',
        async ({ clock, edges, stop }) => {
          await openWithLease(edges);
          await clock.advance(wholeLeaseMs);
          await stop();
        },
        0,
      ],
    ];
  for (const [what, happens, waitsMs] of table) {
    const path = t.testdir({ [what]: {} });
    const folder = join(path, what);
    await happens(await run(folder));
    const { takes } = await run(folder);
    t.equal(await takes(), waitsMs, what);
    t.equal(await takes(), 0, `${what}: once`);
  }
});

t.test('a run that ends before those leases did leaves the word to the next one', async (t) => {
  const path = t.testdir();
  await openWithLease((await run(path)).edges);
  for (const how of ['killed', 'stopped']) {
    const { clock, stop } = await run(path);
    await clock.advance(wholeLeaseMs - 1);
    if (how === 'stopped') await stop();
  }
  const { clock, takes, stop } = await run(path);
  const state = takes();
  await clock.settle();
  t.equal(await state, wholeLeaseMs);
  await stop();
  t.equal(await (await run(path)).takes(), 0);
});

t.test('a shorter LEASE does not shorten those that were granted', async (t) => {
  const path = t.testdir();
  await openWithLease((await run(path, 60_000)).edges);
  const { edges } = await run(path, leaseMs);
  await openEdge(edges);
  const { dataFolder } = await run(path, leaseMs);
  t.equal(await dataFolder.edgeLeaseMs(), 60_000);
});

t.test('what the data folder says of leases', async (t) => {
  const folder = await openDataFolder(t.testdir());
  const marker = join(folder.path, 'edge-lease');
  t.equal(await folder.edgeLeaseMs(), 0, 'nothing: there are none');
  await folder.setEdgeLeaseMs(1_234);
  t.equal(await folder.edgeLeaseMs(), 1_234);
  await folder.setEdgeLeaseMs(0);
  await folder.setEdgeLeaseMs(0);
  t.equal(await folder.edgeLeaseMs(), 0);
  t.strictSame(await readdir(folder.path), [], 'nothing unfinished is left');
  for (const text of ['', '12', 'soon\n', '-1\n', '1e99\n', '0x10\n', '99999999999\n']) {
    await writeFile(marker, text);
    t.equal(await folder.edgeLeaseMs(), leaseMaximumMilliseconds, `${JSON.stringify(text)} is some lease`);
  }
  await folder.setEdgeLeaseMs(0);
  await mkdir(marker);
  t.equal(await folder.edgeLeaseMs(), leaseMaximumMilliseconds, 'what cannot be read is some lease, too');
});

t.test('without a word in the data folder no edge gets in', async (t) => {
  const path = t.testdir();
  const { edges } = await run(path);
  const marker = join(path, 'edge-lease');
  // It cannot be replaced by a file.
  await mkdir(marker);
  await t.rejects(openEdge(edges), { code: 'unavailable' });
  await rmdir(marker);
  await openWithLease(edges);
  t.equal(edges.leases(), 1);
});
