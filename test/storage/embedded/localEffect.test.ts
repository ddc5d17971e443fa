/** Embedded mode: subscribers of this run and of an earlier one, over the data folder of both. */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EffectReport } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createLocalEffect } from '../../../src/revocation/propagation/localEffect.ts';
import { openDataFolder } from '../../../src/storage/embedded/dataFolder.ts';
import { openEarlierSubscribers } from '../../../src/storage/embedded/earlierSubscribers.ts';
import { revoked } from '../../support/denyListNode.ts';
import { leaseMs } from '../../support/nodes.ts';
import { createWatchedNode, openSubscriber, openWithLease } from '../../support/watchedNode.ts';

const { leaseMarginMilliseconds, leaseMaximumMilliseconds } = propagationLimits;
const wholeLeaseMs = leaseMs + leaseMarginMilliseconds;

/** One run of the process; a kill is that nothing is closed. */
async function run(path: string, ownLeaseMs = leaseMs) {
  const dataFolder = await openDataFolder(path);
  // The clock is needed before there are subscribers: that of the node stands still until the test moves it.
  const node = await createWatchedNode({ beforeFirst: () => earlier.remember() });
  const { clock, renew, subscribers, denyList } = node;
  const earlier = await openEarlierSubscribers({ dataFolder, leaseMs: ownLeaseMs, clock });
  const reports: EffectReport[] = [];
  const effect = createLocalEffect({
    denyList,
    subscribers,
    earlierSubscribers: earlier,
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
    subscribers.close();
    await earlier.close(subscribers.leases());
  };
  return { ...node, dataFolder, effect, reports, logout, takes, stop };
}

t.test('without subscribers a logout is in effect at once', async (t) => {
  const path = t.testdir();
  const { takes, reports, stop, effect } = await run(path);
  t.equal(await takes(), 0);
  t.match(reports, [{ milliseconds: 0, nodes: [] }]);
  t.ok(effect.longestMs() > wholeLeaseMs);
  await stop();
  t.strictSame(await readdir(path), []);
});

t.test('a logout waits for the subscribers of this process', async (t) => {
  const { clock, subscribers, logout } = await run(t.testdir());
  const subscriber = await openWithLease(subscribers);
  const state = logout();
  await clock.advance(300);
  t.equal(state(), 'waiting');
  await subscriber.follow();
  t.equal(state(), 300);
});

t.test('and for those of an earlier run, if there may be any', async (t) => {
  const table: readonly (readonly [string, (earlier: Awaited<ReturnType<typeof run>>) => unknown, number])[] =
    [
      ['there was none, and it was killed', () => {}, 0],
      ['there was none, and it stopped', ({ stop }) => stop(), 0],
      ['it was killed', ({ subscribers }) => openWithLease(subscribers), wholeLeaseMs],
      [
        'it was killed before the subscriber had a lease',
        ({ subscribers }) => openSubscriber(subscribers),
        wholeLeaseMs,
      ],
      [
        'it stopped while the subscriber held a lease',
        async ({ subscribers, stop }) => {
          await openWithLease(subscribers);
          await stop();
        },
        wholeLeaseMs,
      ],
      [
        'it stopped while a lost subscriber held a lease',
        async ({ subscribers, stop }) => {
          const { stream } = await openWithLease(subscribers);
          stream.disconnected();
          await stop();
        },
        wholeLeaseMs,
      ],
      [
        'it stopped when the subscriber had left',
        async ({ subscribers, stop }) => {
          const { stream } = await openWithLease(subscribers);
          stream.leave();
          await stop();
        },
        0,
      ],
      [
        'it stopped when the lease of the subscriber was over',
        async ({ clock, subscribers, stop }) => {
          await openWithLease(subscribers);
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
  await openWithLease((await run(path)).subscribers);
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
  await openWithLease((await run(path, 60_000)).subscribers);
  const { subscribers } = await run(path, leaseMs);
  await openSubscriber(subscribers);
  const { dataFolder } = await run(path, leaseMs);
  t.equal(await dataFolder.subscriberLeaseMs(), 60_000);
});

t.test('what the data folder says of leases', async (t) => {
  const folder = await openDataFolder(t.testdir());
  const marker = join(folder.path, 'edge-lease');
  t.equal(await folder.subscriberLeaseMs(), 0, 'nothing: there are none');
  await folder.setSubscriberLeaseMs(1_234);
  t.equal(await folder.subscriberLeaseMs(), 1_234);
  await folder.setSubscriberLeaseMs(0);
  await folder.setSubscriberLeaseMs(0);
  t.equal(await folder.subscriberLeaseMs(), 0);
  t.strictSame(await readdir(folder.path), [], 'nothing unfinished is left');
  for (const text of ['', '12', 'soon\n', '-1\n', '1e99\n', '0x10\n', '99999999999\n']) {
    await writeFile(marker, text);
    t.equal(
      await folder.subscriberLeaseMs(),
      leaseMaximumMilliseconds,
      `${JSON.stringify(text)} is some lease`,
    );
  }
  await folder.setSubscriberLeaseMs(0);
  await mkdir(marker);
  t.equal(
    await folder.subscriberLeaseMs(),
    leaseMaximumMilliseconds,
    'what cannot be read is some lease, too',
  );
});

t.test('without a word in the data folder no subscriber gets in', async (t) => {
  const path = t.testdir();
  const { subscribers } = await run(path);
  const marker = join(path, 'edge-lease');
  // It cannot be replaced by a file.
  await mkdir(marker);
  await t.rejects(openSubscriber(subscribers), { code: 'unavailable' });
  await rmdir(marker);
  await openWithLease(subscribers);
  t.equal(subscribers.leases(), 1);
});
