import { randomBytes } from 'node:crypto';
import t from 'tap';
import { AuthorityError } from '../../src/core/errors.ts';
import { limits } from '../../src/core/limits.ts';
import type { Announcement } from '../../src/revocation/bus.ts';
import { createLiveNodes } from '../../src/revocation/liveNodes.ts';
import type { CommittedRevocations, EffectReport } from '../../src/revocation/revocation.ts';
import { createSharedEffect } from '../../src/revocation/sharedEffect.ts';
import { createDenyListNode, outcomeOf, revoked } from '../support/denyListNode.ts';
import { leaseMs, nodeRow, upTo } from '../support/nodes.ts';
import { createSharedTruth } from '../support/sharedTruth.ts';

const { announcedRevocations, copyMilliseconds, leaseMarginMilliseconds, lookAgainMilliseconds } = limits;
const lost = new Error('lost');
/** What a port that is not there does. */
const ways: Record<string, () => Promise<void>> = {
  rejects: () => Promise.reject(lost),
  hangs: () => new Promise<never>(() => {}),
};

function setUp(...others: readonly string[]) {
  const { clock, denyList, load } = createDenyListNode();
  const truth = createSharedTruth(clock.now);
  for (const id of others) truth.rows.set(id, nodeRow(id));
  const [announced, copied, faults, reports]: [Announcement[], number[], unknown[], EffectReport[]] = [
    [],
    [],
    [],
    [],
  ];
  const ports = {
    announce: async (_: Announcement): Promise<void> => {},
    add: async (): Promise<void> => {},
  };
  const effect = createSharedEffect({
    self: 'self',
    leaseMs,
    denyList,
    bus: {
      announce(announcement) {
        announced.push(announcement);
        return ports.announce(announcement);
      },
    },
    copy: {
      add(revocations) {
        copied.push(revocations.length);
        return ports.add();
      },
    },
    nodes: truth.nodes,
    liveNodes: createLiveNodes({ self: 'self', leaseMs, clock }),
    clock,
    onEffect: (report) => void reports.push(report),
    onFault: (error) => void faults.push(error),
  });
  const acknowledge = (from: string, number = 1) => effect.onAcknowledgement({ to: 'self', number, from });
  const announce = (committed: CommittedRevocations = truth.commit(revoked(randomBytes(16)))) =>
    watched(effect.announce(committed));
  const looks = () => truth.steps.filter((step) => step === 'list').length;
  return {
    clock,
    denyList,
    load,
    truth,
    ports,
    announced,
    copied,
    faults,
    reports,
    effect,
    acknowledge,
    announce,
    looks,
  };
}

/** Node → outcome once it is in effect; until then that it waits, or the reason why it cannot be known. */
function watched(work: Promise<EffectReport>) {
  let state: string | Record<string, string> = 'waiting';
  const show = ({ nodes }: EffectReport) => Object.fromEntries(nodes.map(({ id, outcome }) => [id, outcome]));
  const settled = work.then(
    (report) => {
      state = show(report);
    },
    (error) => {
      state = error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
    },
  );
  return { now: () => state, work, settled };
}

t.test('without another node it is in effect after one look', async (t) => {
  const { clock, denyList, load, truth, announced, copied, reports, announce, looks } = setUp();
  await load();
  const [subject] = [randomBytes(16)];
  const effect = announce(truth.commit(revoked(subject, 'logout_all')));
  t.equal(await outcomeOf(denyList, [subject]), 'revoked logout_all by lru', 'this node knows at once');
  await clock.settle();
  t.strictSame(effect.now(), {});
  t.strictSame([looks(), copied], [1, [1]]);
  t.match(announced, [{ from: 'self', number: 1, revocations: [{ subject }] }]);
  const report = { effectAt: clock.now(), milliseconds: 0, nodes: [] };
  t.strictSame(await effect.work, report);
  t.strictSame(reports, [report]);
  t.equal(clock.timers(), 0, 'nothing is left behind');
});

t.test('each node is waited for until it acknowledges', async (t) => {
  const { clock, acknowledge, announce, looks } = setUp('a', 'b');
  const effect = announce();
  await clock.settle();
  acknowledge('a');
  acknowledge('a');
  acknowledge('stranger');
  acknowledge('b', 2);
  await clock.advance(30);
  t.equal(effect.now(), 'waiting');
  acknowledge('b');
  await clock.settle();
  t.strictSame(effect.now(), { a: 'acknowledged', b: 'acknowledged' });
  t.equal((await effect.work).milliseconds, 30);
  t.equal(looks(), 1);
  acknowledge('a');
  acknowledge('b');
  t.equal(clock.timers(), 0, 'those that come late or twice start nothing');
});

