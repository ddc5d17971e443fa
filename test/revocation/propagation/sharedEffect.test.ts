import { randomBytes } from 'node:crypto';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { outcomeOf, revoked } from '../../support/denyListNode.ts';
import { nodeRow } from '../../support/nodes.ts';
import { createRevokingNode } from '../../support/revokingNode.ts';

const { announcedRevocations } = propagationLimits;

t.test('without another node it is in effect after one look', async (t) => {
  const { clock, denyList, load, truth, announced, copied, reports, announce, looks } = createRevokingNode();
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
  const { clock, acknowledge, announce, looks } = createRevokingNode('a', 'b');
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

t.test('an acknowledgement of another history, or of nothing, settles nothing', async (t) => {
  const { clock, acknowledge, announce, dropped } = createRevokingNode('a');
  const effect = announce();
  await clock.settle();
  acknowledge('a', 1, 'history two');
  t.strictSame(dropped, ['other_history']);
  acknowledge('a', 7);
  await clock.advance(30);
  t.equal(effect.now(), 'waiting');
  acknowledge('a');
  await clock.settle();
  t.strictSame(effect.now(), { a: 'acknowledged' });
  acknowledge('a', 1, 'history two');
  t.equal(dropped.length, 1, 'one that comes late is no wonder');
});

t.test(
  'an acknowledgement may come before the first look, even before the announcement was handed over',
  async (t) => {
    for (const how of ['at once', 'while the look hangs']) {
      const { clock, truth, ports, acknowledge, announce } = createRevokingNode('a');
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

t.test('a look that began before the commit is not believed', async (t) => {
  const { clock, truth, acknowledge, announce } = createRevokingNode();
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

t.test('too many for one message are announced without a list', async (t) => {
  for (const [count, listed] of [
    [announcedRevocations, true],
    [announcedRevocations + 1, false],
  ] as const) {
    const { clock, denyList, load, truth, announced, copied, announce, acknowledge } =
      createRevokingNode('a');
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
  const { clock, announced, announce, acknowledge, looks } = createRevokingNode('a');
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
  const { clock, denyList, load, effect, announced, copied } = createRevokingNode('a');
  await load();
  const subject = randomBytes(16);
  t.equal(await outcomeOf(denyList, [subject]), 'not revoked by bloom');
  effect.suspect([revoked(subject)]);
  t.equal(await outcomeOf(denyList, [subject]), 'not revoked by postgres', 'the truth is asked');
  await clock.settle();
  t.strictSame([announced, copied], [[], []], 'nobody is told of it');
});

t.test('the subscribers of this node are waited for as well, from before it tells others', async (t) => {
  const { clock, denyList, load, ports, announce, acknowledge, truth, reports } = createRevokingNode('a');
  await load();
  let settle = () => {};
  const order: string[] = [];
  const { revocations, ...committed } = truth.commit(revoked(randomBytes(16)));
  ports.caughtUp = () => {
    order.push('subscribers');
    t.match(denyList.check([revocations[0]?.subject as Buffer]), { revoked: true }, 'they were sent it');
    return new Promise((resolve) => {
      settle = resolve;
    });
  };
  ports.announce = async () => void order.push('bus');
  const effect = announce({ revocations, ...committed });
  await clock.settle();
  acknowledge('a');
  await clock.advance(700);
  t.equal(effect.now(), 'waiting', 'a subscriber may be without it');
  t.equal(reports.length, 0);
  settle();
  await clock.settle();
  t.strictSame(effect.now(), { a: 'acknowledged' });
  t.equal((await effect.work).milliseconds, 700);
  t.strictSame(order, ['subscribers', 'bus']);
});
