import t from 'tap';
import { createKeyedMutex } from '../../../src/platform/queues/keyedMutex.ts';
import { createManualClock } from '../../support/manualClock.ts';

function setUp(waiting: number) {
  const clock = createManualClock(0);
  const inTurn = createKeyedMutex({ waiting });
  const begun: string[] = [];
  const end = new Map<string, { done: () => void; fail: (error: Error) => void }>();
  const call = (name: string, what: string) =>
    inTurn(name, () => {
      begun.push(what);
      return new Promise<string>((resolve, fail) => end.set(what, { done: () => resolve(what), fail }));
    });
  return { clock, begun, end, call };
}

t.test(
  'one at a time for each name, in the order of coming, whatever became of the one before',
  async (t) => {
    const { clock, begun, end, call } = setUp(10);
    const calls = [call('a', 'a1'), call('a', 'a2'), call('b', 'b1'), call('a', 'a3')] as const;
    await clock.settle();
    t.strictSame(begun, ['a1', 'b1']);
    end.get('a1')?.fail(new Error('on purpose'));
    await t.rejects(calls[0], /on purpose/);
    await clock.settle();
    t.strictSame(begun, ['a1', 'b1', 'a2']);
    end.get('a2')?.done();
    t.equal(await calls[1], 'a2');
    await clock.settle();
    t.strictSame(begun, ['a1', 'b1', 'a2', 'a3']);
  },
);

t.test('more than may wait are refused at once, and only under that name', async (t) => {
  const { clock, begun, end, call } = setUp(1);
  const first = call('a', 'a1');
  const second = call('a', 'a2');
  await t.rejects(call('a', 'a3'), { code: 'overloaded', retryAfterSeconds: 1 });
  const other = call('b', 'b1');
  await clock.settle();
  t.strictSame(begun, ['a1', 'b1']);
  end.get('a1')?.done();
  end.get('b1')?.done();
  await Promise.all([first, other]);
  await clock.settle();
  end.get('a2')?.done();
  await second;
  const later = call('a', 'a4');
  await clock.settle();
  t.equal(begun.at(-1), 'a4', 'there is room again');
  end.get('a4')?.done();
  await later;
});