t.test(
  'an acknowledgement may come before the first look, even before the announcement was handed over',
  async (t) => {
    for (const how of ['at once', 'while the look hangs']) {
      const { clock, truth, ports, acknowledge, announce } = setUp('a');
      let seen = () => {};
      truth.before.set(
        'list',
        () =>
          new Promise<void>((resolve) => {
            seen = resolve;
          }),
      );
      if (how === 'at once') {
        ports.announce = async () => acknowledge('a');
      }
      const effect = announce();
      await clock.settle();
      acknowledge('a');
      await clock.advance(500);
      t.equal(effect.now(), 'waiting', `${how}: there may be other nodes`);
      seen();
      await clock.settle();
      t.strictSame(effect.now(), { a: 'acknowledged' }, how);
    }
  },
);

t.test('a look that fails is made again', async (t) => {
  const { clock, truth, faults, acknowledge, announce, looks } = setUp('a');
  truth.faults.set('list', lost);
  const effect = announce();
  await clock.settle();
  acknowledge('a');
  await clock.advance(2 * lookAgainMilliseconds - 1);
  t.strictSame([effect.now(), looks(), faults], ['waiting', 2, [lost, lost]]);
  truth.faults.clear();
  await clock.advance(1);
  t.strictSame(effect.now(), { a: 'acknowledged' });
});

t.test('when nobody could be seen for as long as a lease, the answer is not known', async (t) => {
  for (const fault of [lost, 'hangs'] as const) {
    const { clock, truth, reports, announce } = setUp();
    truth.faults.set('list', fault);
    const effect = announce();
    await clock.advance(leaseMs + lookAgainMilliseconds - 1);
    t.equal(effect.now(), 'waiting', `${fault}`);
    await clock.advance(lookAgainMilliseconds);
    t.equal(effect.now(), 'unavailable nodes_unknown', `${fault}`);
    await t.rejects(effect.work, { code: 'unavailable', retryAfterSeconds: 1 });
    t.strictSame(reports, [], `${fault}: no effect is told`);
    t.equal(clock.timers(), 0, `${fault}: nothing is left behind`);
  }
});

t.test('a look that hangs keeps nobody from hearing the others, nor leases from running out', async (t) => {
  const { clock, truth, acknowledge, announce, looks } = setUp('a', 'b');
  const [first, second] = [announce(), announce()];
  await clock.settle();
  truth.faults.set('list', 'hangs');
  await clock.advance(lookAgainMilliseconds);
  t.equal(looks(), 3, 'one for each of them, and now one that hangs');
  acknowledge('a', 1);
  acknowledge('b', 1);
  acknowledge('b', 2);
  await clock.settle();
  t.strictSame(first.now(), { a: 'acknowledged', b: 'acknowledged' });
  await clock.advance(leaseMs + leaseMarginMilliseconds - lookAgainMilliseconds - 1);
  t.equal(second.now(), 'waiting');
  await clock.advance(lookAgainMilliseconds);
  t.strictSame(second.now(), { a: 'lease_expired', b: 'acknowledged' });
  t.equal(looks(), 3);
  t.equal(clock.timers(), 0);
});

t.test('a look that began before the commit is not believed', async (t) => {
  const { clock, truth, acknowledge, announce } = setUp();
  const answers: (() => void)[] = [];
  truth.before.set('list', () => new Promise<void>((resolve) => answers.push(resolve)));
  const { list } = truth.nodes;
  // It has seen what there was when it began.
  truth.nodes.list = async () => {
    const nodes = [...truth.rows.values()];
    return { ...(await list()), nodes };
  };
  const first = announce();
  await clock.settle();
  truth.rows.set('a', nodeRow('a'));
  const second = announce();
  answers[0]?.();
  await clock.settle();
  t.strictSame([first.now(), second.now()], [{}, 'waiting']);
  answers[1]?.();
  await clock.settle();
  t.equal(second.now(), 'waiting', 'its own look has seen the node');
  acknowledge('a', 2);
  await clock.settle();
  t.strictSame(second.now(), { a: 'acknowledged' });
});

t.test('what no message brings, the report in the database says', async (t) => {
  for (const [how, port] of Object.entries(ways)) {
    const { clock, truth, ports, faults, announce } = setUp('a', 'b', 'c');
    ports.announce = port;
    const effect = announce(truth.commit(revoked(randomBytes(16))));
    await clock.advance(300);
    t.equal(effect.now(), 'waiting', how);
    truth.rows.set('a', nodeRow('a', 2, { position: upTo(701) }));
    truth.rows.set('b', nodeRow('b', 2, { position: upTo(700) }));
    truth.rows.delete('c');
    await clock.advance(lookAgainMilliseconds);
    t.equal(effect.now(), 'waiting', `${how}: one has not read so far`);
    truth.rows.set('b', nodeRow('b', 3, { position: upTo(701) }));
    await clock.advance(lookAgainMilliseconds + copyMilliseconds);
    t.strictSame(effect.now(), { a: 'read', b: 'read', c: 'stopped' }, how);
    t.equal(faults.length, 1, `${how}: it is told once`);
    t.equal(clock.timers(), 0);
  }
});

t.test('a node that nothing is heard of costs one lease, whatever else fails', async (t) => {
  for (const [how, port] of Object.entries(ways)) {
    const { clock, ports, announce } = setUp('a');
    ports.announce = port;
    ports.add = port;
    const effect = announce();
    await clock.advance(leaseMs + leaseMarginMilliseconds - 1);
    t.equal(effect.now(), 'waiting', how);
    await clock.advance(lookAgainMilliseconds + copyMilliseconds);
    t.strictSame(effect.now(), { a: 'lease_expired' }, how);
    t.ok((await effect.work).milliseconds <= leaseMs + 1_000, `${how}: within a lease and a second (I3)`);
  }
});

t.test('the copy is told first, and waited for, but not for long', async (t) => {
  const { clock, ports, announced, copied, faults, announce } = setUp();
  let added = () => {};
  ports.add = () => {
    t.equal(announced.length, 0, 'before any node');
    return new Promise<void>((resolve) => {
      added = resolve;
    });
  };
  const first = announce();
  await clock.advance(copyMilliseconds - 1);
  t.equal(first.now(), 'waiting');
  added();
  await clock.settle();
  t.strictSame([first.now(), faults], [{}, []]);
  t.strictSame(copied, [1]);

  announced.length = 0;
  const second = announce();
  await clock.advance(copyMilliseconds);
  t.strictSame(second.now(), {}, 'one that hangs');
  t.equal(faults.length, 1);

  ports.add = () => Promise.reject(lost);
  const third = announce();
  await clock.settle();
  t.strictSame([third.now(), faults.at(-1)], [{}, lost], 'one that fails');
  t.equal(announced.length, 2, 'keeps no node from being told');
});

t.test('too many for one message are announced without a list', async (t) => {
  for (const [count, listed] of [
    [announcedRevocations, true],
    [announcedRevocations + 1, false],
  ] as const) {
    const { clock, denyList, load, truth, announced, copied, announce, acknowledge } = setUp('a');
    await load();
    const rows = Array.from({ length: count }, () => revoked(randomBytes(16)));
    const effect = announce(truth.commit(...rows));
    await clock.settle();
    t.equal(announced[0]?.revocations?.length, listed ? count : undefined, `${count}`);
    t.strictSame(copied, listed ? [count] : [], `${count}: the reconciler brings them to the copy`);
    t.equal(await outcomeOf(denyList, [rows[0]?.subject as Buffer]), 'revoked logout by lru');
    acknowledge('a');
    await clock.settle();
    t.strictSame(effect.now(), { a: 'acknowledged' }, `${count}: waited for all the same`);
  }
});

t.test('announcements that run together are told apart', async (t) => {
  const { clock, announced, announce, acknowledge, looks } = setUp('a');
  const effects = Array.from({ length: 20 }, () => announce());
  await clock.settle();
  t.strictSame(
    announced.map(({ number }) => number),
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  t.equal(looks(), 2, 'twenty are two looks');
  acknowledge('a', 7);
  await clock.settle();
  const settled = effects.flatMap((effect, index) => (effect.now() === 'waiting' ? [] : [index + 1]));
  t.strictSame(settled, [7]);
});

t.test('what may have been committed is only suspected', async (t) => {
  const { clock, denyList, load, effect, announced, copied } = setUp('a');
  await load();
  const subject = randomBytes(16);
  t.equal(await outcomeOf(denyList, [subject]), 'not revoked by bloom');
  effect.suspect([revoked(subject)]);
  t.equal(await outcomeOf(denyList, [subject]), 'not revoked by postgres', 'the truth is asked');
  await clock.settle();
  t.strictSame([announced, copied], [[], []], 'nobody is told of it');
});

t.test('a revocation during a change of history waits for nodes that were forgotten', async (t) => {
  const { clock, truth, announce } = setUp('a');
  const before = announce();
  await clock.settle();
  truth.rows.clear();
  truth.history = 'history two';
  await clock.advance(lookAgainMilliseconds);
  t.equal(before.now(), 'waiting', 'its row is gone, its lease is not');
  const after = announce();
  await clock.advance(leaseMs - lookAgainMilliseconds);
  t.strictSame([before.now(), after.now()], ['waiting', 'waiting']);
  await clock.advance(leaseMarginMilliseconds);
  t.strictSame(before.now(), { a: 'lease_expired' });
  await clock.advance(2 * lookAgainMilliseconds);
  t.strictSame(after.now(), { unknown: 'history_changed' });
});
